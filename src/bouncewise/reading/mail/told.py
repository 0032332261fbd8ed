"""What a format reads: a recipient and the words about it. ``build`` makes deliveries of it."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Returned, Source
from bouncewise.reading.mail.dates import rfc3339
from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.paths import decode_path
from bouncewise.reading.mail.returned import read_returned
from bouncewise.reading.mail.words import says
from bouncewise.reply.enhanced import find_enhanced
from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap import IN_MAILS, unwrap
from bouncewise.reply.unwrap.common import with_status

MAX_RECIPIENTS = 10_000  # records that one mail gives
MAX_WORDS = 4096  # characters of a reply that are kept
_BY_ACTION = {
    "failed": Kind.BOUNCED,
    "failure": Kind.BOUNCED,
    "delayed": Kind.DELAYED,
    "delivered": Kind.DELIVERED,
    "relayed": Kind.RELAYED,
    "expanded": Kind.RELAYED,
}
_WORD = re.compile(r"[a-z]+")
_ONE_ADDRESS = re.compile(ADDRESS)


class Told(msgspec.Struct, kw_only=True):
    """What a mail tells of one recipient.

    Attributes:
        recipient: the final recipient.
        original: the original recipient, where it differs.
        words: the reply, in whatever it was wrapped.
        note: other words that say something about the failure.
        action: ``failed``, ``delayed``, ... (RFC 3464 section 2.3.3).
        status: an enhanced code as text.
        remote: the server that refused.
        reporting: the server that reports.
        queue_id: its id.
        envelope_id: the sender's id of the envelope.
        time: when, as a header field tells it.
        sender: the reverse-path.
        phase: the command that the reply answers, where something beside the words tells it.
    """

    recipient: str = ""
    original: str = ""
    words: str = ""
    note: str = ""
    action: str = "failed"
    status: str = ""
    remote: str = ""
    reporting: str = ""
    queue_id: str = ""
    envelope_id: str = ""
    time: str = ""
    sender: str = ""
    phase: Phase | None = None


def build(mail: Mail, told: list[Told], name: str) -> list[Delivery]:
    """Deliveries of what a format read, without those that say the same twice.

    Args:
        mail: the mail.
        told: what was read.
        name: name of the format.
    """
    headers = mail.returned
    returned = read_returned(headers) if headers else None
    time = rfc3339(mail.headers.get("date"))
    sender = _sender(mail)
    found: dict[tuple[str, str], Delivery] = {}
    for one in told[:MAX_RECIPIENTS]:
        delivery = _delivery(one, returned, time, sender, name)
        key = delivery.recipient.lower(), delivery.kind
        known = found.get(key)
        if known is None or (known.reply.code is None and delivery.reply.code is not None):
            found[key] = delivery
    return [*found.values(), *_left_out(len(told) - MAX_RECIPIENTS, name)]


def _left_out(count: int, name: str) -> list[Delivery]:
    """A record that says how many recipients a mail names beyond those that are read."""
    if count <= 0:
        return []
    why = f"at least {count:,} more recipients are named in this mail; {MAX_RECIPIENTS:,} of a mail are read"
    return [Delivery(source=Source(format=name), kind=Kind.UNREADABLE, reason=why)]


def _delivery(one: Told, returned: Returned | None, time: str, sender: str | None, name: str) -> Delivery:
    said = unwrap(one.words[:MAX_WORDS], IN_MAILS) if one.words.strip() else Unwrapped(Reply(None, None))
    # The report's status speaks for a reply that has no enhanced code of its own.
    told = one.status.partition(" ")[0]
    reply = said.reply if told.endswith(".0.0") else with_status(said.reply, told)
    recipient = clean_address(one.recipient)
    original = clean_address(one.original)
    if not recipient and said.context.recipient:
        recipient = said.context.recipient
    status = one.status or (str(said.reply.enhanced) if said.reply.enhanced else "")
    note = " ".join(part for part in (said.note, one.note) if part)[:MAX_WORDS]
    kind = _kind(one, said.reply, note)
    own = Context(
        phase=one.phase,
        recipient=recipient or None,
        sender=one.sender or sender,
        remote_host=_host(one.remote) or None,
    )
    return Delivery(
        source=Source(format=name),
        kind=kind,
        time=rfc3339(one.time) or time,
        sender=one.sender or sender,
        recipient=recipient,
        original_recipient=original if original.lower() != recipient.lower() else "",
        message_id=returned.message_id if returned else "",
        queue_id=one.queue_id,
        envelope_id=one.envelope_id,
        reporting_mta=_host(one.reporting),
        remote_mta=_host(one.remote) or said.context.remote_host or "",
        local_ip=said.context.local_ip or (returned.sending_ip if returned else ""),
        dsn_action=one.action,
        status=_agreeing(status, said.reply),
        returned=returned,
        reply=reply,
        context=said.context.merged(own),
        note=note,
        wrapper=said.wrapper,
    )


def _kind(one: Told, reply: Reply, note: str) -> Kind:
    word = _WORD.match(one.action.strip().lower())
    kind = _BY_ACTION.get(word[0] if word else "", Kind.BOUNCED)
    if kind is not Kind.BOUNCED:
        return kind
    enhanced = str(reply.enhanced or "")
    if one.status.endswith(".4.7") or enhanced.endswith(".4.7"):
        return Kind.EXPIRED
    transient = reply.code is None or reply.code < 500
    if transient and _says_expired(f"{reply.text[:MAX_WORDS]}\n{note}"):
        return Kind.EXPIRED
    return kind


def _says_expired(words: str) -> bool:
    return says("prose", "expired", words.lower())


def _agreeing(status: str, reply: Reply) -> str:
    """The status that the mail gives, in its own field or by its reply; "" where it gives none."""
    found = _enhanced(status) if status else None
    enhanced = reply.enhanced
    if found is not None and enhanced is not None and found.class_ == enhanced.class_ and found[1:] == (0, 0):
        return str(enhanced)  # "5.0.0" beside a reply that says more
    if found is not None:
        return str(found)
    if reply.code is not None and reply.code >= 200 and reply.code // 100 != 3:
        return f"{reply.code // 100}.0.0"
    return ""


_enhanced = lru_cache(maxsize=256)(find_enhanced)  # a few codes are most of all


def _host(field: str) -> str:
    """The name in a field such as ``dns; mx.example.com (192.0.2.1)``."""
    name = field.rpartition(";")[2].strip().partition(" ")[0].strip("[]<>().,")
    return name[:253]


def _sender(mail: Mail) -> str | None:
    """Whom the report went to, decoded: that was the reverse-path of the message that came back."""
    for name in ("x-original-to", "delivered-to", "envelope-to", "to"):
        address = mail.headers.address(name)
        if address:
            return decode_path(address)
    return None


def first_address(text: str) -> str:
    """The first address in a text, or ""."""
    found = _ONE_ADDRESS.search(text)
    return clean_address(found[0]) if found else ""
