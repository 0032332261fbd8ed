"""Every container gives the same mails, whatever the line ends."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bouncewise.pipeline.sources import Found, Limits, Unreadable, open_sources

zstandard = pytest.importorskip("zstandard")

ENDS = [b"\n", b"\r\n", b"\r"]
MAILS = [
    b"From: a@example.com\nSubject: one\n\nFrom the start\n\nbody\n",
    b"From: b@example.com\nSubject: two\n\nbody\n",
    b"From: c@example.com\nSubject: three\n\nbody\n",
]


def with_ends(end: bytes) -> list[bytes]:
    return [mail.replace(b"\n", end) for mail in MAILS]


def mbox(mails: list[bytes], end: bytes) -> bytes:
    box = b""
    for mail in mails:
        box += (
            b"From a@example.com Wed Jan  2 03:04:05 2002"
            + end
            + mail.replace(end + b"From ", end + b">From ")
            + end
        )
    return box


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zst(data: bytes) -> bytes:
    return bytes(zstandard.ZstdCompressor(write_checksum=True).compress(data))


def two_frames(pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: pack(data[: len(data) // 2]) + pack(data[len(data) // 2 :])


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zst,
    "gz twice": two_frames(gzip.compress),
    "bz2 twice": two_frames(bz2.compress),
    "xz twice": two_frames(lzma.compress),
    "zst twice": two_frames(zst),
    "gz in xz": lambda data: lzma.compress(gzip.compress(data)),
}


def named(mails: list[bytes]) -> dict[str, bytes]:
    return {f"mails/{n}.eml": mail for n, mail in enumerate(mails)}


def holders(mails: list[bytes], end: bytes) -> dict[str, bytes]:
    """The three mails in every container that is one file."""
    box = mbox(mails, end)
    files = named(mails)
    skipped = {"__MACOSX/x.eml": b"x", ".DS_Store": b"x", "a/.hidden": b"x", "a/dovecot.index.log": b"x"}
    return {
        "mbox": box,
        "zip": zipped({**files, **skipped}),
        "zip of mbox": zipped({"box": box}),
        "tar": tarred({**files, **skipped}),
        "old tar": tarred(files, tarfile.USTAR_FORMAT),
        "gnu tar": tarred({f"{'long/' * 40}{n}": mail for n, mail in enumerate(mails)}, tarfile.GNU_FORMAT),
        "tar of mbox.gz": tarred({"box.gz": gzip.compress(box)}),
        "zip in zip": zipped({"in.zip": zipped(files)}),
        "tar.gz in zip": zipped({"in.tgz": gzip.compress(tarred(files))}),
        "zip in tar": tarred({"in.zip": zipped(files)}),
        "tar in tar": tarred({"in.tar": tarred(files)}),
    }


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("holder", holders([], b"\n"))
@pytest.mark.parametrize("packer", PACKERS)
def test_every_container_gives_the_same_mails(holder: str, packer: str, end: bytes, tmp_path: Path) -> None:
    data = PACKERS[packer](holders(with_ends(end), end)[holder])
    path = tmp_path / "a name that says nothing"
    path.write_bytes(data)
    from_file = list(open_sources([str(path)]))
    from_stdin = list(open_sources(["-"], stdin=io.BytesIO(data)))
    for events in (from_file, from_stdin):
        assert [e.data if isinstance(e, Found) else e for e in events] == with_ends(end)
    assert {e.path for e in from_file} == {str(path)}
    assert all(("mbox" in holder) == (e.format == "mbox") for e in from_file if isinstance(e, Found))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("packer", PACKERS)
def test_folders_give_the_same_mails(end: bytes, packer: str, tmp_path: Path) -> None:
    mails = with_ends(end)
    pack = PACKERS[packer]
    for folder in (
        "box/cur",
        "box/new",
        "box/tmp",
        "box/.Sent/cur",
        "box/.Sent/new",
        "mh",
        "any/deep",
        "box/.cache",
    ):
        (tmp_path / folder).mkdir(parents=True)
    for name in (
        "box/cur/1.a:2,S",
        "box/new/2.b",
        "box/.Sent/cur/3.c",
        "mh/2",
        "mh/10",
        "mh/100",
        "any/a",
        "any/b.txt",
    ):
        (tmp_path / name).write_bytes(pack(mails[("13" + "a210").find(name[-1]) % 3]))
    for name in (
        "box/tmp/3.c",
        "box/dovecot.index.cache",
        "box/dovecot-uidlist",
        "mh/.mh_sequences",
        "mh/,3",
        "box/.cache/x",
    ):
        (tmp_path / name).write_bytes(b"Subject: not to be read\n\n")
    (tmp_path / "any/deep/all.mbox").write_bytes(pack(mbox(mails, end)))
    events = list(open_sources([str(tmp_path)]))
    assert all(isinstance(e, Found) and e.data in mails for e in events)
    read = [(e.path.removeprefix(f"{tmp_path}/"), e.format) for e in events if isinstance(e, Found)]
    assert read == [
        ("any/a", "eml"),
        ("any/b.txt", "eml"),
        *[("any/deep/all.mbox", "mbox")] * 3,
        ("box/.Sent/cur/3.c", "maildir"),
        ("box/cur/1.a:2,S", "maildir"),
        ("box/new/2.b", "maildir"),
        ("mh/2", "mh"),
        ("mh/10", "mh"),
        ("mh/100", "mh"),
    ]


def test_members_are_named() -> None:
    outer = tarred({"x/in.zip": zipped({"cur/1.a": MAILS[0], "7": MAILS[1]})})
    events = list(open_sources(["-"], stdin=io.BytesIO(outer)))
    assert [(e.member, e.format) for e in events if isinstance(e, Found)] == [
        ("x/in.zip!cur/1.a", "maildir"),
        ("x/in.zip!7", "mh"),
    ]


def test_a_third_archive_is_not_opened() -> None:
    inner = zipped({"b.tar": tarred({"c.zip": zipped(named(MAILS)), "d.eml": MAILS[0]})})
    first, second = open_sources(["-"], stdin=io.BytesIO(inner))
    assert isinstance(first, Unreadable) and first.member == "b.tar!c.zip" and "unpack it" in first.reason
    assert isinstance(second, Found) and second.member == "b.tar!d.eml"


def test_layers_of_compression_end() -> None:
    data = MAILS[0]
    for _ in range(6):
        data = gzip.compress(data)
    (event,) = open_sources(["-"], stdin=io.BytesIO(data))
    assert isinstance(event, Unreadable) and "compressed more than" in event.reason


def test_bombs_end_at_the_limit() -> None:
    zeros = b"Subject: x\n\n" + b"\n" * 3_000_000
    box = b"From a Wed Jan  2 03:04:05 2002\n" + zeros
    limits = Limits(mail=1000, unpacked=1_000_000, member=500_000)
    for pack in (gzip.compress, bz2.compress, lzma.compress, zst):
        found, unreadable = open_sources(["-"], stdin=io.BytesIO(pack(box)), limits=limits)
        assert isinstance(found, Found) and found.truncated and len(found.data) == 1000
        assert isinstance(unreadable, Unreadable) and "unpacks to more than 977 KiB" in unreadable.reason
    found, unreadable, *rest = open_sources(
        ["-"], stdin=io.BytesIO(zipped({"a": box, "b": b"A: 1\n\n"})), limits=limits
    )
    assert isinstance(unreadable, Unreadable) and unreadable.member == "a" and "488 KiB" in unreadable.reason
    assert isinstance(rest[0], Found) and rest[0].member == "b"
    # a mail is cut without unpacking the rest of it
    (mail,) = open_sources(["-"], stdin=io.BytesIO(gzip.compress(zeros)), limits=limits)
    assert isinstance(mail, Found) and mail.truncated and mail.data == zeros[:1000]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_too_many_members(pack: Callable[[dict[str, bytes]], bytes]) -> None:
    data = pack({f"{n}.eml": MAILS[0] for n in range(5)})
    events = list(open_sources(["-"], stdin=io.BytesIO(data), limits=Limits(members=3)))
    assert [type(e) for e in events] == [Found, Found, Found, Unreadable]


def test_utf16_and_byte_order_marks() -> None:
    mail = b"Subject: \xc3\xa9\n\nbody\n"
    for data in (mail.decode().encode("utf-16"), b"\xef\xbb\xbf" + mail):
        (event,) = open_sources(["-"], stdin=io.BytesIO(data))
        assert isinstance(event, Found) and event.data == mail
    box = b"\xef\xbb\xbf" + mbox(MAILS, b"\n")
    assert [e.data for e in open_sources(["-"], stdin=io.BytesIO(box)) if isinstance(e, Found)] == MAILS
