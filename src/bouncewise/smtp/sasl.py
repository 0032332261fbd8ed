"""Authentication exchanges, from the server's side and from the client's.

Each mechanism is a generator: it yields what it says to the peer and is sent what the peer says. A server's
ends with what the peer claims; whether that is right is for whoever knows the passwords.

Sources: RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN), RFC 2195 (CRAM-MD5), RFC 5802 and 7677
(SCRAM-SHA-256), RFC 7628 (OAUTHBEARER); XOAUTH2 as Google documents it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Generator

import msgspec

Exchange = Generator[bytes, bytes, "Claim"]
MAX_NAME = 512
_SCRAM_FIRST = re.compile(r"([nyp])(?:=[^,]*)?,(?:a=[^,]*)?,(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+))(?:,.*)?\Z")
_SCRAM_FINAL = re.compile(
    r"(c=([A-Za-z0-9+/=]*),r=([\x21-\x2b\x2d-\x7e]+))(?:,[^p][^,]*)*,p=([A-Za-z0-9+/=]+)\Z"
)
_BEARER = re.compile(r"(?:^|\x01)auth=Bearer ([\x21-\x7e]+)\x01", re.IGNORECASE)
_USER = re.compile(r"(?:^|,)(?:user|a)=([^\x01,]+)[\x01,]")


class SaslError(ValueError):
    """The peer said what the mechanism does not allow (501 5.5.2)."""


class Claim(msgspec.Struct, frozen=True):
    """What a peer claims to know.

    Attributes:
        user: who it says it is.
        proves: given the password of that user, whether the peer knows it.
        token: of OAUTHBEARER and XOAUTH2, in place of a password; else "".
    """

    user: str
    proves: Callable[[str], bool]
    token: str = ""


def plain() -> Exchange:
    """PLAIN (RFC 4616)."""
    said = yield b""
    parts = said.split(b"\0")
    if len(parts) != 3 or not parts[1]:
        raise SaslError("PLAIN wants an identity, a name and a password, parted by NUL")
    password = _text(parts[2])
    return Claim(_text(parts[1]), lambda known: _same(known, password))


def login() -> Exchange:
    """LOGIN."""
    user = _text((yield b"Username:"))
    password = _text((yield b"Password:"))
    return Claim(user, lambda known: _same(known, password))


def cram_md5(challenge: bytes) -> Exchange:
    """CRAM-MD5 (RFC 2195).

    Args:
        challenge: ``<random@host>``, never used twice.
    """
    said = _text((yield challenge))
    user, _, digest = said.rpartition(" ")
    if not user or len(digest) != 32:
        raise SaslError("CRAM-MD5 wants a name and a digest")

    def proves(known: str) -> bool:
        wanted = hmac.new(known.encode(), challenge, "md5").hexdigest()
        return hmac.compare_digest(wanted, digest.lower())

    return Claim(user, proves)


class Scram(msgspec.Struct, frozen=True):
    """What a server knows of a SCRAM user: the salt and how often it is hashed."""

    salt: bytes
    rounds: int = 4096


def scram_sha_256(nonce: str, known: Scram, password_of: Callable[[str], str | None]) -> Exchange:
    """SCRAM-SHA-256 (RFC 5802, 7677), without channel binding.

    The server proves itself too, so it needs the password within the exchange.

    Args:
        nonce: the server's part, never used twice.
        known: the salt.
        password_of: the password of a user, or None; a user who is not there is led on as if it were.
    """
    first = _text((yield b""))
    match = _SCRAM_FIRST.match(first)
    if not match or match[1] == "p":
        raise SaslError("the first message of SCRAM can't be read, or asks for channel binding")
    user = match[3].replace("=2C", ",").replace("=3D", "=")
    both = match[4] + nonce
    told = f"r={both},s={base64.b64encode(known.salt).decode()},i={known.rounds}"
    final = _text((yield told.encode()))
    last = _SCRAM_FINAL.match(final)
    gs2 = first[: first.index(match[2])]
    if not last or last[3] != both or _decoded(last[2]) != gs2.encode():
        raise SaslError("the last message of SCRAM does not fit the first")
    password = password_of(user)
    salted = hashlib.pbkdf2_hmac("sha256", (password or "").encode(), known.salt, known.rounds)
    signed = f"{match[2]},{told},{last[1]}".encode()
    key = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(key).digest()
    proof = bytes(a ^ b for a, b in zip(key, hmac.digest(stored, signed, "sha256"), strict=True))
    right = password is not None and hmac.compare_digest(proof, _decoded(last[4]))
    if right:
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        yield b"v=" + base64.b64encode(server)
    return Claim(user, lambda _known: right)


def bearer() -> Exchange:
    """OAUTHBEARER (RFC 7628) and XOAUTH2."""
    said = _text((yield b""))
    token, user = _BEARER.search(said), _USER.search(said)
    if not token or not user:
        raise SaslError("a user and auth=Bearer are wanted")
    given = token[1]
    return Claim(user[1], lambda known: _same(known, given), given)


def decode_line(line: bytes) -> bytes:
    """A line of an exchange; ``*`` gives it up (RFC 4954 section 4).

    Raises:
        SaslError: it is not base64.
    """
    if line == b"*":
        raise SaslError("the client gave up")
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        raise SaslError("the line is not base64") from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SaslError("a part is not base64") from None


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SaslError("not UTF-8") from None


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode())
