"""What DNS is asked for over the API: of a domain, or for a reply; findings come as they are found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from bouncewise.checks.finding import Finding
from bouncewise.checks.names import DomainNameError, address, canonical
from bouncewise.checks.question import question_of
from bouncewise.checks.record import findings_record, subject_record
from bouncewise.checks.reply import answer
from bouncewise.checks.run import NAMES, checks_for, run_checks
from bouncewise.checks.subject import Subject
from bouncewise.web.errors import WebError, bad
from bouncewise.web.site import Site

MAX_SELECTORS = 10
MAX_RUNNING = 20  # checks of people at the same time


class CheckIn(msgspec.Struct, frozen=True):
    """What to check: a domain or address, or a reply.

    Attributes:
        domain: that sends mail.
        ip: the address that mail comes from.
        selectors: of DKIM.
        mail_from: the envelope sender.
        helo: the name given with EHLO.
        recipient: address or domain that mail was sent to.
        reply: what a server said; then only what would prove it is asked.
        only: names of checks; empty for all that make sense.
    """

    domain: str = ""
    ip: str = ""
    selectors: list[str] = []
    mail_from: str | None = None
    helo: str = ""
    recipient: str = ""
    reply: str = ""
    only: list[str] = []


def subject_of(given: CheckIn) -> Subject:
    """Whom a check is about.

    Raises:
        WebError: a name or an address is none.
    """
    if len(given.selectors) > MAX_SELECTORS:
        raise bad(f"more than {MAX_SELECTORS} selectors")
    try:
        return Subject(
            domain=canonical(given.domain) if given.domain.strip() else "",
            ip=str(address(given.ip)) if given.ip.strip() else "",
            mail_from=None if given.mail_from is None else given.mail_from.strip().strip("<>")[:320],
            helo=given.helo.strip()[:255],
            selectors=tuple(canonical(one) for one in given.selectors if one.strip()),
            recipient_domain=canonical(given.recipient.rpartition("@")[2]) if given.recipient.strip() else "",
        )
    except DomainNameError as fault:
        raise bad(str(fault)) from None


async def asked(site: Site, given: CheckIn) -> AsyncIterator[dict[str, Any]]:
    """What is found, as it is found; the last has ``done``.

    Args:
        site: the site.
        given: what to check.

    Raises:
        WebError: there is nothing to check.
    """
    subject = subject_of(given)
    if unknown := [name for name in given.only if name not in NAMES]:
        raise bad(f"there is no check {unknown[0][:40]!r}; {', '.join(NAMES)} are known")
    if given.reply.strip():
        question = question_of(site.engine.diagnose(given.reply), subject)
        names: Sequence[str] = question.checks
        yield {
            "cause": question.cause,
            "claim": question.claim,
            "checks": list(names),
            "subject": subject_record(question.subject),
        }
    else:
        if not (subject.domain or subject.ip or subject.helo):
            raise bad("nothing to check: give a domain, an address, or a reply")
        names = given.only or checks_for(subject)
        question = None
        yield {"checks": list(names), "subject": subject_record(subject)}
    found: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def tell(name: str, findings: tuple[Finding, ...]) -> None:
        found.put_nowait({"check": name, "findings": findings_record(findings)})

    async def run() -> dict[str, Any]:
        try:
            means = site.asking.means()
            if question is not None:
                return {"verdict": (await answer(question, means, tell)).as_dict()}
            return {"findings": findings_record(await run_checks(names, subject, means, tell))}
        finally:
            found.put_nowait(None)

    task = asyncio.ensure_future(run())
    try:
        while (one := await found.get()) is not None:
            yield one
        yield {"done": True, **await task, "dns": site.asking.no_network}
    finally:
        task.cancel()


class Turn:
    """Lets so many checks run at the same time."""

    def __init__(self) -> None:
        self._running = 0

    def __enter__(self) -> None:
        if self._running >= MAX_RUNNING:
            raise WebError(503, "busy", "too many checks run already; try again in some seconds")
        self._running += 1

    def __exit__(self, *_: object) -> None:
        self._running -= 1
