"""What to ask of DNS for a reply: equal questions are asked once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bouncewise.checks.plan.plan import plan
from bouncewise.checks.subject import Subject
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.reply.model import EnhancedCode

_FIELDS = {
    "spf": ("domain", "ip", "mail_from", "helo"),
    "dkim": ("domain", "selectors", "message", "whole"),
    "dmarc": ("domain", "ip", "mail_from", "helo", "selectors", "message", "whole"),
    "arc": ("message", "whole"),
    "reverse-dns": ("ip", "helo"),
    "helo": ("ip", "helo"),
    "blocklist": ("ip", "zones", "listed", "domain"),
    "sender-domain": ("mail_from", "domain"),
    "recipient-domain": ("recipient_domain",),
    "name-servers": ("domain", "recipient_domain"),
    "mta-sts": ("domain", "recipient_domain"),
    "dane": ("domain", "recipient_domain"),
    "tls": ("domain", "recipient_domain"),
}


class Question(msgspec.Struct, frozen=True):
    """What is asked for a reply; equal questions have equal answers.

    Attributes:
        cause: of the diagnosis.
        enhanced: the reply's enhanced code.
        checks: the checks to run.
        subject: what they need to know, and nothing more.
        missing: what the reply left out.
        claim: what it claims, in words.
    """

    cause: str
    enhanced: EnhancedCode | None
    checks: tuple[str, ...]
    subject: Subject
    missing: tuple[str, ...] = ()
    claim: str = ""


def question_of(diagnosis: Diagnosis, known: Subject) -> Question:
    """What to ask for a reply.

    Args:
        diagnosis: of the reply.
        known: what is known besides.
    """
    planned = plan(diagnosis, known)
    return Question(
        diagnosis.cause,
        diagnosis.reply.enhanced,
        planned.checks,
        _needed(planned.subject, planned.checks),
        tuple(dict.fromkeys(missing.what for missing in planned.missing)),
        planned.claim,
    )


def _needed(subject: Subject, checks: Iterable[str]) -> Subject:
    """A subject without what its checks do not look at."""
    names = {name for check in checks for name in _FIELDS.get(check, subject.__struct_fields__)}
    return Subject(**{name: getattr(subject, name) for name in names})
