"""Answers for replies: the checks of a question are run and judged; one question or many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from bouncewise.checks.finding import Finding
from bouncewise.checks.question import Question
from bouncewise.checks.record import findings_record, subject_record, verdict_record
from bouncewise.checks.run import Means, Tell, run_checks
from bouncewise.checks.verdict import Verdict, judge

MAX_AT_ONCE = 64  # questions whose checks run at the same time


class Checked(msgspec.Struct, frozen=True):
    """A question, what was found, and the verdict.

    Attributes:
        question: what was asked.
        findings: what the checks found.
        verdict: what follows from it.
        time: when, as RFC 3339.
    """

    question: Question
    findings: tuple[Finding, ...]
    verdict: Verdict
    time: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The documented JSON object (docs/check.md)."""
        told: dict[str, Any] = {
            **verdict_record(self.verdict),
            "time": self.time,
            "claim": self.question.claim,
            "checks": list(self.question.checks),
            "subject": subject_record(self.question.subject),
            "findings": findings_record(self.findings),
        }
        return {name: value for name, value in told.items() if value or name == "checks"}


async def answer(question: Question, means: Means, tell: Tell | None = None) -> Checked:
    """Run the checks of a question and judge.

    Args:
        question: by ``question_of``.
        means: what the checks work with.
        tell: see ``run_checks``.
    """
    findings = await run_checks(question.checks, question.subject, means, tell)
    when = datetime.fromtimestamp(means.now, UTC).isoformat(timespec="seconds")
    verdict = judge(question.cause, question.enhanced, findings, question.missing)
    return Checked(question, findings, verdict, when)


async def answer_many(questions: Sequence[Question], means: Sequence[Means]) -> list[Checked]:
    """Answer many questions, some at the same time, in their order.

    Args:
        questions: different ones.
        means: for each of them, since limits are a question's own.
    """
    gate = asyncio.Semaphore(MAX_AT_ONCE)

    async def one(question: Question, own: Means) -> Checked:
        async with gate:
            return await answer(question, own)

    return await asyncio.gather(*map(one, questions, means))
