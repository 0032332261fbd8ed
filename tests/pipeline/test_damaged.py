"""Damaged, hostile and missing input: what is sound is given, the rest is said, the run goes on."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import re
import socket
import struct
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_containers import MAILS, mbox, named, tarred, zipped, zst

from bouncewise.pipeline.sources import Found, Limits, Logged, Unreadable, open_sources
from bouncewise.pipeline.sources.model import SourceError

BIG = [b"Subject: %d\n\n" % n + random.Random(n).randbytes(30_000).hex().encode() + b"\n" for n in range(12)]
BOX = mbox(BIG, b"\n")


def read(data: bytes, **limits: int) -> list[Found | Unreadable]:
    return list(open_sources(["-"], stdin=io.BytesIO(data), limits=Limits(**limits)))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zst])
def test_cut_off_data_gives_what_stands_before(pack: Callable[[bytes], bytes]) -> None:
    data = pack(BOX)
    *found, last = read(data[: len(data) // 2] if pack is not bz2.compress else data[:-10])
    assert isinstance(last, Unreadable) and "cut off" in last.reason
    assert [e.data for e in found if isinstance(e, Found) and not e.truncated] == BIG[: len(found) - 1]
    assert len(found) > (0 if pack is bz2.compress else 4)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zst])
def test_damaged_data_gives_what_stands_before(pack: Callable[[bytes], bytes]) -> None:
    data = bytearray(pack(BOX))
    at = len(data) * 3 // 4
    data[at : at + 64] = bytes(64)
    *found, last = read(bytes(data))
    assert isinstance(last, Unreadable) and "damaged" in last.reason and "  " not in last.reason
    assert all(isinstance(e, Found) for e in found)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zst])
def test_a_single_mail_that_is_cut_off_is_given_and_marked(pack: Callable[[bytes], bytes]) -> None:
    mail = b"Subject: x\n\n" + random.Random(1).randbytes(900_000).hex().encode()
    found, last = read(pack(mail)[:-2000])
    assert isinstance(found, Found) and found.truncated and mail.startswith(found.data) and found.data
    assert isinstance(last, Unreadable)


def test_a_tar_that_is_cut_off() -> None:
    data = tarred({str(n): mail for n, mail in enumerate(BIG)})
    events = read(data[: len(data) // 2])
    assert isinstance(events[-1], Unreadable) and re.search("cut off|damaged", events[-1].reason)
    assert len([e for e in events if isinstance(e, Found)]) >= 5
    assert len([e for e in events if isinstance(e, Unreadable)]) <= 2


def test_a_zip_whose_member_has_no_name() -> None:
    """Damage in the directory can cut a name before its first letter."""
    data = bytearray(zipped({"a.eml": MAILS[0], "b.eml": MAILS[1]}))
    data[data.rindex(b"b.eml")] = 0
    events = list(open_sources(["-"], stdin=io.BytesIO(bytes(data)), limits=Limits()))
    found, lost = events
    assert isinstance(found, Found)
    assert isinstance(lost, Unreadable)
    assert lost.member == "unnamed"


def test_a_zip_that_is_cut_off_or_lies() -> None:
    data = zipped(named(MAILS))
    (event,) = read(data[:-30])
    assert isinstance(event, Unreadable) and "zip archive is damaged" in event.reason
    # the directory says another size and sum for one member, another name for the next
    lying = bytearray(zipped({f"{n}.eml": m for n, m in enumerate(BIG[:4])}))
    entry = lying.index(b"PK\x01\x02")
    lying[entry + 16 : entry + 28] = struct.pack("<III", 1, 5, 1 << 30)
    second = lying.index(b"PK\x01\x02", entry + 4)
    lying[second + 46 : second + 47] = b"X"
    events = read(bytes(lying))
    assert [type(e) for e in events[-2:]] == [Found, Found]
    assert {e.member for e in events if isinstance(e, Unreadable)} == {"0.eml", "X.eml"}


def test_encrypted_members_are_said_each() -> None:
    data = bytearray(zipped({f"{n}.eml": m for n, m in enumerate(MAILS)}))
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(sign)
        data[at + place] |= 1
    first, *others = read(bytes(data))
    assert isinstance(first, Unreadable) and "encrypted" in first.reason and first.member == "0.eml"
    assert [e.data for e in others if isinstance(e, Found)] == MAILS[1:]


def test_long_names_of_tar_members_do_not_fill_the_memory() -> None:
    info = tarfile.TarInfo("x")
    info.type = tarfile.XHDTYPE
    info.size = 1 << 33
    (event,) = read(info.tobuf(tarfile.GNU_FORMAT) + bytes(5000))
    assert isinstance(event, Unreadable) and "a name of 8 GiB" in event.reason


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "this is empty"),
        (gzip.compress(b""), "this is empty"),
        (zipped({}), "archive is empty"),
        (tarred({".hidden": b"x"}), "archive is empty"),
        (b"!BDN" + bytes(600), "readpst"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(60), "7z archive"),
        (b"Rar!\x1a\x07\x00", "RAR archive"),
        (b"%PDF-1.7\n", "PDF"),
        (bytes(2000), "binary data"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary data"),
    ],
)
def test_what_is_no_mail_is_said_with_what_to_do(data: bytes, words: str) -> None:
    (event,) = read(data)
    assert isinstance(event, Unreadable) and words in event.reason


@pytest.fixture
def mail(tmp_path: Path) -> str:
    path = tmp_path / "good.eml"
    path.write_bytes(MAILS[0])
    return str(path)


def test_the_run_goes_on(tmp_path: Path, mail: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "nothing").mkdir()
    bad = ["missing", "empty", "nothing", "a\0b", "good.eml/x"]
    (empty,) = open_sources([""])
    assert isinstance(empty, Unreadable)
    events = list(open_sources([*(str(tmp_path / name) for name in bad), mail]))
    assert [type(e) for e in events] == [Unreadable] * len(bad) + [Found]
    reasons = [e.reason for e in events if isinstance(e, Unreadable)]
    assert "no such file" in reasons[0] and "empty" in reasons[1] and "empty" in reasons[2]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_permission_denied(tmp_path: Path, mail: str) -> None:
    Path(mail).chmod(0)
    (event,) = open_sources([mail])
    assert isinstance(event, Unreadable) and "ermission" in event.reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_sockets_and_devices(tmp_path: Path, mail: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        events = list(open_sources([str(tmp_path), str(tmp_path / "socket"), "/dev/null"]))
    assert [(type(e), Path(e.path).name) for e in events] == [
        (Found, "good.eml"),
        (Unreadable, "socket"),
        (Unreadable, "socket"),
        (Unreadable, "null"),
    ]
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(BOX,))
    writer.start()
    events = list(open_sources([str(tmp_path / "pipe")]))
    writer.join()
    assert [e.data for e in events if isinstance(e, Found)] == BIG


def test_links_in_a_ring_end(tmp_path: Path, mail: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone").symlink_to("nowhere")
    events = list(open_sources([str(tmp_path)]))
    assert sorted((type(e).__name__, Path(e.path).name) for e in events) == [
        ("Found", "good.eml"),
        ("Unreadable", "gone"),
        ("Unreadable", "self"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="names are octets on Linux only")
def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.eml")).write_bytes(MAILS[0])
    (event,) = open_sources([str(tmp_path)])
    assert isinstance(event, Found) and event.path.endswith("\\xff.eml") and event.path.encode()


def test_resume_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(BOX)
    events = [e for e in open_sources([str(path)]) if isinstance(e, Found)]
    for n, event in enumerate(events):
        assert event.resume_at is not None
        rest = list(open_sources([str(path)], resume={event.resume_key: event.resume_at}))
        assert rest == events[n + 1 :]
    with path.open("ab") as file:
        file.write(mbox(MAILS, b"\n"))
    marks = {events[-1].resume_key: events[-1].resume_at or 0}
    assert [e.data for e in open_sources([str(path)], resume=marks) if isinstance(e, Found)] == MAILS


@pytest.mark.parametrize("mark", [3, 10**12, -5])
def test_resume_in_a_mailbox_that_changed(tmp_path: Path, mark: int) -> None:
    path = tmp_path / "box"
    path.write_bytes(BOX)
    events = list(open_sources([str(path)], resume={str(path): mark}))
    if mark > 0:
        changed = events.pop(0)
        assert isinstance(changed, Unreadable) and "has changed" in changed.reason and changed.offset == mark
    assert [e.data for e in events if isinstance(e, Found)] == BIG
    packed = tmp_path / "box.gz"
    packed.write_bytes(gzip.compress(BOX))
    assert all(isinstance(e, Found) and not e.resume_key for e in open_sources([str(packed)]))


class Failing(io.RawIOBase):
    """Standard input that breaks off."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, _octets: int = -1, /) -> bytes:
        data, self._data = self._data, b""
        if not data:
            raise OSError(5, "Input/output error")
        return data


def test_an_input_that_breaks_off() -> None:
    source: Any = Failing(BOX[:100_000])
    *found, last = open_sources(["-"], stdin=source)
    assert [e.truncated for e in found if isinstance(e, Found)] == [False, True]
    assert isinstance(last, Unreadable) and "could not be read: Input/output error" in last.reason


BEGINNINGS = [
    b"",
    b"From a Wed Jan  2 03:04:05 2002\n",
    b"\x1f\x8b\x08",
    b"BZh91AY&SY",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    tarred({"a": b"A: 1\n\n"})[:700],
]
WHOLE = [
    zipped(named(MAILS)),
    tarred(named(MAILS)),
    gzip.compress(mbox(MAILS, b"\n")),
    zst(MAILS[0]),
    lzma.compress(MAILS[0]),
]
SMALL = Limits(mail=500, unpacked=5000, member=2000, members=2)


def is_event(event: object) -> bool:
    """Whether this is what opening may give; the octets of a log are read to their end, and may end early."""
    if isinstance(event, Logged):
        with suppress(SourceError):
            assert all(isinstance(block, bytes) for block in event.blocks)
        return True
    return isinstance(event, Found | Unreadable)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=800))
def test_any_octets_never_raise(beginning: bytes, data: bytes) -> None:
    told = [is_event(e) for e in open_sources(["-"], stdin=io.BytesIO(beginning + data), limits=SMALL)]
    assert told and all(told)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.integers(0, 5000), st.binary(min_size=1, max_size=8))
@example(WHOLE[0], 20, b"\xff\xff\xff\xff")
@example(WHOLE[0], 0, b"{")  # which is a log then, of JSON
def test_containers_with_any_octets_in_the_middle_never_raise(data: bytes, at: int, octets: bytes) -> None:
    at %= len(data)
    changed = data[:at] + octets + data[at + len(octets) :]
    for limits in (SMALL, Limits()):
        assert all(is_event(e) for e in open_sources(["-"], stdin=io.BytesIO(changed), limits=limits))


def test_a_missing_extra_is_said_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("zstandard", "compression.zstd", "olefile"):
        monkeypatch.setitem(sys.modules, name, None)
    for data, command in (
        (zst(MAILS[0]), "bouncewise[zst]"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "bouncewise[msg]"),
    ):
        (event,) = read(data)
        assert isinstance(event, Unreadable) and f"pip install '{command}'" in event.reason


def test_a_zip_with_an_unknown_method() -> None:
    data = bytearray(zipped({"a.eml": MAILS[0]}))
    for sign, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.index(sign)
        data[at + place] = 97
    (event,) = read(bytes(data))
    assert isinstance(event, Unreadable) and "method 97" in event.reason
    assert zipfile.is_zipfile(io.BytesIO(bytes(data)))
