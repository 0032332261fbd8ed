"""Where mail goes, whether domains are there, and who answers for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.checks.dns import Mx, Status
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.mx import check_mx, check_name_servers, check_recipient_domain, check_sender_domain
from bouncewise.checks.mx.domains import great_domains, nearest
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

GOOD = {"MX": [[10, "mx1.example.com"], [20, "mx2.example.com"]]}
HOSTS = {
    "mx1.example.com": {"A": ["192.0.2.1"]},
    "mx2.example.com": {"A": ["192.0.2.2"], "AAAA": ["2001:db8::2"]},
}


def mx(records: dict[str, Any], domain: str = "example.com") -> Finding:
    return asyncio.run(check_mx(Subject(domain=domain), Zone.of(records)))


def codes(finding: Finding) -> set[str]:
    return {problem.code for problem in finding.problems}


def test_hosts_with_addresses() -> None:
    finding = mx({"example.com": GOOD, **HOSTS})
    assert finding.outcome is Outcome.PASS
    assert finding.facts["hosts"] == ["mx1.example.com", "mx2.example.com"]


CASES: list[tuple[str, dict[str, Any], str, Outcome]] = [
    ("null MX", {"example.com": {"MX": [[0, "."]]}}, "null-mx", Outcome.INFO),
    ("no records", {"example.com": {"TXT": ["x"]}}, "no-mail-records", Outcome.FAIL),
    ("no such domain", {"example.net": {"A": ["192.0.2.1"]}}, "nxdomain", Outcome.FAIL),
    ("its own address", {"example.com": {"A": ["192.0.2.1"]}}, "implicit-mx", Outcome.WARN),
    ("hosts without address", {"example.com": GOOD}, "no-address", Outcome.FAIL),
    ("broken", {"example.com": {"MX": "SERVFAIL"}}, "dns-fault", Outcome.UNKNOWN),
    (
        "hosts broken",
        {"example.com": GOOD, "mx1.example.com": {"status": "TIMEOUT"}},
        "dns-fault",
        Outcome.UNKNOWN,
    ),
]


@pytest.mark.parametrize(("what", "records", "result", "outcome"), CASES, ids=[case[0] for case in CASES])
def test_how_a_domain_may_stand(what: str, records: dict[str, Any], result: str, outcome: Outcome) -> None:
    finding = mx(records)
    assert (finding.result, finding.outcome) == (result, outcome)
    assert "example.com" in finding.says


PROBLEMS: list[tuple[str, dict[str, Any]]] = [
    (
        "cname-in-mx",
        {
            "example.com": {"MX": [[1, "a.example.com"]]},
            "a.example.com": {"CNAME": ["mx1.example.com"]},
            **HOSTS,
        },
    ),
    ("null-mx-beside", {"example.com": {"MX": [[0, "."], [1, "mx1.example.com"]]}, **HOSTS}),
    ("address-in-mx", {"example.com": {"MX": [[1, "192.0.2.1"], [2, "mx1.example.com"]]}, **HOSTS}),
    ("localhost", {"example.com": {"MX": [[1, "localhost"], [2, "mx1.example.com"]]}, **HOSTS}),
    ("no-address", {"example.com": {"MX": [[1, "gone.example.com"], [2, "mx1.example.com"]]}, **HOSTS}),
    (
        "private-address",
        {"example.com": {"MX": [[1, "in.example.com"]]}, "in.example.com": {"A": ["10.0.0.1"]}},
    ),
    (
        "only-ipv6",
        {"example.com": {"MX": [[1, "six.example.com"]]}, "six.example.com": {"AAAA": ["2001:db8::1"]}},
    ),
    (
        "many-hosts",
        {
            "example.com": {"MX": [[n, f"h{n}.example.com"] for n in range(1000)]},
            "h1.example.com": {"A": ["192.0.2.1"]},
        },
    ),
]


@pytest.mark.parametrize(("code", "records"), PROBLEMS, ids=[case[0] for case in PROBLEMS])
def test_problems(code: str, records: dict[str, Any]) -> None:
    zone = Zone.of(records)
    finding = asyncio.run(check_mx(Subject(domain="example.com"), zone))
    assert code in codes(finding)
    assert len(zone.asked) < 60


def test_two_rounds_of_questions() -> None:
    zone = Zone.of({"example.com": GOOD, **HOSTS})
    asyncio.run(check_mx(Subject(domain="example.com"), zone))
    assert sorted(zone.asked) == sorted(
        [("example.com", t) for t in ("MX", "A", "AAAA")] + [(h, t) for h in HOSTS for t in ("A", "AAAA")]
    )


DOMAINS: list[tuple[dict[str, Any], str, Outcome]] = [
    ({"example.com": GOOD, **HOSTS}, "ok", Outcome.PASS),
    ({"example.com": {"A": ["192.0.2.1"]}}, "ok", Outcome.PASS),
    ({"example.com": {"MX": [[0, "."]]}}, "null-mx", Outcome.FAIL),
    ({"example.com": {"TXT": ["x"]}}, "no-mail-records", Outcome.FAIL),
    ({}, "nxdomain", Outcome.FAIL),
    ({"example.com": {"status": "SERVFAIL"}}, "dns-fault", Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("records", "result", "outcome"), DOMAINS)
def test_domains_of_senders_and_recipients(records: dict[str, Any], result: str, outcome: Outcome) -> None:
    subject = Subject(mail_from="ann@example.com", recipient_domain="example.com")
    for check in (check_sender_domain, check_recipient_domain):
        finding = asyncio.run(check(subject, Zone.of(records)))
        assert (finding.result, finding.outcome) == (result, outcome)


def test_what_is_missing_is_asked_for() -> None:
    assert asyncio.run(check_sender_domain(Subject(), Zone())).needs == ("mail-from",)
    assert asyncio.run(check_recipient_domain(Subject(), Zone())).needs == ("recipient",)


SLIPS = [("gmial.com", "gmail.com"), ("gmail.con", "gmail.com"), ("hotnail.com", "hotmail.com"), ("yaho.com", "yahoo.com"),
         ("outloook.com", "outlook.com"), ("gmail.com", ""), ("example.com", ""), ("email.example", "")]  # fmt: skip


@pytest.mark.parametrize(("given_", "meant"), SLIPS)
def test_slips_of_the_keyboard(given_: str, meant: str) -> None:
    assert nearest(given_) == meant
    if meant:
        finding = asyncio.run(check_recipient_domain(Subject(recipient_domain=given_), Zone()))
        assert f"did you mean {meant}?" in finding.says


def test_no_great_domain_is_a_slip_of_another() -> None:
    assert [domain for domain in great_domains() if nearest(domain)] == []


SERVERS: list[tuple[dict[str, Any], str, Outcome]] = [
    ({"example.com": {"NS": ["ns1.example.net"], "MX": [[1, "mx.example.com"]]}}, "ok", Outcome.PASS),
    ({"example.com": {"status": "SERVFAIL"}, "com": {"NS": ["a.gtld.example"]}}, "servfail", Outcome.FAIL),
    ({"example.com": {"status": "TIMEOUT"}, "com": {"NS": ["a.gtld.example"]}}, "timeout", Outcome.FAIL),
    ({"example.com": {"status": "SERVFAIL"}, "com": {"status": "SERVFAIL"}}, "dns-fault", Outcome.UNKNOWN),
    ({"com": {"NS": ["a.gtld.example"]}}, "nxdomain", Outcome.FAIL),
]


@pytest.mark.parametrize(("records", "result", "outcome"), SERVERS)
def test_name_servers(records: dict[str, Any], result: str, outcome: Outcome) -> None:
    finding = asyncio.run(check_name_servers(Subject(recipient_domain="example.com"), Zone.of(records)))
    assert (finding.result, finding.outcome) == (result, outcome)


@given(st.lists(st.tuples(st.integers(0, 65_535), st.text(max_size=40)), max_size=8))
def test_any_mx_records(records: list[tuple[int, str]]) -> None:
    zone = Zone().add("example.com", "MX", *(Mx(p, h) for p, h in records))
    finding = asyncio.run(check_mx(Subject(domain="example.com"), zone))
    assert finding.says


@pytest.mark.parametrize("status", [Status.SERVFAIL, Status.REFUSED, Status.MALFORMED])
def test_no_fault_of_dns_is_held_against_a_domain(status: Status) -> None:
    zone = Zone().fail("example.com", "*", status)
    for check in (check_mx, check_sender_domain):
        assert asyncio.run(check(Subject(domain="example.com"), zone)).outcome is Outcome.UNKNOWN
