"""Amazon SES by Amazon SNS: RSA over some fields of the message.

Nothing is fetched: the secret is the certificate of ``SigningCertURL`` or its public key, as PEM, and has to
be set anew when SNS takes another. ``SigningCertURL`` is not signed; another place than SNS is refused all
the same.

Source: "Verifying the signatures of Amazon SNS messages"
(https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html): which fields, in which
order, with SHA-1 in version 1 and SHA-256 in version 2. That the time is checked is ours. SNS signs it once
and tries four times in a minute ("Amazon SNS message delivery retries"); a delivery policy of one's own may
go on for an hour, and of that what is older than five minutes is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes

from bouncewise.web.signatures.hook import Hook, SignatureError, octets
from bouncewise.web.signatures.keys import rsa_signed

_URL = re.compile(r"https://sns\.[a-z0-9-]{3,30}\.amazonaws\.com(?:\.cn)?/[A-Za-z0-9_./-]{1,200}\.pem\Z")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_FIELDS = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}


def amazon_sns(hook: Hook, secret: str) -> None:
    """RSA; the secret is the certificate of ``SigningCertURL`` or its key, as PEM."""
    told = hook.json()
    if not _URL.match(str(told.get("SigningCertURL", ""))):
        raise SignatureError("SigningCertURL is none of Amazon SNS")
    version = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(str(told.get("SignatureVersion")))  # noqa: S303 - theirs
    if version is None:
        raise SignatureError("SignatureVersion is neither 1 nor 2")
    signed = _signed(told)
    hook.near(_seconds(told["Timestamp"]))
    rsa_signed(secret, str(told.get("Signature", "")), signed, version)


def _signed(told: Mapping[str, Any]) -> bytes:
    """The fields that are signed; a message without a subject does not have that line."""
    names = _FIELDS.get(str(told.get("Type")))
    if names is None:
        raise SignatureError("Type is none of Amazon SNS")
    present = [name for name in names if name != "Subject" or told.get(name) is not None]
    for name in present:
        if not isinstance(told.get(name), str):
            raise SignatureError(f"{name} is missing in the body")
    return octets("".join(f"{name}\n{told[name]}\n" for name in present))


def _seconds(text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.timestamp()
    except (ValueError, OverflowError):
        pass
    raise SignatureError("Timestamp is no time")
