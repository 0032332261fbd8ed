"""Keys in DNS.

Sources: RFC 6376 sections 3.6.1 and 6.1.2, RFC 8301 section 3.2 (sizes), RFC 8463 section 4 (ed25519).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from bouncewise.checks.dkim.tags import TagError, from_base64, parse_tags, unfolded
from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.names import DomainNameError, canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LEAST_BITS = 1024
MOST_BITS = 8192  # more costs a verifier much and brings nothing
MAX_RECORD = 16_384
_LOOKS_LIKE_KEY = re.compile(r"(?:^|;)\s*(?:p|k|v)\s*=", re.IGNORECASE)


class DkimKeyError(ValueError):
    """A key that can't be used.

    Attributes:
        code: a slug (``no-key``, ``key-revoked``, ``key-syntax``, ``key-type``, ``weak-key``, ...).
        temporary: DNS failed, and another time may tell.
    """

    def __init__(self, code: str, says: str, *, temporary: bool = False) -> None:
        super().__init__(says)
        self.code = code
        self.temporary = temporary


class Key(msgspec.Struct, frozen=True):
    """A key record.

    Attributes:
        text: the record.
        kind: ``rsa`` or ``ed25519``.
        octets: of the public key.
        bits: its size.
        hashes: what ``h=`` allows; () for all.
        services: what ``s=`` names.
        testing: ``t=y``.
        strict: ``t=s``: no subdomains in ``i=``.
    """

    text: str
    kind: str
    octets: bytes
    bits: int
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ("*",)
    testing: bool = False
    strict: bool = False


def key_name(selector: str, domain: str) -> str:
    """The name that holds a key.

    Raises:
        DomainNameError: selector or domain are no names.
    """
    return canonical(f"{selector}._domainkey.{domain}")


async def ask_key(selector: str, domain: str, resolver: Resolver) -> Answer:
    """Ask for a key."""
    try:
        name = key_name(selector, domain)
    except DomainNameError as error:
        return Answer(f"{selector[:60]}._domainkey", "TXT", Status.MALFORMED, detail=str(error))
    return await resolver.ask(name, "TXT")


def key_of(answer: Answer) -> Key:
    """The key that an answer holds.

    Raises:
        DkimKeyError: there is none that can be used.
    """
    if answer.status in (Status.NXDOMAIN, Status.NODATA):
        via = f" (by way of {answer.aliases[-1]})" if answer.aliases else ""
        raise DkimKeyError("no-key", f"there is no key at {answer.name}{via}")
    if answer.failed:
        says = f"{answer.name} can't be asked: {answer.detail or answer.status}"
        raise DkimKeyError("dns-fault", says, temporary=True)
    texts = [octets[:MAX_RECORD].decode("utf-8", "replace") for octets in answer.texts[:20]]
    candidates = [text for text in texts if _LOOKS_LIKE_KEY.search(text)] or texts
    if len(candidates) > 1:
        raise DkimKeyError(
            "several-keys", f"{answer.name} holds {len(candidates)} records; one key is allowed"
        )
    if not candidates:
        raise DkimKeyError("no-key", f"there is no key at {answer.name}")
    return parse_key(candidates[0])


def parse_key(text: str) -> Key:
    """A key record.

    Raises:
        DkimKeyError: it can't be used.
    """
    try:
        tags = parse_tags(text)
    except TagError as error:
        raise DkimKeyError("key-syntax", f"the key record can't be read: {error}") from None
    if "v" in tags:
        if tags["v"] != "DKIM1":
            raise DkimKeyError("key-version", f"the key record is of version {tags['v'][:20]} and not DKIM1")
        if not text.lstrip().startswith("v"):
            raise DkimKeyError("key-version", "v=DKIM1 stands in the record, but not at its beginning")
    if "p" not in tags:
        raise DkimKeyError("key-syntax", "the key record has no p=, so no key")
    if not unfolded(tags["p"]):
        raise DkimKeyError("key-revoked", "the key was revoked: p= is empty")
    kind = tags.get("k", "rsa").lower()
    try:
        octets = from_base64(tags["p"])
    except TagError as error:
        raise DkimKeyError("key-syntax", f"the key in p= can't be read: {error}") from None
    flags = [flag.strip() for flag in tags.get("t", "").split(":")]
    return Key(
        text,
        kind,
        octets,
        _bits(kind, octets),
        tuple(word.strip().lower() for word in tags["h"].split(":")) if tags.get("h") else (),
        tuple(word.strip().lower() for word in tags.get("s", "*").split(":")),
        "y" in flags,
        "s" in flags,
    )


def _bits(kind: str, octets: bytes) -> int:
    if kind == "ed25519":
        if len(octets) != 32:
            raise DkimKeyError("key-syntax", f"an ed25519 key has 32 octets and not {len(octets)}")
        return 256
    if kind != "rsa":
        raise DkimKeyError("key-type", f"a key of type {kind[:20]} is not known")
    return rsa_key(octets).key_size


def rsa_key(octets: bytes) -> RSAPublicKey:
    """An RSA key, as SubjectPublicKeyInfo or as the bare RSAPublicKey that RFC 6376 names.

    Raises:
        DkimKeyError: it is none, or too large.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    if len(octets) > MOST_BITS // 8 + 100:
        raise DkimKeyError(
            "key-syntax", f"the key has {len(octets)} octets, far more than any RSA key in use"
        )
    try:
        key = load_der_public_key(octets)
    except Exception as fault:
        raise DkimKeyError("key-syntax", f"the key in p= is no RSA key ({str(fault)[:80]})") from None
    if not isinstance(key, RSAPublicKey):
        raise DkimKeyError("key-type", "the key in p= is no RSA key")
    return key


def ed25519_key(octets: bytes) -> Ed25519PublicKey:
    """An ed25519 key.

    Raises:
        DkimKeyError: it is none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        return Ed25519PublicKey.from_public_bytes(octets)
    except ValueError:
        raise DkimKeyError("key-syntax", "the key in p= is no ed25519 key") from None


def verifies(key: Key, algorithm: str, signature: bytes, signed: bytes) -> bool:
    """Whether a signature fits.

    Args:
        key: the key.
        algorithm: ``rsa-sha256``, ``rsa-sha1`` or ``ed25519-sha256``.
        signature: its octets.
        signed: what was signed, in canonical form.

    Raises:
        DkimKeyError: the key can't be used.
    """
    import hashlib  # noqa: PLC0415

    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    try:
        if key.kind == "ed25519":
            ed25519_key(key.octets).verify(signature, hashlib.sha256(signed).digest())
        else:
            kind = hashes.SHA1() if algorithm.endswith("sha1") else hashes.SHA256()  # noqa: S303
            rsa_key(key.octets).verify(signature, signed, padding.PKCS1v15(), kind)
    except InvalidSignature:
        return False
    return True
