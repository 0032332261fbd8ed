"""DMARC: where the policy stands, what it is, and what is aligned with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.checks.dmarc.check import check_dmarc
from bouncewise.checks.dmarc.discover import suffix_org_domain, tree_walk, walk_names
from bouncewise.checks.dmarc.evaluate import Authenticated, DmarcResult, evaluate
from bouncewise.checks.dmarc.record import is_record, parse_record
from bouncewise.checks.dns import Status
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone


def _zone(**records: Any) -> Zone:
    """A zone of DMARC records by domain; a list is several at one name."""
    zone = Zone()
    for domain, texts in records.items():
        for text in texts if isinstance(texts, list) else [texts]:
            zone.add(f"_dmarc.{domain}", "TXT", text.encode())
    return zone


def zone_of(records: dict[str, Any]) -> Zone:
    return _zone(**records)


def run(
    domain: str,
    zone: Zone,
    spf: tuple[str, str] | None = None,
    dkim: list[tuple[str, str]] | None = None,
    basis: Any = "9989",
) -> DmarcResult:
    return asyncio.run(
        evaluate(
            domain,
            Authenticated(*spf) if spf else None,
            None if dkim is None else [Authenticated(*one) for one in dkim],
            zone,
            basis=basis,
        )
    )


REJECT = "v=DMARC1; p=reject"
POLICIES = [
    # domain, records, applied policy, policy domain, organizational domain, tag
    ("example.com", {"example.com": REJECT}, "reject", "example.com", "example.com", "p"),
    ("a.example.com", {"example.com": REJECT}, "reject", "example.com", "example.com", "p"),
    ("a.example.com", {"example.com": f"{REJECT}; sp=none"}, "none", "example.com", "example.com", "sp"),
    ("a.example.com", {"a.example.com": "v=DMARC1; p=none", "example.com": REJECT}, "none", "a.example.com", "example.com", "p"),
    ("example.com", {"example.com": f"{REJECT}; t=y"}, "quarantine", "example.com", "example.com", "p"),
    ("example.com", {"example.com": "v=DMARC1; p=quarantine; t=y"}, "none", "example.com", "example.com", "p"),
    ("example.com", {"example.com": "v=DMARC1; p=none; t=y"}, "none", "example.com", "example.com", "p"),
    ("a.b.example.com", {"b.example.com": "v=DMARC1; p=quarantine; psd=n", "example.com": REJECT}, "quarantine", "b.example.com", "b.example.com", "p"),
    ("a.b.example", {"example": f"{REJECT}; psd=y"}, "reject", "example", "b.example", "p"),
    ("example.com", {"example.com": "v=DMARC1; rua=mailto:a@example.com"}, "none", "example.com", "example.com", "p"),
    ("example.com", {"example.com": "v=DMARC1; p=quaranteen; rua=mailto:a@example.com"}, "none", "example.com", "example.com", "p"),
    ("example.com", {"example.com": "v=DMARC1;p=reject;bogus;;x=1"}, "reject", "example.com", "example.com", "p"),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "records", "policy", "policy_domain", "org", "tag"), POLICIES)
def test_policy(
    domain: str, records: dict[str, Any], policy: str, policy_domain: str, org: str, tag: str
) -> None:
    zone = zone_of(records)
    zone.add(domain, "A", "192.0.2.1")  # it exists, so np= does not count
    found = run(domain, zone, ("x.example", "fail"), [])
    assert (found.result, found.policy, found.policy_domain, found.org_domain) == (
        "fail",
        policy,
        policy_domain,
        org,
    )
    assert found.tag == tag


def test_np_counts_where_the_domain_does_not_exist_and_nodata_is_existence() -> None:
    record = {"example.com": f"{REJECT}; sp=none; np=quarantine"}
    assert run("no.example.com", zone_of(record), None, []).policy == "quarantine"
    there = zone_of(record).add("no.example.com", "TXT", b"x")
    assert run("no.example.com", there, None, []).policy == "none"


NONE = [
    {},
    {"example.com": "v=DMARC1x; p=reject"},
    {"example.com": "v=dmarc1; p=reject"},
    {"example.com": "p=reject; v=DMARC1"},
    {"example.com": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]},
    {"example.com": "v=DMARC1; adkim=s"},  # no policy and nobody to report to
    {"example.com": "v=DMARC1; p=bogus"},
]


@pytest.mark.parametrize("records", NONE)
def test_no_policy(records: dict[str, Any]) -> None:
    assert run("example.com", zone_of(records), ("example.com", "pass"), []).result == "none"


def test_several_records_are_passed_over_and_the_walk_goes_on() -> None:
    zone = zone_of(
        {"a.example.com": ["v=DMARC1; p=reject", "v=DMARC1; p=none"], "example.com": "v=DMARC1; p=quarantine"}
    )
    zone.add("a.example.com", "A", "192.0.2.1")
    assert run("a.example.com", zone, None, []).policy == "quarantine"
    assert run("a.example.com", zone, None, [], "7489").result == "none"  # section 6.6.3 step 5


ALIGNED = [
    # From, adkim/aspf, SPF, DKIM, result
    ("example.com", "", ("mail.example.com", "pass"), [], True, False),
    ("example.com", "; aspf=s", ("mail.example.com", "pass"), [], False, False),
    ("example.com", "", ("example.net", "pass"), [], False, False),
    ("example.com", "", ("example.com", "softfail"), [("s.example.com", "pass")], False, True),
    ("example.com", "; adkim=s", None, [("s.example.com", "pass")], False, False),
    ("example.com", "; adkim=s", None, [("x.net", "pass"), ("EXAMPLE.COM", "pass")], False, True),
    ("example.com", "", ("notexample.com", "pass"), [("example.com.evil.net", "pass")], False, False),
]


@pytest.mark.parametrize("basis", ["9989", "7489"])
@pytest.mark.parametrize(("domain", "modes", "spf", "dkim", "spf_aligned", "dkim_aligned"), ALIGNED)
def test_alignment(
    domain: str, modes: str, spf: Any, dkim: Any, spf_aligned: bool, dkim_aligned: bool, basis: str
) -> None:
    found = run(domain, zone_of({"example.com": REJECT + modes}), spf, dkim, basis)
    assert (found.spf.aligned, found.dkim.aligned) == (spf_aligned, dkim_aligned)
    assert found.result == ("pass" if spf_aligned or dkim_aligned else "fail")


def test_the_two_rfcs_differ_where_a_registry_lists_a_suffix() -> None:
    """A private suffix parts customers by the list; the walk needs a record with psd= for that."""
    zone = zone_of({"github.io": REJECT})
    zone.add("ann.github.io", "A", "192.0.2.1")
    zone.add("ben.github.io", "A", "192.0.2.1")
    assert suffix_org_domain("ann.github.io") == "ann.github.io"
    assert run("ann.github.io", zone, ("ben.github.io", "pass"), []).result == "pass"
    assert run("ann.github.io", zone, ("ben.github.io", "pass"), [], "7489").result == "none"
    finding = asyncio.run(check_dmarc(Subject(domain="ann.github.io"), zone))
    assert any(problem.code == "receivers-differ" for problem in finding.problems)


def test_the_walk_asks_eight_names_at_most() -> None:
    labels = [f"l{n}" for n in range(30)]
    names = walk_names(".".join(labels) + ".example.com")
    assert len(names) == 8
    assert names[1] == "l25.l26.l27.l28.l29.example.com"
    assert names[-1] == "com"
    assert walk_names("a.b.c.d.e.f.example.com")[1] == "b.c.d.e.f.example.com"


FAULTS = [Status.SERVFAIL, Status.TIMEOUT, Status.REFUSED, Status.MALFORMED]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("basis", ["9989", "7489"])
def test_a_fault_of_dns_is_no_verdict(fault: Status, basis: str) -> None:
    zone = Zone().fail("_dmarc.example.com", "TXT", fault)
    assert run("example.com", zone, ("example.com", "pass"), [], basis).result == "temperror"
    finding = asyncio.run(check_dmarc(Subject(domain="example.com"), zone))
    assert finding.outcome is Outcome.UNKNOWN
    assert not finding.mends


def test_a_fault_below_the_record_that_counts_changes_nothing() -> None:
    zone = zone_of({"example.com": REJECT}).fail("_dmarc.com", "TXT", Status.TIMEOUT)
    assert run("example.com", zone, None, [("example.com", "pass")]).result == "pass"


def test_an_aligned_temperror_may_still_pass() -> None:
    zone = zone_of({"example.com": REJECT})
    assert run("example.com", zone, ("m.example.com", "temperror"), []).result == "temperror"
    assert run("example.com", zone, ("other.net", "temperror"), []).result == "fail"


def _check(records: dict[str, Any], **given: Any) -> Finding:
    return asyncio.run(check_dmarc(Subject(domain="example.com"), zone_of(records), **given))


def test_a_missing_record_fails_and_is_proposed() -> None:
    finding = _check({})
    assert finding.outcome is Outcome.FAIL
    (mend,) = finding.mends
    assert (mend.name, mend.guess) == ("_dmarc.example.com", True)
    assert is_record(mend.publish[0])


def test_slips_are_mended() -> None:
    finding = _check({"example.com": "v=DMARC1; p=quarentine; rua=dmarc@example.com; zz=1"})
    (mend,) = finding.mends
    assert mend.now == ("v=DMARC1; p=quarentine; rua=dmarc@example.com; zz=1",)
    assert mend.publish == ("v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com",)
    assert parse_record(mend.publish[0]).faults == ()


def test_records_that_look_alike_are_told() -> None:
    assert _check({"example.com": "v=dmarc1; p=reject"}).problems[0].code == "lookalike"
    assert _check({"example.com": [REJECT, REJECT + "; "]}).problems[0].code == "several"


REVIEWS = [
    ("v=DMARC1; p=none", "monitoring"),
    ("v=DMARC1; p=reject; t=y", "testing"),
    ("v=DMARC1; p=reject; sp=none", "weak-subdomains"),
    ("v=DMARC1; p=reject; pct=20", "pct"),
    ("v=DMARC1; p=reject", "no-reports"),
    ("v=DMARC1; p=reject; p=none", "duplicate"),
    ("v=DMARC1; p=reject; adkim=x", "value"),
    ("v=DMARC1; p=reject; what=ever", "unknown-tag"),
    ("v=DMARC1; p=reject; rua=a@example.com", "uri"),
]


@pytest.mark.parametrize(("record", "code"), REVIEWS)
def test_review(record: str, code: str) -> None:
    assert code in {problem.code for problem in _check({"example.com": record}).problems}


def test_reports_to_another_domain_want_its_word() -> None:
    zone = zone_of({"example.com": f"{REJECT}; rua=mailto:d@reports.net"})
    zone.add("reports.net", "A", "192.0.2.1")
    finding = asyncio.run(check_dmarc(Subject(domain="example.com"), zone))
    assert finding.mends[-1].name == "example.com._report._dmarc.reports.net"
    zone.add("*._report._dmarc.reports.net", "TXT", b"v=DMARC1")
    allowed = asyncio.run(check_dmarc(Subject(domain="example.com"), zone))
    assert not any(problem.code == "reports-unauthorised" for problem in allowed.problems)


def test_what_is_not_known_may_pass() -> None:
    finding = _check({"example.com": REJECT}, spf=("example.net", "pass"))
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.needs == ("message",)
    assert _check({"example.com": REJECT}, spf=("example.com", "pass")).outcome is Outcome.PASS
    assert _check({"example.com": REJECT}, spf=("x.net", "fail"), dkim=[]).outcome is Outcome.FAIL


@given(st.binary(max_size=300))
def test_any_octets_as_a_record(octets: bytes) -> None:
    text = "v=DMARC1;" + octets.decode("latin-1")
    record = parse_record(text)
    assert record.value("p", "none") in ("none", "quarantine", "reject")
    finding = asyncio.run(
        check_dmarc(
            Subject(domain="example.com"), Zone().add("_dmarc.example.com", "TXT", text.encode("latin-1"))
        )
    )
    assert finding.says
    for mend in finding.mends:
        assert all(is_record(text) for text in mend.publish if mend.name.startswith("_dmarc."))


def test_a_record_of_ten_thousand_tags_and_addresses_is_bounded() -> None:
    text = "v=DMARC1; p=reject; rua=" + ",".join(f"mailto:a@h{n}.net" for n in range(5000)) + ";x=1" * 10_000
    zone = Zone().add("_dmarc.example.com", "TXT", text.encode())
    finding = asyncio.run(check_dmarc(Subject(domain="example.com"), zone))
    assert len(zone.asked) < 100
    assert len(finding.problems) < 100


def test_the_walk_is_one_round_of_questions() -> None:
    zone = zone_of({"example.com": REJECT})
    found = asyncio.run(tree_walk("a.b.example.com", zone))
    assert [name for name, _ in zone.asked] == [
        f"_dmarc.{d}" for d in ("a.b.example.com", "b.example.com", "example.com", "com")
    ]
    assert [step.what for step in found.steps()] == [name for name, _ in zone.asked]
