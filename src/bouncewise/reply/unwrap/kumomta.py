"""KumoMTA: delivery log records (JSON) with the reply in parts, and its own words.

One object a line; ``response`` holds ``code``, ``enhanced_code``, ``content`` and the ``command`` that it
answers, beside ``peer_address``, ``source_address``, ``sender``, ``recipient``, ``num_attempts``, and the
times ``created`` and ``timestamp``, whose difference is the age in the queue::

    {"type": "Bounce", "recipient": "bob@example.com", "peer_address": {"name": "mx.example.com.", "addr":
     "192.0.2.1"}, "response": {"code": 550, "enhanced_code": {"class": 5, "subject": 1, "detail": 1},
     "content": "no such user", "command": "RCPT TO:<bob@example.com>"}}

``KumoMTA internal: ...`` in ``content`` or alone says that KumoMTA speaks itself; a code that the record
gives with it is KumoMTA's own verdict and kept. A record cut off is read as far as it goes.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bouncewise.reply.model import Context, EnhancedCode, Phase, Reply, Unwrapped
from bouncewise.reply.parse import clean, parse_reply
from bouncewise.reply.unwrap.common import found, own_words, phase_of
from bouncewise.reply.unwrap.fields import host, ip, time_of

MAX_DEPTH_HINT = 64
_INTERNAL = "KumoMTA internal: "
_CODE = re.compile(r"\"response\"\s?:\s?\{\s?\"code\"\s?:\s?([2-5]\d\d)\b")
_CONTENT = re.compile(r"\"content\"\s?:\s?\"((?:[^\"\\]|\\.){1,4000})\"?")
_MEMBER = re.compile(r"\"(recipient|sender|type|event_time)\"\s?:\s?\"([^\"\\]{1,320})\"")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside a KumoMTA log record, or None.

    Args:
        text: one record, or the words that KumoMTA gives to bounces of its own.
    """
    if text.startswith(_INTERNAL):
        return found("kumomta", own_words(text), Context(phase=_internal_phase(text)))
    if not text.startswith("{") or '"response"' not in text:
        return None
    if text.count("[") > MAX_DEPTH_HINT or text.count("{") > MAX_DEPTH_HINT:
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return _cut_off(text)
    said = record.get("response") if isinstance(record, dict) else None
    if not isinstance(said, dict) or not isinstance(said.get("content"), str):
        return None
    return found("kumomta", _reply(said), _context(record, said), _note(record))


def _note(record: dict[str, Any]) -> str:
    """The record's type where it says more than the reply (expired, taken out by an operator)."""
    kind = record.get("type")
    return kind if kind in ("Expiration", "AdminBounce", "OOB") else ""


def _context(record: dict[str, Any], said: dict[str, Any]) -> Context:
    peer, source = record.get("peer_address"), record.get("source_address")
    peer = peer if isinstance(peer, dict) else {}
    if isinstance(source, dict):
        source = source.get("address")
    command, content = said.get("command"), said["content"]
    phase = phase_of(command.split("<", 1)[0]) if isinstance(command, str) else None
    attempts, event = record.get("num_attempts"), _text(record.get("event_time"))
    return Context(
        phase=phase or _internal_phase(content),
        remote_host=host(_text(peer.get("name"))),
        remote_ip=ip(_text(peer.get("addr"))),
        local_ip=_without_port(_text(source)),
        sender=_text(record.get("sender")),
        recipient=_text(record.get("recipient")),
        queue_age=_age(record),
        attempts=attempts + 1 if type(attempts) is int and 0 <= attempts < 10_000 else None,
        time=time_of(event) if event else None,
    )


def _internal_phase(content: str) -> Phase | None:
    connecting = content.startswith(_INTERNAL) and "connect" in content[:200]
    return Phase.CONNECT if connecting else None


def _age(record: dict[str, Any]) -> float | None:
    created, now = record.get("created"), record.get("timestamp")
    if type(created) is int and type(now) is int and 0 <= now - created < 10**9:
        return float(now - created)
    return None


def _without_port(address: str | None) -> str | None:
    if not address:
        return None
    bracketed = re.fullmatch(r"\[([^\]]{2,45})\](?::\d{1,5})?", address)
    if bracketed:
        return ip(bracketed[1])
    return ip(address.rsplit(":", 1)[0] if address.count(":") == 1 else address)


def _text(value: Any) -> str | None:
    return clean(value[:1000]) if isinstance(value, str) else None


def _reply(said: dict[str, Any]) -> Reply:
    code, words, parts = said.get("code"), said["content"], said.get("enhanced_code")
    enhanced = None
    if isinstance(parts, dict):
        numbers = [parts.get(name) for name in ("class", "subject", "detail")]
        try:
            enhanced = EnhancedCode.parse(".".join(str(number)[:9] for number in numbers))
        except ValueError:
            enhanced = None
    coded = type(code) is int and 200 <= code <= 559
    parsed = parse_reply(f"{code} {words}" if coded else words)
    return Reply(parsed.code, enhanced or parsed.enhanced, parsed.lines)


def _cut_off(text: str) -> Unwrapped | None:
    """What can be told from a record whose end is missing."""
    code, content = _CODE.search(text), _CONTENT.search(text)
    if code is None or content is None:
        return None
    members: dict[str, str] = dict(_MEMBER.findall(text))
    words = content[1].replace('\\"', '"').replace("\\n", "\n")
    context = Context(sender=members.get("sender"), recipient=members.get("recipient"))
    return found("kumomta", parse_reply(f"{code[1]} {words}"), context)
