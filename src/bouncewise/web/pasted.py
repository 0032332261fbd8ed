"""What somebody pasted or dropped, explained: a reply, several, log lines, a mail, a mailbox, a webhook."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import Any

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.diagnose import diagnose_delivery, record
from bouncewise.pipeline.pasted import mail_in, pieces, webhook_in
from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reply.parse import MAX_INPUT
from bouncewise.web.ingest import deliveries_in

MAX_SHOWN = 100  # records
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"From ")


def explain(engine: Engine, data: bytes, name: str = "pasted") -> dict[str, Any]:
    """Explain octets by what they are.

    Args:
        engine: the engine.
        data: what was pasted or dropped.
        name: of the file.

    Returns:
        ``kind`` (``replies`` or ``deliveries``), ``records`` (the first of them) and ``total``.
    """
    head = data[: MAX_INPUT + 1]
    if data.startswith(_PACKED) or mail_in(head, BytesIO()) or b"\0" in head:
        return _deliveries(engine, data, name)
    if webhook_in(head):
        found = _deliveries(engine, data, name)
        if found["records"]:
            return found
    texts = pieces(head, BytesIO(data[len(head) :]))
    records = [_reply(engine, piece.text) for piece in islice(texts, MAX_SHOWN)]
    return {"kind": "replies", "records": records, "total": len(records) + sum(1 for _ in texts)}


def _reply(engine: Engine, text: str) -> dict[str, Any]:
    return engine.diagnose(text).as_dict()


def _deliveries(engine: Engine, data: bytes, name: str) -> dict[str, Any]:
    told = (
        delivery
        for delivery in deliveries_in(engine, BytesIO(data), name)
        if delivery.kind is not Kind.UNREADABLE
    )
    records = [_record(engine, delivery) for delivery in islice(told, MAX_SHOWN)]
    return {"kind": "deliveries", "records": records, "total": len(records) + sum(1 for _ in told)}


def _record(engine: Engine, delivery: Delivery) -> dict[str, Any]:
    return record(delivery, diagnose_delivery(engine, delivery))
