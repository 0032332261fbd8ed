"""Macros: RFC 7208 section 7.4, and what strangers may send."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.checks.names import address
from bouncewise.checks.spf import macros
from bouncewise.checks.spf.macros import MAX_EXPLANATION, MAX_NAME, MacroError, Values


def values(ip: str = "192.0.2.3", local: str = "strong-bad", **more: str) -> Values:
    made = Values(
        address(ip), local, "email.example.com", more.get("helo", "mx.example.org"), "rcv.example.net", 17e8
    )
    made.proven = "mx.example.org"
    return made


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%{D2R}", "example.email"),
        ("%{d127}", "email.example.com"),
        ("%{d999999999999999999}", "email.example.com"),
        ("%{d02}", "example.com"),
        ("%{h}", "mx.example.org"),
        ("%{p2}", "example.org"),
        ("%%a%_b%-c", "%a b%20c"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%{s-@}", None),
        ("a.%{d}.", "a.email.example.com"),
    ],
)
def test_names(text: str, expanded: str | None) -> None:
    if expanded is None:
        with pytest.raises(MacroError):
            macros.read(text)
        return
    assert macros.target(macros.read(text), values()) == expanded


def test_ipv6() -> None:
    made = macros.target(macros.read("%{ir}.%{v}._spf.%{d2}"), values("2001:db8::cb01"))
    assert made.lower() == (
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
    )


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("%{c} is not one of %{d}'s servers.", "192.0.2.3 is not one of email.example.com's servers."),
        ("%{r} %{t}", "rcv.example.net 1700000000"),
        (
            "See http://%{d}/why.html?s=%{S}&i=%{I}",
            "See http://email.example.com/why.html?s=strong-bad%40email.example.com&i=192.0.2.3",
        ),
        ("ends in a dot.", "ends in a dot."),
        ("", ""),
    ],
)
def test_explanations(text: str, expanded: str) -> None:
    assert macros.expand(macros.read(text, explanation=True), values()) == expanded


def test_escaping_leaves_unreserved() -> None:
    made = macros.expand(macros.read("%{L}", explanation=True), values(local="~jack&jill=up-a_b3.c/d"))
    assert made == "~jack%26jill%3Dup-a_b3.c%2Fd"


@pytest.mark.parametrize("count", [3, 8, 12])
def test_long_names_lose_labels_on_the_left(count: int) -> None:
    made = macros.target(macros.read(".".join(["%{o}"] * count * 2) + ".example.com"), values())
    whole = ".".join(["email.example.com"] * count * 2) + ".example.com"
    assert len(made) <= MAX_NAME
    assert whole.endswith(made)
    assert whole == made or whole[-len(made) - 1] == "."
    assert whole == made or len(made) + 1 + len(whole[: -len(made) - 1].rpartition(".")[2]) > MAX_NAME


def test_one_huge_label_leaves_nothing() -> None:
    assert macros.target(macros.read("a" * 300), values()) == ""
    assert macros.target(macros.read("x." + "a" * 253), values()) == "a" * 253
    assert not macros.askable("")
    assert not macros.askable("a" * 64 + ".com")
    assert not macros.askable("a..com")
    assert not macros.askable("é.com")
    assert macros.askable("macro%percent  space%20url-space.example.com")


def test_bombs_are_bounded() -> None:
    big = values(local="x." * 100_000, helo="y" * 100_000)
    spec = macros.read("%{s}" * 10_000 + "%{h}" * 10_000 + ".example.com")
    assert len(macros.target(spec, big)) <= MAX_NAME
    text = macros.read("%{S}%{h}" * 10_000, explanation=True)
    assert len(macros.expand(text, big)) <= MAX_EXPLANATION


@settings(max_examples=300)
@given(
    st.text("%{}sldipvhcrtoSLD0123r.-+,/_= a", max_size=40) | st.text(max_size=20),
    st.text(max_size=30),
    st.booleans(),
)
def test_any_text(text: str, local: str, explanation: bool) -> None:
    try:
        spec = macros.read(text, explanation=explanation)
    except MacroError as wrong:
        assert 0 <= wrong.at <= len(text)
        return
    made = values(local=local, helo=local)
    assert len(macros.target(spec, made)) <= MAX_NAME
    assert len(macros.expand(spec, made)) <= MAX_EXPLANATION
