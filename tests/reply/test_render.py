"""Rendering replies, and the way back."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.reply import EnhancedCode, Reply, parse_reply
from bouncewise.reply.render import MAX_LINE, render

WORDS = st.lists(st.text(string.ascii_letters, min_size=1, max_size=12), min_size=1, max_size=8).map(" ".join)
CODES = st.builds(
    lambda a, b, c: 100 * a + 10 * b + c, st.sampled_from([2, 4, 5]), st.integers(0, 5), st.integers(0, 9)
)


@given(CODES, st.tuples(st.integers(0, 7), st.integers(0, 30)), st.lists(WORDS, min_size=1, max_size=4))
def test_what_is_rendered_is_parsed_the_same(code: int, detail: tuple[int, int], lines: list[str]) -> None:
    reply = Reply(code, EnhancedCode(code // 100, *detail), tuple(lines))
    assert parse_reply(render(reply)) == reply


def test_every_line_has_the_enhanced_code() -> None:
    reply = Reply(550, EnhancedCode(5, 7, 1), ("one", "two"))
    assert render(reply) == b"550-5.7.1 one\r\n550 5.7.1 two\r\n"


def test_no_enhanced_code_on_3yz() -> None:
    assert render(Reply(354, EnhancedCode(2, 0, 0), ("go on",))) == b"354 go on\r\n"


def test_nothing_can_be_injected() -> None:
    assert render(Reply(550, None, ("a\r\n250 ok",))).count(b"\r\n") == 1


@given(st.text(max_size=3000))
def test_no_line_is_too_long(words: str) -> None:
    for line in render(Reply(550, EnhancedCode(5, 1, 1), (words,))).split(b"\r\n"):
        assert len(line) + 2 <= MAX_LINE
        line.decode("utf-8")


@pytest.mark.parametrize("code", [None, 199, 560, 600, 270])
def test_only_real_codes_are_sent(code: int | None) -> None:
    with pytest.raises(ValueError, match="reply code"):
        render(Reply(code, None, ()))
