"""Whom checks are about, taken out of a mail, a bounce or a log: addresses, names, selectors, the message."""

from __future__ import annotations

import re
from itertools import islice

import msgspec

from bouncewise.checks.names import address_or_none, domain_of, name_or_none
from bouncewise.checks.subject import Subject
from bouncewise.reading.delivery import Delivery, Kind, Returned
from bouncewise.reading.mail.headers import Headers
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.returned import read_returned

MAX_SIGNATURES = 10
MAX_FIELD = 4096  # octets of a header field that are read
_TAG = re.compile(r"(?:^|;)\s{0,40}([ds])\s{0,10}=\s{0,10}([^;\s]{1,253})")
_RECEIVED_SPF = re.compile(
    r'\b(client-ip|envelope-from|helo)\s?=\s?"?<?([^;"<>\s]{1,320})', re.IGNORECASE
)  # RFC 7208 section 9.1
_HELO = re.compile(r"from\s{1,20}([^\s()\[\];]{1,255})", re.IGNORECASE)
_HELO_SAID = re.compile(r"\b(?:helo|ehlo)[ =]\[?([^\s()\[\];]{1,255})", re.IGNORECASE)


def of_delivery(delivery: Delivery, data: bytes = b"") -> Subject:
    """What a delivery tells of its sender.

    Args:
        delivery: of a bounce, a log or a webhook.
        data: the mail that told of it, so that the message that came back can be checked; else b"".
    """
    returned = delivery.returned or Returned()
    refused_here = delivery.kind is Kind.REJECTED and bool(delivery.source.line)
    client = delivery.remote_ip if refused_here else delivery.local_ip or returned.sending_ip
    sender = delivery.sender
    if delivery.returned is not None and not sender:
        sender = returned.sender or None  # a bounce goes to the reverse-path, but may not say it
    known = Subject(
        domain=name_or_none(domain_of(returned.sender or sender or "")),
        ip=address_or_none(client or (delivery.context.local_ip or "")),
        mail_from=sender,
        helo=name_or_none(delivery.context.helo or ""),
        selectors=_selector(returned),
        recipient_domain=name_or_none(domain_of(delivery.recipient)) if "@" in delivery.recipient else "",
    )
    return _with_message(known, data) if data else known


def of_message(data: bytes) -> Subject:
    """What a message tells of its sender, as whoever received it wrote it down.

    The address and the names come from ``Received-SPF`` (RFC 7208 section 9.1), else from the uppermost
    ``Received`` field that names a public address; the reverse-path from ``Return-Path``.

    Args:
        data: the message.
    """
    mail = Mail(data)
    headers = mail.headers
    told = _received_spf(headers)
    ip = address_or_none(told.get("client-ip", "")) or address_or_none(read_returned(headers).sending_ip)
    mail_from = mail.envelope_sender
    if mail_from is None and "@" in told.get("envelope-from", ""):
        mail_from = told["envelope-from"]
    return Subject(
        domain=name_or_none(domain_of(headers.address("from"))),
        ip=ip,
        mail_from=mail_from,
        helo=name_or_none(told.get("helo", "")) or _helo(headers, ip),
        selectors=_selectors(headers),
        message=data,
    )


def completed(subject: Subject, given: Subject) -> Subject:
    """A subject with what the user gave in place of what was read."""
    chosen = {
        name: getattr(given, name)
        for name in given.__struct_fields__
        if name != "whole" and getattr(given, name) not in ("", b"", (), None)
    }
    if given.mail_from is not None:
        chosen["mail_from"] = given.mail_from
    if given.message:
        chosen["whole"] = given.whole
    return msgspec.structs.replace(subject, **chosen)


def _with_message(known: Subject, data: bytes) -> Subject:
    mail = Mail(data)
    octets, whole = mail.returned_octets
    if not octets:
        return known
    inner = of_message(octets)
    return msgspec.structs.replace(
        known,
        domain=known.domain or inner.domain,
        ip=known.ip or inner.ip,
        helo=known.helo or inner.helo,
        mail_from=inner.mail_from if inner.mail_from is not None else known.mail_from,
        selectors=inner.selectors or known.selectors,
        message=octets,
        whole=whole,
    )


def _received_spf(headers: Headers) -> dict[str, str]:
    for value in headers.raw_values("received-spf")[:1]:
        return {name.lower(): found for name, found in _RECEIVED_SPF.findall(value[:MAX_FIELD])}
    return {}


def _helo(headers: Headers, ip: str) -> str:
    """The name given with EHLO by the client of an address, by the Received field that has both."""
    if not ip:
        return ""
    for value in islice(headers.each("received"), 30):
        source = value.partition(" by ")[0][:1000]
        if ip not in source:
            continue
        said = _HELO_SAID.search(source) or _HELO.match(source)
        return name_or_none(said[1]) if said else ""
    return ""


def _selectors(headers: Headers) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in headers.raw_values("dkim-signature")[:MAX_SIGNATURES]:
        tags = dict(_TAG.findall(value[:MAX_FIELD]))
        if "s" in tags:
            found[tags["s"]] = None
    return tuple(found)


def _selector(returned: Returned) -> tuple[str, ...]:
    return (returned.dkim_selector,) if returned.dkim_selector else ()
