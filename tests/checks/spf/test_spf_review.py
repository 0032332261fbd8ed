"""Reviews of records: each problem where it is, none where it is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.checks.spf import networks
from bouncewise.checks.spf.review import Review, review
from bouncewise.checks.spf.shared import Shared
from bouncewise.testing.zone import Zone

ZONE: dict[str, Any] = {
    "example.com": {"A": ["192.0.2.10"], "MX": [[10, "mx.example.com"]]},
    "mx.example.com": {"A": ["192.0.2.25"], "AAAA": ["2001:db8::25"]},
    "ok.example.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 -all"]},
    "hosts.example.net": {"TXT": ["v=spf1 a:mx.example.com ip6:2001:db8::/64 ~all"]},
    "open.example.net": {"TXT": ["v=spf1 +all"]},
    "two.example.net": {"TXT": ["v=spf1 -all", "v=spf1 -all"]},
    "broken.example.net": {"TXT": ["v=spf1 moo"]},
    "text.example.net": {"TXT": ["hello"]},
    "slow.example.net": {"TXT": "TIMEOUT", "A": "SERVFAIL"},
    "ptr.example.net": {"TXT": ["v=spf1 ptr -all"]},
    "wide.example.net": {"TXT": ["v=spf1 ip4:198.0.0.0/8 -all"]},
    "loop.example.net": {"TXT": ["v=spf1 include:example.com -all"]},
    "many.example.net": {"MX": [[n, "mx.example.com"] for n in range(11)]},
    "macro.example.net": {"TXT": ["v=spf1 exists:%{i}.example.net -all"]},
}


def look(*texts: str | bytes, **more: Any) -> Review:
    own = {**ZONE["example.com"], "TXT": list(texts)}
    return asyncio.run(review("example.com", Zone.of({**ZONE, "example.com": own, **more})))


def codes(found: Review) -> list[str]:
    return sorted({p.code for p in found.problems})


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 -all", ""),
        ("v=spf1 mx a ~all", ""),
        ("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:ok.example.net -all", ""),
        ("v=spf1 redirect=ok.example.net", ""),
        ("v=spf1 -ip4:192.0.2.9 ip4:192.0.2.0/24 -all", ""),
        ("v=spf1 a mx", "no-all"),
        ("v=spf1 mx all", "plus-all"),
        ("v=spf1 mx +ALL", "plus-all"),
        ("v=spf1 mx ?all", "neutral-all"),
        ("v=spf1 include:open.example.net -all", "plus-all"),
        ("v=spf1 ptr -all", "ptr"),
        ("v=spf1 include:ptr.example.net -all", "ptr"),
        ("v=spf1 -all mx", "after-all"),
        ("v=spf1 mx -all redirect=ok.example.net", "redirect-ignored"),
        ("v=spf1 mx mx -all", "duplicate-term"),
        ("v=spf1 mx MX -all", "duplicate-term"),
        ("v=spf1 a:MX.example.com a:mx.example.com. -all", "duplicate-term"),
        ("v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 -all", "duplicate-term"),
        ("v=spf1 ip4:192.0.2.7 ip4:192.0.2.0/24 -all", "duplicate-term"),
        ("v=spf1 mx foo=bar -all", "unknown-modifier"),
        ("v=spf1 ip4=192.0.2.1 -all", "unknown-modifier"),
        ("v=spf1 include:ok.example.net-all", "include-no-record missing-blank no-all"),
        ("v=spf1 ip4:192.0.2.0/8 -all", "broad-network"),
        ("v=spf1 ip6:2001::/16 -all", "broad-network"),
        ("v=spf1 a/8 -all", "broad-network"),
        ("v=spf1 -ip4:192.0.2.0/8 -all", ""),
        ("v=spf1 include:wide.example.net -all", "broad-network"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "broad-network whole-internet"),
        ("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", "broad-network whole-internet"),
        ("v=spf1 ip4:10.1.2.3 -all", "private-address"),
        ("v=spf1 ip4:192.168.0.0/16 -all", "private-address"),
        ("v=spf1 ip4:127.0.0.1 -all", "private-address"),
        ("v=spf1 ip6:fd00::1 -all", "private-address"),
        ("v=spf1 ip6:::ffff:192.0.2.1 -all", "private-address"),
        ("v=spf1 moo -all", "syntax"),
        ("v=spf1 include:text.example.net -all", "include-no-record"),
        ("v=spf1 include:nowhere.example.net -all", "include-no-record"),
        ("v=spf1 include:a..b.example.net -all", "include-no-record"),
        ("v=spf1 include:two.example.net -all", "include-broken"),
        ("v=spf1 include:broken.example.net -all", "include-broken"),
        ("v=spf1 include:loop.example.net -all", "include-loop"),
        ("v=spf1 include:slow.example.net -all", "unanswered"),
        ("v=spf1 a:slow.example.net -all", "unanswered"),
        ("v=spf1 a:gone.example.net -all", "void-lookup"),
        ("v=spf1 mx:ok.example.net -all", "void-lookup"),
        ("v=spf1 a:g1.example.net a:g2.example.net a:g3.example.net -all", "too-many-voids void-lookup"),
        ("v=spf1 mx:many.example.net -all", "too-many-mx"),
        ("v=spf1 exists:%{i}.example.net include:%{l}.example.net -all", ""),
        (
            "v=spf1 " + "a:mx.example.com/30 a:mx.example.com/29 " * 6 + "-all",
            "duplicate-term too-many-lookups",
        ),
        (
            "v=spf1 " + " ".join(f"ip4:192.0.2.{2 * n}" for n in range(40)) + " -all",
            "huge-answer long-record",
        ),
    ],
)
def test_problems(record: str, expected: str) -> None:
    assert codes(look(record)) == expected.split()


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=spf1 -all", "v=spf1 mx -all"], "several-records"),
        (["v=spf1 -all", "x" * 250, "y" * 250], "huge-answer"),
        (["v=spf1;-all"], "no-version"),
        ([" v=spf1 -all"], "no-version"),
        (['"v=spf1 -all"'], "no-version"),
        (["v=spf1-all"], "no-version"),
        (["v=spf1 -all", "spf1 -all"], "no-version"),
        (["hello", "v=spf2.0/pra -all"], "no-record"),
        ([], "no-record"),
    ],
)
def test_answers(texts: list[str], expected: str) -> None:
    found = look(*texts)
    assert codes(found) == expected.split()
    assert (
        found.broken is (expected != "huge-answer" and texts[:1] != ["v=spf1 -all"])
        or len(found.records) == 2
    )


def test_only_what_is_told_is_serious() -> None:
    found = look("v=spf1 mx include:broken.example.net ?all")
    assert {p.code: p.serious for p in found.problems} == {"include-broken": True, "neutral-all": False}
    for problem in found.problems:
        assert "broken.example.net" in problem.says or "?all" in problem.says


def test_costs_and_addresses() -> None:
    found = look("v=spf1 mx include:hosts.example.net include:ok.example.net include:macro.example.net -all")
    assert found.lookups == 6
    assert [(p.term, p.lookups) for p in found.parts] == [
        ("include:hosts.example.net", 2),
        ("include:macro.example.net", 2),
        ("mx", 1),
        ("include:ok.example.net", 1),
    ]
    flat = {p.term: p.flat for p in found.parts}
    assert flat["mx"] == ("ip4:192.0.2.25", "ip6:2001:db8::25")
    assert flat["include:hosts.example.net"] == ("ip4:192.0.2.25", "ip6:2001:db8::/64")
    assert flat["include:ok.example.net"] == ("ip4:198.51.100.0/24",)
    assert flat["include:macro.example.net"] == ()
    assert (found.ip4, found.ip6) == (257, 1 << 64)


def test_voids_by_version() -> None:
    found = look("v=spf1 " + " ".join(f"a:v{n}.example.net" for n in range(3)) + " -all",
                 **{f"v{n}.example.net": {"A": [f"192.0.2.{n}"]} for n in range(3)})  # fmt: skip
    assert found.voids == 0
    (problem,) = found.problems
    assert (problem.code, problem.serious) == ("too-many-voids", False)
    assert "IPv6" in problem.says


def test_questions_are_asked_once() -> None:
    zone = Zone.of(
        {
            **ZONE,
            "example.com": {
                **ZONE["example.com"],
                "TXT": ["v=spf1 a a:example.com/24 include:ok.example.net include:ok.example.net -all"],
            },
        }
    )
    asyncio.run(review("example.com", Shared(zone)))
    assert len(zone.asked) == len(set(zone.asked))


network = st.builds(
    lambda first, length: (4, first >> (32 - length) << (32 - length), length),
    st.integers(0, 1023),
    st.integers(22, 32),
)


@given(st.lists(network, max_size=8))
def test_collapsed_networks_hold_the_same(held: list[tuple[int, int, int]]) -> None:
    def addresses(many: list[tuple[int, int, int]]) -> set[int]:
        return {a for _, first, length in many for a in range(first, first + (1 << (32 - length)))}

    made = networks.collapsed(held)
    assert addresses(made) == addresses(held)
    assert sum(1 << (32 - length) for _, _, length in made) == networks.count(held, 4) == len(addresses(held))
    for place, by in networks.covered(held).items():
        assert addresses([held[place]]) <= addresses([held[by]])
        assert place != by


def test_whole_ranges() -> None:
    assert networks.collapsed([(4, 0, 1), (4, 1 << 31, 1)]) == [(4, 0, 0)]
    assert networks.collapsed([(6, 0, 0)]) == [(6, 0, 0)]
    assert networks.text((6, 0, 0)) == "ip6:::/0"
