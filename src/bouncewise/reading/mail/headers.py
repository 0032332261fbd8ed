"""Header fields (RFC 5322 section 2.2), as far as they can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from bouncewise.reading.mail.charset import decode_words, to_text

MAX_HEAD = 262_144  # octets of header fields that are read
MAX_FIELDS = 2000
_FIELD = re.compile(r"^([!-9;-~]{1,76}+)[ \t]*+:[ \t]*+(.*+(?:\n[ \t].*+)*+)", re.MULTILINE)
_NOT_LOCAL = r"\s<>@\"'(),;:\[\]“”„‘’«»「」『』（），：；。"  # what parts an address from the words before it
_DOMAIN = r"(?:[A-Za-z0-9_\u0080-\uffff](?:[A-Za-z0-9_.\u0080-\uffff-]{0,252}))"
ADDRESS = rf"[^{_NOT_LOCAL}]{{1,128}}@{_DOMAIN}"
_IN_ANGLES = re.compile(r"<\s{0,4}(?:mailto:)?([^<>\s]{1,320})\s{0,4}>")
_ADDRESS = re.compile(ADDRESS)
_QUOTED = re.compile(r'"[^"\n]{0,200}"\s?(?=<)')
# Words that no blank parts from an address before them, as in Chinese: a last label is of one script.
_GLUED = re.compile(r"(@(?:[^.@]{1,63}\.){1,8}[A-Za-z]{2,24})[^\x00-\x7f][^@]{0,253}$")
_PARAMETER = re.compile(r'[;\s]\s{0,20}([\w*-]{1,40})\s?=\s?(?:"([^"]{0,400})"|([^\s;"]{0,400}))')


class Headers:
    """The header fields of a mail or a part.

    Args:
        raw: the octets up to the empty line, with LF as line end.
    """

    __slots__ = ("_decoded", "_fields", "_plain", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw if len(raw) <= MAX_HEAD else raw[:MAX_HEAD]
        self._fields: dict[str, list[str]] | None = None
        self._decoded: dict[str, str] = {}

    def _all(self) -> dict[str, list[str]]:
        """The fields as Latin-1, a character an octet, each as it stands."""
        fields = self._fields
        if fields is None:
            raw = self.raw
            self._plain = raw.isascii() and b"\x1b" not in raw
            fields = self._fields = {}
            for name, value in _FIELD.findall(raw.decode("latin-1"))[:MAX_FIELDS]:
                known = fields.setdefault(name.lower(), [])
                known.append(value)
        return fields

    def _unfolded(self, value: str) -> str:
        if not self._plain:
            value = to_text(value.encode("latin-1"))
        if "\n" in value:
            return " ".join([line for line in map(str.strip, value.split("\n")) if line])
        return value.strip()

    def __contains__(self, name: str) -> bool:
        return name in (self._fields or self._all())

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether one of some fields is there."""
        return not (self._fields or self._all()).keys().isdisjoint(names)

    def __bool__(self) -> bool:
        return bool(self._fields or self._all())

    def each(self, name: str) -> Iterator[str]:
        """Every value of a field as ``raw_values`` gives them, one after the other."""
        return map(self._unfolded, (self._fields or self._all()).get(name, ()))

    def raw_values(self, name: str) -> list[str]:
        """Every value of a field, unfolded, not decoded; ``name`` in small letters."""
        values = (self._fields or self._all()).get(name)
        return [self._unfolded(value) for value in values] if values else []

    def get(self, name: str) -> str:
        """The first value of a field, unfolded and decoded, or ""."""
        values = (self._fields or self._all()).get(name)
        if not values:
            return ""
        known = self._decoded.get(name)
        if known is None:
            known = self._decoded[name] = decode_words(self._unfolded(values[0]))
        return known

    def address(self, name: str) -> str:
        """The first address of a field, or ""."""
        found = self.addresses(name)
        return found[0] if found else ""

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses of a field, each once."""
        values = (self._fields or self._all()).get(name)
        if not values:
            return ()
        found: dict[str, None] = {}
        for value in values[:4]:
            found.update(dict.fromkeys(addresses_in(self._unfolded(value)[:8192])))
        return tuple(found)

    def parameters(self, name: str) -> tuple[str, Mapping[str, str]]:
        """A field's value in small letters, and its parameters (RFC 2045 section 5.1)."""
        value = self.get(name)
        return _parameters(value[:4096]) if value else ("", {})


@lru_cache(maxsize=256)  # "text/plain; charset=utf-8" stands in every other part
def _parameters(value: str) -> tuple[str, Mapping[str, str]]:
    kind = value.partition(";")[0].strip().partition(" ")[0].lower()  # some leave out the semicolon
    return kind, {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(value)}


def addresses_in(text: str) -> list[str]:
    """The addresses in a field's value, in angle brackets or bare."""
    found: list[str] = []
    if "@" not in text:
        return found
    for piece in (_QUOTED.sub("", text) if '"' in text else text).split(","):
        angles = [a for a in _IN_ANGLES.findall(piece) if "@" in a] if "<" in piece else None
        found.extend(map(clean_address, angles or _ADDRESS.findall(piece)))
    return found


def clean_address(address: str) -> str:
    """An address without what was put round it."""
    address = address.strip().strip("<>\"'`;,:").removeprefix("mailto:").rstrip(".:")
    if not address.isascii():
        address = _GLUED.sub(r"\1", address)
    return f'"{address}' if '"@' in address else address  # the first quotation mark of "a b"@example.com
