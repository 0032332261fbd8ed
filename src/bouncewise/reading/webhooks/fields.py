"""What the services' records have in common: addresses, times, and replies, each cut in another way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bouncewise.reading.delivery import Delivery, Kind, Returned, Source
from bouncewise.reading.logs.replies import enhanced_of, reply_of, words_of
from bouncewise.reading.logs.times import epoch, iso
from bouncewise.reply.enhanced import find_enhanced
from bouncewise.reply.model import Reply, Unwrapped
from bouncewise.reply.unwrap import unwrap
from bouncewise.reply.unwrap.common import with_status

MAX_TEXT = 4096  # characters of a value that are looked at
MAX_ITEMS = 10_000  # recipients or events in one record
# The note on what a service did not try, where its own words do not say why.
SUPPRESSED = "the address is on the suppression list of the mail service"
NOTHING: Mapping[str, Any] = {}
_ANGLED = re.compile(r"<([^<>\s]{0,320})>\s*$")
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?$", re.ASCII)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}$", re.ASCII)
_CODED = re.compile(r"[2-5][0-5]\d(?![\d.])|[45][6-9]\d(?=[ -])", re.ASCII)
_SMTP = re.compile(r"(?:smtp|x-\w{1,20}|dns)\s?;\s*", re.IGNORECASE | re.ASCII)
# ``sent (250 2.0.0 OK)``, as Mailjet and Mailtrap write a reply
_STATED = re.compile(r"[A-Za-z][a-z ]{2,15} \((?=[2-5]\d\d[ -])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_-]+")
_DULL = frozenset(
    {
        "",
        "general",
        "undetermined",
        "unknown",
        "other",
        "none",
        "generic",
        "unclassified",
        "bounced",
        "bounce",
    }
)
_NO_WORDS = Reply(None, None)


def text(record: Mapping[str, Any], *names: str) -> str:
    """The first of some members that holds a text or a number, as text; "" where none does."""
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and value:
            return value[:MAX_TEXT]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def inner(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that is an object, or an empty one."""
    found = record.get(name)
    return found if isinstance(found, dict) else NOTHING


def listed(record: Mapping[str, Any], name: str) -> list[Any]:
    """A member that is a list, or an empty one; a single object or text is a list of one."""
    found = record.get(name)
    if isinstance(found, list):
        return found[:MAX_ITEMS]
    return [found] if isinstance(found, dict) or (isinstance(found, str) and found) else []


def objects(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in a member that is a list of them."""
    return [one for one in listed(record, name) if isinstance(one, dict)]


def number(record: Mapping[str, Any], *names: str) -> int | None:
    """The first of some members that is a whole number, written as one or as text."""
    value = text(record, *names)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None


def address(value: object) -> str:
    """The address in ``Anna <anna@example.com>``, in a bare address or in an object that holds one."""
    if isinstance(value, dict):
        return address(next((value[n] for n in ("email", "address", "Email") if value.get(n)), ""))
    if isinstance(value, list):
        return address(value[0]) if value else ""
    found = value[:MAX_TEXT] if isinstance(value, str) else ""
    angled = _ANGLED.search(found)
    return (angled[1] if angled else found).strip()


def identity(value: str) -> str:
    """A Message-ID without angle brackets."""
    return value.strip("<> \t")


def when(value: object, *, utc: bool = True) -> str:
    """A time as RFC 3339, from a count since 1970 or a text, else "".

    Args:
        value: what the record has.
        utc: whether a text without an offset is UTC, as most services say.
    """
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return epoch(value)
    if not isinstance(value, str):
        return ""
    if _NUMBER.match(value):
        return epoch(value)
    told = iso(value)
    return f"{told}Z" if told and utc and told[-1] != "Z" and told[-6] not in "+-" else told


def words(name: str) -> str:
    """A service's name for a failure (``MailboxFull``, ``user_unknown``) as words; "" if it says nothing."""
    name = " ".join(name[:MAX_TEXT].split())
    told = name if " " in name else _CAMEL.sub(" ", name).strip().lower()
    return "" if told.lower() in _DULL else told


def said(told: str, code: str = "", status: str = "") -> Unwrapped:
    """The reply that a record quotes, without what the service put round it.

    Args:
        told: the server's reply with or without its code, or the service's own words.
        code: a reply code that the record has beside it; an enhanced code is taken for ``status``.
        status: an enhanced code that the record has beside it.
    """
    status = status if _STATUS.match(status) else code if _STATUS.match(code) else ""
    told = _bare(told[:MAX_TEXT])
    if _CODED.match(told):
        reply = reply_of(told, status)
        if reply.enhanced is None and (found := find_enhanced(told)):
            reply = Reply(reply.code, found, reply.lines)
        return Unwrapped(reply)
    if code.isascii() and code.isdigit() and len(code) == 3:
        return Unwrapped(_with_code(told, code, status))
    if not told:
        return Unwrapped(words_of("", status) if status else _NO_WORDS)
    wrapped = unwrap(told)
    reply = with_status(wrapped.reply, status)
    return Unwrapped(reply, wrapped.context) if reply.code is not None else Unwrapped(reply)


def _bare(told: str) -> str:
    told = told.strip()
    prefix = _SMTP.match(told)
    if prefix:
        told = told[prefix.end() :]
    stated = _STATED.match(told)
    return told[stated.end() :].removesuffix(")") if stated else told


def _with_code(told: str, code: str, status: str) -> Reply:
    """Words and a code that stand in two members; each line may begin with the enhanced code."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    if not "200" <= code < "600":  # a number of the service's own
        return Reply(int(code), enhanced_of(status), tuple(lines))
    if not lines:
        return Reply(int(code), enhanced_of(status))
    return reply_of("\n".join([*(f"{code}-{line}" for line in lines[:-1]), f"{code} {lines[-1]}"]), status)


def classified(quoted: Unwrapped, *names: str) -> tuple[Unwrapped, str]:
    """A reply and the note beside it, or the service's own words where there is no reply.

    Args:
        quoted: what ``said`` gave.
        names: the service's names for the failure; those that say nothing are left out.
    """
    told = ", ".join(dict.fromkeys(w for w in map(words, names) if w))
    if quoted.reply.code is None and not quoted.reply.lines and told:
        return Unwrapped(Reply(None, quoted.reply.enhanced, (told,))), ""
    return quoted, told if told.lower() != quoted.reply.text.lower() else ""


def returned(sender: object = "", subject: str = "", to: object = ()) -> Returned | None:
    """What a record tells of the message itself, or None.

    Args:
        sender: its From field, as text, object or list.
        subject: its subject.
        to: its To field.
    """
    names = to if isinstance(to, list | tuple) else [to]
    recipients = tuple(found for one in names[:100] if (found := address(one)))
    told = Returned(sender=address(sender), subject=subject[:998], recipients=recipients)
    return told if told.sender or told.subject or told.recipients else None


def delivery(source: Source, kind: Kind, quoted: Unwrapped, **fields: Any) -> Delivery:
    """A delivery; what the reply's own wrapper tells fills what the record does not.

    Args:
        source: where it was read.
        kind: what became of it.
        quoted: what ``said`` gave.
        fields: the other fields of ``Delivery``.
    """
    context = quoted.context
    fields["remote_mta"] = fields.get("remote_mta") or context.remote_host or ""
    fields["remote_ip"] = fields.get("remote_ip") or context.remote_ip or ""
    fields["phase"] = fields.get("phase") or context.phase
    if not _STATUS.match(fields.get("status", "")):
        fields["status"] = ""
    return Delivery(source=source, kind=kind, reply=quoted.reply, **fields)
