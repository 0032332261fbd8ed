"""A diagnosis as the documented JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from bouncewise.diagnosis.model import Entities, Evidence

if TYPE_CHECKING:
    from bouncewise.diagnosis.diagnosis import Diagnosis

_NOTHING = Entities()


def to_record(diagnosis: Diagnosis) -> dict[str, Any]:
    """The object that ``explain --json`` prints; keys without a value are absent.

    Args:
        diagnosis: the diagnosis. Everything of it is worked out.
    """
    reply, context, advice = diagnosis.reply, diagnosis.context, diagnosis.advice
    record: dict[str, Any] = {
        "reply": without_empty(
            {
                "code": reply.code,
                "enhanced": str(reply.enhanced) if reply.enhanced else None,
                "text": reply.text,
            }
        ),
        "phase": context.phase.value if context.phase else None,
        "host": context.remote_host,
        "remote_ip": context.remote_ip,
        "local_ip": context.local_ip,
        "sender": context.sender,
        "recipient": context.recipient,
        "wrapper": diagnosis.wrapper,
        "provider": diagnosis.provider,
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence,
        "alternatives": [{"cause": a.cause, "confidence": a.confidence} for a in diagnosis.alternatives],
        "action": advice.action,
        "retry_after": advice.retry_after,
        "give_up_after": advice.give_up_after,
        "throttle": advice.throttle,
        "who": advice.who,
        "explanation": diagnosis.explanation,
        "steps": list(advice.steps),
        "checks": list(advice.checks),
        "evidence": [_evidence(item) for item in diagnosis.evidence],
        "entities": _entities(diagnosis.entities),
        "disagreement": diagnosis.disagreement,
    }
    present = without_empty(record)
    present["suppress"] = advice.suppress
    return present


def _evidence(item: Evidence) -> dict[str, Any]:
    return without_empty(structs.asdict(item))


def _entities(entities: Entities) -> dict[str, Any]:
    if entities == _NOTHING:
        return {}
    found = without_empty(structs.asdict(entities))
    listed = found.pop("blocklist", None)
    if listed:
        found["blocklist"] = without_empty(structs.asdict(listed))
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


def without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """The values without those that say nothing; a zero and False say something."""
    return {key: value for key, value in values.items() if value or value == 0}
