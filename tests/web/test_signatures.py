"""Webhooks: what a service signed is taken, anything else is not, and nothing breaks."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.web.hooks import services
from bouncewise.web.signatures import SERVICES, Hook, SignatureError, signs, verify

NOW = 1_777_593_600.0
TIME = str(int(NOW) - 10)
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BODY = b'[{"event":"bounce","email":"bob@example.net"}]'
URL = "https://bounces.example.com/api/webhooks/mandrill"
SNS = {
    "Type": "Notification", "MessageId": "m1", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "{}\n\u00e4",
    "Timestamp": "2026-05-01T00:00:00.000Z", "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/cert.pem",
    "SignatureVersion": "2",
}  # fmt: skip
CONFIRM = {**SNS, "Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://sns.example/"}
SNS_UNSIGNED = ("SigningCertURL", "SignatureVersion", "Signature")
SENDGRID = "x-twilio-email-event-webhook-"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _mac(secret: bytes, data: bytes, kind: str = "sha256") -> hmac.HMAC:
    return hmac.new(secret, data, kind)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plan = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    plan = plan.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(365))
    return plan.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return _b64(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _rsa(data: bytes, kind: hashes.HashAlgorithm) -> str:
    return _b64(RSA.sign(data, padding.PKCS1v15(), kind))


def _sendgrid(time: str = TIME, key: ec.EllipticCurvePrivateKey = EC) -> dict[str, str]:
    signature = _b64(key.sign(time.encode() + BODY, ec.ECDSA(hashes.SHA256())))
    return {f"{SENDGRID}timestamp": time, f"{SENDGRID}signature": signature}


def _mailgun(name: str = "signature", **told: Any) -> bytes:
    told = {"timestamp": TIME, "token": "t", **told}
    right = _mac(b"key", f"{told['timestamp']}{told['token']}".encode()).hexdigest()
    return json.dumps({"signature": {"signature": "of another key", **told, name: right}}).encode()


def _resend(key: bytes = b"secret") -> str:
    return "v1," + _b64(_mac(key, f"i.{TIME}.".encode() + BODY).digest())


def _sns(fields: Mapping[str, str] = SNS) -> bytes:
    """A message of SNS, signed over all fields that it has and that may be signed."""
    signed = "".join(f"{name}\n{fields[name]}\n" for name in sorted(fields) if name not in SNS_UNSIGNED)
    kind = hashes.SHA1() if fields["SignatureVersion"] == "1" else hashes.SHA256()
    return json.dumps({**fields, "Signature": _rsa(signed.encode(), kind)}, ensure_ascii=False).encode()


def _unisender() -> bytes:
    raw = b'{"auth":"KEY","events_by_user":[]}'
    return raw.replace(b"KEY", md5(raw, usedforsecurity=False).hexdigest().encode())


def _mandrill(form: bytes) -> dict[str, str]:
    fields = "".join(name + value for name, value in sorted(parse_qsl(form.decode(), keep_blank_values=True)))
    return {"x-mandrill-signature": _b64(_mac(b"key", (URL + fields).encode(), "sha1").digest())}


FORM = urlencode({"mandrill_events": BODY.decode() + "\u00e4", "b": "2", "a": ""}).encode()
SVIX_SECRET = "whsec_" + _b64(b"secret")
SVIX = {"svix-id": "i", "svix-timestamp": TIME, "svix-signature": _resend()}
CASES: list[tuple[str, str, dict[str, str], bytes]] = [
    ("sendgrid", _der(EC), _sendgrid(), BODY),
    ("sendgrid", _pem(EC), _sendgrid(), BODY),
    ("mailgun", "key", {}, _mailgun()),
    ("mailgun", "key", {}, _mailgun("parent-signature")),
    ("mailgun", "key", {}, _mailgun(timestamp=int(TIME))),
    ("resend", SVIX_SECRET, SVIX, BODY),
    ("mailersend", "key", {"signature": _mac(b"key", BODY).hexdigest()}, BODY),
    ("mailtrap", "k\u00e9y", {"mailtrap-signature": _mac("k\u00e9y".encode(), BODY).hexdigest()}, BODY),
    ("mandrill", "key", _mandrill(FORM), FORM),
    ("unisender_go", "KEY", {}, _unisender()),
    ("amazon_ses", _pem(RSA), {}, _sns()),
    ("amazon_ses", _certificate(RSA), {}, _sns({**SNS, "SignatureVersion": "1"})),
    ("amazon_ses", _pem(RSA), {}, _sns({**SNS, "Subject": "s"})),
    ("amazon_ses", _pem(RSA), {}, _sns(CONFIRM)),
    ("postal", _der(RSA), {"x-postal-signature": _rsa(BODY, hashes.SHA1())}, BODY),
    ("postal", _pem(RSA).replace("\n", "\\n"), {"x-postal-signature-256": _rsa(BODY, hashes.SHA256())}, BODY),
    ("postmark", "user:password", {"authorization": "Basic " + _b64(b"user:password")}, BODY),
    ("brevo", "token", {"authorization": "Bearer token"}, BODY),
]  # fmt: skip
table = pytest.mark.parametrize(("service", "secret", "headers", "body"), CASES)


def hook(headers: Mapping[str, str], body: bytes, now: float = NOW) -> Hook:
    return Hook(headers=headers, body=body, url=URL, now=now)


def refused(service: str, it: Hook, secret: str, words: str = "") -> None:
    with pytest.raises(SignatureError, match=words or ".") as told:
        verify(service, it, secret)
    assert str(told.value)


def meaning(service: str, body: bytes) -> object:
    """What of a body is signed: what else changes in it may not be noticed."""
    try:
        if service == "mailgun":
            return json.loads(body)["signature"]
        if service == "amazon_ses":
            return {name: told for name, told in json.loads(body).items() if name != "SigningCertURL"}
        if service == "mandrill":
            return sorted(parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return "" if service in ("postmark", "brevo") else body


def changes(octets: bytes) -> list[bytes]:
    """Each octet changed in three ways."""
    flips = ((at, flip) for at in range(len(octets)) for flip in (0x01, 0x20, 0x80))
    return [octets[:at] + bytes([octets[at] ^ flip]) + octets[at + 1 :] for at, flip in flips]


@table
def test_what_the_service_signed_is_taken(
    service: str, secret: str, headers: dict[str, str], body: bytes
) -> None:
    verify(service, hook(headers, body), secret)


@table
def test_a_body_with_one_octet_changed_is_not(
    service: str, secret: str, headers: dict[str, str], body: bytes
) -> None:
    signed = meaning(service, body)
    for changed in changes(body):
        if meaning(service, changed) != signed and not _only_the_other_signature(service, body, changed):
            refused(service, hook(headers, changed), secret)


def _only_the_other_signature(service: str, body: bytes, changed: bytes) -> bool:
    """Mailgun: of its two signatures the one that is by another key."""
    if service != "mailgun" or b"parent-signature" not in body or b"parent-signature" not in changed:
        return False
    old, new = meaning(service, body), meaning(service, changed)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return all(new.get(name) == old[name] for name in ("timestamp", "token", "parent-signature"))


@table
def test_a_header_with_one_octet_changed_is_not(
    service: str, secret: str, headers: dict[str, str], body: bytes
) -> None:
    for name, value in headers.items():
        start = value.index(" ") + 1 if name == "authorization" else 0
        for changed in changes(value[start:].encode()):
            other = value[:start] + changed.decode("latin-1")
            refused(service, hook({**headers, name: other}, body), secret)


@table
def test_a_header_that_is_missing(service: str, secret: str, headers: dict[str, str], body: bytes) -> None:
    for name in headers:
        without = {other: value for other, value in headers.items() if other != name}
        refused(service, hook(without, body), secret, "header field .* is missing")
        refused(service, hook({**headers, name: " "}, body), secret, "header field .* is missing")


@table
def test_another_secret(service: str, secret: str, headers: dict[str, str], body: bytes) -> None:
    for other in ("another", "whsec_" + _b64(b"other"), _pem(ec.generate_private_key(ec.SECP384R1()))):
        refused(service, hook(headers, body), other)
    for none in ("", " ", "\n"):
        refused(service, hook(headers, body), none, "no secret is set")


EMPTY = [
    ("mailersend", {"signature": _mac(b"", BODY).hexdigest()}, BODY),
    ("mailersend", {"signature": _mac(b" ", BODY).hexdigest()}, BODY),
    ("resend", {**SVIX, "svix-signature": _resend(b"")}, BODY),
    ("unisender_go", {}, b'{"auth":"d41d8cd98f00b204e9800998ecf8427e"}'),
    ("brevo", {"authorization": "Bearer"}, BODY),
    ("brevo", {"authorization": "Basic"}, BODY),
]


@pytest.mark.parametrize(("service", "headers", "body"), EMPTY)
@pytest.mark.parametrize("secret", ["", " ", "whsec_"])
def test_a_signature_with_no_secret_is_worth_nothing(
    service: str, headers: dict[str, str], body: bytes, secret: str
) -> None:
    refused(service, hook(headers, body), secret)


@pytest.mark.parametrize("service", ["sendgrid", "mailgun", "resend", "amazon_ses"])
@pytest.mark.parametrize("away", [-1000.0, -311.0, 301.0, 1000.0, float("nan"), float("inf")])
def test_a_webhook_that_somebody_kept_is_not_taken_again(service: str, away: float) -> None:
    case = next(case for case in CASES if case[0] == service)
    refused(service, hook(case[2], case[3], NOW + away), case[1], "five minutes")


@pytest.mark.parametrize("service", ["sendgrid", "mailgun", "resend", "amazon_ses"])
@pytest.mark.parametrize("away", [-290.0, 289.0])
def test_a_clock_that_is_a_little_wrong(service: str, away: float) -> None:
    case = next(case for case in CASES if case[0] == service)
    verify(service, hook(case[2], case[3], NOW + away), case[1])


@pytest.mark.parametrize("time", ["", "x", "-1", "1e9", "1777593600.5", "\u0661", "9" * 13, "1_777_593_600"])
def test_a_time_that_is_none(time: str) -> None:
    refused("sendgrid", hook(_sendgrid(time), BODY), _der(EC))
    refused("mailgun", hook({}, _mailgun(timestamp=time)), "key", "no number of seconds")


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/c.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/c.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/c.pem",
        "https://sns.evil.example/.amazonaws.com/c.pem",
        "http://sns.eu-west-1.amazonaws.com/c.pem",
        "https://sns.eu-west-1.amazonaws.com/c.pem\n",
        "https://sns.eu-west-1.amazonaws.com/c.pem?x",
        "https://s3.eu-west-1.amazonaws.com/c.pem",
        "",
    ],
)
def test_a_certificate_from_elsewhere(url: str) -> None:
    refused("amazon_ses", hook({}, _sns({**SNS, "SigningCertURL": url})), _pem(RSA), "SigningCertURL")


SNS_FAULTS: list[tuple[dict[str, str], str]] = [
    ({"Type": "Other"}, "Type"),
    ({"SignatureVersion": "3"}, "SignatureVersion"),
    ({"Timestamp": "2026-05-01T00:00:00"}, "Timestamp is no time"),
    ({"Timestamp": "yesterday"}, "Timestamp is no time"),
    ({"Type": "SubscriptionConfirmation"}, "SubscribeURL is missing"),
]


@pytest.mark.parametrize(("fields", "words"), SNS_FAULTS)
def test_a_message_that_sns_does_not_send(fields: dict[str, str], words: str) -> None:
    refused("amazon_ses", hook({}, _sns({**SNS, **fields})), _pem(RSA), words)


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "TopicArn"])
def test_a_field_that_sns_signs_cannot_be_left_out(name: str) -> None:
    rest = {field: value for field, value in SNS.items() if field != name}
    refused("amazon_ses", hook({}, _sns(rest)), _pem(RSA), f"{name} is missing")


@pytest.mark.parametrize(
    "form",
    [
        b"mandrill_events=2&mandrill_events=1",
        b"mandrill_events%5B=%5D",
        b"a=1",
        b"",
        b"mandrill_events=\xff",
        b"mandrill_events=1" + b"&a=1" * 200,
    ],
)
def test_a_form_that_could_be_read_otherwise(form: bytes) -> None:
    refused("mandrill", hook({"x-mandrill-signature": "a"}, form), "key", "no web form")
    if form.isascii() and len(form) < 100:
        refused("mandrill", hook(_mandrill(form), form), "key", "no web form")


def test_a_body_to_which_something_is_appended() -> None:
    for more in (b"{}", b"\x80\x00", b"\n[]"):
        refused("unisender_go", hook({}, _unisender() + more), "KEY", "no JSON")


@pytest.mark.parametrize("several", ["v1,AAAA {}", "{} v1,AAAA", "v2,x {} v1a,y", "v1a,AAAA,,  {}"])
def test_one_of_several_signatures_is_right(several: str) -> None:
    verify(
        "resend", hook({**SVIX, "svix-signature": several.format(SVIX["svix-signature"])}, BODY), SVIX_SECRET
    )


@pytest.mark.parametrize("kind", ["v2", "v1a", "", "V1"])
def test_a_signature_of_another_version(kind: str) -> None:
    other = SVIX["svix-signature"].replace("v1", kind, 1)
    refused("resend", hook({**SVIX, "svix-signature": other}, BODY), SVIX_SECRET, "wrong")


def test_a_token_that_is_missing() -> None:
    refused("mailgun", hook({}, _mailgun(token=None)), "key", "token is missing")
    refused("mailgun", hook({}, _mailgun(token="")), "key", "token is missing")


def test_the_wrong_kind_of_key() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    refused("sendgrid", hook(_sendgrid(key=other), BODY), _der(other), "P-256")
    refused("sendgrid", hook(_sendgrid(), BODY), _der(RSA), "P-256")
    refused("postal", hook({"x-postal-signature": "AAAA"}, BODY), _der(EC), "RSA")


def test_another_spelling_of_the_same_octets() -> None:
    right = _rsa(BODY, hashes.SHA256())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = right[:-3] + letters[letters.index(right[-3]) + 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(right)
    refused("postal", hook({"x-postal-signature-256": other}, BODY), _pem(RSA), "base64")


def test_sha_256_is_not_passed_by() -> None:
    both = {"x-postal-signature": _rsa(BODY, hashes.SHA1()), "x-postal-signature-256": "AAAA"}
    refused("postal", hook(both, BODY), _pem(RSA), "wrong")


@pytest.mark.parametrize("kind", ["Digest", "token", "Basic,", ""])
def test_another_kind_of_authorization(kind: str) -> None:
    refused("postmark", hook({"authorization": f"{kind} token"}, BODY), "token")


def test_all_that_sign_are_services_that_are_read() -> None:
    assert set(SERVICES) <= {case[0] for case in CASES} <= set(services())
    assert signs("mailgun")
    assert not signs("postmark")
    assert not signs("")


ANY = st.text(st.characters(), max_size=60)  # with lone surrogates, which UTF-8 cannot hold
NAMES = sorted({name for case in CASES for name in case[2]})
VALUES = st.one_of(ANY, st.just(TIME), st.sampled_from([v for case in CASES for v in case[2].values()]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.just(TIME),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["token", "x"]), inner),
    max_leaves=6,
)
FIELDS = [*CONFIRM, "Signature", "Subject", "auth", "signature"]
OBJECTS = st.dictionaries(
    st.sampled_from(FIELDS),
    JSON | st.fixed_dictionaries(dict.fromkeys(("timestamp", "token", "signature"), JSON)),
)
BODIES = st.one_of(
    st.binary(max_size=100),
    st.sampled_from([case[3] for case in CASES]),
    OBJECTS.map(lambda told: json.dumps(told).encode()),
    OBJECTS.map(lambda told: json.dumps({**SNS, **told}).encode()),
)
SECRETS = st.one_of(ANY, st.sampled_from([case[1] for case in CASES]))
BEGUN = ANY.map(lambda text: f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----")


@given(
    st.sampled_from(sorted({case[0] for case in CASES})) | ANY,
    st.dictionaries(st.sampled_from(NAMES), VALUES),
    BODIES,
    SECRETS | BEGUN,
    ANY,
    st.floats() | st.just(NOW),
)
def test_anything_is_refused_and_breaks_nothing(
    service: str, headers: dict[str, str], body: bytes, secret: str, url: str, now: float
) -> None:
    try:
        verify(service, Hook(headers=headers, body=body, url=url, now=now), secret)
    except SignatureError as fault:
        assert str(fault)


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"auth":' + b"[" * 200_000, b"\xff", b"[]", b'{"auth":"\\ud800"}']
)
@pytest.mark.parametrize("service", ["mailgun", "unisender_go", "amazon_ses"])
def test_a_body_that_is_no_object(service: str, body: bytes) -> None:
    refused(service, hook({}, body), "key")
