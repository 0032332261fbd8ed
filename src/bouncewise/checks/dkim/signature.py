"""DKIM-Signature fields, and those of ARC that have the same tags.

Sources: RFC 6376 sections 3.5 and 6.1.1, RFC 8301 section 3.1 (no SHA-1), RFC 8463 section 3.
"""

from __future__ import annotations

import msgspec

from bouncewise.checks.dkim.tags import TagError, from_base64, number, parse_tags, unfolded
from bouncewise.checks.names import DomainNameError, canonical

ALGORITHMS = ("rsa-sha256", "ed25519-sha256", "rsa-sha1")
MAX_SIGNED = 500  # names in h=
_CANON = ("simple", "relaxed")


class SignatureError(ValueError):
    """A signature that can't be used.

    Attributes:
        code: a slug (``signature-syntax``, ``missing-tag``, ``version``, ``canonicalization``, ...).
    """

    def __init__(self, code: str, says: str) -> None:
        super().__init__(says)
        self.code = code


class Signature(msgspec.Struct, frozen=True):
    """A signature, taken apart.

    Attributes:
        domain: ``d=``.
        selector: ``s=``.
        algorithm: ``a=``.
        header: canonical form of the header, ``simple`` or ``relaxed``.
        body: of the body.
        signed: the names of ``h=``, in small letters.
        digest: ``bh=``, as octets.
        octets: ``b=``, as octets.
        identity: ``i=``.
        length: ``l=``, or None.
        time: ``t=``, or None.
        expires: ``x=``, or None.
    """

    domain: str
    selector: str
    algorithm: str
    header: str
    body: str
    signed: tuple[str, ...]
    digest: bytes
    octets: bytes
    identity: str = ""
    length: int | None = None
    time: int | None = None
    expires: int | None = None


def parse_signature(value: str) -> Signature:
    """A DKIM-Signature.

    Raises:
        SignatureError: it can't be used.
    """
    try:
        tags = parse_tags(value)
    except TagError as error:
        raise SignatureError("signature-syntax", f"the signature can't be read: {error}") from None
    if "v" in tags and tags["v"] != "1":
        raise SignatureError("version", f"the signature is of version {tags['v'][:20]} and not 1")
    missing = [name for name in ("v", "a", "b", "bh", "d", "h", "s") if not tags.get(name)]
    if missing:
        raise SignatureError("missing-tag", f"the signature has no {'= and no '.join(missing)}=")
    found = common(tags)
    if "from" not in found.signed:
        raise SignatureError("from-not-signed", "the signature does not cover From:, as it must")
    identity = found.identity.rpartition("@")[2].lower()
    if identity and identity != found.domain and not identity.endswith("." + found.domain):
        says = f"the signature speaks for {identity} (i=), which is not of {found.domain} (d=)"
        raise SignatureError("domain-mismatch", says)
    if tags.get("q") and "dns/txt" not in [word.strip().lower() for word in tags["q"].split(":")]:
        raise SignatureError("query", f"the key can't be asked for by q={tags['q'][:20]}")
    return found


def common(tags: dict[str, str]) -> Signature:
    """What every kind of signature has.

    Raises:
        SignatureError: it can't be used.
    """
    algorithm = unfolded(tags.get("a", "")).lower()
    if algorithm not in ALGORITHMS:
        raise SignatureError("algorithm", f"the algorithm {algorithm[:30]} is not known")
    header, _, body = unfolded(tags.get("c", "simple/simple")).lower().partition("/")
    if header not in _CANON or (body or "simple") not in _CANON:
        raise SignatureError("canonicalization", f"the canonical form {tags['c'][:30]} is not known")
    try:
        domain = canonical(unfolded(tags.get("d", "")))
        selector = canonical(unfolded(tags.get("s", "")))
    except DomainNameError as error:
        raise SignatureError("signature-syntax", f"d= or s= is no name: {error}") from None
    signed = tuple(name.strip(" \t\r\n").lower() for name in tags.get("h", "").split(":"))
    if len(signed) > MAX_SIGNED:
        raise SignatureError("signature-syntax", f"h= names more than {MAX_SIGNED} header fields")
    try:
        return Signature(
            domain,
            selector,
            algorithm,
            header,
            body or "simple",
            signed,
            from_base64(tags.get("bh", "")),
            from_base64(tags.get("b", "")),
            unfolded(tags.get("i", "")),
            number(tags["l"]) if "l" in tags else None,
            number(tags["t"]) if "t" in tags else None,
            number(tags["x"]) if "x" in tags else None,
        )
    except TagError as error:
        raise SignatureError("signature-syntax", f"the signature can't be read: {error}") from None
