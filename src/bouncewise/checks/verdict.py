"""Does DNS bear a reply out? Confirmed, refuted or cannot tell, from what the checks found."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from bouncewise.checks.finding import Finding, Outcome
from bouncewise.reply.model import EnhancedCode


class Word(StrEnum):
    """The verdict."""

    CONFIRMED = "confirmed"  # DNS shows the fault now
    REFUTED = "refuted"  # it passes now: mended since, or the mail took another path
    CANNOT_TELL = "cannot tell"


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether DNS bears a reply out.

    Attributes:
        word: the verdict.
        says: why, a sentence.
        by: the checks that it rests on.
        missing: what would have to be known to tell (``ip``, ``mail-from``, ``message``, ...).
    """

    word: Word
    says: str
    by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``verdicts.toml``, which says what each field means."""

    cause: tuple[str, ...]
    enhanced: tuple[str, ...] = ()
    prove: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def fits(self, cause: str, enhanced: EnhancedCode | None) -> bool:
        """Whether the row is for such a reply."""
        if cause not in self.cause:
            return False
        return not self.enhanced or (
            enhanced is not None and f"X.{enhanced.subject}.{enhanced.detail}" in self.enhanced
        )


@cache
def proofs() -> tuple[Proof, ...]:
    """The rows of ``verdicts.toml``."""
    text = files("bouncewise.checks").joinpath("verdicts.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["proof"], tuple[Proof, ...])


def judge(
    cause: str, enhanced: EnhancedCode | None, findings: Sequence[Finding], missing: Sequence[str] = ()
) -> Verdict:
    """Say whether findings bear a reply out.

    Args:
        cause: the diagnosed cause.
        enhanced: the reply's enhanced code.
        findings: what the checks found.
        missing: what the reply left out and nobody gave.
    """
    proof = next((row for row in proofs() if row.fits(cause, enhanced)), None)
    if proof is None:
        proof = Proof((cause,), prove=tuple(finding.check for finding in findings))
    proving = [finding for finding in findings if finding.check in proof.prove]
    wanted = tuple(dict.fromkeys([*missing, *(need for finding in proving for need in finding.needs)]))
    if "mail-from" in wanted:  # it tells the domain too
        wanted = tuple(need for need in wanted if need != "domain")
    passed = [finding for finding in proving if _passes(finding, proof)]
    failed = [finding for finding in proving if _fails(finding, proof)]
    unsure = [finding for finding in proving if finding not in passed and finding not in failed]
    if enough := [finding for finding in passed if finding.check in proof.either]:
        return _refuted(enough)
    if failed:
        first = failed[0]
        return Verdict(Word.CONFIRMED, _proving(first, proof) or first.says, _names(failed))
    if passed and not unsure:
        return _refuted(passed)
    if not proving:
        return _beyond_dns(cause, findings, wanted)
    return Verdict(Word.CANNOT_TELL, _why(unsure, wanted), _names(unsure), wanted)


def _passes(finding: Finding, proof: Proof) -> bool:
    return finding.outcome is Outcome.PASS or (finding.outcome is Outcome.WARN and not _fails(finding, proof))


def _fails(finding: Finding, proof: Proof) -> bool:
    return finding.outcome is Outcome.FAIL or bool(_proving(finding, proof))


def _proving(finding: Finding, proof: Proof) -> str:
    """The problem of a check that passed with a warning which proves the reply all the same, in words."""
    if finding.outcome is not Outcome.WARN:
        return ""
    kept = (
        p for p in finding.problems if p.code in proof.problems or (p.serious and "serious" in proof.problems)
    )
    return next((problem.says for problem in kept), "")


def _names(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.check for finding in findings))


def _refuted(passed: Sequence[Finding]) -> Verdict:
    return Verdict(
        Word.REFUTED,
        f"{passed[0].says.rstrip('.')}. It has been mended since, or the mail took another path.",
        _names(passed),
    )


def _why(unsure: Sequence[Finding], wanted: Sequence[str]) -> str:
    faults = [finding for finding in unsure if not finding.needs]
    if wanted and not faults:
        return f"to tell, this is missing: {joined([WANTED.get(need, need) for need in wanted], 'and')}"
    return (faults or unsure)[0].says


def _beyond_dns(cause: str, findings: Sequence[Finding], wanted: Sequence[str]) -> Verdict:
    faults = [finding for finding in findings if finding.outcome is Outcome.FAIL]
    if faults:
        says = (
            f"the receiver judges by what DNS does not show; but there is a fault to mend: {faults[0].says}"
        )
        return Verdict(Word.CANNOT_TELL, says, _names(faults), tuple(wanted))
    if findings:
        return Verdict(
            Word.CANNOT_TELL,
            "the receiver judges by what DNS does not show, and DNS shows no fault",
            _names(findings),
            tuple(wanted),
        )
    if wanted:
        return Verdict(Word.CANNOT_TELL, _why((), wanted), (), tuple(wanted))
    return Verdict(Word.CANNOT_TELL, f"DNS has nothing to say about a reply of this kind ({cause})")


WANTED = {
    "ip": "the address that the mail came from (--ip)",
    "mail-from": "the envelope sender (--mail-from)",
    "helo": "the name given with EHLO (--helo)",
    "selector": "the DKIM selector (--selector)",
    "message": "the message (--message)",
    "domain": "the sending domain",
    "recipient": "the recipient's domain",
}


def joined(words: Sequence[str], last: str) -> str:
    """Words in a row: ``a, b or c``."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
