"""What stands round the records of JSON logs and webhooks."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from bouncewise.reading.logs.log import Log, read_log

EVENT = {
    "email": "bob@example.com",
    "timestamp": 1_793_898_000,
    "event": "bounce",
    "reason": "550 5.1.1 User unknown",
    "sg_event_id": "x",
}


def recipients(data: bytes, piece: int = 65_536) -> list[str]:
    """Whom the deliveries of a log are to."""
    return [d.recipient for d in Log().read(data[at : at + piece] for at in range(0, len(data), piece))]


def test_a_batch_may_be_one_line_longer_than_lines_of_logs_are() -> None:
    data = json.dumps([EVENT] * 3000).encode()
    assert len(recipients(data)) == 3000
    assert len(recipients(data + b"\n" + data)) == 6000


def test_what_is_kept_of_a_request_is_opened() -> None:
    kept = [
        {"headers": {}, "body": json.dumps([EVENT])},
        {"received": "2026-11-05", "payload": EVENT},
        {"Messages": [{"MessageId": "1", "Body": json.dumps(EVENT)}]},
        {"log": json.dumps(EVENT) + "\n", "stream": "stdout", "time": "2026-11-05T17:20:00Z"},
    ]
    data = "\n".join(json.dumps(one) for one in kept).encode()
    assert recipients(data) == ["bob@example.com"] * 4


def test_forms_are_read_alone_and_in_a_member() -> None:
    form = urlencode({"mandrill_events": json.dumps([{"event": "spam", "msg": {"email": "a@example.com"}}])})
    assert recipients(form.encode()) == ["a@example.com"]
    assert recipients(json.dumps({"body": form}).encode()) == ["a@example.com"]


def test_a_document_may_begin_behind_blank_lines() -> None:
    assert recipients(b"\n\n" + json.dumps(EVENT, indent=2).encode()) == ["bob@example.com"]


def test_more_fields_than_a_form_may_have_are_none() -> None:
    assert read_log(b"&".join(b"a%d=%%20" % n for n in range(2000))) == []
