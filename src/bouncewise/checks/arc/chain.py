"""Validates a chain of ARC sets.

Sources: RFC 8617 sections 4.1 (the three fields of a set), 5.2 (validation). Seals are made over the fields
of all sets in the relaxed form; message signatures are DKIM's but for i= and v=.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from bouncewise.checks.dkim.key import DkimKeyError, Key, ask_key, key_of, verifies
from bouncewise.checks.dkim.message import Field, Message, parse_message
from bouncewise.checks.dkim.signature import Signature, SignatureError, common
from bouncewise.checks.dkim.tags import TagError, number, parse_tags
from bouncewise.checks.dkim.verify import _VALUE_OF_B, digest_of, fitting_key, signed_octets
from bouncewise.checks.dns import Resolver

MAX_SETS = 50  # RFC 8617 section 4.2.1
_NAMES = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")


class ArcError(ValueError):
    """A chain that is broken.

    Attributes:
        code: a slug.
        instance: the set that broke it, or 0.
        temporary: DNS failed.
    """

    def __init__(self, code: str, instance: int, says: str, *, temporary: bool = False) -> None:
        super().__init__(says)
        self.code = code
        self.instance = instance
        self.temporary = temporary


class ArcSet(msgspec.Struct, frozen=True):
    """The three fields of one instance."""

    instance: int
    results: Field
    signature: Field
    seal: Field
    cv: str
    signed: Signature
    sealed: Signature


class ArcResult(msgspec.Struct, frozen=True):
    """The outcome for a chain.

    Attributes:
        result: ``none``, ``pass``, ``fail`` or ``temperror``.
        reason: a slug; "" with ``pass`` and ``none``.
        says: why, a sentence.
        instance: the set that broke the chain, or 0.
        sets: how many there are.
        sealers: the domains of the seals, the first forwarder first.
        oldest_pass: the oldest set whose message signature still fits (RFC 8617 section 5.2), or 0.
    """

    result: str
    says: str
    reason: str = ""
    instance: int = 0
    sets: int = 0
    sealers: tuple[str, ...] = ()
    oldest_pass: int = 0


async def validate_chain(data: bytes, resolver: Resolver, *, whole: bool = True) -> ArcResult:
    """Validate the chain of a message.

    Args:
        data: the message.
        resolver: is asked for the keys.
        whole: the body is there too; else the newest message signature can't be told.
    """
    message = parse_message(data)
    fields = [field for field in message.fields if field.name in _NAMES]
    if not fields:
        return ArcResult("none", "the message has no ARC sets")
    try:
        sets = _sets(fields)
    except ArcError as error:
        return ArcResult("fail", str(error), error.code, error.instance, len(fields) // 3)
    sealers = tuple(one.sealed.domain for one in sets)
    try:
        await _validate(sets, message, resolver, whole)
    except ArcError as error:
        word = "temperror" if error.temporary else "fail"
        return ArcResult(word, str(error), error.code, error.instance, len(sets), sealers)
    oldest = await _oldest_pass(sets, message, resolver) if whole else 0
    plural = "s" if len(sets) > 1 else ""
    says = f"the chain of {len(sets)} set{plural} is whole, sealed by {' and '.join(sealers)[:200]}"
    return ArcResult("pass", says, sets=len(sets), sealers=sealers, oldest_pass=oldest)


def _sets(fields: Sequence[Field]) -> list[ArcSet]:
    """The sets in order, where their structure is right (RFC 8617 section 5.2 steps 1 to 3)."""
    found: dict[int, dict[bytes, Field]] = {}
    for field in fields:
        instance = _instance(field)
        held = found.setdefault(instance, {})
        if field.name in held:
            name = field.name.decode()
            raise ArcError("structure", instance, f"set {instance} has {name} twice")
        held[field.name] = field
    if max(found) > MAX_SETS:
        raise ArcError("structure", max(found), f"the chain has more than {MAX_SETS} sets")
    for instance in range(1, max(found) + 1):
        missing = [name.decode() for name in _NAMES if name not in found.get(instance, {})]
        if missing:
            raise ArcError("structure", instance, f"set {instance} has no {' and no '.join(missing)}")
    return [_set(instance, found[instance]) for instance in sorted(found)]


def _instance(field: Field) -> int:
    text = field.value.decode("utf-8", "replace")
    first = text.partition(";")[0] if field.name == _NAMES[0] else text
    try:
        tags = parse_tags(first) if field.name != _NAMES[0] else dict([_pair(first)])
        instance = number(tags["i"])
    except (TagError, KeyError):
        raise ArcError(
            "structure", 0, f"{field.name.decode()} has no instance (i=) that can be read"
        ) from None
    if not 1 <= instance <= 999:
        raise ArcError("structure", 0, f"{field.name.decode()} has the instance {instance}")
    return instance


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip()


def _set(instance: int, held: dict[bytes, Field]) -> ArcSet:
    results, signature, seal = (held[name] for name in _NAMES)
    seal_tags = _tags(seal, instance, ("a", "b", "cv", "d", "i", "s"))
    cv = seal_tags["cv"].lower()
    if "h" in seal_tags:
        raise ArcError("seal-syntax", instance, f"the seal of set {instance} has h=, which seals don't have")
    if (instance == 1) != (cv == "none") or cv not in ("none", "pass", "fail"):
        raise ArcError("cv", instance, f"the seal of set {instance} says cv={cv[:20]}")
    signed_tags = _tags(signature, instance, ("a", "b", "bh", "d", "h", "i", "s"))
    try:
        signed = common({"c": "relaxed/relaxed"} | signed_tags | {"i": ""})
        sealed = common(seal_tags | {"i": "", "h": "", "bh": ""})
    except SignatureError as error:
        raise ArcError(error.code, instance, f"set {instance}: {error}") from None
    if "arc-seal" in signed.signed:
        raise ArcError("structure", instance, f"the message signature of set {instance} covers a seal")
    return ArcSet(instance, results, signature, seal, cv, signed, sealed)


def _tags(field: Field, instance: int, wanted: Sequence[str]) -> dict[str, str]:
    try:
        tags = parse_tags(field.value.decode("utf-8", "replace"))
    except TagError as error:
        name = field.name.decode()
        raise ArcError("syntax", instance, f"{name} of set {instance} can't be read: {error}") from None
    missing = [name for name in wanted if not tags.get(name) and not (name == "h" and "h" in tags)]
    if missing:
        name = field.name.decode()
        raise ArcError("missing-tag", instance, f"{name} of set {instance} has no {missing[0]}=")
    return tags


async def _validate(sets: Sequence[ArcSet], message: Message, resolver: Resolver, whole: bool) -> None:
    """RFC 8617 section 5.2 steps 2, 4 and 5."""
    newest = sets[-1]
    if newest.cv == "fail":
        raise ArcError(
            "cv", newest.instance, f"the seal of set {newest.instance} says that the chain is broken"
        )
    for one in sets:
        if one.cv == "fail":
            raise ArcError("cv", one.instance, f"the seal of set {one.instance} says cv=fail")
    keys = await asyncio.gather(
        _key(newest.signed, newest.instance, resolver),
        *(_key(one.sealed, one.instance, resolver) for one in sets),
    )
    message_key, *seal_keys = keys
    _check_message(newest, message_key, message, whole)
    for number_, (one, key) in enumerate(zip(sets, seal_keys, strict=True), 1):
        if not verifies(key, one.sealed.algorithm, one.sealed.octets, _sealed_octets(sets[:number_])):
            says = f"the seal of set {one.instance} ({one.sealed.domain}) does not fit"
            raise ArcError("seal", one.instance, says)


def _check_message(one: ArcSet, key: Key, message: Message, whole: bool) -> None:
    who = f"set {one.instance} ({one.signed.domain})"
    signed = signed_octets(message, one.signature, one.signed)
    if not verifies(key, one.signed.algorithm, one.signed.octets, signed):
        says = f"the message signature of {who} does not fit: a header field was changed after it"
        raise ArcError("message-signature", one.instance, says)
    if not whole:
        says = f"the message signature of {who} can't be told: the body is not at hand"
        raise ArcError("body-missing", one.instance, says, temporary=True)
    if digest_of(message.body, one.signed) != one.signed.digest:
        says = f"the message signature of {who} does not fit: the body was changed after it"
        raise ArcError("body-hash", one.instance, says)


async def _key(signature: Signature, instance: int, resolver: Resolver) -> Key:
    answer = await ask_key(signature.selector, signature.domain, resolver)
    try:
        return fitting_key(signature, key_of(answer))
    except DkimKeyError as error:
        raise ArcError(error.code, instance, f"set {instance}: {error}", temporary=error.temporary) from None


def _sealed_octets(sets: Sequence[ArcSet]) -> bytes:
    """What a seal covers: the fields of all sets up to it, without the value of its own b= (5.1.1)."""
    parts: list[bytes] = []
    for one in sets:
        parts += [one.results.relaxed(), one.signature.relaxed(), one.seal.relaxed()]
    last = sets[-1].seal
    parts[-1] = Field(last.name, _VALUE_OF_B.sub(rb"\1", last.raw)).relaxed()
    return b"\r\n".join(parts)


async def _oldest_pass(sets: Sequence[ArcSet], message: Message, resolver: Resolver) -> int:
    """The oldest set whose message signature, and those of all behind it, still fit."""
    oldest = sets[-1].instance
    for one in reversed(sets[:-1]):
        try:
            key = await _key(one.signed, one.instance, resolver)
            _check_message(one, key, message, whole=True)
        except ArcError:
            break
        oldest = one.instance
    return oldest
