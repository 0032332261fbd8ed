"""DMARC records.

Sources: RFC 9989 sections 4.7 and 4.8 (what can't be read is passed over), RFC 7489 sections 6.3 and 6.4
(it makes the record no record).
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

POLICIES = ("none", "quarantine", "reject")
MAX_RECORD = 8192  # octets of a record that are read
MAX_TAGS = 64
MAX_URIS = 20
_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)", re.IGNORECASE)
_EXACT = "DMARC1"
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_-]{0,30})\s*=\s*(.*?)\s*\Z", re.DOTALL)
_KNOWN = {"v", "p", "sp", "np", "adkim", "aspf", "fo", "pct", "rf", "ri", "rua", "ruf", "t", "psd"}
_URI = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]{0,20}):([^\s!,;]{1,320})(?:!(\d{1,20})([kmgt]?))?\Z", re.IGNORECASE
)
_VALUES = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
}


class Fault(msgspec.Struct, frozen=True):
    """Something in a record that can't be taken.

    Attributes:
        code: a slug.
        says: what is wrong, and what to write.
        tag: the tag, or "".
    """

    code: str
    says: str
    tag: str = ""


class Record(msgspec.Struct, frozen=True):
    """A record, taken apart.

    Attributes:
        text: the record.
        tags: by name in small letters; the first of each counts.
        faults: what can't be taken.
    """

    text: str
    tags: dict[str, str]
    faults: tuple[Fault, ...] = ()

    def value(self, tag: str, default: str = "") -> str:
        """The value of a tag in small letters, or the default where it is absent or not allowed."""
        value = self.tags.get(tag, default).lower()
        allowed = _VALUES.get(tag)
        return value if allowed is None or value in allowed else default

    @property
    def reports(self) -> tuple[str, ...]:
        """The URIs of ``rua`` that can be read."""
        return tuple(uri for uri in uris(self.tags.get("rua", "")) if _URI.match(uri))

    @property
    def policy_broken(self) -> bool:
        """``p`` is absent, or one of ``p``, ``sp`` and ``np`` holds no policy (RFC 9989 section 4.10.1)."""
        given = [self.tags[tag].lower() for tag in ("p", "sp", "np") if tag in self.tags]
        return "p" not in self.tags or any(value not in POLICIES for value in given)

    @property
    def usable(self) -> bool:
        """Whether it is taken: with a policy, or at least with somebody to report to."""
        return not self.policy_broken or bool(self.reports)


def is_record(text: str) -> bool:
    """Whether a TXT record is a DMARC record: it begins with the version, whose value keeps its capitals."""
    match = _VERSION.match(text)
    return match is not None and _EXACT in match[0]


def uris(value: str) -> list[str]:
    """The URIs of ``rua`` or ``ruf``."""
    return [uri.strip() for uri in value.split(",")[:MAX_URIS] if uri.strip()]


def address_of(uri: str) -> str:
    """The address of a ``mailto:`` URI, or ""."""
    match = _URI.match(uri)
    return match[2] if match and match[1].lower() == "mailto" else ""


@lru_cache(maxsize=4096)
def parse_record(text: str) -> Record:
    """Take a record apart; never fails.

    Args:
        text: a TXT record for which ``is_record`` is true.
    """
    tags: dict[str, str] = {}
    faults: list[Fault] = []
    if len(text) > MAX_RECORD:
        faults.append(
            Fault("too-long", f"the record has {len(text)} octets; what is behind {MAX_RECORD} is not read")
        )
    for piece in text[:MAX_RECORD].split(";")[:MAX_TAGS]:
        if not piece.strip():
            continue
        match = _TAG.match(piece)
        if not match:
            shown = piece.strip()[:40]
            faults.append(
                Fault("syntax", f"“{shown}” is no tag; the form is name=value, parted by semicolons")
            )
            continue
        name, value = match[1].lower(), match[2]
        if name in tags:
            faults.append(Fault("duplicate", f"{name}= is given twice; the first counts", name))
            continue
        tags[name] = value
        if fault := _judged(name, value):
            faults.append(fault)
    return Record(text, tags, tuple(faults))


def _judged(name: str, value: str) -> Fault | None:
    if name not in _KNOWN:
        return Fault("unknown-tag", f"{name}= is no tag of DMARC and is passed over", name)
    allowed = _VALUES.get(name)
    if allowed and value.lower() not in allowed:
        hint = _nearest(value.lower(), allowed)
        wanted = f"did you mean {hint}?" if hint else f"one of {', '.join(allowed)} is wanted"
        return Fault("value", f"{name}={value[:40]} is not allowed; {wanted}", name)
    if name in ("rua", "ruf"):
        return _judged_uris(name, value)
    if name == "pct" and not (value.isascii() and value.isdigit() and int(value[:9]) <= 100):
        return Fault("value", f"pct={value[:40]} is no number from 0 to 100", name)
    return None


def _judged_uris(name: str, value: str) -> Fault | None:
    for uri in uris(value):
        if not _URI.match(uri):
            hint = f"; did you mean mailto:{uri[:80]}?" if "@" in uri and ":" not in uri else ""
            return Fault("uri", f"{name}={uri[:80]} is no URI{hint}", name)
    return None


def _nearest(value: str, allowed: tuple[str, ...]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - for faults only

    return next(iter(get_close_matches(value[:40], allowed, 1, 0.6)), "")
