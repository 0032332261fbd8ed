"""Replies as they come from a server, line by line; servers that break the rules are read all the same.

Taken beside RFC 5321 section 4.2: bare codes, lines that end with LF, blank lines, octets that are no UTF-8,
a code that changes within one reply (the last one counts), lines that go on where no more come.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Reply
from bouncewise.reply.parse import parse_reply

MAX_LINE = 8192  # octets; RFC 5321 section 4.5.3.1.5 grants 512
MAX_LINES = 500
_LINE = re.compile(rb"([2-5]\d\d)([ -]?)(.*)\Z", re.DOTALL)


class ReplyReader:
    """Octets in, replies out."""

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> list[Reply]:
        """Take in octets; the replies that are whole by now."""
        self._buffer += data
        found: list[Reply] = []
        while True:
            line, mark, rest = self._buffer.partition(b"\n")
            if not mark:
                if len(self._buffer) > MAX_LINE:  # no end in sight: what has come is the line
                    line, rest = self._buffer[:MAX_LINE], b""
                else:
                    return found
            self._buffer = rest
            if reply := self._line(line.rstrip(b"\r")[:MAX_LINE]):
                found.append(reply)

    def left(self) -> Reply | None:
        """What had come of a reply when the connection ended, or None."""
        lines, self._lines = [*self._lines, self._buffer], []
        self._buffer = b""
        text = b"\r\n".join(line for line in lines if line.strip())
        return parse_reply(text) if text else None

    def _line(self, line: bytes) -> Reply | None:
        match = _LINE.match(line)
        if match is None:
            if line.strip() and len(self._lines) < MAX_LINES:
                self._lines.append(line)  # words that a server put between, or before, its coded lines
            return None
        if len(self._lines) < MAX_LINES:
            self._lines.append(line)
        if match[2] == b"-":
            return None
        lines, self._lines = self._lines, []
        return parse_reply(b"\r\n".join(lines))
