"""ARC: a chain is whole, or the set is named that broke it."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checks.dkim.signing import MESSAGE, raw_signature, record, sign

from bouncewise.checks.arc.chain import ArcResult, validate_chain
from bouncewise.checks.arc.check import check_arc
from bouncewise.checks.dkim.message import Field, parse_message
from bouncewise.checks.dns import Status
from bouncewise.checks.finding import Outcome
from bouncewise.checks.subject import Subject
from bouncewise.testing.zone import Zone

KEY = "s1._domainkey.example.org"


def zone() -> Zone:
    return Zone().add(KEY, "TXT", record().encode())


def seal(message: bytes, instance: int, *, cv: str | None = None, more: str = "") -> bytes:
    """The message with one more set, right but for what is asked."""
    results = f"ARC-Authentication-Results: i={instance}; example.org; spf=pass".encode()
    signed = sign(
        message,
        name=b"ARC-Message-Signature",
        version=f"i={instance}; ",
        domain="example.org",
        names="from:to:subject",
    )
    signature = signed[: len(signed) - len(message)].rstrip(b"\r\n")
    chain = cv if cv is not None else ("none" if instance == 1 else "pass")
    start = f"ARC-Seal: i={instance}; a=rsa-sha256; cv={chain}; d=example.org; s=s1; {more}b=".encode()
    parts = _sets(message)
    parts += [Field(b"arc-authentication-results", results), Field(b"arc-message-signature", signature)]
    parts.append(Field(b"arc-seal", start))
    octets = b"\r\n".join(part.relaxed() for part in parts)
    own = start + base64.b64encode(raw_signature("rsa", octets))
    return b"\r\n".join([own, signature, results]) + b"\r\n" + message


def _sets(message: bytes) -> list[Field]:
    """The ARC fields of a message, by instance and in their order within a set."""
    order = {b"arc-authentication-results": 0, b"arc-message-signature": 1, b"arc-seal": 2}
    fields = [field for field in parse_message(message).fields if field.name in order]
    count = len(fields) // 3
    by_set = [fields[at * 3 : at * 3 + 3] for at in range(count)][::-1]
    return [field for group in by_set for field in sorted(group, key=lambda f: order[f.name])]


def chain_of(sets: int) -> bytes:
    message = MESSAGE
    for instance in range(1, sets + 1):
        message = seal(message, instance)
    return message


def validate(message: bytes, dns: Zone | None = None, **more: Any) -> ArcResult:
    return asyncio.run(validate_chain(message, dns or zone(), **more))


@pytest.mark.parametrize("sets", [1, 2, 5])
def test_a_whole_chain(sets: int) -> None:
    found = validate(chain_of(sets))
    assert (found.result, found.sets) == ("pass", sets), found.says
    assert found.sealers == ("example.org",) * sets


def test_no_chain() -> None:
    assert validate(MESSAGE).result == "none"
    assert asyncio.run(check_arc(Subject(message=MESSAGE), zone(), now=0)).outcome is Outcome.INFO


def _without(message: bytes, field: bytes) -> bytes:
    head, mark, rest = message.partition(field)
    return head + rest.partition(b"\r\n")[2] if mark else message


CASES = [
    ("body changed", chain_of(2).replace(b"Hello", b"Hallo"), "body-hash", 2),
    ("header changed", chain_of(2).replace(b"minutes", b"hours"), "message-signature", 2),
    ("results changed", chain_of(1).replace(b"spf=pass", b"spf=fail"), "seal", 1),
    ("no seal", _without(chain_of(1), b"ARC-Seal"), "structure", 1),
    ("no results", _without(chain_of(2), b"ARC-Authentication-Results: i=1"), "structure", 1),
    ("a set is missing", seal(MESSAGE, 2), "structure", 1),
    ("cv=fail", seal(chain_of(1), 2, cv="fail"), "cv", 2),
    ("cv=pass in the first", seal(MESSAGE, 1, cv="pass"), "cv", 1),
    ("cv=none in the second", seal(chain_of(1), 2, cv="none"), "cv", 2),
    ("h= in a seal", seal(MESSAGE, 1, more="h=from; "), "seal-syntax", 1),
    ("no instance", chain_of(1).replace(b"ARC-Seal: i=1;", b"ARC-Seal: "), "structure", 0),
    ("instance 0", chain_of(1).replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=0;"), "structure", 0),
    ("twice", b"ARC-Authentication-Results: i=1; x\r\n" + chain_of(1), "structure", 1),
]


@pytest.mark.parametrize(("what", "message", "reason", "instance"), CASES, ids=[case[0] for case in CASES])
def test_what_broke_it(what: str, message: bytes, reason: str, instance: int) -> None:
    found = validate(message)
    assert (found.result, found.reason, found.instance) == ("fail", reason, instance), found.says


def test_a_change_before_the_last_forwarder_is_borne_by_the_chain() -> None:
    """An older message signature need not fit; the newest must (RFC 8617 section 5.2)."""
    changed = chain_of(1) + b"a footer\r\n"
    found = validate(seal(changed, 2))
    assert found.result == "pass"
    assert found.oldest_pass == 2


def test_more_than_fifty_sets() -> None:
    fields = b"".join(
        b"ARC-Seal: i=%d; x=1\r\nARC-Message-Signature: i=%d; x=1\r\nARC-Authentication-Results: i=%d; x\r\n"
        % (n, n, n)
        for n in range(1, 60)
    )
    assert validate(fields + MESSAGE).reason == "structure"


@pytest.mark.parametrize("fault", [Status.SERVFAIL, Status.TIMEOUT])
def test_a_fault_of_dns_is_no_verdict(fault: Status) -> None:
    found = validate(chain_of(1), Zone().fail(KEY, "TXT", fault))
    assert found.result == "temperror"
    finding = asyncio.run(check_arc(Subject(message=chain_of(1)), Zone().fail(KEY), now=0))
    assert finding.outcome is Outcome.UNKNOWN


def test_the_header_alone_can_not_tell() -> None:
    assert validate(chain_of(1).partition(b"\r\n\r\n")[0], whole=False).reason == "body-missing"


@given(st.binary(max_size=300))
def test_any_octets(data: bytes) -> None:
    for name in (b"ARC-Seal: ", b"ARC-Message-Signature: i=1; ", b"ARC-Authentication-Results: "):
        assert validate(name + data).result != "pass"
