"""What a diagnosis is made of."""

from __future__ import annotations

import msgspec

from bouncewise.reply.model import EnhancedCode


class Alternative(msgspec.Struct, frozen=True):
    """Another cause that the reply may have."""

    cause: str
    confidence: float


class Evidence(msgspec.Struct, frozen=True):
    """One thing that spoke for a cause.

    Attributes:
        by: ``text``, ``provider``, ``enhanced``, ``code``, ``blocklist`` or ``phase``.
        cause: the cause it speaks for.
        matched: the words, or the code.
        start: place of the words in ``reply.text`` (characters), or None.
        end: place behind them, or None.
        says: what it says, in plain words.
        rule: id of the rule, or "".
        source: id of the rule's source, or "".
    """

    by: str
    cause: str
    matched: str
    start: int | None = None
    end: int | None = None
    says: str = ""
    rule: str = ""
    source: str = ""


class BlocklistMention(msgspec.Struct, frozen=True):
    """A blocklist that the reply names."""

    id: str
    name: str
    operator: str
    zone: str = ""
    lookup: str = ""
    delist: str = ""
    status: str = "live"
    note: str = ""


class Entities(msgspec.Struct, frozen=True):
    """Things that the words of a reply name. Waits are seconds, sizes are octets."""

    ips: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    blocklist: BlocklistMention | None = None
    wait: int | None = None
    size_limit: int | None = None
    count_limit: int | None = None
    tokens: tuple[str, ...] = ()


class Advice(msgspec.Struct, frozen=True):
    """What to do.

    Attributes:
        action: ``deliver``, ``continue``, ``retry``, ``bounce`` or ``none``.
        retry_after: seconds until the next attempt, or None.
        give_up_after: seconds after which to stop trying, or None.
        suppress: stop mailing to this recipient's address.
        throttle: what to slow down (``ip``, ``domain``, ``sender``, ``host``, ``recipient``), or "".
        who: who can mend it.
        steps: what to do, in order.
        checks: the DNS checks that would prove the cause.
    """

    action: str
    retry_after: int | None = None
    give_up_after: int | None = None
    suppress: bool = False
    throttle: str = ""
    who: str = "nobody"
    steps: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


class Candidate(msgspec.Struct, frozen=True):
    """A cause that something speaks for, with the strength of the proof.

    Attributes:
        cause: slug.
        by: as ``Evidence.by``.
        score: strength; see ``decide``.
        rule: index of the rule in the knowledge base, or -1.
        number: the number of the pattern that spoke (see ``patterns``), or -1.
    """

    cause: str
    by: str
    score: int
    rule: int = -1
    number: int = -1


class Facts(msgspec.Struct, frozen=True):
    """What a decision rests on. Equal facts give the same decision, so decisions are cached by them."""

    code: int | None
    enhanced: EnhancedCode | None
    phase: str | None
    provider: str | None
    numbers: frozenset[int]


class Decision(msgspec.Struct, frozen=True):
    """The outcome of the rules for one set of facts."""

    cause: str
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    provider: str | None = None
    disagreement: str = ""
    blocklist: str | None = None
    action: str = ""
    transient: bool = False  # words say that it should be tried again
    weak: bool = False  # no words, or only vague ones, spoke: other languages may say more
    facts: Facts | None = None
