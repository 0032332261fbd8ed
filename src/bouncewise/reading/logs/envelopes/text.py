"""Envelopes that are text in front of the message: syslog, journalctl, containers, multilog.

Examples, all of one line that a program wrote::

    Nov 23 17:40:28 mail1 postfix/smtp[123]: ...                       RFC 3164, also behind <22>
    <22>1 2026-11-23T17:40:28.5Z mail1 postfix/smtp 123 - - ...        RFC 5424
    2026-11-23T17:40:28.5+01:00 mail1 postfix/smtp[123]: ...           rsyslog, journalctl -o short-iso
    Mon 2026-11-23 17:40:28 CET mail1 postfix@-.service[123]: ...      journalctl -o with-unit
    1795455628.575712 mail1 postfix/smtp[123]: ...                     journalctl -o short-unix
    Nov 23 17:40:28 mail1 mail:info postfix/smtp[123]: ...             AIX; BusyBox: mail.info
    Nov 23 17:40:28 mail1 sendmail[123]: [ID 801593 mail.info] ...     Solaris
    2026-11-23T17:40:28.575712000Z stdout F ...                        CRI: Kubernetes, containerd, Podman
    2026-11-23T17:40:28.575712000Z ...                                 docker logs -t
    mail-1  | ...                                                      docker compose logs
    [pod/mail-0/postfix] ...                                           kubectl logs --prefix
    2026-11-23T17:40:28Z {app="mail"} ...                              logcli
    @4000000068123456075bcd15 ...                                      multilog (daemontools, runit, s6)

A CRI message in several parts (``P`` ... ``F``) is joined.

Sources: RFC 3164 section 4.1, RFC 5424 section 6, RFC 6587 section 3.4.1 (octet counts), rsyslog's and
syslog-ng's default templates, FreeBSD's and BusyBox's syslogd, journalctl(1) ``--output``, the Kubernetes
CRI log format, Docker's and Loki's command lines, daemontools' TAI64N.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bouncewise.reading.logs.envelopes import tools
from bouncewise.reading.logs.envelopes.months import english
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.times import Clock, epoch, iso, tai64n

MAX_LEVELS = 3  # a container's line that holds syslog's, and one more
MAX_PART = 65_536  # characters of a message in parts that are kept
_LEVEL = r"(?:emerg|alert|crit|err|error|warn|warning|notice|info|debug|none|panic)"
_FACILITY = r"(?:kern|user|mail|daemon|auth|authpriv|security|syslog|lpr|news|uucp|cron|ftp|local[0-7])"
_PRIORITY = rf"(?:<?{_FACILITY}[.:]{_LEVEL}[>:]? |<\d{{1,2}}\.\d> )?"  # FreeBSD's -v has numbers
_TAG = (
    r"([^\s\[\]:<>=\"']{1,128}(?: (?!\d+:)[\w.-]{1,32})?|[^\s\[\]<>=\"']{1,128})"
    r"(?:\[(\d{1,10})\](?: <\w{4,9}>)?:?|:)(?: |$)"  # some templates have no colon
)
_HOST = r"([^\s\[\]]{1,255}(?<!:)|\[[\w.:]{2,60}\])"
_TO_TAG = rf"{_PRIORITY}(?!\d{{4}} {_FACILITY}|{_FACILITY}[.:]{_LEVEL} ){_HOST} {_PRIORITY}{_TAG}"
# no host, but a process id
_TO_PID = rf"{_PRIORITY}([^\s\[\]:<>=\"']{{1,128}})\[(\d{{1,10}})\](?: <\w{{4,9}}>)?:(?: |$)"
_PRI = r"(?:\d{1,6} (?=<))?(?:<\d{1,3}>)?"
_YEAR = r"(?:(\d{4}) )?"
_CLOCK = r"(\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?: (\d{4})(?= ))?:?"
_MONTH = r"(?:J(?:an|un|ul)|Feb|Ma[ry]|A(?:pr|ug)|Sep|Oct|Nov|Dec)"
_BSD = rf"{_PRI}(?:[A-Z][a-z]{{2}} )?{_YEAR}({_MONTH} [ \d]?\d) {_YEAR}{_CLOCK}"
_RFC3164 = re.compile(rf"{_BSD} {_TO_TAG}", re.ASCII)
_PLAIN = re.compile(  # what most logs have, with as little to try as can be
    rf"({_MONTH} [ \d]\d \d\d:\d\d:\d\d) (?!{_FACILITY}[.:])([^\s\[\]:]{{1,255}})"
    r" ([^\s\[\]:<>=\"']{1,128})\[(\d{1,10})\]: ",
    re.ASCII,
)
_NO_HOST = re.compile(rf"{_BSD} (?:{_TO_PID}|{_PRIORITY}([\w./-]{{1,128}}): )", re.ASCII)
_NO_TAG = re.compile(
    rf"{_BSD} {_HOST} {_PRIORITY}"
    r"(?=(?:last )?message repeated \d|-- ?MARK|syslogd |exiting on signal|--- last message)",
    re.ASCII,
)
_FORWARDED = re.compile(
    rf"({_PRI}[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d )Message forwarded from ([^\s:]{{1,255}}): ", re.ASCII
)
_LOCAL_MONTH = re.compile(
    r"([^\W\d_]{2,8}\.?|\d{1,2}[月월])\s{1,2}(\d{1,2}) (?=\d\d:\d\d:\d\d)"
    r"|(\d{1,2}) ([^\W\d_]{2,8})\.? (?=\d\d:\d\d:\d\d)"
)
_METALOG = re.compile(
    rf"{_BSD} \[((?:postfix|exim|sendmail|sm-mta|dovecot|smtpd|qmail|amavis|haraka)[\w./-]{{0,60}})\] ",
    re.ASCII,
)
_ISO = r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})? ?(?:Z|UTC|[+-]\d\d:?\d\d)?)"
_DAY_ISO = rf"{_PRI}(?:[^\W\d_]{{2,4}}\.? (?={_ISO[1:-1]}(?: [A-Z]{{2,5}}| [+-]\d\d)? ))?{_ISO}"
_WITH_ISO = re.compile(rf"{_DAY_ISO} {{1,2}}(?!stdout |stderr |[+-]\d{{4}} ){_TO_TAG}")
_ISO_NO_HOST = re.compile(rf"{_DAY_ISO} {{1,2}}{_TO_PID}")
_SHORT_FULL = re.compile(rf"[^\W\d_]{{2,4}}\.? {_ISO} ([A-Z]{{2,5}}|[+-]\d\d(?:\d\d)?) (?:{_HOST} )?{_TAG}")
_UNIX = re.compile(rf"(\d{{9,11}}(?:\.\d{{1,9}})?) (?:{_TO_TAG}|{_TO_PID})", re.ASCII)
_MONOTONIC = re.compile(
    rf"\[ {{0,9}}\d{{1,10}}\.\d{{6}}(?: <[ \d.]{{1,20}}>)?\] (?:{_TO_TAG}|{_TO_PID})", re.ASCII
)
_RFC5424 = re.compile(
    rf"{_PRI}1 ({_ISO[1:-1]}|-) (\S{{1,255}}) (\S{{1,128}}) (\S{{1,128}}) (\S{{1,128}}) (?=[-\[])", re.ASCII
)
_BARE_5424 = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ([\w.:-]{1,255}) ([\w./@-]{1,128})"
    r" (\d{1,10}|-) ([\w.-]{1,64}) (?=- |\[[\w@.-]{1,64} [\w.-]{1,64}=\")",
    re.ASCII,
)
_SD = re.compile(r"\[[^\"\]]{0,256}(?:\"(?:[^\"\\]|\\.){0,2000}\"[^\"\]]{0,256}){0,64}\]")
_CRI = re.compile(rf"{_ISO} (stdout|stderr) ([FP])(?::[\w:]{{0,40}})?(?: |$)", re.ASCII)
_NANOS = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d)?) {1,2}(?!stdout |stderr |[+-]\d{4} )",
    re.ASCII,
)
_TAI = re.compile(r"(@4[0-9a-f]{23}) ")
_COMPOSE = re.compile(
    r"(?:\x1b\[[\d;]{0,12}m)?(?:\[?(?:pod/)?[\w./@-]{1,200}\]?\s{1,40}\|(?:\x1b\[[\d;]{0,12}m)? ?"
    r"|\[pod/[\w./-]{1,200}\] )",
    re.ASCII,
)
_STERN = re.compile(
    r"[\w.-]{1,200} [\w.-]{1,200} (?=[A-Z][a-z]{2} [ \d]\d \d\d:|\d{4}-\d\d-\d\dT|<\d)", re.ASCII
)
_STAMPED = re.compile(rf"{_ISO}[ \t](?=[A-Z][a-z]{{2}} [ \d]\d \d\d:|\d{{4}}-\d\d-\d\d|<\d)", re.ASCII)
_LOGCLI = re.compile(
    rf"{_ISO}\s{{1,4}}\{{(?:[\w.]{{1,100}}=\"(?:[^\"\\]|\\.){{0,500}}\",? ?){{0,40}}\}}\s{{1,200}}"
)
_LOOSE = re.compile(rf"\[?{_ISO}\]?[ \t]{{1,2}}", re.ASCII)
_SOLARIS = re.compile(r"\[ID \d{1,10} [\w.]{1,40}\] ")
_REPEATED = re.compile(r"(?:last )?message repeated \d{1,9} times: \[ ?(.*)\]$", re.DOTALL)
_UNIT = re.compile(r"(?:@[^/]{0,100})?\.(?:service|scope|socket|timer|slice)$")

Opened = Line | None


def _rfc3164(text: str, clock: Clock) -> Opened:
    found = _PLAIN.match(text)
    if found is not None:
        stamp, host, program, pid = found.groups()
        return _line(text[found.end() :], clock.syslog(stamp), host, program, pid)
    found = _RFC3164.match(text)
    if found is None:
        return None
    return _line(text[found.end() :], _bsd_time(found, clock), *found.group(7, 8, 9))


def _bsd_time(found: re.Match[str], clock: Clock) -> str:
    """The time of a stamp whose year may stand in front, in its midst, or behind."""
    before, date, between, time, part, behind = found.group(1, 2, 3, 4, 5, 6)
    told = clock.syslog(f"{date} {time}")
    year = before or between or behind
    if year and told:
        told = year + told[4:]
    return f"{told}.{part}" if part and told else told


def _line(message: str, time: str, host: str, program: str, pid: str | None) -> Line:
    if message.startswith("[ID "):
        message = _SOLARIS.sub("", message, count=1)
    elif message.startswith(("message repeated", "last message repeated")):
        repeated = _REPEATED.match(message)
        message = repeated[1] if repeated else message
    if program[:1] == "/":
        program = program.rpartition("/")[2]
    elif "." in program:
        program = _UNIT.sub("", program)
    return Line(message, 0, time, host, program, pid or "")


def _no_host(text: str, clock: Clock) -> Opened:
    """journalctl --no-hostname, and OpenWrt's logread."""
    found = _NO_HOST.match(text)
    if found is None:
        return None
    return _line(text[found.end() :], _bsd_time(found, clock), "", found[7] or found[9], found[8])


def _no_tag(text: str, clock: Clock) -> Opened:
    """What a syslogd says itself."""
    found = _NO_TAG.match(text)
    return Line(text[found.end() :], 0, _bsd_time(found, clock), found[7]) if found else None


def _forwarded(text: str, clock: Clock) -> Opened:
    """AIX has the name of another machine in words."""
    found = _FORWARDED.match(text)
    return _rfc3164(f"{found[1]}{found[2]} {text[found.end() :]}", clock) if found else None


def _local_month(text: str, clock: Clock) -> Opened:
    found = _LOCAL_MONTH.match(text)
    if found is None:
        return None
    month = english(found[1] or found[4])
    if not month:
        return None
    rest = f"{month} {found[2] or found[3]:>2} {text[found.end() :]}"
    return _rfc3164(rest, clock) or _no_host(rest, clock)


def _metalog(text: str, clock: Clock) -> Opened:
    found = _METALOG.match(text)
    return _line(text[found.end() :], _bsd_time(found, clock), "", found[7], None) if found else None


def _with_iso(text: str, _clock: Clock) -> Opened:
    found = _WITH_ISO.match(text)
    return _line(text[found.end() :], iso(found[1]), *found.group(2, 3, 4)) if found else None


def _iso_no_host(text: str, _clock: Clock) -> Opened:
    found = _ISO_NO_HOST.match(text)
    return _line(text[found.end() :], iso(found[1]), "", found[2], found[3]) if found else None


def _short_full(text: str, _clock: Clock) -> Opened:
    """A zone's name tells no offset, but UTC does."""
    found = _SHORT_FULL.match(text)
    if found is None:
        return None
    stamp, zone, host, program, pid = found.groups()
    return _line(
        text[found.end() :], iso(stamp + zone if zone[0] in "+-" else stamp), host or "", program, pid
    )


def _unix(text: str, _clock: Clock) -> Opened:
    found = _UNIX.match(text)
    if found is None:
        return None
    return _line(
        text[found.end() :], epoch(found[1]), found[2] or "", found[3] or found[5], found[4] or found[6]
    )


def _monotonic(text: str, _clock: Clock) -> Opened:
    """journalctl -o short-monotonic tells no time of day."""
    found = _MONOTONIC.match(text)
    if found is None:
        return None
    return _line(text[found.end() :], "", found[1] or "", found[2] or found[4], found[3] or found[5])


def _rfc5424(text: str, _clock: Clock) -> Opened:
    found = _RFC5424.match(text) or _BARE_5424.match(text)
    if found is None:
        return None
    end = found.end()
    if text[end] == "-":
        end += 1
    while data := _SD.match(text, end):
        end = data.end()
    stamp, host, program, pid = ("" if value == "-" else value for value in found.group(1, 2, 3, 4))
    message = text[end:].removeprefix(" ").removeprefix("\ufeff")
    return _line(message, iso(stamp), host, program, pid)


def _nanos(text: str, _clock: Clock) -> Opened:
    """docker logs -t, podman logs -t and tai64nlocal: no program itself writes nanoseconds."""
    found = _NANOS.match(text)
    return Line(text[found.end() :], 0, iso(found[1])) if found else None


def _tai(text: str, _clock: Clock) -> Opened:
    found = _TAI.match(text)
    return Line(text[found.end() :], 0, tai64n(found[1])) if found else None


def _compose(text: str, _clock: Clock) -> Opened:
    found = _COMPOSE.match(text)
    return Line(text[found.end() :]) if found else None


def _stern(text: str, _clock: Clock) -> Opened:
    found = _STERN.match(text)
    return Line(text[found.end() :]) if found else None


def _stamped(text: str, _clock: Clock) -> Opened:
    found = _STAMPED.match(text) or _LOGCLI.match(text)
    return Line(text[found.end() :], 0, iso(found[1])) if found else None


Opener = Callable[[str, Clock], Opened]


def loose(text: str) -> Opened:
    """What stands behind a time: CloudWatch's and Grafana's exports. For lines that are nothing else.

    Args:
        text: a line that no envelope was found around.
    """
    found = _LOOSE.match(text)
    return Line(text[found.end() :], 0, iso(found[1])) if found else None


class Opening:
    """Opens lines; the envelope of the last line is tried first.

    Args:
        clock: gives times without a year their year.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: dict[str, str] = {}  # of a CRI message, by stream
        self._openers: list[Opener] = [
            _rfc3164,
            _stamped,
            _with_iso,
            _rfc5424,
            self._cri,
            _nanos,
            _tai,
            _unix,
            _short_full,
            _no_host,
            _iso_no_host,
            _no_tag,
            _forwarded,
            _local_month,
            _monotonic,
            _metalog,
            _compose,
            _stern,
            *tools.OPENERS,
        ]

    def open(self, text: str, level: int = 0) -> Opened:
        """The line inside its envelopes, or None where there is none.

        Args:
            text: a line without its end.
            level: envelopes that stand around already.
        """
        openers = self._openers
        for place, opener in enumerate(openers):
            line = opener(text, self._clock)
            if line is None:
                continue
            if place:
                openers.insert(0, openers.pop(place))
            if line.program or level >= MAX_LEVELS:
                return line
            return self._inner(line, level)
        return None

    def _inner(self, line: Line, level: int) -> Line:
        inner = self.open(line.message, level + 1)
        if inner is None:
            return line
        inner.time = inner.time or line.time
        inner.host = inner.host or line.host
        return inner

    def _cri(self, text: str, _clock: Clock) -> Opened:
        found = _CRI.match(text)
        if found is None:
            return None
        message = text[found.end() :]
        held = self._parts.pop(found[2], "")
        if held:
            message = (held + message)[:MAX_PART] if len(held) < MAX_PART else held
        if found[3] == "P":
            self._parts[found[2]] = message
            return Line("", 0, iso(found[1]))
        return Line(message, 0, iso(found[1]))
