"""The words of an HTML part, by lines. No browser: tags go, blocks become lines, entities letters."""

from __future__ import annotations

import html
import re

MAX_HTML = 524_288  # characters that are read
_UNSEEN = ("script", "style", "head", "title")
_BLOCK = re.compile(
    r"<(?:/?(?:p|div|tr|table|ul|ol|h[1-6]|pre|blockquote|center|hr)|br|li|/td|/th)\b[^<>]*>", re.I
)
_PRE = re.compile(r"</?(?:pre|xmp)\b[^<>]{0,400}>", re.I)
_FOLDED, _KEPT = re.compile(r"\n[ \t]"), "\ue000"  # a header field that goes on keeps its indent
_TAG = re.compile(r"<[/!?A-Za-z][^<>]*>")
_SPACES = re.compile(r"  +")
_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def html_to_text(source: str) -> str:
    """What a person sees of HTML.

    Args:
        source: the HTML; what is behind the first 512 KiB is left out.
    """
    text = _without_unseen(source[:MAX_HTML])
    pieces = _PRE.split(text)  # every second piece is text that keeps its lines
    pieces[::2] = [piece.replace("\n", " ") for piece in pieces[::2]]
    pieces[1::2] = [_FOLDED.sub(f"\n{_KEPT}", piece) for piece in pieces[1::2]]
    text = "\n".join(pieces)
    text = _TAG.sub("", _BLOCK.sub("\n", text))
    text = html.unescape(text).replace("\t", " ").replace("\xa0", " ").replace("\u200b", " ")
    text = _SPACES.sub(" ", text)
    lines = "\n".join(line.strip() for line in text.split("\n"))
    return _LINES.sub("\n\n", lines.replace(_KEPT, " ")).strip()


def _without_unseen(text: str) -> str:
    """Text without comments and elements that nobody sees."""
    lowered = text.lower()
    pieces, place = [], 0
    while True:
        start, closing = _next_unseen(lowered, place)
        if start < 0:
            pieces.append(text[place:])
            return "".join(pieces)
        pieces.append(text[place:start])
        end = lowered.find(closing, start)
        if end < 0:
            return "".join(pieces)
        place = lowered.find(">", end + len(closing) - 1) + 1 or len(text)


_OPENING = re.compile(rf"<(?:!--|(?:{'|'.join(_UNSEEN)})\b)")


def _next_unseen(lowered: str, place: int) -> tuple[int, str]:
    match = _OPENING.search(lowered, place)
    if not match:
        return -1, ""
    name = match[0][1:]
    return match.start(), "-->" if name == "!--" else f"</{name}"
