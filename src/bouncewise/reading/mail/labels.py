"""Labelled lines: "Reason: words", or a label alone with its words on the lines below.

Providers' notices in HTML are tables of such pairs; ``html`` makes lines of their cells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MAX_LINES = 1000
MAX_VALUE = 8  # lines that belong to a label alone
_CODE = re.compile(r"(?<![\d.])[45]\d\d(?![\d.:])")
_SPACE = re.compile(r"[\s\u3000]+")


def labelled(lines: Sequence[str], labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs of a notice in their order.

    Args:
        lines: its lines.
        labels: label in small letters without spaces, and what it means; a label that means "" only ends
            the value above it.

    Returns:
        What the label means and its value, lines joined by a line end.
    """
    found: list[tuple[str, list[str], bool]] = []
    for line in lines[:MAX_LINES]:
        meaning, value = _label(line, labels)
        if meaning is not None:
            found.append((meaning, [value] if value else [], False))
        elif found and len(found[-1][1]) < MAX_VALUE and not found[-1][2]:
            if line.strip():
                found[-1][1].append(line.strip())
            elif any(_CODE.search(value) for value in found[-1][1]):
                found[-1] = (*found[-1][:2], True)  # an empty line ends what holds a reply
    return [(meaning, "\n".join(values)) for meaning, values, _ in found if meaning]


def _label(line: str, labels: Mapping[str, str]) -> tuple[str | None, str]:
    """What the label of a line means and what stands behind it, (None, "") without a label."""
    head, sign, rest = line[:400].replace("：", ":", 1).partition(":")
    name = _SPACE.sub("", head).strip("*-•·|[]【】<>").lower()
    if name in labels and (sign or len(line.strip()) < 40):
        return labels[name], (rest + line[400:]).strip() if sign else ""
    return None, ""
