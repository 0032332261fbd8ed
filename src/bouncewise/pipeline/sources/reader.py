"""A forward reader with a look ahead, in bounded memory, whose errors come behind the data."""

from __future__ import annotations

import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Protocol

from bouncewise.pipeline.sources.model import SourceError, plain, size

BLOCK = 256 * 1024  # octets; large enough for the disk, small enough for memory
# All that the standard library's unpackers raise on damaged data
READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)


class Source(Protocol):
    """Whatever octets are read from."""

    def read(self, size: int, /) -> bytes | None:
        """At most ``size`` octets; none at the end."""


class Budget:
    """How much may still be unpacked for one path.

    Args:
        octets: the limit.
        what: what the limit is on, for the message.
    """

    def __init__(self, octets: int, what: str) -> None:
        self._limit = octets
        self._left = octets
        self._what = what

    def spend(self, octets: int) -> None:
        """Take octets off.

        Raises:
            SourceError: nothing is left.
        """
        self._left -= octets
        if self._left < 0:
            raise SourceError(
                f"{self._what} unpacks to more than {size(self._limit)}; the rest is left out. "
                "Unpack it yourself and read the files, if it is no decompression bomb"
            )


class Reader:
    """Reads on from a source; also a file for ``tarfile`` and the unpackers.

    An error of the source is kept until all octets before it are read: what is sound in a damaged
    file is never lost.

    Args:
        source: the octets.
        what: what is read, for messages: ``the file``, ``the gzip data``.
        budgets: each block read is taken off each of these.
        offset: octets that stand before.
    """

    def __init__(
        self, source: Source, what: str = "the file", budgets: tuple[Budget, ...] = (), offset: int = 0
    ) -> None:
        # read1 gives what is there; read would wait for a whole block and lose it on an error
        self._read: Callable[[int], bytes | None] = getattr(source, "read1", source.read)
        self._what = what
        self._budgets = budgets
        self._held = bytearray()
        self._error: SourceError | None = None
        self._end = False
        self.offset = offset

    def _fill(self) -> None:
        try:
            block = self._read(BLOCK) or b""
            self._held += block
            for budget in self._budgets:
                budget.spend(len(block))
        except SourceError as error:
            self._error = error
        except READ_ERRORS as error:
            self._error = SourceError(_damaged(self._what, error))
        else:
            self._end = not block
        self._end = self._end or self._error is not None

    def _take(self, octets: int) -> bytes:
        if not self._held and self._error is not None:
            raise self._error
        data = bytes(self._held) if octets >= len(self._held) else bytes(self._held[:octets])
        del self._held[: len(data)]
        self.offset += len(data)
        return data

    def peek(self, octets: int) -> bytes:
        """The next octets without taking them; fewer at the end or before an error.

        Raises:
            SourceError: the source failed and nothing is left before that.
        """
        while len(self._held) < octets and not self._end:
            self._fill()
        if not self._held and self._error is not None:
            raise self._error
        return bytes(self._held[:octets])

    def read(self, octets: int = BLOCK, /) -> bytes:
        """Exactly so many octets; fewer at the end or before an error.

        Raises:
            SourceError: the source failed and nothing is left before that.
        """
        while len(self._held) < octets and not self._end:
            self._fill()
        return self._take(octets)

    def read1(self, octets: int = BLOCK, /) -> bytes:
        """Between one and so many octets, as soon as some are there; none at the end.

        Raises:
            SourceError: the source failed and nothing is left before that.
        """
        while not self._held and not self._end:
            self._fill()
        return self._take(octets)


def read_mail(reader: Reader, limit: int) -> tuple[bytes, bool, SourceError | None]:
    """Read one mail.

    Args:
        reader: stands at the beginning of the mail.
        limit: octets; what is longer is cut.

    Returns:
        The mail, whether it is not whole, and the error that broke it off.
    """
    parts: list[bytes] = []
    left = limit + 1
    try:
        while left > 0 and (block := reader.read1(min(left, BLOCK))):
            parts.append(block)
            left -= len(block)
    except SourceError as error:
        return b"".join(parts), True, error
    data = b"".join(parts)
    return data[:limit], len(data) > limit, None


def _damaged(what: str, error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"{what} needs more memory to unpack than there is"
    if isinstance(error, EOFError):
        return f"{what} is cut off; what stands before was read. Fetch it again"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{what} could not be read: {plain(error)}"
    return f"{what} is damaged ({plain(error)}); what stands before was read. Fetch it again"
