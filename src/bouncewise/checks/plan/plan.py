"""From a diagnosis to its checks: which, of whom, and what is missing to ask them."""

from __future__ import annotations

import msgspec

from bouncewise.checks.names import address_or_none, domain_of, name_or_none
from bouncewise.checks.plan.claim import claim
from bouncewise.checks.plan.named import named
from bouncewise.checks.subject import Subject
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.reply.model import Context

# What each check can't do without, and what is asked for then; one of several is enough.
_NEEDS = {
    "spf": (("ip",), ("domain", "mail-from")),
    "dkim": (("domain", "message"), ("selector", "message")),
    "dmarc": (("domain", "message"),),
    "arc": (("message",),),
    "blocklist": (("ip", "listed"),),
    "reverse-dns": (("ip",),),
    "helo": (("helo",),),
    "sender-domain": (("mail-from", "domain"),),
    "recipient-domain": (("recipient",),),
    "name-servers": (("recipient", "domain"),),
    "mta-sts": (("recipient", "domain"),),
    "dane": (("recipient", "domain"),),
}


class Missing(msgspec.Struct, frozen=True):
    """What a check needs and nobody told.

    Attributes:
        what: ``ip``, ``mail-from``, ``helo``, ``selector``, ``message``, ``domain`` or ``recipient``.
        check: who needs it.
    """

    what: str
    check: str


class Plan(msgspec.Struct, frozen=True):
    """What to ask of DNS for a reply.

    Attributes:
        checks: the checks.
        subject: whom they are about.
        missing: what is not known.
        claim: what the reply claims, in words; "" where it claims nothing that DNS could show.
    """

    checks: tuple[str, ...]
    subject: Subject
    missing: tuple[Missing, ...] = ()
    claim: str = ""


def plan(diagnosis: Diagnosis, known: Subject | None = None) -> Plan:
    """Choose the checks that would prove a reply.

    Args:
        diagnosis: of the reply.
        known: what is known besides; it wins over the words of the reply.
    """
    checks = diagnosis.advice.checks
    if not checks:
        return Plan((), known or Subject())
    subject = _subject(diagnosis, known or Subject())
    missing = _missing(checks, subject, of_domain=diagnosis.cause == "domain-blocklisted")
    return Plan(checks, subject, missing, claim(diagnosis.cause, checks, subject))


def _subject(diagnosis: Diagnosis, known: Subject) -> Subject:
    context = diagnosis.context
    told = named(diagnosis.reply.text)
    recipient = domain_of(context.recipient or "") if "@" in (context.recipient or "") else ""
    sender = known.mail_from if known.mail_from is not None else context.sender
    domain = known.domain or _name(told.get("domain", "")) or _name(domain_of(sender or ""))
    if known.mail_from is None and sender is None and told.get("domain") and known.domain != domain:
        sender = None
    listed = _listed(diagnosis, told)
    return msgspec.structs.replace(
        known,
        domain=domain,
        ip=known.ip
        or address_or_none(told.get("ip", ""))
        or address_or_none(context.local_ip or "")
        or _only_ip(diagnosis, context),
        mail_from=sender,
        helo=known.helo or told.get("helo", "") or (context.helo or ""),
        selectors=known.selectors or ((told["selector"],) if "selector" in told else ()),
        recipient_domain=known.recipient_domain or _name(told.get("rcpt", "")) or _name(recipient),
        zones=known.zones or _zones(diagnosis, told),
        listed=known.listed or listed,
    )


def _only_ip(diagnosis: Diagnosis, context: Context) -> str:
    """The one address that the words name, where it is not the server's own."""
    ips = [ip for ip in diagnosis.entities.ips if ip != context.remote_ip]
    return address_or_none(ips[0]) if len(ips) == 1 else ""


def _zones(diagnosis: Diagnosis, told: dict[str, str]) -> tuple[str, ...]:
    mention = diagnosis.entities.blocklist
    if mention and mention.zone:
        named_zone = told.get("zone", "")
        return (named_zone,) if named_zone.endswith(mention.zone) else (mention.zone,)
    zone = _name(told.get("zone", ""))
    return (zone,) if zone and "blocklist" in diagnosis.advice.checks else ()


def _listed(diagnosis: Diagnosis, told: dict[str, str]) -> tuple[str, ...]:
    """Names that a list is said to have; of a listed domain without a name of its own the sender's."""
    name = _name(told.get("listed", ""))
    if name and not address_or_none(name):
        return (name,)
    if diagnosis.cause not in ("domain-blocklisted", "domain-reputation"):
        return ()
    own = set(_zones(diagnosis, told))
    named_ones = [d for d in diagnosis.entities.domains if d not in own and not _is_of(d, own)]
    return (named_ones[0],) if len(named_ones) == 1 else ()


def _is_of(domain: str, zones: set[str]) -> bool:
    return any(zone == domain or zone.endswith("." + domain) or domain.endswith("." + zone) for zone in zones)


def _missing(checks: tuple[str, ...], subject: Subject, *, of_domain: bool) -> tuple[Missing, ...]:
    there = {
        "ip": bool(subject.ip),
        "domain": bool(subject.domain),
        "mail-from": subject.mail_from is not None,
        "helo": bool(subject.helo),
        "selector": bool(subject.selectors),
        "message": bool(subject.message),
        "recipient": bool(subject.recipient_domain),
        "listed": bool(subject.listed) or (of_domain and bool(subject.domain)),
    }
    found: dict[str, Missing] = {}
    for check in checks:
        for choice in _NEEDS.get(check, ()):
            if not any(there[what] for what in choice):
                what = choice[-1]
                if what == "listed":
                    what = "domain" if of_domain else "ip"
                found.setdefault(what, Missing(what, check))
    return tuple(found.values())


def _name(text: str) -> str:
    """A name of more than one label: single words of a reply are none."""
    return name_or_none(text) if "." in text else ""
