"""The resolvers: the real one end to end over the loopback, the cache, the limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.checks.dns import Answer, Mx, Status, Tlsa
from bouncewise.checks.resolver import wire
from bouncewise.checks.resolver.bounded import Bounded
from bouncewise.checks.resolver.cached import Cached
from bouncewise.checks.resolver.servers import ResolverError, parse_server
from bouncewise.checks.resolver.system import SystemResolver, make_resolver, offline
from bouncewise.testing.dns_server import Behaviour, DnsServer
from bouncewise.testing.zone import Zone

ZONE = {
    "example.com": {
        "TXT": ["v=spf1 -all"],
        "MX": [[10, "mx.example.com"], [0, "."]],
        "NS": ["ns.example.com"],
    },
    "mx.example.com": {"A": ["192.0.2.1"], "AAAA": ["2001:db8::1"]},
    "www.example.com": {"CNAME": ["mx.example.com"]},
    "loop.example.com": {"CNAME": ["loop.example.com"]},
    "long.example.com": {"TXT": ["x" * 60_000]},
    "many.example.com": {"A": [f"192.0.2.{n}" for n in range(200)]},
    "1.2.0.192.in-addr.arpa": {"PTR": ["mx.example.com"]},
    "_25._tcp.mx.example.com": {"TLSA": [[3, 1, 1, "ab" * 32]]},
    "broken.example.com": {"status": "SERVFAIL"},
    "closed.example.com": {"status": "REFUSED"},
}


def asked(questions: list[tuple[str, str]], server: DnsServer, **more: object) -> list[Answer]:
    async def work() -> list[Answer]:
        resolver = make_resolver([server.address], timeout=0.5, tries=1)
        try:
            return await asyncio.gather(*(resolver.ask(*question) for question in questions))
        finally:
            assert isinstance(resolver, SystemResolver)
            resolver.close()

    return asyncio.run(work())


@pytest.fixture(scope="module")
def server() -> object:
    with DnsServer(Zone.of(ZONE)) as running:
        yield running


CASES = [
    ("example.com", "TXT", Status.OK, (b"v=spf1 -all",)),
    ("EXAMPLE.com", "MX", Status.OK, (Mx(10, "mx.example.com"), Mx(0, ""))),
    ("mx.example.com", "A", Status.OK, ("192.0.2.1",)),
    ("mx.example.com", "AAAA", Status.OK, ("2001:db8::1",)),
    ("www.example.com", "A", Status.OK, ("192.0.2.1",)),
    ("example.com", "NS", Status.OK, ("ns.example.com",)),
    ("1.2.0.192.in-addr.arpa", "PTR", Status.OK, ("mx.example.com",)),
    ("_25._tcp.mx.example.com", "TLSA", Status.OK, (Tlsa(3, 1, 1, "ab" * 32),)),
    ("long.example.com", "TXT", Status.OK, (b"x" * 60_000,)),
    ("mx.example.com", "TXT", Status.NODATA, ()),
    ("no.example.com", "A", Status.NXDOMAIN, ()),
    ("broken.example.com", "A", Status.SERVFAIL, ()),
    ("closed.example.com", "A", Status.REFUSED, ()),
    ("loop.example.com", "A", Status.SERVFAIL, ()),
]


def test_every_status_end_to_end(server: DnsServer) -> None:
    answers = asked([(name, rtype) for name, rtype, _, _ in CASES], server)
    for (name, _, status, records), answer in zip(CASES, answers, strict=True):
        assert (answer.name, answer.status) == (name, status), answer.detail
        assert set(answer.records) == set(records)


def test_long_answers_come_over_tcp(server: DnsServer) -> None:
    (answer,) = asked([("many.example.com", "A")], server)
    assert len(answer.hosts) == 200


def test_aliases_are_told(server: DnsServer) -> None:
    (answer,) = asked([("www.example.com", "A")], server)
    assert answer.aliases == ("mx.example.com",)


BAD = [Behaviour.SILENT, Behaviour.GARBAGE, Behaviour.HALF, Behaviour.WRONG_ID, Behaviour.WRONG_QUESTION,
       Behaviour.OTHER_NAME, Behaviour.LOOP, Behaviour.TRUNCATED]  # fmt: skip


@pytest.mark.parametrize("behaviour", BAD)
def test_a_server_that_misbehaves_is_not_believed(behaviour: Behaviour) -> None:
    with DnsServer(Zone.of(ZONE), behaviours={"mx.example.com": behaviour}) as running:
        good, answer = asked([("example.com", "TXT"), ("mx.example.com", "A")], running)
    assert good.status is Status.OK
    if behaviour is Behaviour.TRUNCATED:
        assert answer.hosts == ("192.0.2.1",)  # TCP has it all
    else:
        assert answer.hosts == ()
        assert answer.status in (
            Status.TIMEOUT,
            Status.MALFORMED,
            Status.SERVFAIL,
            Status.NODATA,
            Status.OFFLINE,
        )


def test_no_server_at_all_is_found_out_once() -> None:
    async def work() -> list[Answer]:
        resolver = make_resolver(["127.0.0.1:1"], timeout=0.2, tries=1)
        first = await resolver.ask("example.com", "A")
        answers = [first, *[await resolver.ask(f"h{n}.example.com", "A") for n in range(200)]]
        assert isinstance(resolver, SystemResolver)
        resolver.close()
        return answers

    answers = asyncio.run(work())
    assert {answer.status for answer in answers} == {Status.OFFLINE}
    assert answers[0].detail


def _doubted(zone: Zone) -> Answer:
    """What a resolver of the system's own servers makes of a name that is denied."""

    async def work(address: str) -> Answer:
        resolver = SystemResolver([parse_server(address)], timeout=0.5, tries=1, doubted=True)
        answers = await asyncio.gather(*(resolver.ask(f"n{n}.example.com", "A") for n in range(5)))
        resolver.close()
        assert len({answer.status for answer in answers}) == 1
        return answers[0]

    with DnsServer(zone) as running:
        return asyncio.run(work(running.address))


def test_a_closed_network_that_denies_every_name_is_no_network() -> None:
    closed = _doubted(Zone())
    assert closed.status is Status.OFFLINE
    assert "root" in closed.detail
    assert _doubted(Zone().add("", "NS", "a.root.example")).status is Status.NXDOMAIN


def test_offline_asks_nobody() -> None:
    assert asyncio.run(offline().ask("example.com", "A")).status is Status.OFFLINE


SERVERS = [
    ("192.0.2.53", ("udp", "192.0.2.53", 53, "")),
    ("127.0.0.1:5353", ("udp", "127.0.0.1", 5353, "")),
    ("2001:db8::53", ("udp", "2001:db8::53", 53, "")),
    ("[2001:db8::53]:5353", ("udp", "2001:db8::53", 5353, "")),
    ("tls://192.0.2.53", ("tls", "192.0.2.53", 853, "")),
    ("tls://dns.example@192.0.2.53:8853", ("tls", "192.0.2.53", 8853, "dns.example")),
    ("https://dns.example/dns-query", ("https", "", 443, "")),
]


@pytest.mark.parametrize(("text", "parts"), SERVERS)
def test_servers_as_people_write_them(text: str, parts: tuple[object, ...]) -> None:
    server = parse_server(text)
    assert (server.how, server.address, server.port, server.name) == parts


@pytest.mark.parametrize(
    "text", ["", "dns.example", "192.0.2.300", "127.0.0.1:99999", "tls://", "https://", "udp://x"]
)
def test_servers_that_are_none(text: str) -> None:
    with pytest.raises(ResolverError, match="--resolver"):
        parse_server(text)


class Counting:
    """Answers with what it is told, and counts."""

    def __init__(self, give: Callable[[str], Answer | Awaitable[Answer]]) -> None:
        self.count = 0
        self._give = give

    async def ask(self, name: str, rtype: str) -> Answer:
        self.count += 1
        given = self._give(name)
        return given if isinstance(given, Answer) else await given


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


LIVES = [
    (Status.OK, 60, 59, 61),
    (Status.OK, 10**6, 3599, 3601),
    (Status.NXDOMAIN, 4000, 299, 301),
    (Status.SERVFAIL, 60, 4, 6),
]


@pytest.mark.parametrize(("status", "ttl", "kept", "gone"), LIVES)
def test_answers_are_kept_for_their_time(status: Status, ttl: int, kept: float, gone: float) -> None:
    clock = Clock()
    inner = Counting(lambda name: Answer(name, "A", status, ttl=ttl))
    cached = Cached(inner, clock)

    async def work() -> None:
        for moment, count in ((0, 1), (kept, 1), (gone, 2)):
            clock.now = moment
            await cached.ask("Example.com", "A")
            assert inner.count == count

    asyncio.run(work())


def test_equal_questions_under_way_are_asked_once_and_outlive_who_gave_up() -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def slow(name: str) -> Answer:
            await gate.wait()
            return Answer(name, "A", Status.OK, ("192.0.2.1",), 60)

        inner = Counting(slow)
        cached = Cached(inner, Clock())
        first, second = (asyncio.create_task(cached.ask("example.com", "A")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert (await second).hosts == ("192.0.2.1",)
        assert inner.count == 1

    asyncio.run(work())


def test_the_cache_is_bounded() -> None:
    async def work() -> int:
        inner = Counting(lambda name: Answer(name, "A", Status.OK, ttl=60))
        cached = Cached(inner, Clock(), size=10)
        for n in range(100):
            await cached.ask(f"h{n}.example.com", "A")
        await cached.ask("h99.example.com", "A")
        await cached.ask("h0.example.com", "A")
        return inner.count

    assert asyncio.run(work()) == 101


def test_limits_of_questions_and_time() -> None:
    async def work() -> None:
        inner = Counting(lambda name: Answer(name, "A", Status.OK))
        bounded = Bounded(inner, questions=3)
        answers = [await bounded.ask(f"h{n}.example.com", "A") for n in range(5)]
        assert [answer.status for answer in answers] == [Status.OK] * 3 + [Status.LIMIT] * 2
        never = Bounded(
            Counting(lambda _: asyncio.Event().wait()), until=asyncio.get_running_loop().time() + 0.02
        )  # type: ignore[arg-type,return-value]
        assert (await never.ask("example.com", "A")).status is Status.TIMEOUT

    asyncio.run(work())


def test_a_fault_of_the_resolver_is_an_answer() -> None:
    def fault(_: str) -> Answer:
        raise RuntimeError("broken")

    answer = asyncio.run(Bounded(Counting(fault)).ask("example.com", "A"))
    assert (answer.status, "broken" in answer.detail) == (Status.SERVFAIL, True)


@pytest.mark.parametrize("name", ["a" * 64 + ".com", ".".join(["a" * 60] * 5), "a..b", "é.com"])
def test_names_that_can_not_be_asked(name: str) -> None:
    inner = Counting(lambda name: Answer(name, "A", Status.OK))
    assert asyncio.run(Bounded(inner).ask(name, "A")).status is Status.MALFORMED
    assert inner.count == 0


@given(st.binary(max_size=300))
def test_any_octets_as_an_answer(octets: bytes) -> None:
    query = wire.make_query("example.com", "TXT")
    for data in (octets, query.to_wire()[:12] + octets, query.to_wire() + octets):
        try:
            message = wire.read(data)
        except wire.MessageError:
            continue
        assert isinstance(wire.answer_of("example.com", "TXT", message), Answer)


def test_an_answer_must_fit_its_question() -> None:
    query = wire.make_query("example.com", "A")
    reply = dns.message.make_response(query)
    assert wire.is_answer_to(reply, query)
    reply.id = (reply.id + 1) % 65536
    assert not wire.is_answer_to(reply, query)
    other = dns.message.make_response(wire.make_query("example.net", "A"))
    other.id = query.id
    assert not wire.is_answer_to(other, query)


def test_names_with_odd_characters_are_asked_as_they_are() -> None:
    name = wire.name_of('a\\.b"c.example.com')
    assert name.labels[0] == b"a\\"
