"""One mail explained for a person: who did not get what, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import click
import msgspec

from bouncewise.cli.person import paragraphs
from bouncewise.cli.safe import safe
from bouncewise.cli.show import Part, show
from bouncewise.cli.shown import Shown
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.diagnose import diagnose_delivery, record
from bouncewise.pipeline.sources.mbox import begins_mbox, split
from bouncewise.pipeline.sources.reader import Reader
from bouncewise.reading.delivery import Delivery, Kind, Returned
from bouncewise.reading.mail import read_mail

if TYPE_CHECKING:
    from bouncewise.checks.subject import Subject

MAX_SHOWN = 20  # recipients that are explained at length
_HEADINGS = {
    Kind.BOUNCED: ("did not get", "red"),
    Kind.EXPIRED: ("did not get", "red"),
    Kind.REJECTED: ("did not get", "red"),
    Kind.DELAYED: ("has not got yet", "yellow"),
    Kind.DEFERRED: ("has not got yet", "yellow"),
    Kind.DELIVERED: ("got", "green"),
    Kind.RELAYED: ("was passed on to a server that sends no reports:", "green"),
    Kind.COMPLAINT: ("marked as spam", "magenta"),
}
_NOTHING = {
    Kind.NOT_A_BOUNCE: "This mail is no bounce",
    Kind.AUTO_REPLY: "This mail is an automatic answer, no bounce",
    Kind.CHALLENGE: "This mail asks the sender to confirm; the message waits until then",
    Kind.UNREADABLE: "This can't be read",
}


def explain_mail(shown: Shown, data: bytes) -> None:
    """Print what a mail tells.

    Args:
        shown: how to print, and with what.
        data: the mail.

    Raises:
        click.exceptions.Exit: with status 1, where the mail can't be read.
    """
    first, several = _first_mail(data)
    found = read_mail(first)
    explain_deliveries(shown, found, first)
    if several:
        click.echo(
            f"{shown.name} holds several mails; this is the first. bouncewise read shows them all.", err=True
        )
    if found[0].kind is Kind.UNREADABLE:
        raise click.exceptions.Exit(1)


def explain_deliveries(shown: Shown, found: Sequence[Delivery], data: bytes = b"") -> None:
    """Print what deliveries came to.

    Args:
        shown: how to print, and with what.
        found: the deliveries of one mail, log line or webhook.
        data: the mail that told of them, or b"".
    """
    if not shown.as_json:
        show(_lines(shown.engine, found, details=shown.details))
        if shown.verdicts and found[0].kind not in _NOTHING:
            shown.show_check(diagnose_delivery(shown.engine, found[0]), _known(found[0], data))
        return
    rows = []
    for delivery in found:
        diagnosis = diagnose_delivery(shown.engine, delivery)
        told = shown.check_record(diagnosis, _known(delivery, data)) if shown.verdicts else {}
        rows.append(record(_named(delivery, shown.name), diagnosis) | told)
    text = msgspec.json.encode(rows[0] if len(rows) == 1 else rows)
    click.echo(msgspec.json.format(text, indent=2))


def _known(delivery: Delivery, data: bytes) -> Subject:
    """What a delivery tells of its sender, for checks."""
    from bouncewise.pipeline.subjects import of_delivery  # noqa: PLC0415 - only where DNS is asked

    return of_delivery(delivery, data)


def _first_mail(data: bytes) -> tuple[bytes, bool]:
    """The first mail of a mailbox and whether others follow, or what is no mailbox as it is."""
    if not begins_mbox(data):
        return data, False
    cuts = split(Reader(BytesIO(data), "the mailbox"), len(data))
    first = next(cuts)
    return first.data, next(cuts, None) is not None


def _named(delivery: Delivery, name: str) -> Delivery:
    source = msgspec.structs.replace(delivery.source, path=name)
    return msgspec.structs.replace(delivery, source=source)


def _lines(engine: Engine, found: Sequence[Delivery], *, details: bool) -> Iterator[list[Part]]:
    first = found[0]
    if first.kind in _NOTHING:
        who = f" ({safe(first.recipient)})" if first.recipient else ""
        yield [(f"{_NOTHING[first.kind]}{who}: {safe(first.reason)}.", "bold")]
        return
    for number, delivery in enumerate(found[:MAX_SHOWN]):
        if number:
            yield []
        yield _heading(delivery)
        yield from _facts(delivery, details=details)
        yield []
        yield from paragraphs(diagnose_delivery(engine, delivery), engine, details=details)
    if len(found) > MAX_SHOWN:
        yield []
        yield [(f"and {len(found) - MAX_SHOWN} more recipients: bouncewise read shows them all", "dim")]


def _heading(delivery: Delivery) -> list[Part]:
    verb, style = _HEADINGS.get(delivery.kind, ("did not get", "red"))
    who = safe(delivery.recipient) or "A recipient who is not named"
    return [(who, "bold"), (f" {verb} ", style), (_what(delivery.returned), "")]


def _what(returned: Returned | None) -> str:
    if returned is None:
        return "the message"
    what = f"“{safe(returned.subject)}”" if returned.subject else "a message without a subject"
    return f"{what} of {safe(returned.date)}" if returned.date else what


def _facts(delivery: Delivery, *, details: bool) -> Iterator[list[Part]]:
    returned = delivery.returned or Returned()
    signed = f"{returned.dkim_domain} (selector {returned.dkim_selector})" if returned.dkim_domain else ""
    facts = [
        ("addressed to", delivery.original_recipient),
        ("reported by", delivery.reporting_mta if delivery.reporting_mta != delivery.remote_mta else ""),
        ("complaint", delivery.feedback_type),
    ]
    if details:
        facts += [
            ("read as", delivery.source.format),
            ("status", delivery.status),
            ("message id", returned.message_id),
            ("from", returned.sender),
            ("list", returned.list_id),
            ("signed by", signed),
            ("sent from", delivery.local_ip),
            ("queue id", delivery.queue_id),
            ("envelope id", delivery.envelope_id),
            ("time", delivery.time),
        ]
    for name, value in facts:
        if value:
            yield [(f"  {name:<13} ", "dim"), (safe(value), "")]
