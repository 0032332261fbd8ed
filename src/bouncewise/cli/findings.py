"""Findings and a verdict for a person: a line a check, and below it the trace, the review and the mend."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bouncewise.checks.finding import Finding, Mend, Outcome, Step
from bouncewise.checks.reply import Checked
from bouncewise.checks.verdict import WANTED, Word
from bouncewise.cli.person import WIDTH
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part

MAX_STEPS = 12
MAX_PROBLEMS = 6
INDENT = 24
_TITLES = {
    "spf": "SPF",
    "dkim": "DKIM",
    "dmarc": "DMARC",
    "arc": "ARC",
    "reverse-dns": "Reverse DNS",
    "helo": "EHLO name",
    "blocklist": "Blocklists",
    "sender-domain": "Sender's domain",
    "recipient-domain": "Recipient's",
    "name-servers": "Name servers",
    "mx": "MX",
    "mta-sts": "MTA-STS",
    "tls-rpt": "TLS-RPT",
    "dane": "DANE",
    "tls": "TLS",
    "bimi": "BIMI",
    "requirements": "Requirements",
}
_MARKS = {
    Outcome.PASS: ("pass", "green"),
    Outcome.WARN: ("warning", "yellow"),
    Outcome.FAIL: ("FAIL", "bold red"),
    Outcome.UNKNOWN: ("unknown", "magenta"),
    Outcome.INFO: ("-", "dim"),
}
_VERDICTS = {
    Word.CONFIRMED: ("Confirmed by DNS", "bold red"),
    Word.REFUTED: ("Refuted by DNS", "bold green"),
    Word.CANNOT_TELL: ("DNS cannot tell", "bold yellow"),
}


def verdict_lines(checked: Checked, when: str) -> Iterator[list[Part]]:
    """The verdict on a reply.

    Args:
        checked: what was asked and found.
        when: the time, in words.
    """
    words, style = _VERDICTS[checked.verdict.word]
    yield [(words, style), (f"  {when}", "dim")]
    if checked.question.claim:
        yield from _wrapped(f"The reply says: {checked.question.claim}.", 2)
    says = checked.verdict.says
    name_first = "." in says.partition(" ")[0]  # names keep their small letters
    start = says[:1] if name_first else says[:1].upper()
    yield from _wrapped(start + says[1:] + ("" if says.endswith(".") else "."), 2)
    if checked.verdict.missing and checked.verdict.word is Word.CANNOT_TELL and "(--" not in says:
        wanted = "; ".join(WANTED.get(name, name) for name in checked.verdict.missing)
        yield from _wrapped(f"Give {wanted}.", 2, "yellow")


def finding_lines(findings: Sequence[Finding], *, details: bool) -> Iterator[list[Part]]:
    """The findings, in their order.

    Args:
        findings: what checks found.
        details: show every step and problem, also of what passes.
    """
    for finding in findings:
        yield from _finding(finding, details=details)


def summary(findings: Sequence[Finding]) -> str:
    """``1 fails, 2 warnings, 8 pass``."""
    words = {
        Outcome.FAIL: ("{} fails", "{} fail"),
        Outcome.WARN: ("1 warning", "{} warnings"),
        Outcome.UNKNOWN: ("1 unknown", "{} unknown"),
        Outcome.PASS: ("{} passes", "{} pass"),
    }
    counts = {outcome: sum(f.outcome is outcome for f in findings) for outcome in words}
    told = [words[o][n != 1].format(n) for o, n in counts.items() if n]
    return ", ".join(told) or "nothing to judge"


def _finding(finding: Finding, *, details: bool) -> Iterator[list[Part]]:
    mark, style = _MARKS[finding.outcome]
    title = _TITLES.get(finding.check, finding.check)
    if finding.check == "requirements" and finding.subject:
        title = finding.subject
    lines = textwrap.wrap(safe(finding.says), WIDTH - INDENT, break_on_hyphens=False) or [""]
    yield [(f"{mark:<8}", style), (f"{safe(title)[:15]:<16}", "bold"), (lines[0], "")]
    for line in lines[1:]:
        yield [(" " * INDENT + line, "")]
    wrong = finding.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN)
    if details:
        yield from _steps(finding.steps, len(finding.steps))
    elif finding.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
        yield from _steps([step for step in finding.steps if not step.minor], MAX_STEPS)
    if details or wrong:
        shown = finding.problems if details else finding.problems[:MAX_PROBLEMS]
        for problem in shown:
            source = f"  [{problem.source}]" if problem.source and details else ""
            text = safe(problem.says) + source
            yield from _wrapped(text, INDENT, "yellow" if problem.serious else "", lead="! ")
        if len(finding.problems) > len(shown):
            yield from _wrapped(
                f"and {len(finding.problems) - len(shown)} more; -v shows them", INDENT, "dim"
            )
    for mend in finding.mends:
        yield from _mend(mend)
    for link in finding.links if details or wrong else ():
        yield [(" " * INDENT, ""), (safe(link), "cyan")]


def _steps(steps: Sequence[Step], limit: int) -> Iterator[list[Part]]:
    """Steps, each in one line where it fits."""
    for step in steps[:limit]:
        lead = " " * (INDENT + 2 * min(step.depth, 8))
        room = WIDTH - len(lead)
        what = _cut(safe(step.what), room)
        words = "  ".join(safe(part) for part in (step.said, step.result) if part)
        if len(what) + 2 + len(words) <= room:
            yield [(lead, ""), (what, "cyan"), (f"  {words}", "dim")]
            continue
        yield [(lead, ""), (what, "cyan")]
        inner = textwrap.wrap(words, max(room - 2, 30), break_on_hyphens=False, max_lines=4, placeholder=" …")
        for line in inner:
            yield [(lead + "  ", ""), (line, "dim")]
    if len(steps) > limit:
        yield from _wrapped(f"and {len(steps) - limit} more steps; -v shows them", INDENT, "dim")


def _mend(mend: Mend) -> Iterator[list[Part]]:
    why = f": {safe(mend.why)}" if mend.why else ""
    verb = "Publish at" if mend.publish else "Remove at"
    yield from _wrapped(f"{verb} {safe(mend.name)} {mend.rtype}{why}", INDENT, "bold")
    kept = set(mend.now) & set(mend.publish)
    for sign, style, records in (("-", "red", mend.now), ("+", "green", mend.publish)):
        for record in records:
            if record not in kept:
                yield [(" " * INDENT, ""), (f"{sign} {safe(record)}", style)]
    if mend.guess:
        yield from _wrapped(
            "a proposal: the policy and the addresses in it are yours to choose", INDENT, "dim"
        )


def _wrapped(text: str, indent: int, style: str = "", lead: str = "") -> Iterator[list[Part]]:
    pad = " " * indent
    for line in textwrap.wrap(
        safe(text),
        WIDTH,
        initial_indent=pad + lead,
        subsequent_indent=pad + " " * len(lead),
        break_on_hyphens=False,
    ):
        yield [(line, style)]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def now_words() -> str:
    """The time, for a person."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
