"""A reply with its evidence marked, so that each piece is tied to what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MAX_MARKS = 12


def marked(record: dict[str, Any]) -> tuple[list[tuple[str, int]], list[dict[str, Any]]]:
    """Pieces of a reply's text with the number of their evidence (0 for none), and the evidence by number.

    Args:
        record: of a diagnosis.
    """
    text: str = record.get("reply", {}).get("text", "")
    numbered = list(_numbered(record.get("evidence", [])))
    spans = sorted(
        (one["start"], one["end"], one["number"])
        for one in numbered
        if one.get("start") is not None and 0 <= one["start"] < one.get("end", 0) <= len(text)
    )
    return list(_pieces(text, spans)), numbered


def _numbered(evidence: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "number": number} for number, one in enumerate(evidence[:MAX_MARKS], 1)]


def _pieces(text: str, spans: Sequence[tuple[int, int, int]]) -> list[tuple[str, int]]:
    """The text in pieces; where marks overlap, the one that begins first has the place."""
    pieces: list[tuple[str, int]] = []
    at = 0
    for start, end, number in spans:
        if end <= at:
            continue
        if start > at:
            pieces.append((text[at:start], 0))
        pieces.append((text[max(start, at) : end], number))
        at = end
    if at < len(text):
        pieces.append((text[at:], 0))
    return pieces
