"""Pieces of tables that several readers take apart alike: names of columns, peers, addresses, times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from bouncewise.reading.delivery import Kind
from bouncewise.reading.logs.times import epoch, iso
from bouncewise.reply.model import Reply

_PEER = re.compile(r"\[?([0-9A-Fa-f:.]{3,45}?(?:%\w{1,16})?)\]?(?::(\d{1,5}))?$", re.ASCII)
_LOCAL = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4}),? {1,2}"
    r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?[ \u202f]?([AaPp])?\.?(?:[Mm]\.?)?",
    re.ASCII,
)
_NET_DATE = re.compile(r"\\?/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\\?/$", re.ASCII)
_EXPIRED = re.compile(
    r"QUEUE\.Expired|message expired|[45]\.4\.7\b.{0,40}(?:expired|delayed|timed? ?out)|"
    r"too long in (?:the )?queue|retry (?:time|limit|timeout) (?:exceeded|expired)|"
    r"delivery time expired|exceeded (?:the )?retry|exceeded max time without delivery",
    re.I,
)


@lru_cache(maxsize=512)
def plain_name(name: str) -> str:
    """The name of a column in small letters and digits only: ``recipient-address``, ``RecipientAddress``."""
    return "".join(sign for sign in name.lower() if sign.isalnum())


def plain_row(row: Mapping[str, str]) -> dict[str, str]:
    """A row by the plain names of its columns, its values without blanks at their ends."""
    return {plain_name(name): value.strip() for name, value in row.items()}


def plain_object(record: Mapping[str, Any]) -> dict[str, str]:
    """An object's texts, numbers and lists of texts by their plain names, as a row has them."""
    row: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, str):
            row[plain_name(name)] = value.strip()
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, int | float):
            row[plain_name(name)] = str(value)
        elif isinstance(value, list):
            row[plain_name(name)] = ";".join(str(item) for item in value[:5000] if not isinstance(item, dict))
    return row


def address_of(text: str) -> str:
    """An address without angle brackets and ``smtp:`` in front."""
    text = text.strip()
    if text[:1] == "<" and text[-1:] == ">":
        text = text[1:-1]
    return text.strip().removeprefix("smtp:").removeprefix("SMTP:")


def peer_of(text: str) -> str:
    """The address of ``192.0.2.1:25`` or ``[2001:db8::1]:25``, else ""."""
    text = text.strip()
    if text.count(":") > 1 and text[:1] != "[":
        return text if _PEER.match(text) else ""
    found = _PEER.match(text)
    return found[1] if found else ""


@lru_cache(maxsize=1024)
def time_of(text: str) -> str:
    """A time as exports have it: ISO, ``/Date(...)/``, a count since 1970, or a country's own order; else "".

    Of ``7/8/2025`` the month stands first, as in the United States, unless the number can be none.
    """
    text = text.strip()
    told = iso(text)
    if told:
        return told
    net = _NET_DATE.match(text)
    if net:
        return epoch(int(net[1]))
    found = _LOCAL.match(text)
    if found is None:
        return epoch(text) if text.replace(".", "", 1).isdigit() and len(text) >= 9 else ""
    first, sign, second, third, hour, minute, second_of = found.group(1, 2, 3, 4, 5, 6, 7)
    numbers = int(first), int(second), int(third)
    if len(first) == 4:
        year, month, day = numbers
    elif sign in ".-" or numbers[0] > 12:
        day, month, year = numbers
    else:
        month, day, year = numbers
    year = year + 2000 if year < 100 else year
    clock = int(hour)
    if found[8]:
        clock = clock % 12 + (12 if found[8] in "Pp" else 0)
    if not (1 <= month <= 12 and 1 <= day <= 31 and clock < 24 and year < 10_000):
        return ""
    return f"{year:04}-{month:02}-{day:02}T{clock:02}:{minute}:{second_of or '00'}"


def number_of(text: str | None) -> int | None:
    """A number of up to fifteen digits, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def has_all(names: Iterable[str], wanted: frozenset[str]) -> bool:
    """Whether all of some plain names are among the names of columns."""
    return wanted <= {plain_name(name) for name in names}


def kind_of(reply: Reply, inbound: bool = False) -> Kind:
    """What a reply makes of a delivery; without a code it is put off."""
    if inbound:
        return Kind.REJECTED
    first = reply.code // 100 if reply.code else reply.enhanced.class_ if reply.enhanced else 4
    return {2: Kind.DELIVERED, 5: Kind.BOUNCED}.get(first, Kind.DEFERRED)


def is_expired(text: str) -> bool:
    """Whether words say that a message was given up because of its age."""
    return _EXPIRED.search(text[:2000]) is not None
