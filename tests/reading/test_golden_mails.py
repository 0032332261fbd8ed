"""Every mail in ``mails/`` gives what stands in the golden file beside it, with any line ends.

A mail ``<format>-<what>.eml`` has a golden ``<format>-<what>.json``: a list of records with the fields below.
Where they differ the test writes ``<name>.json.new`` beside it, to look at and to take over.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bouncewise.reading.delivery import Delivery
from bouncewise.reading.mail import read_mail

MAILS = Path(__file__).parent / "mails"
NAMES = sorted(path.stem for path in MAILS.glob("*.eml"))


def _shown(delivery: Delivery) -> dict[str, object]:
    """What a user relies on of a record; empty fields are left out."""
    reply = delivery.reply
    fields: dict[str, object] = {
        "format": delivery.source.format,
        "kind": delivery.kind.value,
        "recipient": delivery.recipient,
        "original_recipient": delivery.original_recipient,
        "status": delivery.status,
        "code": reply.code,
        "enhanced": str(reply.enhanced) if reply.enhanced else None,
        "text": reply.text,
        "remote_mta": delivery.remote_mta,
        "reporting_mta": delivery.reporting_mta,
        "message_id": delivery.message_id,
        "feedback_type": delivery.feedback_type,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_gives_its_records(name: str) -> None:
    data = (MAILS / f"{name}.eml").read_bytes().replace(b"\r\n", b"\n")
    golden = MAILS / f"{name}.json"
    expected = json.loads(golden.read_text(encoding="utf-8")) if golden.exists() else None
    read = [_shown(delivery) for delivery in read_mail(data)]
    if read != expected:
        text = json.dumps(read, indent=1, ensure_ascii=False) + "\n"
        golden.with_suffix(".json.new").write_text(text, encoding="utf-8")
    assert read == expected
    for ends in (b"\r\n", b"\r"):
        assert [_shown(delivery) for delivery in read_mail(data.replace(b"\n", ends))] == expected, ends


def test_each_format_has_its_mails() -> None:
    from bouncewise.reading.mail.formats import ORDER

    shown = {
        record.get("format")
        for path in MAILS.glob("*.json")
        for record in json.loads(path.read_text("utf-8"))
    }
    assert [name for name in ORDER if name not in shown] == []
