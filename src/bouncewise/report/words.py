"""Figures and names as words for people."""

from __future__ import annotations

WHO = {
    "sender-admin": "you",
    "sender-user": "the sender",
    "recipient": "the recipient",
    "recipient-admin": "the other side",
    "nobody": "nobody",
}
WHAT = {
    "providers": "provider",
    "domains": "domain",
    "sending_ips": "sending address",
    "sender_domains": "sender domain",
}
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def percent(share: float) -> str:
    """A share as ``3.1 %``, with as many figures as say something.

    Args:
        share: from 0 to 1.
    """
    value = share * 100
    return (
        f"{value:.0f} %"
        if value >= 10
        else f"{value:.1f} %"
        if value >= 0.1 or not value
        else f"{value:.2f} %"
    )


def times(time: str) -> str:
    """A time without seconds and zone: ``2026-11-23 17:40``; hours as ``2026-11-23 17 h``.

    Args:
        time: RFC 3339, or its beginning.
    """
    if len(time) == 13:
        return f"{time[:10]} {time[11:13]} h"
    return f"{time[:10]} {time[11:16]}".strip()


def since(time: str) -> str:
    """A time as it stands in a table."""
    return times(time) if time else ""


def span(seconds: float) -> str:
    """A span of time: ``45 s``, ``12 min``, ``5 h 20 min``.

    Args:
        seconds: the span.
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    rest = round(seconds)
    parts = []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
