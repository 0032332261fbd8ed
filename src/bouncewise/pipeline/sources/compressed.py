"""Unpack gzip, bzip2, xz and zstd as they are read, in bounded memory."""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
from collections.abc import Callable
from typing import Any, cast

from bouncewise.pipeline.sources.detect import Kind
from bouncewise.pipeline.sources.model import SourceError
from bouncewise.pipeline.sources.reader import Budget, Reader, Source

# A zstd block unpacks to at most 128 KiB and takes at least 4 octets: so much input gives at most 16 MiB
_ZSTD_PIECE = 512


def unpack(reader: Reader, kind: Kind, budgets: tuple[Budget, ...]) -> Reader:
    """A reader of what compressed data holds.

    Args:
        reader: stands at the beginning of the data.
        kind: one of ``detect.UNPACKED``.
        budgets: what it may unpack to.

    Raises:
        SourceError: the part that unpacks this is not installed.
    """
    return Reader(_OPENERS[kind](reader), f"the {kind} data", budgets)


def _gzip(reader: Reader) -> Source:
    return gzip.GzipFile(fileobj=cast(Any, reader), mode="rb")


def _bzip2(reader: Reader) -> Source:
    return bz2.BZ2File(cast(Any, reader))


def _xz(reader: Reader) -> Source:
    return lzma.LZMAFile(cast(Any, reader))


def _zstd(reader: Reader) -> Source:
    try:
        library = importlib.import_module("compression.zstd")  # Python 3.14
    except ImportError:
        return _Zstandard(reader)
    return _Translated(library.ZstdFile(reader), library.ZstdError)


class _Translated:
    """A file whose own kind of error, which is of no common kind, becomes a ``ValueError``."""

    def __init__(self, file: Any, error: type[Exception]) -> None:
        self._file = file
        self._error = error

    def read(self, octets: int, /) -> bytes:
        """Some octets; none at the end."""
        try:
            return bytes(self._file.read1(octets))
        except self._error as error:
            raise ValueError(str(error)) from error


class _Zstandard:
    """zstd by the library ``zstandard``, frame after frame; it knows whether the last one is whole."""

    def __init__(self, reader: Reader) -> None:
        try:
            library: Any = importlib.import_module("zstandard")
        except ImportError:
            raise SourceError(
                "this is packed with zstd, and nothing that unpacks it is installed: "
                "pip install 'bouncewise[zst]', or unpack it with zstd -d"
            ) from None
        self._reader = reader
        self._error: type[Exception] = library.ZstdError
        self._make: Callable[[], Any] = library.ZstdDecompressor().decompressobj
        self._frame: Any = self._make()
        self._inside = False  # within a frame, so that an end here is a cut

    def read(self, _octets: int, /) -> bytes:
        """Some octets; more than were asked for may come."""
        while True:
            piece = self._reader.read1(_ZSTD_PIECE)
            if not piece:
                if self._inside:
                    raise EOFError
                return b""
            data = self._unpack(piece)
            if data:
                return data

    def _unpack(self, piece: bytes) -> bytes:
        parts = []
        while piece:
            try:
                parts.append(self._frame.decompress(piece))
            except self._error as error:
                raise ValueError(str(error)) from error
            self._inside = not self._frame.eof
            piece = b""
            if self._frame.eof:
                piece = self._frame.unused_data
                self._frame = self._make()
        return b"".join(parts)


_OPENERS: dict[Kind, Callable[[Reader], Source]] = {
    Kind.GZIP: _gzip,
    Kind.BZIP2: _bzip2,
    Kind.XZ: _xz,
    Kind.ZSTD: _zstd,
}
