"""What Postfix, Exim, Sendmail and qmail write round a reply."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from bouncewise.reply import Unwrapped
from bouncewise.reply.unwrap import unwrap

# The text; wrapper, code, enhanced, phase, host, ip, recipient ("-" for None); the words.
CASES: list[tuple[str, str, str]] = [
    # --- Postfix: what the far server said
    (
        "host mx.example.com[192.0.2.7]:25 said: 550-5.1.1 no (such) 550 5.1.1 user :) (in reply to RCPT TO command)",
        "postfix 550 5.1.1 rcpt mx.example.com 192.0.2.7 -",
        "no (such) user :)",
    ),
    (
        "<bob@example.com> (expanded from <sales@example.com>): host\n    mx.example.com[192.0.2.7] said: 554 5.7.1"
        " not\n    wanted (in reply to end of DATA\n    command)",
        "postfix 554 5.7.1 message mx.example.com 192.0.2.7 bob@example.com",
        "not wanted",
    ),
    (
        "host mx.example.com[2001:db8::7] said: 451 busy (in reply to mail from command)",
        "postfix 451 - mail mx.example.com 2001:db8::7 -",
        "busy",
    ),
    (
        "host lmtp.example.com[private/dovecot-lmtp] said: 552 5.2.2 full (in reply to end of DATA command)",
        "postfix 552 5.2.2 message lmtp.example.com - -",
        "full",
    ),
    (
        "host mx.example.com[192.0.2.7] said: 421 4.3.2 later (in reply to EHLO command)",
        "postfix 421 4.3.2 ehlo mx.example.com 192.0.2.7 -",
        "later",
    ),
    (
        "delivery temporarily suspended: host mx.example.com[192.0.2.7] refused to talk to me: 421 4.7.0 slow",
        "postfix 421 4.7.0 connect mx.example.com 192.0.2.7 -",
        "slow",
    ),
    (
        "SASL authentication failed; server mx.example.com[192.0.2.7] said: 535 5.7.8 bad password",
        "postfix 535 5.7.8 auth mx.example.com 192.0.2.7 -",
        "bad password",
    ),
    (
        "2024-01-02T03:04:05.678901+01:00 out postfix/smtp[9]: 4ABC: to=<bob@example.com>, orig_to=<b@example.org>,"
        " relay=mx.example.com[192.0.2.7]:25, delay=41.5, delays=1/2/3/4, dsn=5.0.0, status=bounced (host"
        " mx.example.com[192.0.2.7] said: 550 gone (in reply to RCPT TO command))",
        "postfix 550 5.0.0 rcpt mx.example.com 192.0.2.7 bob@example.com",
        "gone",
    ),
    (
        "out postfix/lmtp[9]: 4ABC: to=<o'hara@example.com>, relay=mx.example.com[192.0.2.7]:24, delay=0.1,"
        " dsn=2.1.5, status=sent (250 Ok (queued))",
        "postfix 250 2.1.5 message mx.example.com 192.0.2.7 o'hara@example.com",
        "Ok (queued)",
    ),
    (
        "4ABCDEF012*     943 Thu Mar  2 07:10:58  alice@example.net\n(host mx.example.com[192.0.2.7] said: 452 4.2.2"
        " over (soft) quota (in reply to RCPT TO command))\n                           bob@example.com",
        "postfix 452 4.2.2 rcpt mx.example.com 192.0.2.7 bob@example.com",
        "over (soft) quota",
    ),
    (
        "status=deferred (host mx.example.com[192.0.2.7] said: 451 4.7.1 greylisted (in reply to RCPT TO",
        "postfix 451 4.7.1 rcpt mx.example.com 192.0.2.7 -",
        "greylisted",
    ),
    # --- Postfix: its own words
    (
        "4ABCDEF012: lost connection with mx.example.com[192.0.2.7] while performing the HELO handshake",
        "postfix - - ehlo mx.example.com 192.0.2.7 -",
        "lost connection with mx.example.com[192.0.2.7] while performing the HELO handshake",
    ),
    (
        "status=deferred (lost connection with mx.example.com[192.0.2.7] while receiving the initial server greeting)",
        "postfix - - connect mx.example.com 192.0.2.7 -",
        "lost connection with mx.example.com[192.0.2.7] while receiving the initial server greeting",
    ),
    (
        "conversation with mx.example.com[192.0.2.7] timed out while sending end of data -- message may be sent "
        "more than once",
        "postfix - - message mx.example.com 192.0.2.7 -",
        "conversation with mx.example.com[192.0.2.7] timed out while sending end of data -- message may be sent "
        "more than once",
    ),
    (
        "to=<bob@example.com>, relay=none, delay=9, dsn=4.4.1, status=deferred (connect to "
        "mx.example.com[192.0.2.7]:25: No route to host)",
        "postfix - 4.4.1 connect mx.example.com 192.0.2.7 bob@example.com",
        "connect to mx.example.com[192.0.2.7]:25: No route to host",
    ),
    (
        "<bob@example.com>: Host or domain name not found. Name service error for name=example.com type=MX: Host"
        " not found",
        "postfix - - connect - - bob@example.com",
        "Host or domain name not found. Name service error for name=example.com type=MX: Host not found",
    ),
    (
        "<bob@example.com>: TLS is required, but was not offered by host mx.example.com[192.0.2.7]",
        "postfix - - starttls mx.example.com 192.0.2.7 bob@example.com",
        "TLS is required, but was not offered by host mx.example.com[192.0.2.7]",
    ),
    (
        "dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)",
        "postfix - 4.7.5 starttls - - -",
        "Cannot start TLS: handshake failure",
    ),
    (
        'to=<bob@example.com>, relay=local, delay=0.1, dsn=5.1.1, status=bounced (unknown user: "bob")',
        "postfix - 5.1.1 - - - bob@example.com",
        'unknown user: "bob"',
    ),
    (
        "4ABC: from=<alice@example.net>, status=expired, returned to sender",
        "postfix - - - - - -",
        "status=expired, returned to sender",
    ),
    # --- Postfix: what it told a client
    (
        "postfix/postscreen[9]: NOQUEUE: reject: RCPT from [192.0.2.9]:4711: 550 5.7.1 Service unavailable; client"
        " [192.0.2.9] blocked; from=<a@example.net>, to=<bob@example.com>, proto=ESMTP, helo=<x.example.net>",
        "postfix 550 5.7.1 rcpt - - bob@example.com",
        "Service unavailable; client [192.0.2.9] blocked",
    ),
    (
        "postfix/cleanup[1]: 4ABC: reject: header Subject: pills from x.example.net[192.0.2.9]; from=<a@example.net>"
        " to=<bob@example.com> proto=ESMTP helo=<x.example.net>: 5.7.1 no adverts",
        "postfix - 5.7.1 message - - bob@example.com",
        "no adverts",
    ),
    (
        "postfix/smtpd[1]: 4ABC: milter-reject: END-OF-MESSAGE from x.example.net[192.0.2.9]: 4.7.1 try later;"
        " from=<a@example.net> to=<bob@example.com> proto=ESMTP helo=<x>",
        "postfix - 4.7.1 message - - bob@example.com",
        "try later",
    ),
    # --- Exim
    (
        "  bob@example.com\n    SMTP error from remote mail server after RCPT TO:<bob@example.com>:\n    host"
        " mx.example.com [192.0.2.7]: 550-5.1.1 no such\n    550 5.1.1 user",
        "exim 550 5.1.1 rcpt mx.example.com 192.0.2.7 bob@example.com",
        "no such user",
    ),
    (
        "SMTP error from remote mailer after end of data: host mx.example.com [192.0.2.7]: 554 spam",
        "exim 554 - message mx.example.com 192.0.2.7 -",
        "spam",
    ),
    (
        "SMTP error from remote mail server after MAIL FROM:<a@example.net> SIZE=1234: host mx.example.com"
        " [192.0.2.7]: 552 5.3.4 big",
        "exim 552 5.3.4 mail mx.example.com 192.0.2.7 -",
        "big",
    ),
    (
        "SMTP error from remote mail server after pipelined DATA: host mx.example.com [192.0.2.7]: 503 no recipients",
        "exim 503 - data mx.example.com 192.0.2.7 -",
        "no recipients",
    ),
    (
        "SMTP error from remote mail server after initial connection: host mx.example.com [192.0.2.7]: 421 busy",
        "exim 421 - connect mx.example.com 192.0.2.7 -",
        "busy",
    ),
    (
        "SMTP error from remote server for TEXT command, host: mx.example.com (192.0.2.7) reason: 554 5.7.1 no",
        "exim 554 5.7.1 message mx.example.com 192.0.2.7 -",
        "no",
    ),
    (
        "host mx.example.com [192.0.2.7] SMTP error from remote mail server after RCPT TO:<bob@example.com>: 550 no",
        "exim 550 - rcpt mx.example.com 192.0.2.7 bob@example.com",
        "no",
    ),
    (
        "1abcde-000123-AB ** bob@example.com <b@example.org> F=<a@example.net> R=dns T=smtp H=mx.example.com"
        ' [192.0.2.7]:25 I=[198.51.100.2]:4711 DN="C=US, CN=mx: x": SMTP error from remote mail server after'
        " pipelined sending data block: 550-no\\n550 way",
        "exim 550 - message mx.example.com 192.0.2.7 bob@example.com",
        "no way",
    ),
    (
        '1abcde-000123-AB => bob@example.com R=dns T=smtp H=mx.example.com [192.0.2.7] C="250 2.0.0 OK id=1" QT=3s',
        "exim 250 2.0.0 message mx.example.com 192.0.2.7 bob@example.com",
        "OK id=1",
    ),
    (
        "1abcde-000123-AB == bob@example.com R=dns T=smtp defer (-18) H=mx.example.com [192.0.2.7]: Remote host"
        " closed connection in response to end of data",
        "exim - - message mx.example.com 192.0.2.7 bob@example.com",
        "Remote host closed connection in response to end of data",
    ),
    (
        "== bob@example.com R=dns T=smtp defer (-53): retry time not reached for any host",
        "exim - - - - - bob@example.com",
        "retry time not reached for any host",
    ),
    (
        "2024-01-02 03:04:05 1abcde-000123-AB ** |/bin/x <bob@example.com> R=fail : Unrouteable address",
        "exim - - - - - bob@example.com",
        "Unrouteable address",
    ),
    (
        "bob@example.com\n    retry timeout exceeded",
        "exim - - - - - bob@example.com",
        "retry timeout exceeded",
    ),
    (
        "SMTP timeout while connected to mx.example.com [192.0.2.7] after RCPT TO:<bob@example.com>",
        "exim - - rcpt mx.example.com 192.0.2.7 -",
        "SMTP timeout while connected to mx.example.com [192.0.2.7] after RCPT TO:<bob@example.com>",
    ),
    (
        "H=x.example.net (helo.example.net) [192.0.2.9]:4711 X=TLS1.2:a:256 CV=no F=<a@example.net> temporarily"
        " rejected RCPT <bob@example.com>: greylisted",
        "exim - - rcpt - - bob@example.com",
        "greylisted",
    ),
    (
        "login authenticator failed for (x) [192.0.2.9]: 535 Incorrect authentication data (set_id=bob)",
        "exim 535 - auth - - -",
        "Incorrect authentication data (set_id=bob)",
    ),
    # --- Sendmail
    (
        "... while talking to mx.example.com.: >>> MAIL From:<a@example.net> SIZE=9 <<< 552-5.3.4 too <<< 552 5.3.4"
        " big 554 5.0.0 <bob@example.com>... Service unavailable",
        "sendmail 552 5.3.4 mail mx.example.com - -",
        "too big",
    ),
    (
        "q1: to=<bob@example.com>, ctladdr=<a@example.net> (1/1), delay=00:00:02, mailer=esmtp, relay=mx.example.com."
        " [192.0.2.7], dsn=5.7.1, reply=554 5.7.1 spam, and more, stat=Service unavailable",
        "sendmail 554 5.7.1 - mx.example.com 192.0.2.7 bob@example.com",
        "spam, and more",
    ),
    (
        "q1: to=bob@example.com, relay=mx.example.com. [192.0.2.7], dsn=4.4.2, reply=250 2.1.5 Ok, stat=Deferred:"
        " Connection reset by mx.example.com.",
        "sendmail - 4.4.2 - mx.example.com 192.0.2.7 bob@example.com",
        "Deferred: Connection reset by mx.example.com.",
    ),
    (
        "q1: to=bob@example.com, relay=mx.example.com. [192.0.2.7], dsn=2.0.0, stat=Sent (ok (really): queued)",
        "sendmail - 2.0.0 - mx.example.com 192.0.2.7 bob@example.com",
        "ok (really): queued",
    ),
    (
        "q1: ruleset=check_rcpt, arg1=<bob@example.com>, relay=x.example.net [192.0.2.9], reject=550 5.7.1"
        " <bob@example.com>... Relaying denied",
        "sendmail 550 5.7.1 rcpt - - bob@example.com",
        "<bob@example.com>... Relaying denied",
    ),
    (
        "q1: Milter: to=<bob@example.com>, reject=451 4.7.1 greylisted",
        "sendmail 451 4.7.1 rcpt - - bob@example.com",
        "greylisted",
    ),
    (
        "bob@example.com... Deferred: Connection timed out with mx.example.com.",
        "sendmail - - - mx.example.com - bob@example.com",
        "Deferred: Connection timed out with mx.example.com.",
    ),
    ("<bob@example.com>... Deferred: 450 4.7.1 slow", "sendmail 450 4.7.1 - - - bob@example.com", "slow"),
    # --- qmail
    (
        "<bob@example.com>:\n192.0.2.7 does not like recipient.\nRemote host said: 550-5.1.1 no\n550 5.1.1 such\n"
        "Giving up on 192.0.2.7.",
        "qmail 550 5.1.1 rcpt - 192.0.2.7 bob@example.com",
        "no such",
    ),
    (
        "192.0.2.7 failed after I sent the message. Remote host said: 554 5.7.1 spam",
        "qmail 554 5.7.1 message - 192.0.2.7 -",
        "spam",
    ),
    (
        "Connected to 192.0.2.7 but sender was rejected. Remote host said: 553 no",
        "qmail 553 - mail - 192.0.2.7 -",
        "no",
    ),
    (
        "Connected to 192.0.2.7 but my name was rejected.",
        "qmail - - ehlo - 192.0.2.7 -",
        "Connected to 192.0.2.7 but my name was rejected.",
    ),
    (
        "delivery 4: deferral: Connected_to_192.0.2.7_but_greeting_failed./Remote_host_said:_421_too_busy/",
        "qmail 421 - connect - 192.0.2.7 -",
        "too busy",
    ),
    (
        "delivery 4: failure: 192.0.2.7_does_not_like_recipient./Remote_host_said:_550-see_https://example.com/x/"
        "550_end/Giving_up_on_192.0.2.7./",
        "qmail 550 - rcpt - 192.0.2.7 -",
        "see https://example.com/x end",
    ),
    (
        "delivery 4: failure: Sorry,_no_mailbox_here_by_that_name._vpopmail_(#5.1.1)/",
        "qmail - 5.1.1 - - - -",
        "Sorry, no mailbox here by that name. vpopmail (#5.1.1)",
    ),
    (
        "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)",
        "qmail - 4.4.1 - - - -",
        "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)",
    ),
    (
        "Sorry, no SMTP connection got far enough; most progress was RCPT TO response; remote host 192.0.2.7 said:"
        " 550 unknown",
        "qmail 550 - rcpt - 192.0.2.7 -",
        "unknown",
    ),
]


def brief(found: Unwrapped) -> str:
    """What an expectation of the table says."""
    reply, context = found.reply, found.context
    fields: list[Any] = [found.wrapper, reply.code, reply.enhanced, context.phase, context.remote_host]
    return " ".join("-" if f is None else str(f) for f in (*fields, context.remote_ip, context.recipient))


@pytest.mark.parametrize(("text", "expected", "words"), CASES)
def test_wrappers(text: str, expected: str, words: str) -> None:
    found = unwrap(text)
    assert brief(found) == expected
    assert found.reply.text == words


SESSION = (
    "   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> DATA\n"
    "<<< 550 5.1.1 <bob@example.com>: gone\n550 5.1.1 <bob@example.com>... User unknown\n"
    "<<< 503 5.0.0 Need RCPT (recipient)\n"
)


def test_of_a_sendmail_session_the_first_failing_reply_counts() -> None:
    found = import_module("bouncewise.reply.unwrap.sendmail").unwrap(SESSION)
    assert brief(found) == "sendmail 550 5.1.1 data mx.example.com - -"
    assert found.reply.lines == ("<bob@example.com>: gone",)


def test_behind_354_a_session_is_about_the_message() -> None:
    text = ">>> DATA\n<<< 354 go on\n>>> .\n<<< 554 5.7.1 spam\n"
    found = import_module("bouncewise.reply.unwrap.sendmail").unwrap(text)
    assert brief(found) == "sendmail 554 5.7.1 message - - -"


# What else the wrapper tells.
CONTEXTS: list[tuple[str, dict[str, Any]]] = [
    (CASES[7][0], {"queue_age": 41.5, "time": "2024-01-02T03:04:05.678901+01:00"}),
    (CASES[9][0], {"sender": "alice@example.net"}),
    (CASES[20][0], {"local_ip": "192.0.2.9", "helo": "x.example.net", "sender": "a@example.net"}),
    (
        "warning: unknown[192.0.2.9]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
        {"local_ip": "192.0.2.9", "phase": "auth", "remote_host": None},
    ),
    (
        "NOQUEUE: reject: MAIL from x.example.net[192.0.2.9]: 553 5.1.8 <>: no; from=<> proto=SMTP helo=<x>",
        {"sender": "", "phase": "mail", "helo": "x", "recipient": None},
    ),
    (
        "2024-01-02 03:04:05.123 +0200 [123] 1abcde-000123-AB == bob@example.com F=<a@example.net> R=dns T=smtp"
        " QT=1d2h3m4s I=[198.51.100.2]:4711 defer (111): Connection refused",
        {
            "queue_age": 93784.0,
            "time": "2024-01-02T03:04:05.123+02:00",
            "local_ip": "198.51.100.2",
            "sender": "a@example.net",
        },
    ),
    (
        "2024-01-02 03:04:05 H=(helo.example.net) [192.0.2.9] F=<a@example.net> rejected MAIL <a@example.net>: no",
        {"helo": "helo.example.net", "local_ip": "192.0.2.9", "phase": "mail", "time": "2024-01-02T03:04:05"},
    ),
    ("H=[192.0.2.9] rejected EHLO or HELO friend: bad name", {"helo": "friend", "phase": "ehlo"}),
    (
        'H=[192.0.2.9]:5 rejected connection in "connect" ACL: listed',
        {"phase": "connect", "local_ip": "192.0.2.9"},
    ),
    (
        "sm-mta[1]: ruleset=check_mail, arg1=<a@example.net>, relay=[192.0.2.9], reject=553 5.1.8 no",
        {"sender": "a@example.net", "phase": "mail", "local_ip": "192.0.2.9", "recipient": None},
    ),
    (
        "q1: to=<bob@example.com>, delay=1+02:00:01, relay=mx.example.com., dsn=4.4.1, stat=Deferred",
        {"queue_age": 93601.0, "remote_host": "mx.example.com"},
    ),
    (
        "@4000000065937f3f0c9a2b3c delivery 3: success: 192.0.2.7_accepted_message./Remote_host_said:_250_ok/",
        {"time": "2024-01-02T03:12:53Z", "phase": "message", "remote_ip": "192.0.2.7"},
    ),
]


@pytest.mark.parametrize(("text", "fields"), CONTEXTS)
def test_contexts(text: str, fields: dict[str, Any]) -> None:
    context = unwrap(text).context
    assert {name: getattr(context, name) for name in fields} == fields


@pytest.mark.parametrize(
    "text",
    [
        "Could not connect to SMTP host: mail.example.com, port: 587",
        "hello there... that is all",
        "An array => 5 was rejected by host 5",
        "Sorry, we are closed",
        "the status=open ticket",
        "delivery of parcels",
    ],
)
def test_look_alikes_are_no_log_lines(text: str) -> None:
    assert unwrap(text).wrapper not in ("postfix", "exim", "sendmail", "qmail")


@pytest.mark.parametrize("text", [case[0] for case in CASES] + [c[0] for c in CONTEXTS] + [SESSION])
def test_cut_anywhere_is_no_fault(text: str) -> None:
    for place in range(0, len(text), 7):
        assert isinstance(unwrap(text[:place]), Unwrapped)
        assert isinstance(unwrap(text.encode()[place:]), Unwrapped)
