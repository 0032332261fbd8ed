"""The properties of an Outlook .msg file, read with ``olefile``.

A .msg file is a small file system (MS-CFB). Each property of a message is a stream whose name
holds its tag; numbers and times stand together in one stream; recipients, attachments and
attached messages are folders.

Sources: MS-OXMSG sections 2.1 to 2.4, MS-OXPROPS.
"""

from __future__ import annotations

import importlib
import io
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bouncewise.pipeline.sources.model import SourceError

PropertyTag = int
_UNICODE, _STRING8, _BINARY, _OBJECT = 0x001F, 0x001E, 0x0102, 0x000D
_LONG, _TIME = 0x0003, 0x0040
_STREAM = "__substg1.0_"
_PROPERTIES = "__properties_version1.0"
_ENTRY = struct.Struct("<HHI8s")
_CODE_PAGES = (0x3FFD, 0x3FDE)  # PidTagMessageCodepage, PidTagInternetCodepage
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_CODECS = {65001: "utf-8", 20127: "ascii", 28591: "latin-1", 20866: "koi8-r", 50220: "iso2022_jp"}
_MANY = 2000  # recipients or attachments; no bounce has more


class Folder:
    """A message, recipient or attachment within a .msg file.

    Args:
        ole: the file as ``olefile`` has it.
        path: the names of the folders down to this one.
        header: octets before the first entry of its property stream.
        codec: of texts that are no Unicode, where the folder itself names none.
    """

    def __init__(self, ole: Any, path: tuple[str, ...], header: int, codec: str = "cp1252") -> None:
        self._ole = ole
        self._path = path
        self._values = dict(self._entries(header))
        self._codec = next((_codec(n) for tag in _CODE_PAGES if (n := self.number(tag))), codec)

    def _entries(self, header: int) -> Iterator[tuple[tuple[int, int], bytes]]:
        data = self._stream(_PROPERTIES) or b""
        for at in range(header, len(data) - _ENTRY.size + 1, _ENTRY.size):
            kind, tag, _flags, value = _ENTRY.unpack_from(data, at)
            yield (tag, kind), value

    def _stream(self, name: str) -> bytes | None:
        where = [*self._path, name]
        if self._ole.get_type(where) != 2:  # 2: a stream
            return None
        with self._ole.openstream(where) as stream:
            return bytes(stream.read())

    def number(self, tag: PropertyTag) -> int | None:
        """A whole number, or None."""
        value = self._values.get((tag, _LONG))
        return None if value is None else int.from_bytes(value[:4], "little")

    def time(self, tag: PropertyTag) -> datetime | None:
        """A time in UTC, or None."""
        value = self._values.get((tag, _TIME))
        if value is None:
            return None
        try:
            return _EPOCH + timedelta(microseconds=int.from_bytes(value, "little") // 10)
        except OverflowError:
            return None

    def octets(self, tag: PropertyTag) -> bytes | None:
        """A binary property, or None."""
        return self._stream(f"{_STREAM}{tag:04X}{_BINARY:04X}")

    def text(self, tag: PropertyTag) -> str:
        """A text; empty where there is none."""
        data = self._stream(f"{_STREAM}{tag:04X}{_UNICODE:04X}")
        if data is not None:
            return data.decode("utf-16-le", "replace").rstrip("\x00")
        data = self._stream(f"{_STREAM}{tag:04X}{_STRING8:04X}")
        return data.decode(self._codec, "replace").rstrip("\x00") if data is not None else ""

    def recipients(self) -> list[Folder]:
        """The recipients of a message."""
        return self._folders("__recip_version1.0_#", 8)

    def attachments(self) -> list[Folder]:
        """The attachments of a message."""
        return self._folders("__attach_version1.0_#", 8)

    def message(self) -> Folder | None:
        """The message that an attachment is, or None."""
        name = f"{_STREAM}3701{_OBJECT:04X}"
        if self._ole.get_type([*self._path, name]) != 1:  # 1: a folder
            return None
        return Folder(self._ole, (*self._path, name), 24, self._codec)

    def _folders(self, prefix: str, header: int) -> list[Folder]:
        depth = len(self._path)
        names = {
            entry[depth]
            for entry in self._ole.listdir(streams=True, storages=True)
            if len(entry) > depth and tuple(entry[:depth]) == self._path and entry[depth].startswith(prefix)
        }
        return [Folder(self._ole, (*self._path, name), header, self._codec) for name in sorted(names)[:_MANY]]


def open_msg(data: bytes) -> Folder:
    """The message of a .msg file.

    Raises:
        SourceError: ``olefile`` is not installed, or the file is no message.
        Exception: whatever ``olefile`` raises on damaged files.
    """
    try:
        library: Any = importlib.import_module("olefile")
    except ImportError:
        raise SourceError(
            "this is an Outlook .msg file, and nothing that reads it is installed: "
            "pip install 'bouncewise[msg]', or save the mail as .eml"
        ) from None
    ole = library.OleFileIO(io.BytesIO(data))
    if not ole.exists(_PROPERTIES):
        raise SourceError("this is an Office document but no Outlook message; save the mail as .msg or .eml")
    return Folder(ole, (), 32)


def _codec(page: int) -> str:
    name = _CODECS.get(page, f"cp{page}")
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name if re.fullmatch(r"[\w-]+", name) else "cp1252"
