"""A webhook as it came, and what all ways to sign need."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

LATE = (
    300.0  # seconds that a signed time may be away from ours: a webhook that somebody kept is not taken again
)


class SignatureError(Exception):
    """A webhook that is not what its service sent; its words say why."""


class Hook(msgspec.Struct, frozen=True):
    """A webhook.

    Attributes:
        headers: by their names in small letters.
        body: as it came.
        url: as the service was told it.
        now: Unix seconds.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str = ""
    now: float = 0.0

    def header(self, name: str) -> str:
        """A header field.

        Raises:
            SignatureError: it is missing.
        """
        value = self.headers.get(name, "").strip()
        if not value:
            raise SignatureError(
                f"the header field {name} is missing; is signing switched on at the service?"
            )
        return value

    def json(self) -> dict[str, Any]:
        """The body as an object of JSON.

        Raises:
            SignatureError: it is none.
        """
        try:
            told = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise SignatureError("the body is no JSON") from None
        if not isinstance(told, dict):
            raise SignatureError("the body is no object of JSON")
        return told

    def fresh(self, seconds: object) -> None:
        """Check a signed time that is written as a number.

        Raises:
            SignatureError: it is none, or not now.
        """
        text = str(seconds)
        if not (text.isascii() and text.isdigit() and len(text) <= 12):
            raise SignatureError("the signed time is no number of seconds")
        self.near(int(text))

    def near(self, seconds: float) -> None:
        """Check a signed time.

        Raises:
            SignatureError: it is not now.
        """
        if not abs(self.now - seconds) <= LATE:
            raise SignatureError("the signed time is more than five minutes away; is the clock right?")


def same(told: str, right: str) -> None:
    """Compare signatures in a time that does not tell where they differ.

    Raises:
        SignatureError: they differ.
    """
    if not hmac.compare_digest(octets(told), octets(right)):
        raise wrong()


def wrong() -> SignatureError:
    """The signature does not fit."""
    return SignatureError("the signature is wrong; is the secret the one that the service shows?")


def octets(text: str) -> bytes:
    """Text as UTF-8; octets of an environment that are none come back as they were.

    Raises:
        SignatureError: it cannot be written so.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise SignatureError("the secret or a header field holds what is no text") from None


def decoded(text: str, what: str = "the signature") -> bytes:
    """Octets of base64 in its one right spelling: others stand for the same octets.

    Args:
        text: the base64.
        what: it is, for people.

    Raises:
        SignatureError: it is none.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError(f"{what} is no base64") from None
    if base64.b64encode(value).decode() != text:
        raise SignatureError(f"{what} is no base64 as it should be written")
    return value
