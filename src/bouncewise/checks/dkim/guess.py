"""What changed in a message whose signature does not fit, as far as a bounded number of tries can tell."""

from __future__ import annotations

import re

from bouncewise.checks.dkim.key import Key, verifies
from bouncewise.checks.dkim.message import Field, Message
from bouncewise.checks.dkim.signature import Signature

MAX_LINES = 60  # lines at the end that are taken off to find what was put there
MAX_BODY = 2_097_152  # octets of a body that is tried again and again
_PREFIX = re.compile(rb"^(subject:\s*)((?:re:\s*|fwd?:\s*)?)\[[^\]]{1,60}\]\s*", re.IGNORECASE)
_WORDS_OF_LISTS = (b"unsubscribe", b"mailing list", b"_____", b"listinfo")


def why_body(signature: Signature, message: Message) -> tuple[str, str]:
    """Why the sum of the body differs: a slug and a sentence."""
    from bouncewise.checks.dkim.verify import digest_of  # noqa: PLC0415 - each needs the other

    if signature.length is not None and signature.length > len(message.body) + 2:
        says = (
            f"the body was shortened: {signature.length} octets were signed, and it has {len(message.body)}"
        )
        return "body-hash", says
    lines = message.body.split(b"\r\n") if len(message.body) <= MAX_BODY else []
    for cut in range(1, min(len(lines), MAX_LINES)):
        if digest_of(b"\r\n".join(lines[:-cut]) + b"\r\n", signature) == signature.digest:
            added = len([line for line in lines[-cut:] if line.strip()])
            who = " (a mailing list's footer)" if _of_a_list(lines[-cut:]) else ""
            plural = "s were" if added != 1 else " was"
            return "body-hash", f"{added} line{plural} put at the end of the body{who} after it was signed"
    if not message.body.strip():
        return "body-hash", "the body is empty, and something was signed"
    return "body-hash", "the body was changed after it was signed"


def why_header(
    signature: Signature, key: Key, message: Message, field: Field, *, body_fits: bool
) -> tuple[str, str]:
    """Why the signature of the header does not fit: a slug and a sentence."""
    if _fits_without_prefix(signature, key, message, field):
        return "signature", "the subject got a [prefix] after it was signed, as mailing lists put it"
    if message.mended:
        extra = "; the line ends of this file were changed, which may be all"
        return "signature", f"a signed header field was changed, or the key is another one{extra}"
    names = ", ".join(dict.fromkeys(signature.signed[:12]))
    if body_fits:
        says = (
            f"the body is as it was signed, but a signed header field ({names}) was changed, or the key at "
        )
        return "signature", f"{says}{signature.selector}._domainkey.{signature.domain} is another one"
    return "signature", f"the header was changed after it was signed, or the key is another one ({names})"


def _fits_without_prefix(signature: Signature, key: Key, message: Message, field: Field) -> bool:
    from bouncewise.checks.dkim.verify import signed_octets  # noqa: PLC0415

    if "subject" not in signature.signed:
        return False
    fields, changed = [], False
    for one in message.fields:
        raw = one.raw
        if one.name == b"subject":
            raw = _PREFIX.sub(rb"\1\2", raw)
            changed = changed or raw != one.raw
        fields.append(Field(one.name, raw))
    if not changed:
        return False
    tried = Message(tuple(fields), message.body)
    return verifies(key, signature.algorithm, signature.octets, signed_octets(tried, field, signature))


def _of_a_list(lines: list[bytes]) -> bool:
    text = b"\n".join(lines).lower()
    return any(word in text for word in _WORDS_OF_LISTS)
