"""PowerMTA: accounting files, one row a recipient and event, in CSV (or JSON, since version 5).

Rows (any columns in any order; the first row names them)::

    type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,...
    b,2026-11-24 10:00:01+0100,2026-11-24 10:00:00+0100,ann@example.com,bob@example.net,,failed,
        5.1.1 (bad destination mailbox address),smtp;550 5.1.1 User unknown,mx.example.net
            (198.51.100.7),bad-mailbox,...

``type`` is ``d`` delivered, ``b`` bounced, ``t`` a temporary failure, ``tq`` one of a whole queue (told
only where it has a recipient), ``rb`` a bounce that came as a mail, ``rs`` a status that came as a mail,
``f`` a complaint (feedback loop), ``r`` received (no record). A bounce of the category ``message-expired``
or with the status 4.4.7 is one whose time ran out. Times are as configured: with an offset, or seconds
since 1970. A file without the first row is read in the order of the default columns.

Source: PowerMTA 3.5 to 5.0 User's Guide, "Accounting" (record types, fields, default columns, encoding).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.fields import (
    address_of,
    is_expired,
    number_of,
    peer_of,
    plain_name,
    plain_object,
    plain_row,
    time_of,
)
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Reply

PROGRAMS: tuple[str, ...] = ("pmta", "pmtad")
_DEFAULT = (
    "type",
    "timelogged",
    "timequeued",
    "orig",
    "rcpt",
    "orcpt",
    "dsnaction",
    "dsnstatus",
    "dsndiag",
    "dsnmta",
    "bouncecat",
    "srctype",
    "srcmta",
    "dlvtype",
    "dlvsourceip",
    "dlvdestinationip",
    "dlvesmtpavailable",
    "dlvsize",
    "vmta",
    "jobid",
    "envid",
)
_ROW = re.compile(
    r"\"?(?:d|b|t|tq|rb|rs|f|r)\"?,\"?(?:\d{9,10}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[^,]{0,8})\"?,"
    r"\"?(?:\d{9,10}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[^,]{0,8})\"?,[^,]{0,320},\"?[^,@\s]{1,128}@",
    re.ASCII,
)
_KINDS = {
    "d": Kind.DELIVERED,
    "delivery": Kind.DELIVERED,
    "delivered": Kind.DELIVERED,
    "b": Kind.BOUNCED,
    "bounce": Kind.BOUNCED,
    "bounced": Kind.BOUNCED,
    "rb": Kind.BOUNCED,
    "remotebounce": Kind.BOUNCED,
    "t": Kind.DEFERRED,
    "transient": Kind.DEFERRED,
    "tq": Kind.DEFERRED,
    "transientqueue": Kind.DEFERRED,
    "f": Kind.COMPLAINT,
    "fbl": Kind.COMPLAINT,
    "feedbackloop": Kind.COMPLAINT,
}
_ACTIONS = {
    "failed": Kind.BOUNCED,
    "delayed": Kind.DELAYED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.RELAYED,
    "expanded": Kind.DELIVERED,
}
_OURS = frozenset(
    ("timelogged", "timequeued", "dsnstatus", "dsndiag", "dsnmta", "bouncecat", "vmta", "dlvsourceip")
)
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})?\s{0,4}(?:\(?([^()]{1,200})\)?)?")
_TYPE = re.compile(r"[A-Za-z][\w-]{1,30}\s{0,2};\s{0,4}")
_MTA = re.compile(r"([^\s()\[\]]{1,255})?\s{0,4}(?:[(\[]([^()\[\]]{2,60})[)\]])?")
_CODE = re.compile(r"[245]\d\d(?:[ -]|$)")


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether columns of these names are of an accounting file."""
    names = {plain_name(name) for name in columns}
    return "type" in names and ("rcpt" in names or "orig" in names) and not names.isdisjoint(_OURS)


def read_row(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """The deliveries of a row."""
    return _read(plain_row(row), source)


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a row."""
    return isinstance(record.get("type"), str) and recognise_columns(tuple(record))


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The deliveries of an object that holds a row."""
    return _read(plain_object(record), source)


def recognise(message: str) -> bool:
    """Whether a line is a row in the default columns."""
    return _ROW.match(message) is not None


class Reader:
    """Reads rows of a file that has no names of columns."""

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries of a line."""
        if not recognise(line.message):
            return ()
        try:
            row = next(csv.reader([line.message]), [])
        except csv.Error as error:
            return (line.unreadable(f"this row is no CSV: {error}"),)
        return _read(dict(zip(_DEFAULT, (value.strip() for value in row), strict=False)), line.source)


def _read(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    kind = _kind(row)
    recipient = address_of(row.get("rcpt", ""))
    if kind is None or (not recipient and kind is Kind.DEFERRED):
        return ()
    status, reply = _reply(row)
    host, address = _MTA.match(row.get("dsnmta", "")), row.get("dlvdestinationip", "")
    original = row.get("orcpt", "").rpartition(";")[2]
    return (
        Delivery(
            source=source,
            kind=kind,
            time=time_of(row.get("timelogged") or row.get("timequeued", "")),
            sender=address_of(row["orig"]) if "orig" in row else None,
            recipient=recipient,
            original_recipient=original if original != recipient else "",
            message_id=(row.get("headermessageid") or row.get("messageid", "")).strip("<>"),
            queue_id=row.get("envid", ""),
            reporting_mta=_who(row.get("reportingmta", "")) if kind is Kind.COMPLAINT else "",
            remote_mta=(host[1] or "") if host else "",
            remote_ip=peer_of(address) or (peer_of(host[2] or "") if host else ""),
            local_ip=peer_of(row.get("dlvsourceip", "")),
            client=row.get("srcmta", ""),
            size=number_of(row.get("dlvsize")),
            queue_age=_age(row),
            dsn_action=row.get("dsnaction", ""),
            status=status,
            feedback_type=(row.get("feedbacktype") or row.get("fbltype", ""))
            if kind is Kind.COMPLAINT
            else "",
            reply=reply,
        ),
    )


def _kind(row: Mapping[str, str]) -> Kind | None:
    name = plain_name(row.get("type", ""))
    action = row.get("dsnaction", "").lower()
    if name in ("rs", "remotestatus"):
        return _ACTIONS.get(action, Kind.DELAYED)
    kind = _KINDS.get(name)
    if kind is Kind.BOUNCED:
        category = row.get("bouncecat", "").lower()
        if category == "message-expired" or row.get("dsnstatus", "").startswith("4.4.7"):
            return Kind.EXPIRED
        if category == "soft":  # no category of PowerMTA's own: programs that rewrite its files have it
            return Kind.DEFERRED
        if is_expired(row.get("dsndiag", "")):
            return Kind.EXPIRED
    return kind  # also "relayed": to a server without DSN, which is as far as PowerMTA can see


def _reply(row: Mapping[str, str]) -> tuple[str, Reply]:
    """The status and the reply; where there is no reply, the words of the status."""
    found = _STATUS.match(row.get("dsnstatus", ""))
    status, words = (found[1] or "", found[2] or "") if found else ("", "")
    said = _TYPE.sub("", row.get("dsndiag", "").strip(), count=1).strip()
    if not said:
        words = "" if words.isdigit() else words
        return status, words_of(words, status)
    reply = reply_of(said, status) if _CODE.match(said) else words_of(said, status)
    return status or str(reply.enhanced or ""), reply


def _who(text: str) -> str:
    return _TYPE.sub("", text, count=1)


def _age(row: Mapping[str, str]) -> float | None:
    seconds = number_of(row.get("totalsecondsqueued"))
    if seconds is not None:
        return float(seconds)
    try:
        logged = datetime.fromisoformat(time_of(row["timelogged"]))
        queued = datetime.fromisoformat(time_of(row["timequeued"]))
        age = (logged - queued).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
    return age if age >= 0 else None
