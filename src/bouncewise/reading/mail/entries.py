"""Pieces that several formats share: entries of a notice, and the addresses that a sentence announces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.told import Told

MAX_LINES = 4000
MAX_ENTRIES = 10_000
MAX_ENTRY = 60  # lines of an entry that are read
_LISTED = re.compile(
    rf"[ \t]{{0,40}}(?:[-*>•·]{{1,4}}[ \t]?)?"
    rf"(?:\"[^\"\n<>]{{0,80}}\"[ \t])?[<\[\"'(]{{0,2}}({ADDRESS})[>\])\"',;.]{{0,3}}[ \t]{{0,40}}$"
)
_RULE = re.compile(r"[\s\-=_*#+~.|]{4,}$")

Entry = tuple[re.Match[str], list[str]]


def entries(
    lines: list[str], head: re.Pattern[str], stop: re.Pattern[str] | None = None, *, gaps: bool = False
) -> list[Entry]:
    """The entries of a notice: each begins with a line that ``head`` matches.

    Args:
        lines: the notice.
        head: matches the first line of an entry.
        stop: matches a line that belongs to no entry any more.
        gaps: whether an empty line may stand within an entry; else one behind its first words ends it.

    Returns:
        The match, and the lines below it without the white space round them.
    """
    found: list[Entry] = []
    open_ = False
    for line in lines[:MAX_LINES]:
        match = head.match(line[:2000])
        if match:
            if len(found) >= MAX_ENTRIES:
                break
            found.append((match, []))
            open_ = True
        elif open_ and stop is not None and stop.match(line[:200]):
            open_ = False
        elif open_ and line.strip():
            if len(found[-1][1]) < MAX_ENTRY:
                found[-1][1].append(line.strip())
        elif open_ and not gaps and found[-1][1]:
            open_ = False
    return found


def announced(lines: list[str], sentence: re.Pattern[str]) -> list[str]:
    """The addresses that stand on lines of their own below the first line that ``sentence`` finds."""
    found: list[str] = []
    begun = False
    for line in lines[:MAX_LINES]:
        if not begun:
            begun = bool(sentence.search(line[:400]))
            continue
        match = _LISTED.match(line[:400])
        if match:
            found.append(clean_address(match[1]))
        elif found and line.strip() and not _RULE.match(line[:200]):
            break
        if len(found) >= MAX_ENTRIES:
            break
    return list(dict.fromkeys(found))


def below(
    lines: list[str], sentence: re.Pattern[str], stop: re.Pattern[str] | None = None, *, gaps: bool = False
) -> str:
    """The words below the first line that ``sentence`` matches, with what that line says behind it."""
    found = entries(lines, sentence, stop, gaps=gaps)
    if not found:
        return ""
    match, words = found[0]
    rest = match.string[match.end() :].strip()
    return "\n".join([rest, *words] if rest else words)


def each(recipients: Iterable[str], words: str, action: str = "failed", **fields: Any) -> list[Told]:
    """The same words for every recipient; ``fields`` are others of ``Told``."""
    return [
        Told(recipient=recipient, words=words, action=action, **fields)
        for recipient in dict.fromkeys(recipients)
    ]
