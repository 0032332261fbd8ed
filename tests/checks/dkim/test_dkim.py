"""DKIM: each failure with its own reason, keys, and dkimpy's verdict beside ours."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import dkim as dkimpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.checks.dkim.signing import MESSAGE, NOW, record, sign

from bouncewise.checks.dkim.check import check_dkim
from bouncewise.checks.dkim.key import DkimKeyError, parse_key
from bouncewise.checks.dkim.message import parse_message, relaxed_body, simple_body
from bouncewise.checks.dkim.selectors import common_selectors
from bouncewise.checks.dkim.verify import SignatureResult, verify_message
from bouncewise.checks.dns import Status
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

KEY = "s1._domainkey.example.com"


def zone_with(text: str | None = None) -> Zone:
    return Zone().add(KEY, "TXT", (record() if text is None else text).encode())


def verify(message: bytes, zone: Zone | None = None, **more: Any) -> SignatureResult:
    (found,) = asyncio.run(verify_message(message, zone or zone_with(), now=NOW, **more))
    return found


FORMS = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed", "relaxed", "simple"]


@pytest.mark.parametrize("canon", FORMS)
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_right_signature(canon: str, kind: str) -> None:
    message = sign(canon=canon, kind=kind)
    zone = zone_with(record(kind))
    assert verify(message, zone).result == "pass"
    assert verify(message.replace(b"\r\n", b"\n"), zone).result == "pass"  # as files keep it
    assert verify(b"From a@b Wed Nov 25\r\n" + message, zone).result == "pass"


def test_relaxed_bears_blanks_and_simple_does_not() -> None:
    changed = MESSAGE.replace(b"Hello  Bob,", b"Hello Bob,   ").replace(b"Subject: The", b"SUBJECT:  The")
    relaxed, simple = sign(), sign(canon="simple/simple")
    assert verify(relaxed.replace(MESSAGE, changed)).result == "pass"
    assert verify(simple.replace(MESSAGE, changed)).result == "fail"


def _tag(message: bytes, old: bytes, new: bytes) -> bytes:
    assert old in message
    return message.replace(old, new, 1)


CASES: list[tuple[str, bytes, Any, str, str]] = [
    ("body changed", sign().replace(b"Hello", b"Hallo"), None, "fail", "body-hash"),
    ("header changed", sign().replace(b"minutes", b"hours"), None, "fail", "signature"),
    ("other key", sign(), record(bits=1032), "fail", "signature"),
    ("expired", sign(more="t=1700000000; x=1700000100; "), None, "permerror", "expired"),
    ("in the future", sign(more=f"t={int(NOW) + 90_000}; "), None, "permerror", "in-future"),
    ("ends before it begins", sign(more="t=1700000000; x=1600000000; "), None, "permerror", "expired"),
    ("no key", sign(), Status.NXDOMAIN, "permerror", "no-key"),
    ("no such record", sign(), Status.NODATA, "permerror", "no-key"),
    ("servfail", sign(), Status.SERVFAIL, "temperror", "dns-fault"),
    ("timeout", sign(), Status.TIMEOUT, "temperror", "dns-fault"),
    ("revoked", sign(), "v=DKIM1; p=", "permerror", "key-revoked"),
    ("no p", sign(), "v=DKIM1; k=rsa", "permerror", "key-syntax"),
    ("no base64", sign(), "v=DKIM1; p=???", "permerror", "key-syntax"),
    ("no key in it", sign(), "v=DKIM1; p=AAAA", "permerror", "key-syntax"),
    ("other text", sign(), "hello world", "permerror", "key-syntax"),
    ("version", sign(), record().replace("DKIM1", "DKIM2"), "permerror", "key-version"),
    ("version not first", sign(), record()[len("v=DKIM1; ") :] + "; v=DKIM1", "permerror", "key-version"),
    ("hash", sign(), record(extra="h=sha1; "), "permerror", "hash-algorithm"),
    ("hash among others", sign(), record(extra="h=sha1:sha256; "), "pass", ""),
    ("type", sign(), record("ed25519"), "permerror", "key-type"),
    ("unknown type", sign(), "v=DKIM1; k=dsa; p=AAAA", "permerror", "key-type"),
    ("service", sign(), record(extra="s=tlsrpt; "), "permerror", "service-type"),
    ("strict", sign(more="i=@mail.example.com; "), record(extra="t=s; "), "permerror", "domain-mismatch"),
    ("not strict", sign(more="i=@mail.example.com; "), None, "pass", ""),
    ("identity", sign(more="i=@example.net; "), None, "permerror", "domain-mismatch"),
    ("no version", sign(version=""), None, "permerror", "missing-tag"),
    ("version 2", sign(version="v=2; "), None, "permerror", "version"),
    ("no bh", _tag(sign(), b"bh=", b"xx="), None, "permerror", "missing-tag"),
    ("from", sign(names="to:subject"), None, "permerror", "from-not-signed"),
    ("canon", _tag(sign(), b"c=relaxed/relaxed", b"c=loose/relaxed"), None, "permerror", "canonicalization"),
    ("algorithm", _tag(sign(), b"a=rsa-sha256", b"a=rsa-md5"), None, "permerror", "algorithm"),
    ("sha1", _tag(sign(), b"a=rsa-sha256", b"a=rsa-sha1"), None, "permerror", "sha1"),
    ("query", sign(more="q=dns/other; "), None, "permerror", "query"),
    ("syntax", _tag(sign(), b"d=example.com", b"d=example.com; d=example.com"), None, "permerror", "signature-syntax"),
    ("testing", sign(), record(extra="t=y; "), "pass", ""),
    ("unknown tags", sign(more="zz=1; "), record(extra="zz=1; "), "pass", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "message", "key", "result", "reason"), CASES, ids=[case[0] for case in CASES]
)
def test_each_failure_has_its_reason(what: str, message: bytes, key: Any, result: str, reason: str) -> None:
    zone = Zone()
    if isinstance(key, Status):
        if key in (Status.NODATA, Status.NXDOMAIN):
            zone.add("example.com" if key is Status.NXDOMAIN else KEY, "A", "192.0.2.1")
        else:
            zone.fail(KEY, "TXT", key)
    else:
        zone = zone_with(key)
    found = verify(message, zone)
    assert (found.result, found.reason) == (result, reason)
    assert found.says


def test_weak_keys_are_not_accepted() -> None:
    weak = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMEr7hM0dMmUvqGPKYMAWTGZ8JcR7zqz9tgRUeFbmpuEbKhB9oTY8fsG0OEOVkMEzhLSIQ0Q5EiCbBpCsjJ6LhkCAwEAAQ=="
    try:
        bits = parse_key(weak).bits
    except DkimKeyError:
        pytest.skip("this release of cryptography reads no small keys")
    assert bits == 512
    assert verify(sign(), zone_with(weak)).reason == "weak-key"


FOOTER = b"_____\r\nTo unsubscribe from this mailing list write to leave@example.org\r\n"


def test_what_a_mailing_list_did_is_told() -> None:
    assert "mailing list" in verify(sign() + FOOTER).says
    prefixed = sign().replace(b"Subject: The", b"Subject: [minutes] The")
    assert "[prefix]" in verify(prefixed).says


def test_a_length_leaves_the_end_unsigned() -> None:
    body = relaxed_body(parse_message(MESSAGE).body)
    message = sign(more=f"l={len(body)}; ")
    assert verify(message).result == "pass"
    finding = check(message + b"spam", zone_with())
    assert finding.outcome is Outcome.WARN
    assert finding.problems[0].code in ("body-length", "short-key")
    assert verify(sign(more="l=99999; ")).reason == "body-hash"


def test_of_several_fields_of_a_name_the_lowest_is_signed_first() -> None:
    message = sign(names="from:subject")
    assert verify(b"Subject: another\r\n" + message).result == "pass"
    assert (
        verify(sign(names="from:subject:subject").replace(MESSAGE, b"Subject: x\r\n" + MESSAGE)).result
        == "fail"
    )


def test_the_header_alone() -> None:
    head = sign().partition(b"\r\n\r\n")[0]
    found = verify(head, whole=False)
    assert (found.result, found.reason) == ("neutral", "body-missing")
    assert verify(head.replace(b"minutes", b"hours"), whole=False).reason == "signature"


def check(message: bytes = b"", zone: Zone | None = None, **more: Any) -> Finding:
    subject = Subject(domain="example.com", message=message, **more)
    return asyncio.run(check_dkim(subject, zone or Zone(), now=NOW))


def test_one_of_several_signatures_is_enough() -> None:
    two = sign(sign(), domain="other.example", selector="x")
    finding = check(two, zone_with())
    assert finding.outcome in (Outcome.PASS, Outcome.WARN)
    assert finding.facts["passed"] == ["example.com"]
    assert check(MESSAGE).result == "none"


def test_keys_by_selector() -> None:
    zone = zone_with(record(bits=2048)).add("old._domainkey.example.com", "TXT", b"v=DKIM1; p=")
    assert check(zone=zone, selectors=("s1",)).outcome is Outcome.PASS
    assert check(zone=zone, selectors=("old",)).result == "key-revoked"
    assert check(zone=zone, selectors=("new",)).result == "no-key"
    assert check(zone=zone_with(), selectors=("s1",)).problems[0].code == "short-key"
    assert check(zone=Zone().fail(KEY), selectors=("s1",)).outcome is Outcome.UNKNOWN


def test_a_key_that_a_panel_spoilt_is_mended() -> None:
    text = record()
    spoilt = f'"{text[:100]}" "{text[100:]}"'
    finding = check(zone=zone_with(spoilt), selectors=("s1",))
    assert finding.mends[0].publish == (text,)


def test_common_selectors_are_looked_for() -> None:
    assert check().result == "not-found"
    found = check(zone=Zone().add("google._domainkey.example.com", "TXT", record(bits=2048).encode()))
    assert found.outcome is Outcome.PASS
    assert "Google" in found.says
    wild = check(zone=Zone().add("*.example.com", "TXT", record().encode()))
    assert wild.result == "wildcard"
    assert len(common_selectors()) >= 40


def _dkimpy(message: bytes, zone: Zone) -> bool:
    def dns(name: bytes, timeout: int = 5) -> bytes | None:
        answer = zone.answer(name.decode("latin-1").rstrip("."), "TXT")
        return answer.texts[0] if answer.texts else None

    quiet = logging.getLogger("dkim-test")
    quiet.setLevel(logging.CRITICAL)
    try:
        return bool(dkimpy.verify(message, dnsfunc=dns, logger=quiet))
    except dkimpy.DKIMException:
        return False


_BODY = st.text(alphabet="ab \t\r\n.", max_size=60).map(lambda text: text.encode())


@settings(max_examples=60, deadline=None)
@given(_BODY, st.sampled_from(FORMS[:4]), st.sampled_from(["", " ", "x", "\r\n", "\r\n\r\n"]), st.booleans())
def test_dkimpy_gives_the_same_verdict(  # of bodies that end with a line end, as all that SMTP carries do
    body: bytes, canon: str, tail: str, fold: bool
) -> None:
    lines = b"\r\n".join(body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    head = b"From: ann@example.com\r\nSubject:  a" + (b"\r\n\t" if fold else b" ") + b"b \r\n\r\n"
    message = sign(head + lines + b"\r\n", canon=canon, names="from:subject")
    zone = zone_with()
    assert verify(message, zone).result == "pass"
    assert _dkimpy(message, zone)
    changed = message + tail.encode() + (b"\r\n" if tail.strip("\r\n") else b"")
    ours = verify(changed, zone).result == "pass"
    assert ours == _dkimpy(changed, zone)


@given(st.binary(max_size=400))
def test_any_octets_as_a_message(data: bytes) -> None:
    for found in asyncio.run(verify_message(b"DKIM-Signature: " + data, zone_with(), now=NOW)):
        assert found.result != "pass"
    parse_message(data)


@given(st.binary(max_size=200))
def test_any_octets_as_a_key(octets: bytes) -> None:
    for text in (octets.decode("latin-1"), "v=DKIM1; p=" + octets.decode("latin-1")):
        try:
            parse_key(text)
        except DkimKeyError as error:
            assert error.code


@given(st.text(alphabet="a \t\r\n", max_size=40).map(lambda text: text.encode()))
def test_canonical_bodies_are_stable(body: bytes) -> None:
    for form in (relaxed_body, simple_body):
        once = form(body)
        assert form(once) == once


def test_large_and_many() -> None:
    blank = MESSAGE + b"\r\n" * 500_000
    assert verify(sign() + b"\r\n" * 500_000).result == "pass"
    assert relaxed_body(parse_message(blank).body) == relaxed_body(parse_message(MESSAGE).body)
    many = sign().partition(b"\r\n")[0] + b"\r\n"
    found = asyncio.run(verify_message(many * 1000 + MESSAGE, zone_with(), now=NOW))
    assert len(found) == 20
    headers = b"".join(b"X-%d: y\r\n" % n for n in range(10_000))
    assert (
        asyncio.run(verify_message(headers + sign(), zone_with(), now=NOW)) == ()
    )  # what lies deep is not read
    with pytest.raises(DkimKeyError):
        parse_key("v=DKIM1; p=" + "A" * 12_000)
