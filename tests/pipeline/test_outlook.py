"""Outlook .msg files become mails."""

from __future__ import annotations

import email
import email.policy
import io
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msg_writer import Tree, attachment, compound, message, recipient

from bouncewise.pipeline.sources import Found, Limits, Unreadable, open_sources

pytest.importorskip("olefile")

HEADERS, CLASS, SUBJECT, BODY, HTML = 0x7D, 0x1A, 0x37, 0x1000, 0x1013
ORIGINAL = message(
    {
        SUBJECT: "Grüße an alle",
        BODY: "Hallo\r\n",
        0x0C1A: "Jörg Müller",
        0x5D01: "joerg@example.com",
        0x1035: "<1@example.com>",
    },
    header=24,
    times={0x39: 133_500_000_000_000_000},
    recip0=recipient({0x3001: "A", 0x39FE: "a@example.org"}),
)


def only(tree: Tree, **limits: int) -> Found:
    (event,) = open_sources(["-"], stdin=io.BytesIO(compound(tree)), limits=Limits(**limits))
    assert isinstance(event, Found), event
    assert event.format == "msg"
    return event


def parsed(tree: Tree) -> EmailMessage:
    mail = email.message_from_bytes(only(tree).data, policy=email.policy.default)
    assert isinstance(mail, EmailMessage) and not mail.defects
    return mail


def test_a_plain_mail_keeps_its_header() -> None:
    header = (
        "Microsoft Mail Internet Headers Version 2.0\r\nReceived: from a\r\n by b\r\nFrom: a@example.com\r\n"
        'Content-Type: multipart/mixed;\r\n boundary="x"\r\nMIME-Version: 1.0\r\nSubject: one\r\n\r\n'
    )
    mail = parsed(message({HEADERS: header, BODY: "Zeile é\r\n", CLASS: "IPM.Note"}))
    assert mail["Received"] == "from a by b" and mail["Subject"] == "one"
    assert mail.get_content_type() == "text/plain" and mail.get_content() == "Zeile é\r\n"
    assert mail.get_all("MIME-Version") == ["1.0"]


def test_html_alone_and_old_code_pages() -> None:
    mail = parsed(message({SUBJECT: "x"}, binaries={HTML: b'<meta charset="koi8-r"><p>\xf0'}))
    assert mail.get_content_type() == "text/html" and "П" in mail.get_content()
    old = message({SUBJECT: "Ошибка", BODY: "нет"}, {0x3FFD: 1251}, kind=0x1E, codec="cp1251")
    assert parsed(old)["Subject"] == "Ошибка" and parsed(old).get_content().strip() == "нет"


def test_attached_mails_and_reports_are_kept() -> None:
    status = b"Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    tree = message(
        {SUBJECT: "Undeliverable", BODY: "It failed", CLASS: "IPM.Note"},
        attach0=attachment({0x370E: "application/octet-stream", 0x3707: "ATT00001"}, status),
        attach1=attachment({0x3707: "old.eml"}, b"Subject: back\r\n\r\nx" * 500),
        attach2=attachment({0x3707: "picture.png"}, b"\x89PNG"),
        attach3=attachment({}, ORIGINAL),
    )
    mail = parsed(tree)
    assert [p.get_content_type() for p in mail.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        "message/rfc822",
        "message/rfc822",
    ]
    parts = list(mail.iter_parts())
    assert parts[1].get_payload()[1]["Status"] == "5.1.1"
    original = parts[3].get_content()
    assert original["From"] == "Jörg Müller <joerg@example.com>" and original["To"] == "A <a@example.org>"
    assert original["Subject"] == "Grüße an alle" and original["Date"].startswith("Wed, 17 Jan 2024")
    assert original.get_content() == "Hallo\r\n"


@pytest.mark.parametrize(
    ("words", "number", "status", "diagnostic"),
    [
        (
            "<mx.example.org #5.1.1 smtp; 550 5.1.1 User unknown>",
            511,
            "5.1.1",
            "smtp; 550 5.1.1 User unknown",
        ),
        ("550 5.7.1 refused", None, "5.7.1", "smtp; 550 5.7.1 refused"),
        ("<mx.example.org #5.2.2>", 522, "5.2.2", "smtp; <mx.example.org #5.2.2>"),
        ("", 544, "5.4.4", None),
    ],
)
def test_a_report_taken_apart_gets_its_delivery_status_again(
    words: str, number: int | None, status: str, diagnostic: str | None
) -> None:
    numbers = {0x0C15: 1} | ({0x0C20: number} if number else {})
    failed = recipient({0x39FE: "a@example.org", 0x0C1B: words, 0x0C21: "mx.example.org"}, numbers)
    tree = message(
        {CLASS: "REPORT.IPM.Note.NDR", SUBJECT: "Undeliverable: x", BODY: "Failed", 0x6820: "gw.example.com"},
        recip0=failed,
        attach0=attachment({}, ORIGINAL),
    )
    mail = parsed(tree)
    assert (
        mail.get_content_type() == "multipart/report" and mail.get_param("report-type") == "delivery-status"
    )
    machine = next(p for p in mail.iter_parts() if p.get_content_type() == "message/delivery-status")
    first, second = machine.get_payload()
    assert first["Reporting-MTA"] == "dns; gw.example.com"
    assert (second["Final-Recipient"], second["Action"]) == ("rfc822; a@example.org", "failed")
    assert (second["Status"], second["Diagnostic-Code"]) == (status, diagnostic)


def test_the_same_file_gives_the_same_mail_and_is_cut_at_the_limit() -> None:
    tree = message({SUBJECT: "x", BODY: "y" * 9000}, attach0=attachment({}, ORIGINAL))
    assert only(tree).data == only(tree).data
    big = message({SUBJECT: "x", BODY: "é" * 9000})
    assert len(compound(big)) < 30_000
    (event,) = open_sources(["-"], stdin=io.BytesIO(compound(big)), limits=Limits(mail=10_000))
    assert isinstance(event, Unreadable) and "larger than" in event.reason


def test_messages_within_messages_end() -> None:
    tree = message({SUBJECT: "0"}, header=24)
    for n in range(1, 12):
        tree = message({SUBJECT: str(n)}, header=24, attach0=attachment({}, tree))
    assert only({**tree, "__properties_version1.0": bytes(32)}).data.count(b"Subject: ") == 9


def test_other_office_files_are_no_mail() -> None:
    (event,) = open_sources(["-"], stdin=io.BytesIO(compound({"WordDocument": b"x"})))
    assert isinstance(event, Unreadable) and "no Outlook message" in event.reason


WHOLE = compound(message({SUBJECT: "x", BODY: "y" * 5000}, attach0=attachment({}, ORIGINAL)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=12))
def test_damaged_files_never_raise(at: int, octets: bytes) -> None:
    changed = WHOLE[:at] + octets + WHOLE[at + len(octets) :]
    events = list(open_sources(["-"], stdin=io.BytesIO(changed)))
    assert len(events) == 1
    for length in (at, 512 + at % 512):
        assert all(
            isinstance(e, Found | Unreadable) for e in open_sources(["-"], stdin=io.BytesIO(WHOLE[:length]))
        )
