"""Which reply answers which command, in sessions as logs hold them."""

from __future__ import annotations

from bouncewise.reading.logs.dialogue import Dialogue, Outcome
from bouncewise.reading.logs.fields import peer_of, time_of
from bouncewise.reply.model import Phase


def _hold(*lines: str) -> list[tuple[str, int | None, Phase | None]]:
    dialogue, told = Dialogue(), list[Outcome]()
    for line in lines:
        if line[:2] == "C ":
            dialogue.command(line[2:])
        else:
            told += dialogue.reply(line[2:])
    return [(outcome.recipient, outcome.reply.code, outcome.phase) for outcome in told]


_OPEN = ("S 220 mx.example.net", "C EHLO a", "S 250 mx.example.net")


def test_commands_sent_ahead_are_answered_in_their_order() -> None:
    told = _hold(
        *_OPEN,
        "C MAIL FROM:<a@example.com>",
        "C RCPT TO:<b@example.net>",
        "C RCPT TO:<c@example.net>",
        "C DATA",
        "S 250 ok",
        "S 250 ok",
        "S 450 4.2.2 full",
        "S 354 go",
        "S 250 2.0.0 taken",
    )
    assert told == [("c@example.net", 450, Phase.RCPT), ("b@example.net", 250, Phase.MESSAGE)]


def test_a_refused_sender_is_told_once_for_each_recipient_sent_ahead() -> None:
    told = _hold(
        *_OPEN,
        "C MAIL FROM:<a@example.com>",
        "C RCPT TO:<b@example.net>",
        "S 550 5.7.1 no",
        "S 503 5.5.1 MAIL first",
    )
    assert told == [("b@example.net", 550, Phase.MAIL)]


def test_a_server_that_hangs_up_leaves_all_recipients() -> None:
    told = _hold(
        *_OPEN,
        "C MAIL FROM:<a@example.com>",
        "S 250 ok",
        "C RCPT TO:<b@example.net>",
        "S 250 ok",
        "C RCPT TO:<c@example.net>",
        "S 421 too many",
    )
    assert told == [("c@example.net", 421, Phase.RCPT), ("b@example.net", 421, Phase.RCPT)]


def test_replies_that_the_log_left_out_were_grants() -> None:
    told = _hold(
        "C MAIL FROM:<a@example.com>",
        "C RCPT TO:<b@example.net>",
        "C BDAT 10 LAST",
        "S 250 2.6.0 queued",
    )
    assert told == [("b@example.net", 250, Phase.MESSAGE)]


def test_answers_to_auth_are_no_commands() -> None:
    told = _hold(
        *_OPEN,
        "C AUTH LOGIN",
        "S 334 VXNlcm5hbWU6",
        "C bWFpbA==",
        "S 334 UGFzc3dvcmQ6",
        "C ***",
        "S 235 ok",
        "C MAIL FROM:<>",
        "S 250 ok",
        "C RCPT TO:<b@example.net>",
        "S 550 no",
    )
    assert told == [("b@example.net", 550, Phase.RCPT)]


def test_a_lost_connection_is_told_where_a_message_was_under_way() -> None:
    dialogue = Dialogue()
    for line in ("MAIL FROM:<a@example.com>", "RCPT TO:<b@example.net>", "DATA"):
        dialogue.command(line)
        dialogue.reply("354 go" if line == "DATA" else "250 ok")
    assert [o.recipient for o in dialogue.lost("connection lost")] == ["b@example.net"]
    assert dialogue.lost("connection lost") == []


def test_times_and_peers_of_exports() -> None:
    assert time_of("11/24/2026 12:05:06 AM") == "2026-11-24T00:05:06"
    assert time_of("24/11/2026 22:05:06") == "2026-11-24T22:05:06"
    assert time_of("24.11.2026 22:05") == "2026-11-24T22:05:00"
    assert time_of("/Date(1795514400240)/") == "2026-11-24T10:00:00.240Z"
    assert time_of("yesterday") == ""
    assert peer_of("[2001:db8::1]:25") == "2001:db8::1"
    assert peer_of("192.0.2.1:25") == "192.0.2.1"
    assert peer_of("mx.example.net") == ""
