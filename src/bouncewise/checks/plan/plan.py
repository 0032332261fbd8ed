"""From a diagnosis to its checks: which, of whom, and what is missing to ask them."""

from __future__ import annotations

import msgspec

from bouncewise.checks.names import address_or_none, domain_of, name_or_none
from bouncewise.checks.plan.claim import claim
from bouncewise.checks.plan.named import named, without_others
from bouncewise.checks.plan.whom import left_over
from bouncewise.checks.subject import Subject
from bouncewise.diagnosis.diagnosis import Diagnosis

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
    return Plan(checks, subject, missing, claim(diagnosis.cause, checks, subject, _lists(diagnosis, subject)))


def _lists(diagnosis: Diagnosis, subject: Subject) -> str:
    known = diagnosis.engine.knowledge.blocklists
    return ", ".join(known[zone].name if zone in known else zone for zone in subject.zones)


def _subject(diagnosis: Diagnosis, known: Subject) -> Subject:
    context, checks = diagnosis.context, diagnosis.advice.checks
    words = without_others(diagnosis.reply.text, diagnosis.cause)
    told = named(words, diagnosis.cause)
    zones = known.zones or _zones(diagnosis, told)
    told = left_over(diagnosis, words, checks, zones) | told
    recipient = domain_of(context.recipient or "") if "@" in (context.recipient or "") else ""
    sender = known.mail_from if known.mail_from is not None else context.sender
    return msgspec.structs.replace(
        known,
        domain=known.domain or _name(told.get("domain", "")) or _name(domain_of(sender or "")),
        ip=known.ip or address_or_none(told.get("ip", "")) or address_or_none(context.local_ip or ""),
        mail_from=sender,
        helo=known.helo or told.get("helo", "") or (context.helo or ""),
        selectors=known.selectors or ((told["selector"],) if "selector" in told else ()),
        recipient_domain=known.recipient_domain or _name(told.get("rcpt", "")) or _name(recipient),
        zones=zones,
        listed=known.listed or _listed(told),
    )


def _zones(diagnosis: Diagnosis, told: dict[str, str]) -> tuple[str, ...]:
    """The zone of the list that is named, or its id where it has none that anybody may ask.

    Of a known list its own zone counts, never what stands before it: that may be a customer's key.
    """
    if mention := diagnosis.entities.blocklist:
        return (diagnosis.engine.knowledge.blocklists[mention.id].public or mention.zone or mention.id,)
    zone = _name(told.get("zone", ""))
    return (zone,) if zone and "blocklist" in diagnosis.advice.checks else ()


def _listed(told: dict[str, str]) -> tuple[str, ...]:
    name = _name(told.get("listed", ""))
    return (name,) if name else ()


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
    """A name of more than one label: single words of a reply are none, and addresses neither."""
    return name_or_none(text) if "." in text and not address_or_none(text) else ""
