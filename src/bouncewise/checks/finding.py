"""What a check found, in one form for every check: the outcome, the words, the trace and the mend."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"  # it works today and should be mended
    FAIL = "fail"  # a fault that mail is refused for
    UNKNOWN = "unknown"  # cannot tell: DNS failed, or something is missing
    INFO = "info"  # nothing to judge, such as a record that nobody has to publish


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a trace.

    Attributes:
        what: what was tried (``include:_spf.example.net``).
        said: what DNS said (the record, or ``NXDOMAIN``), or "".
        result: what follows from it (``no match``).
        depth: how deep it stands, 0 for the outermost.
        cost: look-ups that count against a limit.
        minor: it says nothing that stands out, and is shown on request.
    """

    what: str
    said: str = ""
    result: str = ""
    depth: int = 0
    cost: int = 0
    minor: bool = False


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that should be mended, beside the outcome itself.

    Attributes:
        code: a stable slug (``too-many-lookups``).
        says: what is wrong and what to do, a sentence.
        serious: it makes the check fail; else it is worth a warning.
        source: the RFC section or page that says so, or "".
    """

    code: str
    says: str
    serious: bool = False
    source: str = ""


class Mend(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record to publish.

    Attributes:
        name: the domain name that holds the record.
        rtype: its type.
        now: the records of this kind that stand there now; empty where there is none.
        publish: what should stand there instead of ``now``; empty to delete them.
        why: what it brings, a sentence.
        guess: a part of it is a guess (a policy, an address for reports) that the owner has to choose.
    """

    name: str
    rtype: str
    now: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    why: str = ""
    guess: bool = False


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one check found.

    Attributes:
        check: its name, one of the knowledge base's checks (``spf``, ``dkim``, ``blocklist``).
        subject: what it was asked of (``example.com from 192.0.2.1``).
        outcome: how it ended.
        result: the check's own word (``permerror``, ``listed``, ``no-key``).
        says: a sentence for a person.
        steps: the trace.
        problems: what else should be mended.
        mends: records to publish.
        needs: what was missing to tell (``ip``, ``mail-from``, ``selector``, ``message``).
        links: pages to go to, such as the form to be taken off a list.
        facts: values by name, for programs (``lookups``: 7).
    """

    check: str
    subject: str
    outcome: Outcome
    result: str
    says: str
    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()
    mends: tuple[Mend, ...] = ()
    needs: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    facts: dict[str, str | int | bool | list[str]] = {}


def lacking(check: str, says: str, *needs: str, subject: str = "") -> Finding:
    """What a check finds that was not told enough to ask anything.

    Args:
        check: its name.
        says: what is not known, a sentence.
        needs: as ``Finding.needs``.
        subject: as far as it is known.
    """
    return Finding(
        check=check, subject=subject, outcome=Outcome.UNKNOWN, result="unknown", says=says, needs=needs
    )
