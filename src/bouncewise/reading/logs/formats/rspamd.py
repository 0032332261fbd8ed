"""Rspamd: what it had a server refuse, from its history and its log.

A row of the history (``/history`` of the controller, the web page's export)::

    {"action": "reject", "score": 21.3, "required_score": 15.0, "message-id": "m1@example.org", "ip":
        "192.0.2.9",
     "sender_smtp": "a@example.org", "rcpt_smtp": ["bob@example.com"], "unix_time": 1795455628, "size":
     1234, "symbols": {...}}

A line of its log; ``F`` or ``T`` says whether the message is spam::

    rspamd_task_write_log: id: <m1@example.org>, qid: <4jYC>, ip: 192.0.2.9, from: <a@example.org>,
        (default: T (reject):
        [21.30/15.00] [BAYES_SPAM(4.00){99%;}]), len: 1234, time: 302.1ms, dns req: 9, digest: <...>,
        rcpts: <bob@example.com>,
        mime_rcpts: <bob@example.com>, forced: reject "Blocked"; score=nan (set by ratelimit)

``reject``, ``soft reject`` and ``greylist`` refuse; other actions let a message in. The reply to the
client stands in the mail server's log.

Source: Rspamd 1.6 to 3.x, ``src/plugins/lua/history_redis.lua``, ``src/libserver/task.c``; issues 1365
and 1959 of its repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.replies import words_of
from bouncewise.reading.logs.times import epoch, iso
from bouncewise.reply.model import Phase

PROGRAMS = ("rspamd", "rspamd_proxy")
TRIGGERS = ("rspamd_task_write_log: ",)
MAX_RECIPIENTS = 1000
_REFUSALS = frozenset(("reject", "soft reject", "greylist"))
_LINE = re.compile(
    r"rspamd_task_write_log: (?:id: <([^>]{0,500})>, )?(?:qid: <([^>]{0,60})>, )?(?:ip: ([\w.:]{0,60}), )?"
    r"(?:user: [^,]{0,200}, )?(?:smtp_from: <([^>]{0,330})>, )?(?:from: <([^>]{0,330})>, )?.{0,400}?"
    r"\(default: \w \(([a-z ]{3,30})\): \[(-?[\d.]{1,12}|nan|-?inf)/(-?[\d.]{1,12}|nan|inf)\]",
    re.DOTALL,
)
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?")
_RECIPIENTS = re.compile(r"(?<!mime_)rcpts?: <([^>]{0,20000})>")
_FORCED = re.compile(r"forced: [a-z ]{3,30} \"([^\"]{0,500})\"")
_HEAD = re.compile(r"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? )?#\d{1,9}\(\w{1,40}\) <\w{0,12}>; ")


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Rspamd."""
    return message.startswith("rspamd_task_write_log: ") or _HEAD.match(message) is not None


def recognise_object(record: Mapping[str, Any]) -> bool:
    """Whether an object is a row of Rspamd's history."""
    return (
        isinstance(record.get("action"), str)
        and ("rcpt_smtp" in record or "rcpt_mime" in record)
        and ("unix_time" in record or "required_score" in record)
    )


class Reader:
    """Reads the lines of Rspamd; each tells all by itself."""

    def read(self, line: Line) -> Iterable[Delivery]:
        """The refusals that a line tells of."""
        message = line.message
        start = message.find("rspamd_task_write_log: ")
        found = _LINE.match(message, start) if start >= 0 else None
        if found is None or found[6] not in _REFUSALS:
            return ()
        stamp = _STAMP.match(message)
        recipients = _RECIPIENTS.search(message, found.end())
        forced = _FORCED.search(message, found.end())
        sender = found[4] if found[4] is not None else found[5]
        words = forced[1] if forced else _words(found[6], found[7], found[8])
        return [
            Delivery(
                source=line.source,
                kind=Kind.REJECTED,
                time=line.time or (iso(stamp[0]) if stamp else ""),
                sender=sender,
                recipient=recipient.strip(),
                message_id="" if found[1] in (None, "undef") else found[1],
                queue_id="" if found[2] in (None, "undef") else found[2],
                reporting_mta=line.host,
                remote_ip=found[3] or "",
                phase=Phase.MESSAGE,
                reply=words_of(words),
            )
            for recipient in (recipients[1] if recipients else "").split(",")[:MAX_RECIPIENTS]
        ]


def read_object(record: Mapping[str, Any], source: Source) -> Iterable[Delivery]:
    """The refusals of a row of the history."""
    action = record["action"]
    if action not in _REFUSALS:
        return ()
    told = record.get("rcpt_smtp") or record.get("rcpt_mime")
    recipients = [r for r in told if isinstance(r, str)] if isinstance(told, list) else [str(told or "")]
    sender, size, ip = record.get("sender_smtp"), record.get("size"), str(record.get("ip") or "")
    message_id = record.get("message-id") or record.get("message_id") or ""
    words = _message(record) or _words(action, record.get("score"), record.get("required_score"))
    return [
        Delivery(
            source=source,
            kind=Kind.REJECTED,
            time=epoch(record.get("unix_time")) or epoch(record.get("time")),
            sender=None if sender in (None, "unknown") else str(sender),
            recipient=recipient.strip() if recipient != "unknown" else "",
            message_id=str(message_id).strip("<>") if message_id != "undef" else "",
            remote_ip="" if ip == "unknown" else ip,
            size=size if isinstance(size, int) and not isinstance(size, bool) else None,
            phase=Phase.MESSAGE,
            reply=words_of(words),
        )
        for recipient in (recipients or [""])[:MAX_RECIPIENTS]
    ]


def _words(action: str, score: Any, required: Any) -> str:
    return f"{action}: score {score} of {required}" if required is not None else f"{action}: score {score}"


def _message(record: Mapping[str, Any]) -> str:
    messages = record.get("messages")
    said = messages.get("smtp_message") if isinstance(messages, dict) else None
    return said if isinstance(said, str) else ""
