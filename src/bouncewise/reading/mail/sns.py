"""Amazon SES notifications that SNS sends as mail: JSON in place of words.

Both shapes are read: feedback notifications (``notificationType``) and published events (``eventType``),
bare or as the ``Message`` of an SNS envelope. A mail system may have folded the long line, with or without
the ``!`` that sendmail puts before a forced break.

Source: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html and
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from bouncewise.reading.mail.headers import Headers
from bouncewise.reading.mail.message import Mail

MAX_LEVELS = 3
MAX_LIST = 10_000
_MARKS = ('"notificationType"', '"eventType"')
_BREAK = re.compile(r"!?\n ?")


def notification(mail: Mail) -> dict[str, Any]:
    """The notification in a mail, or an empty dictionary.

    Args:
        mail: a mail.
    """
    if "sns.amazonaws" not in mail.sender and "x-amz-sns-message-id" not in mail.headers:
        return {}
    part = mail.part("text/plain", "application/json", "text/")
    text = part.text().replace("\r\n", "\n") if part else ""
    start = text.find("{")
    if start < 0 or not any(mark in text.replace("\\", "") or "!\n" in text for mark in _MARKS):
        return {}
    return _inside(_decoded(text[start:]), 0)


def type_of(note: dict[str, Any]) -> str:
    """``Bounce``, ``Complaint``, ``Delivery``, ... or ""."""
    kind = note.get("notificationType") or note.get("eventType")
    return kind if isinstance(kind, str) else ""


def mapping(note: dict[str, Any], name: str) -> dict[str, Any]:
    """A member that must be an object."""
    found = note.get(name)
    return found if isinstance(found, dict) else {}


def listed(note: dict[str, Any], name: str) -> list[Any]:
    """A member that must be a list."""
    found = note.get(name)
    return found[:MAX_LIST] if isinstance(found, list) else []


def word(note: dict[str, Any], name: str) -> str:
    """A member that must be a string."""
    found = note.get(name)
    return found[:4096] if isinstance(found, str) else ""


def returned_headers(note: dict[str, Any]) -> Headers | None:
    """The header fields of the message that the notification is about, where it has them."""
    about = mapping(note, "mail")
    lines = [
        f"{word(field, 'name')}: {word(field, 'value')}"
        for field in listed(about, "headers")
        if isinstance(field, dict) and word(field, "name").isascii()
    ]
    common = mapping(about, "commonHeaders")
    lines += [f"{name}: {_joined(common.get(key))}" for name, key in _COMMON if key in common]
    text = "\n".join(re.sub(r"\s*[\r\n]+\s*", " ", line) for line in lines)
    return Headers(text.encode("utf-8", "replace")) if text else None


_COMMON = (
    ("From", "from"),
    ("To", "to"),
    ("Subject", "subject"),
    ("Message-ID", "messageId"),
    ("Date", "date"),
)


def _joined(value: object) -> str:
    return ", ".join(str(one) for one in value[:100]) if isinstance(value, list) else str(value)


def _decoded(text: str) -> dict[str, Any]:
    decoder = json.JSONDecoder(strict=False)
    for tried in (text, _BREAK.sub("", text)):
        try:
            found, _ = decoder.raw_decode(tried)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _inside(note: dict[str, Any], level: int) -> dict[str, Any]:
    """The message in an SNS envelope."""
    message = note.get("Message")
    if type_of(note) or not isinstance(message, str) or level >= MAX_LEVELS:
        return note if type_of(note) else {}
    return _inside(_decoded(message), level + 1)
