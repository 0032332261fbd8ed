"""The record that names a logo."""

from __future__ import annotations

import asyncio

import pytest

from bouncewise.checks.bimi import check_bimi
from bouncewise.checks.finding import Outcome
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

CASES = [
    (
        ["v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/vmc.pem"],
        "reject",
        "record",
        Outcome.PASS,
    ),
    (["v=BIMI1; l=https://example.com/logo.svg; a="], "reject", "record", Outcome.WARN),
    (
        ["v=BIMI1; l=https://example.com/logo.svg; a=https://example.com/vmc.pem"],
        "none",
        "record",
        Outcome.WARN,
    ),
    (["v=BIMI1; l=http://example.com/logo.svg"], "reject", "record", Outcome.WARN),
    (["v=BIMI1; l=; a="], "reject", "declined", Outcome.INFO),
    (["v=BIMI1; l"], "reject", "syntax", Outcome.FAIL),
    (
        ["v=BIMI1; l=https://a.example/a.svg", "v=BIMI1; l=https://a.example/b.svg"],
        "reject",
        "several",
        Outcome.FAIL,
    ),
    (["something else"], "reject", "none", Outcome.INFO),
    ([], "reject", "none", Outcome.INFO),
]


@pytest.mark.parametrize(("texts", "policy", "result", "outcome"), CASES)
@pytest.mark.parametrize("domain", ["example.com", "news.example.com"])
def test_bimi(texts: list[str], policy: str, result: str, outcome: Outcome, domain: str) -> None:
    """The organizational domain's record holds where the domain has none."""
    zone = Zone().add("example.com", "A", "192.0.2.1")
    if texts:
        zone.add("default._bimi.example.com", "TXT", *(text.encode() for text in texts))
    finding = asyncio.run(check_bimi(Subject(domain=domain), zone, policy=policy))
    assert (finding.result, finding.outcome) == (result, outcome)


def test_a_fault_of_dns() -> None:
    zone = Zone().fail("default._bimi.example.com")
    assert asyncio.run(check_bimi(Subject(domain="example.com"), zone)).outcome is Outcome.UNKNOWN
