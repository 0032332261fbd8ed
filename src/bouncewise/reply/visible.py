"""Make text from strangers safe to look at.

Text of a reply can hold escape sequences, carriage returns and bidirectional overrides. Nothing of it may
move the cursor, colour the screen or reorder words: such characters are shown as signs.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def visible(text: str) -> str:
    """The text with every control, format and unassigned character shown as a visible sign.

    Args:
        text: any text; line ends stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == "\n" else _sign(c) for c in text)


def _sign(char: str) -> str:
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"<U+{code:04X}>"
