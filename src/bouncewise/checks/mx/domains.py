"""The checks ``sender-domain`` and ``recipient-domain``: whether a domain exists and takes mail.

Sources: RFC 5321 section 5.1, RFC 7505 sections 4.1 and 4.2 (null MX of recipients and senders), RFC 2308.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from bouncewise.checks.dns import Resolver, Status
from bouncewise.checks.finding import Finding, Mend, Outcome, Step, lacking
from bouncewise.checks.mx.hosts import judge
from bouncewise.checks.mx.routes import Routes, routes_of
from bouncewise.checks.names import DomainNameError, canonical, domain_of, shown
from bouncewise.checks.subject import Subject


async def check_sender_domain(subject: Subject, resolver: Resolver) -> Finding:
    """Check that the domain of the reverse-path is there and could take an answer.

    Args:
        subject: whom it is about: ``mail_from``, else ``domain``.
        resolver: is asked.
    """
    given = domain_of(subject.mail_from or "") or subject.domain
    return await _check("sender-domain", given, "mail-from", resolver)


async def check_recipient_domain(subject: Subject, resolver: Resolver) -> Finding:
    """Check that ``subject.recipient_domain`` is there and takes mail.

    Args:
        subject: whom it is about.
        resolver: is asked.
    """
    return await _check("recipient-domain", subject.recipient_domain, "recipient", resolver)


async def _check(check: str, given: str, need: str, resolver: Resolver) -> Finding:
    if not given:
        whose = "sender's" if check == "sender-domain" else "recipient's"
        return lacking(check, f"the {whose} domain is not known", need)
    try:
        domain = canonical(given)
    except DomainNameError as error:
        says = f"{shown(given)} is no domain name: {error}"
        return Finding(check=check, subject=shown(given), outcome=Outcome.FAIL, result="syntax", says=says)
    return _finding(check, await routes_of(domain, resolver))


def _finding(check: str, found: Routes) -> Finding:
    domain, answer = found.domain, found.answer
    told = judge(found)
    outcome, result, says = told.outcome, told.result, told.says
    if found.null:
        outcome, result = Outcome.FAIL, "null-mx"
        says = f"{domain} says by a null MX that it takes no mail"
        if check == "sender-domain":
            says += ", so receivers refuse it as a sender: nobody could answer"
    elif outcome is Outcome.WARN or result == "implicit-mx":
        outcome, result = Outcome.PASS, "ok"  # it takes mail, whatever should be mended
    elif outcome is Outcome.PASS:
        result = "ok"
    hint = nearest(domain) if check == "recipient-domain" and outcome is Outcome.FAIL else ""
    if hint:
        says += f"; did you mean {hint}?"
    mends: tuple[Mend, ...] = ()
    if check == "sender-domain" and result == "no-mail-records":
        mends = (
            Mend(domain, "MX", (), ("10 <your mail server>.",), "lets it take answers and bounces", True),
        )
    return Finding(
        check=check,
        subject=domain,
        outcome=outcome,
        result=result,
        says=says,
        steps=told.steps or (Step(f"{domain} MX", answer.detail or str(answer.status).upper()),),
        problems=told.problems,
        mends=mends,
        facts={"domain": domain, "exists": answer.status is not Status.NXDOMAIN, "meant": hint},
    )


@cache
def great_domains() -> frozenset[str]:
    """The domains of the great mailbox providers."""
    text = files("bouncewise.checks.mx").joinpath("great.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["domains"])


def nearest(domain: str) -> str:
    """The great domain that is one slip of the keyboard away, or ""."""
    if domain in great_domains() or len(domain) > 40:
        return ""
    return next((known for known in sorted(great_domains()) if _one_slip(domain, known)), "")


def _one_slip(a: str, b: str) -> bool:
    """Whether one character was left out, put in, changed, or two changed places."""
    if abs(len(a) - len(b)) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    x, y = a[at:], b[at:]
    swapped = len(x) > 1 and len(y) > 1 and x[0] == y[1] and x[1] == y[0] and x[2:] == y[2:]
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or swapped
