"""The content of a message as it comes: lines up to the final dot, or chunks of a told size.

The one end of DATA is CRLF, a dot, CRLF (RFC 5321 section 4.1.1.4). Anything else that looks like it, with a
bare LF or a bare CR, is content: a server that ends there lets messages be smuggled in.
"""

from __future__ import annotations

from bouncewise.reply.model import Reply
from bouncewise.smtp.limits import REFUSE, Limits
from bouncewise.smtp.usual import said

FULL = said(452, "4.3.1", "no room for the messages that come in at once; try again later")
_END = b"\r\n.\r\n"
_TAIL = len(_END) - 1


class DotReader:
    """Content behind DATA.

    Args:
        limit: octets that are kept; what is more is counted and dropped, so that memory is bounded.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[bytes] = []
        self._held = b"\r\n"  # the line end behind DATA: a dot may stand in the first line
        self.size = 0  # octets without stuffed dots, with the last line end
        self.bare = False  # a CR or LF stood alone
        self.longest = 0  # octets of the longest line with its line end
        self.dropped = False  # there was no room for it

    @property
    def held(self) -> int:
        """Octets that it holds."""
        return 0 if self.dropped or self.size > self._limit + 2 else self.size

    def drop(self) -> None:
        """Forget what was kept, and keep no more; the end is looked for all the same."""
        self.dropped = True
        self._kept = []

    def feed(self, data: bytes) -> tuple[bool, bytes]:
        """Take in octets: whether the end has come, and what stands behind it."""
        buffer = self._held + data
        end = buffer.find(_END)
        if end >= 0:
            self._take(buffer[: end + 2])
            return True, buffer[end + len(_END) :]
        keep = min(_TAIL, len(buffer))
        self._take(buffer[:-keep] if keep else buffer)
        self._held = buffer[-keep:] if keep else b""
        return False, b""

    def content(self) -> bytes:
        """What was kept, without the dots that were put before others (RFC 5321 section 4.5.2)."""
        whole = b"".join(self._kept)
        self._kept = [whole]
        return whole.replace(b"\r\n.", b"\r\n")[2:]

    def _take(self, piece: bytes) -> None:
        if not piece:
            return
        self.size += len(piece)
        if self.size > self._limit + 2:
            self._kept = []
        elif not self.dropped:
            self._kept.append(piece)

    def judge(self) -> None:
        """Work out ``size``, ``bare`` and ``longest`` once the end has come."""
        if self.dropped:
            return
        content = self.content()
        if self.size <= self._limit + 2:
            self.size = len(content)
        self.bare = has_bare(content)
        self.longest = longest_line(content)


def fault_of(reader: DotReader, limits: Limits) -> Reply | None:
    """Why content that has ended is refused, or None.

    Args:
        reader: that has judged it.
        limits: of the session.
    """
    if limits.message and reader.size > limits.message:
        return said(552, "5.3.4", f"the message is larger than {limits.message} octets")
    if reader.dropped:
        return FULL
    if reader.bare and limits.bare == REFUSE:
        return said(554, "5.6.0", "a line of the message ends with a bare CR or LF")
    if limits.text_line and reader.longest > limits.text_line:
        return said(554, "5.6.0", f"a line of the message is longer than {limits.text_line} octets")
    return None


class ChunkReader:
    """The octets of one BDAT chunk (RFC 3030 section 2).

    Args:
        size: octets of the chunk.
        keep: whether they are wanted; else they are read and dropped.
    """

    def __init__(self, size: int, *, keep: bool) -> None:
        self.left = size  # octets that are still to come
        self._keep = keep
        self._kept: list[bytes] = []

    def drop(self) -> None:
        """Forget what was kept, and keep no more."""
        self._keep, self._kept = False, []

    def feed(self, data: bytes) -> tuple[bool, bytes]:
        """Take in octets: whether the chunk is whole, and what stands behind it."""
        piece = data[: self.left]
        self.left -= len(piece)
        if self._keep:
            self._kept.append(piece)
        return self.left == 0, data[len(piece) :]

    def content(self) -> bytes:
        """The chunk."""
        return b"".join(self._kept)


class Chunks:
    """A message that comes by BDAT (RFC 3030): its chunks, and the one that is coming in.

    Args:
        limit: octets of a message; 0 for no limit.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self.size = 0  # octets of all chunks, as they were announced
        self.coming: ChunkReader | None = None
        self.last = False
        self.refused = False  # the BDAT of the coming chunk was answered with a refusal
        self.no_room = False

    @property
    def held(self) -> int:
        """Octets that are held."""
        if self.no_room or self.refused or self.too_large:
            return 0
        return self.size - (self.coming.left if self.coming else 0)

    @property
    def too_large(self) -> bool:
        """Whether the message is larger than it may be."""
        return bool(self._limit) and self.size > self._limit

    def begin(self, size: int, *, last: bool) -> None:
        """A chunk comes."""
        self.size += size
        self.last = last
        self.coming = ChunkReader(size, keep=not self.too_large)

    def skip(self, size: int) -> None:
        """A chunk comes whose BDAT was refused."""
        self.coming, self.last, self.refused = ChunkReader(size, keep=False), False, True

    def drop(self) -> None:
        """Forget what is held, and keep no more of what comes."""
        if self.coming is not None:
            self.coming.drop()
            self._parts, self.no_room = [], True

    def take(self) -> None:
        """The chunk is whole."""
        if self.coming is not None:
            self._parts.append(self.coming.content())
        self.coming = None

    def content(self) -> bytes:
        """All chunks."""
        return b"".join(self._parts)


def has_bare(content: bytes) -> bool:
    """Whether a CR or LF stands alone (RFC 5321 section 2.3.8 forbids it)."""
    pairs = content.count(b"\r\n")
    return content.count(b"\n") != pairs or content.count(b"\r") != pairs


def longest_line(content: bytes) -> int:
    """Octets of the longest line, with its line end."""
    return max(map(len, content.split(b"\r\n"))) + 2 if content else 0
