"""KumoMTA: delivery log records (JSON) with the reply in parts."""

from __future__ import annotations

import json
from typing import Any

from bouncewise.reply.model import Context, EnhancedCode, Reply, Unwrapped
from bouncewise.reply.parse import clean, parse_reply
from bouncewise.reply.unwrap.common import found, phase_of

MAX_DEPTH_HINT = 64


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside a KumoMTA log record, or None."""
    if not text.startswith("{") or '"response"' not in text or '"content"' not in text:
        return None
    if text.count("[") > MAX_DEPTH_HINT or text.count("{") > MAX_DEPTH_HINT:
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    said = record.get("response") if isinstance(record, dict) else None
    if not isinstance(said, dict):
        return None
    peer = record.get("peer_address")
    peer = peer if isinstance(peer, dict) else {}
    command = said.get("command")
    context = Context(
        phase=phase_of(command) if isinstance(command, str) else None,
        remote_host=_text(peer.get("name")),
        remote_ip=_text(peer.get("addr")),
        local_ip=_text(record.get("source_address")),
        sender=_text(record.get("sender")),
        recipient=_text(record.get("recipient")),
    )
    return found("kumomta", _reply(said), context)


def _text(value: Any) -> str | None:
    return clean(value.rstrip(".")) if isinstance(value, str) else None


def _reply(said: dict[str, Any]) -> Reply:
    code, content, parts = said.get("code"), said.get("content"), said.get("enhanced_code")
    words = content if isinstance(content, str) else ""
    enhanced = None
    if isinstance(parts, dict):
        try:
            enhanced = EnhancedCode.parse(".".join(str(parts.get(k)) for k in ("class", "subject", "detail")))
        except ValueError:
            enhanced = None
    if isinstance(code, int) and 200 <= code <= 559:
        parsed = parse_reply(f"{code} {words}")
        return Reply(code, enhanced or parsed.enhanced, parsed.lines)
    parsed = parse_reply(words)
    return Reply(parsed.code, enhanced or parsed.enhanced, parsed.lines)
