"""The check ``name-servers``: who answers for a domain, where DNS failed.

A resolver can tell that a question failed and seldom why; what it can tell is at which level answers end.
Sources: RFC 1034 section 4.2 (zones), RFC 8914 (a resolver's words), RFC 4035 section 4.3 (bogus).
"""

from __future__ import annotations

import asyncio
from functools import partial

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.finding import Finding, Outcome, Step, lacking
from bouncewise.checks.names import parent
from bouncewise.checks.subject import Subject

_finding = partial(Finding, "name-servers")

MAX_LEVELS = 6


async def check_name_servers(subject: Subject, resolver: Resolver) -> Finding:
    """Check whether the servers of a domain answer: the recipient's where it is known, else the sender's.

    Args:
        subject: whom it is about.
        resolver: is asked for the domain and the levels above it, at the same time.
    """
    domain = subject.recipient_domain or subject.domain
    if not domain:
        return lacking("name-servers", "no domain is known", "domain")
    levels = _levels(domain)
    *answers, mail = await asyncio.gather(
        *(resolver.ask(level, "NS") for level in levels), resolver.ask(domain, "MX")
    )
    steps = tuple(_step(answer) for answer in (*answers, mail))
    own = answers[0]
    failed = next((answer for answer in (own, mail) if answer.failed), None)
    if failed is None:
        return _answering(domain, levels, answers, steps)
    if all(answer.failed for answer in answers):
        says = f"no level of {domain} can be asked: {failed.detail or failed.status}"
        return _finding(domain, Outcome.UNKNOWN, "dns-fault", says, steps)
    if failed.status in (Status.SERVFAIL, Status.TIMEOUT, Status.MALFORMED):
        why = f" ({failed.detail})" if failed.detail else ""
        says = f"the name servers of {domain} give no usable answer: {failed.status}{why}"
        if "dnssec" in failed.detail.lower() or "bogus" in failed.detail.lower():
            says += "; its DNSSEC signatures do not fit"
        return _finding(domain, Outcome.FAIL, str(failed.status), says, steps)
    says = f"{domain} can't be asked: {failed.detail or failed.status}"
    return _finding(domain, Outcome.UNKNOWN, "dns-fault", says, steps)


def _answering(domain: str, levels: list[str], answers: list[Answer], steps: tuple[Step, ...]) -> Finding:
    own = next((a for a in answers if a.hosts), None)
    if answers[0].status is Status.NXDOMAIN:
        at = next(
            (name for name, a in zip(levels, answers, strict=True) if a.status is not Status.NXDOMAIN), ""
        )
        says = f"{domain} does not exist" + (f"; {at} does" if at else "")
        return _finding(domain, Outcome.FAIL, "nxdomain", says, steps)
    if own is None:
        return _finding(
            domain, Outcome.UNKNOWN, "no-servers", f"no name servers are told for {domain}", steps
        )
    names = ", ".join(own.hosts[:4])
    return _finding(domain, Outcome.PASS, "ok", f"{domain} is answered for by {names}", steps)


def _levels(domain: str) -> list[str]:
    levels = [domain]
    while (above := parent(levels[-1])) and len(levels) < MAX_LEVELS:
        levels.append(above)
    return levels


def _step(answer: Answer) -> Step:
    told = ", ".join(answer.hosts[:6]) or ", ".join(
        f"{x.preference} {x.host or '.'}" for x in answer.exchanges[:6]
    )
    return Step(f"{answer.name} {answer.rtype}", told or answer.detail or str(answer.status).upper())
