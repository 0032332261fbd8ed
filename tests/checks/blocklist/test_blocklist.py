"""Blocklists: what answers mean, whom they are asked about, and what is never a listing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.api import default_engine
from bouncewise.checks.blocklist.check import check_blocklists
from bouncewise.checks.blocklist.codes import meaning
from bouncewise.checks.blocklist.query import ListState, ask_list, health, labels_of
from bouncewise.checks.dns import Status
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.subject import Subject
from bouncewise.checks.verdict import Word, judge
from bouncewise.knowledge.model import Blocklist
from bouncewise.testing.zone import Zone

LISTS = default_engine().knowledge.blocklists
BY_ZONE = {zone: entry for entry in LISTS.values() for zone in entry.zones}


def state(zone: str, answers: list[str], subject: str = "192.0.2.1") -> ListState:
    entry = BY_ZONE.get(zone, Blocklist(id="x", operator="", name="x", zones=(zone,)))
    dns = Zone()
    if answers:
        dns.add(f"{labels_of(subject, domains=entry.kind == ('domain',))}.{zone}", "A", *answers)
    return asyncio.run(ask_list(entry, zone, subject, dns)).state


CODES = [
    ("zen.spamhaus.org", ["127.0.0.2"], ListState.LISTED),
    ("zen.spamhaus.org", ["127.0.0.10", "127.0.0.4"], ListState.LISTED),
    ("zen.spamhaus.org", [], ListState.NOT_LISTED),
    ("zen.spamhaus.org", ["127.255.255.252"], ListState.REFUSED),
    ("zen.spamhaus.org", ["127.255.255.254"], ListState.REFUSED),
    ("zen.spamhaus.org", ["127.255.255.255"], ListState.REFUSED),
    ("bl.example.org", ["127.255.255.250"], ListState.REFUSED),
    ("bl.example.org", ["127.0.0.99"], ListState.LISTED),
    ("bl.example.org", ["203.0.113.7"], ListState.BROKEN),
    ("bl.score.senderscore.com", ["127.255.255.255"], ListState.REFUSED),
    ("rep.mailspike.net", ["127.0.0.11"], ListState.LISTED),
    ("rep.mailspike.net", ["127.0.0.18"], ListState.NOT_LISTED),
    ("score.senderscore.com", ["127.0.4.90"], ListState.NOT_LISTED),
    ("list.dnswl.org", ["127.0.5.2"], ListState.NOT_LISTED),
    ("list.dnswl.org", ["127.0.0.255"], ListState.REFUSED),
]
DOMAIN_CODES = [
    ("multi.uribl.com", ["127.0.0.1"], ListState.REFUSED),
    ("multi.uribl.com", ["127.0.0.2"], ListState.LISTED),
    ("multi.uribl.com", ["127.0.0.14"], ListState.LISTED),
    ("multi.surbl.org", ["127.0.0.72"], ListState.LISTED),
    ("multi.surbl.org", ["127.0.0.1"], ListState.REFUSED),
    ("dbl.spamhaus.org", ["127.0.1.2"], ListState.LISTED),
    ("dbl.spamhaus.org", ["127.0.1.255"], ListState.REFUSED),
]


@pytest.mark.parametrize(("zone", "answers", "wanted"), CODES)
def test_answers_about_addresses(zone: str, answers: list[str], wanted: ListState) -> None:
    assert state(zone, answers) is wanted


@pytest.mark.parametrize(("zone", "answers", "wanted"), DOMAIN_CODES)
def test_answers_about_domains(zone: str, answers: list[str], wanted: ListState) -> None:
    assert state(zone, answers, "example.com") is wanted


def test_sums_of_bits_are_told_one_by_one() -> None:
    assert meaning(BY_ZONE["multi.surbl.org"], ["127.0.0.72"]).listed == ("phishing", "abuse")
    assert meaning(BY_ZONE["zen.spamhaus.org"], ["127.0.0.10", "127.0.0.4"]).listed[1].startswith("XBL")


NAMES = [
    ("192.0.2.99", "99.2.0.192"),
    ("2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2"),
    ("::ffff:127.0.0.2", "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"),
    ("Mail.Example.COM.", "mail.example.com"),
]


@pytest.mark.parametrize(("subject", "labels"), NAMES)
def test_names(subject: str, labels: str) -> None:
    assert labels_of(subject) == labels


@given(st.sampled_from(sorted(LISTS)), st.integers(0, 255))
def test_the_range_of_refusals_is_no_listing_on_any_list(identity: str, last: int) -> None:
    assert meaning(LISTS[identity], [f"127.255.255.{last}"]).listed == ()


@given(
    st.sampled_from(sorted(LISTS)), st.lists(st.ip_addresses(v=4).map(str) | st.text(max_size=12), max_size=5)
)
def test_any_answers(identity: str, answers: list[str]) -> None:
    meaning(LISTS[identity], answers)


def _check(zone: Zone, subject: Subject | None = None, **more: Any) -> tuple[Finding, ...]:
    return asyncio.run(check_blocklists(subject or Subject(ip="192.0.2.1"), zone, LISTS, **more))


def test_a_listing_by_a_list_that_receivers_heed_fails() -> None:
    zone = (
        Zone()
        .add("1.2.0.192.zen.spamhaus.org", "A", "127.0.0.10")
        .add("1.2.0.192.zen.spamhaus.org", "TXT", b"why")
    )
    (finding,) = _check(zone)
    assert finding.outcome is Outcome.FAIL
    assert finding.facts["listed"] == ["zen.spamhaus.org"]
    assert "PBL" in finding.says
    assert finding.links == ("https://check.spamhaus.org/results/?query=192.0.2.1",)
    assert finding.steps[0].said.endswith("“why”")


def test_a_listing_elsewhere_warns() -> None:
    (finding,) = _check(Zone().add("1.2.0.192.dnsbl-3.uceprotect.net", "A", "127.0.0.2"))
    assert finding.outcome is Outcome.WARN
    (named,) = _check(
        Zone().add("1.2.0.192.dnsbl-3.uceprotect.net", "A", "127.0.0.2"), zones=("dnsbl-3.uceprotect.net",)
    )
    assert named.outcome is Outcome.FAIL


def test_a_list_that_lists_everything_lists_nobody() -> None:
    (finding,) = _check(Zone().add("*.bl.example.org", "A", "127.0.0.2"), zones=("bl.example.org",))
    assert finding.outcome is Outcome.UNKNOWN
    assert "everything" in finding.steps[0].result


def test_a_named_list_that_refuses_can_not_tell() -> None:
    zone = Zone().add("1.2.0.192.zen.spamhaus.org", "A", "127.255.255.254")
    (finding,) = _check(zone, zones=("zen.spamhaus.org",))
    assert (finding.outcome, finding.result) == (Outcome.UNKNOWN, "refused")
    assert "resolver" in finding.says


@pytest.mark.parametrize("fault", [Status.SERVFAIL, Status.TIMEOUT, Status.REFUSED])
def test_faults(fault: Status) -> None:
    (finding,) = _check(Zone().fail("1.2.0.192.bl.spamcop.net", "A", fault), zones=("bl.spamcop.net",))
    assert finding.outcome is Outcome.UNKNOWN


def test_retired_and_private_lists_are_not_asked() -> None:
    zone = Zone()
    (sorbs,) = _check(zone, zones=("dnsbl.sorbs.net",))
    assert (sorbs.result, zone.asked) == ("retired", [])
    assert "out of date" in sorbs.says


@pytest.mark.parametrize("named", ["combined.mail.abusix.zone", "proofpoint-pdr", "cloudmark-csi"])
def test_for_a_list_that_nobody_can_ask_public_ones_give_a_hint(named: str) -> None:
    zone = Zone().add("1.2.0.192.zen.spamhaus.org", "A", "127.0.0.2")
    private, public = _check(zone, zones=(named,))
    assert (private.outcome, private.result) == (Outcome.UNKNOWN, "private")
    assert (public.outcome, public.facts["listed"]) == (Outcome.WARN, ["zen.spamhaus.org"])
    assert not any(named in name for name, _ in zone.asked)
    verdict = judge("ip-blocklisted", None, (private, public))
    assert verdict.word is Word.CANNOT_TELL
    assert "private" in verdict.says


def test_private_addresses_are_not_asked() -> None:
    zone = Zone()
    (finding,) = _check(zone, Subject(ip="10.1.2.3"))
    assert (finding.outcome, zone.asked) == (Outcome.UNKNOWN, [])


def test_ipv6_is_asked_of_lists_that_take_it() -> None:
    zone = Zone()
    _check(zone, Subject(ip="2001:db8::1"))
    asked = {name.partition("2.")[2] for name, _ in zone.asked}
    assert any("zen.spamhaus.org" in name for name, _ in zone.asked)
    assert not any("barracuda" in name for name, _ in zone.asked), asked


def test_domains_are_asked_of_lists_of_domains() -> None:
    zone = Zone().add("example.com.dbl.spamhaus.org", "A", "127.0.1.2")
    found = _check(zone, Subject(domain="example.com"))
    assert [finding.subject for finding in found] == ["example.com"]
    assert found[0].outcome is Outcome.FAIL
    both = _check(zone, Subject(domain="example.com", ip="192.0.2.1"))
    assert [finding.subject for finding in both] == ["192.0.2.1", "example.com"]


def test_health() -> None:
    entry = BY_ZONE["zen.spamhaus.org"]
    good = Zone().add("2.0.0.127.zen.spamhaus.org", "A", "127.0.0.2")
    assert asyncio.run(health(entry, "zen.spamhaus.org", good, domains=False)).state is ListState.LISTED
    assert asyncio.run(health(entry, "zen.spamhaus.org", Zone(), domains=False)).state is ListState.DEAD
    words = Zone().add("test.dbl.example", "A", "127.0.1.2").add("invalid.dbl.example", "A", "127.0.1.2")
    assert asyncio.run(health(entry, "dbl.example", words, domains=True)).state is ListState.BROKEN


def test_nothing_to_ask_says_what_is_missing() -> None:
    (finding,) = _check(Zone(), Subject())
    assert finding.needs == ("ip",)


def test_the_data_is_sound() -> None:
    """Codes lie in 127.0.0.0/8, none stands twice, bits are bits."""
    for entry in LISTS.values():
        spans = []
        for code in (*entry.codes, *entry.good, *entry.errors):
            first, _, last = code.partition("-")
            assert first.startswith("127."), entry.id
            spans.append((tuple(map(int, first.split("."))), tuple(map(int, (last or first).split(".")))))
        for a in spans:
            assert sum(b[0] <= a[1] and a[0] <= b[1] for b in spans) == 1, (entry.id, a)
        assert all(int(bit) in {1, 2, 4, 8, 16, 32, 64, 128} for bit in (*entry.bits, *entry.error_bits)), (
            entry.id
        )
