"""The same zones and clients for bouncewise and for pyspf: the results are the same.

Where pyspf differs, and who is right by RFC 7208:

- ``redirect`` counts for pyspf when the record is read, whether it is followed or not; section 4.6.4 counts
  terms "during SPF evaluation". Bouncewise is right.
- A record that includes its own domain is a permerror for pyspf even where an earlier mechanism matches;
  section 4.6 stops for breaches of the syntax alone, and this is none. Bouncewise is right.
- A DNS fault at the PTR question, or at an address of one of its names, is a temperror for pyspf; section 5.5
  says "fails to match" and "is skipped". Bouncewise is right.
- pyspf asks for the addresses of all MX hosts before it compares, so that a fault or a void look-up behind
  the host that matches still counts; section 5.4 lets either be. Bouncewise compares in the order of the
  preferences.
- An unknown modifier that stands twice is a permerror for pyspf; section 6 says that it is ignored "no matter
  where, or how often". Bouncewise is right. ``%{c}``, ``%{r}`` and ``%{t}`` in one are within its grammar (7.1).
- ``%{p}`` is free for pyspf; section 4.6.4 counts its look-up. Bouncewise is right.
- An include of a name with one label is looked up by pyspf; section 4.3 gives "none", and the include a
  permerror, as both do where no such name exists.
- pyspf takes ``%{d0}`` for all parts and ``%{d`` for plain text; sections 7.3 and 7.1 make them errors.
  Bouncewise is right.
- A text that ends in ``%%`` is an error for pyspf; section 7.1 allows it. Bouncewise is right.
- A name of more than 253 octets loses one label for pyspf, as many as it takes by section 7.3; so does a long
  explanation, which is no name. Bouncewise is right.

The generated zones leave out faults in reverse DNS, ``%{p}``, and modifiers that stand twice; the first, second
and fourth are told below where they are met.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bouncewise.checks.dns import Mx, Status
from bouncewise.checks.spf.evaluate import evaluate
from bouncewise.checks.spf.result import SpfQuery, SpfResult
from bouncewise.testing.zone import Zone

pyspf = pytest.importorskip("spf")

NAMES = (
    "example.com",
    "a.example.com",
    "b.example.com",
    "c.example.org",
    "gone.example.net",
    "x.y.example.org",
)
CLIENTS = ("192.0.2.1", "192.0.2.200", "198.51.100.7", "2001:db8::1", "2001:db8:1::5", "::ffff:192.0.2.1")
ADDRESSES = ("192.0.2.1", "192.0.2.130", "198.51.100.7", "203.0.113.9")
ADDRESSES_6 = ("2001:db8::1", "2001:DB8:0:0::2", "2001:db8:1::5")

name = st.sampled_from(NAMES)
spec = st.one_of(
    name,
    name.map(str.upper),
    name.map(lambda n: n + "."),
    st.sampled_from(
        ["%{d}", "%{o}", "%{h}", "%{l}.%{d2}", "%{ir}.%{v}.example.org", "%{d1r}.example.com", "%{lr-}.%{o2}",
         "%{S}.example.com", "a%%b.example.com", "a%_b.example.com", "%{i}._x.%{d}", "%{l1+}.example.com"]
    ),
)  # fmt: skip
cidr = st.sampled_from(["", "", "/24", "/25", "/0", "//32", "/24//48", "//0"])
bad = st.sampled_from(
    ["ip4:192.0.2", "ip4:192.0.2.1/33", "ip6:2001:db8::/129", "a:", "include:", "exists", "all:x", "mx/", "a/33",
     "ip4:192.0.2.1//32", "moo", "include:%{x}.example.com", "a:localhost", "redirect:example.com",
     "a:example.com:80", "=all", "%", "ptr/24", "ip4:192.0.02.1", "exp=", "mx:192.0.2.1", "--all", "a:%{c}.x.org",
     "ip6:192.0.2.1", "ip4:2001:db8::1", "exists:a.b/24", "foo=%", "-", "a:b.c-", "a:b.-c", "a:b.c1", "a:b.1c"]
)  # fmt: skip
mechanism = st.one_of(
    st.sampled_from(["all", "a", "mx", "ptr", "ALL", "A", "Mx"]),
    st.tuples(st.sampled_from(["a", "mx"]), cidr).map("".join),
    st.tuples(st.sampled_from(["a:", "mx:", "A:"]), spec, cidr).map("".join),
    st.tuples(st.sampled_from(["include:", "exists:", "ptr:", "include:"]), spec).map("".join),
    st.tuples(
        st.just("ip4:"), st.sampled_from(ADDRESSES), st.sampled_from(["", "/24", "/32", "/1", "/0"])
    ).map("".join),
    st.tuples(st.just("ip6:"), st.sampled_from(ADDRESSES_6), st.sampled_from(["", "/48", "/128"])).map(
        "".join
    ),
)
directive = st.tuples(st.sampled_from(["", "", "+", "-", "~", "?"]), mechanism).map("".join)
modifier = st.one_of(
    st.tuples(st.just("redirect="), spec).map("".join), st.sampled_from(["x=y", "foo-bar.1=%{d}"])
)


@st.composite
def records(draw: st.DrawFn) -> str:
    terms = draw(st.lists(directive, max_size=6))
    if draw(st.integers(0, 9)) == 7:
        terms.insert(draw(st.integers(0, len(terms))), draw(bad))
    if draw(st.booleans()):
        terms.append(draw(st.sampled_from(["-all", "~all", "?all"])))
    if draw(st.integers(0, 2)) == 0:
        terms.append(draw(modifier))
    version = draw(st.sampled_from(["v=spf1", "v=spf1", "v=spf1", "V=SPF1", "v=spf10"]))
    return draw(st.sampled_from([" ", "  "])).join([version, *terms])


@st.composite
def hosts(draw: st.DrawFn) -> dict[str, Any]:
    held: dict[str, Any] = {}
    texts = draw(st.lists(records(), min_size=1, max_size=1))
    if draw(st.integers(0, 12)) == 9:
        texts.append(draw(records()))
    if draw(st.booleans()):
        texts.append("some other text")
    if texts:
        held["TXT"] = texts
    for rtype, values in (("A", ADDRESSES), ("AAAA", ADDRESSES_6)):
        found = draw(st.lists(st.sampled_from(values), max_size=2, unique=True))
        if found:
            held[rtype] = found
    exchanges = draw(st.lists(st.sampled_from([*NAMES, "."]), max_size=3, unique=True))
    if exchanges:
        held["MX"] = [[10 * i, host] for i, host in enumerate(exchanges)]
    for rtype in ("TXT", "A", "AAAA", "MX"):
        if draw(st.integers(0, 30)) == 23:
            held[rtype] = "TIMEOUT"
    return held


@st.composite
def zones(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    zone: dict[str, dict[str, Any]] = {}
    for each in NAMES:
        held = draw(hosts())
        if held:
            zone[each] = held
    for arpa in ("1.2.0.192.in-addr.arpa", "7.100.51.198.in-addr.arpa"):
        found = draw(st.lists(name, max_size=3, unique=True))
        if found:
            zone[arpa] = {"PTR": found}
    return zone


class _Source:
    """DNS for pyspf out of a zone."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone

    def __call__(self, name: str, qtype: str, *_: Any) -> list[tuple[tuple[str, str], Any]]:
        answer = self.zone.answer(name, qtype)
        if answer.failed:
            raise pyspf.TempError("DNS " + answer.status)
        if answer.status is not Status.OK:
            return []
        found: list[Any] = list(answer.records)
        if qtype == "TXT":
            found = [(r,) for r in found]
        elif qtype == "MX":
            found = [(r.preference, r.host) for r in found if isinstance(r, Mx)]
        return [((name, qtype), r) for r in found]


def ours(zone: Zone, query: SpfQuery) -> SpfResult:
    coroutine = evaluate(query, zone)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("the zone let somebody wait")


def theirs(zone: Zone, query: SpfQuery, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Any]:
    monkeypatch.setattr(pyspf, "DNSLookup", _Source(zone))
    asked = pyspf.query(i=query.ip, s=query.sender, h=query.helo, querytime=0)
    result, _, explanation = asked.check()
    return result, (explanation, asked)


def known(zone: dict[str, Any], mine: SpfResult, result: str, asked: Any) -> bool:
    """Whether a difference is one of those that the head of this file names."""
    problem = str(getattr(asked, "prob", ""))
    texts = " ".join(str(t).lower() for held in zone.values() for t in held.get("TXT", ()))
    if result == "permerror" and "trivial recursion" in problem:
        return True
    if result == "permerror" and "Too many DNS lookups" in problem and "redirect=" in texts:
        return True
    faults = any(v == "TIMEOUT" for held in zone.values() for v in held.values())
    if "ptr" in texts and faults and result == "temperror":
        return True
    return "mx" in texts and (
        (result == "permerror" and "Void" in problem) or (faults and result == "temperror")
    )


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=zones(), client=st.sampled_from(CLIENTS), local=st.sampled_from(["user", "strong-bad", "a.b+c", ""])
)
def test_same_result(data: dict[str, Any], client: str, local: str) -> None:
    for domain in ("example.com", "c.example.org"):
        query = SpfQuery(ip=client, sender=f"{local}@{domain}", helo="a.example.com")
        mine = ours(Zone.of(data), query)
        with pytest.MonkeyPatch.context() as patch:
            result, (_, asked) = theirs(Zone.of(data), query, patch)
        if mine.result != result and not known(data, mine, result, asked):
            raise AssertionError(
                f"{mine.result} ({mine.reason}), pyspf {result} ({getattr(asked, 'prob', '')})"
            )


@settings(max_examples=150, deadline=None)
@given(
    text=st.lists(
        st.sampled_from(
            ["%{s}", "%{l}", "%{o}", "%{d}", "%{i}", "%{v}", "%{h}", "%{c}", "%{r}", "%{S}", "%{L-}", "%{lr-+}",
             "%{d2}", "%{d1r}", "%{ir}", "%{l1}", "%{l200}", "%{sr-.}", "%%.", "%_", "%-", "a.b", " why? ", "%{H}",
             "%{x}", "%!", "% {d}"]
        ),
        max_size=6,
    ).map("".join),
    client=st.sampled_from(CLIENTS),
    local=st.sampled_from(["user", "strong-bad", "a.b+c", "jack&jill=up", "~x_y"]),
)  # fmt: skip
def test_same_explanation(text: str, client: str, local: str) -> None:
    data = {"example.com": {"TXT": ["v=spf1 -all exp=why.example.org"]}, "why.example.org": {"TXT": [text]}}
    query = SpfQuery(ip=client, sender=f"{local}@example.com", helo="mail.example.com")
    mine = ours(Zone.of(data), query)
    with pytest.MonkeyPatch.context() as patch:
        _, (explanation, _) = theirs(Zone.of(data), query, patch)
    if len(mine.explanation) > 253:  # pyspf cuts texts as if they were names
        return
    assert mine.explanation == (explanation if explanation != "SPF fail - not authorized" else "")
