"""``check_host`` as RFC 7208 says, case by case."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bouncewise.checks.names import DomainNameError
from bouncewise.checks.spf.evaluate import evaluate
from bouncewise.checks.spf.result import SpfQuery, SpfResult
from bouncewise.testing.zone import Zone

# the setup of RFC 7208 appendix A, and more
ZONE: dict[str, Any] = {
    "example.com": {
        "MX": [[10, "mail-a.example.com"], [20, "mail-b.example.com"]],
        "A": ["192.0.2.10", "192.0.2.11"],
    },
    "amy.example.com": {"A": ["192.0.2.65"]},
    "bob.example.com": {"A": ["192.0.2.66"]},
    "mail-a.example.com": {"A": ["192.0.2.129"], "AAAA": ["2001:db8::129"]},
    "mail-b.example.com": {"A": ["192.0.2.130"]},
    "www.example.com": {"CNAME": ["example.com"]},
    "example.org": {"MX": [[10, "mail-c.example.org"]]},
    "mail-c.example.org": {"A": ["192.0.2.140"]},
    "10.2.0.192.in-addr.arpa": {"PTR": ["example.com"]},
    "65.2.0.192.in-addr.arpa": {"PTR": ["amy.example.com"]},
    "140.2.0.192.in-addr.arpa": {"PTR": ["mail-c.example.org"]},
    "4.0.0.10.in-addr.arpa": {"PTR": ["bob.example.com"]},
    "9.2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": {
        "PTR": ["mail-a.example.com"]
    },
    "ok.example.net": {"TXT": ["v=spf1 ip4:192.0.2.1 -all"]},
    "soft.example.net": {"TXT": ["v=spf1 ip4:192.0.2.2 ~all"]},
    "open.example.net": {"TXT": ["v=spf1 +all"]},
    "bare.example.net": {"TXT": ["v=spf1"]},
    "plain.example.net": {"TXT": ["no record"]},
    "two.example.net": {"TXT": ["v=spf1 -all", "v=spf1 +all"]},
    "broken.example.net": {"TXT": ["v=spf1 moo -all"]},
    "slow.example.net": {"TXT": "TIMEOUT", "A": "TIMEOUT", "MX": "SERVFAIL"},
    "latin.example.net": {"TXT": [b"v=spf1 a:\xe9.example.net -all"]},
    "why.example.net": {"TXT": ["%{i} is not one of %{d}'s servers."]},
    "whys.example.net": {"TXT": ["one", "two"]},
    "latinwhy.example.net": {"TXT": [b"\xe9"]},
    "brokenwhy.example.net": {"TXT": ["%{z}"]},
    "exp.example.net": {"TXT": ["v=spf1 -all exp=why.example.net"]},
    "nullmx.example.net": {"MX": [[0, ""]]},
    "x.y.example.net": {"A": ["127.0.0.2"]},
    "user.x.example.net": {"A": ["127.0.0.2"]},
    "v6only.example.net": {"AAAA": ["2001:db8::5"]},
}

CASES = [
    # record, client, result (RFC 7208 appendix A.1)
    ("v=spf1 +all", "203.0.113.1", "pass"),
    ("v=spf1 a -all", "192.0.2.10", "pass"),
    ("v=spf1 a -all", "192.0.2.11", "pass"),
    ("v=spf1 a -all", "192.0.2.12", "fail"),
    ("v=spf1 a:example.org -all", "192.0.2.10", "fail"),
    ("v=spf1 mx -all", "192.0.2.129", "pass"),
    ("v=spf1 mx -all", "192.0.2.130", "pass"),
    ("v=spf1 mx -all", "2001:db8::129", "pass"),
    ("v=spf1 mx:example.org -all", "192.0.2.140", "pass"),
    ("v=spf1 mx mx:example.org -all", "192.0.2.140", "pass"),
    ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", "pass"),
    ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143", "pass"),
    ("v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.144", "fail"),
    ("v=spf1 ptr -all", "192.0.2.65", "pass"),
    ("v=spf1 ptr -all", "192.0.2.140", "fail"),
    ("v=spf1 ptr -all", "10.0.0.4", "fail"),
    ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.65", "fail"),
    ("v=spf1 ip4:192.0.2.128/28 -all", "192.0.2.129", "pass"),
    # qualifiers and the default
    ("v=spf1 -ip4:192.0.2.1 +all", "192.0.2.1", "fail"),
    ("v=spf1 ~ip4:192.0.2.1 +all", "192.0.2.1", "softfail"),
    ("v=spf1 ?ip4:192.0.2.1 +all", "192.0.2.1", "neutral"),
    ("v=spf1 ip4:192.0.2.1", "192.0.2.2", "neutral"),
    ("v=spf1", "192.0.2.1", "neutral"),
    ("v=spf1 ip4:192.0.2.0/24 -ip4:192.0.2.1 -all", "192.0.2.1", "pass"),
    ("v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/24 -all", "192.0.2.1", "fail"),
    ("v=spf1 ip6:2001:db8::/32 -ip4:192.0.2.0/25 ip4:192.0.2.0/24 ?all", "192.0.2.200", "pass"),
    # addresses
    ("v=spf1 ip4:192.0.2.1 -all", "::ffff:192.0.2.1", "pass"),
    ("v=spf1 ip6:::ffff:192.0.2.1 -all", "::ffff:192.0.2.1", "fail"),
    ("v=spf1 ip6:::/0 -all", "192.0.2.1", "fail"),
    ("v=spf1 ip4:0.0.0.0/0 -all", "2001:db8::1", "fail"),
    ("v=spf1 ip6:2001:DB8::/32 -all", "2001:db8:ffff::1", "pass"),
    ("v=spf1 ip6:2001:db8::1 -all", "2001:db8::2", "fail"),
    ("v=spf1 a//0 -all", "192.0.2.1", "fail"),
    ("v=spf1 a:v6only.example.net//64 -all", "2001:db8::9", "pass"),
    ("v=spf1 a:v6only.example.net/0 -all", "2001:db8::9", "fail"),
    ("v=spf1 a:www.example.com -all", "192.0.2.10", "pass"),
    # include and redirect
    ("v=spf1 include:ok.example.net ~all", "192.0.2.1", "pass"),
    ("v=spf1 include:ok.example.net ~all", "192.0.2.9", "softfail"),
    ("v=spf1 -include:ok.example.net +all", "192.0.2.1", "fail"),
    ("v=spf1 include:soft.example.net ?all", "192.0.2.9", "neutral"),
    ("v=spf1 include:bare.example.net -all", "192.0.2.9", "fail"),
    ("v=spf1 include:plain.example.net -all", "192.0.2.9", "permerror"),
    ("v=spf1 include:nowhere.example.net -all", "192.0.2.9", "permerror"),
    ("v=spf1 include:two.example.net -all", "192.0.2.9", "permerror"),
    ("v=spf1 include:broken.example.net -all", "192.0.2.9", "permerror"),
    ("v=spf1 include:slow.example.net -all", "192.0.2.9", "temperror"),
    ("v=spf1 ip4:192.0.2.9 include:broken.example.net -all", "192.0.2.9", "pass"),
    ("v=spf1 include:%{h} -all", "192.0.2.9", "permerror"),  # the HELO name has one label
    ("v=spf1 redirect=ok.example.net", "192.0.2.1", "pass"),
    ("v=spf1 redirect=ok.example.net", "192.0.2.9", "fail"),
    ("v=spf1 redirect=ok.example.net ?all", "192.0.2.9", "neutral"),
    ("v=spf1 ?all redirect=ok.example.net", "192.0.2.9", "neutral"),
    ("v=spf1 redirect=ok.example.net ip4:192.0.2.9", "192.0.2.9", "pass"),
    ("v=spf1 redirect=plain.example.net", "192.0.2.9", "permerror"),
    ("v=spf1 redirect=nowhere.example.net", "192.0.2.9", "permerror"),
    ("v=spf1 redirect=slow.example.net", "192.0.2.9", "temperror"),
    ("v=spf1 redirect=bare.example.net", "192.0.2.9", "neutral"),
    # faults of DNS
    ("v=spf1 a:slow.example.net -all", "192.0.2.9", "temperror"),
    ("v=spf1 mx:slow.example.net -all", "192.0.2.9", "temperror"),
    ("v=spf1 exists:slow.example.net -all", "192.0.2.9", "temperror"),
    ("v=spf1 ip4:192.0.2.9 a:slow.example.net -all", "192.0.2.9", "pass"),
    # names that can't be asked for match nothing
    ("v=spf1 a:a..example.com -all", "192.0.2.9", "fail"),
    (f"v=spf1 a:{'a' * 64}.example.com -all", "192.0.2.9", "fail"),
    ("v=spf1 mx:a..example.com -all", "192.0.2.9", "fail"),
    # mx
    ("v=spf1 mx:nullmx.example.net -all", "192.0.2.9", "fail"),
    ("v=spf1 mx:amy.example.com -all", "192.0.2.65", "fail"),
    # exists
    ("v=spf1 exists:x.y.example.net -all", "192.0.2.9", "pass"),
    ("v=spf1 exists:x.y.example.net -all", "2001:db8::9", "pass"),
    ("v=spf1 exists:v6only.example.net -all", "2001:db8::5", "fail"),
    ("v=spf1 exists:%{l}.x.example.net -all", "192.0.2.9", "pass"),
    # ptr
    ("v=spf1 ptr:example.org -all", "192.0.2.140", "pass"),
    ("v=spf1 ptr:ample.org -all", "192.0.2.140", "fail"),
    ("v=spf1 ptr:EXAMPLE.com -all", "2001:db8::129", "pass"),
    ("v=spf1 exists:%{p}.nowhere.example.net ?all", "192.0.2.140", "neutral"),
    # several reasons
    ("v=spf1 ip4:192.0.2.9 -all moo", "192.0.2.9", "permerror"),
    ("v=spf1 include:latin.example.net -all", "192.0.2.9", "permerror"),
]  # fmt: skip


def run(
    zone: Zone, ip: str, sender: str = "user@start.example.com", helo: str = "helo", **more: Any
) -> SpfResult:
    """Evaluate in an event loop, as programs do."""
    return asyncio.run(evaluate(SpfQuery(ip=ip, sender=sender, helo=helo, **more), zone))


def zone_of(record: str | bytes, **more: Any) -> Zone:
    # the record stands at a subdomain whose own hosts are those of example.com
    own = {**ZONE["example.com"], "TXT": [record, "another text"]}
    return Zone.of({**ZONE, "example.com": own, **more})


@pytest.mark.parametrize(("record", "ip", "result"), CASES)
def test_results(record: str, ip: str, result: str) -> None:
    found = run(zone_of(record), ip, "user@example.com")
    assert found.result == result
    assert found.reason
    assert found.domain == "example.com"
    assert all(s.what for s in found.steps)


@pytest.mark.parametrize(
    ("sender", "helo", "domain", "result"),
    [
        ("a@ok.example.net", "x", "ok.example.net", "fail"),
        ("a@OK.Example.NET", "x", "ok.example.net", "fail"),
        ("a@ok.example.net.", "x", "ok.example.net", "fail"),
        ("", "ok.example.net", "ok.example.net", "fail"),
        ("ok.example.net", "x", "ok.example.net", "fail"),
        ("@ok.example.net", "x", "ok.example.net", "fail"),
        ('"a@b"@ok.example.net', "x", "ok.example.net", "fail"),
        ("a@plain.example.net", "x", "plain.example.net", "none"),
        ("a@nowhere.example.net", "x", "nowhere.example.net", "none"),
        ("a@two.example.net", "x", "two.example.net", "permerror"),
        ("a@slow.example.net", "x", "slow.example.net", "temperror"),
        ("a@latin.example.net", "x", "latin.example.net", "permerror"),
        ("a@localhost", "x", "localhost", "none"),
        ("a@a..example.com", "x", "a..example.com", "none"),
        (f"a@{'a' * 64}.example.com", "x", f"{'a' * 64}.example.com", "none"),
        (f"a@{'a.' * 130}example.com", "x", f"{'a.' * 130}example.com", "none"),
        ("a@[192.0.2.1]", "x", "[192.0.2.1]", "none"),
        ("", "192.0.2.1", "192.0.2.1", "none"),
        ("", "[192.0.2.1]", "[192.0.2.1]", "none"),
        ("", "JUMPIN' JUPITER", "jumpin' jupiter", "none"),
        ("", "", "", "none"),
        ("a@", "x", "", "none"),
        ("a@bücher.example", "x", "xn--bcher-kva.example", "none"),
    ],
)
def test_initial_processing(sender: str, helo: str, domain: str, result: str) -> None:
    found = run(Zone.of(ZONE), "192.0.2.77", sender, helo)
    assert (found.domain, found.result) == (domain, result)
    assert found.identity == ("mailfrom" if sender else "helo")


def test_malformed_domains_are_not_asked_for() -> None:
    for domain in ("localhost", "a..b", "[192.0.2.1]", "a b.c", "x" * 64 + ".com", "a." * 200 + "com"):
        zone = Zone.of({})
        assert run(zone, "192.0.2.1", f"a@{domain}").result == "none"
        assert zone.asked == []


def test_no_address() -> None:
    with pytest.raises(DomainNameError):
        run(Zone.of({}), "192.0.2")


@pytest.mark.parametrize(
    ("record", "explanation"),
    [
        ("v=spf1 -all exp=why.example.net", "192.0.2.9 is not one of example.com's servers."),
        ("v=spf1 -all exp=whys.example.net", ""),
        ("v=spf1 -all exp=latinwhy.example.net", ""),
        ("v=spf1 -all exp=brokenwhy.example.net", ""),
        ("v=spf1 -all exp=slow.example.net", ""),
        ("v=spf1 -all exp=nowhere.example.net", ""),
        ("v=spf1 -all exp=a..example.net", ""),
        ("v=spf1 ~all exp=why.example.net", ""),
        ("v=spf1 include:exp.example.net -all", ""),
        (
            "v=spf1 -include:open.example.net exp=why.example.net",
            "192.0.2.9 is not one of example.com's servers.",
        ),
        (
            "v=spf1 exp=whys.example.net redirect=exp.example.net",
            "192.0.2.9 is not one of exp.example.net's servers.",
        ),
        ("v=spf1 exp=why.example.net redirect=ok.example.net", ""),
    ],
)
def test_explanations(record: str, explanation: str) -> None:
    assert run(zone_of(record), "192.0.2.9", "user@example.com").explanation == explanation


def test_explanation_holds_no_strange_characters() -> None:
    zone = Zone.of(
        {"example.com": {"TXT": ["v=spf1 -all exp=w.example.com"]}, "w.example.com": {"TXT": ["%{l} %{h}"]}}
    )
    for local, helo in (("a\r\n250 ok", "x"), ("é", "x"), ("a", "x\x1b[2J")):
        assert run(zone, "192.0.2.1", f"{local}@example.com", helo).explanation == ""
    assert run(zone, "192.0.2.1", "a b@example.com", "x").explanation == "a b x"


def test_macros_see_the_right_domain() -> None:
    zone = Zone.of(
        {
            "example.com": {"TXT": ["v=spf1 include:in.example.net redirect=%{d}.to.example.net"]},
            "in.example.net": {"TXT": ["v=spf1 exists:%{d}.%{o}.z.example.net"]},
            "example.com.to.example.net": {"TXT": ["v=spf1 exists:%{d2}.%{o}.y.example.net -all"]},
            "example.net.example.com.y.example.net": {"A": ["127.0.0.1"]},
        }
    )
    found = run(zone, "192.0.2.1", "a@example.com")
    assert found.result == "pass"
    assert ("in.example.net.example.com.z.example.net", "A") in zone.asked
    assert found.path == ("redirect=%{d}.to.example.net",)
    assert found.place == "example.com.to.example.net"


def test_local_parts_beyond_ascii_match_nothing() -> None:
    """RFC 8616 section 4."""
    zone = Zone.of({"*.example.com": {"A": ["127.0.0.1"], "TXT": ["v=spf1 +all"]}})
    zone.add(
        "example.com",
        "TXT",
        b"v=spf1 exists:%{l}.example.com include:%{l}.example.com a:%{s}.example.com -all",
    )
    assert run(zone, "192.0.2.1", "é@example.com").result == "fail"
    assert run(zone, "192.0.2.1", "e@example.com").result == "pass"


@pytest.mark.parametrize(
    ("record", "ip", "words"),
    [
        ("v=spf1 ip4:192.0.2.1 a mx ip6:::1 ip4:192.0.2.2 -all", "203.0.113.1",
         "203.0.113.1 is not allowed to send for example.com: none of 5 mechanisms matched and the record ends in -all"),
        ("v=spf1 -all", "203.0.113.1",
         "203.0.113.1 is not allowed to send for example.com: no mechanism stands before the end and the record ends in -all"),
        ("v=spf1 a ~all", "203.0.113.1",
         "203.0.113.1 is probably not allowed to send for example.com: the only mechanism did not match and the record ends in ~all"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.1", "192.0.2.1 may send for example.com: it matched ip4:192.0.2.0/24"),
        ("v=spf1 include:ok.example.net -all", "192.0.2.1",
         "192.0.2.1 may send for example.com: it matched ip4:192.0.2.1, by include:ok.example.net"),
        ("v=spf1 redirect=ok.example.net", "192.0.2.9",
         "192.0.2.9 is not allowed to send for example.com: the only mechanism did not match and the record of "
         "ok.example.net ends in -all, by redirect=ok.example.net"),
        ("v=spf1 a", "203.0.113.1",
         "example.com does not say whether 203.0.113.1 may send for it: the only mechanism did not match and the record "
         "does not say what holds for all others"),
        ("v=spf1 ipv4:192.0.2.1 -all", "192.0.2.1",
         "the record of example.com is broken at ipv4:192.0.2.1: ipv4 is no mechanism: there are all, include, a, mx, ip4, "
         "ip6, exists"),
        ("v=spf1 include:plain.example.net -all", "192.0.2.1",
         "SPF of example.com ends in permerror: include:plain.example.net fails: plain.example.net has no SPF record"),
        ("v=spf1 include:a..b.example.net -all", "192.0.2.1",
         "SPF of example.com ends in permerror: include:a..b.example.net fails: a..b.example.net is no domain name"),
        ("v=spf1 a:slow.example.net -all", "192.0.2.1",
         "SPF of example.com ends in temperror: DNS gave no answer for A of slow.example.net: no answer in time"),
    ],
)  # fmt: skip
def test_reasons(record: str, ip: str, words: str) -> None:
    assert run(zone_of(record), ip, "user@example.com").reason == words


def test_trace() -> None:
    zone = zone_of("v=spf1 ip4:203.0.113.0/24 mx include:soft.example.net exists:%{l}.x.example.net -all")
    found = run(zone, "192.0.2.9", "user@example.com")
    assert [(s.what, s.result, s.depth, s.cost) for s in found.steps] == [
        ("TXT example.com", "", 0, 0),
        ("ip4:203.0.113.0/24", "no match", 0, 0),
        ("mx", "no match", 0, 1),
        ("include:soft.example.net", "no match: softfail", 0, 1),
        ("TXT soft.example.net", "", 1, 0),
        ("ip4:192.0.2.2", "no match", 1, 0),
        ("~all", "softfail", 1, 0),
        ("exists:%{l}.x.example.net (user.x.example.net)", "pass", 0, 1),
    ]
    assert found.steps[2].said == (
        "MX example.com: 10 mail-a.example.com, 20 mail-b.example.com; "
        "A mail-a.example.com: 192.0.2.129; A mail-b.example.com: 192.0.2.130"
    )
    assert (found.lookups, found.voids, found.mechanism) == (3, 0, "exists:%{l}.x.example.net")
