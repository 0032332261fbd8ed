"""Octets to text in the declared charset, in the right one where that is a lie, and never an error."""

from __future__ import annotations

import binascii
import codecs
import re
from functools import lru_cache

_ALIASES = {
    "unknown-8bit": "",
    "x-unknown": "",
    "8bit": "",
    "ansi_x3.4-1968": "ascii",
    "gb2312": "gb18030",
    "unicode-1-1-utf-7": "utf-7",
}
_NOT_AS_ASCII = ("utf-16", "utf-32")
_ESCAPED = ("hz", "utf-7")
_CUT_OFF = "unexpected end of data"  # inside the last character
_ASCII = frozenset({"", "ascii", "us-ascii"})
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([BbQq])\?([^?]{0,2000})\?=(?:[ \t\n]{1,20}(?==\?))?")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


@lru_cache(maxsize=256)
def _codec(name: str) -> str:
    """The codec of a charset's name, or "" where Python has none for text."""
    name = name.strip("\"' ").lower().partition("*")[0]
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name) if name else None
    except (LookupError, ValueError):
        return ""
    return info.name if info is not None and getattr(info, "_is_text_encoding", True) else ""


def to_text(data: bytes, charset: str = "") -> str:
    """Text of octets.

    Args:
        data: the octets, out of their transfer encoding.
        charset: the declared charset. It is tried first; where it does not fit, or is none, the
            text is UTF-8, ISO-2022-JP, or at last Windows-1252 by its own octets.
    """
    japanese = b"\x1b$" in data or b"\x1b(J" in data
    codec = _codec(charset) if charset else ""
    if data.isascii() and not japanese and not (codec.startswith(_NOT_AS_ASCII) and b"\0" in data):
        return data.decode("ascii") if not codec.startswith(_ESCAPED) else data.decode(codec, "replace")
    tried = [codec] if codec not in _ASCII else []
    if japanese:
        tried.insert(0, "iso2022_jp_ext")
    for name in (*tried, "utf-8"):
        try:
            return data.decode(name)
        except UnicodeDecodeError as error:
            if error.reason == _CUT_OFF and error.start > 0:
                return data[: error.start].decode(name, "replace")
    return data.decode(codec if codec not in _ASCII and codec != "utf-8" else "cp1252", "replace")


def from_base64(data: bytes) -> bytes:
    """Octets out of base64; what is no base64 is passed over, and a broken end is left out."""
    clean = _NOT_BASE64.sub(b"", data)
    try:
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:
        whole = len(clean) - len(clean) % 4
        return binascii.a2b_base64(clean[:whole])


def from_transfer(data: bytes, encoding: str) -> bytes:
    """Octets out of a transfer encoding (RFC 2045 section 6); an unknown one is taken for none."""
    encoding = encoding.strip().lower()
    if encoding == "base64":
        return from_base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    return data


def decode_words(text: str) -> str:
    """A header field with its encoded words (RFC 2047) decoded."""
    return _WORD.sub(_word, text) if "=?" in text else text


def _word(match: re.Match[str]) -> str:
    charset, kind, words = match.groups()
    raw = words.encode("ascii", "replace")
    data = from_base64(raw) if kind in "Bb" else binascii.a2b_qp(raw, header=True)
    return to_text(data, charset)
