"""The records of the knowledge base, as its TOML files hold them."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal[
    "delivered", "continue", "retry", "slow-down", "suppress", "bounce", "fix", "ignore", "by-code"
]
Who = Literal["nobody", "sender-user", "sender-admin", "recipient", "recipient-admin"]
ProviderKind = Literal["mailbox", "gateway", "mta", "host", "sender"]
BlocklistStatus = Literal["live", "retired", "merged", "unverified"]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all records: immutable, and an unknown key in a file is an error."""


class Cause(Record, frozen=True):
    """Why a reply was given. ``codes`` are the codes that agree with it."""

    group: str
    scope: str
    outcome: Outcome
    who: Who
    title: str
    explanation: str
    codes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


class Source(Record, frozen=True):
    """Where a fact comes from."""

    title: str
    url: str = ""
    date: str = ""
    note: str = ""


class Provider(Record, frozen=True):
    """Who speaks: a mailbox provider, gateway, MTA program, host or sending service."""

    name: str
    kind: ProviderKind
    hosts: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    postmaster: str = ""
    sources: tuple[str, ...] = ()


class Blocklist(Record, frozen=True):
    """A DNS blocklist or a private reputation service that replies name.

    Attributes:
        codes: what its answers mean, each an address or a range of them.
        bits: the same where the last number of an answer is a sum of such bits.
        good: answers that are no listing (a reputation, an allowlist).
        errors: answers that say that the question was refused.
        error_bits: the same as bits.
        ipv6: it takes IPv6 addresses.
        heeded: receivers refuse mail by it; a listing elsewhere is worth a warning.
        asked: ``always``, ``when-named`` (part of another list, or no list of mail) or ``never`` (private).
        public: the zone that says the same and needs no key, of a list whose customers have keys.
    """

    id: str
    operator: str
    name: str
    zones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    kind: tuple[Literal["ip", "domain", "hash", "allow"], ...] = ("ip",)
    lookup: str = ""
    delist: str = ""
    returns: str = ""
    status: BlocklistStatus = "live"
    note: str = ""
    codes: dict[str, str] = {}
    bits: dict[str, str] = {}
    good: dict[str, str] = {}
    errors: dict[str, str] = {}
    error_bits: dict[str, str] = {}
    ipv6: bool = False
    heeded: bool = False
    asked: Literal["always", "when-named", "never"] = "always"
    public: str = ""
    sources: tuple[str, ...] = ()


class Remedy(Record, frozen=True):
    """Steps that mend a cause, everywhere or where one provider speaks."""

    cause: str
    steps: tuple[str, ...]
    provider: str = ""
    sources: tuple[str, ...] = ()


class Rule(Record, frozen=True):
    """Words (and codes) that prove a cause.

    Attributes:
        id: unique; the part before the first dot is the file's topic or provider.
        cause: slug of the cause.
        provider: id of the provider that says it. The rule is not used where another one speaks.
        needs_provider: the words are too common to name the provider by themselves; the rule is
            used only where the host or another mark names it.
        code: reply codes that it is limited to; ``4yz`` stands for any code with that first digit.
        enhanced: enhanced codes that it is limited to; ``X`` stands for any class.
        phase: phases that it is limited to, where the phase is known.
        text: patterns; any one of them.
        not_text: patterns that refute it.
        priority: 1 to 9, default 5: which of two rules of the same rank wins. Low for words that
            say little ("rejected"), high for words that leave no doubt.
        token: the text is a provider's token (``S3150``) and not a phrase.
    """

    id: str
    cause: str
    text: tuple[str, ...] = ()
    not_text: tuple[str, ...] = ()
    provider: str = ""
    needs_provider: bool = False
    code: tuple[int | str, ...] = ()
    enhanced: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    priority: int = 5
    token: bool = False
    says: str = ""
    checks: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    note: str = ""


class Ask(Record, frozen=True):
    """A row of ``asks.toml``: which DNS checks the words of a reply ask for."""

    id: str
    text: str = ""
    unless: str = ""
    cause: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    none: bool = False
    source: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


class Policy(Record, frozen=True):
    """One row of the advice table; an empty field does not limit or does not change."""

    cause: str = ""
    provider: str = ""
    code: tuple[int | str, ...] = ()
    enhanced: tuple[str, ...] = ()
    phase: tuple[str, ...] = ()
    action: Literal["", "deliver", "continue", "retry", "bounce", "none"] = ""
    without_code: Literal["", "deliver", "continue", "retry", "bounce", "none"] = ""
    retry_after: tuple[int, ...] = ()
    give_up_after: int | None = None
    suppress: bool | None = None
    throttle: str = ""
    who: str = ""
    note: str = ""
    source: str = ""


class Mapping(Record, frozen=True):
    """Our causes in the vocabulary of another tool."""

    title: str
    source: str = ""
    causes: dict[str, str | dict[str, str]] = {}


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """The whole knowledge base, checked and indexed.

    ``rules`` are in file order, the user's own first. ``lexicon`` maps a language to its word
    classes. ``origin`` maps a rule's id to its file. ``transient_words`` are patterns that tell a
    failure to be tried again where there is no code to tell it.
    """

    causes: dict[str, Cause]
    providers: dict[str, Provider]
    blocklists: dict[str, Blocklist]
    sources: dict[str, Source]
    remedies: tuple[Remedy, ...]
    policies: tuple[Policy, ...]
    asks: tuple[Ask, ...] = ()
    transient_words: tuple[str, ...]
    defaults: dict[str, Policy]
    mappings: dict[str, Mapping]
    rules: tuple[Rule, ...]
    lexicon: dict[str, dict[str, tuple[str, ...]]]
    origin: dict[str, str]
    own_rules: frozenset[str] = frozenset()
