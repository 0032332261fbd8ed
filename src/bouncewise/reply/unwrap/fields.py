"""Values that log lines and bounce prose of all MTAs carry: hosts, addresses, times and spans.

Every function takes text that somebody else wrote and gives a checked value or None. The patterns
begin at the edge of a word, so that a long run of letters is looked at once and not once a letter.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

# A host name as MTAs print it; behind nothing that could belong to a longer name.
NAME = r"(?<![\w.-])[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}"
# What stands between square brackets behind a host name: an address, a socket's path, "unknown".
BRACKET = r"\[([^\]\s]{1,100})\](?::\d{1,5})?"
# A mailbox where angle brackets fence it in; a quoted local part may hold blanks (RFC 5321 section 4.1.2).
FENCED = r"(?:\"[^\"<>\n]{1,64}\"|[^\s<>@\"]{1,128})@[^\s<>@]{0,255}"

_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_IPV6 = re.compile(r"(?=[^:]{0,4}:)[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?) ?(Z|[+-]\d\d:?\d\d)?(?![\d:])", re.ASCII
)
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:\d{1,6}(?:\.\d{1,6})?[wdhms]){1,5}", re.ASCII)
_SPAN_PART = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([wdhms])", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,4})\+)?(\d{1,4}):(\d\d):(\d\d)", re.ASCII)
_FOLD = re.compile(r"\r?\n[ \t]+")


def ip(text: str | None) -> str | None:
    """The IP address that a text is (also ``IPv6:...``), or None."""
    if not text:
        return None
    text = text.strip("[] ")
    text = text[5:] if text[:5].lower() == "ipv6:" else text
    return text if _IPV4.fullmatch(text) or _IPV6.fullmatch(text) else None


def host(text: str | None) -> str | None:
    """The host name that a text is, without the final dot; None for ``unknown``, ``none`` and sockets."""
    if not text:
        return None
    text = text.strip().rstrip(".:")
    if not text or text.lower() in ("unknown", "none", "local", "localhost.localdomain") or ip(text):
        return None
    return text if re.fullmatch(NAME, text) else None


def peer(name: str | None, address: str | None) -> tuple[str | None, str | None]:
    """Host and IP of a server; a name that is only its address counts as the host when no name is known."""
    known = ip(address) or ip(name)
    return host(name) or (known if ip(name) else None), known


def time_of(text: str) -> str | None:
    """The date and time at the beginning of a log line.

    Args:
        text: a line that begins with an ISO 8601 date and time, maybe in brackets. Syslog's own
            ``Jan  2 03:04:05`` has no year and is left alone.

    Returns:
        The RFC 3339 form; without an offset where the log has none (local time of that machine).
    """
    match = _ISO.match(text.lstrip("[("))
    if match is None:
        return None
    zone = match[3] or ""
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    return f"{match[1]}T{match[2].replace(',', '.')}{zone}"


def mail_time(text: str) -> datetime | None:
    """A date of a mail's header field (RFC 5322 section 3.3), or None."""
    try:
        return parsedate_to_datetime(text.strip()[:80])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def seconds(text: str | None) -> float | None:
    """A span of time in seconds.

    Args:
        text: ``12.5``, ``1m40s``, ``2d3h``, ``00:01:40`` or ``1+02:03:04`` (days before the plus).
    """
    if not text:
        return None
    text = text.strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", text, re.ASCII):
        return float(text)
    clock = _CLOCK.fullmatch(text)
    if clock:
        return float(int(clock[1] or 0) * 86_400 + int(clock[2]) * 3_600 + int(clock[3]) * 60 + int(clock[4]))
    if _SPAN.fullmatch(text):
        return float(sum(float(number) * _UNITS[unit] for number, unit in _SPAN_PART.findall(text)))
    return None


def unfold(text: str) -> str:
    """Lines that a mail program or MTA wrapped with leading blanks, joined again."""
    return _FOLD.sub(" ", text) if "\n" in text else text
