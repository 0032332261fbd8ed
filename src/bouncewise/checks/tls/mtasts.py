"""The check ``mta-sts``: whether senders are told to use TLS, and whether the MX hosts fit.

Source: RFC 8461 sections 3.1 (the record), 3.2 (the policy), 3.3 (getting it), 4.1 (hosts).
"""

from __future__ import annotations

import asyncio
import re
from functools import partial

from bouncewise.checks.dns import Answer, Resolver
from bouncewise.checks.fetch import Fetched, Fetcher
from bouncewise.checks.finding import Finding, Mend, Outcome, Problem, Step, lacking
from bouncewise.checks.mx.routes import Routes, routes_of
from bouncewise.checks.subject import Subject
from bouncewise.checks.tls.policy import Policy, PolicyError, parse_policy

_finding = partial(Finding, "mta-sts")

LEAST_AGE = 86_400
_RECORD = re.compile(r"v=STSv1\s*;\s*id=([A-Za-z0-9]{1,32})\s*;?(?:[^;]*;?){0,10}\s*\Z")


async def check_mta_sts(subject: Subject, resolver: Resolver, fetch: Fetcher | None) -> Finding:
    """Check MTA-STS of the recipient's domain where it is known, else of ``subject.domain``.

    Args:
        subject: whom it is about.
        resolver: is asked.
        fetch: gets the policy; None where nothing may be fetched.
    """
    domain = subject.recipient_domain or subject.domain
    if not domain:
        return lacking("mta-sts", "no domain is known", "domain")
    answer, routes = await asyncio.gather(
        resolver.ask(f"_mta-sts.{domain}", "TXT"), routes_of(domain, resolver)
    )
    steps, told = _of_record(domain, answer)
    if told is not None:
        return told
    if fetch is None:
        says = f"{domain} announces MTA-STS; the policy itself was not fetched"
        return _finding(domain, Outcome.UNKNOWN, "not-fetched", says, steps)
    url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    return _of_policy(domain, routes, url, await fetch.fetch(url), steps)


def _of_record(domain: str, answer: Answer) -> tuple[tuple[Step, ...], Finding | None]:
    """The step for the record, and the finding where it is not one sound record."""
    steps: tuple[Step, ...] = ()
    if answer.failed:
        says = f"_mta-sts.{domain} can't be asked: {answer.detail or answer.status}"
        return steps, _finding(domain, Outcome.UNKNOWN, "dns-fault", says)
    texts = [octets[:1000].decode("latin-1") for octets in answer.texts[:20]]
    records = [text for text in texts if text.startswith("v=STSv1")]
    steps = (Step(f"_mta-sts.{domain} TXT", "; ".join(records or texts) or answer.status.upper()),)
    if not records:
        return steps, _finding(
            domain, Outcome.INFO, "none", f"{domain} has no MTA-STS, which nobody demands", steps
        )
    if len(records) > 1:
        says = f"_mta-sts.{domain} holds {len(records)} records; more than one count as none"
        return steps, _finding(domain, Outcome.FAIL, "several", says, steps)
    if not _RECORD.match(records[0]):
        says = f"the record at _mta-sts.{domain} can't be read; the form is v=STSv1; id=20260101"
        mend = Mend(
            f"_mta-sts.{domain}", "TXT", (records[0],), ("v=STSv1; id=20260101",), "a new id each time", True
        )
        return steps, _finding(domain, Outcome.FAIL, "syntax", says, steps, mends=(mend,))
    return steps, None


def _of_policy(domain: str, routes: Routes, url: str, got: Fetched, steps: tuple[Step, ...]) -> Finding:
    said = got.problem or f"HTTP {got.status}, {len(got.body)} octets of {got.kind or 'no type'}"
    steps = (*steps, Step(url, said))
    if got.problem or got.status != 200:
        why = got.problem or f"it answers HTTP {got.status}; redirects are not followed"
        return _finding(
            domain, Outcome.FAIL, "no-policy", f"the policy of {domain} can't be fetched: {why}", steps
        )
    if got.longer:
        return _finding(
            domain, Outcome.FAIL, "too-long", f"the policy of {domain} is longer than 64 KiB", steps
        )
    try:
        policy = parse_policy(got.body.decode("utf-8", "replace"))
    except PolicyError as error:
        return _finding(domain, Outcome.FAIL, "policy-syntax", f"the policy of {domain}: {error}", steps)
    steps = (*steps, Step(f"mode {policy.mode}, max_age {policy.max_age}", ", ".join(policy.mx[:10])))
    left_out = [host.name for host in routes.hosts if not policy.allows(host.name)]
    if left_out and policy.mode == "enforce":
        says = (
            f"the policy of {domain} does not allow its own MX host {left_out[0]}: senders refuse to deliver"
        )
        return _finding(
            domain, Outcome.FAIL, "mx-not-allowed", says, steps, mends=_policy_mend(policy, routes, url)
        )
    problems = _problems(policy, got, left_out)
    outcome = Outcome.WARN if problems else Outcome.PASS
    says = f"{domain} has MTA-STS in mode {policy.mode}, which its MX hosts fit"
    if left_out:
        says = f"{domain} has MTA-STS in mode {policy.mode}; {left_out[0]} is not in it"
    return _finding(domain, outcome, policy.mode, says, steps, problems)


def _problems(policy: Policy, got: Fetched, left_out: list[str]) -> tuple[Problem, ...]:
    problems = []
    if left_out:
        problems.append(Problem("mx-not-allowed", f"{left_out[0]} is not among the policy's hosts", True))
    if policy.mode == "testing":
        problems.append(
            Problem("testing", "mode: testing protects nobody; failures are told by TLS-RPT only")
        )
    if policy.max_age < LEAST_AGE and policy.mode != "none":
        says = f"max_age of {policy.max_age} seconds is short; RFC 8461 speaks of weeks"
        problems.append(Problem("short-age", says, source="RFC 8461 section 3.2"))
    if got.kind != "text/plain":
        says = f"the policy is sent as {got.kind or 'no type'} and not as text/plain; some senders refuse it"
        problems.append(Problem("content-type", says, source="RFC 8461 section 3.3"))
    return tuple(problems)


def _policy_mend(policy: Policy, routes: Routes, url: str) -> tuple[Mend, ...]:
    hosts = dict.fromkeys([*policy.mx, *(host.name for host in routes.hosts)])
    lines = [
        "version: STSv1",
        f"mode: {policy.mode}",
        *(f"mx: {h}" for h in hosts),
        f"max_age: {policy.max_age}",
    ]
    return (Mend(url, "policy", (), tuple(lines), "with all MX hosts; then publish a new id"),)
