"""The check ``arc``: the chain of a message."""

from __future__ import annotations

from bouncewise.checks.arc.chain import ArcResult, validate_chain
from bouncewise.checks.dns import Resolver
from bouncewise.checks.finding import Finding, Outcome, Step, lacking
from bouncewise.checks.subject import Subject

_OUTCOMES = {
    "pass": Outcome.PASS,
    "fail": Outcome.FAIL,
    "none": Outcome.INFO,
    "temperror": Outcome.UNKNOWN,
}


async def check_arc(subject: Subject, resolver: Resolver, *, now: float) -> Finding:
    """Check the ARC chain of ``subject.message``.

    Args:
        subject: whom it is about.
        resolver: is asked.
        now: Unix seconds; seals don't expire.
    """
    del now
    if not subject.message:
        return lacking("arc", "a chain can be told from the message only", "message")
    found = await validate_chain(subject.message, resolver, whole=subject.whole)
    return Finding(
        check="arc",
        subject=subject.domain,
        outcome=_OUTCOMES[found.result],
        result=found.result,
        says=found.says,
        steps=_steps(found),
        needs=("message",) if found.reason == "body-missing" else (),
        facts={"sets": found.sets, "instance": found.instance, "reason": found.reason},
    )


def _steps(found: ArcResult) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"set {number}, sealed by {domain}",
            "",
            f"broken: {found.says}" if number == found.instance else "",
        )
        for number, domain in enumerate(found.sealers, 1)
    )
