"""What checks found as the documented JSON object (docs/check.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bouncewise.checks.finding import Finding
from bouncewise.checks.subject import Subject
from bouncewise.checks.verdict import Verdict

_encode = msgspec.to_builtins


def subject_record(subject: Subject) -> dict[str, Any]:
    """What is known of whom the checks are about; the message as its size alone."""
    told: dict[str, Any] = {
        "domain": subject.domain,
        "ip": subject.ip,
        "mail_from": subject.mail_from,
        "helo": subject.helo,
        "selectors": list(subject.selectors),
        "recipient_domain": subject.recipient_domain,
        "zones": list(subject.zones),
        "listed": list(subject.listed),
        "message_octets": len(subject.message),
    }
    shown = {name: value for name, value in told.items() if value}
    if subject.mail_from == "":
        shown["mail_from"] = ""
    return shown


def findings_record(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings; fields without a value are absent."""
    return [_encode(finding) for finding in findings]


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict."""
    told: dict[str, Any] = _encode(verdict)
    told["verdict"] = told.pop("word")
    return told
