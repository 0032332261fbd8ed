"""Render a reply as a server sends it.

Sources: RFC 5321 section 4.2 (reply lines) and 4.5.3.1.5 (512 octets a line), RFC 2034 section 4
(the same enhanced code on every line, none on 3yz).
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Reply

MAX_LINE = 512
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


def render(reply: Reply) -> bytes:
    """A reply as octets, each line ended by CRLF.

    Args:
        reply: the reply; line ends and other controls in its words become blanks, and lines that
            are too long are cut between characters.

    Raises:
        ValueError: the reply has no code, or one outside 200 to 559.
    """
    if reply.code is None or not (200 <= reply.code <= 559 and reply.code // 10 % 10 <= 5):
        raise ValueError(f"no reply code that can be sent: {reply.code}")
    enhanced = f"{reply.enhanced} " if reply.enhanced and reply.code // 100 != 3 else ""
    room = MAX_LINE - len(f"{reply.code} {enhanced}\r\n")
    lines = [part for line in reply.lines or ("",) for part in _cut(_CONTROLS.sub(" ", line), room)]
    rendered = [f"{reply.code}-{enhanced}".encode() + line for line in lines[:-1]]
    rendered.append(f"{reply.code} {enhanced}".encode() + lines[-1])
    return b"".join(line.rstrip() + b"\r\n" for line in rendered)


def _cut(line: str, room: int) -> list[bytes]:
    parts: list[bytes] = []
    rest = line.encode("utf-8", "replace")
    while len(rest) > room:
        place = room
        while place and rest[place] & 0xC0 == 0x80:  # inside a character
            place -= 1
        parts.append(rest[:place])
        rest = rest[place:]
    return [*parts, rest]
