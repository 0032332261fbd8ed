"""Envelopes that are text in front of the message: syslog, journalctl, containers, multilog.

Sources: RFC 3164 section 4.1, RFC 5424 section 6, RFC 6587 section 3.4.1 (octet counts), rsyslog's and
syslog-ng's default templates, journalctl(1) ``--output``, the Kubernetes CRI log format, daemontools'
TAI64N.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.times import Clock, epoch, iso, tai64n

MAX_LEVELS = 3  # a container's line that holds syslog's, and one more
_TAG = (
    r"([^\s\[\]:<>=\"']{1,128}(?: (?!\d+:)[\w.-]{1,32})?|[^\s\[\]<>=\"']{1,128})(?:\[(\d{1,10})\])?:(?: |$)"
)
_HOST = r"([^\s\[\]]{1,255}(?<!:))"
_PRI = r"(?:\d{1,6} )?(?:<\d{1,3}>)?"
_RFC3164 = re.compile(
    rf"{_PRI}([A-Z][a-z]{{2}} [ \d]\d) (?:(\d{{4}}) )?(\d\d:\d\d:\d\d)(?:[.,]\d{{1,9}})?(?: (\d{{4}})(?= ))?"
    rf":? (?:<\w{{2,12}}\.\w{{2,12}}> )?{_HOST} (?:\w{{2,12}}\.\w{{2,12}}:? )?{_TAG}",
    re.ASCII,
)
_ISO = r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})? ?(?:Z|UTC|[+-]\d\d:?\d\d)?)"
_WITH_ISO = re.compile(rf"{_PRI}(?:[A-Z][a-z]{{2}} )?{_ISO} {_HOST} {_TAG}", re.ASCII)
_UNIX = re.compile(rf"(\d{{9,11}}(?:\.\d{{1,9}})?) {_HOST} {_TAG}", re.ASCII)
_RFC5424 = re.compile(
    rf"{_PRI}1 ({_ISO[1:-1]}|-) (\S{{1,255}}) (\S{{1,128}}) (\S{{1,128}}) (\S{{1,128}}) (?=[-\[])", re.ASCII
)
_SD = re.compile(r"\[[^\"\]]{0,256}(?:\"(?:[^\"\\]|\\.){0,2000}\"[^\"\]]{0,256}){0,64}\]")
_CRI = re.compile(rf"{_ISO} (?:stdout|stderr) ([FP])(?:[:\w]{{0,20}})? ", re.ASCII)
_TAI = re.compile(r"(@4[0-9a-f]{23}) ")
_COMPOSE = re.compile(r"\[?(?:pod/)?[\w./-]{1,200}\]?\s{1,40}\| ?|\[pod/[\w./-]{1,200}\] ", re.ASCII)
_STAMPED = re.compile(rf"{_ISO} (?=[A-Z][a-z]{{2}} [ \d]\d \d\d:|\d{{4}}-\d\d-\d\d|<\d)", re.ASCII)
_SOLARIS = re.compile(r"\[ID \d{1,10} [\w.]{1,40}\] ")
_REPEATED = re.compile(r"message repeated \d{1,9} times: \[ ?(.*)\]$", re.DOTALL)

Opened = Line | None


def _rfc3164(text: str, clock: Clock) -> Opened:
    found = _RFC3164.match(text)
    if found is None:
        return None
    year = found[2] or found[4]
    stamp = f"{found[1]} {found[3]}"
    time = clock.syslog(stamp)
    if year and time:
        time = year + time[4:]
    return _line(text[found.end() :], time, found[5], found[6], found[7])


def _line(message: str, time: str, host: str, program: str, pid: str | None) -> Line:
    if message.startswith("[ID "):
        message = _SOLARIS.sub("", message, count=1)
    elif message.startswith("message repeated"):
        repeated = _REPEATED.match(message)
        message = repeated[1] if repeated else message
    return Line(message, 0, time, host, program, pid or "")


def _with_iso(text: str, _clock: Clock) -> Opened:
    found = _WITH_ISO.match(text)
    return _line(text[found.end() :], iso(found[1]), *found.group(2, 3, 4)) if found else None


def _unix(text: str, _clock: Clock) -> Opened:
    found = _UNIX.match(text)
    return _line(text[found.end() :], epoch(found[1]), *found.group(2, 3, 4)) if found else None


def _rfc5424(text: str, _clock: Clock) -> Opened:
    found = _RFC5424.match(text)
    if found is None:
        return None
    end = found.end()
    if text[end] == "-":
        end += 1
    while data := _SD.match(text, end):
        end = data.end()
    stamp, host, program, pid = found.group(1, 2, 3, 4)
    message = text[end:].removeprefix(" ").removeprefix("\ufeff")
    return _line(message, iso(stamp), host if host != "-" else "", program if program != "-" else "", pid)


def _cri(text: str, _clock: Clock) -> Opened:
    found = _CRI.match(text)
    return Line(text[found.end() :], 0, iso(found[1])) if found else None


def _tai(text: str, _clock: Clock) -> Opened:
    found = _TAI.match(text)
    return Line(text[found.end() :], 0, tai64n(found[1])) if found else None


def _compose(text: str, _clock: Clock) -> Opened:
    found = _COMPOSE.match(text)
    return Line(text[found.end() :]) if found else None


def _stamped(text: str, _clock: Clock) -> Opened:
    found = _STAMPED.match(text)
    return Line(text[found.end() :], 0, iso(found[1])) if found else None


Opener = Callable[[str, Clock], Opened]
OPENERS: tuple[Opener, ...] = (
    _rfc3164,
    _stamped,
    _with_iso,
    _rfc5424,
    _cri,
    _tai,
    _unix,
    _compose,
)


class Opening:
    """Opens lines; the envelope of the last line is tried first.

    Args:
        clock: gives times without a year their year.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._openers = list(OPENERS)

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
        return inner
