"""The check ``bimi``: the logo that a domain names.

Source: draft-brand-indicators-for-message-identification, sections 4.2 (the record) and 7.1 (DMARC first).
"""

from __future__ import annotations

import asyncio
from functools import partial

from bouncewise.checks.dkim.tags import TagError, parse_tags
from bouncewise.checks.dmarc.discover import suffix_org_domain
from bouncewise.checks.dns import Answer, Resolver
from bouncewise.checks.finding import Finding, Outcome, Problem, Step, lacking
from bouncewise.checks.subject import Subject

_finding = partial(Finding, "bimi")


async def check_bimi(subject: Subject, resolver: Resolver, *, policy: str = "") -> Finding:
    """Check the BIMI record of ``subject.domain``, else of its organizational domain.

    Args:
        subject: whom it is about.
        resolver: is asked.
        policy: the DMARC policy, where it is known.
    """
    domain = subject.domain
    if not domain:
        return lacking("bimi", "no domain is known", "domain")
    names = list(dict.fromkeys([domain, suffix_org_domain(domain)]))
    answers = await asyncio.gather(*(resolver.ask(f"default._bimi.{name}", "TXT") for name in names))
    steps = tuple(_step(answer) for answer in answers)
    for answer in answers:
        records = [
            o[:2000].decode("latin-1") for o in answer.texts[:20] if o[:20].lower().startswith(b"v=bimi1")
        ]
        if len(records) > 1:
            says = f"{answer.name} holds {len(records)} records; more than one count as none"
            return _finding(domain, Outcome.FAIL, "several", says, steps)
        if records:
            return _of_record(domain, records[0], policy, steps)
    if all(answer.failed for answer in answers):
        says = f"{answers[0].name} can't be asked: {answers[0].detail or answers[0].status}"
        return _finding(domain, Outcome.UNKNOWN, "dns-fault", says, steps)
    return _finding(
        domain, Outcome.INFO, "none", f"{domain} names no logo (BIMI), which nobody demands", steps
    )


def _of_record(domain: str, text: str, policy: str, steps: tuple[Step, ...]) -> Finding:
    try:
        tags = {name.lower(): value for name, value in parse_tags(text).items()}
    except TagError as error:
        return _finding(domain, Outcome.FAIL, "syntax", f"the BIMI record can't be read: {error}", steps)
    logo, mark = tags.get("l", ""), tags.get("a", "")
    if not logo and not mark:
        return _finding(domain, Outcome.INFO, "declined", f"{domain} says that it wants no logo shown", steps)
    problems = []
    for name, value in (("l", logo), ("a", mark)):
        if value and not value.lower().startswith("https://"):
            problems.append(Problem("uri", f"{name}={value[:60]} is no https address", True))
    if logo and not logo.partition("?")[0].lower().endswith((".svg", ".svgz", ".svg.gz")):
        problems.append(Problem("logo", "l= names no SVG file"))
    if not mark:
        problems.append(
            Problem("no-certificate", "a= names no mark certificate; Gmail and Apple show no logo then")
        )
    if policy == "none":
        problems.append(Problem("policy", "the DMARC policy is none; logos need quarantine or reject", True))
    serious = [problem for problem in problems if problem.serious]
    says = f"{domain} names the logo {logo[:100] or 'of its certificate'}"
    if problems:
        says += f"; but {(serious or problems)[0].says}"
    outcome = Outcome.WARN if problems else Outcome.PASS
    return _finding(domain, outcome, "record", says, steps, tuple(problems))


def _step(answer: Answer) -> Step:
    said = "; ".join(octets[:300].decode("latin-1") for octets in answer.texts[:5])
    return Step(f"{answer.name} TXT", said or answer.detail or str(answer.status).upper())
