"""Times and spans as people give them on the command line."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from bouncewise.pipeline.reported import Period

_SPAN = re.compile(r"(\d{1,5})\s?(m|min|h|d|w)")
_SECONDS = {"m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAYS = {"today": 0, "yesterday": 1}


def span_of(text: str) -> float:
    """Seconds of a span such as ``24h`` or ``7d``; 0 where the text is none.

    Args:
        text: what was given.
    """
    found = _SPAN.fullmatch(text.strip())
    return float(int(found[1]) * _SECONDS[found[2]]) if found else 0.0


def time_of(text: str) -> str:
    """A time as the logs of this machine have it, or "" for none.

    Args:
        text: a date, a date and time (RFC 3339; one with an offset is turned to this machine's time),
            ``today``, ``yesterday``, or a span before now.

    Raises:
        click.UsageError: it is none of these.
    """
    text = text.strip()
    if not text:
        return ""
    now = datetime.now()
    if text in _DAYS:
        return (now - timedelta(days=_DAYS[text])).strftime("%Y-%m-%dT00:00:00")
    span = span_of(text)
    if span:
        return (now - timedelta(seconds=span)).isoformat(timespec="seconds")
    try:
        given = datetime.fromisoformat(text)
        if given.tzinfo is not None:
            given = given.astimezone().replace(tzinfo=None)
        return given.isoformat(timespec="seconds")
    except (ValueError, OverflowError):  # no time, or one that no offset can be taken from
        raise click.UsageError(
            f"{text!r} is no time; give one as 2026-11-23, 2026-11-23T17:40, today, yesterday, 24h or 7d"
        ) from None


def earlier(time: str, seconds: float) -> str:
    """The time so long before another.

    Args:
        time: as ``time_of`` gives it.
        seconds: how long before.
    """
    return (datetime.fromisoformat(time) - timedelta(seconds=seconds)).isoformat(timespec="seconds")


def period_of(since: str, until: str) -> Period:
    """The period from one time to another.

    Args:
        since: the first time that counts, as ``time_of`` takes it.
        until: the first that counts no more.

    Raises:
        click.UsageError: one of them is no time, or they are the wrong way round.
    """
    period = Period(time_of(since), time_of(until))
    if period.since and period.until and period.since >= period.until:
        raise click.UsageError("--since is not before --until")
    return period
