"""Dovecot: mail that LMTP or the delivery agent put into mailboxes, forwarded or refused.

Lines, of which older versions have the process and the user in one pair of brackets::

    dovecot: lmtp(bob@example.com)<1522><2E+aO4c4uV7yBQ>: sieve: msgid=<m1@example.org>: stored mail into
        mailbox 'INBOX'
    dovecot: lmtp(bob@example.com)<1522><2E+aO4c4uV7yBQ>: msgid=<m1@example.org>: saved mail to INBOX
    dovecot: lda(bob)<1522><...>: sieve: msgid=<m1@example.org>: failed to store into mailbox 'INBOX':
        Quota exceeded (mailbox ...)
    dovecot: lmtp(21854, bob@example.com): UEcD: sieve: msgid=<...>: forwarded to <bob@example.net>
    dovecot: lmtp(bob@example.com)<1522><...>: Error: sieve: msgid=<...>: ...
    dovecot: lmtp(1522): ...: msgid=<...>: save failed to INBOX: Mailbox doesn't exist: INBOX
    dovecot: lda(bob)<...>: msgid=<...>: rejected: Quota exceeded (mailbox for user is full)

What can't be stored into a folder is kept in INBOX. A message that is stored into several mailboxes is
delivered once. Where a mail server hands over to Dovecot, its log tells of the same delivery.

Source: Dovecot 2.0 to 2.4 and Pigeonhole, ``src/lib-lda/mail-deliver.c``,
``src/lib-sieve/sieve-result.c``; issue 1508 and pull requests 3550 and 3747 of docker-mailserver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.model import Joins, Line
from bouncewise.reading.logs.replies import words_of
from bouncewise.reply.model import Reply

PROGRAMS = ("dovecot",)
TRIGGERS = ("msgid=",)
_LINE = re.compile(
    r"(?:dovecot: )?(?:lmtp|lda|deliver)\((?:\d{1,9}(?:, )?)?([^(),\s]{0,330})(?:, ?\d{1,9})?\)"
    r"(<[^:]{0,120})?:? ?(?:(?!msgid=|sieve: )[^ ]{1,60}:? ){0,3}(?:sieve: )?(?:user \S{1,330}: )?"
    r"msgid=(<[^>]{0,500}>|[^:]{0,500}): (.*)$",
    re.ASCII | re.DOTALL,
)
_STORED = re.compile(
    r"(?:fileinto action: )?stored mail into mailbox |saved mail to |(?:stored|saved) mail into "
)
_FAILED = re.compile(
    r"(?:failed to store into mailbox '?INBOX'?|save failed to (?:open mailbox )?\S{1,255}): (.*)$",
    re.DOTALL,
)
_REJECTED = re.compile(r"(?:rejected|reject action: |rejected message from [^:]{1,330}):? ?(.*)$", re.DOTALL)
_FORWARDED = re.compile(r"(?:redirect action: )?forwarded to <?([^<>\s]{1,330})>?")
_FULL = re.compile(r"quota|too (?:large|big)|doesn.t exist|unknown", re.I)


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Dovecot's delivery."""
    return "msgid=" in message[:1000] and _LINE.match(message) is not None


class Reader:
    """Reads the lines of Dovecot's delivery."""

    def __init__(self) -> None:
        self._done: Joins[Kind] = Joins()

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of."""
        if "msgid=" not in line.message:
            return ()
        found = _LINE.match(line.message)
        if found is None:
            return ()
        user, session, message_id, words = found.groups("")
        user = user if not user.isdigit() else ""
        key = f"{line.pid} {user} {session} {message_id}"
        told = _fate(words)
        if told is None:
            return ()
        kind, recipient, reply = told
        if kind is not Kind.RELAYED:
            if self._done.get(key) in (kind, Kind.DELIVERED):
                return ()
            self._done.put(key, kind)
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                recipient=recipient or user,
                original_recipient=user if recipient else "",
                message_id=message_id.strip("<> ") if message_id != "unspecified" else "",
                reporting_mta=line.host,
                reply=reply,
            ),
        )


def _fate(words: str) -> tuple[Kind, str, Reply] | None:
    """What became of a message, to whom it was forwarded, and why it was not stored."""
    if forwarded := _FORWARDED.match(words):
        return Kind.RELAYED, forwarded[1], Reply(None, None)
    if _STORED.match(words):
        return Kind.DELIVERED, "", Reply(None, None)
    failed = _FAILED.match(words) or _REJECTED.match(words)
    if failed is None:
        return None
    permanent = _FULL.search(failed[1]) is not None or "reject" in words[:10]
    return Kind.BOUNCED if permanent else Kind.DEFERRED, "", words_of(failed[1])
