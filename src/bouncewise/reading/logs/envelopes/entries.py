"""Entries of several lines: journalctl's ``export`` and ``verbose``, made one line each.

``-o export``::

    __CURSOR=s=...
    __REALTIME_TIMESTAMP=1795455628575712
    _HOSTNAME=mail1
    SYSLOG_IDENTIFIER=postfix/smtp
    MESSAGE=...

and a blank line; a value with a line end in it stands behind its name, a newline and its length in eight
octets.
``-o verbose``::

    Mon 2026-11-23 17:40:28.575712 CET [s=...;i=...;b=...;m=...;t=...;x=...]
        _HOSTNAME=mail1
        SYSLOG_IDENTIFIER=postfix/smtp
        MESSAGE=...

The line that is made stands where the entry's MESSAGE stood, so that lines keep their numbers.

Source: systemd's journal export format, and ``src/shared/logs-show.c``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bouncewise.reply.parse import decode

MAX_ENTRY = 2000  # lines of an entry that are kept
MAX_HELD = 1 << 20  # characters of an entry that are kept
MAX_VALUE = 1 << 24  # octets of a value; more is no length
_LENGTH = 8  # octets that the length of a value has
_EXPORT = "__CURSOR="
_VERBOSE = re.compile(
    r"[^\W\d_]{2,4}\.? (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) (\S{1,8}) \[s=[0-9a-f]{32};"
)
_FIELD = re.compile(r"\s{0,8}(_{0,2}[A-Z][A-Z0-9_]{0,63})=(.*)$", re.DOTALL)
_NAME = re.compile(r"_{0,2}[A-Z][A-Z0-9_]{0,63}$")


def is_entries(lines: Sequence[str]) -> bool:
    """Whether a file begins with an entry of the journal.

    Args:
        lines: the first ones that are not blank.
    """
    return bool(lines) and (lines[0].startswith(_EXPORT) or _VERBOSE.match(lines[0]) is not None)


def joined(blocks: Iterable[list[str]]) -> Iterator[list[str]]:
    """The same number of lines, with each entry in one of them and blank ones around.

    Args:
        blocks: the lines of a file that ``is_entries``.
    """
    entry: list[str] = []
    held = 0
    for block in blocks:
        done: list[str] = []
        for line in block:
            if entry and (line.startswith(_EXPORT) or _VERBOSE.match(line) or len(entry) >= MAX_ENTRY):
                done += _one(entry)
                entry, held = [], 0
            held += len(line)
            entry.append(line if held <= MAX_HELD else "")
        yield done
    if entry:
        yield _one(entry)


def _one(entry: list[str]) -> list[str]:
    fields, place = _fields(entry)
    lines = [""] * len(entry)
    message = fields.get("MESSAGE")
    if message is None:
        return lines
    verbose = _VERBOSE.match(entry[0])
    if verbose:
        zone = "Z" if verbose[2] == "UTC" else ""
        stamp = verbose[1].replace(" ", "T") + zone
    else:
        micros = fields.get("__REALTIME_TIMESTAMP", "")
        stamp = f"{micros[:-6]}.{micros[-6:]}" if micros.isdigit() and len(micros) > 6 else "0000000000"
    program = fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM") or "-"
    pid = fields.get("SYSLOG_PID") or fields.get("_PID") or "0"
    lines[place] = f"{stamp} {fields.get('_HOSTNAME', '-')} {program}[{pid}]: {message}"
    return lines


def _fields(entry: list[str]) -> tuple[dict[str, str], int]:
    """The fields of an entry, and which of its lines has the message."""
    fields: dict[str, str] = {}
    place = at = 0
    while at < len(entry):
        found = _FIELD.match(entry[at])
        start = at
        at += 1
        if found:
            name, value = found[1], found[2]
        elif _NAME.match(entry[start]) and at < len(entry):
            name = entry[start]
            value, at = _binary(entry, at)
        else:
            continue
        if name not in fields:
            fields[name] = value
            place = start if name == "MESSAGE" else place
    return fields, place


def _binary(entry: list[str], at: int) -> tuple[str, int]:
    """A value behind its length: 64 bits, the low octet first.

    Where one of the length's octets is 10, it has a line end in it.
    """
    raw = _octets(entry[at], _LENGTH)
    at += 1
    while at < len(entry) and len(raw) < _LENGTH:
        raw += b"\n"
        raw += _octets(entry[at], _LENGTH - len(raw))
        at += 1
    length = int.from_bytes(raw[:_LENGTH], "little")
    parts, held = [raw[_LENGTH:]], len(raw) - _LENGTH
    while at < len(entry) and held < length <= MAX_VALUE:
        parts.append(entry[at].encode("utf-8", "replace"))
        held += 1 + len(parts[-1])
        at += 1
    return decode(b" ".join(parts)), at


def _octets(line: str, of_length: int) -> bytes:
    """The octets that a line was made of; those of a length are seldom UTF-8, and then the line is not."""
    if max(line[:of_length], default="") > "\x7f":
        for charset in ("cp1252", "latin-1"):
            try:
                return line.encode(charset)
            except UnicodeEncodeError:
                continue
    return line.encode("utf-8", "replace")
