"""What a reply means, with everything that speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bouncewise.diagnosis.entities import find_entities
from bouncewise.diagnosis.model import Advice, Alternative, Candidate, Decision, Entities, Evidence, Facts
from bouncewise.reply.model import Context, Reply
from bouncewise.reply.parse import parse_reply

if TYPE_CHECKING:
    from bouncewise.diagnosis.engine import Engine


class Diagnosis(msgspec.Struct, gc=False, eq=False, repr_omit_defaults=True):
    """What a reply means.

    ``cause`` and ``confidence`` are there at once; ``evidence``, ``entities`` and ``advice`` are
    worked out when they are first asked for. The garbage collector leaves it alone (nothing that it
    holds leads back to it), which makes large batches a third faster.
    """

    _engine: Engine
    _reply: Reply | str
    context: Context
    _decision: Decision
    wrapper: str | None = None
    _entities: Entities | None = None
    _advice: Advice | None = None

    def __repr__(self) -> str:
        return f"<Diagnosis {self.cause} {self.confidence} {self.reply.text[:60]!r}>"

    @property
    def engine(self) -> Engine:
        """The engine that made it."""
        return self._engine

    @property
    def reply(self) -> Reply:
        """The reply itself."""
        if isinstance(self._reply, str):
            self._reply = parse_reply(self._reply)
        return self._reply

    @property
    def cause(self) -> str:
        """Slug of the cause."""
        return self._decision.cause

    @property
    def confidence(self) -> float:
        """Share of answers like this one that are right, from 0 to 1."""
        return self._decision.confidence

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """Other causes that it may have, likeliest first."""
        return self._decision.alternatives

    @property
    def provider(self) -> str | None:
        """Id of the provider that speaks, if it is known."""
        return self._decision.provider

    @property
    def disagreement(self) -> str:
        """Where reply code, enhanced code and words disagree, or ""."""
        return self._decision.disagreement

    @property
    def action(self) -> str:
        """What the sending software should do: ``advice.action`` without the rest of the work."""
        return self._decision.action

    @property
    def rule(self) -> str:
        """Id of the rule that decided, or "" where a code or a blocklist's name did."""
        best = self._decision.candidates[0] if self._decision.candidates else None
        return self._engine.knowledge.rules[best.rule].id if best and best.rule >= 0 else ""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Everything that spoke, strongest first, as the decision saw it."""
        return self._decision.candidates

    @property
    def facts(self) -> Facts | None:
        """What the decision rests on."""
        return self._decision.facts

    @property
    def entities(self) -> Entities:
        """What the words name."""
        if self._entities is None:
            listed = self._engine.knowledge.blocklists.get(self._decision.blocklist or "")
            self._entities = find_entities(self.reply.text, listed)
        return self._entities

    @property
    def advice(self) -> Advice:
        """What to do."""
        if self._advice is None:
            self._advice = self._engine.adviser.advise(
                self._decision, self.entities, self.context, self.reply.text
            )
        return self._advice

    @property
    def brief(self) -> Advice:
        """What to do, without steps and checks: a fraction of the work where nothing is tried again."""
        if self._advice is not None:
            return self._advice
        wait = self.entities.wait if self.action == "retry" else None
        return self._engine.adviser.brief(self._decision, wait, self.context)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What spoke, strongest first."""
        return self._engine.explainer.evidence(self._decision, self.reply)

    @property
    def explanation(self) -> str:
        """The cause in plain words."""
        return self._engine.explainer.explanation(self._decision)

    def parts(self) -> tuple[Reply | str, Context, Decision, str | None]:
        """What another process needs to make the same diagnosis."""
        return self._reply, self.context, self._decision, self.wrapper

    def as_dict(self) -> dict[str, Any]:
        """The documented JSON object; keys without a value are absent."""
        from bouncewise.diagnosis.record import to_record  # noqa: PLC0415 - only output needs it

        return to_record(self)
