"""Splitting mailboxes: separators, line ends, quoting, blocks, memory."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.pipeline.sources import Found, Limits, open_sources
from bouncewise.pipeline.sources.mbox import begins_mbox, is_separator

LINE = b"From a@example.com Wed Jan  2 03:04:05 2002"

SEPARATORS = [
    b"From a@example.com Wed Jan  2 03:04:05 2002",
    b"From a@example.com  Wed Jan 02 03:04 2002",
    b"From MAILER-DAEMON Fri Jan 1 00:0:00 2015",
    b"From - Wed Jan  2 03:04:05 2002",
    b"From MAILER-DAEMON Wed Jan  2 03:04:05 EST 2002",
    b"From MAILER-DAEMON Wed Jan  2 03:04:05 MET DST 2002",
    b"From 1234567890@xxx Wed Jan 02 03:04:05 +0000 2002",
    b"From a@example.com Wed Jan  2 03:04:05 2002 +0100",
    b"From a@example.com Wed Jan  2 03:04:05 2002 GMT",
    b"From a@example.com Wednesday, January 2 2002 03:04:05",
    b"From a@example.com Wed, 2 Jan 2002 03:04:05 +0000 (UTC)",
    b"From a@example.com 2002-01-02T03:04:05Z",
    b"From a at example.com  Wed Jan  2 03:04:05 2002",
    b'From "a b"@example.com Wed Jan  2 03:04:05 2002',
    b"From uucp Wed Jan  2 03:04:05 2002 remote from host",
    b"From  Wed Jan  2 03:04:05 2002",
    b"From <> Wed Jan  2 03:04:05 2002  ",
    b"From a@example.com\tWed Jan  2 03:04:05 2002",
]

NO_SEPARATORS = [
    b"From the beginning of it all",
    b"From: a@example.com",
    b"From a@example.com",
    b"From Monday on we are closed",
    b"From a@example.com Wed Jan  2 03:04:05 2002 you can reach us again",
    b"from a@example.com Wed Jan  2 03:04:05 2002",
    b">From a@example.com Wed Jan  2 03:04:05 2002",
    b"From a@example.com on 2002-01-02 we had",
    b"From 10:00 to 12:00 on Wed Jan 2",
    b"From " + b"x" * 2000 + b" Wed Jan  2 03:04:05 2002",
]


def mails(data: bytes, **limits: int) -> list[Found]:
    events = list(open_sources(["-"], stdin=io.BytesIO(data), limits=Limits(**limits)))
    assert all(isinstance(e, Found) and e.format == "mbox" for e in events)
    return [e for e in events if isinstance(e, Found)]


@pytest.mark.parametrize("line", SEPARATORS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_separators(line: bytes, end: bytes) -> None:
    box = end.join([line, b"A: 1", b"", b"one", b"", line, b"A: 2", b"", b"two", b""])
    assert [m.data for m in mails(box)] == [
        end.join([b"A: 1", b"", b"one", b""]),
        end.join([b"A: 2", b"", b"two", b""]),
    ]


@pytest.mark.parametrize("line", NO_SEPARATORS)
def test_lines_that_are_no_separators(line: bytes) -> None:
    assert not is_separator(line)
    box = b"\n".join([LINE, b"A: 1", b"", b"one", b"", line, b"", b"two", b""])
    assert len(mails(box)) == 1


def test_a_separator_needs_an_empty_line_before_it() -> None:
    assert len(mails(LINE + b"\nA: 1\n\none\n" + LINE + b"\ntwo\n")) == 1
    assert len(mails(LINE + b"\r\nA: 1\r\n\r\none\r\n" + LINE + b"\r\ntwo\r\n")) == 1
    assert len(mails(LINE + b"\nA: 1\r\n\r\none\r\n\n" + LINE + b"\nA: 2\r\n\r\n")) == 2  # ends of both kinds


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (b"A: 1\n\n>From here\n>>From there\n> From me\n", b"A: 1\n\nFrom here\n>From there\n> From me\n"),
        (b"A: 1\n\nx >From here\n", b"A: 1\n\nx >From here\n"),
        (b"A: 1\r\n\r\n>From here\r\n", b"A: 1\r\n\r\nFrom here\r\n"),
        (b"A: 1\r\r>From here\r", b"A: 1\r\rFrom here\r"),
        # lines that a mailbox in a mailbox leaves above the header
        (b">From a Wed Jan  2 03:04:05 2002 remote from b\nA: 1\n\n", b"A: 1\n\n"),
        # a length that is wrong is not asked
        (b"Content-Length: 1\n\none two\n", b"Content-Length: 1\n\none two\n"),
    ],
)
def test_quoting(stored: bytes, read: bytes) -> None:
    end = b"\r\n" if b"\r\n" in stored else stored[-1:]
    for box in (LINE + end + stored + end + LINE + end + b"A: 2" + end + end, LINE + end + stored + end):
        assert mails(box)[0].data == read


def test_offsets_and_empty_lines_before_the_first() -> None:
    box = b"\n\n" + LINE + b"\nA: 1\n\n\n" + LINE + b"\nA: 2\n\n"
    found = mails(box)
    assert [box[m.offset :].startswith(LINE) for m in found if m.offset is not None] == [True, True]
    assert begins_mbox(box)


def test_an_empty_mail_and_a_separator_alone() -> None:
    assert [m.data for m in mails(LINE + b"\n\n" + LINE + b"\nA: 2\n\nx\n")] == [b"", b"A: 2\n\nx\n"]
    assert [m.data for m in mails(LINE)] == [b""]


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"From a@example.com\nA: 1\n\nx", b"A: 1\n\nx"),
        (b"From a@example.com\r\n>From b some day\r\nA: 1\r\n\r\nx", b"A: 1\r\n\r\nx"),
        (b"From the start it failed\n550 no\n", b"From the start it failed\n550 no\n"),
    ],
)
def test_single_mails_may_have_a_from_line(data: bytes, read: bytes) -> None:
    (event,) = open_sources(["-"], stdin=io.BytesIO(data))
    assert isinstance(event, Found) and (event.format, event.data) == ("eml", read)


class Pieces(io.RawIOBase):
    """Gives its data in pieces of a size."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._rest = data
        self._piece = piece

    def read(self, _octets: int = -1, /) -> bytes:
        given, self._rest = self._rest[: self._piece], self._rest[self._piece :]
        return given


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 46, 47, 48, 4096])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_blocks_may_end_anywhere(piece: int, end: bytes) -> None:
    mail = end.join([b"A: 1", b"", b"From the start", b"", b">From x", b"", b"From", b"z"])
    box = (LINE + end + mail + end + end) * 3
    whole = [(m.offset, m.data) for m in mails(box)]
    events = list(open_sources(["-"], stdin=Pieces(box, piece)))  # type: ignore[arg-type]
    assert [(e.offset, e.data) for e in events if isinstance(e, Found)] == whole
    assert len(whole) == 3


@pytest.mark.parametrize("length", [900, 1000, 1001, 2100, 5000, 600_000])
def test_a_mail_that_is_too_long_is_cut(length: int) -> None:
    body = b"A: 1\n\n" + b"x" * (length - 7) + b"\n"
    box = LINE + b"\n" + body + b"\n" + LINE + b"\nA: 2\n\nok\n"
    first, second = mails(box, mail=1000)
    assert first.data == body[:1000] and first.truncated == (length > 1000)
    assert (second.data, second.truncated) == (b"A: 2\n\nok\n", False)
    assert second.offset == len(LINE) + length + 2


lines = st.one_of(
    st.binary(max_size=20).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b"")),
    st.sampled_from([b"", b"From ", b"From the start", b">From x", b">>From y", LINE, b"From", b">"]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(lines, min_size=1, max_size=12), min_size=1, max_size=5),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_what_mboxrd_writes_reads_back(bodies: list[list[bytes]], end: bytes) -> None:
    written = [end.join([b"Subject: x", b"", *body, b""]) for body in bodies]
    box = b""
    for body in bodies:
        quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in body]
        box += end.join([LINE, b"Subject: x", b"", *quoted, b"", b""])
    assert [m.data for m in mails(box)] == written


class Endless(io.RawIOBase):
    """A mailbox that is made as it is read."""

    def __init__(self, total: int) -> None:
        self.left = total
        mail = LINE + b"\nSubject: x\n\n" + b"From the start of a line\n" * 400 + b"\n"
        self._block = mail * (65_536 // len(mail))

    def read(self, _octets: int = -1, /) -> bytes:
        if self.left <= 0:
            return b""
        self.left -= len(self._block)
        return self._block


class EndlessMail(Endless):
    """One mail without an end."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self._head: bytes = LINE + b"\nSubject: x\n\n"
        self._block = b"x" * 70 + b"\n"
        self._block *= 4000

    def read(self, octets: int = -1, /) -> bytes:
        head, self._head = self._head, b""
        return head or super().read(octets)


def _peak(stream: io.RawIOBase, limits: Limits) -> tuple[int, int]:
    tracemalloc.start()
    try:
        count = sum(1 for _ in open_sources(["-"], stdin=stream, limits=limits))  # type: ignore[arg-type]
        return tracemalloc.get_traced_memory()[1], count
    finally:
        tracemalloc.stop()


def test_a_mailbox_of_200_mb_takes_little_memory() -> None:
    peak, count = _peak(Endless(200_000_000), Limits())
    assert count > 15_000
    assert peak < 8_000_000


def test_a_mail_of_200_mb_takes_little_more_than_the_limit() -> None:
    peak, count = _peak(EndlessMail(200_000_000), Limits(mail=4_000_000))
    assert count == 1
    assert peak < 20_000_000
