"""Services that sign with a private key.

Sources:

- Twilio SendGrid "Getting Started with the Event Webhook Security Features"
  (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features):
  ECDSA P-256 over timestamp and body. It names no window for the time; five minutes are ours.
- Postal's own ``lib/postal/http.rb`` and ``app/lib/signer.rb`` (https://github.com/postalserver/postal): RSA
  over the body, with SHA-256 in ``X-Postal-Signature-256`` and with SHA-1 in ``X-Postal-Signature``, which
  older releases send alone. Its body has a time, but of the event and not of the sending, so it is not
  checked.
"""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from bouncewise.web.signatures.hook import Hook, SignatureError, decoded, octets, wrong

_SENDGRID = "x-twilio-email-event-webhook-"


def sendgrid(hook: Hook, secret: str) -> None:
    """ECDSA; the secret is the verification key, as SendGrid shows it."""
    time = hook.header(f"{_SENDGRID}timestamp")
    hook.fresh(time)
    key = _key(secret)
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise SignatureError("the key is none of ECDSA P-256; take the one that SendGrid shows")
    signature = decoded(hook.header(f"{_SENDGRID}signature"))
    try:
        key.verify(signature, octets(time) + hook.body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise wrong() from None


def postal(hook: Hook, secret: str) -> None:
    """RSA over the body; the secret is the server's public key."""
    if "x-postal-signature-256" in hook.headers:
        rsa_signed(secret, hook.header("x-postal-signature-256"), hook.body, hashes.SHA256())
    else:
        rsa_signed(secret, hook.header("x-postal-signature"), hook.body, hashes.SHA1())  # noqa: S303 - theirs


def rsa_signed(secret: str, signature: str, signed: bytes, version: hashes.HashAlgorithm) -> None:
    """Check a signature of RSA with PKCS #1 v1.5.

    Args:
        secret: the public key.
        signature: base64.
        signed: what it is over.
        version: its hash.

    Raises:
        SignatureError: it does not fit, or cannot be checked.
    """
    key = _key(secret)
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignatureError("the key is none of RSA; take the one that the service shows")
    try:
        key.verify(decoded(signature), signed, padding.PKCS1v15(), version)
    except UnsupportedAlgorithm:
        raise SignatureError(f"this machine's OpenSSL does not check {version.name} any more") from None
    except (InvalidSignature, ValueError):
        raise wrong() from None


def _key(secret: str) -> Any:
    """A public key: PEM, a certificate, or base64 of DER."""
    text = secret.strip().replace("\\n", "\n")
    try:
        if "BEGIN CERTIFICATE" in text:
            return load_pem_x509_certificate(octets(text)).public_key()
        if "BEGIN " in text:
            return load_pem_public_key(octets(text))
        return load_der_public_key(decoded("".join(text.split())))
    except (ValueError, TypeError, UnsupportedAlgorithm, SignatureError):
        raise SignatureError("the secret that is set here is no public key") from None
