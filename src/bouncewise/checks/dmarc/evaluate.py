"""Whether a message passes DMARC, and which policy applies when it does not.

Sources: RFC 9989 sections 4.4 (alignment), 4.7 (tags), 4.10.1 (policy), 5.3 (evaluation); RFC 7489 section
6.6.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec

from bouncewise.checks.dmarc.discover import Discovery, by_suffix_list, suffix_org_domain, tree_walk
from bouncewise.checks.dmarc.record import POLICIES, Record
from bouncewise.checks.dns import Resolver, Status
from bouncewise.checks.finding import Step

Basis = Literal["9989", "7489"]


class Authenticated(msgspec.Struct, frozen=True):
    """What SPF or one DKIM signature came to.

    Attributes:
        domain: the domain that it speaks for.
        result: ``pass`` or any other word of RFC 8601 section 2.7.
    """

    domain: str
    result: str


class Half(msgspec.Struct, frozen=True):
    """SPF's or DKIM's part in the outcome.

    Attributes:
        known: it was given.
        passed: it passed for some domain.
        aligned: it passed for a domain that is aligned.
        strictly: it passed for the author's very domain.
        temporary: it could have passed, but DNS failed.
        says: why it is or is not aligned.
    """

    known: bool = False
    passed: bool = False
    aligned: bool = False
    strictly: bool = False
    temporary: bool = False
    says: str = ""


class DmarcResult(msgspec.Struct, frozen=True):
    """The outcome for one message.

    Attributes:
        basis: the RFC that it follows.
        result: ``pass``, ``fail``, ``none`` (no policy), ``permerror`` or ``temperror``.
        policy: what the domain asks to be done with what fails (after ``t=y``), or "".
        published: the same as the record has it.
        tag: the tag that it comes from (``p``, ``sp``, ``np``).
        policy_domain: whose record counts, or "".
        org_domain: the author's organizational domain.
        record: the record, or None.
        spf: SPF's half.
        dkim: DKIM's half.
        exists: whether the author's domain exists; None where it was not asked.
        steps: the trace.
        says: why, a sentence.
    """

    basis: Basis
    result: str
    org_domain: str
    policy: str = ""
    published: str = ""
    tag: str = ""
    policy_domain: str = ""
    record: Record | None = None
    spf: Half = Half()
    dkim: Half = Half()
    exists: bool | None = None
    steps: tuple[Step, ...] = ()
    says: str = ""

    @property
    def unknown(self) -> bool:
        """Whether what is not known could make it pass."""
        return self.result == "fail" and not (self.spf.known and self.dkim.known)


async def evaluate(
    header_from: str,
    spf: Authenticated | None,
    dkim: Sequence[Authenticated] | None,
    resolver: Resolver,
    *,
    basis: Basis = "9989",
) -> DmarcResult:
    """Evaluate DMARC.

    Args:
        header_from: the domain of the author's address, in ``canonical`` form.
        spf: the outcome for the reverse-path; None where it is not known.
        dkim: of every signature; None where they are not known, () where there are none.
        resolver: is asked.
        basis: the RFC to follow.
    """
    find = tree_walk if basis == "9989" else by_suffix_list
    found = await find(header_from, resolver)
    if found.record is None:
        return _without_record(found, basis)
    if basis == "7489" and any(fault.code == "syntax" for fault in found.record.faults):
        says = (
            f"the record at _dmarc.{found.policy_domain} has a fault of syntax: {found.record.faults[0].says}"
        )
        return _result(found, basis, "permerror", says)
    if not found.record.usable:
        says = f"the record at _dmarc.{found.policy_domain} names no policy and nobody to report to"
        return _result(found, basis, "none", says)
    ours, theirs = await asyncio.gather(
        _half("SPF", [spf] if spf else None if spf is None else [], found, resolver, basis),
        _half("DKIM", dkim, found, resolver, basis),
    )
    exists = await _exists(found, resolver)
    published, tag = _policy(found, exists)
    applied = _tested(published, found.record) if basis == "9989" else published
    result = "pass" if ours.aligned or theirs.aligned else "fail"
    if result == "fail" and (ours.temporary or theirs.temporary or found.failed):
        result = "temperror"
    return DmarcResult(
        basis,
        result,
        found.org_domain,
        applied,
        published,
        tag,
        found.policy_domain,
        found.record,
        ours,
        theirs,
        exists,
        found.steps(),
        _says(result, applied, found, ours, theirs),
    )


def _without_record(found: Discovery, basis: Basis) -> DmarcResult:
    if found.failed:
        fault = next(f for f in found.walk if f.status not in (Status.OK, Status.NODATA, Status.NXDOMAIN))
        return _result(
            found, basis, "temperror", f"_dmarc.{fault.domain} can't be asked: {fault.detail or fault.status}"
        )
    return _result(found, basis, "none", f"{found.domain} has no DMARC record, nor has a domain above it")


def _result(found: Discovery, basis: Basis, result: str, says: str) -> DmarcResult:
    return DmarcResult(
        basis,
        result,
        found.org_domain,
        policy_domain=found.policy_domain,
        record=found.record,
        steps=found.steps(),
        says=says,
    )


async def _half(
    name: str, given: Sequence[Authenticated] | None, found: Discovery, resolver: Resolver, basis: Basis
) -> Half:
    assert found.record is not None
    if given is None:
        return Half()
    strict = found.record.value("aspf" if name == "SPF" else "adkim", "r") == "s"
    passed = [one for one in given if one.result == "pass"]
    temporary = [one for one in given if one.result == "temperror"]
    aligned = await _first_aligned(passed, found, resolver, basis, strict=strict)
    strictly = any(one.domain.lower() == found.domain for one in passed)
    if aligned:
        return Half(True, True, True, strictly, says=f"{name} passed for {aligned}")
    could = await _first_aligned(temporary, found, resolver, basis, strict=strict)
    if not passed:
        words = ", ".join(f"{one.result} for {one.domain}" for one in list(given)[:3]) or "no signature"
        return Half(True, temporary=bool(could), says=f"{name} did not pass ({words})")
    other = passed[0].domain
    why = (
        f"{name} passed for {other}, which is not {found.domain} itself, as its strict alignment asks"
        if strict
        else f"{name} passed for {other}, which does not belong to {found.org_domain}"
    )
    return Half(True, True, False, strictly, bool(could), why)


async def _first_aligned(
    given: Sequence[Authenticated], found: Discovery, resolver: Resolver, basis: Basis, *, strict: bool
) -> str:
    """The first domain that is aligned with the author's, or ""."""
    for one in list(given)[:20]:
        domain = one.domain.lower().rstrip(".")
        if domain == found.domain:
            return domain
        if not strict and await _org_of(domain, found, resolver, basis) == found.org_domain:
            return domain
    return ""


async def _org_of(domain: str, found: Discovery, resolver: Resolver, basis: Basis) -> str:
    if basis == "7489":
        return suffix_org_domain(domain)
    if not _related(domain, found.org_domain):
        return domain  # a walk from there never comes to the author's organizational domain
    return (await tree_walk(domain, resolver)).org_domain


def _related(domain: str, org: str) -> bool:
    return domain == org or domain.endswith("." + org)


async def _exists(found: Discovery, resolver: Resolver) -> bool | None:
    """Whether the author's domain exists (RFC 9989 section 3.2.13); asked where it matters only."""
    if found.policy_domain == found.domain:
        return None
    answer = await resolver.ask(found.domain, "A")
    return None if answer.failed else answer.status is not Status.NXDOMAIN


def _policy(found: Discovery, exists: bool | None) -> tuple[str, str]:
    """The policy and the tag that gives it (RFC 9989 section 4.10.1)."""
    record = found.record
    assert record is not None
    if record.policy_broken:
        return "none", "p"
    tags = ["p"] if found.policy_domain == found.domain else ["sp", "p"]
    if exists is False:
        tags = ["np", *tags]
    tag = next((tag for tag in tags if tag in record.tags), "p")
    return record.value(tag, "none"), tag


def _tested(policy: str, record: Record) -> str:
    """The policy one step milder where ``t=y`` asks for it (RFC 9989 section 4.7)."""
    if record.value("t") != "y" or policy == "none":
        return policy
    return POLICIES[POLICIES.index(policy) - 1]


def _says(result: str, policy: str, found: Discovery, spf: Half, dkim: Half) -> str:
    if result == "pass":
        return (
            f"{' and '.join(half.says for half in (spf, dkim) if half.aligned)}, aligned with {found.domain}"
        )
    halves = "; ".join(half.says for half in (spf, dkim) if half.says) or "neither SPF nor DKIM is known"
    return f"{halves}; the policy of {found.policy_domain} is {policy}"
