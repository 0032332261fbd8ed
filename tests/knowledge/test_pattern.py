"""The pattern language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.knowledge.fold import fold, fold_bytes
from bouncewise.knowledge.pattern import PatternError, compile_pattern

LEXICON = {"mailbox": ["mailbox*", "user", "e-mail (address|account)"], "gone": ["unknown", "not found"]}


def _meets(pattern: str, text: str) -> bool:
    regex = compile_pattern(pattern, LEXICON).encode()
    return re.search(regex, fold_bytes(text), re.IGNORECASE | re.DOTALL) is not None


@pytest.mark.parametrize(
    ("pattern", "text", "meets"),
    [
        ("user unknown", "User  Unknown", True),
        ("user unknown", "superuser unknown", False),
        ("stem*", "Stemming", True),
        ("over ?quota", "overquota", True),
        ("over ?quota", "over quota", True),
        ("(a|the) mailbox", "the mailbox", True),
        ("is (currently |)full", "is full", True),
        ("is (currently|) full", "is full", True),
        ("is (currently|) full", "is currently full", True),
        ("sender (address|)", "bad sender.", True),
        ("{mailbox} ~2 {gone}", "mailboxes here not found", True),
        ("{mailbox} ~2 {gone}", "user was, after a very long search in all places, unknown", False),
        ("über*", "UEBER", False),
        ("über*", "Uberlauf", True),
        (r"\(S3150\)", "(S3150)", True),
        ("does(n't| not) exist", "doesn’t exist", True),
        ("пользовател* ~2 не найден", "Пользователь bob не найден", True),
        ("邮箱 ~2 已满", "邮箱空间已满", True),
        ("ＭＡＩＬ", "mail", True),
    ],
)
def test_meets(pattern: str, text: str, meets: bool) -> None:
    assert _meets(pattern, text) is meets


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        " ",
        "(a",
        "a)",
        "{nope}",
        "*?",
        "~99 a",
        "a ~0 b",
        "(a|)",
        "re:(",
        r"re:\1",
        "re:(a*)*",
        "re:a{9,}",
    ],
)
def test_faults_are_said(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern, LEXICON)


@given(st.text(max_size=60))
def test_any_pattern_compiles_or_says_why(pattern: str) -> None:
    try:
        compile_pattern(pattern, LEXICON)
    except PatternError as error:
        assert str(error)


def test_plain_text_folds_to_its_lower_case() -> None:
    """ASCII is searched unfolded, by the matcher's own case folding; both must be the same."""
    for code in range(128):
        assert fold(chr(code)) in (chr(code).lower(), " ")


@given(st.text())
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)
