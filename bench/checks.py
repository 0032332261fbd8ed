"""Times the checks against a name server on the loopback that runs in another process.

    python bench/checks.py            all parts, medians of 5
    python bench/checks.py --runs 9

Parts: 10,000 distinct questions of DNS and 10,000 replies that each ask something else (goal 2,000 a second), a full check of a domain where each answer takes 20 ms (goal
under 300 ms), and the same checks against the zone in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from bouncewise.api import default_engine
from bouncewise.checks.dns import Resolver, Status
from bouncewise.checks.question import Question, question_of
from bouncewise.checks.reply import answer_many
from bouncewise.checks.resolver.bounded import Bounded
from bouncewise.checks.resolver.cached import Cached
from bouncewise.checks.resolver.system import SystemResolver, make_resolver
from bouncewise.checks.run import Means, checks_for, run_checks
from bouncewise.checks.subject import Subject
from bouncewise.testing.dns_server import DnsServer
from bouncewise.testing.zone import Zone

QUESTIONS = 10_000
DELAY = 0.02
SUBJECT = Subject(
    domain="example.com",
    ip="192.0.2.25",
    mail_from="news@example.com",
    helo="out.example.com",
    selectors=("s1",),
)
KEY = (
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/"
    "byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)


def domain_zone() -> Zone:
    """A domain as many are: two services included, two MX hosts, all that checks look at."""
    return Zone.of(
        {
            "example.com": {
                "TXT": ["v=spf1 mx include:_spf.service.example include:_spf.other.example ~all"],
                "MX": [[10, "mx1.example.com"], [20, "mx2.example.com"]],
            },
            "_spf.service.example": {
                "TXT": ["v=spf1 include:_a.service.example include:_b.service.example ~all"]
            },
            "_a.service.example": {"TXT": ["v=spf1 ip4:198.51.100.0/24 ~all"]},
            "_b.service.example": {"TXT": ["v=spf1 ip4:203.0.113.0/24 ~all"]},
            "_spf.other.example": {"TXT": ["v=spf1 ip4:192.0.2.0/27 ~all"]},
            "mx1.example.com": {"A": ["198.51.100.1"]},
            "mx2.example.com": {"A": ["198.51.100.2"]},
            "out.example.com": {"A": ["192.0.2.25"]},
            "25.2.0.192.in-addr.arpa": {"PTR": ["out.example.com"]},
            "_dmarc.example.com": {"TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@example.com"]},
            "s1._domainkey.example.com": {"TXT": [KEY]},
            "_mta-sts.example.com": {"TXT": ["v=STSv1; id=1"]},
            "_smtp._tls.example.com": {"TXT": ["v=TLSRPTv1; rua=mailto:tls@example.com"]},
        }
    )


def questions_zone() -> Zone:
    """As many names as there are questions."""
    zone = Zone()
    for number in range(QUESTIONS):
        zone.add(f"n{number}.example.com", "A", f"192.0.2.{number % 250}")
    return zone


def _serve(make: Callable[[], Zone], delay: float, pipe: Connection) -> None:
    with DnsServer(make(), delay=delay) as server:
        pipe.send(server.address)
        pipe.recv()


@contextmanager
def served(make: Callable[[], Zone], delay: float = 0.0) -> Iterator[str]:
    """A server in another process; gives its address."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(make, delay, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join(10)


async def ask_all(address: str) -> float:
    """Seconds for all questions, asked at the same time as far as the resolver lets them."""
    resolver = make_resolver([address])
    start = time.perf_counter()
    answers = await asyncio.gather(*(resolver.ask(f"n{n}.example.com", "A") for n in range(QUESTIONS)))
    took = time.perf_counter() - start
    assert all(answer.status is Status.OK for answer in answers)
    assert isinstance(resolver, SystemResolver)
    resolver.close()
    return took


def replies() -> list[Question]:
    """As many replies that each ask something else: SPF, reverse DNS and blocklists in turns."""
    engine = default_engine()
    texts = (
        "550 5.7.1 SPF check failed: {ip} is not allowed to send for d{n}.example",
        "450 4.7.25 Client host rejected: cannot find your hostname, [{ip}]",
        "554 5.7.1 Service unavailable; Client host [{ip}] blocked using zen.spamhaus.org",
    )
    found = []
    for number in range(QUESTIONS):
        ip = f"192.0.{number // 250}.{number % 250}"
        text = texts[number % 3].format(ip=ip, n=number)
        found.append(question_of(engine.diagnose(text), Subject(ip=ip, mail_from=f"a@d{number}.example")))
    assert len(set(found)) == QUESTIONS
    return found


async def answer_replies(questions: list[Question]) -> float:
    """Seconds to answer them by the zone in memory."""
    zone = Zone().add("_spf.x.example", "TXT", b"v=spf1 ip4:198.51.100.0/24 -all")
    for number in range(QUESTIONS):
        zone.add(f"d{number}.example", "TXT", b"v=spf1 include:_spf.x.example -all")
    cached = Cached(zone, time.monotonic)
    lists = default_engine().knowledge.blocklists
    start = time.perf_counter()
    await answer_many(questions, [Means(Bounded(cached), time.time(), lists) for _ in questions])
    return time.perf_counter() - start


async def check_domain(resolver: Resolver) -> tuple[float, int]:
    """Seconds for a full check, and its questions."""
    asked: list[Any] = []
    start = time.perf_counter()
    bounded = Bounded(Cached(resolver, time.monotonic), tell=asked.append)
    means = Means(bounded, time.time(), default_engine().knowledge.blocklists)
    findings = await run_checks(checks_for(SUBJECT), SUBJECT, means)
    took = time.perf_counter() - start
    assert {finding.check: finding.outcome for finding in findings}["spf"] == "pass"
    return took, len(asked)


async def check_over_network(address: str) -> tuple[float, int]:
    """The same against a server."""
    resolver = make_resolver([address])
    told = await check_domain(resolver)
    assert isinstance(resolver, SystemResolver)
    resolver.close()
    return told


def main() -> None:
    """Print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = range(parser.parse_args().runs)
    asyncio.run(check_domain(domain_zone()))  # imports and data are loaded once
    with served(questions_zone) as address:
        rate = statistics.median(QUESTIONS / asyncio.run(ask_all(address)) for _ in runs)
    print(f"{QUESTIONS:,} distinct questions of DNS   {rate:>8,.0f} a second   (goal 2,000)")
    asked = replies()
    rate = statistics.median(QUESTIONS / asyncio.run(answer_replies(asked)) for _ in runs)
    print(f"{QUESTIONS:,} replies that each ask something else   {rate:>8,.0f} a second   (goal 2,000)")
    with served(domain_zone, DELAY) as address:
        asyncio.run(check_over_network(address))
        timed = [asyncio.run(check_over_network(address)) for _ in runs]
    took = statistics.median(seconds for seconds, _ in timed)
    print(
        f"a full check, 20 ms an answer   {took * 1000:>6.0f} ms, {timed[0][1]} questions   (goal under 300)"
    )
    inside = statistics.median(asyncio.run(check_domain(domain_zone()))[0] for _ in runs)
    print(f"the same in memory   {inside * 1000:>6.0f} ms")


if __name__ == "__main__":
    main()
