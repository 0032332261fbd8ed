"""Whom the words of a reply are about where no row of ``names.toml`` says so: the one name that is left.

A reply about its sender may name the receiver, a list, a page of help and its own host besides. What is known
to be one of those is crossed out; a name counts only where it is the only one that is left.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable

from bouncewise.checks.names import address_or_none, domain_of, name_or_none
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.entities import find_entities
from bouncewise.diagnosis.model import Entities

_OF_RECIPIENT = frozenset({"recipient-domain", "name-servers", "mta-sts", "dane", "tls"})
_OF_SENDER = frozenset({"spf", "dkim", "dmarc", "sender-domain"})


def left_over(
    diagnosis: Diagnosis, words: str, checks: Collection[str], zones: Iterable[str]
) -> dict[str, str]:
    """What is left when everyone else is crossed out: ``ip``, ``domain``, ``rcpt``, ``listed``, ``helo``.

    Args:
        diagnosis: of the reply.
        words: of the reply, by ``without_others``.
        checks: what it asks for, which says whose name is looked for.
        zones: of blocklists that it names.
    """
    entities = find_entities(words)
    found = {"ip": _address(diagnosis, entities)}
    others = _others(diagnosis, zones)
    if "sender-domain" in checks:
        found["domain"] = _only(_domains(entities, addresses=True), others)
    elif not _OF_SENDER.isdisjoint(checks):
        found["domain"] = _only(_domains(entities, addresses=False), others)
    elif not _OF_RECIPIENT.isdisjoint(checks):
        found["rcpt"] = _only(_domains(entities, addresses=True), _hosts(diagnosis))
    elif diagnosis.cause in ("domain-blocklisted", "domain-reputation"):
        found["listed"] = _only(_domains(entities, addresses=True), others)
    elif "helo" in checks:
        found["helo"] = _only(_domains(entities, addresses=False), others)
    return {name: value for name, value in found.items() if value}


def _address(diagnosis: Diagnosis, entities: Entities) -> str:
    """The one address that can be a client's and is not the server's own."""
    server = diagnosis.context.remote_ip
    ips = [ip for ip in entities.ips if ip != server and _of_a_client(ip)]
    return address_or_none(ips[0]) if len(ips) == 1 else ""


def _of_a_client(ip: str) -> bool:
    told = ipaddress.ip_address(ip)
    return not (told.is_loopback or told.is_multicast or told.is_unspecified)


def _domains(entities: Entities, *, addresses: bool) -> list[str]:
    """The domains in the words; those of mail addresses where they can only be the ones sought."""
    told = [domain_of(one) for one in entities.addresses] if addresses else []
    named = told or list(entities.domains)
    return [name for name in dict.fromkeys(name_or_none(one) for one in named) if "." in name]


def _only(names: Iterable[str], others: Collection[str]) -> str:
    left = [name for name in names if not any(name == one or name.endswith("." + one) for one in others)]
    return left[0] if len(left) == 1 else ""


def _hosts(diagnosis: Diagnosis) -> set[str]:
    host = diagnosis.context.remote_host
    return {host} if host else set()


def _others(diagnosis: Diagnosis, zones: Iterable[str]) -> set[str]:
    """Names of the receiver, of who speaks for it, and of blocklists."""
    knowledge = diagnosis.engine.knowledge
    others = _hosts(diagnosis) | set(zones)
    if recipient := name_or_none(domain_of(diagnosis.context.recipient or "")):
        others.add(recipient)
    if speaker := knowledge.providers.get(diagnosis.provider or ""):
        others.update(speaker.hosts)
    if mention := diagnosis.entities.blocklist:
        others.update(knowledge.blocklists[mention.id].zones)
        others.update(name for name in knowledge.blocklists[mention.id].names if "." in name)
    return others
