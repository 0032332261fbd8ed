"""Postfix: the words for a person, where the delivery status is missing: before 1.1, or where a gateway took
it off.

::

    This is the mail system at host mail.example.com.

    I'm sorry to have to inform you that your message could not
    be delivered to one or more recipients. It's attached below.

    <bob@example.net> (expanded from <staff@example.com>): host
        mx.example.net[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT
        TO command)

The text in front may be in any language (bounce_template_file), so the form tells: at the beginning of a line
``<address>:`` or ``<address> (expanded from <address>):``, then the reason, its further lines indented.
Warnings say ``THIS IS A WARNING ONLY`` and ``It will be retried until``; reports that were asked for begin
with ``Enclosed is the mail delivery report`` and give good replies too. Where a provider hands on a bounce
that came to a role account, the bounce that stands inside as text names the recipient. Source: postfix
src/bounce/bounce_templates.c, bounce_notify_util.c; mails.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.dsn import read_dsn
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told
from bouncewise.reply.unwrap.common import holds

MAX_LINES = 20_000
MAX_REASON = 60
_MARKS = (
    "This is the mail system at host",
    "This is the Postfix program at host",
    "I'm sorry to have to inform you that",
    "The Postfix program",
    "THIS IS A WARNING ONLY.  YOU DO NOT NEED",
    "Enclosed is the mail delivery report that you requested",
)
_HEAD = re.compile(
    r"^<(\"[^\"\n]{0,128}\"@[^<>\s]{1,255}|[^<>\s]{1,320})>"
    r"(?: \(expanded from\s{1,8}<([^<>\s]{1,320})>\))?:(?:\s(.{0,2000})|$)"
)
_HEADED = re.compile(r"^<[^<>\s]{1,320}>(?: \(expanded|:(?:\s|$))", re.M)
_HOST = re.compile(r"(?:mail system|Postfix program) at host ([\w.-]{1,253}?)\.?\s")
_GOOD = re.compile(
    r"(?:\bsaid|\]:\d{1,5}|via \S{1,320}): 2\d\d[ -]|^delivery via|^delivered to\b|^is deliverable"
)
_SENDER = "(mail delivery system)"


def recognise(mail: Mail) -> bool:
    """Whether Postfix's sentences or its From stand there, and an address as it writes them."""
    if mail.status_text:
        return False
    text = mail.notice
    sentences = holds(text, _MARKS)
    if not sentences and _SENDER not in mail.sender and "Mail System Error" not in mail.subject:
        return False
    return _HEADED.search(text) is not None or (sentences and _enclosed(mail) is not None)


def read(mail: Mail) -> list[Told]:
    """The recipients, each with its reason."""
    lines = mail.lines[:MAX_LINES]
    host = _HOST.search(mail.notice[:8192])
    action = _action(mail)
    told: list[Told] = []
    number = 0
    while number < len(lines):
        if not lines[number].startswith("<"):
            number += 1
            continue
        entry, number = _entry(lines, number)
        head = _HEAD.match(entry)
        if head and "@" in head[1] and head[3]:
            good = _GOOD.search(head[3])
            told.append(
                Told(
                    recipient=head[1],
                    original=head[2] or "",
                    words=head[3],
                    action="delivered" if good and "(in reply" not in head[3] else action,
                    reporting=host[1] if host else "",
                )
            )
    inside = None if told else _enclosed(mail)
    return read_dsn(inside) if inside else told


def _entry(lines: list[str], begin: int) -> tuple[str, int]:
    """An address with its reason on one line, and the number of the line behind them."""
    words = [lines[begin].strip()]
    number = begin + 1
    while number < len(lines) and len(words) < MAX_REASON:
        line = lines[number]
        if not line.strip() or not line[0].isspace():
            break
        words.append(line.strip())
        number += 1
    return " ".join(words)[:6000], number


def _action(mail: Mail) -> str:
    """``delayed`` for a warning, whatever the replies in it say."""
    text = mail.notice[:8192]
    if "THIS IS A WARNING ONLY" in text or "will be retried until" in text:
        return "delayed"
    return action_of(mail)


def _enclosed(mail: Mail) -> Mail | None:
    """The bounce that stands behind the words as text, with its delivery status."""
    if "report-type=delivery-status" not in mail.behind[:16_384]:
        return None
    inside = Mail(mail.behind.encode("utf-8", "replace"))
    return inside if inside.status_text else None
