"""Dates of header fields as RFC 3339."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import lru_cache


@lru_cache(maxsize=4096)
def rfc3339(date: str) -> str:
    """A date of RFC 5322 section 3.3 as RFC 3339, or "" where it is none.

    Args:
        date: the field's value.
    """
    if not date or len(date) > 200:
        return ""
    try:
        return parsedate_to_datetime(date.partition(" (")[0].strip()).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
