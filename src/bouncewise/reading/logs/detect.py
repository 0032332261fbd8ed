"""Tell logs, tables and JSON from mails by their first lines."""

from __future__ import annotations

from enum import StrEnum

from bouncewise.reading.logs.envelopes.entries import is_entries
from bouncewise.reading.logs.envelopes.text import Opening, loose
from bouncewise.reading.logs.objects import is_form
from bouncewise.reading.logs.registry import line_formats
from bouncewise.reading.logs.tables import is_table
from bouncewise.reading.logs.text import lines_of
from bouncewise.reading.logs.times import Clock

LOOK = 16_384  # octets that are needed to tell
_LINES = 40
_ENOUGH = 0.5  # of the first lines are those of a log


class Form(StrEnum):
    """How a log is laid out."""

    LINES = "lines"
    TABLE = "table"
    OBJECTS = "objects"
    ENTRIES = "entries"  # of several lines, as journalctl exports them


def form_of(head: bytes) -> Form | None:
    """How a file that is a log is laid out, or None where it is none.

    Args:
        head: its first ``LOOK`` octets, or all where there are fewer.
    """
    lines = [line for block in lines_of([head]) for line in block][:_LINES]
    lines = [text for line in lines if (text := line.strip("\ufeff\x00 \t\r\x1e"))]
    if not lines:
        return None
    if is_entries(lines):
        return Form.ENTRIES
    if is_json(lines[0].removeprefix("data: ")) or is_form(lines[0]):
        return Form.OBJECTS
    if _are_enveloped(lines):
        return Form.LINES
    if is_table(lines):
        return Form.TABLE
    return Form.LINES if _are_logged(lines) else None


def _are_enveloped(lines: list[str]) -> bool:
    """Whether most lines are syslog's; that is told without loading every format."""
    opening = Opening(Clock(2000, 1, 1))
    opened = sum(1 for line in lines if (found := opening.open(line)) is not None and found.program)
    return opened > _ENOUGH * len(lines)


def is_json(line: str) -> bool:
    """Whether a line opens an object or a list; ``[24/Nov/2026 10:00:00]`` opens none.

    Args:
        line: not empty, without blanks in front.
    """
    return line[0] == "{" or (line[0] == "[" and line[1:].lstrip()[:1] in ("", "{", "[", "]"))


def _are_logged(lines: list[str]) -> bool:
    """Whether most lines have an envelope or are recognised, the last one (which may be cut) aside.

    A first line that is recognised is enough: the header of a mail may follow, as in Exim's reject log.
    """
    opening, formats = Opening(Clock(2000, 1, 1)), line_formats()
    if any(f.recognise(lines[0]) for f in formats):
        return True
    lines = lines[:-1] if len(lines) > 1 else lines
    logged = sum(
        1
        for line in lines
        if opening.open(line) is not None
        or any(f.recognise(line) for f in formats)
        or ((inner := loose(line)) is not None and any(f.recognise(inner.message) for f in formats))
    )
    return logged >= _ENOUGH * len(lines)
