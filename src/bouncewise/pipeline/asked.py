"""Lines of JSON that ask what a reply means, and the answer to each."""

from __future__ import annotations

from typing import Any

import msgspec

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.pasted import MAX_LINE
from bouncewise.reply.model import Context, Phase

_PHASES = [p.value for p in Phase]
_decode = msgspec.json.Decoder().decode
Answer = tuple[dict[str, Any], Diagnosis | None]


def answer(engine: Engine, line: bytes, number: int) -> Answer:
    """The record of a line and its diagnosis, or None where the line can't be read; its record says why.

    Args:
        engine: the engine.
        line: an object with a text ``reply``.
        number: of the line, for the message.
    """
    try:
        row = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = "longer than 1 MiB" if len(line) >= MAX_LINE else f"no JSON: {error}"
        return _unreadable(None, number, why), None
    if not isinstance(row, dict) or not isinstance(row.get("reply"), str):
        identity = row.get("id") if isinstance(row, dict) else None
        return _unreadable(identity, number, 'a line is an object with a text "reply"'), None
    diagnosis = engine.diagnose(row["reply"], context_of(row))
    named = {"id": row["id"]} if "id" in row else {}
    return {**named, **diagnosis.as_dict()}, diagnosis


def _unreadable(identity: Any, number: int, why: str) -> dict[str, Any]:
    known = {"id": identity} if identity is not None else {}
    return {
        **known,
        "cause": "unknown",
        "action": "none",
        "confidence": 0.0,
        "error": f"line {number}: {why}",
    }


def context_of(row: dict[str, Any]) -> Context:
    """What a line tells besides; a value of the wrong kind is left out."""

    def text(name: str) -> str | None:
        value = row.get(name)
        return value if isinstance(value, str) and value else None

    phase = text("phase")
    return Context(
        phase=Phase(phase) if phase in _PHASES else None,
        remote_host=text("host") or text("remote_host"),
        remote_ip=text("remote_ip"),
        local_ip=text("local_ip"),
        helo=text("helo"),
        sender=row["sender"] if isinstance(row.get("sender"), str) else None,
        recipient=text("recipient"),
        attempts=row["attempts"]
        if isinstance(row.get("attempts"), int) and row["attempts"] < 10**6
        else None,
    )
