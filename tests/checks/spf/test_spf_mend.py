"""Mends: every one is a sound record, and does what it says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.checks.finding import Finding, Mend
from bouncewise.checks.names import address
from bouncewise.checks.spf import mend
from bouncewise.checks.spf.check import check_spf
from bouncewise.checks.spf.review import review
from bouncewise.checks.spf.spelling import meant, sound
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

ZONE: dict[str, Any] = {
    "example.com": {"A": ["192.0.2.10"], "AAAA": ["2001:db8::10"], "MX": [[10, "mx.example.com"]]},
    "mx.example.com": {"A": ["192.0.2.25"]},
    "ok.example.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
    "deny.example.net": {"TXT": ["v=spf1 ip4:203.0.113.0/24 -all"]},
    **{f"i{n}.example.net": {"TXT": [f"v=spf1 ip4:198.51.100.{n} -all"]} for n in range(14)},
}


def zone_of(*texts: str | bytes) -> Zone:
    return Zone.of({**ZONE, "example.com": {**ZONE["example.com"], "TXT": list(texts)}})


def check(texts: list[str], ip: str = "", **more: Any) -> Finding:
    return asyncio.run(check_spf(Subject(domain="example.com", ip=ip, **more), zone_of(*texts)))


def only(finding: Finding) -> Mend:
    (found,) = finding.mends
    assert (found.name, found.rtype) == ("example.com", "TXT")
    assert all(sound(p) for p in found.publish)
    assert found.why
    return found


@pytest.mark.parametrize(
    ("record", "ip", "made"),
    [
        ("v=spf1 ip4:198.51.100.1 -all", "203.0.113.9", "v=spf1 ip4:198.51.100.1 ip4:203.0.113.9 -all"),
        ("v=spf1 ~all", "203.0.113.9", "v=spf1 ip4:203.0.113.9 ~all"),
        ("v=spf1 ?all", "2001:db8::9", "v=spf1 ip6:2001:db8::9 ?all"),
        ("v=spf1", "203.0.113.9", "v=spf1 ip4:203.0.113.9"),
        ("v=spf1 ip4:198.51.100.1", "203.0.113.9", "v=spf1 ip4:198.51.100.1 ip4:203.0.113.9"),
        ("v=spf1 redirect=ok.example.net", "203.0.113.9", "v=spf1 ip4:203.0.113.9 redirect=ok.example.net"),
        ("v=spf1 exp=why.example.com -all", "203.0.113.9", "v=spf1 exp=why.example.com ip4:203.0.113.9 -all"),
        ("v=spf1 -all exp=why.example.com", "203.0.113.9", "v=spf1 ip4:203.0.113.9 -all exp=why.example.com"),
        ("v=spf1 -ip4:203.0.113.9 +all", "203.0.113.9", "v=spf1 ip4:203.0.113.9 -ip4:203.0.113.9 +all"),
        ("v=spf1 -include:deny.example.net +all", "203.0.113.9",
         "v=spf1 ip4:203.0.113.9 -include:deny.example.net +all"),
        ("v=spf1 ip4:198.51.100.1 -all", "192.0.2.25", "v=spf1 ip4:198.51.100.1 mx -all"),
        ("v=spf1 ip4:198.51.100.1 -all", "192.0.2.10", "v=spf1 ip4:198.51.100.1 a -all"),
        ("v=spf1 ip4:198.51.100.1 -all", "2001:db8::10", "v=spf1 ip4:198.51.100.1 a -all"),
        ("v=spf1 ip4:198.51.100.1 -all", "::ffff:203.0.113.9", "v=spf1 ip4:198.51.100.1 ip4:203.0.113.9 -all"),
    ],
)  # fmt: skip
def test_an_address_that_does_not_pass(record: str, ip: str, made: str) -> None:
    found = only(check([record], ip))
    assert found.publish == (made,)
    assert found.now == (record,)
    assert check([made], ip).result == "pass"


def test_no_mend_where_it_passes() -> None:
    assert check(["v=spf1 ip4:203.0.113.9 -all"], "203.0.113.9").mends == ()


@pytest.mark.parametrize(
    ("texts", "ip", "made", "guess"),
    [
        ([], "203.0.113.9", "v=spf1 ip4:203.0.113.9 ~all", True),
        ([], "", "v=spf1 mx ~all", True),
        (["v=spf1;ip4:203.0.113.9;-all"], "", "v=spf1 ip4:203.0.113.9 -all", False),
        (['"v=spf1 mx -all"'], "", "v=spf1 mx -all", False),
        ([" v=spf1 mx -all"], "", "v=spf1 mx -all", False),
        (
            ["v=spf1 mx -all", "v=spf1 include:ok.example.net -all"],
            "",
            "v=spf1 mx include:ok.example.net -all",
            False,
        ),
        (["v=spf1 mx ~all", "v=spf1 MX a -all"], "", "v=spf1 mx a -all", True),
        (["v=spf1 mx -all", "v=spf1 ipv4:192.0.2.1 -all"], "", "v=spf1 mx ip4:192.0.2.1 -all", False),
        (["v=spf1 mx", "v=spf1 redirect=ok.example.net"], "", "v=spf1 mx redirect=ok.example.net", True),
        (["v=spf1 mx mx a:gone.example.net -all"], "", "v=spf1 mx -all", False),
        (["v=spf1 mx -all a redirect=ok.example.net"], "", "v=spf1 mx -all", False),
        (["v=spf1 mx +all"], "", "v=spf1 mx ~all", True),
        (["v=spf1 mx"], "", "v=spf1 mx ~all", True),
        (["v=spf1 include:ok.example.net-all"], "", "v=spf1 include:ok.example.net -all", False),
        (["v=spf1 ip4=192.0.2.1 -all"], "", "v=spf1 ip4:192.0.2.1 -all", False),
    ],
)
def test_records(texts: list[str], ip: str, made: str, guess: bool) -> None:
    found = only(check(texts, ip))
    assert found.publish == (made,)
    assert found.guess is guess


@pytest.mark.parametrize(
    ("record", "made"),
    [
        ("v=spf1 ipv4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all"),
        ("v=spf1 ip:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all"),
        ("v=spf1 IPv6:2001:db8::1 -all", "v=spf1 ip6:2001:db8::1 -all"),
        ("v=spf1 192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all"),
        ("v=spf1 +192.0.2.0/24 -all", "v=spf1 +ip4:192.0.2.0/24 -all"),
        ("v=spf1 a:192.0.2.1 mx:192.0.2.2 -all", "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 -all"),
        ("v=spf1 ip4:2001:db8::1 ip6:192.0.2.1 -all", "v=spf1 ip6:2001:db8::1 ip4:192.0.2.1 -all"),
        ("v=spf1 ip4:192.0.2.1:25 -all", "v=spf1 ip4:192.0.2.1 -all"),
        ("v=spf1 ip4:192.0.2.0/255.255.255.0 -all", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("v=spf1 ip4:192.0.2.* -all", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("v=spf1 ip4:192.0.2/24 -all", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("v=spf1 ip4:192.0.2.0/024 -all", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("v=spf1 ip4: 192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 -all"),
        ("v=spf1 include: ok.example.net - all", "v=spf1 include:ok.example.net -all"),
        ("v=spf1 include=ok.example.net moo:", ""),
        ("v=spf1 mx -all.", "v=spf1 mx -all"),
        ("v=spf1 mx -all;", "v=spf1 mx -all"),
        ("v=spf1 mx --all", "v=spf1 mx -all"),
        ("v=spf1 mx, a, -all", "v=spf1 mx a -all"),
        ("v=spf1 mx,a,-all", "v=spf1 mx a -all"),
        ("v=spf1 ip4:192.0.2.1,ip4:192.0.2.2 -all", "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 -all"),
        ("v=spf1 mx-all", "v=spf1 mx -all"),
        ("v=spf1 ip4:192.0.2.1~all", "v=spf1 ip4:192.0.2.1 ~all"),
        ("v=spf1 mx \u2013all", "v=spf1 mx -all"),
        ("v=spf1 mx\u00a0-all", "v=spf1 mx -all"),
        ("v=spf1 mx \u201cinclude:ok.example.net\u201d -all", "v=spf1 mx include:ok.example.net -all"),
        ("v=spf1 redirect:ok.example.net", "v=spf1 redirect=ok.example.net"),
        ("v=spf1 include:https://ok.example.net/ -all", "v=spf1 include:ok.example.net -all"),
        ("v=spf1 incl:ok.example.net -all", "v=spf1 include:ok.example.net -all"),
        ("v=spf1 mx v=spf1 a -all moo:", ""),
        ("v=spf1 redirect=ok.example.net redirect=ok.example.net", "v=spf1 redirect=ok.example.net"),
        ("v=spf1 ipv4:192.0.2.1 ip4:192.0.2.1 mx-all", "v=spf1 ip4:192.0.2.1 mx -all"),
        ("v=spf1 x" + "-all" * 1000, ""),
        ("v=spf1 mx moo -all", ""),
        ("v=spf1 ip4:192.0.2 -all", ""),
        ("v=spf1 include -all", ""),
        ("v=spf1 a:museum -all", ""),
    ],
)
def test_slips(record: str, made: str) -> None:
    assert meant(record.encode()) == made


def test_flattening_brings_it_below_the_limit() -> None:
    text = "v=spf1 " + " ".join(f"include:i{n}.example.net" for n in range(12)) + " -all"
    found = only(check([text]))
    assert found.guess
    made = found.publish[0]
    again = asyncio.run(review("example.com", zone_of(made)))
    assert again.lookups == 10
    assert again.ip4 == asyncio.run(review("example.com", zone_of(text))).ip4
    for n in range(12):
        assert check([made], f"198.51.100.{n}").result == "pass"


def test_near_the_limit_an_address_is_written_out() -> None:
    text = "v=spf1 " + " ".join(f"include:i{n}.example.net" for n in range(10)) + " -all"
    assert "ip4:192.0.2.25 -all" in only(check([text], "192.0.2.25")).publish[0]


def test_nothing_is_proposed_without_an_answer() -> None:
    zone = zone_of("v=spf1 -all").fail("example.com", "TXT")
    for ip in ("", "192.0.2.1"):
        assert asyncio.run(check_spf(Subject(domain="example.com", ip=ip), zone)).mends == ()


term = st.sampled_from(
    ["a", "mx", "ipv4:192.0.2.1", "ip4:192.0.2.0/24", "-all.", "~all", "+all", "include=ok.example.net", "ptr", "moo",
     "redirect=ok.example.net", "redirect:x.example.com", "include:", "192.0.2.9,192.0.2.8", "-", "a:gone.example.net",
     "ip4: 192.0.2.3", "exp=x.example.com", "?all", "mx-all", "%{d}", "é", "a:%{l}.example.com", "include:ok.example.net",
     "ip6:2001:db8::/129", "-ip4:203.0.113.9", "x=y"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(term, max_size=6).map(lambda t: " ".join(["v=spf1", *t])), max_size=2),
    st.sampled_from(["", "203.0.113.9", "2001:db8::9"]),
)
def test_whatever_is_proposed_is_sound(texts: list[str], ip: str) -> None:
    finding = check(texts, ip)
    for found in finding.mends:
        assert len(found.publish) == 1
        assert sound(found.publish[0])
        assert found.publish != found.now
    found_review = asyncio.run(review("example.com", zone_of(*texts)))
    for made in (
        mend.respelled(found_review), mend.joined(found_review), mend.tidied(found_review), mend.closed(found_review),
        mend.flattened(found_review), mend.with_address(found_review, address("192.0.2.1")),
    ):  # fmt: skip
        assert made is None or sound(made.publish[0])


@settings(max_examples=200)
@given(st.binary(max_size=120))
def test_any_octets(rest: bytes) -> None:
    made = meant(b"v=spf1 " + rest)
    assert made == "" or sound(made)
