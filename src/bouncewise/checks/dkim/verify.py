"""Verifies the signatures of a message, each to a reason.

Sources: RFC 6376 section 6.1 (steps and their reasons), RFC 8601 section 2.7.1 (the words of results),
RFC 8301.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec

from bouncewise.checks.dkim.guess import why_body, why_header
from bouncewise.checks.dkim.key import LEAST_BITS, DkimKeyError, Key, ask_key, key_of, verifies
from bouncewise.checks.dkim.message import Field, Message, parse_message, relaxed_body, simple_body
from bouncewise.checks.dkim.signature import Signature, SignatureError, parse_signature
from bouncewise.checks.dns import Resolver

MAX_SIGNATURES = 20
SKEW = 3600  # seconds that a clock may be ahead
_VALUE_OF_B = re.compile(rb"(?<=[;:])([ \t\r\n]*b[ \t\r\n]*=)[^;]*")


class SignatureResult(msgspec.Struct, frozen=True):
    """The outcome for one signature.

    Attributes:
        result: ``pass``, ``fail``, ``permerror``, ``temperror``, ``neutral`` (its body is not at hand).
        reason: a slug; "" with ``pass``.
        says: why, a sentence.
        signature: the signature, or None where it can't be read.
        key: the key, or None where there is none.
    """

    result: str
    reason: str
    says: str
    signature: Signature | None = None
    key: Key | None = None

    @property
    def domain(self) -> str:
        """``d=``, or "" where the signature can't be read."""
        return self.signature.domain if self.signature else ""


async def verify_message(
    data: bytes, resolver: Resolver, *, now: float, whole: bool = True
) -> tuple[SignatureResult, ...]:
    """Verify the DKIM signatures of a message, from the top, at most 20.

    Args:
        data: the message.
        resolver: is asked for the keys, all at the same time.
        now: Unix seconds.
        whole: the body is there too; else only the header can be told.
    """
    message = parse_message(data)
    fields = message.named(b"dkim-signature")[:MAX_SIGNATURES]
    return tuple(await asyncio.gather(*(_verify(f, message, resolver, now, whole) for f in fields)))


async def _verify(
    field: Field, message: Message, resolver: Resolver, now: float, whole: bool
) -> SignatureResult:
    try:
        signature = parse_signature(field.value.decode("utf-8", "replace"))
    except SignatureError as error:
        return SignatureResult("permerror", error.code, str(error))
    if late := too_late(signature, now):
        return SignatureResult("permerror", late[0], late[1], signature)
    answer = await ask_key(signature.selector, signature.domain, resolver)
    try:
        key = fitting_key(signature, key_of(answer))
    except DkimKeyError as error:
        result = "temperror" if error.temporary else "permerror"
        return SignatureResult(result, error.code, str(error), signature)
    return judge(signature, key, message, field, whole=whole)


def too_late(signature: Signature, now: float) -> tuple[str, str] | None:
    """Why the time does not fit, or None."""
    if signature.expires is not None:
        if signature.time is not None and signature.expires < signature.time:
            return "expired", "the signature ends before it begins (x= is less than t=)"
        if signature.expires < now:
            return "expired", "the signature has expired (x=)"
    if signature.time is not None and signature.time > now + SKEW:
        return "in-future", "the signature was made in the future (t=): one of the clocks is wrong"
    return None


def fitting_key(signature: Signature, key: Key) -> Key:
    """The key, where it may be used for this signature (RFC 6376 section 6.1.2).

    Raises:
        DkimKeyError: it may not.
    """
    kind, _, digest = signature.algorithm.partition("-")
    if key.hashes and digest not in key.hashes:
        allowed = ", ".join(key.hashes)[:40]
        raise DkimKeyError(
            "hash-algorithm", f"the key allows {allowed} only, and the signature uses {digest}"
        )
    if key.kind != kind:
        raise DkimKeyError("key-type", f"the signature wants a key of type {kind}, and the key is {key.kind}")
    if not {"*", "email"} & set(key.services):
        raise DkimKeyError("service-type", f"the key is for {key.services[0][:20]} and not for mail")
    identity = signature.identity.rpartition("@")[2].lower()
    if key.strict and identity and identity != signature.domain:
        raise DkimKeyError("domain-mismatch", f"the key allows no subdomain (t=s), and i= names {identity}")
    if kind == "rsa" and key.bits < LEAST_BITS:
        raise DkimKeyError("weak-key", f"the key has {key.bits} bits; receivers want {LEAST_BITS} at least")
    if digest == "sha1":
        raise DkimKeyError("sha1", "the signature uses SHA-1, which receivers no longer accept (RFC 8301)")
    return key


def judge(signature: Signature, key: Key, message: Message, field: Field, *, whole: bool) -> SignatureResult:
    """The outcome of the two sums: that of the body and that of the header."""
    body_fits = whole and digest_of(message.body, signature) == signature.digest
    header = signed_octets(message, field, signature)
    if not verifies(key, signature.algorithm, signature.octets, header):
        reason, says = why_header(signature, key, message, field, body_fits=body_fits)
        if whole and not body_fits:
            says = f"{says}, and its body too: {why_body(signature, message)[1]}"
        return SignatureResult("fail", reason, says, signature, key)
    if not whole:
        says = "the header is as it was signed; the body is not at hand, so its sum can't be told"
        return SignatureResult("neutral", "body-missing", says, signature, key)
    if not body_fits:
        reason, says = why_body(signature, message)
        return SignatureResult("fail", reason, says, signature, key)
    return SignatureResult("pass", "", f"signed by {signature.domain}", signature, key)


def digest_of(body: bytes, signature: Signature) -> bytes:
    """The sum of a body in canonical form."""
    canonical = relaxed_body(body) if signature.body == "relaxed" else simple_body(body)
    if signature.length is not None:
        if signature.length > len(canonical):
            return b""
        canonical = canonical[: signature.length]
    make = hashlib.sha1 if signature.algorithm.endswith("sha1") else hashlib.sha256
    return make(canonical).digest()


def signed_octets(message: Message, field: Field, signature: Signature) -> bytes:
    """What the signature of the header covers, in canonical form (RFC 6376 section 3.7)."""
    chosen = chosen_fields(message.fields, signature.signed)
    own = Field(field.name, _VALUE_OF_B.sub(rb"\1", field.raw))
    if signature.header == "relaxed":
        return b"".join(f.relaxed() + b"\r\n" for f in chosen) + own.relaxed()
    return b"".join(f.simple() + b"\r\n" for f in chosen) + own.simple()


def chosen_fields(fields: Sequence[Field], names: Iterable[str]) -> list[Field]:
    """The fields that ``h=`` names: of several of one name the lowest first (RFC 6376 section 5.4.2)."""
    left: dict[bytes, list[Field]] = {}
    for field in fields:
        left.setdefault(field.name, []).append(field)
    chosen = []
    for name in names:
        stack = left.get(name.encode("utf-8", "replace"))
        if stack:
            chosen.append(stack.pop())
    return chosen
