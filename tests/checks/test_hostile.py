"""Every check against DNS that is broken, lying, endless or made to harm: bounded questions, a clear outcome."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bouncewise.api import default_engine
from bouncewise.checks.dns import FAULTS, Answer, Mx, Resolver, Status, Tlsa
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.resolver.bounded import QUESTIONS, Bounded
from bouncewise.checks.run import NAMES, Means, run_checks
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

LISTS = default_engine().knowledge.blocklists
MESSAGE = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; h=from; bh=AAAA; b=AAAA\r\n"
    b"From: ann@example.com\r\nSubject: x\r\n\r\nhello\r\n"
)
SUBJECT = Subject(
    domain="example.com",
    ip="192.0.2.1",
    mail_from="ann@example.com",
    helo="mx.example.com",
    recipient_domain="example.net",
    message=MESSAGE,
)


def run(resolver: Resolver, subject: Subject = SUBJECT, deadline: float = 10.0) -> tuple[Finding, ...]:
    async def work() -> tuple[Finding, ...]:
        until = asyncio.get_running_loop().time() + deadline
        bounded = Bounded(resolver, until=until)
        return await run_checks(NAMES, subject, Means(bounded, 1_795_000_000.0, LISTS, None, deadline))

    return asyncio.run(work())


class Everything:
    """A zone that answers every question with records of its type."""

    def __init__(self, text: bytes) -> None:
        self.count = 0
        self._text = text

    async def ask(self, name: str, rtype: str) -> Answer:
        self.count += 1
        records = {
            "TXT": (self._text,),
            "A": ("127.0.0.2",),
            "AAAA": ("::1",),
            "MX": (Mx(1, "mx.example.com"),),
            "PTR": ("ptr.example.com",),
            "NS": ("ns.example.com",),
            "TLSA": (Tlsa(3, 1, 1, "ab"),),
        }
        return Answer(name, rtype, Status.OK, records.get(rtype, ("x",)), 60)


LONG = "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 50
TEXTS = [
    b"v=spf1 include:example.com -all",
    b"v=spf1 include:%{d}.x redirect=%{d}.y",
    b"v=spf1 " + b"include:a.example " * 9000,
    b"v=spf1 exists:%{i}.%{ir}.%{v}.%{l}.%{d4r}.%{h}." + b"x" * 300,
    b"v=spf1 exp=example.com -all",
    b"v=DMARC1; p=reject; rua=" + b"mailto:a@b.example," * 4000,
    b"v=DKIM1; p=" + b"A" * 65_000,
    b"v=DKIM1; k=rsa; p=MIIB",
    b"v=STSv1; id=1",
    b"v=BIMI1; l=",
    b"\x00\xff" * 30_000,
    b"",
    b";" * 64_000,
    b"v=spf1 mx ptr a:" + LONG.encode() + b" ~all",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:20].decode("latin-1"))
def test_a_zone_that_answers_everything(text: bytes) -> None:
    dns = Everything(text)
    findings = run(dns)
    assert {finding.check for finding in findings} == set(NAMES)
    assert dns.count <= QUESTIONS
    assert all(finding.says and finding.result != "fault" for finding in findings), [
        f.says for f in findings if f.result == "fault"
    ]


@pytest.mark.parametrize("status", sorted(FAULTS))
def test_a_zone_that_only_fails(status: Status) -> None:
    class Failing:
        async def ask(self, name: str, rtype: str) -> Answer:
            return Answer(name, rtype, status, detail="no")

    for finding in run(Failing()):
        if finding.check == "requirements":
            continue  # some of them rest on the message
        assert finding.outcome in (Outcome.UNKNOWN, Outcome.INFO), (finding.check, finding.says)
        assert not finding.mends
        assert finding.result != "fault", finding.says


def test_a_server_that_is_silent_ends_in_time() -> None:
    class Silent:
        async def ask(self, name: str, rtype: str) -> Answer:
            await asyncio.Event().wait()
            raise AssertionError

    findings = run(Silent(), deadline=0.05)
    assert {finding.check for finding in findings} == set(NAMES)
    for finding in findings:
        wanted = (Outcome.UNKNOWN, Outcome.INFO)
        assert finding.outcome in wanted or finding.check == "requirements", (finding.check, finding.says)


def test_a_resolver_that_breaks_harms_no_other_check() -> None:
    class Broken:
        async def ask(self, name: str, rtype: str) -> Answer:
            if rtype == "MX":
                raise RuntimeError("broken")
            return Answer(name, rtype, Status.NXDOMAIN)

    findings = run(Broken())
    assert {finding.check for finding in findings} == set(NAMES)


def _random_answer(chance: random.Random, name: str, rtype: str) -> Answer:
    if chance.random() < 0.2:
        return Answer(name, rtype, chance.choice(sorted(Status)))
    text = chance.choice([*TEXTS[:4], *TEXTS[7:]])
    cut = text[: chance.randrange(len(text) + 1)]
    host = chance.choice(["mx.example.com", "example.com", LONG, "", "x..y", "192.0.2.1", "é.example"])
    by_type = {
        "TXT": cut,
        "MX": Mx(chance.randrange(70_000), host),
        "TLSA": Tlsa(chance.randrange(9), 1, 1, "zz"),
        "A": chance.choice(["192.0.2.1", "127.255.255.254", "not an address", "10.0.0.1"]),
        "AAAA": "2001:db8::1",
    }
    return Answer(name, rtype, Status.OK, (by_type.get(rtype, host),) * chance.choice([1, 2, 30]), 60)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_answers(seed: int) -> None:
    chance = random.Random(seed)

    class Random:
        async def ask(self, name: str, rtype: str) -> Answer:
            return _random_answer(chance, name, rtype)

    for finding in run(Random()):
        assert finding.result != "fault", finding.says


ODD = [
    Subject(),
    Subject(domain=LONG),
    Subject(domain="example.com", mail_from="", helo="["),
    Subject(domain="example.com", mail_from="@" * 300, helo="\x1b[31m", selectors=("..", "x" * 300, "\n")),
    Subject(domain="example.com", message=b"\xff" * 10_000),
    Subject(ip="192.0.2.1", zones=("..", "x" * 300, "zen.spamhaus.org"), listed=("\0", "a.example")),
]


@pytest.mark.parametrize("subject", ODD)
def test_odd_subjects(subject: Subject) -> None:
    for finding in run(Zone(), subject):
        assert finding.result != "fault", (finding.check, finding.says)
