"""Envelopes that are JSON objects: journald, Docker, Loki, CloudWatch, and what ships logs.

Examples, all of the same line::

    {"__REALTIME_TIMESTAMP": "1795455628575712", "SYSLOG_IDENTIFIER": "postfix/smtp", "MESSAGE": "..."}
    {"log": "...\\n", "stream": "stdout", "time": "2026-11-23T17:40:28.575712000Z"}        Docker
    {"stream": {"host": "mail1"}, "values": [["1795455628575712000", "..."]]}               Loki
    {"labels": {...}, "line": "...", "timestamp": "2026-11-23T17:40:28.575712Z"}            logcli, Grafana
    {"logStreamName": "mail", "timestamp": 1795455628575, "message": "..."}                 CloudWatch
    {"textPayload": "...", "timestamp": "2026-11-23T17:40:28.575Z"}                         Google
    {"@timestamp": "...", "host": {"name": "mail1"}, "process": {...}, "message": "..."}    Elastic
    {"appname": "postfix/smtp", "procid": 123, "hostname": "mail1", "message": "..."}       Vector
    {"ident": "postfix/smtp", "pid": "123", "host": "mail1", "message": "..."}              Fluentd
    {"syslogtag": "postfix/smtp[123]:", "hostname": "mail1", "msg": " ..."}                 rsyslog
    {"PROGRAM": "postfix/smtp", "PID": "123", "HOST": "mail1", "MESSAGE": "..."}            syslog-ng
    {"result": {"_raw": "...", "_time": "2026-11-23T17:40:28.000+01:00"}}                   Splunk
    {"version": "1.1", "host": "mail1", "short_message": "...", "timestamp": 1795455628.57} GELF, Graylog
    {"time": 1795455628.57, "host": "mail1", "sourcetype": "syslog", "event": "..."}        Splunk's collector
    {"timeUnixNano": "1795455628575712000", "body": {"stringValue": "..."}}                 OpenTelemetry
    {"processImagePath": "/usr/libexec/smtp", "processID": 123, "eventMessage": "..."}      macOS log show

A message that Docker cuts at 16 KiB is joined: every part but the last one ends without a newline, and so are
the parts that Fluent Bit and Docker's journald driver mark. journald gives a message that is no UTF-8 as a
list of octets.

Sources: systemd's journal export and JSON formats, Docker's json-file driver, Loki's HTTP API and logcli,
AWS CloudWatch Logs' API and subscriptions, Google's LogEntry, Elastic Common Schema, the shippers' manuals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.times import epoch, iso, kibana
from bouncewise.reply.parse import decode

MAX_PART = 65_536  # characters of a message in parts that are kept
MAX_ROWS = 1_000_000  # lines in one object
_MESSAGES = (
    "MESSAGE",
    "log",
    "message",
    "@message",
    "line",
    "Line",
    "textPayload",
    "msg",
    "_raw",
    "eventMessage",
    "short_message",
    "SyslogMessage",
    "LogMessage",
    "LogEntry",
    "logmsg",
)
_TIMES = (
    "time",
    "timestamp",
    "@timestamp",
    "timereported",
    "timegenerated",
    "ts",
    "Timestamp",
    "ISODATE",
    "_time",
    "TimeGenerated",
    "date",
    "timeUnixNano",
    "generated_at",
    "received_at",
    "observedTimeUnixNano",
)
_HOSTS = (
    "_HOSTNAME",
    "hostname",
    "HOST",
    "host",
    "logsource",
    "HostName",
    "Computer",
    "source_host",
    "fromhost",
    "_host",
)
_PROGRAMS = (
    "SYSLOG_IDENTIFIER",
    "ident",
    "appname",
    "app-name",
    "PROGRAM",
    "program",
    "programname",
    "application_name",
    "appName",
    "ProcessName",
    "syslog_identifier",
    "_COMM",
)
_PIDS = ("SYSLOG_PID", "_PID", "pid", "procid", "PID", "process_id", "ProcessID", "processID")
_WITHIN = (
    "jsonPayload",
    "_source",
    "result",
    "message",
    "log",
    "attributes",
    "fields",
    "properties",
)  # objects that hold the line
_TAG = re.compile(r"([^\s\[\]]{1,128}?)(?:\[(\d{1,10})\])?:?\s*$", re.ASCII)
_BLANK_IN_FRONT = ("msg", "message")  # rsyslog's property msg has it
_OF_RSYSLOG = ("syslogtag", "tag")


class Envelopes:
    """Takes lines out of objects, and joins those that were cut."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}  # by stream

    def lines_in(self, record: Mapping[str, Any]) -> Iterator[Line] | None:
        """The lines that an object of a journal, container or log service holds, or None.

        Args:
            record: the object.
        """
        values = record.get("values")
        if isinstance(values, list) and isinstance(record.get("stream"), dict):
            return _of_loki(record["stream"], values)
        rows, columns = record.get("rows"), record.get("columns") or record.get("fields")
        if isinstance(rows, list) and isinstance(columns, list):
            return self._of_table(columns, rows)
        line = _line(record)
        if line is None:
            return None
        return iter(()) if self._is_part(record, line) else iter((line,))

    def _is_part(self, record: Mapping[str, Any], line: Line) -> bool:
        """Keep a message that is not whole, and put what was kept in front of its last part."""
        stream = record.get("stream")
        tag = record.get("logtag")
        log = record.get("log")
        if isinstance(tag, str) and tag in ("P", "F"):
            more = tag == "P"
        elif (
            "CONTAINER_PARTIAL_ID" in record
            or "CONTAINER_PARTIAL_MESSAGE" in record
            or (
                self._parts and str(record.get("CONTAINER_ID"))[:200] in self._parts
            )  # old Docker's last part
        ):
            more = str(record.get("CONTAINER_PARTIAL_MESSAGE", "false")) == "true"
        elif "partial_message" in record:
            more = str(record.get("partial_last", "false")) != "true"
        elif (
            isinstance(log, str)
            and isinstance(stream, str)
            and "time" in record
            and "kubernetes" not in record
        ):
            more = not log.endswith("\n") and len(log) > _SHORTEST_PART
            if not self._parts and not more:
                return False
        else:
            return False
        key = str(next((record[name] for name in _PART_KEYS if record.get(name)), stream))[:200]
        held = self._parts.pop(key, "")
        message = (held + line.message)[:MAX_PART] if len(held) < MAX_PART else held
        if more:
            if len(self._parts) >= _MAX_STREAMS:
                self._parts.clear()
            self._parts[key] = message
            return True
        line.message = message
        return False

    def _of_table(self, columns: list[Any], rows: list[Any]) -> Iterator[Line] | None:
        """Azure's query API, and Splunk's ``json_rows``: names of the columns beside rows of values."""
        names = [str(c.get("name") if isinstance(c, dict) else c) for c in columns]
        if not any(name in _MESSAGES for name in names):
            return None
        found = (
            _line(dict(zip(names, row, strict=False))) for row in rows[:MAX_ROWS] if isinstance(row, list)
        )
        return (line for line in found if line is not None)


_PART_KEYS = ("partial_id", "CONTAINER_PARTIAL_ID", "container_id", "CONTAINER_ID")
_SHORTEST_PART = 8192  # characters; Docker cuts at 16,384 octets
_MAX_STREAMS = 64


def _of_loki(labels: Mapping[str, Any], values: list[Any]) -> Iterator[Line]:
    """A stream of Loki's: pairs of nanoseconds and a line."""
    host, program, pid = _first(labels, _HOSTS), _first(labels, _PROGRAMS), _first(labels, _PIDS)
    for pair in values[:MAX_ROWS]:
        if isinstance(pair, list) and len(pair) > 1 and isinstance(pair[1], str):
            yield Line(pair[1].rstrip("\r\n"), 0, _when(pair[0]), host, program, pid)


def _line(record: Mapping[str, Any], level: int = 0) -> Line | None:
    message = _message(record)
    if message is None:
        return _within(record, level)
    time = _time(record)
    program, pid = _program(record)
    host = _host(record)
    if not time and program and isinstance(record.get("DATE"), str):  # syslog-ng's date has no year
        return Line(f"{record['DATE']} {host or '-'} {program}[{pid or 0}]: {message}")
    return Line(message, 0, time, host, program, pid)


def _host(record: Mapping[str, Any]) -> str:
    host = _first(record, _HOSTS) or _ecs(record, "host", "hostname") or _ecs(record, "host", "name")
    labels = record.get("labels")  # Loki's
    return host or (_first(labels, _HOSTS) if isinstance(labels, dict) else "")


def _within(record: Mapping[str, Any], level: int) -> Line | None:
    """A line in an object inside the object; what that does not tell, the outer one may."""
    if level:
        return None
    if isinstance(record.get("value"), str) and record.get("field") == "@message":  # CloudWatch Logs Insights
        return Line(record["value"].rstrip("\r\n"))
    for name in (*_WITHIN, "event") if "sourcetype" in record else _WITHIN:
        inner = record.get(name)
        line = _line(inner, level + 1) if isinstance(inner, dict) else None
        if line is not None:
            line.time = line.time or _time(record)
            line.host = line.host or _host(record)
            return line
    return None


def _named_otherwise(record: Mapping[str, Any]) -> str | None:
    """The message of Splunk's HTTP event collector, and of OpenTelemetry."""
    body, event = record.get("body"), record.get("event")
    if isinstance(event, str) and "sourcetype" in record:
        return event.rstrip("\r\n")
    value = body.get("stringValue") if isinstance(body, dict) else None
    return value.rstrip("\r\n") if isinstance(value, str) else None


def _message(record: Mapping[str, Any]) -> str | None:
    for name in _MESSAGES:
        value = record.get(name)
        if isinstance(value, str):
            if name == "short_message" and isinstance(record.get("full_message"), str):
                value = record["full_message"] or value
            value = value.rstrip("\r\n")
            return value.removeprefix(" ") if name in _BLANK_IN_FRONT else value
        if isinstance(value, list) and value:
            return _octets(value)
    return _named_otherwise(record)


def _octets(value: list[Any]) -> str | None:
    """A list of octets, or the first of several values of one field."""
    if isinstance(value[0], str):
        return value[0].rstrip("\r\n")
    if isinstance(value[0], list) and value[0]:
        value = value[0]
    try:
        return decode(bytes(value[:MAX_PART])).rstrip("\r\n")
    except (TypeError, ValueError):
        return None


def _program(record: Mapping[str, Any]) -> tuple[str, str]:
    for name in _OF_RSYSLOG:
        value = record.get(name)
        tag = (
            _TAG.match(value) if isinstance(value, str) and (name == "syslogtag" or "msg" in record) else None
        )
        if tag:
            return tag[1], tag[2] or _first(record, _PIDS)
    program = (
        _first(record, _PROGRAMS) or _ecs(record, "process", "name") or _ecs(record, "process", "program")
    )
    syslog = record.get("log")
    syslog = syslog.get("syslog") if isinstance(syslog, dict) else None
    if not program and isinstance(syslog, dict):  # Elastic Common Schema
        return _first(syslog, _PROGRAMS), _first(syslog, _PIDS) or _ecs(record, "process", "pid")
    if not program and isinstance(record.get("processImagePath"), str):
        program = record["processImagePath"].rpartition("/")[2]
    return program, _first(record, _PIDS) or _ecs(record, "process", "pid")


def _time(record: Mapping[str, Any]) -> str:
    if "__REALTIME_TIMESTAMP" in record:
        return _when(record["__REALTIME_TIMESTAMP"])
    for name in _TIMES:
        value = record.get(name)
        if isinstance(value, list) and value:  # Elasticsearch's "fields" are lists
            value = value[0]
        if value is not None and (told := _when(value)):
            return told
    return ""


def _when(value: Any) -> str:
    """A time in words or as a count."""
    if isinstance(value, str):
        return iso(value) or kibana(value) or (epoch(value) if value.replace(".", "", 1).isdigit() else "")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return epoch(value)


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and value and value != "-":
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _ecs(record: Mapping[str, Any], group: str, name: str) -> str:
    """A field of the Elastic Common Schema, nested or with a dot in its name."""
    inner = record.get(group)
    value = inner.get(name) if isinstance(inner, dict) else record.get(f"{group}.{name}")
    return str(value) if isinstance(value, str | int) else ""
