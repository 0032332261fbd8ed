"""The check ``reverse-dns``: the PTR records of an address, and whether they lead back to it.

Sources: RFC 8601 section 2.7.3 (iprev), RFC 1912 section 2.1 (every address has a name that leads back).
"""

from __future__ import annotations

import asyncio

import msgspec

from bouncewise.checks.dns import Answer, Resolver
from bouncewise.checks.finding import Finding, Mend, Outcome, Problem, Step
from bouncewise.checks.names import IPAddress, address, reverse_name
from bouncewise.checks.reverse.generic import generic
from bouncewise.checks.subject import Subject

MAX_NAMES = 10


class Reverse(msgspec.Struct, frozen=True):
    """What reverse DNS says of an address.

    Attributes:
        result: ``pass``, ``fail`` (no name leads back), ``permerror`` (no name) or ``temperror``.
        name: the first name that leads back, or "".
        names: all names.
        answers: for each name what it leads to.
        pointer: the answer with the names.
    """

    result: str
    pointer: Answer
    name: str = ""
    names: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()


async def look_up(ip: IPAddress, resolver: Resolver) -> Reverse:
    """The names of an address, each followed back, at the same time.

    Args:
        ip: the address.
        resolver: is asked.
    """
    pointer = await resolver.ask(reverse_name(ip), "PTR")
    if pointer.failed:
        return Reverse("temperror", pointer)
    names = pointer.hosts[:MAX_NAMES]
    if not names:
        return Reverse("permerror", pointer)
    rtype = "A" if ip.version == 4 else "AAAA"
    answers = await asyncio.gather(*(resolver.ask(name, rtype) for name in names))
    for name, answer in zip(names, answers, strict=True):
        if any(_same(text, ip) for text in answer.hosts):
            return Reverse("pass", pointer, name, pointer.hosts, tuple(answers))
    result = "temperror" if any(answer.failed for answer in answers) else "fail"
    return Reverse(result, pointer, "", pointer.hosts, tuple(answers))


async def check_reverse_dns(subject: Subject, resolver: Resolver) -> Finding:
    """Check the reverse DNS of ``subject.ip``.

    Args:
        subject: whom it is about; ``helo`` is proposed where a name is missing.
        resolver: is asked.
    """
    if not subject.ip:
        return Finding(
            check="reverse-dns",
            subject="",
            outcome=Outcome.UNKNOWN,
            result="unknown",
            says="the address that the mail came from is not known",
            needs=("ip",),
        )
    ip = address(subject.ip)
    if _is_inside(ip):
        return Finding(
            check="reverse-dns",
            subject=subject.ip,
            outcome=Outcome.UNKNOWN,
            result="private-address",
            says=f"{ip} is a private address: the receiver saw another one",
            needs=("ip",),
        )
    found = await look_up(ip, resolver)
    outcome, says = _outcome(ip, found)
    problems = _problems(ip, found)
    if outcome is Outcome.PASS and problems:
        outcome = Outcome.WARN
        says += f"; but {problems[0].says}"
    return Finding(
        check="reverse-dns",
        subject=subject.ip,
        outcome=outcome,
        result=found.result,
        says=says,
        steps=_steps(ip, found),
        problems=problems,
        mends=() if found.result in ("pass", "temperror") else _mends(ip, found, subject),
        facts={"names": list(found.names[:MAX_NAMES]), "name": found.name, "generic": bool(problems)},
    )


def _outcome(ip: IPAddress, found: Reverse) -> tuple[Outcome, str]:
    if found.result == "pass":
        return Outcome.PASS, f"{ip} is named {found.name}, and {found.name} leads back to it"
    if found.result == "permerror":
        return Outcome.FAIL, f"{ip} has no PTR record, so it has no name"
    if found.result == "temperror":
        failed = next(a for a in (found.pointer, *found.answers) if a.failed)
        return Outcome.UNKNOWN, f"the name of {ip} can't be told: {failed.detail or failed.status}"
    first, answer = found.names[0], found.answers[0]
    led = f"leads to {answer.hosts[0]}" if answer.hosts else "has no address"
    more = f" (nor does any of its {len(found.names)} names lead back)" if len(found.names) > 1 else ""
    return Outcome.FAIL, f"{ip} is named {first}, but {first} {led}{more}"


def _problems(ip: IPAddress, found: Reverse) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    name = found.name or (found.names[0] if found.names else "")
    if not name:
        return ()
    if why := generic(name, ip):
        says = f"{name} looks like a name of a customer's machine ({why}); receivers may refuse mail from it"
        problems.append(Problem("generic-name", says, source="https://senders.yahooinc.com/best-practices/"))
    if "." not in name:
        problems.append(Problem("no-domain", f"{name} is no full name: it has no domain", True))
    if len(found.names) > MAX_NAMES:
        says = f"{ip} has {len(found.names)} names; receivers look at a few only"
        problems.append(Problem("many-names", says))
    return tuple(problems)


def _steps(ip: IPAddress, found: Reverse) -> tuple[Step, ...]:
    pointer = found.pointer
    said = ", ".join(found.names[:MAX_NAMES]) or pointer.detail or str(pointer.status).upper()
    steps = [Step(f"{reverse_name(ip)} PTR", said)]
    for name, answer in zip(found.names, found.answers, strict=False):
        back = any(_same(text, ip) for text in answer.hosts)
        told = ", ".join(answer.hosts[:5]) or answer.detail or str(answer.status).upper()
        steps.append(Step(f"{name} {answer.rtype}", told, "leads back" if back else "does not lead back", 1))
    return tuple(steps)


def _mends(ip: IPAddress, found: Reverse, subject: Subject) -> tuple[Mend, ...]:
    if found.result == "fail":
        rtype = "A" if ip.version == 4 else "AAAA"
        now = found.answers[0].hosts[:5]
        why = "lets the name lead back to the address"
        return (Mend(found.names[0], rtype, now, (*now, str(ip)), why),)
    name = subject.helo if "." in subject.helo else f"mail.{subject.domain or 'example.com'}"
    why = f"names the address; your hoster, who gave you {ip}, publishes it, and {name} must lead back to it"
    return (Mend(reverse_name(ip), "PTR", (), (name,), why, guess=True),)


def _same(text: str, ip: IPAddress) -> bool:
    try:
        return address(text) == ip
    except ValueError:
        return False


def _is_inside(ip: IPAddress) -> bool:
    """Whether an address is not of the Internet; those of documentation are asked for all the same."""
    text = str(ip)
    documented = text.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"))
    return not documented and not ip.is_global
