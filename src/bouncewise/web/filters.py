"""Which deliveries a page or a question is about, out of the query of its URL, and back into one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from bouncewise.report.tally import OUTCOMES
from bouncewise.store.model import DAY, HOUR, Filter
from bouncewise.store.rows import seconds_of, time_of
from bouncewise.web.errors import bad

NAMES = ("outcome", "cause", "provider", "domain", "ip", "sender_domain", "recipient", "template")
MAX_VALUE = 400  # characters
_SPAN = re.compile(r"(\d{1,4})([hd])\Z")
_UNIT = {"h": HOUR, "d": DAY}
_FAR = 2**40


def filter_of(query: Mapping[str, str], now: int, span: tuple[int, int] = (0, 0)) -> Filter:
    """The filter of a query.

    Args:
        query: its fields; ``since`` and ``until`` are times (RFC 3339, a date) or spans back (``24h``).
        now: Unix seconds.
        span: what to take where no time is given.

    Raises:
        WebError: a value can't be used.
    """
    since = _time(query.get("since", ""), now, "since") or span[0]
    until = _time(query.get("until", ""), now, "until") or (now + 1 if query.get("since") else span[1])
    if since and until and since >= until:
        raise bad("until is not after since")
    told = {name: query.get(name, "").strip() for name in NAMES}
    for name, value in told.items():
        if len(value) > MAX_VALUE:
            raise bad(f"{name} is longer than {MAX_VALUE} characters")
        if "\0" in value or not value.isprintable():
            raise bad(f"{name} has a character that can't be shown")
    if told["outcome"] and told["outcome"] not in OUTCOMES:
        raise bad(f"there is no outcome {told['outcome']!r}; {', '.join(OUTCOMES)} are known")
    return Filter(since=since, until=until, **told)


def _time(text: str, now: int, name: str) -> int:
    if not text:
        return 0
    if text == "now":
        return now
    if match := _SPAN.match(text):
        return max(now - int(match[1]) * _UNIT[match[2]], 1)
    told = seconds_of(text.strip().replace(" ", "+")) if text.isascii() else None
    if told is None or not 0 < told < _FAR:
        raise bad(f"{name} is no time: give 2026-11-25, 2026-11-25T10:00:00Z, or a span as in 24h or 7d")
    return told


def fields_of(wanted: Filter) -> dict[str, str]:
    """The fields of a query that gives this filter."""
    told: dict[str, Any] = {name: getattr(wanted, name) for name in NAMES}
    if wanted.since:
        told["since"] = short_time(wanted.since)
    if wanted.until:
        told["until"] = short_time(wanted.until)
    return {name: value for name, value in told.items() if value}


def short_time(seconds: int) -> str:
    """A time as it stands in a URL: a date where it is the beginning of one."""
    text = time_of(seconds)
    return text[:10] if text[11:19] == "00:00:00" else text[:19] + "Z"


def link(path: str, wanted: Filter, further: Mapping[str, str] = {}, **changed: str) -> str:
    """A URL of a page that is about these deliveries.

    Args:
        path: of the page.
        wanted: the filter.
        further: other fields of the query.
        changed: fields of the filter that are other there.
    """
    told = fields_of(msgspec.structs.replace(wanted, **changed)) | dict(further)
    return f"{path}?{urlencode(told)}" if told else path
