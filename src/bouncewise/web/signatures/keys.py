"""Services that sign with a private key.

Sources: Twilio SendGrid "Getting started with the Event Webhook security features" (ECDSA P-256 over
timestamp and body); Amazon SNS "Verifying the signatures of Amazon SNS messages" (RSA over fields of the
message, version 1 with SHA-1, version 2 with SHA-256). From memory, without a page to show: Postal (RSA
over the body).
"""

from __future__ import annotations

import re
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from bouncewise.web.signatures.hook import Hook, SignatureError, decoded, wrong

_SENDGRID = "x-twilio-email-event-webhook-"
_SNS_HOST = re.compile(r"https://sns\.[a-z0-9-]{3,30}\.amazonaws\.com(?:\.cn)?/[\w./-]{1,200}\.pem\Z")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def sendgrid(hook: Hook, secret: str) -> None:
    """ECDSA; the secret is the verification key, as SendGrid shows it."""
    time = hook.header(f"{_SENDGRID}timestamp")
    hook.fresh(time)
    key = _key(secret)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SignatureError("the key is none of ECDSA; take the one that SendGrid shows")
    signed = time.encode("utf-8", "replace") + hook.body
    try:
        key.verify(decoded(hook.header(f"{_SENDGRID}signature")), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise wrong() from None


def amazon_sns(hook: Hook, secret: str) -> None:
    """RSA; the secret is the certificate of ``SigningCertURL`` or its key, as PEM: we fetch nothing."""
    told = hook.json()
    if not _SNS_HOST.match(str(told.get("SigningCertURL", ""))):
        raise SignatureError("SigningCertURL is none of Amazon SNS")
    names = _NOTIFICATION if told.get("Type") == "Notification" else _CONFIRMATION
    signed = "".join(f"{name}\n{told[name]}\n" for name in names if isinstance(told.get(name), str))
    version = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(str(told.get("SignatureVersion")))  # noqa: S303 - theirs
    if version is None:
        raise SignatureError("SignatureVersion is neither 1 nor 2")
    _rsa(secret, str(told.get("Signature", "")), signed.encode("utf-8", "replace"), version)


def postal(hook: Hook, secret: str) -> None:
    """RSA over the body; the secret is the server's public key."""
    if "x-postal-signature-256" in hook.headers:
        _rsa(secret, hook.header("x-postal-signature-256"), hook.body, hashes.SHA256())
    else:
        _rsa(secret, hook.header("x-postal-signature"), hook.body, hashes.SHA1())  # noqa: S303 - theirs


def _rsa(secret: str, signature: str, signed: bytes, version: hashes.HashAlgorithm) -> None:
    key = _key(secret)
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignatureError("the key is none of RSA; take the one that the service shows")
    try:
        key.verify(decoded(signature), signed, padding.PKCS1v15(), version)
    except InvalidSignature:
        raise wrong() from None


def _key(secret: str) -> Any:
    """A public key: PEM, a certificate, or base64 of DER."""
    text = secret.strip().replace("\\n", "\n")
    try:
        if "BEGIN CERTIFICATE" in text:
            return load_pem_x509_certificate(text.encode()).public_key()
        if "BEGIN " in text:
            return load_pem_public_key(text.encode())
        return load_der_public_key(decoded("".join(text.split())))
    except (ValueError, TypeError, UnsupportedAlgorithm, SignatureError):
        raise SignatureError("the secret that is set here is no public key") from None
