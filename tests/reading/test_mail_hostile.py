"""Whatever comes, a mail gives records or says why not, in bounded time and memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.reading.delivery import Kind
from bouncewise.reading.mail import read_mail
from bouncewise.reading.mail.told import MAX_RECIPIENTS

HEAD = (
    b"From: MAILER-DAEMON@example.com\nTo: alice@example.com\nReturn-Path: <>\nSubject: Undelivered Mail\n"
    b"MIME-Version: 1.0\n"
)
REPORT = HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n"
STATUS = (
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
    b"Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n"
)
_PIECES = st.sampled_from(
    [
        b"\n", b"\r\n", b"\r", b" ", b"\t", b"\0", b"\xff", b":", b"<", b">", b"@", b"--b", b"--b--", b"=?utf-8?b?", b"?=",
        b"From: ", b"Subject: ", b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: message/delivery-status",
        b"Content-Type: text/html", b"Content-Transfer-Encoding: base64", b"Final-Recipient: rfc822; ", b"Action: failed",
        b"bob@example.org", b"550 5.1.1 ", b"smtp; ", b"Status: 5.0.0", b"&#64;", b"\x1b$B", b"MAILER-DAEMON", b"Undelivered",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3000))
def test_any_octets_give_records(data: bytes) -> None:
    assert read_mail(data)


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=80))
def test_any_pieces_of_a_mail_give_records(pieces: list[bytes]) -> None:
    assert all(delivery.kind for delivery in read_mail(b"".join(pieces)))


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=0, max_value=len(REPORT + STATUS)), st.binary(max_size=8))
def test_a_mail_cut_anywhere_gives_records(place: int, behind: bytes) -> None:
    assert read_mail((REPORT + STATUS)[:place] + behind)


@pytest.mark.parametrize("behind", [b"", b"--b--\n", b"trailing \xff\0 octets", b"--b--\n" + b"x" * 10_000])
def test_what_stands_behind_changes_nothing(behind: bytes) -> None:
    found = read_mail(REPORT + STATUS + behind)
    assert [(d.recipient, d.status, d.reply.code) for d in found] == [("bob@example.org", "5.1.1", 550)]


@pytest.mark.parametrize("ends", [b"\r\n", b"\r"])
@pytest.mark.parametrize("lead", [b"", b"\n\n", b"\xef\xbb\xbf", b"From mailer Thu Apr 29 23:34:45 2015\n"])
def test_line_ends_and_what_stands_in_front(ends: bytes, lead: bytes) -> None:
    assert read_mail((lead + REPORT + STATUS).replace(b"\n", ends)) == read_mail(REPORT + STATUS)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"   "])
def test_nothing_is_unreadable(data: bytes) -> None:
    (only,) = read_mail(data)
    assert (only.kind, only.reason) == (Kind.UNREADABLE, "there is nothing in it")


def test_octets_that_are_no_mail_are_unreadable() -> None:
    (only,) = read_mail(b"\x7fELF\0\0\0\xff" * 100)
    assert only.kind is Kind.UNREADABLE
    assert "no mail" in only.reason


def test_more_recipients_than_are_read_are_told() -> None:
    block = "Final-Recipient: rfc822; u{}@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 x\n\n"
    many = "".join(block.format(n) for n in range(MAX_RECIPIENTS + 7)).encode()
    found = read_mail(REPORT + STATUS[: STATUS.index(b"Final")] + many)
    assert len(found) == MAX_RECIPIENTS + 1
    assert found[-1].kind is Kind.UNREADABLE
    assert "7 more recipients" in found[-1].reason


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Type: text/html\n\n" + b"<" * 300_000 + b"<!--" * 50_000,
        HEAD + b"\n" + b"<u@example.org>:\n" * 100_000,
        HEAD + b"\n" + b"a@a." * 16_000,
        HEAD + b"\n550 5.1.1 " + b"a." * 30_000 + b"@x",
        b"Subject: " + b"=?utf-8?q?=41?= " * 20_000 + b"\n" + HEAD + b"\nx",
        b"X: " + b"a\n b" * 500_000 + b"\n" + HEAD + b"\nx",
        HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"!!!!" * 500_000,
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b" * 500_000,
    ],
    ids=["html", "addresses", "at-signs", "dots", "encoded-words", "folds", "base64", "boundaries"],
)
def test_bombs_give_a_bounded_answer(data: bytes) -> None:
    """The run of the tests itself would show one that does not end."""
    assert len(read_mail(data)) <= MAX_RECIPIENTS + 1
