"""Dovecot: mail that a script rejected or the local delivery agent could not store.

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

Read is only what no other log tells: that a script rejected a message, and that the local delivery agent
could not store one. What was stored, and what LMTP refused, stands in the log of the server that handed it
over, mostly the same log; it would be counted twice. What was forwarded is a new message.

Source: Dovecot 2.0 to 2.4 and Pigeonhole, ``src/lib-lda/mail-deliver.c``,
``src/lib-sieve/sieve-result.c``, ``src/lib-sieve/plugins/reject/ext-reject.c``; issue 1508 and pull requests
3550 and 3747 of docker-mailserver.
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
_FAILED = re.compile(
    r"(?:failed to store into mailbox '?INBOX'?|save failed to (?:open mailbox )?\S{1,255}): (.*)$",
    re.DOTALL,
)
_REJECTED = re.compile(r"(?:rejected: |reject action: )(.*)$", re.DOTALL)
_BY_SCRIPT = re.compile(r"rejected message from <([^<>]{0,330})> \(e?reject\)")
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
        told = _fate(words, lmtp="lmtp(" in line.message[:40])
        if told is None or self._done.get(key) is not None:
            return ()
        kind, reply, sender = told
        self._done.put(key, kind)
        return (
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                sender=sender,
                recipient=user,
                message_id=message_id.strip("<> ") if message_id != "unspecified" else "",
                reporting_mta=line.host,
                reply=reply,
            ),
        )


def _fate(words: str, *, lmtp: bool) -> tuple[Kind, Reply, str | None] | None:
    """What became of a message that was not stored, why, and its sender; None for what another log tells."""
    by_script = _BY_SCRIPT.match(words)
    if by_script is not None:
        return Kind.BOUNCED, words_of(words), by_script[1]
    rejected = _REJECTED.match(words)
    if rejected is not None:
        return Kind.BOUNCED, words_of(rejected[1]), None
    failed = None if lmtp else _FAILED.match(words)
    if failed is None:
        return None
    return Kind.BOUNCED if _FULL.search(failed[1]) else Kind.DEFERRED, words_of(failed[1]), None
