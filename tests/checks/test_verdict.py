"""Confirmed, refuted or cannot tell: what findings come to for each kind of cause."""

from __future__ import annotations

import msgspec
import pytest

from bouncewise.api import default_engine
from bouncewise.checks.finding import Finding, Outcome, Problem
from bouncewise.checks.run import NAMES
from bouncewise.checks.verdict import Word, judge, proofs
from bouncewise.reply.model import EnhancedCode


def _found(check: str, outcome: Outcome, *, needs: tuple[str, ...] = (), serious: bool = False) -> Finding:
    problems = (Problem("x", "a problem", serious=True),) if serious else ()
    return Finding(
        check=check,
        subject="",
        outcome=outcome,
        result="",
        says=f"{check} ended as {outcome}",
        needs=needs,
        problems=problems,
    )


FAIL, PASS, WARN, UNKNOWN, INFO = Outcome.FAIL, Outcome.PASS, Outcome.WARN, Outcome.UNKNOWN, Outcome.INFO
CASES = [
    ("spf-failed", "5.7.23", {"spf": FAIL}, Word.CONFIRMED),
    ("spf-failed", "5.7.23", {"spf": PASS}, Word.REFUTED),
    ("spf-failed", "5.7.23", {"spf": WARN}, Word.REFUTED),
    ("spf-failed", "5.7.23", {"spf": UNKNOWN}, Word.CANNOT_TELL),
    ("dmarc-failed", "5.7.1", {"spf": FAIL, "dkim": INFO, "dmarc": UNKNOWN}, Word.CANNOT_TELL),
    ("dmarc-failed", "5.7.1", {"spf": FAIL, "dkim": FAIL, "dmarc": FAIL}, Word.CONFIRMED),
    ("dmarc-failed", "5.7.1", {"spf": FAIL, "dkim": PASS, "dmarc": PASS}, Word.REFUTED),
    # Gmail asks for one of both, Outlook.com for all three
    ("sender-unauthenticated", "5.7.26", {"spf": PASS, "dkim": UNKNOWN, "dmarc": FAIL}, Word.REFUTED),
    ("sender-unauthenticated", "5.7.26", {"spf": FAIL, "dkim": FAIL, "dmarc": PASS}, Word.CONFIRMED),
    ("sender-unauthenticated", "5.7.515", {"spf": PASS, "dkim": FAIL, "dmarc": PASS}, Word.CONFIRMED),
    ("sender-unauthenticated", "5.7.515", {"spf": PASS, "dkim": UNKNOWN, "dmarc": PASS}, Word.CANNOT_TELL),
    ("ip-blocklisted", "5.7.1", {"blocklist": FAIL}, Word.CONFIRMED),
    ("ip-blocklisted", "5.7.1", {"blocklist": PASS}, Word.REFUTED),
    # a receiver's own reputation is nothing that DNS shows
    ("ip-reputation", "5.7.1", {"reverse-dns": PASS, "blocklist": PASS}, Word.CANNOT_TELL),
    ("ip-reputation", "5.7.1", {"reverse-dns": FAIL, "blocklist": PASS}, Word.CANNOT_TELL),
    ("ptr-missing", "5.7.25", {"reverse-dns": FAIL}, Word.CONFIRMED),
    ("policy-rejected", "5.7.1", {"helo": FAIL}, Word.CONFIRMED),  # no row: what the reply asks for proves it
    ("policy-rejected", "5.7.1", {}, Word.CANNOT_TELL),
]


@pytest.mark.parametrize(("cause", "enhanced", "outcomes", "word"), CASES)
def test_verdict(cause: str, enhanced: str, outcomes: dict[str, Outcome], word: Word) -> None:
    findings = [_found(check, outcome) for check, outcome in outcomes.items()]
    verdict = judge(cause, EnhancedCode.parse(enhanced), findings)
    assert verdict.word is word
    assert verdict.says


def test_a_suspicious_record_confirms_the_reply_that_speaks_of_one() -> None:
    found = [_found("spf", WARN, serious=True)]
    assert judge("spf-failed", EnhancedCode(4, 7, 24), found).word is Word.CONFIRMED
    assert judge("spf-failed", EnhancedCode(5, 7, 23), found).word is Word.REFUTED


@pytest.mark.parametrize(
    ("cause", "check", "code"),
    [("helo-rejected", "helo", "mismatch"), ("dynamic-ip", "reverse-dns", "generic-name")],
)
def test_a_warning_that_is_what_the_reply_says_confirms_it(cause: str, check: str, code: str) -> None:
    warned = Finding(
        check=check,
        subject="",
        outcome=WARN,
        result="",
        says="it passes",
        problems=(Problem(code, "what is wrong"),),
    )
    verdict = judge(cause, None, [warned])
    assert (verdict.word, verdict.says) == (Word.CONFIRMED, "what is wrong")
    assert judge(cause, None, [msgspec.structs.replace(warned, problems=())]).word is Word.REFUTED


def test_what_is_missing_is_asked_for() -> None:
    verdict = judge("spf-failed", None, [_found("spf", UNKNOWN, needs=("ip",))], ("mail-from",))
    assert verdict.word is Word.CANNOT_TELL
    assert verdict.missing == ("mail-from", "ip")
    assert "--ip" in verdict.says


def test_the_finding_that_failed_is_named_and_no_other() -> None:
    verdict = judge("dynamic-ip", None, [_found("reverse-dns", PASS), _found("blocklist", FAIL)])
    assert verdict.by == ("blocklist",)


def test_rows_name_causes_and_checks_that_there_are() -> None:
    causes = default_engine().knowledge.causes
    for row in proofs():
        assert set(row.cause) <= set(causes)
        assert {*row.prove, *row.either, *row.support} <= set(NAMES)
