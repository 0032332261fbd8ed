"""What should be mended in a DMARC record, and the record as it should be."""

from __future__ import annotations

from collections.abc import Sequence

from bouncewise.checks.dmarc.discover import Discovery
from bouncewise.checks.dmarc.record import POLICIES, Record, uris
from bouncewise.checks.finding import Mend, Problem

_TYPOS = ("v=dmarc", "v= dmarc", "dmarc1", "v:dmarc")
_SERIOUS = {"too-long"}


def review(record: Record, domain: str) -> tuple[Problem, ...]:
    """The problems of a record.

    Args:
        record: the record.
        domain: whose record it is.
    """
    problems = [Problem(f.code, f.says, f.code in _SERIOUS, "RFC 9989 section 4.7") for f in record.faults]
    policy, sub = record.value("p", "none"), record.value("sp", record.value("p", "none"))
    if "p" not in record.tags:
        problems.append(
            Problem("no-policy", "p= is absent, which asks for nothing to be done (p=none)", True)
        )
    elif policy == "none":
        says = "p=none asks for nothing to be done with mail that fails: it monitors, and protects nobody"
        problems.append(Problem("monitoring", says))
    if record.value("t") == "y" and policy != "none":
        milder = POLICIES[POLICIES.index(policy) - 1]
        problems.append(
            Problem("testing", f"t=y: receivers act one step milder, {milder} in place of {policy}")
        )
    if POLICIES.index(sub) < POLICIES.index(policy):
        says = f"sp={sub} is milder than p={policy}: whoever forges a subdomain gets through"
        problems.append(Problem("weak-subdomains", says))
    pct = record.tags.get("pct", "100")
    if pct.isdigit() and pct != "100":
        says = f"pct={pct[:3]} asks for the policy for a part of the mail; RFC 9989 dropped it for t=y"
        problems.append(Problem("pct", says))
    if not uris(record.tags.get("rua", "")):
        says = "rua= is absent: nobody learns who sends as this domain and what fails"
        problems.append(Problem("no-reports", says))
    del domain
    return tuple(problems)


def lookalikes(found: Discovery) -> tuple[Problem, ...]:
    """Records that were meant for DMARC and are none, as far as the walk met them."""
    for one in found.walk:
        for text in one.texts:
            if text.lower().replace('"', "").strip().startswith(_TYPOS):
                says = (
                    f"_dmarc.{one.domain} holds “{text[:60]}”, which is no DMARC record: "
                    "it begins with v=DMARC1; and with these capitals"
                )
                return (Problem("lookalike", says, True, "RFC 9989 section 4.7"),)
        if len(one.records) > 1:
            says = f"_dmarc.{one.domain} holds {len(one.records)} DMARC records; more than one count as none"
            return (Problem("several", says, True, "RFC 9989 section 4.10"),)
    return ()


def mends(found: Discovery, faults: Sequence[str] = ()) -> tuple[Mend, ...]:
    """The record to publish, where one is missing or has a fault."""
    name = f"_dmarc.{found.domain}"
    if found.record is not None:
        clean = _clean(found.record)
        if clean == found.record.text or not faults:
            return ()
        place = f"_dmarc.{found.policy_domain}"
        return (Mend(place, "TXT", (found.record.text,), (clean,), "the same without its faults"),)
    at_start = next((one for one in found.walk if one.domain == found.domain), None)
    now = tuple(record.text for record in at_start.records) if at_start else ()
    if len(now) > 1 and at_start:
        best = max(at_start.records, key=lambda record: POLICIES.index(record.value("p", "none")))
        return (Mend(name, "TXT", now, (best.text,), "one record in place of several", guess=True),)
    proposal = f"v=DMARC1; p=none; rua=mailto:dmarc@{found.domain}"
    why = "the least that the great providers ask of bulk senders; raise p= when reports show no surprise"
    return (Mend(name, "TXT", (), (proposal,), why, guess=True),)


def _clean(record: Record) -> str:
    """The record with what can be mended mended, and what can't be read left out."""
    parts = ["v=DMARC1"]
    for tag, value in record.tags.items():
        if tag == "v" or any(f.tag == tag and f.code == "unknown-tag" for f in record.faults):
            continue
        parts.append(f"{tag}={_mended(tag, value)}")
    return "; ".join(parts)


def _mended(tag: str, value: str) -> str:
    if tag in ("rua", "ruf"):
        return ",".join(f"mailto:{uri}" if "@" in uri and ":" not in uri else uri for uri in uris(value))
    if tag in ("p", "sp", "np") and value.lower() not in POLICIES:
        from difflib import get_close_matches  # noqa: PLC0415 - for faults only

        return next(iter(get_close_matches(value.lower()[:40], POLICIES, 1, 0.6)), "none")
    return value
