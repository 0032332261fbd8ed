"""The words that mails are told by: what an expression needs, and that nothing is missed by asking for it."""

import re
from pathlib import Path

import pytest

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.words import lists, needed_words, patterns, says

MAILS = sorted((Path(__file__).parent / "mails").glob("*.eml"))
ASKED = [("judge", "failure"), ("judge", "goods"), *(("prose", key) for key in lists("prose"))]


@pytest.mark.parametrize(
    ("expression", "needed"),
    [
        ("user unknown", (("user unknown",),)),
        ("expirée?", (("expiré",),)),
        ("no such .{0,20}user", (("no such ",), ("user",))),
        ("(?:not|n't) (?:be )?sent", (("sent",), ("not", "n't"))),
        ("(?:mail|queue).{0,9}(?:expired|too (?:old|long))", (("expired", "too "), ("mail", "queue"))),
        (r"(?<!\w)daemon@", (("daemon@",),)),
        (r"[ée]chec\W*$", (("chec",),)),
        ("fehler|erreur", (("fehler", "erreur"),)),
        (r"x|\d\d", ()),
    ],
)
def test_needed_words(expression: str, needed: tuple[tuple[str, ...], ...]) -> None:
    assert set(needed_words(expression)) == set(needed)


@pytest.mark.parametrize(("name", "key"), ASKED)
def test_says_what_the_pattern_says(name: str, key: str) -> None:
    """A list is met by the same texts as its one pattern, here in the words of all mails and their lines."""
    pattern = patterns(name)[key]
    for path in MAILS:
        notice = Mail(path.read_bytes()).notice[:4096].lower()
        for text in {notice, *notice.split("\n")[:40]}:
            assert says(name, key, text) == (pattern.search(text) is not None), (path.name, text)


def test_no_group_is_captured() -> None:
    """``needed_words`` reads expressions without capturing groups."""
    for name in ("judge", "prose", "listservers"):
        for expressions in lists(name).values():
            assert all(re.compile(one).groups == 0 for one in expressions)
