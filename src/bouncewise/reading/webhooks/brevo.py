"""Brevo (Sendinblue): webhooks of transactional mails and campaigns, the events of its API, and the log as
CSV.

An event::

    {"event": "hard_bounce", "email": "bob@example.com", "id": 26224, "date": "2026-11-05 17:20:00",
     "ts": 1730823600, "message-id": "<...@smtp-relay.mailin.fr>", "ts_event": 1730823600, "subject": "...",
     "reason": "550 5.1.1 User unknown", "sending_ip": "192.0.2.10", "ts_epoch": 1730823600123}

The API names the events otherwise (``hardBounces``) and the id ``messageId``. ``blocked`` was not sent:
``rejected``; ``error`` is Brevo's own failure and ``invalid_email`` an address that it refused: both
``bounced``. ``ts_event`` and ``ts_epoch`` are UTC, ``ts`` and ``date`` may be of another zone. Requests,
opens, clicks and unsubscriptions tell of no delivery.

The CSV of the log has the columns ``st_text,ts,sub,frm,email,tag,mid,link``; its times are ``05-11-2026
17:20:00``.

Source: https://developers.brevo.com/docs/transactional-webhooks and
https://developers.brevo.com/reference/getemaileventreport-1
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "delivered": Kind.DELIVERED,
    "hard_bounce": Kind.BOUNCED,
    "hardbounce": Kind.BOUNCED,
    "hardbounces": Kind.BOUNCED,
    "soft_bounce": Kind.BOUNCED,
    "softbounce": Kind.BOUNCED,
    "softbounces": Kind.BOUNCED,
    "bounces": Kind.BOUNCED,
    "invalid_email": Kind.BOUNCED,
    "invalid": Kind.BOUNCED,
    "invalidemail": Kind.BOUNCED,
    "error": Kind.BOUNCED,
    "blocked": Kind.REJECTED,
    "deferred": Kind.DEFERRED,
    "spam": Kind.COMPLAINT,
    "complaint": Kind.COMPLAINT,
}
_IDS = ("message-id", "messageId", "camp_id")
_TIMES = ("ts_event", "ts_epoch", "ts", "date", "date_event", "ts_sent")
_COLUMNS = {"st_text", "ts", "frm", "email", "mid"}


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is an event of Brevo."""
    return (
        isinstance(record.get("event"), str)
        and isinstance(record.get("email"), str)
        and any(name in record for name in _IDS)
        and any(name in record for name in _TIMES)
        and "sg_event_id" not in record
    )


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of an event, or none."""
    name = record["event"]
    kind = _KINDS.get(name.lower())
    if kind is None:
        return ()
    time = next((told for one in _TIMES if (told := f.when(record.get(one), utc=False))), "")
    quoted, note = f.classified(f.said(f.text(record, "reason")), "invalid email" if "nvalid" in name else "")
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(record["email"]),
            time=time,
            message_id=f.identity(f.text(record, "message-id", "messageId")),
            local_ip=f.text(record, "sending_ip", "ip") if kind is not Kind.COMPLAINT else "",
            note=note,
            returned=f.returned(
                f.text(record, "sender_email", "from"), f.text(record, "subject", "campaign name")
            ),
        ),
    )


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether the columns are those of the log."""
    return set(columns) >= _COLUMNS


def read_row(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """The delivery of a row of the log, or none."""
    name = row.get("st_text", "").strip().lower().replace(" ", "").replace("_", "")
    kind = _KINDS.get(name)
    if kind is None:
        return ()
    day, _, clock = row.get("ts", "").partition(" ")
    told = f.when(f"{day[6:10]}-{day[3:5]}-{day[:2]}T{clock}", utc=False)
    return (
        f.delivery(
            source,
            kind,
            f.said(""),
            recipient=f.address(row.get("email")),
            time=told,
            message_id=f.identity(row.get("mid", "")),
            returned=f.returned(row.get("frm"), row.get("sub", "")),
        ),
    )
