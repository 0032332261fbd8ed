"""Verdicts on many replies: each distinct question is asked once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bouncewise.checks.finding import Outcome
from bouncewise.checks.question import Question, question_of
from bouncewise.checks.reply import Checked
from bouncewise.checks.subject import Subject
from bouncewise.cli.checking import Checking
from bouncewise.cli.dnsoptions import AskHow
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine

MAX_KEPT = 50_000  # answers that are remembered


class Verdicts:
    """Answers of questions, remembered.

    Args:
        checking: asks DNS.
    """

    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        self._known: dict[Question, Checked] = {}
        self.distinct = 0
        self.failed = False  # a check has failed

    @property
    def no_network(self) -> str:
        """See ``Asking.no_network``."""
        return self._checking.asking.no_network

    @staticmethod
    def question(diagnosis: Diagnosis, known: Subject | None = None) -> Question | None:
        """What to ask for a reply, or None where DNS has nothing to say.

        Args:
            diagnosis: of the reply.
            known: what is known besides.
        """
        asked = question_of(diagnosis, known or Subject())
        return asked if asked.checks else None

    def of(self, questions: Sequence[Question | None]) -> list[Checked | None]:
        """The answers to questions, in their order; those that are new are asked at the same time."""
        new = [q for q in dict.fromkeys(questions) if q is not None and q not in self._known]
        if len(self._known) + len(new) > MAX_KEPT:
            kept = {q: self._known[q] for q in questions if q is not None and q in self._known}
            self._known = kept
        self.distinct += len(new)
        answers = self._checking.answers(new) if new else []
        self.failed = self.failed or any(f.outcome is Outcome.FAIL for a in answers for f in a.findings)
        self._known.update(zip(new, answers, strict=True))
        return [self._known[q] if q is not None else None for q in questions]


@contextmanager
def open_verdicts(engine: Engine, how: AskHow) -> Iterator[Verdicts]:
    """Verdicts by the resolver that the user chose; see ``Checking``."""
    with Checking(engine.knowledge.blocklists, how) as checking:
        yield Verdicts(checking)
