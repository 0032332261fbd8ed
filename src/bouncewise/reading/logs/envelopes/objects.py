"""Envelopes that are JSON objects: journald, Docker, Loki, CloudWatch, and shippers of logs.

Sources: systemd's journal export and JSON formats, Docker's json-file driver, Loki's HTTP API and logcli,
AWS CloudWatch Logs' exports and subscriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.times import epoch, iso

_MESSAGES = ("MESSAGE", "log", "message", "@message", "line", "textPayload", "msg")
_TIMES = ("time", "timestamp", "@timestamp", "ts", "Timestamp")


def lines_in(record: Mapping[str, Any]) -> Iterator[Line] | None:
    """The lines that an object of a journal, container or log service holds, or None.

    Args:
        record: the object.
    """
    message = next((name for name in _MESSAGES if isinstance(record.get(name), str)), None)
    if message is None:
        return None
    return iter((_line(record, record[message]),))


def _line(record: Mapping[str, Any], message: str) -> Line:
    time = _time(record)
    program = _text(record, "SYSLOG_IDENTIFIER") or _text(record, "_COMM")
    pid = _text(record, "SYSLOG_PID") or _text(record, "_PID")
    return Line(message.rstrip("\r\n"), 0, time, _text(record, "_HOSTNAME"), program, pid)


def _time(record: Mapping[str, Any]) -> str:
    if "__REALTIME_TIMESTAMP" in record:
        return epoch(record["__REALTIME_TIMESTAMP"])
    for name in _TIMES:
        value = record.get(name)
        if isinstance(value, str):
            return iso(value) or epoch(value if value.isdigit() else None)
        if isinstance(value, int | float):
            return epoch(value)
    return ""


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""
