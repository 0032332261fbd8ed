"""The requirements of the great mailbox providers, each met, not met, or not known.

What each asks stands in ``requirements.toml`` with its source. Nothing is asked of DNS here: the list rests
on what the other checks found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from bouncewise.checks.dkim.message import Message, parse_message
from bouncewise.checks.finding import Finding, Outcome, Step
from bouncewise.checks.subject import Subject

Wants = Literal["", "pass", "any", "there", "bits", "aligned", "exists", "header", "format"]
_ONCE = (b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"sender", b"reply-to")
_MESSAGE_ID = re.compile(rb"\s*<[^<>\s@]{1,250}@[^<>\s@]{1,250}>\s*\Z")


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One requirement; ``requirements.toml`` says what each field means."""

    id: str
    says: str
    who: Literal["all", "bulk"]
    rests: tuple[str, ...] = ()
    wants: Wants = ""
    bits: int = 0
    fields: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one provider asks."""

    name: str
    note: str
    sources: tuple[str, ...]
    read: str
    asks: tuple[Ask, ...]


class Item(msgspec.Struct, frozen=True):
    """A requirement and whether it is met.

    Attributes:
        ask: the requirement.
        met: True, False, or None where it can't be told.
        why: what it rests on, in words.
    """

    ask: Ask
    met: bool | None
    why: str = ""


@cache
def providers() -> Mapping[str, Provider]:
    """The providers by id."""
    text = files("bouncewise.checks.requirements").joinpath("requirements.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["provider"], dict[str, Provider])


def checklist(provider: Provider, findings: Sequence[Finding], message: bytes = b"") -> tuple[Item, ...]:
    """Each requirement of a provider, by what checks found.

    Args:
        provider: the provider.
        findings: of the checks ``spf``, ``dkim``, ``dmarc``, ``reverse-dns`` and ``mx``, as far as they ran.
        message: the message, or b"".
    """
    by_check = {finding.check: finding for finding in findings}
    parsed = parse_message(message) if message else None
    return tuple(_item(ask, by_check, parsed) for ask in provider.asks)


def check_requirements(findings: Sequence[Finding], subject: Subject) -> tuple[Finding, ...]:
    """A finding for each provider.

    Args:
        findings: of the checks that requirements rest on.
        subject: whom they are about.
    """
    return tuple(
        _finding(provider, checklist(provider, findings, subject.message))
        for provider in providers().values()
    )


def _item(ask: Ask, found: Mapping[str, Finding], message: Message | None) -> Item:
    if not ask.rests:
        return Item(ask, None, "nobody outside can see it")
    if ask.rests == ("message",):
        if message is None:
            return Item(ask, None, "a message shows it (--message)")
        return _header(ask, message) if ask.wants == "header" else _format(ask, message)
    there = [found[check] for check in ask.rests if check in found]
    if not there:
        return Item(ask, None, "it was not checked")
    return _JUDGES[ask.wants](ask, there)


def _pass(ask: Ask, found: Sequence[Finding]) -> Item:
    one = found[0]
    if one.check == "dkim" and "passed" not in one.facts and one.outcome in (Outcome.PASS, Outcome.WARN):
        return Item(ask, None, "there is a key; whether mail is signed with it shows a message (--message)")
    if one.check == "spf" and "ip" in one.needs:
        return Item(ask, None, "the sending address is not known (--ip)")
    return Item(ask, _passed(one), one.says)


def _any(ask: Ask, found: Sequence[Finding]) -> Item:
    items = [_pass(ask, [one]) for one in found]
    good = next((item for item in items if item.met), None)
    if good is not None:
        return good
    unsure = next((item for item in items if item.met is None), None)
    return unsure or items[0]


def _there(ask: Ask, found: Sequence[Finding]) -> Item:
    one = found[0]
    if one.outcome is Outcome.UNKNOWN and not one.facts.get("record"):
        return Item(ask, None, one.says)
    record = str(one.facts.get("record", ""))
    return Item(ask, bool(record) and one.result not in ("none", "permerror"), record or one.says)


def _aligned(ask: Ask, found: Sequence[Finding]) -> Item:
    one = found[0]
    if "spf_aligned" not in one.facts and "dkim_aligned" not in one.facts:
        return Item(ask, None, "a message shows it (--message)")
    if one.facts.get("spf_aligned") or one.facts.get("dkim_aligned"):
        return Item(ask, True, one.says)
    if "dkim_aligned" not in one.facts:
        return Item(ask, None, "SPF is not aligned; whether DKIM is shows a message (--message)")
    return Item(ask, False, one.says)


def _bits(ask: Ask, found: Sequence[Finding]) -> Item:
    bits = found[0].facts.get("bits")
    if not isinstance(bits, int):
        return Item(ask, None, "no key is known (--selector)")
    return Item(ask, bits == 256 or bits >= ask.bits, f"the key has {bits} bits")


def _exists(ask: Ask, found: Sequence[Finding]) -> Item:
    one = found[0]
    if one.outcome is Outcome.UNKNOWN:
        return Item(ask, None, one.says)
    return Item(ask, one.result != "nxdomain", one.says)


def _header(ask: Ask, message: Message) -> Item:
    missing = [name for name in ask.fields if not message.named(name.encode())]
    return Item(
        ask, not missing, f"the message has no {' and no '.join(missing)}" if missing else "it has them"
    )


def _format(ask: Ask, message: Message) -> Item:
    twice = [name.decode() for name in _ONCE if len(message.named(name)) > 1]
    if twice:
        return Item(ask, False, f"{twice[0]}: stands in the message more than once")
    ids = message.named(b"message-id")
    if not ids or not _MESSAGE_ID.match(ids[0].value):
        return Item(ask, False, "Message-ID: is missing or has no valid form")
    if not message.named(b"from"):
        return Item(ask, False, "From: is missing")
    return Item(ask, True, "its header fields are sound")


def _passed(finding: Finding) -> bool | None:
    if finding.outcome in (Outcome.PASS, Outcome.WARN):
        return True
    return False if finding.outcome is Outcome.FAIL else None


_JUDGES: dict[str, Callable[[Ask, Sequence[Finding]], Item]] = {
    "pass": _pass,
    "any": _any,
    "there": _there,
    "aligned": _aligned,
    "bits": _bits,
    "exists": _exists,
}


def _finding(provider: Provider, items: Sequence[Item]) -> Finding:
    met = [item for item in items if item.met]
    unmet = [item for item in items if item.met is False]
    for_all = [item for item in unmet if item.ask.who == "all"]
    if for_all:
        outcome, word = Outcome.FAIL, "not-met"
    elif unmet:
        outcome, word = Outcome.WARN, "not-met-for-bulk"
    elif any(item.met is None and item.ask.rests for item in items):
        outcome, word = Outcome.UNKNOWN, "not-all-known"
    else:
        outcome, word = Outcome.PASS, "met"
    return Finding(
        check="requirements",
        subject=provider.name,
        outcome=outcome,
        result=word,
        says=_says(items, met, unmet),
        steps=tuple(_step(item) for item in items),
        links=provider.sources if unmet else (),
        facts={
            "met": [item.ask.id for item in met],
            "unmet": [item.ask.id for item in unmet],
            "unknown": [item.ask.id for item in items if item.met is None],
        },
    )


def _says(items: Sequence[Item], met: Sequence[Item], unmet: Sequence[Item]) -> str:
    says = f"{len(met)} of {len(items)} requirements are met"
    if unmet:
        first = unmet[0].ask
        reply = f" (it replies {first.replies[0]})" if first.replies else ""
        bulk = ", of bulk senders" if first.who == "bulk" else ""
        says += f"; not that {first.says}{bulk}{reply}"
        if len(unmet) > 1:
            says += f", and {len(unmet) - 1} more"
    unknown = len(items) - len(met) - len(unmet)
    return f"{says}; {unknown} can't be told" if unknown else says


def _step(item: Item) -> Step:
    mark = {True: "met", False: "not met", None: "not known"}[item.met]
    bulk = "bulk senders: " if item.ask.who == "bulk" else ""
    reply = f"; replies {', '.join(item.ask.replies)}" if item.met is False and item.ask.replies else ""
    minor = item.met is not False
    return Step(f"{bulk}{item.ask.says}", item.why[:300] if minor else "", f"{mark}{reply}", minor=minor)
