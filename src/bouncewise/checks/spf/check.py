"""The check ``spf``: may the address send for the domain, is the record sound, and what would mend it?

Source: RFC 7208; for the two identities, sections 2.3 and 2.4.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from bouncewise.checks.dns import FAULTS, Resolver, Status
from bouncewise.checks.finding import Finding, Mend, Outcome, Step, lacking
from bouncewise.checks.names import DomainNameError, IPAddress, address, shown
from bouncewise.checks.spf import mend
from bouncewise.checks.spf.asking import ascii_name, ask_each, malformed, number
from bouncewise.checks.spf.evaluate import evaluate
from bouncewise.checks.spf.result import STATUS_WORDS, SpfQuery, SpfResult, Verdict, answer_words, clipped
from bouncewise.checks.spf.review import UNANSWERED, Review, review
from bouncewise.checks.spf.shared import Shared
from bouncewise.checks.subject import Subject

NAME = "spf"
MAX_PROBLEMS = 40
MAX_PARTS = 20
MAX_OWN_HOSTS = 5  # MX hosts among which the address is looked for

Facts = dict[str, str | int | bool | list[str]]


class _Found(NamedTuple):
    """What was looked at: the review of the record, and the evaluations where an address is known."""

    review: Review
    result: SpfResult | None = None
    helo: SpfResult | None = None


async def check_spf(subject: Subject, resolver: Resolver, *, now: float = 0.0) -> Finding:
    """Whether ``subject.ip`` may send for the domain, and whether the domain's record is sound.

    With an address, the identity of the reverse-path is evaluated (of HELO for the null one), else the record
    is reviewed alone. The identity of HELO is told in ``facts``.

    Args:
        subject: who sends.
        resolver: who answers questions.
        now: Unix time in seconds.
    """
    domain = subject.spf_domain.removesuffix(".").lower()
    if not domain:
        missing = ("helo",) if subject.mail_from == "" else ("domain",)
        return lacking(NAME, "there is no domain to look at", *missing, subject="a sender")
    ip = None
    if subject.ip:
        try:
            ip = address(subject.ip)
        except DomainNameError as wrong:
            return lacking(NAME, str(wrong), "ip", subject=shown(domain))
    if not domain.isascii():
        domain = ascii_name(domain)
    shared = Shared(resolver)
    if ip is None:
        found = _Found(await review(domain, shared))
    else:
        found = await _evaluated(subject, domain, ip, shared, now)
    return await _finding(found, domain, ip, shared)


async def _evaluated(subject: Subject, domain: str, ip: IPAddress, shared: Shared, now: float) -> _Found:
    sender = subject.mail_from
    if sender is None:
        sender = f"postmaster@{domain}"
    query = SpfQuery(ip=str(ip), sender=sender, helo=subject.helo, now=now)
    if not subject.helo or sender == "":
        reviewed, result = await asyncio.gather(review(domain, shared), evaluate(query, shared))
        return _Found(reviewed, result)
    greeting = SpfQuery(ip=str(ip), sender="", helo=subject.helo, now=now)
    reviewed, result, helo = await asyncio.gather(
        review(domain, shared), evaluate(query, shared), evaluate(greeting, shared)
    )
    return _Found(reviewed, result, helo)


async def _finding(found: _Found, domain: str, ip: IPAddress | None, shared: Shared) -> Finding:
    reviewed, result, _ = found
    problems = reviewed.problems[:MAX_PROBLEMS]
    if result is not None:
        outcome, word, says = _judged(result, reviewed)
        steps = result.steps
        subject = f"{shown(domain)} from {result.ip}"
    else:
        outcome, word, says = _sound(reviewed)
        steps = _tree_steps(reviewed)
        subject = shown(domain)
    mends = await _mends(found, ip, shared)
    return Finding(
        check=NAME,
        subject=subject,
        outcome=outcome,
        result=word,
        says=says,
        steps=steps,
        problems=problems,
        mends=mends,
        needs=() if ip is not None else ("ip",),
        facts=_facts(found, word),
    )


def _judged(result: SpfResult, reviewed: Review) -> tuple[Outcome, str, str]:
    if result.result is Verdict.PASS:
        serious = [p for p in reviewed.problems if p.serious]
        if serious:
            return Outcome.WARN, "pass", f"{result.reason}; but {serious[0].says}"
        return Outcome.PASS, "pass", result.reason
    if result.result is Verdict.TEMPERROR:
        return Outcome.UNKNOWN, "temperror", result.reason
    return Outcome.FAIL, str(result.result), result.reason


def _sound(reviewed: Review) -> tuple[Outcome, str, str]:
    """The outcome, the word and the sentence of a review without an address."""
    domain = shown(reviewed.domain)
    if wrong := malformed(reviewed.domain):
        return Outcome.FAIL, "none", wrong.format(domain)
    if reviewed.status in FAULTS:
        return (
            Outcome.UNKNOWN,
            "temperror",
            f"DNS gave no answer for {domain}: {STATUS_WORDS[reviewed.status]}",
        )
    if reviewed.status is Status.NXDOMAIN:
        return Outcome.FAIL, "none", f"{domain} does not exist"
    return _told(reviewed, domain)


def _told(reviewed: Review, domain: str) -> tuple[Outcome, str, str]:
    """The same by what the review found."""
    serious = [p for p in reviewed.problems if p.serious]
    if serious:
        word = "broken" if reviewed.records else "none"
        return Outcome.FAIL, word, f"the SPF record of {domain} is not sound: {serious[0].says}"
    unanswered = [p for p in reviewed.problems if p.code == UNANSWERED]
    if unanswered:
        return Outcome.UNKNOWN, "temperror", f"the SPF record of {domain} can't be told: {unanswered[0].says}"
    if reviewed.problems:
        first = reviewed.problems[0].says
        return Outcome.WARN, "record", f"the SPF record of {domain} works and should be mended: {first}"
    held = f"{reviewed.lookups} of 10 look-ups, {_senders(reviewed)}"
    return Outcome.PASS, "record", f"the SPF record of {domain} is sound: {held}"


def _senders(reviewed: Review) -> str:
    words = []
    if reviewed.ip4:
        words.append("1 IPv4 address" if reviewed.ip4 == 1 else f"{reviewed.ip4:,} IPv4 addresses")
    if reviewed.ip6:
        words.append("1 IPv6 address" if reviewed.ip6 == 1 else "IPv6 networks")
    return f"{' and '.join(words)} may send" if words else "no address is listed"


def _tree_steps(reviewed: Review) -> tuple[Step, ...]:
    steps = []
    for node in reviewed.tree.walk():
        if node.answer is not None:
            said = clipped(answer_words(node.answer).removeprefix(f"TXT {shown(node.domain)}: "))
            steps.append(Step(f"TXT {shown(node.domain)}", said, "", len(node.chain), node.lookups()))
    return tuple(steps)


def _facts(found: _Found, word: str) -> Facts:
    reviewed, result, helo = found
    facts: Facts = {
        "result": word,
        "domain": reviewed.domain,
        "lookups": reviewed.lookups if result is None else result.lookups,
        "voids": reviewed.voids if result is None else result.voids,
        "record": clipped(reviewed.records[0].decode("latin-1"), 4096) if reviewed.records else "",
        "record_lookups": reviewed.lookups,
        "ip4_addresses": reviewed.ip4,
        "ip6_addresses": str(reviewed.ip6),
        "costs": [f"{clipped(p.term, 100)}: {p.lookups}" for p in reviewed.parts[:MAX_PARTS]],
    }
    if flat := [f"{clipped(p.term, 100)} = {clipped(' '.join(p.flat))}" for p in reviewed.parts if p.flat]:
        facts["flat"] = flat[:MAX_PARTS]
    if result is not None:
        facts["identity"] = result.identity
        facts["mechanism"] = clipped(result.mechanism)
        facts["path"] = [clipped(p) for p in result.path]
        facts["explanation"] = result.explanation
    if helo is not None:
        facts["helo_domain"] = clipped(helo.domain)
        facts["helo_result"] = str(helo.result)
        facts["helo_reason"] = helo.reason
    return facts


async def _mends(found: _Found, ip: IPAddress | None, shared: Shared) -> tuple[Mend, ...]:
    """The records to publish: that lets the address send, else that mends the record itself."""
    reviewed, result, _ = found
    if reviewed.status in FAULTS or malformed(reviewed.domain):
        return ()
    if not reviewed.records:
        if reviewed.status is Status.NXDOMAIN:
            return ()
        mx = await shared.ask(reviewed.domain, "MX")
        return tuple(mend.mends(reviewed, ip, receives=any(x.host for x in mx.exchanges)))
    refused = result is not None and result.result in {Verdict.FAIL, Verdict.SOFTFAIL, Verdict.NEUTRAL}
    if not refused or result is None or ip is None:
        return tuple(mend.mends(reviewed, ip))
    named = await _own_term(reviewed.domain, ip, shared)
    decided = result.path[0] if result.path else result.mechanism
    made = mend.with_address(reviewed, ip, named, decided)
    return () if made is None else (made,)


async def _own_term(domain: str, ip: IPAddress, shared: Shared) -> str:
    """``a`` or ``mx`` where the domain's own address or a host that takes its mail is this address."""
    rtype = "A" if ip.version == 4 else "AAAA"
    own, mx = await ask_each(shared, [(domain, rtype), (domain, "MX")])
    if any(number(h) == int(ip) for h in own.hosts):
        return "a"
    hosts = [x.host for x in mx.exchanges[:MAX_OWN_HOSTS] if x.host]
    answers = await ask_each(shared, [(h, rtype) for h in hosts]) if hosts else []
    return "mx" if any(number(h) == int(ip) for a in answers for h in a.hosts) else ""
