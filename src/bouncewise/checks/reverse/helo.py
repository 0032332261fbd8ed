"""The check ``helo``: the name that a server gives with EHLO.

Sources: RFC 5321 sections 2.3.5 and 4.1.1.1 (a full name or an address literal), 4.1.4 (it may be checked).
"""

from __future__ import annotations

import asyncio
import re
from functools import partial

from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.finding import Finding, Mend, Outcome, Problem, Step
from bouncewise.checks.names import DomainNameError, address, canonical, shown
from bouncewise.checks.subject import Subject

_finding = partial(Finding, "helo")

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\Z")
_LOCAL = (".local", ".localdomain", ".lan", ".internal", ".home", ".invalid", ".corp", ".home.arpa")


async def check_helo(subject: Subject, resolver: Resolver) -> Finding:
    """Check ``subject.helo``, also against ``subject.ip`` where it is known.

    Args:
        subject: whom it is about.
        resolver: is asked.
    """
    given = subject.helo.strip()
    if not given:
        return _finding(
            given, Outcome.UNKNOWN, "unknown", "the name given with EHLO is not known", needs=("helo",)
        )
    if fault := _grammar(given, subject.ip):
        word, says = fault
        outcome = Outcome.PASS if word == "literal" else Outcome.FAIL
        return _finding(given, outcome, word, says)
    name = canonical(given)
    answers = await asyncio.gather(resolver.ask(name, "A"), resolver.ask(name, "AAAA"))
    return _resolved(name, subject, answers)


def _grammar(given: str, ip: str) -> tuple[str, str] | None:
    """What can be told without DNS: a word and a sentence, or None where DNS has to be asked."""
    name = shown(given)
    if given.startswith("[") and given.endswith("]"):
        return _literal(given, ip)
    try:
        address(given)
    except DomainNameError:
        pass
    else:
        return (
            "bare-address",
            f"{name} is an address without brackets; the form is [{name}], or better a name",
        )
    try:
        return _of_name(name, canonical(given))
    except DomainNameError as error:
        return "syntax", f"{name} is no host name: {error}"


def _of_name(name: str, plain: str) -> tuple[str, str] | None:
    if not _NAME.match(plain):
        return (
            "syntax",
            f"{name} has a character that host names don't have; letters, digits and - are allowed",
        )
    if plain == "localhost" or plain.startswith("localhost."):
        return "localhost", f"{name} names no machine on the Internet; give the server's full name"
    if "." not in plain:
        return "no-domain", f"{name} is no full name: a domain is missing, as in {name}.example.com"
    if plain.endswith(_LOCAL):
        return "local-name", f"{name} is a name for a network of one's own, which nobody else can look up"
    return None


def _literal(given: str, ip: str) -> tuple[str, str]:
    try:
        told = address(given)
    except DomainNameError:
        return "syntax", f"{shown(given)} is no address literal"
    if ip and str(told) != ip:
        return (
            "mismatch",
            f"the address literal {shown(given)} is not the address {ip} that the mail came from",
        )
    return (
        "literal",
        f"{shown(given)} is an address literal, which RFC 5321 allows and many receivers distrust",
    )


def _resolved(name: str, subject: Subject, answers: list[Answer] | tuple[Answer, ...]) -> Finding:
    steps = tuple(
        Step(f"{name} {a.rtype}", ", ".join(a.hosts[:5]) or a.detail or str(a.status).upper())
        for a in answers
    )
    found = [host for answer in answers for host in answer.hosts]
    if not found:
        if any(answer.failed for answer in answers):
            failed = next(answer for answer in answers if answer.failed)
            says = f"{name} can't be looked up: {failed.detail or failed.status}"
            return _finding(name, Outcome.UNKNOWN, "dns-fault", says, steps=steps)
        gone = all(answer.status is Status.NXDOMAIN for answer in answers)
        says = f"{name} does not exist in DNS" if gone else f"{name} has no address in DNS"
        mends: tuple[Mend, ...] = ()
        if subject.ip:
            rtype = "AAAA" if ":" in subject.ip else "A"
            mends = (Mend(name, rtype, (), (subject.ip,), "lets the name lead to the server"),)
        return _finding(
            name, Outcome.FAIL, "nxdomain" if gone else "no-address", says, steps=steps, mends=mends
        )
    if subject.ip and subject.ip not in found:
        says = f"{name} leads to {', '.join(found[:3])} and not to {subject.ip}, where the mail came from"
        forged = f"{name} does not lead to {subject.ip}; receivers may take it for a forged name"
        problem = Problem("mismatch", forged, source="RFC 5321 section 4.1.4")
        return _finding(name, Outcome.WARN, "mismatch", says, steps=steps, problems=(problem,))
    end = f", among them {subject.ip}" if subject.ip and len(found) > 1 else ""
    return _finding(name, Outcome.PASS, "pass", f"{name} leads to {', '.join(found[:3])}{end}", steps=steps)
