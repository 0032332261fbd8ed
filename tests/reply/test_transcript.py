"""Transcripts: each reply with the command it answers."""

from __future__ import annotations

from bouncewise.reply import Phase
from bouncewise.reply.unwrap import unwrap
from bouncewise.reply.unwrap.transcript import parse_transcript

SWAKS = """=== Connected to mx.example.com.
<-  220 mx.example.com ESMTP
 -> EHLO client.example.net
<-  250-mx.example.com
<-  250 PIPELINING
 -> MAIL FROM:<a@example.net>
<-  250 ok
 -> RCPT TO:<b@example.com>
<** 550 5.1.1 no such user
 -> QUIT
<-  221 bye
"""
DATA = """220 mx ESMTP
EHLO me
250 mx
MAIL FROM:<a@example.net>
250 ok
RCPT TO:<b@example.com>
250 ok
DATA
354 go on
Subject: 550 is a number

550 this line is the message's own
.
554 5.7.1 spam
QUIT
221 bye
"""


def test_swaks() -> None:
    exchanges = parse_transcript(SWAKS)
    assert [(e.phase, e.reply.code) for e in exchanges] == [
        (Phase.CONNECT, 220),
        (Phase.EHLO, 250),
        (Phase.MAIL, 250),
        (Phase.RCPT, 550),
        (Phase.QUIT, 221),
    ]
    assert exchanges[1].reply.lines == ("mx.example.com", "PIPELINING")


def test_the_failing_reply_decides() -> None:
    found = unwrap(SWAKS)
    assert (found.reply.code, found.context.phase, found.context.recipient) == (
        550,
        Phase.RCPT,
        "b@example.com",
    )
    assert found.context.sender == "a@example.net"


def test_the_reply_after_the_dot_answers_the_message() -> None:
    found = unwrap(DATA)
    assert (found.reply.code, found.context.phase) == (554, Phase.MESSAGE)


def test_pipelined_replies_are_matched_by_counting() -> None:
    text = "C: MAIL FROM:<a@example.net>\nC: RCPT TO:<b@example.com>\nS: 250 ok\nS: 550 gone\n"
    phases = [e.phase for e in parse_transcript("S: 220 hi\n" + text)]
    assert phases == [Phase.CONNECT, Phase.MAIL, Phase.RCPT]
