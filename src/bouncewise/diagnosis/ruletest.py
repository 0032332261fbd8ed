"""Test rules against their examples with the whole order of decision.

An example is right when the rule's cause wins. A rule is *shadowed* when others decide every one
of its examples otherwise, and *ambiguous* with another when both match an example with the same
strength and different causes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.knowledge.lint import Fault, where
from bouncewise.knowledge.model import Rule
from bouncewise.reply.model import NO_CONTEXT, Context, Phase


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one example was decided."""

    rule: Rule
    example: str
    diagnosis: Diagnosis

    @property
    def right(self) -> bool:
        """Whether the rule's cause won."""
        return self.diagnosis.cause == self.rule.cause


def context_of(rule: Rule) -> Context:
    """What a rule takes for granted about its examples: who speaks, and in which phase."""
    phase = Phase(rule.phase[0]) if rule.phase else None
    host = rule.provider if rule.provider and rule.needs_provider else None
    return Context(phase=phase, remote_host=host) if phase or host else NO_CONTEXT


def run_examples(engine: Engine) -> Iterator[Outcome]:
    """Decide every example of every rule."""
    for rule in engine.knowledge.rules:
        context = context_of(rule)
        for example in rule.examples:
            yield Outcome(rule, example, engine.diagnose(example, context))


def check_rules(engine: Engine) -> Iterator[Fault]:
    """Shadowed and ambiguous rules, examples that another cause wins, counter-examples that are taken.

    Args:
        engine: an engine with the rules to test.
    """
    by_rule: dict[str, list[Outcome]] = {}
    for outcome in run_examples(engine):
        by_rule.setdefault(outcome.rule.id, []).append(outcome)
    for outcomes in by_rule.values():
        yield from _rule_faults(engine, outcomes)
    for rule in engine.knowledge.rules:
        for example in rule.counter_examples:
            if engine.diagnose(example, context_of(rule)).rule == rule.id:
                yield Fault(
                    "example", where(engine.knowledge, rule), f"takes its counter-example {example[:100]!r}"
                )


def _rule_faults(engine: Engine, outcomes: list[Outcome]) -> Iterator[Fault]:
    rule = outcomes[0].rule
    place = where(engine.knowledge, rule)
    wrong = [o for o in outcomes if not o.right]
    if len(wrong) == len(outcomes):
        winner = wrong[0].diagnosis
        by = winner.rule or "the codes"
        yield Fault(
            "shadowed",
            place,
            f"{by} ({winner.cause}) decides every example of it; raise its priority or narrow the other",
        )
        return
    for outcome in wrong:
        by = outcome.diagnosis.rule or "the codes"
        yield Fault("example", place, f"{by} ({outcome.diagnosis.cause}) wins {outcome.example[:100]!r}")
    for outcome in outcomes:
        rival = _rival(engine, outcome)
        if rival:
            yield Fault(
                "ambiguous", place, f"as strong as {rival} for {outcome.example[:100]!r}; set a priority"
            )
            return


def _rival(engine: Engine, outcome: Outcome) -> str:
    """A rule of another cause that is exactly as strong as this one, which decided the example."""
    candidates = outcome.diagnosis.candidates
    if not candidates or outcome.diagnosis.rule != outcome.rule.id:
        return ""
    for candidate in candidates[1:]:
        if (
            candidate.score == candidates[0].score
            and candidate.rule >= 0
            and candidate.cause != outcome.rule.cause
        ):
            return engine.knowledge.rules[candidate.rule].id
    return ""
