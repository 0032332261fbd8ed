"""Rotated logs in the order of their time: the oldest first, the one that is written to last.

Sources: logrotate(8) (``mail.log.2.gz``, ``mail.log-20261101``), newsyslog(8) (``maillog.0.bz2``), svlogd and
multilog (``@4000...s`` and ``current``), Exim's exicyclog (``mainlog.01.gz``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst|Z)$")
_NUMBER = re.compile(r"(.+?)\.(\d{1,5})$")
_DATED = re.compile(r"(.+?)[.-](\d{4}-?\d\d-?\d\d(?:[-T_]?\d{1,6})?)$")
_DATED_INSIDE = re.compile(r"(.+?)[-_.](\d{4}-?\d\d-?\d\d)(\.[A-Za-z]{2,5})$")
_TAI = re.compile(r"@[0-9a-f]{24}(?:\.[su])?$")


class Turn(NamedTuple):
    """The set that a file belongs to, and its turn in it."""

    stem: str
    order: tuple[int, int, str]
    rotated: bool


def turn_of(path: str) -> Turn:
    """The rotated set of a file by its name, and its place in time there.

    Args:
        path: the file.
    """
    pure = PurePath(path)
    folder, name = str(pure.parent), _PACKED.sub("", pure.name)
    if _TAI.match(name) or name == "current":
        return Turn(f"{folder}/current", (1, 0, "") if name == "current" else (0, 0, name), name != "current")
    numbered = _NUMBER.match(name)
    if numbered:
        return Turn(f"{folder}/{numbered[1]}", (0, -int(numbered[2]), ""), True)
    dated = _DATED.match(name) or _DATED_INSIDE.match(name)
    if dated:
        stem = dated[1] + (dated[3] if len(dated.groups()) > 2 else "")
        return Turn(f"{folder}/{stem}", (0, 0, dated[2]), True)
    return Turn(f"{folder}/{name}", (1, 0, ""), name != pure.name)


def in_order(paths: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The paths, those of a rotated set together and in the order of their time.

    Args:
        paths: as they were named. A set stands where its first file does.

    Yields:
        A path, and whether it goes on where the one before it ended.
    """
    sets: dict[str, list[tuple[Turn, str]]] = {}
    for number, path in enumerate(paths):
        turn = turn_of(path)
        # what has no name of a log (-, a URL) and what is named twice stays as it is
        key = turn.stem if path and path != "-" and "://" not in path else f"\0{number}"
        sets.setdefault(key, []).append((turn, path))
    for members in sets.values():
        ordered = sorted(members) if any(turn.rotated for turn, _ in members) else members
        for number, (_, path) in enumerate(ordered):
            yield path, number > 0 and len(ordered) > 1 and any(turn.rotated for turn, _ in members)


def is_next(last: str, path: str) -> bool:
    """Whether a file goes on where another one ended.

    Args:
        last: the file that was read before, or "".
        path: the file.
    """
    if not last:
        return False
    before, now = turn_of(last), turn_of(path)
    return before.stem == now.stem and before.order < now.order and before.rotated
