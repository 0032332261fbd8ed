"""Elastic Email: its HTTP notifications, and the events of its API and exports.

A notification has its parameters in the query or a form, or as JSON::

    transaction=6f...&to=bob%40example.com&from=shop%40example.com&date=11%2f5%2f2026+5%3a20%3a00+PM
        &subject=...&status=Error&channel=Shop&account=shop%40example.com&category=NoMailbox&messageid=8x...

``Error`` (``Bounced``) has the reason as a ``category``; ``Ignore``, ``ManualCancel`` and ``NotDelivered``
were not sent. ``AbuseReport`` is a complaint. Times are UTC.

An event of the API has ``MsgID``, ``To``, ``EventType`` (Sent, Bounce, FailedAttempt, Complaint, ...),
``EventDate``, ``MessageCategory`` and the server's words in ``Message``; the CSV has the same columns.

Source: https://help.elasticemail.com/en/articles/2376855-how-to-manage-http-web-notifications-webhooks and
https://elasticemail.com/developers/api-documentation/rest-api (Events)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.webhooks import fields as f

_KINDS = {
    "sent": Kind.DELIVERED,
    "delivered": Kind.DELIVERED,
    "error": Kind.BOUNCED,
    "bounced": Kind.BOUNCED,
    "bounce": Kind.BOUNCED,
    "failedattempt": Kind.DEFERRED,
    "suppressed": Kind.REJECTED,
    "abusereport": Kind.COMPLAINT,
    "complaint": Kind.COMPLAINT,
}
_NOT_SENT = frozenset({"ignore", "manualcancel", "notdelivered", "suppressed"})
# What the categories mean, where no server's words are handed on.
_MEANS = {
    "ignore": f.SUPPRESSED,
    "suppressed": f.SUPPRESSED,
    "nomailbox": "mailbox does not exist",
    "spam": "message identified as spam",
    "greylisted": "greylisted",
    "throttled": "too many messages",
    "timeout": "connection timed out",
    "connectionproblem": "connection failed",
    "connectionterminated": "connection closed by the server",
    "spfproblem": "SPF check failed",
    "accountproblem": "mailbox is disabled",
    "dnsproblem": "domain not found",
    "contentfilter": "refused because of its content",
}
_PLAIN = (Kind.DELIVERED, Kind.COMPLAINT)  # a category says nothing of them
_MARKS = ("messageid", "channel", "account", "category", "transaction")
_EVENT = {"MsgID", "To", "EventType", "EventDate"}
_DATE = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?: ([AP])M)?$", re.ASCII | re.IGNORECASE
)


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a notification or an event of Elastic Email."""
    if record.keys() >= _EVENT:
        return True
    return (
        all(isinstance(record.get(name), str) for name in ("to", "status", "date"))
        and "@" in record["to"]
        and sum(mark in record for mark in _MARKS) >= 3
    )


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether the columns are those of an export of events."""
    return set(columns) >= _EVENT


def read_row(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """The delivery of a row, or none."""
    return read_object(row, source)


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The delivery of a notification or an event, or none."""
    event = "EventType" in record
    kind = _KINDS.get(f.text(record, "EventType" if event else "status").lower())
    category = f.text(record, "MessageCategory" if event else "category")
    if kind is None:
        return ()
    if kind is Kind.BOUNCED and category.lower() in _NOT_SENT:
        kind = Kind.REJECTED
    told = f.text(record, "Message" if event else "errormessage") if kind is not Kind.COMPLAINT else ""
    quoted, note = f.classified(f.said(told), "" if kind in _PLAIN else category)
    return (
        f.delivery(
            source,
            kind,
            quoted,
            recipient=f.address(record.get("To" if event else "to")),
            time=_time(f.text(record, "EventDate" if event else "date")),
            queue_id=f.text(record, "MsgID" if event else "messageid"),
            envelope_id=f.text(record, "TransactionID" if event else "transaction"),
            local_ip=f.text(record, "IPAddress") if event and kind is not Kind.COMPLAINT else "",
            note=_MEANS.get(category.lower(), note) if kind not in _PLAIN else "",
            returned=f.returned(f.text(record, "FromEmail", "from"), f.text(record, "Subject", "subject")),
        ),
    )


def _time(told: str) -> str:
    found = _DATE.match(told.strip())
    if found is None:
        return f.when(told)
    hour = int(found[4]) % 12 + (12 if found[7].upper() == "P" else 0) if found[7] else int(found[4])
    return f.when(f"{found[3]}-{int(found[1]):02}-{int(found[2]):02}T{hour:02}:{found[5]}:{found[6]}")
