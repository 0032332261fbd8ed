"""Finding enhanced status codes, and leaving alone what only looks like one."""

from __future__ import annotations

import pytest

from bouncewise.reply.enhanced import find_enhanced


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5.1.1 User unknown", "5.1.1"),
        ("#5.1.1 User unknown", "5.1.1"),
        ("[5.7.1] refused", "5.7.1"),
        ("(#4.4.2) lost", "4.4.2"),
        ("5.1.1: unknown", "5.1.1"),
        ("sorry, no mailbox here (#5.1.1)", "5.1.1"),
        ("<a@example.com>... Mail from 192.0.2.1 not allowed - 5.7.1 [BL23]", "5.7.1"),
        ("status: 5.2.2", "5.2.2"),
        ("dsn=4.7.1, status=deferred", "4.7.1"),
        ("5.7.515 Access denied", "5.7.515"),
    ],
)
def test_found_where_servers_put_it(text: str, code: str) -> None:
    assert str(find_enhanced(text)) == code


@pytest.mark.parametrize(
    "text",
    [
        "client [5.7.1.2] refused",
        "host 4.5.6.7 said no",
        "Exim 4.9.5 says no",
        "version 5.0.1 of the filter",
        "Postfix 3.5.1 and v4.2.1",
        "try again later [#4.16.4:70].",
        "deferred - 4.16.55.1; see https://example.com/error-codes",
        "see http://example.com/5.1.1/help",
        "mx4.2.1.example.com is busy",
        "no numbers at all",
    ],
)
def test_left_alone(text: str) -> None:
    assert find_enhanced(text) is None
