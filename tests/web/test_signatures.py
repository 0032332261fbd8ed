"""Webhooks: what a service signed is taken, anything else is not, and nothing breaks."""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import md5, sha1, sha256
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.web.hooks import services
from bouncewise.web.signatures import Hook, SignatureError, signs, verify

NOW = 1_777_593_600.0
TIME = str(int(NOW) - 10)
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BODY = b'[{"event":"bounce","email":"bob@example.net"}]'
URL = "https://bounces.example.com/api/webhooks/mandrill"
SNS_FIELDS = {
    "Type": "Notification", "MessageId": "m1", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "{}",
    "Timestamp": "2026-05-01T00:00:00.000Z", "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/cert.pem",
    "SignatureVersion": "2",
}  # fmt: skip


def _mac(secret: bytes, data: bytes, kind: object = sha256) -> hmac.HMAC:
    return hmac.new(secret, data, kind)  # type: ignore[arg-type]


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _sns() -> bytes:
    signed = "".join(
        f"{n}\n{SNS_FIELDS[n]}\n" for n in ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    )
    return json.dumps(
        SNS_FIELDS | {"Signature": _b64(RSA.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}
    ).encode()


def _unisender() -> bytes:
    raw = b'{"auth":"KEY","events_by_user":[]}'
    return raw.replace(b"KEY", md5(raw, usedforsecurity=False).hexdigest().encode())


FORM = urlencode({"mandrill_events": BODY.decode(), "b": "2", "a": "1"}).encode()
CASES: list[tuple[str, str, dict[str, str], bytes]] = [
    ("sendgrid", _b64(EC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
     {"x-twilio-email-event-webhook-timestamp": TIME, "x-twilio-email-event-webhook-signature": _b64(EC.sign(TIME.encode() + BODY, ec.ECDSA(hashes.SHA256())))}, BODY),
    ("mailgun", "key", {}, json.dumps({"signature": {"timestamp": TIME, "token": "t", "signature": _mac(b"key", f"{TIME}t".encode()).hexdigest()}}).encode()),
    ("resend", "whsec_" + _b64(b"secret"), {"svix-id": "i", "svix-timestamp": TIME, "svix-signature": "v1,AAAA v1," + _b64(_mac(b"secret", f"i.{TIME}.".encode() + BODY).digest())}, BODY),
    ("mailersend", "key", {"signature": _mac(b"key", BODY).hexdigest()}, BODY),
    ("mailtrap", "key", {"mailtrap-signature": _mac(b"key", BODY).hexdigest()}, BODY),
    ("mandrill", "key", {"x-mandrill-signature": _b64(_mac(b"key", (URL + "a1b2mandrill_events" + BODY.decode()).encode(), sha1).digest())}, FORM),
    ("unisender_go", "KEY", {}, _unisender()),
    ("amazon_ses", _pem(RSA), {}, _sns()),
    ("postal", _pem(RSA), {"x-postal-signature": _b64(RSA.sign(BODY, padding.PKCS1v15(), hashes.SHA1()))}, BODY),
    ("postal", _pem(RSA), {"x-postal-signature-256": _b64(RSA.sign(BODY, padding.PKCS1v15(), hashes.SHA256()))}, BODY),
    ("postmark", "user:password", {"authorization": "Basic " + _b64(b"user:password")}, BODY),
    ("brevo", "token", {"authorization": "Bearer token"}, BODY),
]  # fmt: skip
IN_BODY = {"mailgun", "unisender_go", "amazon_ses"}


def hook(headers: dict[str, str], body: bytes, now: float = NOW) -> Hook:
    return Hook(headers=headers, body=body, url=URL, now=now)


@pytest.mark.parametrize(("service", "secret", "headers", "body"), CASES)
def test_what_the_service_signed_is_taken(
    service: str, secret: str, headers: dict[str, str], body: bytes
) -> None:
    verify(service, hook(headers, body), secret)


@pytest.mark.parametrize(("service", "secret", "headers", "body"), CASES)
def test_another_secret_header_or_body_is_not(
    service: str, secret: str, headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(SignatureError):
        verify(service, hook(headers, body), "another")
    for name in headers:
        with pytest.raises(SignatureError):
            verify(service, hook({**headers, name: headers[name][:-4] + "AAAA"}, body), secret)
        with pytest.raises(SignatureError):
            verify(service, hook({n: v for n, v in headers.items() if n != name}, body), secret)
    if "authorization" not in headers:
        at = (
            body.index(b'"token": "t') + 11
            if service == "mailgun"
            else body.index(b"2026")
            if service == "amazon_ses"
            else len(body) - 2
        )
        with pytest.raises(SignatureError):
            verify(service, hook(headers, body[:at] + b"#" + body[at + 1 :]), secret)


@pytest.mark.parametrize("service", ["sendgrid", "mailgun", "resend"])
@pytest.mark.parametrize("away", [-1000, 1000])
def test_a_webhook_that_somebody_kept_is_not_taken_again(service: str, away: float) -> None:
    case = next(case for case in CASES if case[0] == service)
    with pytest.raises(SignatureError, match="five minutes"):
        verify(service, hook(case[2], case[3], NOW + away), case[1])


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/c.pem",
        "http://sns.eu-west-1.amazonaws.com/c.pem",
        "https://evil.example/c.pem",
        "",
    ],
)
def test_a_certificate_from_elsewhere(url: str) -> None:
    body = json.dumps(json.loads(_sns()) | {"SigningCertURL": url}).encode()
    with pytest.raises(SignatureError, match="SigningCertURL"):
        verify("amazon_ses", hook({}, body), _pem(RSA))


def test_all_that_sign_are_services_that_are_read() -> None:
    assert {case[0] for case in CASES} <= set(services())
    assert signs("mailgun")
    assert not signs("postmark")


@given(
    st.sampled_from(sorted({case[0] for case in CASES})),
    st.dictionaries(st.sampled_from(sorted({n for case in CASES for n in case[2]})), st.text(max_size=60)),
    st.one_of(st.binary(max_size=100), st.sampled_from([case[3] for case in CASES])),
    st.text(max_size=40),
)
def test_anything_is_refused_and_breaks_nothing(
    service: str, headers: dict[str, str], body: bytes, secret: str
) -> None:
    try:
        verify(service, hook(headers, body), secret)
    except SignatureError as fault:
        assert str(fault)
