"""Dialogues with a server as people paste them: with all kinds of marks, without any, on one line."""

from __future__ import annotations

import pytest

from bouncewise.reply import Unwrapped
from bouncewise.reply.unwrap import unwrap

# The text; code, enhanced code, phase ("-" for None); the words of the reply, exactly.
DIALOGUES: list[tuple[str, str, str]] = [
    # --- replies only
    (
        '354 Enter mail, end with "." on a line by itself Subject: greetings from us . 550 message refused here',
        "550 - message",
        "message refused here",
    ),
    (
        "235 2.7.0 Authentication successful 555 5.5.4 Unsupported option: SIZE 503 5.5.1 Error: need MAIL command",
        "555 5.5.4 -",
        "Unsupported option: SIZE",
    ),
    ("250 ok 250 ok 354 go on . 554 5.7.1 looks like spam", "554 5.7.1 message", "looks like spam"),
    ("220 mx.example.com ESMTP ready 421 4.7.0 too busy", "421 4.7.0 connect", "too busy"),
    (
        "250 2.1.0 Ok 250 2.1.5 Ok 354 End data with <CR><LF>.<CR><LF>",
        "354 - data",
        "End data with <CR><LF>.<CR><LF>",
    ),
    ("250-mx.example.com\n250 SIZE 1000\n250 2.1.0 ok\n550 5.1.1 gone", "550 5.1.1 -", "gone"),
    # --- swaks, curl, exim -v, Net::SMTP
    (
        "-> AUTH LOGIN <** 530 Must issue a STARTTLS command first -> AUTH PLAIN <** 530 Must issue a STARTTLS command"
        " first *** No authentication type succeeded",
        "530 - auth",
        "Must issue a STARTTLS command first",
    ),
    (
        "=== Connected to mx.example.com. <-  220 mx.example.com ESMTP -> EHLO me <-  250 mx.example.com -> MAIL"
        " FROM:<a@example.net> <-  250 ok -> RCPT TO:<bob@example.com> <** 550 5.1.1 gone -> QUIT <-  221 bye",
        "550 5.1.1 rcpt",
        "gone",
    ),
    ("<-  354 End data with <CR><LF>.<CR><LF>", "354 - data", "End data with <CR><LF>.<CR><LF>"),
    ("<~* 535 5.7.8 no", "535 5.7.8 auth", "no"),
    (
        "< 220 mx.example.com ESMTP > EHLO me < 250 mx.example.com > VRFY bob < 252 I will try",
        "252 - -",
        "I will try",
    ),
    ("> RCPT TO:<bob@example.com> < 550 5.7.1 no relay * Closing connection 0", "550 5.7.1 rcpt", "no relay"),
    (
        "SMTP>> RCPT TO:<bob@example.com> SMTP<< 550 5.1.1 no such user SMTP>> QUIT SMTP<< 221 bye",
        "550 5.1.1 rcpt",
        "no such user",
    ),
    (
        "Net::SMTP::SSL=GLOB(0x55d)>>> EHLO me\nNet::SMTP::SSL=GLOB(0x55d)<<< 250 mx\n"
        "Net::SMTP::SSL=GLOB(0x55d)>>> MAIL FROM:<a@example.net>\nNet::SMTP::SSL=GLOB(0x55d)<<< 550 5.7.1 not you\n",
        "550 5.7.1 mail",
        "not you",
    ),
    # --- PHPMailer, nodemailer, Symfony, Python, others
    (
        "SMTP -> FROM SERVER:421 Too many connections; try later. CLIENT -> SMTP: EHLO me SMTP -> FROM SERVER:"
        " SMTP -> ERROR: EHLO not accepted from server:",
        "421 - connect",
        "Too many connections; try later.",
    ),
    (
        "2024-01-02 03:04:05 CLIENT -> SERVER: MAIL FROM:<a@example.net> 2024-01-02 03:04:05 SERVER -> CLIENT: 250 ok"
        " 2024-01-02 03:04:05 CLIENT -> SERVER: RCPT TO:<bob@example.com> 2024-01-02 03:04:06 SERVER -> CLIENT:"
        " 550 5.1.1 gone",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "[2024-01-02 03:04:05] DEBUG [x9] C: RCPT TO:<bob@example.com>\n[2024-01-02 03:04:05] DEBUG [x9] S: 550 5.1.1"
        " gone\n[2024-01-02 03:04:05] DEBUG [x9] Closing connection",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "C: MAIL FROM:<a@example.net> S: 250 ok C: DATA S: 503 5.5.1 RCPT first",
        "503 5.5.1 data",
        "RCPT first",
    ),
    ("Sent: AUTH LOGIN Got: 334 VXNlcm5hbWU6", "334 - auth", "VXNlcm5hbWU6"),
    ("03:04:05 AM - Client: DATA 03:04:06 AM - Server: 354 go ahead", "354 - data", "go ahead"),
    (
        "INFO: 2024/01/02 SMTP request: EHLO localhost INFO: 2024/01/02 SMTP response: 501 HELO needs a domain",
        "501 - ehlo",
        "HELO needs a domain",
    ),
    (
        "send: 'rcpt TO:<bob@example.com>\\r\\n'\nreply: b'550 5.1.1 gone\\r\\n'\nreply: retcode (550); Msg: b'5.1.1 gone'\n"
        "send: 'rset\\r\\n'\nreply: b'250 2.0.0 ok\\r\\n'\n",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "amavis[1]: (1-04) rw_loop read 65 chars< 250 2.1.0 Ok\\r\\n250 2.1.5 Ok\\r\\n354 End data\\r\\n",
        "354 - data",
        "End data",
    ),
    # --- plain commands
    ("RCPT TO:<bob@example.com> 251 2.1.5 forwarded", "251 2.1.5 rcpt", "forwarded"),
    ("rcpt to:<bob@example.com> 550 not for you", "550 - rcpt", "not for you"),
    (
        "EHLO me 250 mx.example.com MAIL FROM:<a@example.net> 250 2.1.0 ok RCPT TO:<bob@example.com> 450 4.7.1 wait",
        "450 4.7.1 rcpt",
        "wait",
    ),
    ("VRFY bob 252 2.0.0 bob", "252 2.0.0 -", "bob"),
    # --- what follows from a refusal, several recipients, a message that went out in the end
    (
        "RCPT TO:<bob@example.com> 550 5.1.1 gone DATA 554 5.5.1 Error: no valid recipients",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "S: 220 hi\nC: RCPT TO:<a@example.com>\nS: 550 5.1.1 gone\nC: RCPT TO:<b@example.com>\nS: 450 4.7.1 wait\n",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "S: 220 hi\nC: EHLO me\nS: 502 what?\nC: HELO me\nS: 250 hi\nC: MAIL FROM:<a@example.net>\nS: 250 ok\n"
        "C: RCPT TO:<b@example.com>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hello\nC: .\nS: 250 2.0.0 queued\nC: QUIT\nS: 221 bye\n",
        "250 2.0.0 message",
        "queued",
    ),
    # --- Sendmail's sessions
    (
        "... while talking to mx.example.com.: >>> RCPT To:<bob@example.com> <<< 550 5.1.1 gone 550 5.1.1"
        " <bob@example.com>... User unknown >>> DATA <<< 503 5.0.0 Need RCPT (recipient)",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        ">>> DATA <<< 503 Need RCPT >>> RSET <<< 553 5.1.8 sender domain must exist",
        "553 5.1.8 -",
        "sender domain must exist",
    ),
    (">>> DATA <<< 450 4.7.1 greylisted <<< 554 5.5.1 no valid recipients", "450 4.7.1 data", "greylisted"),
    (">>> DATA <<< 553 user name wanted 554 5.0.0 Service unavailable", "553 - data", "user name wanted"),
    (
        ">>> DATA >>> 553 user name wanted 554 bob@example.com... Service unavailable",
        "553 - data",
        "user name wanted",
    ),
    (
        "... while talking to mx.example.com.:\n>>> DATA\n<<< 550 5.1.1 <bob@example.com>: gone\n"
        "550 5.1.1 <bob@example.com>... User unknown\n<<< 554 5.5.1 Error: no valid recipients\n",
        "550 5.1.1 data",
        "<bob@example.com>: gone",
    ),
]


def brief(found: Unwrapped) -> str:
    phase = found.context.phase
    return " ".join(
        str(part or "-") for part in (found.reply.code, found.reply.enhanced, phase and phase.value)
    )


@pytest.mark.parametrize(("text", "expected", "words"), DIALOGUES)
def test_dialogues(text: str, expected: str, words: str) -> None:
    found = unwrap(text)
    assert (brief(found), found.reply.text) == (expected, words)


@pytest.mark.parametrize(("text", "expected", "words"), [c for c in DIALOGUES if "\n" not in c[0]])
def test_as_octets_and_with_blanks_around(text: str, expected: str, words: str) -> None:
    found = unwrap(f"  {text}\r\n".encode())
    assert (brief(found), found.reply.text) == (expected, words)


@pytest.mark.parametrize(("text", "expected", "_words"), DIALOGUES)
def test_prose_behind_a_dialogue_changes_no_code(text: str, expected: str, _words: str) -> None:
    assert brief(unwrap(f"{text} What does that mean?"))[:3] == expected[:3]


def test_who_talked_is_told() -> None:
    swaks = unwrap("-> MAIL FROM:<a@example.net> <- 250 ok -> RCPT TO:<bob@example.com> <** 550 no")
    assert (swaks.context.sender, swaks.context.recipient) == ("a@example.net", "bob@example.com")


@pytest.mark.parametrize("text", [case[0] for case in DIALOGUES])
def test_cut_anywhere_is_no_fault(text: str) -> None:
    for place in range(0, len(text), 5):
        assert isinstance(unwrap(text[:place]), Unwrapped)
        assert isinstance(unwrap(text[place:]), Unwrapped)
