"""Signs messages, so that what verifies can be tried: one key of each kind for all tests."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bouncewise.checks.dkim.message import Field, parse_message, relaxed_body, simple_body
from bouncewise.checks.dkim.verify import chosen_fields

MESSAGE = (
    b"From: Ann <ann@example.com>\r\nTo: bob@example.net\r\nSubject: The minutes\r\n"
    b"Message-ID: <1@example.com>\r\nDate: Wed, 25 Nov 2026 10:00:00 +0000\r\n\r\nHello  Bob,\r\n\r\nbye \r\n\r\n"
)
NOW = 1_795_000_000.0


@cache
def rsa_key(bits: int = 1024) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ed_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def record(kind: str = "rsa", *, bits: int = 1024, extra: str = "") -> str:
    """The key record."""
    if kind == "ed25519":
        octets = (
            ed_key().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        )
    else:
        octets = (
            rsa_key(bits)
            .public_key()
            .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    return f"v=DKIM1; k={kind}; {extra}p={base64.b64encode(octets).decode()}"


def sign(
    message: bytes = MESSAGE,
    *,
    kind: str = "rsa",
    canon: str = "relaxed/relaxed",
    names: str = "from:to:subject:date:message-id",
    more: str = "",
    domain: str = "example.com",
    selector: str = "s1",
    name: bytes = b"DKIM-Signature",
    version: str = "v=1; ",
    bits: int = 1024,
) -> bytes:
    """The message with a signature above it."""
    parsed = parse_message(message)
    header, _, body = canon.partition("/")
    octets = relaxed_body(parsed.body) if body == "relaxed" else simple_body(parsed.body)
    digest = base64.b64encode(hashlib.sha256(octets).digest()).decode()
    tags = f"{version}a={kind}-sha256; c={canon}; d={domain}; s={selector}; {more}h={names}; bh={digest}; b="
    own = Field(name.lower(), name + b": " + tags.encode())
    chosen = chosen_fields(parsed.fields, names.lower().split(":"))
    form = Field.relaxed if header == "relaxed" else Field.simple
    signed = b"".join(form(field) + b"\r\n" for field in chosen) + form(own)
    return own.raw + base64.b64encode(raw_signature(kind, signed, bits)) + b"\r\n" + message


def raw_signature(kind: str, signed: bytes, bits: int = 1024) -> bytes:
    if kind == "ed25519":
        return ed_key().sign(hashlib.sha256(signed).digest())
    return rsa_key(bits).sign(signed, padding.PKCS1v15(), hashes.SHA256())
