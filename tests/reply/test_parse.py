"""Parsing replies from the wire and from joined lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.reply import Reply, parse_reply
from bouncewise.reply.parse import MAX_INPUT

CASES = [
    ("550 5.1.1 User unknown", 550, "5.1.1", ["User unknown"]),
    ("550", 550, None, []),
    ("550 ", 550, None, []),
    ("550User unknown", 550, None, ["User unknown"]),
    ("550-5.7.26 one\r\n550-5.7.26 two\r\n550 5.7.26 three", 550, "5.7.26", ["one", "two", "three"]),
    ("550-5.7.26 one 550-5.7.26 two 550 5.7.26 three", 550, "5.7.26", ["one", "two", "three"]),
    (
        "554-mx.example.com\n\n554-no service\n554 see http://example.com",
        554,
        None,
        ["mx.example.com", "no service", "see http://example.com"],
    ),
    ("554;5.7.1 refused", 554, "5.7.1", ["refused"]),
    ("550; 5.7.515 Access denied", 550, "5.7.515", ["Access denied"]),
    ("550:5.1.1 unknown", 550, "5.1.1", ["unknown"]),
    ("550#5.1.0 Address rejected.", 550, "5.1.0", ["Address rejected."]),
    ("550 550 5.1.1 unknown", 550, "5.1.1", ["unknown"]),
    ("553 sorry, relay denied (#5.7.1)", 553, "5.7.1", ["sorry, relay denied (#5.7.1)"]),
    ("5.7.1 refused", None, "5.7.1", ["refused"]),
    ("Error: 451 4.3.0 try later", 451, "4.3.0", ["try later"]),
    ("450 4.1.8 <a@example.com>: limit 450 reached", 450, "4.1.8", ["<a@example.com>: limit 450 reached"]),
    ("2015-06-07 12:51:13 1abcde-000123-AB", None, None, ["2015-06-07 12:51:13 1abcde-000123-AB"]),
    ("250 messages in the queue", None, None, ["250 messages in the queue"]),
    ("", None, None, []),
]


@pytest.mark.parametrize(("text", "code", "enhanced", "lines"), CASES)
def test_forms(text: str, code: int | None, enhanced: str | None, lines: list[str]) -> None:
    reply = parse_reply(text)
    assert reply.code == code
    assert (str(reply.enhanced) if reply.enhanced else None) == enhanced
    assert list(reply.lines) == lines


@pytest.mark.parametrize(("text", "code", "enhanced", "lines"), CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_gives_the_same(
    text: str, code: int | None, enhanced: str | None, lines: list[str], end: str
) -> None:
    again = parse_reply(text.replace("\r\n", "\n").replace("\n", end) + end)
    assert (again.code, list(again.lines)) == (code, lines)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_cut_anywhere_is_still_a_reply(text: str) -> None:
    for place in range(len(text) + 1):
        assert isinstance(parse_reply(text[:place]), Reply)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        ("550 Empfänger unbekannt".encode(), "Empfänger unbekannt"),
        ("550 Empfänger unbekannt".encode("latin-1"), "Empfänger unbekannt"),
        (b"550 caf\xe9 \x81", "café"),
    ],
)
def test_octets_of_any_charset(octets: bytes, words: str) -> None:
    assert parse_reply(octets).text == words


def test_controls_never_reach_the_words() -> None:
    reply = parse_reply("550 \x1b[2J\x1b]0;title\x07 gone \u202eback\u200b \x00end")
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u200b" for c in reply.text)
    assert reply.code == 550


def test_huge_input_is_bounded() -> None:
    assert len(parse_reply("550 " + "x" * 10_000_000).text) <= MAX_INPUT


@given(st.one_of(st.text(), st.binary()))
def test_anything_gives_a_reply(data: str | bytes) -> None:
    reply = parse_reply(data)
    assert reply.code is None or 200 <= reply.code <= 559
    reply.text.encode("utf-8")


MISREAD = [
    ("550 5.1.1 BenutzerkÃ¼rzel unbekannt", "Benutzerkürzel unbekannt"),
    ("550 5.1.1 ErhÃ¤lt weiÃ\x9fer", "Erhält weißer"),
    ("550 5.1.1 weiÃŸer Liste", "weißer Liste"),
    ("550 5.1.1 the user isnâ€™t here", "the user isn’t here"),
    ("550 5.1.1 \u00d0\u00bd\u00d0\u00b5\u00d1\u0082 ", "нет"),
    ("550 5.1.1 NÃO EXISTE, é – inválido", "NÃO EXISTE, é – inválido"),
    ("550 5.1.1 «Größe» Übergroß", "«Größe» Übergroß"),
    ("550 5.1.1 Ã alone, Â alone", "Ã alone, Â alone"),
]


@pytest.mark.parametrize(("text", "words"), MISREAD)
def test_utf_8_that_was_read_as_another_charset(text: str, words: str) -> None:
    assert parse_reply(text).text == words
