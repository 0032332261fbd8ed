"""The pieces that every mail is read with."""

from __future__ import annotations

import pytest

from bouncewise.reading.mail.charset import decode_words, from_base64, to_text
from bouncewise.reading.mail.dates import rfc3339
from bouncewise.reading.mail.fields import blocks
from bouncewise.reading.mail.headers import Headers, clean_address
from bouncewise.reading.mail.html import html_to_text
from bouncewise.reading.mail.message import Mail, cut
from bouncewise.reading.mail.mime import MAX_DEPTH, MAX_PARTS, leaves
from bouncewise.reading.mail.paths import decode_path, recipient_in_path
from bouncewise.reading.mail.returned import read_returned


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"plain", "", "plain"),
        ("für".encode(), "utf-8", "für"),
        ("für".encode(), "us-ascii", "für"),
        ("für".encode("latin-1"), "utf-8", "für"),
        ("für".encode("latin-1"), "", "für"),
        ("宛先".encode("iso2022_jp"), "", "宛先"),
        ("宛先".encode("iso2022_jp"), "iso-2022-jp", "宛先"),
        ("退信".encode("gb18030"), "gb2312", "退信"),
        ("привет".encode("koi8-r"), "KOI8-R", "привет"),
        (b"plain", "no-such-charset", "plain"),
        (b"550 user unknown", "utf-16", "550 user unknown"),
        (b"abc", "rot13", "abc"),
        (b"abc", "base64", "abc"),
    ],
)
def test_charsets_declared_and_not(data: bytes, charset: str, text: str) -> None:
    assert to_text(data, charset) == text


@pytest.mark.parametrize(
    ("data", "octets"),
    [(b"aGk=", b"hi"), (b"aGk", b"hi"), (b"a G\nk!=", b"hi"), (b"", b""), (b"a", b""), (b"====", b"")],
)
def test_broken_base64(data: bytes, octets: bytes) -> None:
    assert from_base64(data) == octets


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("=?UTF-8?Q?f=C3=BCr_dich?=", "für dich"),
        ("=?utf-8?B?ZsO8cg==?= =?utf-8?B?IGRpY2g=?=", "für dich"),
        ("Re: =?iso-8859-1?q?f=FCr?= x", "Re: für x"),
        ("=?broken", "=?broken"),
        ("=?nosuch?q?abc?=", "abc"),
    ],
)
def test_encoded_words(field: str, text: str) -> None:
    assert decode_words(field) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("<bob@example.org>:", "bob@example.org"),
        ("mailto:bob@example.org", "bob@example.org"),
        ("bob@example.org您好，", "bob@example.org"),
        ("bob@例え.jp", "bob@例え.jp"),
        ("bob@例え.テスト", "bob@例え.テスト"),
        ('"a b"@example.org', '"a b"@example.org'),
    ],
)
def test_addresses_are_cleaned(text: str, address: str) -> None:
    assert clean_address(text) == address


def test_header_fields() -> None:
    headers = Headers(
        b'From mailer Thu Apr 29 23:34:45 2015\nFrom: "Mail, System" <daemon@example.com>\n'
        b'To : a@example.net,\n\tb@example.net (Bob)\nContent-Type: multipart/report; boundary="a b";\n report-type=x\n'
    )
    assert headers.address("from") == "daemon@example.com"
    assert headers.addresses("to") == ("a@example.net", "b@example.net")
    assert headers.parameters("content-type") == (
        "multipart/report",
        {"boundary": "a b", "report-type": "x"},
    )
    assert headers.get("subject") == ""
    assert "subject" not in headers


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>two&nbsp;&lt;a@example.com&gt;</p>", "One\n\ntwo <a@example.com>"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("<style>p {x}</style><title>t</title>seen<script>if (a < b)</script>", "seen"),
        ("seen<!-- not <b>this</b> -->too", "seentoo"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<script>never closed", ""),
        ("", ""),
    ],
)
def test_html(source: str, text: str) -> None:
    assert html_to_text(source) == text


def test_parts_of_a_report_are_leaves_in_their_order() -> None:
    data = (
        b"Content-Type: multipart/report; boundary=outer\n\npreamble\n--outer\n"
        b"Content-Type: multipart/alternative; boundary=inner\n\n--inner\n\nwords\n--inner\n"
        b"Content-Type: text/html\n\n<p>words\n--inner--\n--outer\nContent-Type: message/delivery-status\n\n"
        b"Action: failed\n--outer\nContent-Type: message/rfc822\n\nSubject: hello\n\nbody\n--outer--\nepilogue\n"
    )
    assert [part.type for part in leaves(data)] == [
        "text/plain",
        "text/html",
        "message/delivery-status",
        "message/rfc822",
    ]
    assert leaves(data)[0].raw() == b"words"


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Type: multipart/mixed; boundary="other"\n\n--real\nContent-Type: text/plain\n\nwords\n--real--\n',
        b"Content-Type: multipart/mixed\n\n--real\n\nwords\n--real--\n",
        b"Content-Type: multipart/mixed; boundary=b\n\nwords",
        b"\n\nContent-Type: text/plain\n\nwords",
    ],
)
def test_a_wrong_boundary_loses_no_words(head: bytes) -> None:
    assert any(b"words" in part.raw() for part in leaves(head))


def test_depth_and_count_are_bounded() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000))
    assert max(part.depth for part in leaves(deep + b"\nend")) <= MAX_DEPTH
    wide = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 5000
    assert len(leaves(wide)) <= MAX_PARTS


@pytest.mark.parametrize(
    ("address", "decoded"),
    [
        ("SRS0=HHH=TT=example.org=alice@forwarder.example", "alice@example.org"),
        ("srs0+ab1c=YZ=example.org=alice@forwarder.example", "alice@example.org"),
        ("SRS1=HHH=other.example==HHH=TT=example.org=alice@forwarder.example", "alice@example.org"),
        ("prvs=1234abcdef=alice@example.org", "alice@example.org"),
        ("prvs=alice/1234abcd@example.org", "alice@example.org"),
        ("btv1==abc123def==alice@example.org", "alice@example.org"),
        ("alice@example.org", "alice@example.org"),
        ("no-address", "no-address"),
        ("SRS0=broken@example.org", "SRS0=broken@example.org"),
    ],
)
def test_return_paths_are_decoded(address: str, decoded: str) -> None:
    assert decode_path(address) == decoded


@pytest.mark.parametrize(
    ("path", "recipient"),
    [
        ("news-bounces+bob=example.org@lists.example", "bob@example.org"),
        ("owner-list-bob=mail.example.org@lists.example", "bob@mail.example.org"),
        ("bounce+1234-bob.smith=example.org@lists.example", "bob.smith@example.org"),
        ("alice@example.org", ""),
        ("SRS0=HHH=TT=example.org=alice@forwarder.example", ""),
    ],
)
def test_verp(path: str, recipient: str) -> None:
    assert recipient_in_path(path) == recipient


NOTICE = "Your mail could not be delivered.\n\n<bob@example.org>: user unknown\n"
RETURNED = "Received: from a by b\nMessage-ID: <1@example.com>\nFrom: alice@example.com\nSubject: hello\n\nbody 550 5.1.1\n"


@pytest.mark.parametrize(
    "lead",
    [
        "",
        "------ This is a copy of the message, including all the headers. ------\n\n",
        "--- Below this line is a copy of the message.\n\n",
        "----- Original message -----\n\n",
        "Message headers follow:\n\n",
    ],
)
def test_the_returned_message_is_cut_off(lead: str) -> None:
    notice, behind = cut(f"{NOTICE}\n{lead}{RETURNED}")
    assert notice.strip() == NOTICE.strip()
    assert behind == RETURNED


def test_fields_that_a_notice_quotes_are_no_message() -> None:
    quoted = "Your message\n\n  To:      bob@example.org\n  Subject: hello\n  Sent:    today\n\ndid not reach him\n"
    assert cut(quoted) == (quoted, "")


def test_what_the_returned_message_tells() -> None:
    mail = Mail(
        b"Subject: Undelivered\n\nfailed\n\nReturn-Path: <alice@example.com>\n"
        b"Received: from [10.0.0.1] (helo [192.0.2.7])\n\tby mx.example.com; now\nMessage-ID: <1@example.com>\n"
        b"From: Alice <alice@example.com>\nTo: bob@example.org, Carol <carol@example.org>\n"
        b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\nDate: Thu, 1 Oct 2026 10:00:00 +0000\nList-Id: <news.example.com>\n"
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com;\n\ts=s2026; b=abc\n\nbody\n"
    )
    assert mail.returned is not None
    found = read_returned(mail.returned)
    assert (found.message_id, found.sender, found.subject) == ("1@example.com", "alice@example.com", "grüße")
    assert found.recipients == ("bob@example.org", "carol@example.org")
    assert (found.dkim_domain, found.dkim_selector, found.sending_ip) == ("example.com", "s2026", "192.0.2.7")
    assert found.list_id == "<news.example.com>"


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("Thu, 29 Apr 2010 23:34:45 +0900", "2010-04-29T23:34:45+09:00"),
        ("Thu, 29 Apr 2010 23:34:45 +0900 (JST)", "2010-04-29T23:34:45+09:00"),
        ("yesterday", ""),
        ("", ""),
        ("Thu, 99 Foo 2010 99:99:99 +9999", ""),
    ],
)
def test_dates(date: str, shown: str) -> None:
    assert rfc3339(date) == shown


def test_blocks_of_fields() -> None:
    found = blocks(
        "Reporting-MTA: dns; a\n\n\nFinal-Recipient: rfc822; b@example.org\nDiagnostic-Code: smtp; 550\n more\n"
    )
    assert [block.get("diagnostic-code") for block in found] == ["", "smtp; 550 more"]
