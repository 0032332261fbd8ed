"""The check ``dmarc``: the policy of a domain, and whether a message is aligned with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bouncewise.checks.dmarc.discover import Discovery, by_suffix_list, tree_walk
from bouncewise.checks.dmarc.evaluate import Authenticated, DmarcResult, evaluate
from bouncewise.checks.dmarc.reports import Reports, check_reports
from bouncewise.checks.dmarc.review import lookalikes, mends, review
from bouncewise.checks.dns import Resolver
from bouncewise.checks.finding import Finding, Outcome, Problem, lacking
from bouncewise.checks.subject import Subject

Given = tuple[str, str]


async def check_dmarc(
    subject: Subject,
    resolver: Resolver,
    *,
    spf: Given | None = None,
    dkim: Sequence[Given] | None = None,
) -> Finding:
    """Check a domain's policy and, where the outcomes are known, a message's alignment.

    Args:
        subject: whom it is about; ``domain`` is that of ``From:``.
        resolver: is asked.
        spf: domain and result of SPF; None where it is not known.
        dkim: domain and result of each signature; None where they are not known.
    """
    if not subject.domain:
        return lacking("dmarc", "the domain of From: is not known", "domain")
    ours = Authenticated(*spf) if spf else None
    theirs = None if dkim is None else [Authenticated(*one) for one in dkim]
    found, older, new, old = await asyncio.gather(
        tree_walk(subject.domain, resolver),
        by_suffix_list(subject.domain, resolver),
        evaluate(subject.domain, ours, theirs, resolver, basis="9989"),
        evaluate(subject.domain, ours, theirs, resolver, basis="7489"),
    )
    reports = Reports()
    if found.record is not None:
        reports = await check_reports(found.policy_domain, found.record, resolver)
    return _finding(subject, found, older, new, old, reports)


def _finding(  # noqa: PLR0913, PLR0917 - what two RFCs and the report addresses came to
    subject: Subject,
    found: Discovery,
    older: Discovery,
    new: DmarcResult,
    old: DmarcResult,
    reports: Reports,
) -> Finding:
    record = found.record
    problems = lookalikes(found)
    if record is not None:
        problems += review(record, found.policy_domain) + reports.problems
    problems += _differences(found, older, new, old)
    outcome, result, says, needs = _outcome(subject, found, new, problems)
    return Finding(
        check="dmarc",
        subject=subject.domain,
        outcome=outcome,
        result=result,
        says=says,
        steps=new.steps,
        problems=problems,
        mends=mends(found, [p.code for p in problems if p.code in ("value", "uri", "syntax", "unknown-tag")])
        + reports.mends
        if not found.failed
        else (),
        needs=needs,
        facts=_facts(found, new, old),
    )


Judged = tuple[Outcome, str, str, tuple[str, ...]]  # outcome, word, sentence, needs


def _outcome(subject: Subject, found: Discovery, new: DmarcResult, problems: Sequence[Problem]) -> Judged:
    if new.result == "temperror":
        return Outcome.UNKNOWN, "temperror", new.says, ()
    if found.record is None:
        says = f"{subject.domain} has no DMARC record; Gmail, Yahoo and Microsoft refuse bulk mail without"
        return Outcome.FAIL, "none", says, ()
    if new.result in ("none", "permerror"):
        return Outcome.FAIL, new.result, new.says, ()
    if new.spf.known or new.dkim.known:
        return _of_message(new, problems)
    worst = Outcome.WARN if any(p.serious or p.code != "monitoring" for p in problems) else Outcome.PASS
    return worst, new.policy, f"the policy of {found.policy_domain} is {new.policy}{_where(found)}", ()


def _of_message(new: DmarcResult, problems: Sequence[Problem]) -> Judged:
    if new.result == "pass":
        worst = Outcome.WARN if any(p.serious for p in problems) else Outcome.PASS
        return worst, "pass", new.says, ()
    if new.unknown:
        unknown = [("message", new.dkim.known), ("ip", new.spf.known)]
        needs = tuple(need for need, known in unknown if not known)
        whose = "SPF" if new.dkim.known else "a DKIM signature"
        return Outcome.UNKNOWN, "fail", f"{new.says}; whether {whose} passes is not known", needs
    return Outcome.FAIL, "fail", new.says, ()


def _where(found: Discovery) -> str:
    if found.policy_domain == found.domain:
        return ""
    return f", which {found.domain} inherits"


def _differences(
    found: Discovery, older: Discovery, new: DmarcResult, old: DmarcResult
) -> tuple[Problem, ...]:
    """Where receivers that follow RFC 7489 come to another end."""
    told = []
    if (found.record is None) != (older.record is None) or found.policy_domain != older.policy_domain:
        told.append(
            f"the policy is that of {older.policy_domain or 'nobody'} by RFC 7489 and of "
            f"{found.policy_domain or 'nobody'} by RFC 9989"
        )
    elif new.policy != old.policy:
        told.append(
            f"the policy is {old.policy or 'none'} by RFC 7489 and {new.policy or 'none'} by RFC 9989"
        )
    if new.result != old.result:
        told.append(f"the outcome is {old.result} by RFC 7489 and {new.result} by RFC 9989")
    if not told:
        return ()
    return (
        Problem("receivers-differ", f"receivers differ: {'; '.join(told)}", source="RFC 9989 appendix C"),
    )


def _facts(found: Discovery, new: DmarcResult, old: DmarcResult) -> dict[str, str | int | bool | list[str]]:
    facts: dict[str, str | int | bool | list[str]] = {
        "result": new.result,
        "policy": new.policy,
        "policy_domain": found.policy_domain,
        "org_domain": found.org_domain,
        "record": found.record.text[:1000] if found.record else "",
        "result_7489": old.result,
        "policy_7489": old.policy,
    }
    if new.spf.known:
        facts["spf_aligned"] = new.spf.aligned
    if new.dkim.known:
        facts["dkim_aligned"] = new.dkim.aligned
    return {name: value for name, value in facts.items() if value != ""}
