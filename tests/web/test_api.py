"""The API: what each route takes and gives, and how it says no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.web.served import Served, serving

from bouncewise.web.settings import Limits

FULL = {
    "reply": "552 5.2.2 Mailbox full",
    "recipient": "bob@example.net",
    "time": "2026-05-01T09:00:00Z",
    "id": "a",
}
SENT = {"reply": "250 2.0.0 OK", "recipient": "bob@example.net", "time": "2026-05-01T09:30:00Z", "id": "b"}
LISTED = "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
BOUNCE = (
    "From: MAILER-DAEMON@example.com\nTo: alice@example.com\nSubject: Undelivered Mail Returned to Sender\n\n"
    "<bob@example.org>: 550 5.1.1 user unknown\n"
)
LOG = "May  1 09:00:00 mx postfix/smtp[1]: 4ABCDEF: to=<bob@example.net>, relay=mx.google.com[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.google.com[192.0.2.9] said: 550 5.1.1 no such user (in reply to RCPT TO command))\n"


def test_explain(served: Served) -> None:
    answer = served.client.post("/api/explain", json={"reply": "550 5.1.1 User unknown", "id": 7})
    told = answer.json()
    assert (answer.status_code, told["id"], told["cause"], told["action"]) == (
        200,
        7,
        "recipient-unknown",
        "bounce",
    )
    assert told["evidence"]


def test_explain_knows_the_phase_and_the_host(served: Served) -> None:
    given = {"reply": "550 no", "phase": "rcpt", "host": "mx.google.com"}
    assert served.client.post("/api/explain", json=given).json()["provider"] == "google"


def test_a_batch_in_order_with_what_can_not_be_read(served: Served) -> None:
    lines = [json.dumps({"id": n, "reply": f"55{n % 2} 5.1.1 User {n} unknown"}) for n in range(50)]
    lines[20] = "{broken"
    answer = served.client.post("/api/explain/batch", content="\n".join(lines))
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert [one.get("id") for one in told] == [n if n != 20 else None for n in range(50)]
    assert "line 21" in told[20]["error"]


@pytest.mark.parametrize(
    ("data", "kind", "causes"),
    [
        ("550 5.1.1 User unknown", "replies", ["recipient-unknown"]),
        ("552 5.2.2 Mailbox full\n451 4.7.1 Greylisted\n", "replies", ["mailbox-full", "greylisted"]),
        (BOUNCE, "deliveries", ["recipient-unknown"]),
        (LOG, "replies", ["recipient-unknown"]),
        ('{"event": "bounce", "email": "a@example.com", "reason": "552 5.2.2 full", "type": "bounce", "sg_event_id": "x", "timestamp": 1777593600}', "deliveries", ["mailbox-full"]),
    ],
)  # fmt: skip
def test_whatever_is_pasted(served: Served, data: str, kind: str, causes: list[str]) -> None:
    told = served.client.post("/api/explain/pasted?name=x", content=data).json()
    assert (told["kind"], [one["cause"] for one in told["records"]], told["total"]) == (
        kind,
        causes,
        len(causes),
    )


@pytest.mark.parametrize("word", ["452", "5.7.26", "mailbox-full", "google", "zen.spamhaus.org"])
def test_lookup(served: Served, word: str) -> None:
    assert served.client.get("/api/lookup", params={"q": word}).json()["kind"]


def test_deliveries_are_kept_once_and_found(served: Served) -> None:
    assert served.keep(FULL, SENT) == {"new": 2, "known": 0, "faulty": 0, "passed": 0, "refused": []}
    assert served.keep(FULL, SENT)["known"] == 2
    rows = served.client.get("/api/deliveries", params={"outcome": "bounced"}).json()["deliveries"]
    assert [(row["cause"], row["recipient"], row["time"]) for row in rows] == [
        ("mailbox-full", "bob@example.net", "2026-05-01T09:00:00+00:00")
    ]
    one = served.client.get(f"/api/deliveries/{rows[0]['id']}").json()
    assert one["steps"]
    assert one["kind"] == "bounced"


def test_json_lines_are_kept_and_the_faulty_ones_are_told(served: Served) -> None:
    lines = [
        json.dumps(FULL),
        "{",
        json.dumps({"reply": "hello"}),
        json.dumps(SENT | {"time": "yesterday"}),
        json.dumps(SENT),
    ]
    answer = served.client.post(
        "/api/deliveries", content="\n".join(lines), headers={"content-type": "application/x-ndjson"}
    )
    told = answer.json()
    assert (told["new"], told["faulty"], [one["line"] for one in told["refused"]]) == (2, 3, [2, 3, 4])


def test_pages_of_deliveries(served: Served) -> None:
    served.keep(*({**FULL, "id": str(n), "time": f"2026-05-01T08:{n:02}:00Z"} for n in range(25)))
    found: list[int] = []
    cursor = ""
    while True:
        page = served.client.get("/api/deliveries", params={"limit": 10, "cursor": cursor}).json()
        found += [row["id"] for row in page["deliveries"]]
        cursor = page.get("cursor", "")
        if not cursor:
            break
    assert len(found) == len(set(found)) == 25


def test_read_and_keep(served: Served) -> None:
    told = served.client.post("/api/read", content=BOUNCE).json()
    assert [(one["recipient"], one["cause"]) for one in told["records"]] == [
        ("bob@example.org", "recipient-unknown")
    ]
    lines = served.client.post("/api/read", content=LOG * 3, headers={"accept": "application/x-ndjson"})
    assert [json.loads(line)["cause"] for line in lines.text.splitlines()] == ["recipient-unknown"] * 3
    assert served.client.post("/api/read?keep=true", content=LOG).json()["new"] == 1
    assert served.client.post("/api/read?keep=true", content=LOG).json()["known"] == 1


def test_a_report_and_its_files(served: Served) -> None:
    served.keep(FULL, SENT, {**FULL, "id": "c", "reply": "451 4.7.1 Greylisted"})
    told = served.client.get("/api/report").json()
    assert told["totals"] == {
        "delivered": 1,
        "deferred": 1,
        "bounced": 1,
        "expired": 0,
        "rejected": 0,
        "complaint": 0,
    }
    assert {one["cause"] for one in told["causes"]} == {"mailbox-full", "greylisted"}
    assert served.client.get("/api/report?cause=mailbox-full").json()["totals"]["bounced"] == 1
    assert served.client.get("/api/report?since=2026-04-01&until=2026-04-02").json()["totals"]["bounced"] == 0
    csv = served.client.get("/api/report?format=csv")
    assert csv.text.splitlines()[0].startswith("section,name")
    html = served.client.get("/api/report?format=html")
    assert "attachment" in html.headers["content-disposition"]
    assert "<!doctype html>" in html.text[:100].lower()


def test_a_check_as_a_whole_and_as_it_comes(served: Served) -> None:
    given = {"domain": "example.com", "ip": "192.0.2.1"}
    told = served.client.post("/api/check", json=given).json()
    spf = next(one for one in told["findings"] if one["check"] == "spf")
    assert spf["outcome"] == "pass"
    lines = served.client.post(
        "/api/check", json=given, headers={"accept": "application/x-ndjson"}
    ).text.splitlines()
    parts = [json.loads(line) for line in lines]
    assert {one["check"] for one in parts if "check" in one} >= {"spf", "dmarc", "blocklist"}
    assert parts[-1]["done"]


def test_a_reply_is_proven(served: Served) -> None:
    told = served.client.post("/api/check", json={"reply": LISTED}).json()
    assert told["verdict"]["verdict"] == "confirmed"
    assert "Spamhaus ZEN" in told["verdict"]["says"]


def test_health_metrics_and_the_description(served: Served) -> None:
    served.keep(FULL)
    assert served.client.get("/health").json()["status"] == "ok"
    metrics = served.client.get("/metrics").text
    assert 'bouncewise_deliveries_total{cause="mailbox-full",outcome="bounced",provider=""} 1.0' in metrics
    schema = served.client.get("/api/schema/openapi.json").json()
    assert {
        "/api/explain",
        "/api/read",
        "/api/report",
        "/api/check",
        "/api/lookup",
        "/api/deliveries",
    } <= set(schema["paths"])
    assert "/api/webhooks/{service}" in schema["paths"]


REFUSED: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/api/explain", {"json": {"reply": " "}}, 400),
    ("POST", "/api/explain", {"content": b"{"}, 400),
    ("POST", "/api/explain", {"json": {}}, 400),
    ("POST", "/api/explain", {"content": b"\xff\xfe\x00"}, 400),
    ("POST", "/api/explain/pasted", {"content": b""}, 400),
    ("POST", "/api/deliveries", {"json": {"reply": "hello"}}, 400),
    ("POST", "/api/deliveries", {"content": b"[[[["}, 400),
    ("POST", "/api/deliveries", {"json": [{"reply": "550 no", "kind": "lost"}]}, 400),
    ("GET", "/api/deliveries?outcome=lost", {}, 400),
    ("GET", "/api/deliveries?since=yesterday", {}, 400),
    ("GET", "/api/deliveries?since=2026-05-02&until=2026-05-01", {}, 400),
    ("GET", "/api/deliveries?cursor=zzz", {}, 400),
    ("GET", "/api/deliveries?limit=0", {}, 400),
    ("GET", "/api/deliveries/99", {}, 404),
    ("GET", "/api/deliveries?upload=nope", {}, 404),
    ("GET", "/api/lookup?q=nothing-of-that-name", {}, 404),
    ("GET", "/api/lookup", {}, 400),
    ("POST", "/api/check", {"json": {}}, 400),
    ("POST", "/api/check", {"json": {"domain": "a..b"}}, 400),
    ("POST", "/api/check", {"json": {"domain": "example.com", "only": ["nope"]}}, 400),
    ("POST", "/api/webhooks/nobody", {"content": b"{}"}, 404),
    ("POST", "/api/webhooks/mailgun", {"content": b"{}"}, 422),
    ("DELETE", "/api/deliveries", {}, 405),
    ("GET", "/api/nothing", {}, 404),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "sent", "status"), REFUSED)
def test_every_refusal_has_one_shape(
    served: Served, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    answer = served.client.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    fault = answer.json()["error"]
    assert fault["status"] == status
    assert fault["code"]
    assert fault["message"]


HOOK = {
    "signature": {},
    "event-data": {
        "event": "failed", "severity": "permanent", "timestamp": 1777593600, "id": "x1", "recipient": "bob@example.net",
        "delivery-status": {"code": 550, "message": "5.1.1 User unknown"}, "message": {"headers": {"message-id": "m1"}},
    },
}  # fmt: skip


def test_a_webhook_is_kept_once(served: Served) -> None:
    assert served.client.post("/api/webhooks/mailgun", json=HOOK).json()["new"] == 1
    assert served.client.post("/api/webhooks/mailgun", json=HOOK).json()["known"] == 1
    (row,) = served.client.get("/api/deliveries").json()["deliveries"]
    assert (row["cause"], row["recipient"]) == ("recipient-unknown", "bob@example.net")


def test_a_webhook_whose_signature_is_wrong(tmp_path: Path) -> None:
    with serving(tmp_path / "s.db", webhook_secrets={"mailgun": "key"}) as served:
        answer = served.client.post("/api/webhooks/mailgun", json=HOOK)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signature")
        assert served.client.get("/api/deliveries").json()["deliveries"] == []


def test_what_comes_in_is_told_as_it_comes(served: Served) -> None:
    with served.client.stream("GET", "/api/live") as events:
        lines = events.iter_lines()
        assert next(lines) == ": hello"
        served.keep(FULL)
        line = next(line for line in lines if line.startswith("data: "))
    assert json.loads(line.removeprefix("data: "))["cause"] == "mailbox-full"


def test_so_many_pages_follow_and_no_more(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "s.db", limits=Limits(listeners=1)) as served,
        served.client.stream("GET", "/api/live") as events,
    ):
        lines = events.iter_lines()
        assert next(lines) == ": hello"
        assert served.client.get("/api/live").status_code == 503


def test_paths_are_read_at_the_start_and_followed(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text(LOG)
    with (
        serving(tmp_path / "s.db", paths=(str(log),), follow=True) as served,
        served.client.stream("GET", "/api/live") as events,
    ):
        lines = events.iter_lines()
        assert next(lines) == ": hello"
        with log.open("a") as more:
            more.write(LOG.replace("4ABCDEF", "4BBBBBB").replace("bob@", "eve@"))
        line = next(line for line in lines if "eve@example.net" in line)
        assert json.loads(line.removeprefix("data: "))["cause"] == "recipient-unknown"
        assert len(served.client.get("/api/deliveries").json()["deliveries"]) == 2
    with serving(tmp_path / "s.db", paths=(str(log),), follow=True) as served:  # what was read counts once
        served.keep(FULL)
        assert len(served.client.get("/api/deliveries").json()["deliveries"]) == 3
