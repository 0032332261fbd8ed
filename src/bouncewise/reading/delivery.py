"""The record that every reader gives: one delivery, not yet diagnosed."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from bouncewise.reply.model import NO_CONTEXT, Context, Phase, Reply, Unwrapped


class Kind(StrEnum):
    """What became of a delivery, or what a mail is that tells of none."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    DELAYED = "delayed"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    REJECTED = "rejected"
    RELAYED = "relayed"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto-reply"
    CHALLENGE = "challenge"
    NOT_A_BOUNCE = "not-a-bounce"
    UNREADABLE = "unreadable"


class Source(msgspec.Struct, frozen=True):
    """Where a delivery was read.

    Attributes:
        path: the file, mailbox or URL, or "".
        format: what told of it: ``dsn``, ``arf``, the name of a format, or ``general``.
        offset: octets into a mailbox, or None.
        line: line of a log, from 1, or None.
        member: name inside an archive, or "".
        truncated: the mail is longer than what is read of one, or cut off where it is kept.
    """

    path: str = ""
    format: str = ""
    offset: int | None = None
    line: int | None = None
    member: str = ""
    truncated: bool = False

    def at(self, line: int | None, form: str = "") -> Source:
        """A line of this file.

        Args:
            line: its number from 1, or None.
            form: the format that told of it.
        """
        return Source(path=self.path, format=form, line=line, member=self.member)


NO_SOURCE = Source()


class Returned(msgspec.Struct, frozen=True):
    """What is known of the message that came back; an empty field was not there.

    Attributes:
        message_id: its Message-ID without angle brackets.
        sender: the address of its From field.
        recipients: the addresses of its To field.
        subject: decoded.
        date: as the message gives it.
        list_id: the list's id (RFC 2919).
        list_unsubscribe: how to leave the list (RFC 2369).
        dkim_domain: ``d=`` of its first DKIM signature (RFC 6376 section 3.5).
        dkim_selector: ``s=`` of it.
        sending_ip: the public address that handed it over, by its Received fields.
    """

    message_id: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    date: str = ""
    list_id: str = ""
    list_unsubscribe: str = ""
    dkim_domain: str = ""
    dkim_selector: str = ""
    sending_ip: str = ""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery: a reply and its context, not yet diagnosed. None and "" stand for not known.

    Attributes:
        source: where it was read.
        kind: what became of it.
        time: when, as RFC 3339.
        sender: the reverse-path, or who the report was sent to.
        recipient: the final recipient (RFC 3464 section 2.3.2).
        original_recipient: as the sender gave it (RFC 3464 section 2.3.1), where it differs.
        message_id: Message-ID of the returned message.
        queue_id: the reporting server's own id.
        envelope_id: ``Original-Envelope-Id`` (RFC 3464 section 2.2.1).
        reporting_mta: who reports.
        remote_mta: who refused.
        remote_ip: its address.
        local_ip: the address that the mail was sent from.
        client: who handed the message over, as ``name[address]`` or a user's name.
        size: octets of the message, or None.
        queue_age: seconds from the message's arrival to this attempt, or None.
        delays: how that time was spent, as the log gives it.
        attempts: how often delivery has been tried, or None.
        phase: the command that the reply answers, where it is known beside the words.
        dsn_action: ``Action`` (RFC 3464 section 2.3.3).
        status: an enhanced status code as text.
        feedback_type: of a complaint (RFC 5965 section 7.3).
        returned: the message that came back.
        reply: the reply.
        context: what the words round the reply tell; logs and webhooks give the fields above instead.
        note: words round the reply that say something about the failure.
        wrapper: name of what the reply was wrapped in, or None.
        reason: why a mail is unreadable or no bounce.
    """

    source: Source = NO_SOURCE
    kind: Kind
    time: str = ""
    sender: str | None = None
    recipient: str = ""
    original_recipient: str = ""
    message_id: str = ""
    queue_id: str = ""
    envelope_id: str = ""
    reporting_mta: str = ""
    remote_mta: str = ""
    remote_ip: str = ""
    local_ip: str = ""
    client: str = ""
    size: int | None = None
    queue_age: float | None = None
    delays: str = ""
    attempts: int | None = None
    phase: Phase | None = None
    dsn_action: str = ""
    status: str = ""
    feedback_type: str = ""
    returned: Returned | None = None
    reply: Reply = Reply(None, None)
    context: Context = NO_CONTEXT
    note: str = ""
    wrapper: str | None = None
    reason: str = ""

    @property
    def said(self) -> Unwrapped:
        """The reply with everything that was round it, as ``diagnose`` takes it."""
        context = self.context
        if context is NO_CONTEXT or context == NO_CONTEXT:  # another object where it came from a process
            context = self._fields()
        return Unwrapped(self.reply, context, self.wrapper, self.note)

    def _fields(self) -> Context:
        return Context(
            phase=self.phase,
            remote_host=self.remote_mta or None,
            remote_ip=self.remote_ip or None,
            local_ip=self.local_ip or None,
            sender=self.sender,
            recipient=self.recipient or None,
            queue_age=self.queue_age,
            attempts=self.attempts,
            time=self.time or None,
        )


class Delivered(msgspec.Struct):
    """Many deliveries that were made, in columns: all that a report counts of them.

    The columns are of one length; "" stands for not known.

    Attributes:
        hours: the beginnings of their times, up to the hour.
        recipients: the final recipients.
        remote_mtas: who took them.
        local: the machines that sent them.
        senders: the reverse-paths; None where it is not known.
        clients: who handed the messages over.
        queue_ids: of their messages.
        queue_ages: seconds from arrival to delivery, as the log has them.
        first: the first time.
        last: the last time.
    """

    hours: list[str]
    recipients: list[str]
    remote_mtas: list[str]
    local: list[str]
    senders: list[str | None]
    clients: list[str]
    queue_ids: list[str]
    queue_ages: list[str]
    first: str
    last: str

    def of_unknown(self) -> list[tuple[str, str | None]]:
        """The queue ids of those whose senders or clients are not known, with the senders that are."""
        known = zip(self.queue_ids, self.senders, self.clients, strict=True)
        return [(i, sender) for i, sender, client in known if sender is None or not client]

    def add(self, more: Delivered) -> None:
        """Take in more deliveries."""
        for name in ("hours", "recipients", "remote_mtas", "local", "senders", "clients"):
            getattr(self, name).extend(getattr(more, name))
        self.queue_ids += more.queue_ids
        self.queue_ages += more.queue_ages
        self.first, self.last = min(self.first, more.first), max(self.last, more.last)

    def waited(self, seconds: float) -> Iterator[Delivery]:
        """Those that were made after more than so many seconds, at least ten, as deliveries."""
        # nearly all took less than ten, which the second character tells
        for place in [place for place, age in enumerate(self.queue_ages) if age[1:2] not in "."]:
            age = float(self.queue_ages[place])
            if age > seconds:
                yield Delivery(
                    kind=Kind.DELIVERED,
                    recipient=self.recipients[place],
                    queue_id=self.queue_ids[place],
                    queue_age=age,
                )
