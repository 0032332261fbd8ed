"""The check: outcome, word, sentence, needs, facts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bouncewise.checks.dns import Answer, Status
from bouncewise.checks.finding import Finding
from bouncewise.checks.spf.check import check_spf
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

ZONE = {
    "example.com": {"TXT": ["v=spf1 mx include:_spf.example.net -all"], "MX": [[10, "mx.example.com"]]},
    "mx.example.com": {"A": ["192.0.2.25"], "TXT": ["v=spf1 a -all"]},
    "_spf.example.net": {"TXT": ["v=spf1 ip4:198.51.100.0/24 ?all"]},
    "soft.example.com": {"TXT": ["v=spf1 ~all"]},
    "neutral.example.com": {"TXT": ["v=spf1 ?all"]},
    "open.example.com": {"TXT": ["v=spf1 +all"]},
    "none.example.com": {"A": ["192.0.2.1"]},
    "broken.example.com": {"TXT": ["v=spf1 moo"]},
    "slow.example.com": {"TXT": "TIMEOUT"},
    "unknown.example.com": {"TXT": ["v=spf1 include:slow.example.com -all"]},
}


def check(**subject: Any) -> Finding:
    return asyncio.run(check_spf(Subject(**subject), Zone.of(ZONE)))


@pytest.mark.parametrize(
    ("domain", "ip", "outcome", "result"),
    [
        ("example.com", "192.0.2.25", "pass", "pass"),
        ("example.com", "203.0.113.1", "fail", "fail"),
        ("soft.example.com", "203.0.113.1", "fail", "softfail"),
        ("neutral.example.com", "203.0.113.1", "fail", "neutral"),
        ("none.example.com", "203.0.113.1", "fail", "none"),
        ("nowhere.example.com", "203.0.113.1", "fail", "none"),
        ("broken.example.com", "203.0.113.1", "fail", "permerror"),
        ("open.example.com", "203.0.113.1", "warn", "pass"),
        ("slow.example.com", "203.0.113.1", "unknown", "temperror"),
        ("unknown.example.com", "203.0.113.1", "unknown", "temperror"),
        ("example.com", "", "pass", "record"),
        ("soft.example.com", "", "pass", "record"),
        ("neutral.example.com", "", "warn", "record"),
        ("open.example.com", "", "fail", "broken"),
        ("none.example.com", "", "fail", "none"),
        ("nowhere.example.com", "", "fail", "none"),
        ("broken.example.com", "", "fail", "broken"),
        ("slow.example.com", "", "unknown", "temperror"),
        ("unknown.example.com", "", "unknown", "temperror"),
        ("localhost", "", "fail", "none"),
        ("localhost", "192.0.2.1", "fail", "none"),
    ],
)
def test_outcomes(domain: str, ip: str, outcome: str, result: str) -> None:
    found = check(domain=domain, ip=ip)
    assert (found.check, found.outcome, found.result) == ("spf", outcome, result)
    assert found.needs == (() if ip else ("ip",))
    assert domain in found.subject
    assert domain in found.says
    assert found.facts["domain"] == domain


def test_words() -> None:
    assert check(domain="example.com", ip="203.0.113.1").says == (
        "203.0.113.1 is not allowed to send for example.com: none of 2 mechanisms matched and the record ends in -all"
    )
    assert check(domain="example.com").says == (
        "the SPF record of example.com is sound: 2 of 10 look-ups, 257 IPv4 addresses may send"
    )


@pytest.mark.parametrize(
    ("subject", "domain", "result"),
    [
        ({"mail_from": "a@example.com", "domain": "other.example.com"}, "example.com", "pass"),
        ({"mail_from": "", "helo": "mx.example.com", "domain": "example.com"}, "mx.example.com", "pass"),
        ({"domain": "Example.COM"}, "example.com", "pass"),
    ],
)
def test_identities(subject: dict[str, str], domain: str, result: str) -> None:
    found = check(ip="192.0.2.25", **subject)
    assert (found.facts["domain"], found.result) == (domain, result)


def test_facts() -> None:
    found = check(domain="example.com", ip="198.51.100.7", mail_from="a@example.com", helo="mx.example.com")
    facts = found.facts
    assert facts["mechanism"] == "ip4:198.51.100.0/24"
    assert facts["path"] == ["include:_spf.example.net"]
    assert (facts["lookups"], facts["voids"], facts["explanation"]) == (2, 0, "")
    assert facts["record"] == "v=spf1 mx include:_spf.example.net -all"
    assert (facts["helo_domain"], facts["helo_result"]) == ("mx.example.com", "fail")
    assert facts["costs"] == ["mx: 1", "include:_spf.example.net: 1"]
    assert facts["flat"] == ["mx = ip4:192.0.2.25", "include:_spf.example.net = ip4:198.51.100.0/24"]
    assert [s.what for s in found.steps][:3] == ["TXT example.com", "mx", "include:_spf.example.net"]


@pytest.mark.parametrize(
    ("subject", "needs"),
    [
        ({}, ("domain",)),
        ({"mail_from": "", "ip": "192.0.2.1"}, ("helo",)),
        ({"domain": "example.com", "ip": "nonsense"}, ("ip",)),
    ],
)
def test_what_is_missing(subject: dict[str, str], needs: tuple[str, ...]) -> None:
    found = check(**subject)
    assert (found.outcome, found.needs) == ("unknown", needs)


class _Rounds:
    """Counts how many questions have to wait for others: all that are asked at once are one round."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.rounds = 0
        self.waiting: list[asyncio.Future[None]] = []

    async def ask(self, name: str, rtype: str) -> Answer:
        loop = asyncio.get_running_loop()
        if not self.waiting:
            loop.call_later(0.001, self._answer)
        future = loop.create_future()
        self.waiting.append(future)
        await future
        return self.zone.answer(name, rtype)

    def _answer(self) -> None:
        self.rounds += 1
        held, self.waiting = self.waiting, []
        for future in held:
            future.set_result(None)


def test_questions_of_one_depth_are_asked_at_once() -> None:
    names = {f"i{n}.example.net": {"TXT": [f"v=spf1 a:h{n}.example.net -all"]} for n in range(4)}
    hosts = {f"h{n}.example.net": {"A": [f"203.0.113.{n}"]} for n in range(4)}
    text = "v=spf1 mx " + " ".join(f"include:i{n}.example.net" for n in range(4)) + " -all"
    zone = Zone.of({"example.com": {"TXT": [text], "MX": [[1, "h0.example.net"]]}, **names, **hosts})
    resolver = _Rounds(zone)
    subject = Subject(domain="example.com", ip="192.0.2.1", mail_from="a@example.com")
    found = asyncio.run(check_spf(subject, resolver))
    assert found.result == "fail"
    assert resolver.rounds <= 5  # the record, what it names, what that names, and the domain's own hosts
    assert len(zone.asked) == len(set(zone.asked))


def test_no_network() -> None:
    class Offline:
        async def ask(self, name: str, rtype: str) -> Answer:
            return Answer(name, rtype, Status.OFFLINE)

    for ip in ("", "192.0.2.1"):
        found = asyncio.run(check_spf(Subject(domain="example.com", ip=ip), Offline()))
        assert found.outcome == "unknown"
        assert "no network" in found.says
