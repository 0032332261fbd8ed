"""Who gets a domain's reports, and whether they have said that they want them.

Sources: RFC 9990 section 4 and RFC 7489 section 7.1 (reports to another domain).
"""

from __future__ import annotations

import asyncio

import msgspec

from bouncewise.checks.dmarc.discover import suffix_org_domain
from bouncewise.checks.dmarc.record import Record, address_of, uris
from bouncewise.checks.dns import Resolver, Status
from bouncewise.checks.finding import Mend, Problem
from bouncewise.checks.names import DomainNameError, canonical, domain_of

MAX_ADDRESSES = 10


class Reports(msgspec.Struct, frozen=True):
    """What was found of the addresses.

    Attributes:
        problems: addresses that get nothing.
        mends: records that let them get it.
    """

    problems: tuple[Problem, ...] = ()
    mends: tuple[Mend, ...] = ()


async def check_reports(domain: str, record: Record, resolver: Resolver) -> Reports:
    """Look at the domains of ``rua`` and ``ruf``, all at the same time.

    Args:
        domain: the domain whose record it is.
        record: the record.
        resolver: is asked.
    """
    wanted = {tag: _domains(record, tag) for tag in ("rua", "ruf")}
    domains = list(dict.fromkeys([*wanted["rua"], *wanted["ruf"]]))[:MAX_ADDRESSES]
    found = await asyncio.gather(*(_one(domain, dest, resolver) for dest in domains))
    problems = [problem for one in found for problem in one.problems]
    mends = [mend for one in found for mend in one.mends]
    return Reports(tuple(problems), tuple(mends))


def _domains(record: Record, tag: str) -> list[str]:
    found = []
    for uri in uris(record.tags.get(tag, "")):
        address = address_of(uri)
        try:
            found.append(canonical(domain_of(address))) if "@" in address else None
        except DomainNameError:
            continue
    return found


async def _one(domain: str, dest: str, resolver: Resolver) -> Reports:
    outside = suffix_org_domain(dest) != suffix_org_domain(domain)
    asked = [resolver.ask(dest, "MX"), resolver.ask(dest, "A")]
    if outside:
        asked.append(resolver.ask(f"{domain}._report._dmarc.{dest}", "TXT"))
    mx, a, *told = await asyncio.gather(*asked)
    problems: list[Problem] = []
    mends: list[Mend] = []
    null = mx.status is Status.OK and all(not exchange.host for exchange in mx.exchanges)
    if null or (mx.status is not Status.OK and a.status is not Status.OK and not (mx.failed or a.failed)):
        says = f"reports go to {dest}, which takes no mail"
        problems.append(Problem("reports-undeliverable", says))
    if told and not told[0].failed and not any(_allows(text) for text in told[0].texts):
        name = f"{domain}._report._dmarc.{dest}"
        says = f"reports go to {dest}, which has not said that it wants them: {name} has no record v=DMARC1"
        problems.append(Problem("reports-unauthorised", says, source="RFC 9990 section 4"))
        why = f"lets {dest} get the reports of {domain}; whoever runs {dest} publishes it"
        mends.append(Mend(name, "TXT", publish=("v=DMARC1;",), why=why))
    return Reports(tuple(problems), tuple(mends))


def _allows(text: bytes) -> bool:
    return text.replace(b" ", b"").startswith(b"v=DMARC1")
