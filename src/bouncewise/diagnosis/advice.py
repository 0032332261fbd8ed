"""From a cause to what to do: the policy table, the steps and the checks.

The first digit of the reply code decides the action (RFC 5321 section 4.2.1) unless a row of the
policy table says otherwise for the cause, the provider or the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from bouncewise.diagnosis.asks import Asks
from bouncewise.diagnosis.decide import code_matches, enhanced_matches
from bouncewise.diagnosis.model import Advice, Decision, Entities, Facts
from bouncewise.knowledge.model import Cause, Knowledge, Policy, Rule
from bouncewise.reply.model import Context

_ACTION_BY_DIGIT = {2: "deliver", 3: "continue", 4: "retry", 5: "bounce"}
_ACTION_BY_OUTCOME = {
    "delivered": "deliver",
    "continue": "continue",
    "retry": "retry",
    "slow-down": "retry",
    "suppress": "bounce",
    "bounce": "bounce",
    "fix": "bounce",
    "ignore": "none",
    "by-code": "bounce",
}
# Where words alone say "temporary", but nothing is wrong or nothing is to be sent again.
_TRANSIENT = {"delivered": "deliver", "continue": "continue", "ignore": "none"}
T = TypeVar("T")
_PLACEHOLDER = re.compile(r"\{([a-z]+)\|([^{}]*)\}")
DEFAULT_RETRY = (900, 1800, 3600, 7200, 14400)
MAX_ROWS = 4096
DEFAULT_GIVE_UP = 432_000  # five days, RFC 5321 section 4.5.4.1


class Adviser:
    """Gives advice by the policy table of a knowledge base.

    Args:
        knowledge: the knowledge base.
        overrides: rows of the operator's own table; they rank above the shipped ones.
    """

    def __init__(self, knowledge: Knowledge, overrides: Sequence[Policy] = ()) -> None:
        self._knowledge = knowledge
        self._asks = Asks(knowledge.asks)
        self._policies = (*overrides, *knowledge.policies)
        self._own = frozenset(map(id, overrides))
        self._rows: dict[object, Policy] = {}
        self._steps_of: dict[tuple[str, str], tuple[str, ...]] = {}
        for remedy in knowledge.remedies:
            key = remedy.cause, remedy.provider
            self._steps_of[key] = self._steps_of.get(key, ()) + tuple(remedy.steps)

    def action(self, decision: Decision) -> str:
        """What the sending software should do."""
        return self._row(decision).action or "bounce"

    def _row(self, decision: Decision) -> Policy:
        """The policy rows that fit, merged and kept by what they rest on."""
        facts = decision.facts or Facts(None, None, None, None, frozenset())
        transient = decision.transient and facts.code is None
        key = decision.cause, decision.provider, facts.code, facts.enhanced, facts.phase, transient
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= MAX_ROWS:
                self._rows.clear()
            row = self._rows[key] = self._merged(decision, facts)
        return row

    def _merged(self, decision: Decision, facts: Facts) -> Policy:
        """The policy rows that fit, merged: the more exact row wins field by field."""
        digit = _digit(facts)
        fitting = [p for p in self._policies if _fits(p, decision, facts)]
        fitting.sort(key=lambda p: (id(p) in self._own, _exactness(p)), reverse=True)
        cause = self._knowledge.causes.get(decision.cause)
        action: str = _first(fitting, lambda p: str(p.action)) or ""
        if not action and digit is None and decision.transient:
            action = _TRANSIENT.get(cause.outcome if cause else "by-code", "retry")
        if not action and digit is None:
            action = _first(fitting, lambda p: str(p.without_code)) or ""
        if not action:
            action = (
                _ACTION_BY_DIGIT[digit]
                if digit
                else _ACTION_BY_OUTCOME[cause.outcome if cause else "by-code"]
            )
        default = self._knowledge.defaults.get("transient" if action == "retry" else "permanent", Policy())
        rows = [*fitting, default]
        return Policy(
            action=action,  # type: ignore[arg-type]
            retry_after=_first(rows, lambda p: p.retry_after) or DEFAULT_RETRY,
            give_up_after=_first(rows, lambda p: p.give_up_after) or DEFAULT_GIVE_UP,
            suppress=next((p.suppress for p in rows if p.suppress is not None), False),
            throttle=_first(rows, lambda p: p.throttle) or "",
            who=_first(rows, lambda p: p.who) or (cause.who if cause else "nobody"),
        )

    def advise(self, decision: Decision, entities: Entities, context: Context, text: str = "") -> Advice:
        """The whole advice for one decision.

        Args:
            decision: the decision.
            text: the words of the reply, which may ask for other checks than the cause does.
            entities: what the words name; a wait named there rules the time of the next attempt.
            context: what else is known; ``attempts`` chooses the step of the retry table.
        """
        rule = self._winning_rule(decision)
        cause = self._knowledge.causes.get(decision.cause)
        return msgspec.structs.replace(
            self.brief(decision, entities.wait, context),
            steps=self._steps(decision, rule, entities, context),
            checks=self._checks(decision, rule, cause, text),
        )

    def _checks(
        self, decision: Decision, rule: Rule | None, cause: Cause | None, text: str
    ) -> tuple[str, ...]:
        given = rule.checks if rule and rule.checks else cause.checks if cause else ()
        enhanced = decision.facts.enhanced if decision.facts else None
        return self._asks.choose(text, decision.cause, cause.group if cause else "", enhanced, given)

    def brief(self, decision: Decision, wait: int | None, context: Context) -> Advice:
        """The advice without steps and checks, for programs that want no words.

        Args:
            decision: the decision.
            wait: seconds that the words ask to wait, or None; it matters to what is tried again only.
            context: as for ``advise``.
        """
        row = self._row(decision)
        retry = row.action == "retry"
        return Advice(
            action=row.action,
            retry_after=(wait or _step(row.retry_after, context.attempts)) if retry else None,
            give_up_after=row.give_up_after if retry else None,
            suppress=bool(row.suppress) and row.action in ("bounce", "none"),
            throttle=row.throttle,
            who=row.who,
        )

    def _winning_rule(self, decision: Decision) -> Rule | None:
        if decision.candidates and decision.candidates[0].rule >= 0:
            return self._knowledge.rules[decision.candidates[0].rule]
        return None

    def _steps(
        self, decision: Decision, rule: Rule | None, entities: Entities, context: Context
    ) -> tuple[str, ...]:
        providers = (decision.provider, "") if decision.provider else ("",)
        steps = list(rule.steps) if rule else []
        for provider in providers:
            steps.extend(self._steps_of.get((decision.cause, provider), ()))
        if not any("{" in step for step in steps):
            return tuple(dict.fromkeys(steps))
        values = _values(decision, entities, context, self._knowledge)
        return tuple(dict.fromkeys(fill(step, values) for step in steps))


def duration(seconds: int) -> str:
    """A time span in the largest unit that fits."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = seconds / size
            shown = f"{count:.0f}" if count == int(count) else f"{count:.1f}"
            return f"{shown} {name}{'' if shown == '1' else 's'}"
    return "0 seconds"


def fill(step: str, values: Mapping[str, str]) -> str:
    """Fill ``{name|fallback}`` in a step; an empty or unknown value gives the fallback."""
    return _PLACEHOLDER.sub(lambda m: values.get(m[1]) or m[2], step)


def _values(decision: Decision, entities: Entities, context: Context, knowledge: Knowledge) -> dict[str, str]:
    provider = knowledge.providers.get(decision.provider or "")
    listed = entities.blocklist
    sender = context.sender or ""
    return {
        "ip": entities.ips[0] if entities.ips else context.local_ip or "",
        "domain": sender.rpartition("@")[2]
        or (entities.domains[0] if entities.domains and not listed else ""),
        "sender": sender,
        "recipient": context.recipient or "",
        "host": context.remote_host or "",
        "lookup": listed.lookup if listed else "",
        "delist": (listed.delist or listed.lookup) if listed else "",
        "operator": listed.operator if listed else "",
        "wait": duration(entities.wait) if entities.wait else "",
        "limit": str(entities.size_limit or entities.count_limit or ""),
        "url": entities.urls[0] if entities.urls else "",
        "provider": provider.name if provider else "",
        "postmaster": provider.postmaster if provider else "",
    }


def _digit(facts: Facts) -> int | None:
    if facts.code is not None:
        return facts.code // 100 if 200 <= facts.code < 600 else 5  # as first_digit has it
    return facts.enhanced.class_ if facts.enhanced else None


def _fits(policy: Policy, decision: Decision, facts: Facts) -> bool:
    if policy.cause and policy.cause != decision.cause:
        return False
    if policy.provider and policy.provider != decision.provider:
        return False
    if policy.code and (_digit(facts) is None or not _code_fits(policy, facts)):
        return False
    if policy.enhanced and (facts.enhanced is None or not enhanced_matches(policy.enhanced, facts.enhanced)):
        return False
    return not policy.phase or facts.phase in policy.phase


def _code_fits(policy: Policy, facts: Facts) -> bool:
    if facts.code is not None:
        return code_matches(policy.code, facts.code)
    return any(isinstance(c, str) and c[:1] == str(_digit(facts)) for c in policy.code)


def _exactness(policy: Policy) -> tuple[bool, bool, bool, bool, bool]:
    return (
        bool(policy.provider),
        bool(policy.enhanced),
        bool(policy.code),
        bool(policy.phase),
        bool(policy.cause),
    )


def _first(rows: Sequence[Policy], value: Callable[[Policy], T]) -> T | None:
    return next((value(row) for row in rows if value(row)), None)


def _step(times: tuple[int, ...], attempts: int | None) -> int:
    return times[min(max((attempts or 1) - 1, 0), len(times) - 1)]
