"""Questions and answers on the wire, by dnspython: built, read, and told in our own words.

Sources: RFC 1035 section 4 (messages), RFC 2308 section 2.2 (no data), RFC 6840 section 5.7 (the AD bit in a
question), RFC 6891 (EDNS), RFC 8914 (extended errors).
"""

from __future__ import annotations

import secrets
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from bouncewise.checks.dns import Answer, Mx, Record, Status, Tlsa

PAYLOAD = 1232  # octets over UDP, which pass everywhere unfragmented
MAX_ALIASES = 16
_STATUS = {
    dns.rcode.NXDOMAIN: Status.NXDOMAIN,
    dns.rcode.SERVFAIL: Status.SERVFAIL,
    dns.rcode.REFUSED: Status.REFUSED,
}


class MessageError(ValueError):
    """Octets that are no message of DNS."""


def name_of(text: str) -> dns.name.Name:
    """A name for dnspython; no character of it is an escape.

    Raises:
        dns.exception.DNSException: it is too long, or a label is empty.
    """
    labels = [label.encode("ascii", "replace") for label in text.split(".")] if text else []
    return dns.name.Name([*labels, b""])


def make_query(name: str, rtype: str) -> dns.message.QueryMessage:
    """A question that asks whether DNSSEC bears the answer out.

    Raises:
        dns.exception.DNSException: the name or the type is none.
    """
    query = dns.message.QueryMessage(id=secrets.randbelow(65536))
    query.flags = dns.flags.RD | dns.flags.AD
    query.use_edns(0, 0, PAYLOAD)
    query.find_rrset(
        query.question,
        name_of(name),
        dns.rdataclass.IN,
        dns.rdatatype.from_text(rtype),
        create=True,
        force_unique=True,
    )
    return query


def read(wire: bytes) -> dns.message.Message:
    """A message out of its octets.

    Raises:
        MessageError: it is none, whatever fault of the reader it met.
    """
    try:
        return dns.message.from_wire(wire, ignore_trailing=True)
    except Exception as fault:
        raise MessageError(f"{type(fault).__name__}: {str(fault)[:100]}") from None


def answer_of(name: str, rtype: str, message: dns.message.Message) -> Answer:
    """What a message says to a question, CNAMEs followed as far as it holds them.

    Args:
        name: that was asked for.
        rtype: its type.
        message: the answer to it.
    """
    rcode = message.rcode()
    secure = bool(message.flags & dns.flags.AD)
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        status = _STATUS.get(rcode, Status.SERVFAIL)
        return Answer(name, rtype, status, detail=_told(message) or dns.rcode.to_text(rcode))
    wanted = dns.rdatatype.from_text(rtype)
    aliases: list[str] = []
    at, ttl = name_of(name), 3600
    for _ in range(MAX_ALIASES):
        found = message.get_rrset(message.answer, at, dns.rdataclass.IN, wanted)
        if found is not None:
            records = tuple(dict.fromkeys(record(rdata) for rdata in found))
            return Answer(name, rtype, Status.OK, records, min(ttl, found.ttl), tuple(aliases), secure)
        alias = message.get_rrset(message.answer, at, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None or wanted == dns.rdatatype.CNAME:
            break
        at, ttl = alias[0].target, min(ttl, alias.ttl)
        aliases.append(host(at))
    else:
        return Answer(name, rtype, Status.MALFORMED, aliases=tuple(aliases), detail="a loop of CNAMEs")
    status = Status.NXDOMAIN if rcode == dns.rcode.NXDOMAIN else Status.NODATA
    return Answer(name, rtype, status, (), _negative_ttl(message, ttl), tuple(aliases), secure)


def record(rdata: Any) -> Record:
    """A record in our own words."""
    kind = rdata.rdtype
    if kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        return str(rdata.address)
    if kind in (dns.rdatatype.TXT, dns.rdatatype.SPF):
        return b"".join(rdata.strings)
    if kind == dns.rdatatype.MX:
        return Mx(rdata.preference, host(rdata.exchange))
    if kind in (dns.rdatatype.PTR, dns.rdatatype.NS, dns.rdatatype.CNAME):
        return host(rdata.target)
    if kind == dns.rdatatype.TLSA:
        return Tlsa(rdata.usage, rdata.selector, rdata.mtype, rdata.cert.hex())
    return str(rdata.to_text())


def host(name: dns.name.Name) -> str:
    """A name without its last dot, in small letters; "" is the root."""
    return name.to_text(omit_final_dot=True).lower() if len(name.labels) > 1 else ""


def is_answer_to(message: dns.message.Message, query: dns.message.Message) -> bool:
    """Whether a message answers this question and no other (RFC 5452 section 9.1)."""
    if message.id != query.id or not message.flags & dns.flags.QR:
        return False
    if not message.question:  # some servers leave it out of a refusal
        return message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    return message.question == query.question


def _negative_ttl(message: dns.message.Message, ttl: int) -> int:
    for rrset in message.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(min(rrset.ttl, rrset[0].minimum, ttl))
    return min(60, ttl)


def _told(message: dns.message.Message) -> str:
    """The extended error of an answer."""
    for option in message.options:
        if isinstance(option, dns.edns.EDEOption):
            code = getattr(option.code, "name", str(option.code)).replace("_", " ").lower()
            return f"{code}: {option.text}"[:200] if option.text else code
    return ""
