"""Fold text so that one pattern meets every way to write a word.

``fold`` keeps the number of characters, so that a place in the folded text is the same place in
the original. It lowers the case, takes accents off Latin letters and narrows full-width forms.
Patterns are folded the same way when they are compiled.
"""

from __future__ import annotations

import unicodedata

_EXTRA = {
    "ß": "s",
    "ł": "l",
    "đ": "d",
    "ø": "o",
    "æ": "a",
    "œ": "o",
    "ı": "i",
    "þ": "t",
    "ð": "d",
    "ħ": "h",
    "ς": "σ",
    "ё": "е",
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "´": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "‐": "-",
    "‑": "-",
    "\u00a0": " ",
    "\u3000": " ",
    "\n": " ",
    "\r": " ",
    "\t": " ",
}
# Code points below this bound hold every Latin, Greek and Cyrillic letter that is folded.
_LAST_LETTER = 0x0530
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_WIDTH_SHIFT = 0xFEE0


def _fold_char(char: str) -> str:
    lowered = char.lower()
    if len(lowered) != 1:  # U+0130, the Turkish dotted capital I, lowers to two characters
        lowered = lowered[0]
    if lowered in _EXTRA:
        return _EXTRA[lowered]
    base = unicodedata.normalize("NFD", lowered)[0]
    # й and ї are letters of their own in Cyrillic, not accented ones; Greek loses its tonos.
    if "\u0400" <= lowered <= "\u04ff":
        return lowered
    return _EXTRA.get(base, base)


def _build_table() -> dict[int, str]:
    table = {code: _fold_char(chr(code)) for code in range(0x80, _LAST_LETTER)}
    table.update({code: _fold_char(chr(code)) for code in range(0x1E00, 0x2000)})
    table.update({code: chr(code - _FULL_WIDTH_SHIFT).lower() for code in _FULL_WIDTH})
    table.update({ord(char): plain for char, plain in _EXTRA.items()})
    table.update({code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
    return {code: plain for code, plain in table.items() if plain != chr(code)}


_TABLE = _build_table()


def fold(text: str) -> str:
    """Fold case, accents, quotes and full-width forms; the length stays the same.

    Args:
        text: any text, best in normalisation form C.
    """
    return text.translate(_TABLE)


def fold_bytes(text: str) -> bytes:
    """What patterns are searched in: folded, every run of white space one blank, as UTF-8.

    Plain ASCII keeps its case, which the matcher ignores.

    Args:
        text: any text.
    """
    if "  " in text or not text.isprintable():
        text = " ".join(text.split())
    if text.isascii():
        return text.encode()
    return text.translate(_TABLE).encode("utf-8", "replace")
