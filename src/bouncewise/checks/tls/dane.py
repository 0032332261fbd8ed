"""The checks ``dane`` and ``tls``: what DNS says of the certificates of MX hosts.

Sources: RFC 7672 sections 2.2 (whose TLSA records), 3.1 (usages that count for SMTP), RFC 6698 section 2.1.
"""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec

from bouncewise.checks.dns import Answer, Resolver, Tlsa
from bouncewise.checks.finding import Finding, Outcome, Problem, Step, lacking
from bouncewise.checks.mx.routes import routes_of
from bouncewise.checks.subject import Subject

_finding = partial(Finding, "dane")

_LENGTHS = {1: 64, 2: 128}  # hexadecimal digits of SHA-256 and SHA-512


class HostTlsa(msgspec.Struct, frozen=True):
    """The TLSA records of one MX host."""

    host: str
    answer: Answer

    @property
    def usable(self) -> tuple[Tlsa, ...]:
        """The records that count for SMTP."""
        return tuple(record for record in self.answer.associations if not fault_of(record))


def fault_of(record: Tlsa) -> str:
    """Why a record does not count for SMTP, or ""."""
    if record.usage not in (2, 3):
        return f"usage {record.usage} does not count for SMTP; 3 (the server's own key) is usual"
    if record.selector not in (0, 1):
        return f"selector {record.selector} is not known"
    if record.matching not in (0, 1, 2):
        return f"matching type {record.matching} is not known"
    wanted = _LENGTHS.get(record.matching)
    if wanted and len(record.data) != wanted:
        return f"the data has {len(record.data) // 2} octets, and {wanted // 2} are wanted"
    return "" if record.data else "the data is empty"


async def check_dane(subject: Subject, resolver: Resolver) -> Finding:
    """Check the TLSA records of MX hosts: of the recipient's domain where it is known, else of the sender's.

    Args:
        subject: whom it is about.
        resolver: is asked; whether DNSSEC bears the answers out is its word.
    """
    domain = subject.recipient_domain or subject.domain
    if not domain:
        return lacking("dane", "no domain is known", "domain")
    routes = await routes_of(domain, resolver)
    if routes.answer.failed:
        says = (
            f"the MX records of {domain} can't be asked for: {routes.answer.detail or routes.answer.status}"
        )
        return _finding(domain, Outcome.UNKNOWN, "dns-fault", says)
    names = list(dict.fromkeys(host.alias or host.name for host in routes.hosts))
    if not names:
        return _finding(domain, Outcome.INFO, "none", f"{domain} has no hosts that take mail")
    answers = await asyncio.gather(*(resolver.ask(f"_25._tcp.{name}", "TLSA") for name in names))
    found = [HostTlsa(name, answer) for name, answer in zip(names, answers, strict=True)]
    steps = _steps(domain, routes.answer, found)
    failed = [one for one in found if one.answer.failed]
    if failed:
        one = failed[0]
        says = (
            f"the TLSA records of {one.host} can't be asked for ({one.answer.detail or one.answer.status}): "
            "senders that use DANE defer mail then"
        )
        return _finding(domain, Outcome.UNKNOWN, "dns-fault", says, steps)
    if not any(one.answer.associations for one in found):
        return _finding(domain, Outcome.INFO, "none", f"{domain} has no DANE, which nobody demands", steps)
    return _judged(domain, routes.answer, found, steps)


def _judged(domain: str, mx: Answer, found: list[HostTlsa], steps: tuple[Step, ...]) -> Finding:
    problems: list[Problem] = []
    secure = [one.answer.secure for one in found if one.answer.associations]
    for one in found:
        if not one.answer.associations:
            problems.append(
                Problem("host-without", f"{one.host} has no TLSA record, so mail to it is not safe")
            )
        elif not one.usable:
            says = f"no TLSA record of {one.host} counts: {fault_of(one.answer.associations[0])}"
            problems.append(Problem("unusable", says, True, "RFC 7672 section 3.1"))
        else:
            bad = [fault_of(record) for record in one.answer.associations if fault_of(record)]
            problems += [Problem("unusable-record", f"{one.host}: {says}") for says in bad[:3]]
    if any(value is False for value in secure) or mx.secure is False:
        says = (
            "DNSSEC does not bear the answers out, as far as this resolver tells, so senders pass them over"
        )
        problems.append(Problem("insecure", says, source="RFC 7672 section 2.2"))
    if any(problem.serious for problem in problems):
        outcome, word = Outcome.FAIL, "unusable"
        says = f"the DANE records of {domain} can't be used: {next(p.says for p in problems if p.serious)}"
    elif problems:
        outcome, word = Outcome.WARN, problems[0].code
        says = f"{domain} has DANE; but {problems[0].says}"
    elif None in (*secure, mx.secure):
        outcome, word = Outcome.UNKNOWN, "dnssec-unknown"
        says = f"{domain} has DANE; whether DNSSEC bears it out was not asked"
    else:
        outcome, word = Outcome.PASS, "ok"
        says = f"{domain} has DANE for its MX hosts; that their certificates fit shows only when one connects"
    return _finding(domain, outcome, word, says, steps, tuple(problems))


def _steps(domain: str, mx: Answer, found: list[HostTlsa]) -> tuple[Step, ...]:
    def told(answer: Answer) -> str:
        return {True: "DNSSEC", False: "no DNSSEC", None: ""}[answer.secure]

    steps = [Step(f"{domain} MX", ", ".join(x.host or "." for x in mx.exchanges[:6]), told(mx))]
    for one in found:
        records = "; ".join(
            f"{r.usage} {r.selector} {r.matching} {r.data[:16]}…" for r in one.answer.associations[:6]
        )
        said = records or one.answer.detail or str(one.answer.status).upper()
        steps.append(Step(f"_25._tcp.{one.host} TLSA", said, told(one.answer), 1))
    return tuple(steps)


async def check_tls(subject: Subject, resolver: Resolver) -> Finding:
    """Say what DNS can tell of a reply about TLS: nothing, but whom to connect to.

    Args:
        subject: whom it is about.
        resolver: is asked for the MX hosts.
    """
    domain = subject.recipient_domain or subject.domain
    hosts: tuple[str, ...] = ()
    if domain:
        hosts = tuple(host.name for host in (await routes_of(domain, resolver)).hosts[:3])
    whom = f" to {' or '.join(hosts)}" if hosts else ""
    says = f"whether TLS works shows only when one connects{whom}; DNS can't tell"
    return Finding(check="tls", subject=domain, outcome=Outcome.INFO, result="not-by-dns", says=says)
