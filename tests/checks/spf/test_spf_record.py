"""Records taken apart: selection, grammar, places of faults, hostile octets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.checks.spf.record import MAX_FAULTS, is_record, parse, select


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (b"v=spf1", True),
        (b"v=spf1 -all", True),
        (b"V=SpF1 -all", True),
        (b"v=spf1  ", True),
        (b"v=spf10", False),
        (b"v=spf1;-all", False),
        (b"v=spf1\t-all", False),
        (b"v=spf1-all", False),
        (b" v=spf1 -all", False),
        (b"v=spf2.0/pra -all", False),
        (b"spf1 -all", False),
        (b"", False),
        (b"\xff\xfe", False),
    ],
)
def test_selection(text: bytes, taken: bool) -> None:
    assert is_record(text) is taken
    assert select([text, b"other"]) == ([text] if taken else [])


SOUND = """
v=spf1
v=spf1 all
v=spf1 +a -mx ~ptr ?all
v=spf1  a   -all
v=spf1 A MX PTR INCLUDE:example.com IP4:192.0.2.1 -ALL
v=spf1 a/24 a//64 a/24//64 a:example.com/0 mx/32 mx:example.com//128 a//0
v=spf1 a:example.com. include:_spf.example.com. exists:%{ir}.%{v}._spf.%{d2}
v=spf1 a:foo:bar/baz.example.com mx:foo:bar/baz.example.com/24
v=spf1 exists:%{i}.%{s1}.100/86400.rate.%{d}
v=spf1 ip4:0.0.0.0/0 ip4:255.255.255.255 ip4:192.0.2.0/24
v=spf1 ip6:::/0 ip6:2001:DB8::1 ip6:::1.1.1.1/128 ip6:2001:db8:1:2:3:4:5:6/7
v=spf1 redirect=example.com exp=why.%{d}
v=spf1 REDIRECT=example.com
v=spf1 moo.cow-far_out=man:dog/cat x=%{c}%{r}%{t} x= y=%% -all
v=spf1 a:example.xn--zckzah include:%{h} a:a.b%% a:a.%_ a:x-y.z-1
v=spf1 a:%{lr-.+,/_=}.example.com a:%{D127R}.example.com
""".strip().split("\n")


@pytest.mark.parametrize("text", SOUND)
def test_sound(text: str) -> None:
    assert parse(text.encode()).faults == ()


@pytest.mark.parametrize(
    ("term", "at", "says"),
    [
        ("moo", 0, "no mechanism"),
        ("ipv4:192.0.2.1", 0, "no mechanism"),
        ("-all.", 0, "write all"),
        ("all:x", 3, "takes nothing"),
        ("-all/8", 4, "takes nothing"),
        ("a:", 2, "missing"),
        ("a:museum", 2, "one label"),
        ("a:museum.", 2, "one label"),
        ("a:192.0.2.1", 2, "ip4:"),
        ("a:abc.123", 2, "figures"),
        ("a:example.-com", 2, "top-level"),
        ("a:example.com-", 2, "top-level"),
        ("a:example.com:8080", 2, "top-level"),
        ("a:example..", 2, "one label"),
        ("a:%{d}com", 2, "one label"),
        ("a/33", 2, "at most 32"),
        ("a//129", 3, "at most 128"),
        ("a/024", 2, "begins with 0"),
        ("a/24/64", 5, "at most 32"),
        ("a=example.com/", None, ""),
        ("mx:", 3, "missing"),
        ("mx/", 2, "prefix length"),
        ("ptr/0", 3, "no prefix length"),
        ("ptr:", 4, "missing"),
        ("include", 7, "needs a domain name"),
        ("include:", 8, "missing"),
        ("include:example.com/24", 8, "top-level"),
        ("include:example.com,", 8, "top-level"),
        ("exists", 6, "needs a domain name"),
        ("exists:example.com/24", 7, "top-level"),
        ("ip4", 3, "needs an address"),
        ("ip4:", 4, "no IPv4 address"),
        ("ip4:192.0.2", 4, "no IPv4 address"),
        ("ip4:192.0.2.256", 4, "no IPv4 address"),
        ("ip4:192.0.02.1", 4, "no IPv4 address"),
        ("ip4:192.0.2.1:25", 4, "no IPv4 address"),
        ("ip4:192.0.2.1/33", 14, "at most 32"),
        ("ip4:192.0.2.1/032", 14, "begins with 0"),
        ("ip4:192.0.2.1//32", 14, "one prefix length"),
        ("ip4:192.0.2.1/", 14, "one prefix length"),
        ("ip4:2001:db8::1", 4, "no IPv4 address"),
        ("ip4=192.0.2.1", None, ""),
        ("ip6:192.0.2.1", 4, "no IPv6 address"),
        ("ip6::cafe::babe", 4, "no IPv6 address"),
        ("ip6:fe80::1%eth0", 4, "no IPv6 address"),
        ("ip6:2001:db8::/129", 15, "at most 128"),
        ("ip6:2001:db8::1//64", 16, "one prefix length"),
        ("redirect:example.com", 0, "equals sign"),
        ("redirect=", 9, "missing"),
        ("redirect=-all", 9, "one label"),
        ("exp=", 4, "missing"),
        ("exp=-all", 4, "one label"),
        ("=all", 0, "no mechanism"),
        ("1up=foo", 0, "no mechanism"),
        ("moo.cow/far_out=man:dog/cat", 0, "no mechanism"),
        ("--all", 0, "no mechanism"),
        ("-", 0, "lone"),
        ("a:%{x}.example.com", 2, "the letters are"),
        ("a:%{c}.example.com", 2, "explanation only"),
        ("a:%{d0}", 2, "1 or more"),
        ("a:%{d", 2, "no macro"),
        ("a:%(ir).example.com", 2, "begins no macro"),
        ("a:foo%.example.com", 5, "begins no macro"),
        ("x=%abc", 2, "begins no macro"),
        ("a:example.com\r", 13, "does not belong"),
        ("a:b\x00.example.com", 3, "does not belong"),
        ("\u2013all", 0, "not ASCII"),
        ("a:\xe9.example.com", 2, "not ASCII"),
    ],
)
def test_faults(term: str, at: int | None, says: str) -> None:
    record = parse(f"v=spf1 ip4:192.0.2.1 {term} ~all".encode())
    if at is None:  # a modifier by the grammar, whatever was meant
        assert record.faults == ()
        return
    (fault,) = record.faults
    assert fault.start == 21 + at
    assert says in fault.says


def test_modifiers_once() -> None:
    twice = parse(b"v=spf1 redirect=example.com x=1 x=2 redirect=example.net")
    assert [f.says[:22] for f in twice.faults] == ["redirect= stands twice"]
    assert parse(b"v=spf1 exp=a.example.com -all exp=b.example.com").faults
    assert not parse(b"v=spf1 x=1 x=2 -all").faults


def test_what_takes_effect() -> None:
    record = parse(b"v=spf1 a mx -all ptr redirect=example.com")
    assert [t.text for t in record.live] == ["a", "mx", "-all"]
    assert record.forward is None
    assert record.redirect is not None
    open_record = parse(b"v=spf1 redirect=example.com a")
    assert open_record.forward is not None
    assert [t.text for t in open_record.live] == ["a"]


def test_places() -> None:
    text = b"v=spf1  a   ip4:192.0.2.0/24 -all"
    for term in parse(text).mechanisms:
        assert text[term.start : term.end].decode() == term.text


@pytest.mark.parametrize(
    "text",
    [
        b"v=spf1 " + b"a " * 10_000,
        b"v=spf1 " + b"ip4:192.0.2.1 " * 5_000,
        b"v=spf1 " + b"moo " * 10_000,
        b"v=spf1 a:" + b"%{d}" * 15_000 + b".com",
        b"v=spf1 a:" + b"a." * 30_000 + b"com",
        b"v=spf1 a:" + b"-" * 64_000,
        b"v=spf1 a:x." + b"a1-" * 20_000 + b"-",
        b"v=spf1 a:" + b"%{d" * 20_000,
        b"v=spf1 a:%{d" + b"9" * 64_000 + b"}",
        b"v=spf1 a/" + b"9" * 64_000,
        b"v=spf1 ip4:" + b"1" * 64_000,
        b"v=spf1 ip6:" + b":" * 64_000,
        b"v=spf1 " + b"x=1 " * 16_000,
        b"v=spf1 " + b" " * 64_000,
        b"v=spf1 " + bytes(range(256)) * 256,
    ],
    ids=lambda t: t[7:20].decode("latin-1").encode("unicode_escape").decode(),
)
def test_large(text: bytes) -> None:
    record = parse(text)
    assert len(record.faults) <= MAX_FAULTS
    assert all(len(f.says) < 500 for f in record.faults)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_octets(rest: bytes) -> None:
    record = parse(b"v=spf1 " + rest)
    for fault in record.faults:
        assert 0 < fault.start <= fault.end <= len(rest) + 7


@settings(max_examples=300)
@given(
    st.lists(
        st.text("aipx46nclude:/=%{}.-~+?0129 rs", max_size=12)
        | st.sampled_from(["a:%{d}", "ip4:", "/24", "-all"]),
        max_size=8,
    )
)
def test_likely_octets(words: list[str]) -> None:
    parse(("v=spf1 " + " ".join(words)).encode())
