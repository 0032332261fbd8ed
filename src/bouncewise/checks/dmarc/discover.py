"""Where a domain's policy stands and which domain it belongs to.

Sources: RFC 9989 section 4.10 (the DNS tree walk), RFC 7489 sections 3.2 and 6.6.3 (the public suffix list).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from bouncewise.checks.dmarc.record import Record, is_record, parse_record
from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.finding import Step

MOST_QUERIES = 8
WALK_LABELS = 7  # a longer name is cut to so many labels behind its first query


class Found(msgspec.Struct, frozen=True):
    """What stands at one name of the walk.

    Attributes:
        domain: the domain whose ``_dmarc`` name was asked.
        status: how the question ended.
        records: the DMARC records there; more than one count as none.
        detail: what went wrong, or "".
        texts: the TXT records there that are no DMARC records, for hints.
    """

    domain: str
    status: Status
    records: tuple[Record, ...] = ()
    detail: str = ""
    texts: tuple[str, ...] = ()

    @property
    def record(self) -> Record | None:
        """The one record, or None."""
        return self.records[0] if len(self.records) == 1 else None


class Discovery(msgspec.Struct, frozen=True):
    """The outcome of looking for a policy.

    Attributes:
        domain: where it began.
        org_domain: the organizational domain.
        policy_domain: the domain whose record counts, or "".
        record: that record, or None.
        walk: what was looked at, in order, up to where it stopped.
        failed: DNS failed before the outcome was certain.
    """

    domain: str
    org_domain: str
    policy_domain: str = ""
    record: Record | None = None
    walk: tuple[Found, ...] = ()
    failed: bool = False

    def steps(self) -> tuple[Step, ...]:
        """The walk as a trace."""
        return tuple(_step(found) for found in self.walk)


def walk_names(domain: str) -> list[str]:
    """The domains that the tree walk looks at, in order (RFC 9989 section 4.10)."""
    labels = domain.split(".")
    rest = labels[1:] if len(labels) <= WALK_LABELS + 1 else labels[-WALK_LABELS:]
    names = [domain] + [".".join(rest[at:]) for at in range(len(rest))]
    return names[:MOST_QUERIES]


async def look_at(domain: str, resolver: Resolver) -> Found:
    """The DMARC records of one domain."""
    return _found(domain, await resolver.ask(f"_dmarc.{domain}", "TXT"))


async def tree_walk(domain: str, resolver: Resolver) -> Discovery:
    """Find policy and organizational domain by RFC 9989; all names are asked at the same time."""
    names = walk_names(domain)
    return judge_walk(domain, await asyncio.gather(*(look_at(name, resolver) for name in names)))


def judge_walk(domain: str, answers: Sequence[Found]) -> Discovery:
    """The outcome of a walk, by what stands at each name.

    Args:
        domain: where it began.
        answers: for ``walk_names(domain)``, in order.
    """
    seen: list[Found] = []
    failed = False
    for found in answers:
        seen.append(found)
        if found.status not in (Status.OK, Status.NODATA, Status.NXDOMAIN):
            failed = True
        if found.record is not None and found.record.value("psd") in ("y", "n"):
            break
    org = _org_domain(domain, seen)
    for wanted in (domain, org, _psd(domain, seen)):
        record = next((f.record for f in seen if f.domain == wanted and f.record is not None), None)
        if record is not None:
            failed_before = _failed_before(seen, wanted)
            return Discovery(domain, org, wanted, record, tuple(seen), failed_before)
    return Discovery(domain, org, walk=tuple(seen), failed=failed)


async def by_suffix_list(domain: str, resolver: Resolver) -> Discovery:
    """Find policy and organizational domain by RFC 7489."""
    org = suffix_org_domain(domain)
    names = list(dict.fromkeys([domain, org]))
    answers = await asyncio.gather(*(look_at(name, resolver) for name in names))
    seen: list[Found] = []
    for found in answers:
        seen.append(found)
        if found.status not in (Status.OK, Status.NODATA, Status.NXDOMAIN):
            return Discovery(domain, org, walk=tuple(seen), failed=True)
        if len(found.records) > 1:
            break  # RFC 7489 section 6.6.3 step 5: several records end the search
        if found.record is not None:
            return Discovery(domain, org, found.domain, found.record, tuple(seen))
    return Discovery(domain, org, walk=tuple(seen))


def suffix_org_domain(domain: str) -> str:
    """The organizational domain by the public suffix list; a public suffix is its own."""
    return _suffixes().privatesuffix(domain) or domain


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - reads its list from a file

    return PublicSuffixList()


def _org_domain(domain: str, seen: Sequence[Found]) -> str:
    """RFC 9989 section 4.10.2."""
    fewest = domain
    for found in seen:
        if found.record is None:
            continue
        psd = found.record.value("psd")
        if psd == "n":
            return found.domain
        if psd == "y" and found.domain != domain:
            below = len(domain.split(".")) - len(found.domain.split(".")) - 1
            return ".".join(domain.split(".")[below:])
        fewest = found.domain
    return fewest


def _psd(domain: str, seen: Sequence[Found]) -> str:
    for found in seen:
        if found.record is not None and found.record.value("psd") == "y" and found.domain != domain:
            return found.domain
    return ""


def _failed_before(seen: Sequence[Found], wanted: str) -> bool:
    """Whether DNS failed at a name whose record would have come before the one that was found."""
    for found in seen:
        if found.domain == wanted:
            return False
        if found.status not in (Status.OK, Status.NODATA, Status.NXDOMAIN):
            return True
    return False


def _found(domain: str, answer: Answer) -> Found:
    texts = [octets[:65_536].decode("latin-1") for octets in answer.texts[:50]]
    records = tuple(parse_record(text) for text in texts if is_record(text))
    rest = tuple(text[:500] for text in texts if not is_record(text))
    return Found(domain, answer.status, records, answer.detail, rest)


def _step(found: Found) -> Step:
    name = f"_dmarc.{found.domain}"
    if len(found.records) > 1:
        return Step(name, "; ".join(r.text[:200] for r in found.records), "several records count as none")
    if found.record is not None:
        return Step(name, found.record.text[:500], "")
    if found.texts:
        return Step(name, found.texts[0][:200], "no DMARC record")
    return Step(name, found.detail or found.status.value.upper(), "")
