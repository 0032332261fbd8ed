"""Shapes in which people paste replies: mail programs, named values, tables, quotes, libraries, prose."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.reply import Unwrapped
from bouncewise.reply.unwrap import unwrap

# The text; code, enhanced code, phase ("-" for None); the words of the reply, exactly.
CASES: list[tuple[str, str, str]] = [
    # --- the code that was got, not the one that was expected
    ("Error: Expected smtp code 250, got 552", "552 - -", ""),
    ("Unexpected return code - Expected: 250, Got: 553 | 553 5.7.1 not yours", "553 5.7.1 -", "not yours"),
    ("expected 354 but got 550 5.7.1 no", "550 5.7.1 data", "no"),
    ("expected 220, received 554 5.7.1 go away", "554 5.7.1 connect", "go away"),
    ("Expected 250/251, got '450 4.2.0 wait'", "450 4.2.0 -", "wait"),
    ("got 550 5.1.1 gone, expected 250", "550 5.1.1 -", "gone"),
    (
        'Expected response code 250 but got code "554", with message "554 5.7.1 no "quotes" here "" on line 9 of /srv/x.php',
        "554 5.7.1 -",
        'no "quotes" here',
    ),
    (
        'X: Expected response code "354" but got code "552", with message "552-5.2.3 a\r\n552 5.2.3 b".',
        "552 5.2.3 -",
        "a b",
    ),
    (
        'Expected response code 250 but got code "", with message "" at x.php:419',
        "- - -",
        "empty reply: connection lost",
    ),
    # --- mail programs
    (
        "Account: 'me', Server: 'smtp.example.com', Protocol: SMTP, Server Response: '553. sorry, check mail first"
        " (#5.7.1)', Port: 25, Secure(SSL): No, Server Error: 553, Error Number: 0x800CCC79",
        "553 5.7.1 -",
        "sorry, check mail first (#5.7.1)",
    ),
    (
        "Servidor: 'smtp.example.com', Protocolo: SMTP, Resposta do Servidor: '550 sem retransmissão', Porta: 25,"
        " Secure Sockets Layer (SSL): Não, Erro do Servidor: 550, Número do Erro: 0x800CCC79.",
        "550 - -",
        "sem retransmissão",
    ),
    (
        "Serveur : 'smtp.example.com', Protocole : SMTP, Réponse du serveur : '550 c'est non', Port : 25, Sécurisé (SSL) :"
        " Non, Erreur de serveur : 550, Numéro d'erreur : 0x800CCC79",
        "550 - -",
        "c'est non",
    ),
    (
        "An error occurred while sending mail. The mail server responded: 5.1.1 no such user. Please check the message"
        ' recipient "bob@example.com" and try again.',
        "- 5.1.1 rcpt",
        "no such user",
    ),
    ("Der Mail-Server antwortete: 550 5.7.1 Nein. Bitte überprüfen Sie die Adresse.", "550 5.7.1 -", "Nein"),
    ("Le serveur a répondu : «451 4.3.0 plus tard».", "451 4.3.0 -", "plus tard"),
    ("El servidor respondió: 552 5.2.2 lleno", "552 5.2.2 -", "lleno"),
    (
        "msmtp: recipient address bob@example.com not accepted by the server\nmsmtp: server message: 550-5.1.1 no\n"
        "msmtp: server message: 550 5.1.1 such user\nmsmtp: could not send mail",
        "550 5.1.1 rcpt",
        "no such user",
    ),
    # --- named values
    ("Error: SMTP code:530 msg:530 authentication wanted.", "530 - -", "authentication wanted."),
    (
        "authentication failure [SMTP: Invalid response code received from server (code: 535, response: Denied)]",
        "535 - auth",
        "Denied",
    ),
    (
        "Failed to add recipient: bob@example.com [SMTP: Invalid response code received from server (code: 550, response:"
        " 5.1.1 gone)]",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        'to = ["bob@example.com"], hostname = "mx.example.com", code = 550, details = "closed", total = 0',
        "550 - -",
        "closed",
    ),
    ('&textproto.Error{Code:550, Msg:"5.1.1 gone"}', "550 5.1.1 -", "gone"),
    ('{"statusCode": 554, "message": "5.7.1 said \\"no\\""}', "554 5.7.1 -", 'said "no"'),
    (
        "(host 'mx.example.com' rejected command 'RCPT TO' with code 550 (5.7.1) 'not here')",
        "550 5.7.1 rcpt",
        "not here",
    ),
    # --- tables
    ("|550|Boîte indisponible|", "550 - -", "Boîte indisponible"),
    (
        "| Code | Text |\n|---|---|\n| 250 | ok |\n| **550** | `5.1.1` | no such user |",
        "550 5.1.1 -",
        "no such user",
    ),
    (
        "<table><tr><td>550</td><td>5.7.1</td>\n<td>no <b>relay</b></td></tr></table>",
        "550 5.7.1 -",
        "no relay",
    ),
    ("| 550 5.1.1 gone | bob@example.com |", "550 5.1.1 -", "gone bob@example.com"),
    # --- quoted, bracketed, listed
    ('421, "4.7.0", Try again later.', "421 4.7.0 -", "Try again later"),
    ("421, «4.7.0» – später noch einmal.", "421 4.7.0 -", "später noch einmal"),
    ('"554", "5.7.1", "no signature"', "554 5.7.1 -", "no signature"),
    ("„552 Nachricht abgelehnt“", "552 - -", "Nachricht abgelehnt"),
    ("”552 Meddelande avvisat”", "552 - -", "Meddelande avvisat"),
    ("「550 5.4.1 拒絕」", "550 5.4.1 -", "拒絕"),
    ("【550】 5.1.1 用户不存在", "550 5.1.1 -", "用户不存在"),
    ("错误代码：550 用户不存在", "550 - -", "用户不存在"),
    ("退信原因：「550 User not found」。", "550 - -", "User not found"),
    ("エラー：『452 4.2.2 容量超過』", "452 4.2.2 -", "容量超過"),
    ("Error SMTP: [550] wrong sender", "550 - -", "wrong sender"),
    ("SMTP Error (550): no such user", "550 - -", "no such user"),
    (
        '["554-Transaction failed", "554-By policy.", "554 Ask us", ""]',
        "554 - -",
        "Transaction failed By policy. Ask us",
    ),
    ("`550 5.4.1 Access denied`", "550 5.4.1 -", "Access denied"),
    ('<<"550 5.4.5 quota exceeded\\r\\n">>', "550 5.4.5 -", "quota exceeded"),
    # --- prose
    ("'delivery error ' with reason as '550 Loop found'.", "550 - -", "Loop found"),
    ("sending to campaign 7 - 450 Too many attempts", "450 - -", "Too many attempts"),
    ("MAIL FROM <a@example.net> failed: '503 5.5.1 bad sequence'", "503 5.5.1 mail", "bad sequence"),
    ("dial: Auth: 451 4.3.2 Internal trouble", "451 4.3.2 auth", "Internal trouble"),
    ("LMTP error after end of data: 552 5.2.2 Over quota", "552 5.2.2 message", "Over quota"),
    ("said: 554 5.4.0 too many hops (in reply to end of DATA command)", "554 5.4.0 message", "too many hops"),
    ("550 5.1.1 gone (in reply to RCPT TO command)", "550 5.1.1 rcpt", "gone"),
    ("SMTP ERROR: RCPT TO command failed: 553 not here", "553 - rcpt", "not here"),
    ("SMTP ERROR: Password command failed: 535 5.7.8 no", "535 5.7.8 auth", "no"),
    ("Fehlermeldung: 550 5.7.1 abgelehnt", "550 5.7.1 -", "abgelehnt"),
    ("421HL:ICC too many from one address", "421 - -", "HL:ICC too many from one address"),
    ("said 550RD:ERR no", "550 - -", "RD:ERR no"),
    ("554 5.7.1: refused", "554 5.7.1 -", "refused"),
    ("550 5.7.1 : Recipient address rejected", "550 5.7.1 -", "Recipient address rejected"),
    ("571 5.7.1 message refused", "571 5.7.1 -", "message refused"),
    ("by upstream: 471 4.7.1 slow down", "471 4.7.1 -", "slow down"),
    ("5.7.0 one part 5.7.0 another part", "- 5.7.0 -", "one part another part"),
    # --- libraries
    ("Net::SMTPFatalError (550 5.1.1 gone", "550 5.1.1 -", "gone"),
    ("Net::SMTPFatalError - 550 5.1.1 &lt;bob&gt;: gone", "550 5.1.1 -", "<bob>: gone"),
    ("type: `Net::SMTPServerBusy` Error message: `` 421 later ``", "421 - -", "later"),
    ("Net::SMTPServerBusy 450 4.1.2 no domain (Net::SMTPServerBusy)", "450 4.1.2 -", "no domain"),
    (
        "Error { kind: Permanent(Code { severity: PermanentNegativeCompletion, category: Unspecified3, detail: Five }) }",
        "535 - -",
        "",
    ),
    (
        "smtplib.SMTPRecipientsRefused: {'a@example.com': (450, b'4.7.1 wait'), 'b@example.com': (550, b'5.1.1 gone')}",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "javax.mail.SendFailedException: Invalid Addresses; nested exception is: com.sun.mail.smtp.SMTPAddressFailedException:"
        " 550 5.1.1 gone ; nested exception is: com.sun.mail.smtp.SMTPAddressFailedException: 450 4.7.1 wait",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "javax.mail.MessagingException: Could not connect to SMTP host: mx.example.com, port: 25, response: 421",
        "421 - connect",
        "Could not connect to SMTP host: mx.example.com, port: 25, response: 421",
    ),
    ("Service not available. The server respons e was: 4.7.0 later", "- 4.7.0 -", "later"),
    (
        "SMTP Error: The following recipients failed: bob@example.com: 550 5.1.1 gone; carol@example.com: 450 wait",
        "550 5.1.1 rcpt",
        "gone",
    ),
    (
        "x.errors.SMTPRecipientsRefused: [SMTPRecipientRefused(550, '5.1.1 gone', 'bob@example.com')]",
        "550 5.1.1 rcpt",
        "gone",
    ),
    ("MailKit.Security.AuthenticationException: 535: 5.7.8 no", "535 5.7.8 auth", "no"),
    (
        "SmtpFailedRecipientException: Mailbox unavailable. The server response was: No such user   at System.Net.Mail.X",
        "550 - -",
        "No such user",
    ),
    (
        "CDO error. The server response was not available",
        "- - -",
        "CDO error. The server response was not available",
    ),
    ("raised exception class EIdSMTPReplyError with message '550 5.1.1 gone'.", "550 5.1.1 -", "gone"),
    ("EIdSMTPReplyError: 5.7.1 Client was not authenticated", "- 5.7.1 -", "Client was not authenticated"),
    (
        "Error: Message failed: 554 5.7.1 spam at SMTPConnection._formatError (/app/x.js:7:1)",
        "554 5.7.1 message",
        "spam",
    ),
    ("Net::SMTPUnknownError: could not get 3xx (550: 550 5.7.1 no)", "550 5.7.1 -", "no"),
    ("#<Net::SMTPFatalError: 550 5.1.1 gone>", "550 5.1.1 -", "gone"),
    ("curl: (67) Access denied: 535", "535 - -", ""),
    ("curl: (55) RCPT failed: 550", "550 - rcpt", ""),
    ("sendmail: RCPT TO:<bob@example.com> (550 5.1.1 gone)", "550 5.1.1 -", "gone"),
    ('"diagnosticCode":"smtp; 550 5.1.1 unknown"', "550 5.1.1 -", "unknown"),
    ('bounce_code=550 bounce_message="no such user"', "550 - -", "no such user"),
    # --- gateways, people
    ("5.1.0 - Unknown address error 550-'5.1.1 gone' (delivery attempts: 0)", "550 5.1.1 -", "gone"),
    (
        '5.1.0 - Unknown address error 550-"5.1.1 Bob\'s box\\n5.1.1 is gone" (delivery attempts: 0)',
        "550 5.1.1 -",
        "Bob's box is gone",
    ),
    (
        "Diagnostic-Code: smtp; 5.3.0 - Other mail system problem 554-'5.7.1 go away' (delivery attempts: 0)",
        "554 5.7.1 -",
        "go away",
    ),
    (
        "hMailServer sent: RCPT TO:<bob@example.com> Remote server replied: 550 5.1.1 gone",
        "550 5.1.1 rcpt",
        "gone",
    ),
    ("SMTP-Fehler (550): Empfänger unbekannt", "550 - -", "Empfänger unbekannt"),
    ("Erreur SMTP (550) : destinataire inconnu", "550 - -", "destinataire inconnu"),
    ("SMTPエラー (550): 宛先不明", "550 - -", "宛先不明"),
    ("they return a 550 error: mailbox unavailable", "550 - -", "mailbox unavailable"),
    ("bob@example.com 550 no such user", "550 - -", "no such user"),
    ("550 | no such user", "550 - -", "no such user"),
    ("550/5.1.1 gone", "550 5.1.1 -", "gone"),
    ('"550 5.1.1" user unknown', "550 5.1.1 -", "user unknown"),
    ("'550', 'no such user'", "550 - -", "no such user"),
    ('[550, "5.1.1 gone"]', "550 5.1.1 -", "gone"),
    # --- a friendly reply that is only quoted
    (
        "jakarta.mail.AuthenticationFailedException: 220 2.0.0 Ready to start TLS ; nested exception is:"
        " jakarta.mail.MessagingException: Could not convert socket to TLS",
        "- - starttls",
        "Could not convert socket to TLS",
    ),
    (
        "the server said '220 2.0.0 go ahead' but the TLS handshake failed",
        "- - -",
        "the server said '220 2.0.0 go ahead' but the TLS handshake failed",
    ),
    ('some servers answer: "235 auth failure"', "235 - -", "auth failure"),
    # --- Postfix, Gmail, Exchange, DSN, qmail
    (
        "to=<bob@example.com>, relay=local, dsn=2.0.0, status=sent (delivered to maildir)",
        "250 2.0.0 -",
        "delivered to maildir",
    ),
    (
        "to=<bob@example.com>, relay=local, dsn=2.0.0, status=sent (delivered to command: /bin/x)",
        "250 2.0.0 -",
        "delivered to command: /bin/x",
    ),
    ("<bob@example.com>: host mx.example.com said: 552 too large", "552 - -", "too large"),
    ("refused to talk to me: 554 no dial-up", "554 - connect", "no dial-up"),
    (
        "postfix/smtpd: warning: SASL CRAM-MD5 authentication failed: bad protocol",
        "- - auth",
        "SASL CRAM-MD5 authentication failed: bad protocol",
    ),
    (
        "postfix/smtpd[9]: lost connection after RCPT from x.example.net[192.0.2.9]",
        "- - rcpt",
        "lost connection after RCPT from x.example.net[192.0.2.9]",
    ),
    (
        "postfix/postscreen[9]: COMMAND TIME LIMIT from [192.0.2.9]:3608 after CONNECT",
        "- - connect",
        "COMMAND TIME LIMIT from [192.0.2.9]:3608 after CONNECT",
    ),
    (
        "Technical details of permanent failure: PERM_FAILURE: SMTP Error (state 14): 552 no",
        "552 - rcpt",
        "no",
    ),
    (
        "Not found in the Domain Name Service. <mx.example.com #5.4.0>",
        "- 5.4.0 -",
        "Not found in the Domain Name Service.",
    ),
    (
        '451 4.4.0 primary target IP address responded with "421.4.4.2 no connection." Attempted failover to alternate host',
        "421 4.4.2 -",
        "no connection.",
    ),
    (
        "<bob@example.com>: host mx.example.com[192.0.2.7] refused to talk to me: 554 5.7.1 no. Reporting-MTA: dns; me"
        " Final-Recipient: rfc822; bob@example.com Action: delayed Status: 4.7.1",
        "554 5.7.1 connect",
        "no.",
    ),
    ('"Diagnostic-Code:550 5.2.5 Folder full"', "550 5.2.5 -", "Folder full"),
    ("Remote host said: / Zdalny host odpowiedzial: 550 5.1.1 nie ma", "550 5.1.1 -", "nie ma"),
]


def brief(found: Unwrapped) -> str:
    phase = found.context.phase
    return " ".join(
        str(part or "-") for part in (found.reply.code, found.reply.enhanced, phase and phase.value)
    )


@pytest.mark.parametrize(("text", "expected", "words"), CASES)
def test_shapes(text: str, expected: str, words: str) -> None:
    found = unwrap(text)
    assert (brief(found), found.reply.text) == (expected, words)


@pytest.mark.parametrize(("text", "expected", "words"), [c for c in CASES if "\n" not in c[0]])
def test_as_octets_and_with_blanks_around(text: str, expected: str, words: str) -> None:
    found = unwrap(f"  {text}\r\n".encode())
    assert (brief(found), found.reply.text) == (expected, words)


# Numbers that are no reply codes.
@pytest.mark.parametrize(
    "text",
    [
        "we sent only 550 messages today",
        "limit reached: 550 messages per hour",
        "connect to port 587 failed",
        "server 192.0.2.250 is down",
        "Exim 4.97, 550 users, no trouble",
        "it is 2024-04-21 and nothing came",
        "mailer.php line: 450",
        "wrote 354 bytes to the socket",
        "id 421abc was queued",
        "HTTP error: 403 Forbidden",
        "HTTP status: 500 - internal",
        "HTTP/1.1 421 Misdirected Request",
        '{"url": "https://api.example.com/", "status": 404, "message": "not found"}',
        "sender said: 550 bytes are enough",
        "587 is blocked by the provider",
        "465 is the port for it",
        "page 250 of the manual",
        "The server responded in 450 ms",
        "expected 250 messages, got 200 messages",
        "| 550 | |",
        "| name | 12 |",
        "Server: mx.example.com, Port: 25",
        "order 550 - 421 Main Street",
        "the browser shows a 550 error",
        "call 550-421-1234",
        "exit status 250",
    ],
)
def test_numbers_that_are_no_codes(text: str) -> None:
    assert unwrap(text).reply.code is None


# A friendly reply whose words hold other numbers stays what it is.
@pytest.mark.parametrize(
    "text",
    [
        "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 1C843A99",
        "250 OK id=1abcde-000123-AB",
        "250 Accepted 550 messages so far",
        "250-SIZE 52428800",
        "220 mx.example.com ESMTP Exim 4.97 Tue, 02 Jan 2024 03:04:05 +0000",
        "250 2.0.0 Ok: 554 bytes queued as 4ABC",
        "252 2.0.0 bob; 450 lines of text",
        "250 ok 1700000000 qp 554 uid 89",
        "354 Send the mail. End with a dot",
        "221 2.0.0 closing. 550 messages were sent",
    ],
)
def test_friendly_replies_stay_friendly(text: str) -> None:
    assert unwrap(text).reply.code == int(text[:3])


def test_what_the_shapes_tell_besides() -> None:
    form = unwrap(
        "The rejected e-mail address was 'bob@example.com'. Server: 'smtp.example.com', Protocol: SMTP, Server Response:"
        " '550 no', Port: 25, Secure(SSL): No"
    )
    assert (form.context.remote_host, form.context.recipient) == ("smtp.example.com", "bob@example.com")
    pairs = unwrap('to = "bob@example.com", hostname = "mx.example.com", code = 550, details = "closed"')
    assert (pairs.context.remote_host, pairs.context.recipient) == ("mx.example.com", "bob@example.com")
    prose = unwrap("error when sending to mx.example.com (192.0.2.4) 451 4.7.1 later")
    assert (prose.context.remote_host, prose.context.remote_ip) == ("mx.example.com", "192.0.2.4")
    refused = unwrap("Error: connect ETIMEDOUT 192.0.2.4:25")
    assert refused.context.remote_ip == "192.0.2.4"


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_cut_anywhere_is_no_fault(text: str) -> None:
    for place in range(0, len(text), 5):
        assert isinstance(unwrap(text[:place]), Unwrapped)
        assert isinstance(unwrap(text[place:]), Unwrapped)


PIECES = (
    "<- 250 ok |-> RCPT TO:<|<** 550 |354 go |\n.\n| . |expected 250 |got 550 |error: |code: 550, message: '|said: |(|\\r\\n|"
    "| 550 |<td>|server responded: |server message: |: '550 |0x800CCC|554 5.7.1 |„|“|「|SMTP -> FROM SERVER:|reply: b'|"
    "read 5 chars<|host x|host 'x' rejected command '|Net::SMTPFatalError |nested exception is: |MessagingException: 220 "
).split("|")


@given(st.lists(st.sampled_from([*PIECES, *(c[0] for c in CASES)]), max_size=7).map("".join))
def test_any_mixture_is_no_fault(text: str) -> None:
    assert isinstance(unwrap(text), Unwrapped)


@pytest.mark.parametrize(
    "piece", [*PIECES, "250 ok ", "[2024-01-02 ", "a", "a@b ", "' ", "host ", "550-", "MAIL FROM:<", "5.1.1 "]
)
def test_64_kib_of_anything_take_little_time(piece: str) -> None:
    text = (piece * (65_536 // len(piece) + 1))[:65_536] if piece else ""
    for start in ("", "250 ok ", "error 550 ", "-> DATA <- "):
        began = time.perf_counter()
        unwrap(start + text)
        assert time.perf_counter() - began < 1.0  # a slow pattern would take minutes
