"""Reverse DNS and the name given with EHLO."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.checks.dns import Status
from bouncewise.checks.finding import Outcome
from bouncewise.checks.names import address, reverse_name
from bouncewise.checks.reverse.generic import generic, rows
from bouncewise.checks.reverse.helo import check_helo
from bouncewise.checks.reverse.ptr import check_reverse_dns, look_up
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

IP = address("192.0.2.1")
PTR = reverse_name(IP)


def look(zone: Zone, ip: str = "192.0.2.1") -> tuple[str, str]:
    found = asyncio.run(look_up(address(ip), zone))
    return found.result, found.name


def test_a_name_that_leads_back() -> None:
    assert look(Zone().add(PTR, "PTR", "mx.example.com").add("mx.example.com", "A", "192.0.2.1")) == (
        "pass",
        "mx.example.com",
    )
    six = "2001:db8::1"
    zone = (
        Zone()
        .add(reverse_name(address(six)), "PTR", "mx.example.com")
        .add("mx.example.com", "AAAA", "2001:DB8:0::1")
    )
    assert look(zone, six) == ("pass", "mx.example.com")


def test_each_way_to_fail() -> None:
    assert look(Zone())[0] == "permerror"
    assert look(Zone().fail(PTR, "PTR", Status.TIMEOUT))[0] == "temperror"
    assert look(Zone().add(PTR, "PTR", "mx.example.com"))[0] == "fail"
    assert look(Zone().add(PTR, "PTR", "mx.example.com").add("mx.example.com", "A", "192.0.2.2"))[0] == "fail"
    assert look(Zone().add(PTR, "PTR", "mx.example.com").fail("mx.example.com", "A"))[0] == "temperror"
    later = (
        Zone()
        .add(PTR, "PTR", "gone.example", "mx.example.com")
        .fail("gone.example", "A")
        .add("mx.example.com", "A", "192.0.2.1")
    )
    assert look(later) == ("pass", "mx.example.com")


def test_an_alias_below_the_reverse_tree() -> None:
    """RFC 2317: a CNAME leads to the zone of whoever has a part of a network."""
    zone = (
        Zone()
        .add(PTR, "CNAME", "1.0-63.2.0.192.in-addr.arpa")
        .add("1.0-63.2.0.192.in-addr.arpa", "PTR", "mx.example.com")
    )
    assert look(zone.add("mx.example.com", "A", "192.0.2.1")) == ("pass", "mx.example.com")


def test_the_record_to_publish() -> None:
    none = asyncio.run(check_reverse_dns(Subject(ip="192.0.2.1", helo="mx.example.com"), Zone()))
    assert none.outcome is Outcome.FAIL
    assert (none.mends[0].name, none.mends[0].publish) == ("1.2.0.192.in-addr.arpa", ("mx.example.com",))
    astray = Zone().add(PTR, "PTR", "mx.example.com").add("mx.example.com", "A", "192.0.2.2")
    lost = asyncio.run(check_reverse_dns(Subject(ip="192.0.2.1"), astray))
    assert (lost.mends[0].rtype, lost.mends[0].publish) == ("A", ("192.0.2.2", "192.0.2.1"))


def test_private_addresses_have_no_name_that_counts() -> None:
    for ip in ("10.0.0.1", "192.168.1.1", "127.0.0.1", "fd00::1"):
        zone = Zone()
        assert asyncio.run(check_reverse_dns(Subject(ip=ip), zone)).outcome is Outcome.UNKNOWN
        assert zone.asked == []


@pytest.mark.parametrize("name", [name for row in rows() for name in row.examples])
def test_generic_names(name: str) -> None:
    assert generic(name, IP)


@pytest.mark.parametrize("name", [name for row in rows() for name in row.counter_examples])
def test_names_that_only_look_generic(name: str) -> None:
    assert generic(name, IP) == ""


@pytest.mark.parametrize(
    "name",
    [
        "mx1.example.com",
        "mail.example.com",
        "out-7.mailer.example",
        "smtp.client-solutions.example",
        "a192.example.com",
    ],
)
def test_names_of_mail_servers_are_not_generic(name: str) -> None:
    assert generic(name, IP) == ""


def test_a_generic_name_warns() -> None:
    zone = (
        Zone().add(PTR, "PTR", "dsl-192-0-2-1.isp.example").add("dsl-192-0-2-1.isp.example", "A", "192.0.2.1")
    )
    finding = asyncio.run(check_reverse_dns(Subject(ip="192.0.2.1"), zone))
    assert finding.outcome is Outcome.WARN
    assert finding.problems[0].code == "generic-name"


def test_ten_thousand_names_are_bounded() -> None:
    zone = Zone().add(PTR, "PTR", *(f"h{n}.example.com" for n in range(10_000)))
    assert look(zone)[0] == "fail"
    assert len(zone.asked) < 20


HELOS = [
    ("mail", "no-domain", Outcome.FAIL),
    ("localhost", "localhost", Outcome.FAIL),
    ("localhost.localdomain", "localhost", Outcome.FAIL),
    ("server.local", "local-name", Outcome.FAIL),
    ("192.0.2.1", "bare-address", Outcome.FAIL),
    ("[192.0.2.1]", "literal", Outcome.PASS),
    ("[192.0.2.9]", "mismatch", Outcome.FAIL),
    ("[IPv6:2001:db8::1]", "mismatch", Outcome.FAIL),
    ("[nothing]", "syntax", Outcome.FAIL),
    ("my_host.example.com", "syntax", Outcome.FAIL),
    ("a..example.com", "syntax", Outcome.FAIL),
    ("-mx.example.com", "syntax", Outcome.FAIL),
    ("gone.example.com", "nxdomain", Outcome.FAIL),
    ("text.example.com", "no-address", Outcome.FAIL),
    ("other.example.com", "mismatch", Outcome.WARN),
    ("mx.example.com", "pass", Outcome.PASS),
    ("MX.Example.com.", "pass", Outcome.PASS),
    ("broken.example.com", "dns-fault", Outcome.UNKNOWN),
    ("", "unknown", Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("name", "result", "outcome"), HELOS)
def test_helo(name: str, result: str, outcome: Outcome) -> None:
    zone = Zone().add("mx.example.com", "A", "192.0.2.1").add("other.example.com", "A", "192.0.2.7")
    zone.add("text.example.com", "TXT", b"x").fail("broken.example.com")
    finding = asyncio.run(check_helo(Subject(helo=name, ip="192.0.2.1"), zone))
    assert (finding.result, finding.outcome) == (result, outcome)
    assert finding.says


@given(st.text(max_size=80))
def test_any_name(name: str) -> None:
    assert asyncio.run(check_helo(Subject(helo=name, ip="192.0.2.1"), Zone())).says
    generic(name, IP)
