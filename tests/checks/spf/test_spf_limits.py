"""The limits of RFC 7208 section 4.6.4, and strangers who try them: few questions and a clear result."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bouncewise.checks.dns import Status
from bouncewise.checks.spf.check import check_spf
from bouncewise.checks.spf.evaluate import evaluate
from bouncewise.checks.spf.result import MAX_STEPS, SpfQuery, SpfResult
from bouncewise.checks.spf.review import review
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

MOST = (
    1 + 10 * 11 + 1
)  # questions of one evaluation: the record, ten terms with ten names each, an explanation


def run(
    zone: Zone, ip: str = "192.0.2.1", sender: str = "user@example.com", helo: str = "h.example.com"
) -> SpfResult:
    return asyncio.run(evaluate(SpfQuery(ip=ip, sender=sender, helo=helo), zone))


def record(text: str | bytes, **names: Any) -> Zone:
    return Zone.of({"example.com": {"TXT": [text]}, **names})


def hosts(count: int) -> dict[str, Any]:
    return {f"h{n}.example.com": {"A": [f"203.0.113.{n}"]} for n in range(count)}


@pytest.mark.parametrize(
    ("count", "result"), [(9, "fail"), (10, "fail"), (11, "permerror"), (200, "permerror")]
)
def test_lookups(count: int, result: str) -> None:
    zone = record("v=spf1 " + " ".join(f"a:h{n}.example.com" for n in range(count)) + " -all", **hosts(count))
    found = run(zone)
    assert found.result == result
    assert len(zone.asked) <= 11
    assert found.lookups == min(count, 11)


def test_lookups_count_across_includes() -> None:
    names = {f"i{n}.example.com": {"TXT": [f"v=spf1 a:h{n}.example.com"]} for n in range(5)}
    text = "v=spf1 " + " ".join(f"include:i{n}.example.com" for n in range(5))
    assert run(record(text + " -all", **names, **hosts(5))).result == "fail"
    found = run(record(text + " a:h0.example.com -all", **names, **hosts(5)))
    assert found.result == "permerror"
    assert found.reason == "the record of example.com needs more than 10 look-ups of DNS"


def test_a_match_before_the_limit_ends_it() -> None:
    text = "v=spf1 ip4:192.0.2.1 " + " ".join(f"a:h{n}.example.com" for n in range(20))
    assert run(record(text, **hosts(20))).result == "pass"
    text = "v=spf1 " + " ".join(f"a:h{n}.example.com" for n in range(10)) + " all redirect=example.net"
    assert run(record(text, **hosts(10))).result == "pass"


def test_a_redirect_counts_when_followed() -> None:
    text = "v=spf1 " + " ".join(f"a:h{n}.example.com" for n in range(10)) + " redirect=r.example.com"
    more = {"r.example.com": {"TXT": ["v=spf1 all"]}, **hosts(10)}
    assert run(record(text, **more)).result == "permerror"
    assert run(record(text.replace("a:h9.example.com ", ""), **more)).result == "pass"


@pytest.mark.parametrize(("count", "result"), [(2, "fail"), (3, "permerror"), (9, "permerror")])
@pytest.mark.parametrize(
    "term", ["a:gone{}.example.net", "mx:gone{}.example.net", "exists:gone{}.example.net"]
)
def test_voids(term: str, count: int, result: str) -> None:
    zone = record("v=spf1 " + " ".join(term.format(n) for n in range(count)) + " -all")
    found = run(zone)
    assert (found.result, found.voids) == (result, min(count, 3))
    assert len(zone.asked) <= 4


def test_an_explanation_counts_for_nothing() -> None:
    zone = record("v=spf1 a:g1.example.net a:g2.example.net -all exp=g3.example.net")
    assert run(zone).result == "fail"


@pytest.mark.parametrize(("count", "result"), [(10, "pass"), (11, "permerror"), (1000, "permerror")])
def test_mx_names(count: int, result: str) -> None:
    zone = Zone.of(
        {
            "example.com": {
                "TXT": ["v=spf1 mx -all"],
                "MX": [[n, f"h{n}.example.com"] for n in range(count)],
            },
            **hosts(9),
        }
    )
    for number in range(9, count):
        zone.add(f"h{number}.example.com", "A", "192.0.2.1")
    assert run(zone).result == result
    assert len(zone.asked) <= 12


def test_ptr_names_beyond_ten_are_ignored() -> None:
    names = [f"h{n}.example.com" for n in range(10)] + ["right.example.com"]
    data = {
        "1.2.0.192.in-addr.arpa": {"PTR": names},
        "right.example.com": {"A": ["192.0.2.1"]},
        **hosts(10),
    }
    zone = record("v=spf1 ptr -all", **data)
    assert run(zone).result == "fail"
    assert len(zone.asked) == 12
    data["1.2.0.192.in-addr.arpa"] = {"PTR": names[1:]}
    assert run(record("v=spf1 ptr -all", **data)).result == "pass"


def test_p_costs_a_lookup_once() -> None:
    data = {"1.2.0.192.in-addr.arpa": {"PTR": ["h.example.com"]}, "h.example.com": {"A": ["192.0.2.1"]}}
    found = run(record("v=spf1 exists:%{p}.x.example.com exists:%{p}.y.example.com -all", **data))
    assert (found.result, found.lookups) == ("fail", 3)


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in {Status.OK, Status.NODATA, Status.NXDOMAIN}]
)
@pytest.mark.parametrize(
    ("place", "rtype", "result"),
    [
        ("example.com", "TXT", "temperror"),
        ("in.example.com", "TXT", "temperror"),
        ("a.example.com", "A", "temperror"),
        ("m.example.com", "MX", "temperror"),
        ("mx.example.com", "A", "temperror"),
        ("e.example.com", "A", "temperror"),
        ("to.example.com", "TXT", "temperror"),
        ("1.2.0.192.in-addr.arpa", "PTR", "fail"),
        ("p.example.com", "A", "fail"),
        ("why.example.com", "TXT", "fail"),
    ],
)
def test_every_fault_at_every_place(place: str, rtype: str, status: Status, result: str) -> None:
    zone = Zone.of(
        {
            "example.com": {
                "TXT": [
                    "v=spf1 include:in.example.com a:a.example.com mx:m.example.com exists:e.example.com "
                    "ptr:example.org redirect=to.example.com"
                ]
            },
            "in.example.com": {"TXT": ["v=spf1 -all"]},
            "a.example.com": {"A": ["203.0.113.1"]},
            "m.example.com": {"MX": [[1, "mx.example.com"]]},
            "mx.example.com": {"A": ["203.0.113.2"]},
            "1.2.0.192.in-addr.arpa": {"PTR": ["p.example.com"]},
            "p.example.com": {"A": ["192.0.2.1"]},
            "to.example.com": {"TXT": ["v=spf1 -all exp=why.example.com"]},
            "why.example.com": {"TXT": ["Because."]},
        }
    )
    zone.fail(place, rtype, status)
    found = run(zone)
    assert found.result == result
    assert (found.explanation == "Because.") is (result == "fail" and place != "why.example.com")
    finding = asyncio.run(check_spf(Subject(domain="example.com", ip="192.0.2.1"), zone))
    assert finding.outcome == ("unknown" if result == "temperror" else "fail")
    assert asyncio.run(check_spf(Subject(domain="example.com"), zone)).outcome in {"unknown", "warn"}


LOOPS = {
    "itself": {"example.com": ["v=spf1 include:example.com -all"]},
    "two": {
        "example.com": ["v=spf1 include:b.example.com -all"],
        "b.example.com": ["v=spf1 include:EXAMPLE.com. -all"],
    },
    "redirect": {
        "example.com": ["v=spf1 redirect=b.example.com"],
        "b.example.com": ["v=spf1 redirect=example.com"],
    },
    "macro": {"example.com": ["v=spf1 include:%{d} -all"]},
    "mixed": {
        "example.com": ["v=spf1 include:b.example.com"],
        "b.example.com": ["v=spf1 redirect=example.com"],
    },
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_are_named(name: str) -> None:
    zone = Zone.of({domain: {"TXT": texts} for domain, texts in LOOPS[name].items()})
    found = run(zone)
    assert found.result == "permerror"
    assert "a loop of" in found.reason
    assert "example.com" in found.reason
    assert len(zone.asked) <= 2
    finding = asyncio.run(check_spf(Subject(domain="example.com"), zone))
    assert finding.outcome == "fail"
    assert name == "macro" or "include-loop" in {p.code for p in finding.problems}


HOSTILE = {
    "wide": b"v=spf1 " + b" ".join(b"include:i%d.example.com" % n for n in range(2500)),
    "hosts": b"v=spf1 " + b" ".join(b"a:h%d.example.com mx:h%d.example.com" % (n, n) for n in range(1500)),
    "networks": b"v=spf1 "
    + b" ".join(b"ip4:10.%d.%d.1" % (n // 250, n % 250) for n in range(4000))
    + b" -all",
    "mechanisms": b"v=spf1 " + b"a " * 10_000 + b"-all",
    "deep": b"v=spf1 include:x.%{d} -all",
    "wider": b"v=spf1 include:1.%{d} include:2.%{d} include:3.%{d} -all",
    "macros": b"v=spf1 exists:" + b"%{s}" * 10_000 + b".example.com -all",
    "text": b"v=spf1 -all exp=e.example.com " + b"x=%{s} " * 8_000,
    "modifiers": b"v=spf1 " + b"x=1 " * 16_000 + b"-all",
    "binary": b"v=spf1 " + bytes(range(256)) * 250,
    "long": b"v=spf1 include:" + b"a." * 32_000 + b"example.com -all",
    "colons": b"v=spf1 " + b"ip6:" + b":" * 60_000,
    "blanks": b"v=spf1" + b" " * 64_000 + b"-all",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_records_everywhere(name: str) -> None:
    """The record stands at every name that there is, and every name has addresses and hosts."""
    zone = Zone.of({"*.com": {"A": ["203.0.113.1"], "MX": [[n, f"m{n}.example.com"] for n in range(10)]}})
    zone.add("*.com", "TXT", HOSTILE[name])
    found = run(zone, sender="x" * 3000 + "@example.com", helo="y" * 70_000)
    assert len(zone.asked) <= MOST
    assert len(found.steps) <= MAX_STEPS + 1
    assert all(len(s.said) <= 2000 and len(s.what) <= 1100 for s in found.steps)
    assert 0 < len(found.reason) < 1000
    zone.asked.clear()
    subject = Subject(domain="example.com", ip="192.0.2.1", mail_from="a@example.com", helo="b.example.com")
    finding = asyncio.run(check_spf(subject, zone))
    assert len(zone.asked) < 800
    assert len(finding.says) < 2000
    assert len(finding.problems) <= 40
    zone.asked.clear()
    asyncio.run(review("example.com", zone))
    assert len(zone.asked) < 1000


def test_includes_that_branch_are_cut() -> None:
    zone = Zone.of(
        {"*.example.com": {"TXT": ["v=spf1 " + " ".join(f"include:{n}.%{{d}}" for n in range(9))]}}
    )
    found = asyncio.run(review("a.example.com", zone))
    assert found.lookups > 10
    assert len(zone.asked) <= 41


def test_names_of_255_octets() -> None:
    label = "a" * 63
    long = ".".join([label] * 3 + ["b" * 57])
    zone = record(f"v=spf1 include:{long}.com a:{long}.com mx:x.{long}.example.com -all")
    assert run(zone).result == "permerror"
    assert all(len(name) <= 253 for name, _ in zone.asked)


def test_strange_records_in_answers() -> None:
    """A resolver that gives the wrong types, and hosts that are no names."""
    zone = record("v=spf1 a mx ptr -all")
    zone.add("example.com", "A", "no address", b"\x00", "999.1.1.1")
    zone.add("1.2.0.192.in-addr.arpa", "PTR", "a..b", "\x00", "x" * 300, "é.example.com", b"\xff")
    from bouncewise.checks.dns import Mx

    zone.add("example.com", "MX", Mx(1, "a..b"), Mx(2, ""), Mx(3, "x" * 300), Mx(4, "é.com"))
    assert run(zone).result == "fail"
    assert asyncio.run(check_spf(Subject(domain="example.com", ip="192.0.2.1"), zone)).outcome == "fail"
