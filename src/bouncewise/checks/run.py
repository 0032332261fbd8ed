"""Runs checks: those asked for, all at the same time, each to a finding, none able to harm the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from bouncewise.checks.dns import Resolver
from bouncewise.checks.fetch import Fetcher
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.subject import Subject
from bouncewise.knowledge.model import Blocklist

Found = Finding | Sequence[Finding]
Tell = Callable[[str, "tuple[Finding, ...]"], None]

DEADLINE = 10.0  # seconds for a whole check


@dataclass(frozen=True)
class Means:
    """What checks work with.

    Attributes:
        resolver: answers questions, with its own limits.
        now: Unix seconds, for signatures that expire.
        lists: the knowledge base's blocklists by id.
        fetch: gets the policy of MTA-STS by HTTPS, or None where nothing may be fetched.
        deadline: seconds after which checks that have not ended are given up.
    """

    resolver: Resolver
    now: float
    lists: Mapping[str, Blocklist]
    fetch: Fetcher | None = None
    deadline: float = DEADLINE


async def run_checks(
    names: Sequence[str], subject: Subject, means: Means, tell: Tell | None = None
) -> tuple[Finding, ...]:
    """Run checks of one subject.

    Args:
        names: the checks, in the order in which their findings are given.
        subject: whom they are about.
        means: what they work with.
        tell: is told the name and the findings of each check as it ends.

    Returns:
        The findings of all, by the order of ``names``. A check that can't be run or has not ended in time
        gives a finding that says so.
    """
    if len(names) == 1 and names[0] not in _RESTING:
        return await _alone(names[0], subject, means, tell)
    tasks = _Tasks(subject, means)
    by_name = {name: asyncio.ensure_future(_safely(name, tasks, tell)) for name in dict.fromkeys(names)}
    if not by_name:
        return ()
    await asyncio.wait(by_name.values(), timeout=means.deadline + 1)
    found: list[Finding] = []
    for name, task in by_name.items():
        if task.done():
            found.extend(task.result())
            continue
        task.cancel()
        late = _unknown(name, "late", f"this check had not ended after {means.deadline:.0f} seconds")
        found.append(late)
        if tell:
            tell(name, (late,))
    await tasks.close()
    return tuple(found)


async def _alone(name: str, subject: Subject, means: Means, tell: Tell | None) -> tuple[Finding, ...]:
    """One check that rests on no other, without the tasks that several need."""
    try:
        async with asyncio.timeout(means.deadline + 1):
            return await _safely(name, _Tasks(subject, means, shared=False), tell)
    except TimeoutError:
        return (_unknown(name, "late", f"this check had not ended after {means.deadline:.0f} seconds"),)


async def _safely(name: str, tasks: _Tasks, tell: Tell | None) -> tuple[Finding, ...]:
    try:
        given = await tasks.run(name)
    except Exception as fault:
        given = _unknown(name, "fault", f"this check broke off: {type(fault).__name__}: {str(fault)[:200]}")
    found = (given,) if isinstance(given, Finding) else tuple(given)
    if tell:
        tell(name, found)
    return found


def _unknown(name: str, result: str, says: str) -> Finding:
    return Finding(check=name, subject="", outcome=Outcome.UNKNOWN, result=result, says=says)


class _Tasks:
    """The checks of one subject; what one needs of another is run once."""

    def __init__(self, subject: Subject, means: Means, *, shared: bool = True) -> None:
        self._subject = subject
        self._means = means
        self._shared = shared
        self._running: dict[str, asyncio.Task[Found]] = {}

    async def run(self, name: str) -> Found:
        """What a check found; it is started where it has not been."""
        task = self._running.get(name)
        if task is None:
            make = _CHECKS.get(name)
            if make is None:
                return _unknown(name, "unknown-check", f"there is no check of the name {name}")
            if not self._shared:
                return await make(self, self._subject, self._means)
            task = self._running[name] = asyncio.ensure_future(make(self, self._subject, self._means))
        return await asyncio.shield(task)

    async def finding(self, name: str) -> Finding | None:
        """The one finding of a check that another one rests on, or None where it broke off."""
        try:
            found = await self.run(name)
        except Exception:
            return None
        return found if isinstance(found, Finding) else None

    async def close(self) -> None:
        """End what is still running."""
        left = [task for task in self._running.values() if not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)


async def _spf(_tasks: _Tasks, subject: Subject, means: Means) -> Found:
    from bouncewise.checks.spf.check import check_spf  # noqa: PLC0415

    return await check_spf(subject, means.resolver, now=means.now)


async def _dkim(_tasks: _Tasks, subject: Subject, means: Means) -> Found:
    from bouncewise.checks.dkim.check import check_dkim  # noqa: PLC0415

    return await check_dkim(subject, means.resolver, now=means.now)


async def _arc(_tasks: _Tasks, subject: Subject, means: Means) -> Found:
    from bouncewise.checks.arc.check import check_arc  # noqa: PLC0415

    return await check_arc(subject, means.resolver, now=means.now)


async def _dmarc(tasks: _Tasks, subject: Subject, means: Means) -> Found:
    from bouncewise.checks.dmarc.check import check_dmarc  # noqa: PLC0415

    spf = dkim = None
    if subject.ip and (told := await tasks.finding("spf")) and "result" in told.facts:
        spf = (str(told.facts.get("domain", "")), str(told.facts["result"]))
    if (
        subject.message
        and (told := await tasks.finding("dkim"))
        and isinstance(told.facts.get("passed"), list)
    ):
        passed = told.facts["passed"]
        assert isinstance(passed, list)
        dkim = [(domain, "pass") for domain in passed]
    return await check_dmarc(subject, means.resolver, spf=spf, dkim=dkim)


async def _blocklist(_tasks: _Tasks, subject: Subject, means: Means) -> Found:
    from bouncewise.checks.blocklist.check import check_blocklists  # noqa: PLC0415

    return await check_blocklists(subject, means.resolver, means.lists, zones=subject.zones)


def _of(room: str, name: str) -> Callable[[_Tasks, Subject, Means], Awaitable[Found]]:
    """A check that needs nothing but the resolver, imported when it runs."""

    async def run(_tasks: _Tasks, subject: Subject, means: Means) -> Found:
        module = import_module(f"bouncewise.checks.{room}")
        check: Callable[[Subject, Resolver], Awaitable[Finding]] = getattr(module, name)
        return await check(subject, means.resolver)

    return run


async def _mta_sts(_tasks: _Tasks, subject: Subject, means: Means) -> Found:
    from bouncewise.checks.tls import check_mta_sts  # noqa: PLC0415

    return await check_mta_sts(subject, means.resolver, means.fetch)


async def _bimi(tasks: _Tasks, subject: Subject, means: Means) -> Found:
    from bouncewise.checks.bimi import check_bimi  # noqa: PLC0415

    told = await tasks.finding("dmarc")
    policy = str(told.facts.get("policy", "")) if told else ""
    return await check_bimi(subject, means.resolver, policy=policy)


_RESTS_ON = ("spf", "dkim", "dmarc", "reverse-dns", "helo", "mx")


async def _requirements(tasks: _Tasks, subject: Subject, _means: Means) -> Found:
    from bouncewise.checks.requirements.checklist import check_requirements  # noqa: PLC0415

    told = await asyncio.gather(*(tasks.finding(name) for name in _RESTS_ON))
    return check_requirements([finding for finding in told if finding], subject)


_CHECKS: dict[str, Callable[[_Tasks, Subject, Means], Awaitable[Found]]] = {
    "spf": _spf,
    "dkim": _dkim,
    "dmarc": _dmarc,
    "arc": _arc,
    "reverse-dns": _of("reverse.ptr", "check_reverse_dns"),
    "helo": _of("reverse.helo", "check_helo"),
    "blocklist": _blocklist,
    "sender-domain": _of("mx", "check_sender_domain"),
    "recipient-domain": _of("mx", "check_recipient_domain"),
    "name-servers": _of("mx", "check_name_servers"),
    "mx": _of("mx", "check_mx"),
    "mta-sts": _mta_sts,
    "tls-rpt": _of("tls", "check_tls_rpt"),
    "dane": _of("tls", "check_dane"),
    "tls": _of("tls", "check_tls"),
    "bimi": _bimi,
    "requirements": _requirements,
}
NAMES = tuple(_CHECKS)
_RESTING = frozenset({"dmarc", "bimi", "requirements"})  # checks that run others


def checks_for(subject: Subject) -> tuple[str, ...]:
    """The checks that make sense of what is known of a sender: all of them that need nothing more."""
    chosen = ["spf", "dkim", "dmarc"] if subject.domain else []
    if subject.message:
        chosen.append("arc")
    if subject.ip:
        chosen.append("reverse-dns")
    if subject.helo:
        chosen.append("helo")
    chosen.append("blocklist")
    if subject.domain:
        chosen += ["mx", "mta-sts", "tls-rpt", "dane", "bimi", "requirements"]
    return tuple(chosen)
