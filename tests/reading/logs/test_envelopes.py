"""One line in every envelope that it may be logged in, and the years of times that have none."""

from __future__ import annotations

import json
import time
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.reading.delivery import Kind
from bouncewise.reading.logs.envelopes.entries import joined
from bouncewise.reading.logs.envelopes.objects import Envelopes
from bouncewise.reading.logs.envelopes.text import MAX_PART, Opening, loose
from bouncewise.reading.logs.log import read_log
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.text import lines_of
from bouncewise.reading.logs.times import Clock

WRITTEN = (2026, 11, 24)
M = "4jYCrr6h1DzNMrv: to=<bob@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
P = "postfix/smtp"
BSD = "2026-11-23T17:40:28"
MS = "2026-11-23T17:40:28.794990"
TEXTS = {
    "RFC 3164": (f"Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "RFC 3164, early in the month": (
        f"Nov  5 17:40:28 mail1 {P}[450]: {M}",
        "2026-11-05T17:40:28",
        "mail1",
        P,
        "450",
    ),
    "one blank before the day": (
        f"Nov 5 17:40:28 mail1 {P}[450]: {M}",
        "2026-11-05T17:40:28",
        "mail1",
        P,
        "450",
    ),
    "with PRI": (f"<22>Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "octet count": (f"190 <22>Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "no colon": (f"2026-11-23T17:40:28+01:00 mail1 {P}[450] {M}", f"{BSD}+01:00", "mail1", P, "450"),
    "no pid": (f"Nov 23 17:40:28 mail1 postfix: {M}", BSD, "mail1", "postfix", ""),
    "year behind": (f"Nov 23 17:40:28 2026 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "year behind the day": (
        f"Nov 23 2025 17:40:28 mail1 {P}[450]: {M}",
        "2025-11-23T17:40:28",
        "mail1",
        P,
        "450",
    ),
    "year in front": (f"2025 Nov 23 17:40:28 mail1 {P}[450]: {M}", "2025-11-23T17:40:28", "mail1", P, "450"),
    "IPv6 host": (f"Nov 23 17:40:28 2001:db8::1 {P}[450]: {M}", BSD, "2001:db8::1", P, "450"),
    "host in brackets": (f"Nov 23 17:40:28 [192.0.2.7.2.2] {P}[450]: {M}", BSD, "[192.0.2.7.2.2]", P, "450"),
    "syslog-ng's chain of hosts": (
        f"Nov 23 17:40:28 s_net@mail1/gw {P}[450]: {M}",
        BSD,
        "s_net@mail1/gw",
        P,
        "450",
    ),
    "FreeBSD -vv": (f"Nov 23 17:40:28 <mail.info> mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "FreeBSD -v": (f"Nov 23 17:40:28 <2.6> mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "grep": (f"/var/log/mail.log:Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "grep -Hn": (f"mail.log.1:17:Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "grep -n, context": (f"17-2026-11-23T17:40:28Z mail1 {P}[450]: {M}", f"{BSD}Z", "mail1", P, "450"),
    "aws logs tail": (
        f"2026-11-23T17:40:29.794990+00:00 mail/a-1 Nov 23 17:40:28 mail1 {P}[450]: {M}",
        BSD, "mail1", P, "450",
    ),
    "aws logs get-log-events": (f"EVENTS\t1795455629000\t{M}\t1795455628794", "2026-11-23T17:40:28.794Z", "", "", ""),
    "aws logs filter-log-events": (f"EVENTS\t{'3' * 56}\t1795455629000\tmail/a\t{M}\t1795455628794", "2026-11-23T17:40:28.794Z", "", "", ""),
    "Papertrail": (
        f"7711561783320576\t{BSD}\t2026-11-23T17:40:29\t31181206\tmail1\t192.0.2.7\tMail\tInfo\t{P}[450]\t{M}",
        BSD, "mail1", P, "450",
    ),
    "Kiwi": (f"2026-11-23 17:40:29\tMail.Info\t192.0.2.7\tNov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "Kiwi, no syslog header": (f"2026-11-23 17:40:28\tMail.Info\t192.0.2.7\t{P}[450]: {M}", BSD, "192.0.2.7", P, "450"),
    "macOS, log show default": (
        f"2026-11-23 17:40:28.794990+0100 0x1b2c     Default     0x0                  450    0    smtp: (libsystem_info.dylib) [com.apple.mail:smtp] {M}",
        f"{MS}+01:00", "", "smtp", "450",
    ),
    "macOS, log show compact": (f"2026-11-23 17:40:28.794 Df smtp[450:1b2c] {M}", f"{BSD}.794", "", "smtp", "450"),
    "svlogd -tt": (f"2026-11-23_17:40:28.79499 {M}", f"{BSD}.79499", "", "", ""),
    "s6-log T": (f"2026-11-23 17:40:28.794990500  {M}", f"{MS}500", "", "", ""),
    "docker service logs": (
        f"s_mail.1.x0w5jf4g0kbm@node-1    | Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450",
    ),
    "a tag alone": (f"{P}[450]: {M}", "", "", P, "450"),
    "host and tag": (f"mail1 {P}[450]: {M}", "", "mail1", P, "450"),
    "BusyBox": (f"Nov 23 17:40:28 mail1 mail.info {P}[450]: {M}", BSD, "mail1", P, "450"),
    "AIX": (f"Nov 23 17:40:28 mail1 mail:info {P}[450]: {M}", BSD, "mail1", P, "450"),
    "AIX, forwarded": (
        f"Nov 23 17:40:28 Message forwarded from mail1: {P}[450]: {M}",
        BSD,
        "mail1",
        P,
        "450",
    ),
    "Solaris": (f"Nov 23 17:40:28 mail1 {P}[450]: [ID 197553 mail.info] {M}", BSD, "mail1", P, "450"),
    "macOS, old": (f"Nov 23 17:40:28 mail1 {P}[450] <Info>: {M}", BSD, "mail1", P, "450"),
    "macOS, log show": (
        f"2026-11-23 17:40:28.794990+0100  localhost smtp[450]: {M}",
        f"{MS}+01:00",
        "localhost",
        "smtp",
        "450",
    ),
    "OpenWrt": (f"Mon Nov 23 17:40:28 2026 mail.info {P}[450]: {M}", BSD, "", P, "450"),
    "metalog": (f"Nov 23 17:40:28 [{P}] {M}", BSD, "", P, ""),
    "no host": (f"Nov 23 17:40:28 {P}[450]: {M}", BSD, "", P, "450"),
    "repeated": (f"Nov 23 17:40:28 mail1 {P}[450]: message repeated 2 times: [ {M}]", BSD, "mail1", P, "450"),
    "rsyslog": (f"2026-11-23T17:40:28.794990+01:00 mail1 {P}[450]: {M}", f"{MS}+01:00", "mail1", P, "450"),
    "syslog-ng": (f"2026-11-23T17:40:28+01:00 mail1 {P}[450]: {M}", f"{BSD}+01:00", "mail1", P, "450"),
    "Synology": (f"2026-11-23T17:40:28+01:00 nas {P}[450]: {M}", f"{BSD}+01:00", "nas", P, "450"),
    "with PRI and ISO": (f"<22>2026-11-23T17:40:28Z mail1 {P}[450]: {M}", f"{BSD}Z", "mail1", P, "450"),
    "RFC 5424": (f"<22>1 2026-11-23T17:40:28.794990Z mail1 {P} 450 - - {M}", f"{MS}Z", "mail1", P, "450"),
    "RFC 5424, SD and BOM": (
        f'<22>1 2026-11-23T17:40:28Z mail1 {P} 450 ID47 [a@1 b="c\\"]"][x@2 y="z"] \ufeff{M}',
        f"{BSD}Z",
        "mail1",
        P,
        "450",
    ),
    "RFC 5424, nil": (f"<22>1 - - {P} - - - {M}", "", "", P, ""),
    "RFC 5424, no PRI": (f"2026-11-23T17:40:28.794990Z mail1 {P} 450 - - {M}", f"{MS}Z", "mail1", P, "450"),
    "RFC 5424, octet count": (
        f"199 <22>1 2026-11-23T17:40:28Z mail1 {P} 450 - - {M}",
        f"{BSD}Z",
        "mail1",
        P,
        "450",
    ),
    "journalctl, German": (f"Okt 15 17:40:28 mail1 {P}[450]: {M}", "2026-10-15T17:40:28", "mail1", P, "450"),
    "journalctl, French": (
        f"févr. 05 17:40:28 mail1 {P}[450]: {M}",
        "2026-02-05T17:40:28",
        "mail1",
        P,
        "450",
    ),
    "journalctl, Japanese": (f"11月 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "journalctl short-precise": (f"Nov 23 17:40:28.794990 mail1 {P}[450]: {M}", MS, "mail1", P, "450"),
    "journalctl short-iso": (
        f"2026-11-23T17:40:28+0100 mail1 {P}[450]: {M}",
        f"{BSD}+01:00",
        "mail1",
        P,
        "450",
    ),
    "journalctl short-iso-precise": (
        f"2026-11-23T17:40:28.794990+0100 mail1 {P}[450]: {M}",
        f"{MS}+01:00",
        "mail1",
        P,
        "450",
    ),
    "journalctl short-iso, no host": (
        f"2026-11-23T17:40:28+0100 {P}[450]: {M}",
        f"{BSD}+01:00",
        "",
        P,
        "450",
    ),
    "journalctl short-full": (f"Mon 2026-11-23 17:40:28 CET mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "journalctl short-full, UTC": (
        f"Mon 2026-11-23 17:40:28 UTC mail1 {P}[450]: {M}",
        f"{BSD}Z",
        "mail1",
        P,
        "450",
    ),
    "journalctl short-full, a zone without a name": (
        f"Mon 2026-11-23 17:40:28 +03 mail1 {P}[450]: {M}",
        f"{BSD}+03:00",
        "mail1",
        P,
        "450",
    ),
    "journalctl with-unit": (
        f"Mon 2026-11-23 17:40:28 CET mail1 postfix@-.service[450]: {M}",
        BSD,
        "mail1",
        "postfix",
        "450",
    ),
    "journalctl short-unix": (
        f"1795455628.794990 mail1 {P}[450]: {M}",
        "2026-11-23T17:40:28.794Z",
        "mail1",
        P,
        "450",
    ),
    "journalctl short-monotonic": (f"[ 1234.794990] mail1 {P}[450]: {M}", "", "mail1", P, "450"),
    "path as program": (
        f"Nov 23 17:40:28 mail1 /usr/sbin/amavisd-new[450]: {M}",
        BSD,
        "mail1",
        "amavisd-new",
        "450",
    ),
    "CRI": (f"2026-11-23T17:40:28.794990000Z stdout F {M}", f"{MS}000Z", "", "", ""),
    "CRI with syslog": (
        f"2026-11-23T17:40:29.794990000Z stdout F Nov 23 17:40:28 mail1 {P}[450]: {M}",
        BSD,
        "mail1",
        P,
        "450",
    ),
    "docker logs -t": (f"2026-11-23T17:40:28.794990000Z {M}", f"{MS}000Z", "", "", ""),
    "docker logs -t with syslog": (
        f"2026-11-23T17:40:29.794990000Z Nov 23 17:40:28 mail1 {P}[450]: {M}",
        BSD,
        "mail1",
        P,
        "450",
    ),
    "docker compose": (f"mail-1  | Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "docker compose, coloured": (
        f"\x1b[36mmail-1  |\x1b[0m Nov 23 17:40:28 mail1 {P}[450]: {M}",
        BSD,
        "mail1",
        P,
        "450",
    ),
    "docker compose -t": (f"mail-1  | 2026-11-23T17:40:28.794990000Z {M}", f"{MS}000Z", "", "", ""),
    "kubectl --prefix": (f"[pod/mail-0/postfix] Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "stern": (f"mail-0 postfix Nov 23 17:40:28 mail1 {P}[450]: {M}", BSD, "mail1", P, "450"),
    "logcli": (f'2026-11-23T17:40:28Z {{app="mail", host="a\\"b"}} {M}', f"{BSD}Z", "", "", ""),
    "CloudWatch's export": (
        f"2026-11-23T17:40:29.000Z Nov 23 17:40:28 mail1 {P}[450]: {M}",
        BSD,
        "mail1",
        P,
        "450",
    ),
    "multilog": (f"@4000000068123456075bcd15 {M}", "2025-04-30T14:31:40.123Z", "", "", ""),
    "tai64nlocal": (f"2026-11-23 17:40:28.794990500 {M}", "2026-11-23T17:40:28.794990500", "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_line_comes_out_of_text(name: str) -> None:
    text, time, host, program, pid = TEXTS[name]
    line = Opening(Clock(*WRITTEN)).open(text)
    assert line is not None
    assert (line.message, line.time, line.host, line.program, line.pid) == (M, time, host, program, pid)


@pytest.mark.parametrize("name", TEXTS)
def test_the_last_envelope_does_not_hide_the_next(name: str) -> None:
    opening = Opening(Clock(*WRITTEN))
    for other in TEXTS:
        opening.open(TEXTS[other][0])
        line = opening.open(TEXTS[name][0])
        assert line is not None and line.message == M, other


OBJECTS: dict[str, tuple[dict[str, Any], str, str, str, str]] = {
    "journald": (
        {"__REALTIME_TIMESTAMP": "1795455628794990", "_HOSTNAME": "mail1", "SYSLOG_IDENTIFIER": P, "SYSLOG_PID": "450", "MESSAGE": M},
        "2026-11-23T17:40:28.794Z", "mail1", P, "450",
    ),
    "journald, octets": (
        {"__REALTIME_TIMESTAMP": "1795455628000000", "_COMM": "smtp", "_PID": "450", "MESSAGE": list(M.encode())},
        f"{BSD}Z", "", "smtp", "450",
    ),
    "journald, twice": ({"MESSAGE": [M, "x"], "SYSLOG_IDENTIFIER": P}, "", "", P, ""),
    "Docker": ({"log": f"{M}\n", "stream": "stdout", "time": f"{MS}000Z"}, f"{MS}000Z", "", "", ""),
    "logcli": ({"labels": {"a": "b"}, "line": M, "timestamp": f"{MS}Z"}, f"{MS}Z", "", "", ""),
    "Grafana": ({"line": M, "timestamp": "1795455628794990000", "date": "x"}, "2026-11-23T17:40:28.794Z", "", "", ""),
    "Loki": ({"stream": {"hostname": "mail1"}, "values": [["1795455628794990000", M]]}, "2026-11-23T17:40:28.794Z", "mail1", "", ""),
    "CloudWatch": ({"logStreamName": "a", "timestamp": 1795455628794, "message": M, "ingestionTime": 1}, "2026-11-23T17:40:28.794Z", "", "", ""),
    "CloudWatch Insights": ({"field": "@message", "value": M}, "", "", "", ""),
    "Google, text": ({"textPayload": M, "timestamp": f"{MS}Z", "severity": "INFO"}, f"{MS}Z", "", "", ""),
    "Google, JSON": ({"jsonPayload": {"message": M, "pid": "450", "ident": P, "host": "mail1"}, "timestamp": f"{MS}Z"}, f"{MS}Z", "mail1", P, "450"),
    "Filebeat": (
        {"@timestamp": f"{MS}Z", "message": M, "host": {"name": "mail1"}, "process": {"name": P, "pid": 450}, "log": {"offset": 1}},
        f"{MS}Z", "mail1", P, "450",
    ),
    "Elasticsearch": ({"_index": "x", "_source": {"message": M, "@timestamp": f"{MS}Z", "host": {"hostname": "mail1"}}}, f"{MS}Z", "mail1", "", ""),
    "Logstash": ({"message": [M, "short"], "@timestamp": f"{MS}Z", "logsource": "mail1", "program": P, "pid": "450"}, f"{MS}Z", "mail1", P, "450"),
    "Vector": ({"appname": P, "hostname": "mail1", "message": M, "procid": 450, "timestamp": f"{MS}Z"}, f"{MS}Z", "mail1", P, "450"),
    "Fluentd": ({"host": "mail1", "ident": P, "pid": "450", "message": M}, "", "mail1", P, "450"),
    "Fluent Bit": ({"date": 1795455628.5, "log": M}, "2026-11-23T17:40:28.500Z", "", "", ""),
    "rsyslog": ({"msg": f" {M}", "timereported": f"{MS}Z", "hostname": "mail1", "syslogtag": f"{P}[450]:", "programname": "postfix"}, f"{MS}Z", "mail1", P, "450"),
    "syslog-ng": ({"PROGRAM": P, "PID": "450", "MESSAGE": M, "HOST": "mail1", "ISODATE": f"{BSD}+01:00"}, f"{BSD}+01:00", "mail1", P, "450"),
    "Splunk": ({"preview": False, "result": {"_raw": M, "_time": f"{BSD}.000+01:00"}}, f"{BSD}.000+01:00", "", "", ""),
    "GELF": ({"version": "1.1", "host": "mail1", "short_message": M, "timestamp": 1795455628.5}, "2026-11-23T17:40:28.500Z", "mail1", "", ""),
    "Graylog": ({"message": {"message": M, "source": "mail1", "timestamp": f"{MS}Z"}, "index": "x"}, f"{MS}Z", "", "", ""),
    "macOS": (
        {"timestamp": "2026-11-23 17:40:28.794990+0100", "processImagePath": "/usr/libexec/postfix/smtp", "processID": 450, "eventMessage": M},
        f"{MS}+01:00", "", "smtp", "450",
    ),
    "Azure": ({"TimeGenerated": f"{MS}Z", "Computer": "mail1", "ProcessName": P, "SyslogMessage": M}, f"{MS}Z", "mail1", P, ""),
    "rsyslog StdJSONFmt": ({"message": f" {M}", "fromhost": "mail1", "facility": "mail", "priority": "info", "timereported": f"{MS}Z", "timegenerated": f"{BSD}Z"}, f"{MS}Z", "mail1", "", ""),
    "logcli, with a host": ({"labels": {"host": "mail1"}, "line": M, "timestamp": f"{MS}Z"}, f"{MS}Z", "mail1", "", ""),
    "Splunk, rows": ({"preview": False, "fields": ["_raw", "_time"], "rows": [[M, f"{MS}Z"]]}, f"{MS}Z", "", "", ""),
    "Azure's event hub": ({"time": f"{BSD}Z", "properties": {"log": f"{M}\n", "stream": "stdout"}}, f"{BSD}Z", "", "", ""),
    "Splunk HEC": ({"time": 1795455628.5, "host": "mail1", "sourcetype": "syslog", "event": M}, "2026-11-23T17:40:28.500Z", "mail1", "", ""),
    "Splunk HEC, object": ({"time": 1795455628.5, "host": "mail1", "sourcetype": "syslog", "event": {"message": M}}, "2026-11-23T17:40:28.500Z", "mail1", "", ""),
    "OpenTelemetry": ({"timeUnixNano": "1795455628794990000", "body": {"stringValue": M}}, "2026-11-23T17:40:28.794Z", "", "", ""),
    "Elasticsearch, fields": ({"_index": "x", "fields": {"message": [M], "@timestamp": [f"{MS}Z"], "host.name": ["mail1"]}}, f"{MS}Z", "", "", ""),
    "Filebeat's syslog": ({"@timestamp": f"{MS}Z", "message": M, "log": {"syslog": {"appname": P, "procid": "450", "hostname": "mail1"}}, "host": {"name": "mail1"}}, f"{MS}Z", "mail1", P, "450"),
    "Papertrail": ({"hostname": "mail1", "generated_at": f"{BSD}Z", "program": P, "message": M, "facility": "Mail"}, f"{BSD}Z", "mail1", P, ""),
    "Datadog": ({"id": "x", "type": "log", "attributes": {"message": M, "timestamp": f"{MS}Z", "host": "mail1"}}, f"{MS}Z", "mail1", "", ""),
    "mailcow": ({"time": "1795455628", "program": P, "priority": "info", "message": M}, f"{BSD}Z", "", P, ""),
    "Azure's query": ({"name": "PrimaryResult", "columns": [{"name": "TimeGenerated"}, {"name": "SyslogMessage"}], "rows": [[f"{MS}Z", M]]}, f"{MS}Z", "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_a_line_comes_out_of_an_object(name: str) -> None:
    record, time, host, program, pid = OBJECTS[name]
    lines = list(Envelopes().lines_in(record) or ())
    assert [(li.message, li.time, li.host, li.program, li.pid) for li in lines] == [
        (M, time, host, program, pid)
    ]


def read(text: str | bytes) -> list[tuple[str, str, str, int | None]]:
    """What is read of a whole file that holds M."""
    data = text.encode() if isinstance(text, str) else text
    return [(str(d.kind), d.recipient, d.time, d.source.line) for d in read_log(data, WRITTEN)]


def sent(time: str, line: int | None = 1) -> list[tuple[str, str, str, int | None]]:
    return [("delivered", "bob@example.com", time, line)]


PAIR = ["1795455628794990000", M]
WHOLE = {
    "Loki, query": (
        json.dumps({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {}, "values": [PAIR]}]}}),
        sent("2026-11-23T17:40:28.794Z"),
    ),
    "Loki, push": (json.dumps({"streams": [{"stream": {}, "values": [PAIR]}]}), sent("2026-11-23T17:40:28.794Z")),
    "CloudWatch, events": (json.dumps({"events": [{"timestamp": 1795455628000, "message": M}]}, indent=1), sent(f"{BSD}Z")),
    "CloudWatch, subscription": (
        json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1795455628000, "message": M}]}),
        sent(f"{BSD}Z"),
    ),
    "CloudWatch, CSV": (f'timestamp,message\n1795455628000,"{M}"\n', sent(f"{BSD}Z", 2)),
    "CloudWatch, S3": (f"2026-11-23T17:40:28.000Z {M}\n2026-11-23T17:40:28.000Z connect from x\n", sent(f"{BSD}.000Z")),
    "Grafana, text": (f'Common labels: {{"a":"b"}}\n\n{BSD}.000Z\t{M}\n{BSD}.000Z\t{M}\n', sent(f"{BSD}.000Z", 3) + sent(f"{BSD}.000Z", 4)),
    "Splunk, CSV": (f'"_raw","_time",host\n"Nov 23 17:40:28 mail1 {P}[450]: {M}","x",mail1\n', sent(BSD, 2)),
    "Elasticsearch, answer": (
        json.dumps({"hits": {"total": 1, "hits": [{"_index": "x", "_source": {"message": M, "@timestamp": f"{BSD}Z"}}]}}),
        sent(f"{BSD}Z"),
    ),
    "Graylog, answer": (json.dumps({"messages": [{"message": {"message": M, "timestamp": f"{BSD}Z"}}]}), sent(f"{BSD}Z")),
    "Azure, answer": (
        json.dumps({"tables": [{"columns": [{"name": "TimeGenerated"}, {"name": "LogMessage"}], "rows": [[f"{BSD}Z", M]]}]}),
        sent(f"{BSD}Z"),
    ),
    "Google, list": (json.dumps([{"textPayload": M, "timestamp": f"{BSD}Z"}], indent=2), sent(f"{BSD}Z")),
    "journald, sse": (f"data: {json.dumps(OBJECTS['journald'][0])}\n\n", sent("2026-11-23T17:40:28.794Z")),
    "journald, seq": (f"\x1e{json.dumps(OBJECTS['journald'][0])}\n", sent("2026-11-23T17:40:28.794Z")),
    "journald, pretty": (json.dumps(OBJECTS["journald"][0], indent="\t"), sent("2026-11-23T17:40:28.794Z")),
    "journald, cat": (f"{M}\n", sent("")),
    "syslog-ng, no year": (
        json.dumps({"PROGRAM": P, "PID": "450", "MESSAGE": M, "HOST": "mail1", "DATE": "Nov 23 17:40:28"}),
        sent(BSD),
    ),
    "Insights": (
        json.dumps({"results": [[{"field": "@timestamp", "value": "2026-11-23 17:40:28.000"}, {"field": "@message", "value": M}, {"field": "@ptr", "value": "x"}]]}),
        sent(f"{BSD}.000"),
    ),
    "OpenTelemetry": (
        json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "1795455628794990000", "body": {"stringValue": M}}]}]}]}),
        sent("2026-11-23T17:40:28.794Z"),
    ),
    "Grafana, CSV": (f'"Time","Line","tsNs"\n{BSD}.000Z,"{M}",1795455628000000000\n', sent(f"{BSD}.000Z", 2)),
    "Graylog, CSV": (f'"timestamp","source","message"\n"{BSD}.000Z","mail1","{P}[450]: {M}"\n', sent(f"{BSD}.000Z", 2)),
    "Kibana, CSV": (f'"@timestamp",message\n"Nov 23, 2026 @ 17:40:28.794","{M}"\n', sent(f"{BSD}.794", 2)),
    "Fluentd, file": (f'2026-11-23T17:40:28+01:00\tmail.postfix\t{json.dumps({"message": M, "ident": P})}\n', sent(f"{BSD}+01:00")),
    "Fluentd, stdout": (f'2026-11-23 17:40:28.794990000 +0100 mail.postfix: {json.dumps({"message": M})}\n', sent(f"{MS}000+01:00")),
    "Fluent Bit, stdout": (f'[0] mail: [[1795455628.794990000, {{}}], {{"log"=>"{M}", "a"=>1}}]\n', sent("2026-11-23T17:40:28.794Z")),
    "Fluent Bit 1, stdout": (f'[0] mail: [1795455628.794990000, {{"log"=>"{M}"}}]\n', sent("2026-11-23T17:40:28.794Z")),
    "Fluent Bit, file": (f'mail: [1795455628.794990, {{"log":"{M}"}}]\n', sent("2026-11-23T17:40:28.794Z")),
    "cee": (f'Nov 23 17:40:28 mail1 x[1]: @cee: {json.dumps({"msg": M, "time": f"{BSD}Z"})}\n', sent(f"{BSD}Z")),
    "grep": (f"mail.log:Nov 23 17:40:28 mail1 {P}[450]: {M}\nmail.log-Nov 23 17:40:29 mail1 {P}[450]: disconnect\n", sent(BSD)),
    "container in container": (
        json.dumps({"log": f"Nov 23 17:40:28 mail1 {P}[450]: {M}\n", "stream": "stdout", "time": f"{MS}Z"}),
        sent(BSD),
    ),
    "JSON in CRI": (f"{MS}000Z stdout F {json.dumps({'log': M, 'time': f'{BSD}Z'})}\n", sent(f"{BSD}Z")),
    "JSON in JSON": (json.dumps({"log": json.dumps({"MESSAGE": M, "__REALTIME_TIMESTAMP": "1795455628000000"})}), sent(f"{BSD}Z")),
    "CRI in parts": (f"{MS}000Z stdout P {M[:40]}\n{MS}000Z stderr F x\n{MS}000Z stdout F {M[40:]}\n", sent(f"{MS}000Z", 3)),
    "last message repeated": (
        f"Nov 23 17:40:28 mail1 {P}[450]: {M}\nNov 23 17:40:29 mail1 last message repeated 3 times\n"
        "Nov 23 17:40:29 mail1 syslogd 1.5.0: restart.\nNov 23 17:40:29 mail1 -- MARK --\n",
        sent(BSD),
    ),
    "journalctl export": (
        "__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795455628000000\n_HOSTNAME=mail1\nMESSAGE=connect from x\n"
        f"SYSLOG_IDENTIFIER=postfix/smtpd\n\n__CURSOR=s=1;i=3\n__REALTIME_TIMESTAMP=1795455628794990\n_HOSTNAME=mail1\n"
        f"SYSLOG_PID=450\nMESSAGE={M}\nSYSLOG_IDENTIFIER={P}\n\n",
        sent("2026-11-23T17:40:28.794Z", 11),
    ),
    "journalctl verbose": (
        "Mon 2026-11-23 17:40:28.794990 UTC [s=0123456789abcdef0123456789abcdef;i=2;b=1;m=1;t=1;x=1]\n"
        f"    _HOSTNAME=mail1\n    SYSLOG_IDENTIFIER={P}\n    MESSAGE={M}\n    _PID=450\n",
        sent(f"{MS}Z", 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_is_read_in_its_envelope(name: str) -> None:
    text, want = WHOLE[name]
    assert [r for r in read(text) if r[0] != "unreadable"] == want
    assert len(read(text)) == len(want) or name == "Grafana, text"  # which has remarks in front


def test_binary_field_of_an_export() -> None:
    head = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795455628000000\nMESSAGE\n"
    entry = head + len(M).to_bytes(8, "little") + M.encode() + b"\nSYSLOG_IDENTIFIER=postfix/smtp\n\n"
    assert read(entry) == sent(f"{BSD}Z", 3)


@pytest.mark.parametrize("length", [10, 150, 266, 522, 2570])
def test_length_of_a_binary_field_holds_any_octet(length: int) -> None:
    """A length of 266 has a line end in it, one of 150 makes the line no UTF-8."""
    message = f"{'é' * (length % 3)}{'x' * length}".encode()[:length]
    head = b"__CURSOR=s=1\nMESSAGE\n" + length.to_bytes(8, "little") + message + b"\nSYSLOG_IDENTIFIER=x\n"
    made = chain.from_iterable(joined(lines_of([head])))
    assert [line for line in made if line] == [f"0000000000 - x[0]: {message.decode('utf-8', 'replace')}"]


def test_a_binary_value_goes_over_lines() -> None:
    head = b"__CURSOR=s=1\nMESSAGE\n" + (7).to_bytes(8, "little") + b"a=b\nc=d\nSYSLOG_IDENTIFIER=x\n"
    made = list(chain.from_iterable(joined(lines_of([head]))))
    assert made[1] == "0000000000 - x[0]: a=b c=d"


def test_entries_keep_the_number_of_lines() -> None:
    lines = ["__CURSOR=s=1", "MESSAGE=a", "", "__CURSOR=s=2", "MESSAGE=b", "", "", "MESSAGE=c"]
    made = [line for block in joined([lines[:3], lines[3:4], lines[4:]]) for line in block]
    assert len(made) == len(lines)
    assert [at for at, line in enumerate(made) if line] == [1, 4]


def test_a_message_that_docker_cut_is_joined() -> None:
    long = f"{M[:-1]}{' x' * 10_000})"
    parts = [long[:16_384], long[16_384:] + "\n"]
    records = [{"log": part, "stream": "stdout", "time": f"{MS}Z"} for part in parts]
    other = {"log": "x\n", "stream": "stderr", "time": f"{MS}Z"}
    told = [
        line.message for r in (records[0], other, records[1], other) for line in Envelopes().lines_in(r) or ()
    ]
    assert told == ["x", parts[1].rstrip(), "x"]  # another file knows nothing of the parts
    envelopes = Envelopes()
    told = [
        line.message for r in (records[0], other, records[1], other) for line in envelopes.lines_in(r) or ()
    ]
    assert told == ["x", long, "x"]


def test_parts_that_fluent_bit_marks_are_joined() -> None:
    envelopes = Envelopes()
    for tag, want in (("P", []), ("P", []), ("F", ["abc"]), ("F", ["c"])):
        text = "ab"[:1] if tag == "P" else "c"
        record = {"log": text if not want or want == ["c"] else "c", "logtag": tag, "stream": "stdout"}
        if tag == "P":
            record["log"] = "a" if not envelopes._parts else "b"
        assert [line.message for line in envelopes.lines_in(record) or ()] == want


YEARS = {
    "the day before": ((2026, 11, 24), ["Nov 23"], [2026]),
    "later than written": ((2026, 11, 24), ["Nov 26"], [2025]),
    "a zone that is a day ahead": ((2026, 11, 30), ["Dec  1"], [2026]),
    "a zone that is a day ahead in February": ((2026, 2, 28), ["Mar  1"], [2026]),
    "New Year": ((2026, 1, 2), ["Dec 31", "Jan  1", "Jan  2"], [2025, 2026, 2026]),
    "a late line": ((2026, 1, 2), ["Dec 31", "Jan  1", "Dec 31", "Jan  1"], [2025, 2026, 2025, 2026]),
    "a late line first": ((2026, 1, 2), ["Jan  1", "Dec 31", "Jan  1"], [2026, 2025, 2026]),
    "empty months": ((2026, 3, 9), ["Oct 30", "Mar  2"], [2025, 2026]),
    "empty months in one year": ((2026, 12, 9), ["Jan 30", "Nov  2", "Dec  1"], [2026, 2026, 2026]),
    "half a year without mail": ((2026, 2, 9), ["Jul 30", "Jan 12"], [2025, 2026]),
    "a clock set back": ((2026, 11, 24), ["Nov 23", "Nov  1", "Nov 23"], [2026, 2026, 2026]),
    "rotated logs the wrong way round": ((2026, 11, 24), ["Nov 22", "Nov  2", "Oct  2"], [2026, 2026, 2026]),
    "more than a year: the end is right": (
        (2026, 11, 24),
        ["Nov 20", "Jan  5", "Nov 24"],
        [2026, 2026, 2026],
    ),
    "leap day": ((2024, 3, 2), ["Feb 28", "Feb 29", "Mar  1"], [2024, 2024, 2024]),
    "leap day of an old log": ((2026, 11, 24), ["Feb 29", "Mar  1"], [2024, 2024]),
    "leap day of the year before": ((2025, 1, 24), ["Feb 29"], [2024]),
}


@pytest.mark.parametrize("name", YEARS)
def test_a_year_is_given_to_times_without_one(name: str) -> None:
    written, stamps, want = YEARS[name]
    clock = Clock(*written)
    assert [int(clock.syslog(f"{stamp} 12:00:0{at}")[:4]) for at, stamp in enumerate(stamps)] == want


@pytest.mark.parametrize(
    "stamp",
    ["Nov 31 01:02:03", "Feb 30 01:02:03", "Foo  1 01:02:03", "Nov  0 01:02:03", "Nov x 1", "", "Nov 1"],
)
def test_what_is_no_day_has_no_time(stamp: str) -> None:
    assert Clock(*WRITTEN).syslog(stamp) == ""


@given(
    st.lists(
        st.text()
        | st.sampled_from([t[0] for t in TEXTS.values()]).flatmap(
            lambda t: st.integers(0, len(t)).map(lambda n: t[:n])
        )
    )
)
def test_no_text_breaks_the_openers(lines: list[str]) -> None:
    opening = Opening(Clock(*WRITTEN))
    for line in lines:
        opened = opening.open(line)
        assert opened is None or isinstance(opened, Line)
        loose(line)
    assert sum(len(block) for block in joined([lines])) == len(lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "MESSAGE",
                    "log",
                    "message",
                    "time",
                    "stream",
                    "values",
                    "rows",
                    "columns",
                    "msg",
                    "logtag",
                    "host",
                    "_source",
                ]
            )
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_object_breaks_the_envelopes(value: Any) -> None:
    if isinstance(value, dict):
        list(Envelopes().lines_in(value) or ())
    assert all(d.kind in Kind for d in read_log(json.dumps(value).encode(), WRITTEN))


def test_partials_of_dockers_journald_driver_are_joined() -> None:
    envelopes = Envelopes()
    new = [
        {"MESSAGE": "a", "CONTAINER_PARTIAL_ID": "1", "CONTAINER_PARTIAL_MESSAGE": "true"},
        {"MESSAGE": "x", "CONTAINER_ID": "2"},
        {"MESSAGE": "b", "CONTAINER_PARTIAL_ID": "1", "CONTAINER_PARTIAL_LAST": "true"},
        {"MESSAGE": "c", "CONTAINER_ID": "2", "CONTAINER_PARTIAL_MESSAGE": "true"},
        {"MESSAGE": "d", "CONTAINER_ID": "2"},
    ]
    assert [line.message for r in new for line in envelopes.lines_in(r) or ()] == ["x", "ab", "cd"]


def test_parts_that_never_end_take_bounded_memory() -> None:
    opening, envelopes = Opening(Clock(*WRITTEN)), Envelopes()
    for number in range(300):
        opening.open(f"{MS}000Z stdout P {'x' * 1000}")
        record = {"log": "x" * 1000, "logtag": "P", "stream": "stdout", "container_id": str(number % 100)}
        assert not list(envelopes.lines_in(record) or ())
    line = opening.open(f"{MS}000Z stdout F end")
    assert line is not None and len(line.message) <= MAX_PART
    assert len(envelopes._parts) <= 64 and all(len(part) <= MAX_PART for part in envelopes._parts.values())
    made = list(chain.from_iterable(joined([["__CURSOR=s=1", *["A=" + "x" * 10_000] * 1000]])))
    assert len(made) == 1001


PIECES = (
    "Nov 23 17:40:28 ", '{a="', '\\"', 'a="b",', "[", "]", "a ", "a", "<22>1 ", "a.b/", "2026-11-23 17:40:28 ",
    ": ", " ", "\t", "-", "1", "@", "'", '"', "é", '[a b="c"]', "[]", "{", "mail.info ", "[1]",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_openers_are_linear(piece: str) -> None:
    """A hostile line of 64 KiB behind each beginning takes no longer than 20 ms."""
    body = piece * (65_536 // len(piece.encode()) + 1)
    for text, *_ in TEXTS.values():
        head = text.partition(M)[0]
        for start in (head, head[:-1], head[: len(head) // 2], head[: len(head) * 3 // 4]):
            assert fastest(f"{start}{body}"[:65_536]) < 0.02, start


def fastest(text: str) -> float:
    """Seconds of the processor that opening a line takes; the least, as other processes disturb."""
    least = 1.0
    for _ in range(5):
        begun = time.process_time()
        Opening(Clock(*WRITTEN)).open(text)
        loose(text)
        least = min(least, time.process_time() - begun)
        if least < 0.02:
            break
    return least
