"""From a diagnosed delivery to what is kept of it, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.knowledge.fold import fold_bytes
from bouncewise.knowledge.template import template_of
from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reply.model import EnhancedCode, Phase, Reply
from bouncewise.report.rollup import outcome_of, sender_domain
from bouncewise.report.tally import Outcome
from bouncewise.store.model import COLUMNS, Dim, Kept

MAX_REPLY = 2000  # characters
MAX_NAME = 320  # of an address or a name
MAX_TEMPLATE = 300
_LISTED = frozenset({"ip-blocklisted", "domain-blocklisted"})
_HIDDEN = re.compile(r"[\x00\ud800-\udfff]")  # what a database does not take as text


def kept_of(delivery: Delivery, diagnosis: Diagnosis, now: int, identity: str = "") -> Kept | None:
    """What is kept of a delivery, or None where it is none (an automatic answer, an unreadable mail).

    Args:
        delivery: what was read.
        diagnosis: what it means.
        now: Unix seconds, for a delivery without a time.
        identity: what names it where it came from; two with the same are one. "" takes its content.
    """
    outcome = outcome_of(delivery)
    if outcome is None:
        return None
    failed = outcome is not Outcome.DELIVERED
    reply = delivery.reply
    host = delivery.remote_mta
    provider = (diagnosis.engine.provider_of(host) if host else None) or (
        diagnosis.provider if failed else None
    )
    at = seconds_of(delivery.time)
    recipient = _name(delivery.recipient)
    domain = recipient.rpartition("@")[2].lower()
    ip = _name(delivery.local_ip or delivery.reporting_mta)
    enhanced = delivery.status or str(reply.enhanced or "")
    client = _name(delivery.client)
    template = template_text(reply.text) if failed else ""
    values = (
        key_of(delivery, identity), now if at is None else at, int(outcome), delivery.kind.value,
        diagnosis.cause, provider or "", reply.code, _name(enhanced), _text(reply.text, MAX_REPLY),
        delivery.phase.value if delivery.phase else "", recipient, domain,
        None if delivery.sender is None else _name(delivery.sender), ip, client, _name(host),
        _name(delivery.remote_ip), _name(delivery.queue_id), _name(delivery.message_id), delivery.queue_age,
        _name(delivery.status), _name(delivery.feedback_type),
        _text(delivery.note, MAX_REPLY) if failed else "", delivery.source.format,
        _name(delivery.source.path), delivery.source.line, template_number(template),
    )  # fmt: skip
    dims: list[tuple[Dim, str]] = [
        (Dim.PROVIDER, provider or ""),
        (Dim.DOMAIN, domain),
        (Dim.IP, ip),
        (Dim.SENDER_DOMAIN, _name(sender_domain(delivery.sender)).lower()),
        (Dim.CLIENT, client),
    ]
    if failed:
        dims += [(Dim.CODE, str(reply.code or "")), (Dim.ENHANCED, enhanced), (Dim.TEMPLATE, template)]
        if diagnosis.cause in _LISTED and (mention := diagnosis.entities.blocklist):
            dims.append((Dim.BLOCKLIST, mention.id))
    return Kept(values, tuple([(int(dim), name) for dim, name in dims if name]), template)


def key_of(delivery: Delivery, identity: str = "") -> bytes:
    """16 octets that name a delivery: two with the same key are one.

    Args:
        delivery: what was read.
        identity: what its source calls it, or "".
    """
    told = (
        ("id", delivery.source.format, identity)
        if identity
        else (
            delivery.kind.value, delivery.time, delivery.queue_id, delivery.message_id, delivery.recipient,
            delivery.sender or "", delivery.reply.text, delivery.remote_mta, str(delivery.attempts or ""),
            delivery.local_ip,
        )
    )  # fmt: skip
    return blake2b("\0".join(told).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def template_text(reply: str) -> str:
    """The template of a reply: its words without addresses and numbers."""
    template = template_of(fold_bytes(_text(reply, MAX_TEMPLATE))).decode("utf-8", "replace")
    return template.replace("\0", "")


def template_number(template: str) -> int:
    """A number for a template, by which its deliveries are found; 0 for none."""
    if not template:
        return 0
    digest = blake2b(template.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


@lru_cache(maxsize=4096)
def seconds_of(time: str) -> int | None:
    """Unix seconds of an RFC 3339 time, or None; a time without an offset is taken as UTC."""
    if not time:
        return None
    try:
        told = datetime.fromisoformat(time)
    except ValueError:
        return None
    return int((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp())


def time_of(seconds: int) -> str:
    """An RFC 3339 time in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def delivery_of(row: Sequence[Any]) -> Delivery:
    """The delivery of a row.

    Args:
        row: the values of ``COLUMNS``.
    """
    told = dict(zip(COLUMNS, row, strict=True))
    return Delivery(
        source=Source(path=told["path"], format=told["format"], line=told["line"]),
        kind=Kind(told["kind"]),
        time=time_of(told["at"]),
        sender=told["sender"],
        recipient=told["recipient"],
        message_id=told["message_id"],
        queue_id=told["queue_id"],
        remote_mta=told["host"],
        remote_ip=told["remote_ip"],
        local_ip=told["ip"],
        client=told["client"],
        queue_age=told["queue_age"],
        phase=Phase(told["phase"]) if told["phase"] else None,
        status=told["status"],
        feedback_type=told["feedback_type"],
        reply=Reply(told["code"], _enhanced(told["enhanced"]), (told["reply"],)),
        note=told["note"],
    )


def diagnosis_of(engine: Engine, delivery: Delivery, cause: str) -> Diagnosis:
    """The diagnosis of a kept delivery: by its words, and with the cause that was found when it came.

    Args:
        engine: the engine.
        delivery: by ``delivery_of``.
        cause: as it was kept; what stood round the reply may have told it.
    """
    found = engine.diagnose(delivery.said)
    return found if found.cause == cause else engine.decided(cause, delivery.said)


def _enhanced(text: str) -> EnhancedCode | None:
    try:
        return EnhancedCode.parse(text)
    except ValueError:
        return None


def _name(text: str) -> str:
    if len(text) <= MAX_NAME and text.isascii() and "\0" not in text:
        return text
    return _text(text, MAX_NAME)


def _text(text: str, most: int) -> str:
    cut = text[:most]
    return cut if cut.isascii() and "\0" not in cut else _HIDDEN.sub("\N{REPLACEMENT CHARACTER}", cut)
