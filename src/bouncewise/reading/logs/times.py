"""Times as logs write them, made RFC 3339; a year is guessed where the log has none.

A time without an offset stays without one: it is the local time of the machine that logged it.
"""

from __future__ import annotations

import math
import re
from calendar import isleap
from datetime import UTC, datetime
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_ISO = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? ?(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?",
    re.ASCII,
)
_STAMP = re.compile(rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d")
_APACHE = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4})[: ](\d\d:\d\d:\d\d) ?([+-]\d{4})?", re.ASCII)
_KIBANA = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) @ (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?", re.ASCII)
_TAI_EPOCH = 1 << 62
_TAI_LEAD = 10  # seconds that TAI is ahead at the epoch, as daemontools counts
_MAX_EPOCH = 253_402_300_799  # the year 9999
_LENGTHS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of months
_LEAP_DAY = (2, 29)
_YEAR_LENGTH = 366
_LATE = 20  # days by which a line may be late
_BACK = 124  # days by which lines may go back without being another year


class Clock:
    """Gives syslog's times without a year their year.

    The first time is taken for the latest that is not in the future, and so is the next New Year: a log
    that is longer than a year has its beginning dated a year too late, never its end. A fall back by less
    than four months is a clock that was set or a file that was appended to a younger one; one by more is
    New Year, also where months between are empty. A line of the last days of December behind January is late.

    Args:
        year: the year in which the log was last written to.
        month: the month of that, from 1.
        day: the day of that.
    """

    def __init__(self, year: int, month: int, day: int) -> None:
        # the zone of the machine that logged may be a day ahead
        ahead = 1 if isleap(year) or (month, day) != (2, 28) else 2
        self._latest = _day_of(month, day) + ahead, year
        self._year = year
        self._day = 0  # of the year, of the last line; 0 before the first
        self._known: dict[str, str] = {}

    @classmethod
    def at(cls, reached: tuple[int, int, int, int]) -> Clock:
        """A clock for the rest of a log.

        Args:
            reached: as another clock told.
        """
        clock = cls(reached[0], 1, 1)
        clock._year, clock._day = reached[:2]
        clock._latest = reached[2:]
        return clock

    @property
    def reached(self) -> tuple[int, int, int, int]:
        """Year and day of the last line, day and year when the log was written; for ``at``."""
        return self._year, self._day, *self._latest

    def pass_over(self, start: bytes) -> None:
        """Take note of the time at the beginning of a part that is read elsewhere.

        Args:
            start: the first octets of its first line.
        """
        found = _STAMP.search(start)
        if found:
            self.syslog(found[0].decode("ascii"))

    def syslog(self, stamp: str) -> str:
        """The time of a stamp such as ``Nov  5 01:02:03``, or "" where it is none.

        Args:
            stamp: month, day and time of day, parted by one or two blanks.
        """
        known = self._known.get(stamp)
        if known is not None:
            return known
        if len(self._known) > 16:  # lines of one second stand together
            self._known.clear()
        self._known[stamp] = time = self._read(stamp)
        return time

    def _read(self, stamp: str) -> str:
        parts = stamp.split()
        month = _MONTHS.get(parts[0], 0) if len(parts) == 3 else 0
        day = int(parts[1]) if month and parts[1].isdecimal() else 0
        if not 1 <= day <= _LENGTHS[month]:
            return ""
        return f"{self._year_of(month, day):04}-{month:02}-{day:02}T{parts[2]}"

    def _year_of(self, month: int, day: int) -> int:
        place = _day_of(month, day)
        newest, written = self._latest
        latest = written if place <= newest else written - 1
        ahead = place - self._day
        if not self._day:
            self._year = latest
        elif ahead > _YEAR_LENGTH - _LATE:
            return self._year - 1  # a late line of the last year; the year goes on
        elif ahead < -_BACK:
            self._year = min(self._year + 1, latest)
        if (month, day) == _LEAP_DAY and not isleap(self._year):
            self._year = next((y for y in range(self._year, 0, -1) if isleap(y)), self._year)
        self._day = place
        return self._year


def _day_of(month: int, day: int) -> int:
    """The day of a leap year, from 1."""
    return sum(_LENGTHS[:month]) + day


@lru_cache(maxsize=1024)
def iso(text: str) -> str:
    """A time that is RFC 3339 but for its signs (``2026-11-23 17:39:08,575 +0100``), else "".

    Args:
        text: begins with the time.
    """
    found = _ISO.match(text)
    if found is None:
        return ""
    year, month, day, clock, part, zone = found.groups()
    if not ("01" <= month <= "12" and "01" <= day <= "31" and clock < "24"):
        return ""
    return f"{year}-{month}-{day}T{clock}{'.' + part if part else ''}{_zone(zone)}"


def _zone(zone: str | None) -> str:
    if not zone:
        return ""
    if zone in ("Z", "UTC", "GMT"):
        return "Z"
    return f"{zone[:3]}:{zone[3:].lstrip(':') or '00'}"


def apache(text: str) -> str:
    """A time such as ``23/Nov/2026:17:39:08 +0100``, else ""."""
    found = _APACHE.match(text)
    if found is None or found[2] not in _MONTHS:
        return ""
    return f"{found[3]}-{_MONTHS[found[2]]:02}-{found[1]}T{found[4]}{_zone(found[5])}"


def kibana(text: str) -> str:
    """A time such as ``Nov 23, 2026 @ 17:39:08.123``, else ""."""
    found = _KIBANA.match(text)
    if found is None or found[1] not in _MONTHS:
        return ""
    return (
        f"{found[3]}-{_MONTHS[found[1]]:02}-{int(found[2]):02}T{found[4]}{'.' + found[5] if found[5] else ''}"
    )


def epoch(value: float | str | None) -> str:
    """A count of seconds, milliseconds, microseconds or nanoseconds since 1970, else "".

    Args:
        value: the number; which unit it counts is told by its size.
    """
    try:
        seconds = float(value) if value is not None else 0.0
        while _MAX_EPOCH < seconds < math.inf:
            seconds /= 1000
        if seconds <= 0:
            return ""
        told = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError, TypeError):
        return ""
    return told.replace(".000+", "+").replace("+00:00", "Z")


def tai64n(label: str) -> str:
    """A label of multilog (``@4000000038c3eeb027f41c7c``), else "".

    Source: D. J. Bernstein's TAI64N: 2^62 and seconds, then nanoseconds, in hexadecimal digits.
    """
    try:
        seconds = int(label[1:17], 16) - _TAI_EPOCH - _TAI_LEAD
        part = int(label[17:25] or "0", 16) // 1_000_000
        told = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{told:%Y-%m-%dT%H:%M:%S}.{min(part, 999):03}Z"
