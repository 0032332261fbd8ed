"""Header fields (RFC 5322 section 2.2), as far as they can be read."""

from __future__ import annotations

import re

from bouncewise.reading.mail.charset import decode_words, to_text

MAX_HEAD = 262_144  # octets of header fields that are read
MAX_FIELDS = 2000
_FIELD = re.compile(rb"^([!-9;-~]{1,76})[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_FOLD = re.compile(r"\s*\n\s*")
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

    __slots__ = ("_decoded", "_fields", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw[:MAX_HEAD]
        self._fields: dict[str, list[bytes]] | None = None
        self._decoded: dict[str, str] = {}

    def _all(self) -> dict[str, list[bytes]]:
        if self._fields is None:
            self._fields = {}
            for name, value in _FIELD.findall(self.raw)[:MAX_FIELDS]:
                self._fields.setdefault(name.decode("latin-1").lower(), []).append(value)
        return self._fields

    def __contains__(self, name: str) -> bool:
        return name in self._all()

    def __bool__(self) -> bool:
        return bool(self._all())

    def raw_values(self, name: str) -> list[str]:
        """Every value of a field, unfolded, not decoded; ``name`` in small letters."""
        return [_unfold(value) for value in self._all().get(name, ())]

    def get(self, name: str) -> str:
        """The first value of a field, unfolded and decoded, or ""."""
        known = self._decoded.get(name)
        if known is None:
            values = self._all().get(name)
            known = self._decoded[name] = decode_words(_unfold(values[0])) if values else ""
        return known

    def address(self, name: str) -> str:
        """The first address of a field, or ""."""
        found = self.addresses(name)
        return found[0] if found else ""

    def addresses(self, name: str) -> tuple[str, ...]:
        """The addresses of a field, each once."""
        found: dict[str, None] = {}
        for value in self.raw_values(name)[:4]:
            found.update(dict.fromkeys(addresses_in(value[:8192])))
        return tuple(found)

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """A field's value in small letters, and its parameters (RFC 2045 section 5.1)."""
        value = self.get(name)[:4096]
        kind = value.partition(";")[0].strip().partition(" ")[0].lower()  # some leave out the semicolon
        return kind, {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PARAMETER.finditer(value)}


def _unfold(value: bytes) -> str:
    text = value.decode("ascii") if value.isascii() and b"\x1b" not in value else to_text(value)
    return _FOLD.sub(" ", text).strip() if "\n" in text else text.strip()


def addresses_in(text: str) -> list[str]:
    """The addresses in a field's value, in angle brackets or bare."""
    found: list[str] = []
    for piece in _QUOTED.sub("", text).split(","):
        angles = [a for a in _IN_ANGLES.findall(piece) if "@" in a]
        found.extend(clean_address(a) for a in angles or _ADDRESS.findall(piece))
    return found


def clean_address(address: str) -> str:
    """An address without what was put round it."""
    address = address.strip().strip("<>\"'`;,:").removeprefix("mailto:").rstrip(".:")
    if not address.isascii():
        address = _GLUED.sub(r"\1", address)
    return f'"{address}' if '"@' in address else address  # the first quotation mark of "a b"@example.com
