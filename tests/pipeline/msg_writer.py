"""Write small Outlook .msg files for tests (MS-CFB version 3, MS-OXMSG)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Union

Tree = Mapping[str, Union[bytes, "Tree"]]
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def message(
    texts: Mapping[int, str] = {},
    numbers: Mapping[int, int] = {},
    binaries: Mapping[int, bytes] = {},
    *,
    header: int = 32,
    kind: int = 0x001F,
    codec: str = "utf-16-le",
    times: Mapping[int, int] = {},
    **folders: Tree,
) -> Tree:
    """The streams of a message, recipient or attachment; folders are its recipients and attachments."""
    properties = b"".join(struct.pack("<HHIIxxxx", 3, tag, 6, value) for tag, value in numbers.items())
    properties += b"".join(struct.pack("<HHIQ", 0x40, tag, 6, value) for tag, value in times.items())
    streams: dict[str, bytes | Tree] = {"__properties_version1.0": bytes(header) + properties}
    streams |= {f"__substg1.0_{tag:04X}{kind:04X}": text.encode(codec) for tag, text in texts.items()}
    streams |= {f"__substg1.0_{tag:04X}0102": data for tag, data in binaries.items()}
    counts = {"recip": 0, "attach": 0}
    for name, tree in folders.items():
        part = name.rstrip("0123456789")
        streams[f"__{part}_version1.0_#{counts[part]:08X}"] = tree
        counts[part] += 1
    return streams


def recipient(texts: Mapping[int, str], numbers: Mapping[int, int] = {}) -> Tree:
    return message(texts, numbers, header=8)


def attachment(texts: Mapping[int, str], data: bytes | Tree) -> Tree:
    tree = dict(message(texts, header=8))
    tree["__substg1.0_3701" + ("0102" if isinstance(data, bytes) else "000D")] = data
    return tree


def compound(tree: Tree) -> bytes:
    """A compound file with these folders and streams."""
    entries: list[list[object]] = [["Root Entry", 5, _FREE, _FREE, _FREE, _END, b""]]

    def add(children: Tree) -> int:
        first = previous = _FREE
        for name, value in children.items():
            mine = len(entries)
            entries.append([name, 2 if isinstance(value, bytes) else 1, _FREE, _FREE, _FREE, _END, b""])
            if isinstance(value, bytes):
                entries[mine][6] = value
            else:
                entries[mine][4] = add(value)
            if previous == _FREE:
                first = mine
            else:
                entries[previous][3] = mine
            previous = mine
        return first

    entries[0][4] = add(tree)
    fat: list[int] = []
    sectors = bytearray()
    mini_fat: list[int] = []
    mini = bytearray()

    def store(data: bytes, table: list[int], into: bytearray, octets: int) -> int:
        count = -(-len(data) // octets)
        if not count:
            return _END
        start = len(table)
        table.extend([*range(start + 1, start + count), _END])
        into.extend(data.ljust(count * octets, b"\0"))
        return start

    for entry in entries[1:]:
        data = entry[6]
        assert isinstance(data, bytes)
        small = len(data) < _CUTOFF
        entry[5] = store(
            data, mini_fat if small else fat, mini if small else sectors, _MINI if small else _SECTOR
        )
    entries[0][6] = bytes(mini)
    entries[0][5] = store(bytes(mini), fat, sectors, _SECTOR)
    mini_table = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    mini_table += b"\xff" * (-len(mini_table) % _SECTOR)
    mini_start = store(mini_table, fat, sectors, _SECTOR)
    directory = b"".join(_entry(entry) for entry in entries)
    directory_start = store(directory, fat, sectors, _SECTOR)
    fat_sectors = 1
    while fat_sectors * 128 < len(fat) + fat_sectors:
        fat_sectors += 1
    places = list(range(len(fat), len(fat) + fat_sectors))
    fat.extend([_FAT] * fat_sectors)
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(fat_sectors * _SECTOR, b"\xff")
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        fat_sectors,
        directory_start,
        0,
        _CUTOFF,
        mini_start,
        len(mini_table) // _SECTOR,
        _END,
        0,
        places[0],
    )
    more = struct.pack(f"<{len(places) - 1}I", *places[1:])
    return head + more.ljust(_SECTOR - len(head), b"\xff") + bytes(sectors) + table


def _entry(entry: list[object]) -> bytes:
    name, kind, left, right, child, start, data = entry
    assert isinstance(name, str) and isinstance(data, bytes)
    coded = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16xI8x8xIII", coded, len(coded), kind, 1, left, right, child, 0, start, len(data), 0
    )
