"""The check ``mx``: the hosts that take a domain's mail.

Sources: RFC 5321 section 5.1, RFC 2181 section 10.3 (no CNAME behind MX), RFC 7505 section 3.
"""

from __future__ import annotations

import ipaddress
from functools import partial

from bouncewise.checks.dns import Resolver, Status
from bouncewise.checks.finding import Finding, Mend, Outcome, Problem, Step, lacking
from bouncewise.checks.mx.routes import MAX_HOSTS, Host, Routes, is_public, routes_of
from bouncewise.checks.subject import Subject

_finding = partial(Finding, "mx")


async def check_mx(subject: Subject, resolver: Resolver) -> Finding:
    """Check where the mail of ``subject.domain`` goes.

    Args:
        subject: whom it is about.
        resolver: is asked.
    """
    if not subject.domain:
        return lacking("mx", "no domain is known", "domain")
    return judge(await routes_of(subject.domain, resolver))


def judge(found: Routes) -> Finding:
    """The finding for a domain's routes."""
    answer, domain = found.answer, found.domain
    if answer.failed or found.null or answer.status is Status.NXDOMAIN or not found.hosts:
        return _nowhere(found)
    problems = _problems(found)
    if not found.reachable:
        return _unreachable(found, problems)
    if found.implicit:
        own = found.hosts[0].addresses[0]
        says = f"{domain} has no MX record; its mail goes to its own address {own}"
        problem = Problem(
            "implicit", "publish an MX record, so that it is meant", source="RFC 5321 section 5.1"
        )
        mend = Mend(domain, "MX", (), (f"10 {domain}.",), "says what holds already")
        return _finding(
            domain, Outcome.WARN, "implicit-mx", says, _steps(found), (problem, *problems), (mend,)
        )
    names = ", ".join(host.name for host in found.hosts[:3])
    more = f" and {len(found.hosts) - 3} more" if len(found.hosts) > 3 else ""
    says = f"the mail of {domain} goes to {names}{more}"
    outcome = Outcome.WARN if problems else Outcome.PASS
    if problems:
        says += f"; but {problems[0].says}"
    all_names = [host.name for host in found.hosts]
    return _finding(domain, outcome, "mx", says, _steps(found), problems, facts={"hosts": all_names})


def _nowhere(found: Routes) -> Finding:
    """The finding where there are no hosts to look at."""
    answer, domain = found.answer, found.domain
    if answer.failed:
        says = f"the MX records of {domain} can't be asked for: {answer.detail or answer.status}"
        return _finding(domain, Outcome.UNKNOWN, "dns-fault", says)
    if found.null:
        says = f"{domain} takes no mail, as its null MX says"
        return _finding(domain, Outcome.INFO, "null-mx", says, steps=_steps(found))
    if answer.status is Status.NXDOMAIN:
        return _finding(domain, Outcome.FAIL, "nxdomain", f"{domain} does not exist")
    says = f"{domain} has neither MX records nor an address, so it takes no mail"
    return _finding(domain, Outcome.FAIL, "no-mail-records", says)


def _unreachable(found: Routes, problems: tuple[Problem, ...]) -> Finding:
    if any(host.failed for host in found.hosts):
        bad = next(host for host in found.hosts if host.failed)
        failed = next(a for a in bad.answers if a.failed)
        says = f"the addresses of {bad.name} can't be asked for: {failed.detail or failed.status}"
        return _finding(found.domain, Outcome.UNKNOWN, "dns-fault", says, _steps(found), problems)
    names = ", ".join(host.name for host in found.hosts[:3])
    says = f"none of the hosts that take the mail of {found.domain} has an address ({names})"
    return _finding(found.domain, Outcome.FAIL, "no-address", says, _steps(found), problems)


def _problems(found: Routes) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    exchanges = found.answer.exchanges
    if any(not exchange.host for exchange in exchanges) and not found.null:
        says = "a null MX stands beside others; it must stand alone"
        problems.append(Problem("null-mx-beside", says, True, "RFC 7505 section 3"))
    if len(exchanges) > MAX_HOSTS:
        problems.append(
            Problem("many-hosts", f"there are {len(exchanges)} MX records; {MAX_HOSTS} were looked at")
        )
    for host in found.hosts if not found.implicit else ():
        problems += _of_host(host)
    reachable = found.reachable
    if reachable and all(":" in ip for host in reachable for ip in host.addresses):
        says = "mail can come by IPv6 only, which many servers don't speak"
        problems.append(Problem("only-ipv6", says))
    return tuple(problems)


def _of_host(host: Host) -> list[Problem]:
    if _is_address(host.name):
        says = f"an MX record names the address {host.name}; it must name a host"
        return [Problem("address-in-mx", says, True, "RFC 5321 section 5.1")]
    if host.name in ("localhost", "localhost.localdomain"):
        return [Problem("localhost", f"an MX record names {host.name}", True)]
    found = []
    if host.alias:
        says = f"{host.name} is a CNAME for {host.alias}; an MX record must name a host with an address"
        found.append(Problem("cname-in-mx", says, source="RFC 2181 section 10.3"))
    if not host.addresses and not host.failed:
        gone = all(answer.status is Status.NXDOMAIN for answer in host.answers)
        says = f"{host.name} {'does not exist' if gone else 'has no address'}"
        found.append(Problem("no-address", says, True))
    elif inside := [ip for ip in host.addresses if not is_public(ip)]:
        says = f"{host.name} leads to {inside[0]}, which is no address of the Internet"
        found.append(Problem("private-address", says, True))
    return found


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _steps(found: Routes) -> tuple[Step, ...]:
    exchanges = found.answer.exchanges[:MAX_HOSTS]
    said = ", ".join(f"{x.preference} {x.host or '.'}" for x in exchanges)
    steps = [Step(f"{found.domain} MX", said or str(found.answer.status).upper())]
    for host in found.hosts:
        told = ", ".join(host.addresses[:6]) or str(host.answers[0].detail or host.answers[0].status.upper())
        steps.append(Step(f"{host.name} A, AAAA", told, f"CNAME for {host.alias}" if host.alias else "", 1))
    return tuple(steps)
