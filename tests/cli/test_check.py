"""``check``, ``explain --check`` and ``read --check`` as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bouncewise.cli import cli
from bouncewise.testing.dns_server import DnsServer
from bouncewise.testing.zone import Zone

ZONE = """
["example.com"]
TXT = ["v=spf1 ip4:198.51.100.0/24 -all"]
MX = [[10, "mx.example.com"]]
["mx.example.com"]
A = ["198.51.100.7"]
["7.100.51.198.in-addr.arpa"]
PTR = ["mx.example.com"]
["_dmarc.example.com"]
TXT = ["v=DMARC1; p=reject; rua=mailto:dmarc@example.com"]
["1.2.0.192.zen.spamhaus.org"]
A = ["127.0.0.4"]
["2.0.0.127.zen.spamhaus.org"]
A = ["127.0.0.2"]
"""
LISTED = "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
SPF = "550 5.7.23 SPF validation failed"
BOUNCE = b"""From: MAILER-DAEMON@mx.example.net
To: ann@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; bob@example.net
Action: failed
Status: 5.7.23
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.7.23 SPF validation failed

--b
Content-Type: message/rfc822

Return-Path: <ann@example.com>
Received: from out.example.com (out.example.com [192.0.2.1]) by mx.example.com; Wed, 25 Nov 2026 10:00:00 +0000
From: ann@example.com
To: bob@example.net
Subject: hello
Message-ID: <1@example.com>

text
--b--
"""


@pytest.fixture
def zone(tmp_path: Path) -> str:
    path = tmp_path / "zone.toml"
    path.write_text(ZONE)
    return str(path)


def run(arguments: Sequence[str], *, given: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=given)


def as_json(arguments: Sequence[str], **more: Any) -> Any:
    return json.loads(run([*arguments, "--json"], **more).stdout)


def test_a_domain_with_its_address(zone: str) -> None:
    result = run(["check", "example.com", "--ip", "198.51.100.7", "--zone", zone])
    assert "pass    SPF" in result.stdout
    assert "pass    Reverse DNS" in result.stdout
    assert result.stdout.startswith("example.com from 198.51.100.7\n")
    assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_a_fault_is_shown_with_its_mend_and_told_by_the_exit_status(zone: str) -> None:
    result = run(["check", "example.com", "--ip", "192.0.2.9", "--only", "spf", "--zone", zone])
    assert result.exit_code == 1
    assert "FAIL    SPF" in result.stdout
    assert "- v=spf1 ip4:198.51.100.0/24 -all" in result.stdout
    assert "+ v=spf1 ip4:198.51.100.0/24 ip4:192.0.2.9 -all" in result.stdout
    assert (
        run(["check", "example.com", "--ip", "198.51.100.1", "--only", "spf", "--zone", zone]).exit_code == 0
    )


def test_the_json_of_a_domain(zone: str) -> None:
    told = as_json(["check", "example.com", "--ip", "192.0.2.1", "--zone", zone])
    assert told["subject"] == {"domain": "example.com", "ip": "192.0.2.1"}
    by_check = {finding["check"]: finding for finding in told["findings"]}
    assert by_check["spf"]["outcome"] == "fail"
    assert by_check["dmarc"]["facts"]["policy"] == "reject"
    assert told["questions"] > 10
    assert {"time", "seconds"} <= set(told)


def test_an_address_alone(zone: str) -> None:
    told = as_json(["check", "198.51.100.7", "--zone", zone])
    assert [finding["check"] for finding in told["findings"]] == ["reverse-dns", "blocklist"]


def test_an_address_of_mail_is_the_envelope_sender(zone: str) -> None:
    told = as_json(["check", "ann@example.com", "--ip", "198.51.100.1", "--only", "spf", "--zone", zone])
    assert told["subject"]["mail_from"] == "ann@example.com"
    assert told["findings"][0]["outcome"] == "pass"


VERDICTS = [
    ([LISTED], "confirmed"),
    ([SPF, "--ip", "192.0.2.1", "--mail-from", "ann@example.com"], "confirmed"),
    ([SPF, "--ip", "198.51.100.1", "--mail-from", "ann@example.com"], "refuted"),
    ([SPF], "cannot tell"),
    (["550 5.7.25 [198.51.100.7] The IP address has no PTR record"], "refuted"),
    (["550 5.7.25 [198.51.100.8] The IP address has no PTR record"], "confirmed"),
    (["550 5.1.2 Domain not found", "--to", "bob@gone.example"], "confirmed"),
    (["552 5.2.2 Mailbox full"], "cannot tell"),
]


@pytest.mark.parametrize(("arguments", "verdict"), VERDICTS)
def test_the_verdict_on_a_reply(arguments: list[str], verdict: str, zone: str) -> None:
    told = as_json(["check", "--reply", *arguments, "--zone", zone])
    assert told["check"]["verdict"] == verdict
    assert told["check"]["says"]
    words = {"confirmed": "Confirmed by DNS", "refuted": "Refuted by DNS", "cannot tell": "DNS cannot tell"}
    assert words[verdict] in run(["check", "--reply", *arguments, "--zone", zone]).stdout


def test_what_a_reply_leaves_out_is_asked_for(zone: str) -> None:
    told = as_json(["check", "--reply", SPF, "--zone", zone])
    assert told["check"]["missing"] == ["ip", "mail-from"]
    assert "(--ip)" in run(["check", "--reply", SPF, "--zone", zone]).stdout


def test_a_bounce_with_what_it_brings_back(zone: str, tmp_path: Path) -> None:
    path = tmp_path / "bounce.eml"
    path.write_bytes(BOUNCE)
    told = as_json(["check", "--message", str(path), "--zone", zone])
    assert (told["subject"]["ip"], told["subject"]["mail_from"]) == ("192.0.2.1", "ann@example.com")
    assert told["check"]["verdict"] == "confirmed"
    assert {finding["check"] for finding in told["findings"]} >= {"spf", "dkim", "dmarc", "arc", "blocklist"}
    given = as_json(["check", "--message", "-", "--ip", "198.51.100.1", "--zone", zone], given=BOUNCE)
    assert given["subject"]["ip"] == "198.51.100.1"


def test_explain_with_what_dns_says(zone: str, tmp_path: Path) -> None:
    result = run(["explain", "--check", LISTED, "--zone", zone])
    assert "Confirmed by DNS" in result.stdout
    assert result.exit_code == 1
    assert as_json(["explain", "--check", LISTED, "--zone", zone])["check"]["verdict"] == "confirmed"
    assert "nothing to say" in run(["explain", "--check", "552 5.2.2 Mailbox full", "--zone", zone]).stdout
    path = tmp_path / "bounce.eml"
    path.write_bytes(BOUNCE)
    assert "Confirmed by DNS" in run(["explain", "--check", str(path), "--zone", zone]).stdout


def test_explain_many_lines(zone: str) -> None:
    lines = b"\n".join(
        json.dumps({"id": n, "reply": reply}).encode()
        for n, reply in enumerate([LISTED, "552 5.2.2 Mailbox full", "no json"])
    )
    result = run(["explain", "--jsonl", "--check", "--zone", zone], given=lines + b"\nnot json\n")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row.get("check", {}).get("verdict") for row in rows] == ["confirmed", None, None, None]


LOG = (
    "Nov 25 10:00:0{n} mx postfix/smtp[1]: 4Xk2Yz0Hq{n}zJ: to=<bob{n}@example.net>, relay=mx.example.net[203.0.113.9]:25, delay=1, "
    "dsn=5.7.1, status=bounced (host mx.example.net[203.0.113.9] said: {reply} (in reply to RCPT TO command))\n"
)


def _without_time(row: dict[str, Any]) -> dict[str, Any]:
    row.get("check", {}).pop("time", None)
    return row


def test_read_asks_each_distinct_question_once(zone: str, tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    replies = [LISTED] * 5 + ["552 5.2.2 Mailbox full"] * 2
    path.write_text("".join(LOG.format(n=n, reply=reply) for n, reply in enumerate(replies)))
    result = run(["read", str(path), "--check", "--zone", zone, "--jsonl"])
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row.get("check", {}).get("verdict") for row in rows] == ["confirmed"] * 5 + [None] * 2
    assert "1 distinct question" in result.stderr
    assert "5  confirmed" in result.stderr
    two = run(["read", str(path), "--check", "--zone", zone, "--jsonl", "--jobs", "2"])
    assert [_without_time(json.loads(line)) for line in two.stdout.splitlines()] == [
        _without_time(row) for row in rows
    ]


def test_the_whole_way_over_the_loopback(tmp_path: Path) -> None:
    path = tmp_path / "zone.toml"
    path.write_text(ZONE)
    with DnsServer(Zone.load(path)) as server:
        told = as_json(["check", "example.com", "--ip", "198.51.100.7", "--resolver", server.address])
    by_check = {finding["check"]: finding["outcome"] for finding in told["findings"]}
    assert (by_check["spf"], by_check["reverse-dns"], by_check["mx"]) == ("pass", "pass", "pass")


@pytest.mark.parametrize("how", [["--offline"], ["--resolver", "127.0.0.1:1"]])
def test_without_a_network_one_line_says_so(how: list[str], tmp_path: Path) -> None:
    for arguments in (
        ["check", "example.com", "--ip", "192.0.2.1"],
        ["check", "--reply", LISTED],
        ["explain", "--check", LISTED],
    ):
        result = run([*arguments, *how])
        assert result.stdout.count("No answer from DNS") == 1
        assert result.exit_code == 0
        assert "Traceback" not in result.stdout + result.stderr
    path = tmp_path / "mail.log"
    path.write_text(LOG.format(n=1, reply=LISTED))
    result = run(["read", str(path), "--check", *how])
    assert "ip-blocklisted" in result.stdout
    assert result.stderr.count("No answer from DNS") == 1


USAGE = [
    (["check"], "nothing to check"),
    (["check", "https://example.com/"], "without https://"),
    (["check", "a..b"], "two dots"),
    (["check", "example.com", "--ip", "300.1.1.1"], "no IP address"),
    (["check", "example.com", "--resolver", "nowhere"], "--resolver"),
    (["check", "example.com", "--zone", "none.toml"], "none.toml"),
    (["check", "--message", "none.eml"], "none.eml"),
    (["check", "example.com", "--only", "magic"], "magic"),
    (["explain", "--offline", LISTED], "--check"),
]


@pytest.mark.parametrize(("arguments", "words"), USAGE)
def test_errors_for_people(arguments: list[str], words: str) -> None:
    result = run(arguments)
    assert result.exit_code in (1, 2)
    assert (
        result.exception is None or isinstance(result.exception, SystemExit) or words in str(result.exception)
    )
    assert "Traceback" not in result.output


def test_hostile_words_reach_no_terminal(tmp_path: Path) -> None:
    zone = tmp_path / "zone.toml"
    zone.write_text('["example.com"]\nTXT = ["v=spf1 \\u001b[31mred -all"]\n')
    result = run(["check", "example.com", "--ip", "192.0.2.1", "-v", "--zone", str(zone)])
    assert "\x1b" not in result.stdout
