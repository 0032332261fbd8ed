"""How ``explain`` prints, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bouncewise.cli.safe import safe
from bouncewise.cli.show import show
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine

if TYPE_CHECKING:
    from bouncewise.checks.subject import Subject
    from bouncewise.cli.verdicts import Verdicts


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How ``explain`` prints.

    Attributes:
        engine: the engine.
        name: what is explained, for messages and records.
        as_json: as JSON in place of words.
        details: everything that is known.
        verdicts: asks DNS, or None where it is not to be asked.
    """

    engine: Engine
    name: str
    as_json: bool = False
    details: bool = False
    verdicts: Verdicts | None = None

    def check_record(self, diagnosis: Diagnosis, known: Subject | None = None) -> dict[str, Any]:
        """What DNS says, as the field ``check`` of the record; nothing where it is not asked."""
        if self.verdicts is None:
            return {}
        (checked,) = self.verdicts.of([self.verdicts.question(diagnosis, known)])
        return {"check": checked.as_dict()} if checked else {}

    def show_check(self, diagnosis: Diagnosis, known: Subject | None = None) -> None:
        """Print what DNS says below the explanation; nothing where it is not asked."""
        if self.verdicts is None:
            return
        from bouncewise.cli.findings import finding_lines, now_words, verdict_lines  # noqa: PLC0415

        show([[]])
        (checked,) = self.verdicts.of([self.verdicts.question(diagnosis, known)])
        if checked is None:
            show([[("DNS has nothing to say about a reply of this kind.", "dim")]])
            return
        show(verdict_lines(checked, now_words()))
        if not self.verdicts.no_network or self.details:
            show(finding_lines(checked.findings, details=self.details))
        if self.verdicts.no_network:
            show([[(safe(self.verdicts.no_network), "yellow")]])
