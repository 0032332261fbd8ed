"""Tables whose rows hold lines: what log services export as CSV.

Examples of their first rows: ``timestamp,message`` (CloudWatch), ``_raw,_time,host`` (Splunk),
``timestamp,source,message`` (Graylog), ``@timestamp,message`` (Kibana), ``Time,Line,tsNs`` (Grafana),
``TimeGenerated [UTC],Computer,SyslogMessage`` (Azure).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bouncewise.reading.logs.envelopes.objects import Envelopes
from bouncewise.reading.logs.model import Line

_MESSAGES = {
    "message": "message",
    "@message": "message",
    "_raw": "_raw",
    "line": "line",
    "log": "message",
    "msg": "message",
    "full_message": "message",
    "textpayload": "message",
    "syslogmessage": "message",
    "logmessage": "message",
    "logentry": "message",
    "_source.message": "message",
}
_TIMES = frozenset(
    (
        "timestamp",
        "@timestamp",
        "_time",
        "time",
        "date",
        "ts",
        "tsns",
        "timegenerated",
        "timegenerated [utc]",
        "receivetimestamp",
        "_source.@timestamp",
        "_messagetime",
        "_receipttime",
        "date(utc)",
    )
)
_OTHERS = {
    "host": "host",
    "hostname": "host",
    "computer": "host",
    "source": "host",
    "processname": "program",
    "processid": "pid",
    "program": "program",
    "application_name": "program",
    "process_id": "pid",
}


def holds_lines(columns: Sequence[str]) -> bool:
    """Whether a table with these columns has a time and a line in each row.

    Args:
        columns: the names in its first row.
    """
    names = {name.lower() for name in columns}
    return not names.isdisjoint(_MESSAGES) and not names.isdisjoint(_TIMES)


def line_in(row: Mapping[str, str]) -> Line | None:
    """The line that a row holds, or None.

    Args:
        row: values by the names of the columns.
    """
    record: dict[str, str] = {}
    for column, value in row.items():
        name = column.lower()
        if name in _TIMES:
            record.setdefault("time", value)
        elif name in _MESSAGES:
            record.setdefault(_MESSAGES[name], value)
        elif name in _OTHERS:
            record.setdefault(_OTHERS[name], value)
    if "_raw" in record and "/" in record.get("host", ""):
        del record["host"]  # Splunk's source is a path
    lines = Envelopes().lines_in(record)
    return next(lines, None) if lines else None
