"""Taking replies out of what was put round them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.reply import Unwrapped
from bouncewise.reply.unwrap import unwrap

# text, wrapper, code, enhanced, words that must be in the text, phase, host, ip, recipient
CASES: list[
    tuple[str, str | None, int | None, str | None, str, str | None, str | None, str | None, str | None]
] = [
    (
        "<bob@example.com>: host mx.example.com[192.0.2.7] said: 550 5.1.1 unknown user (in reply to RCPT TO command)",
        "postfix",
        550,
        "5.1.1",
        "unknown user",
        "rcpt",
        "mx.example.com",
        "192.0.2.7",
        "bob@example.com",
    ),
    (
        "Mar  2 10:00:00 out postfix/smtp[12]: 4ABC: to=<bob@example.com>, relay=mx.example.com[192.0.2.7]:25, delay=2, "
        "delays=1/0/0/1, dsn=5.7.1, status=bounced (host mx.example.com[192.0.2.7] said: 554 5.7.1 spam (in reply to end of DATA command))",
        "postfix",
        554,
        "5.7.1",
        "spam",
        "message",
        "mx.example.com",
        "192.0.2.7",
        "bob@example.com",
    ),
    (
        "host mx.example.com[192.0.2.7] refused to talk to me: 421 4.3.2 busy",
        "postfix",
        421,
        "4.3.2",
        "busy",
        "connect",
        "mx.example.com",
        "192.0.2.7",
        None,
    ),
    (
        "lost connection with mx.example.com[192.0.2.7] while sending RCPT TO",
        "postfix",
        None,
        None,
        "lost connection",
        "rcpt",
        "mx.example.com",
        "192.0.2.7",
        None,
    ),
    (
        "connect to mx.example.com[192.0.2.7]:25: Connection refused",
        "postfix",
        None,
        None,
        "Connection refused",
        "connect",
        "mx.example.com",
        "192.0.2.7",
        None,
    ),
    (
        "NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 450 4.7.1 <mail>: Helo command rejected: Host not found; "
        "from=<a@example.net> to=<b@example.com> proto=SMTP helo=<mail>",
        "postfix",
        450,
        "4.7.1",
        "Helo command rejected",
        "rcpt",
        None,
        None,
        "b@example.com",
    ),
    (
        "SMTP error from remote mail server after RCPT TO:<bob@example.com>: host mx.example.com [192.0.2.7]: 550 No such user",
        "exim",
        550,
        None,
        "No such user",
        "rcpt",
        "mx.example.com",
        "192.0.2.7",
        "bob@example.com",
    ),
    (
        "2024-01-02 03:04:05 1abcde-000123-AB == bob@example.com R=dnslookup T=remote_smtp defer (111): Connection refused",
        "exim",
        None,
        None,
        "Connection refused",
        None,
        None,
        None,
        "bob@example.com",
    ),
    (
        "... while talking to mx.example.com.: >>> RCPT To:<bob@example.com> <<< 550 5.1.1 gone",
        "sendmail",
        550,
        "5.1.1",
        "gone",
        "rcpt",
        "mx.example.com",
        None,
        "bob@example.com",
    ),
    (
        "s1: to=<bob@example.com>, delay=00:00:01, mailer=esmtp, relay=mx.example.com. [192.0.2.7], dsn=4.0.0, "
        "stat=Deferred: 452 4.2.2 full",
        "sendmail",
        452,
        "4.2.2",
        "full",
        None,
        "mx.example.com",
        "192.0.2.7",
        "bob@example.com",
    ),
    (
        "delivery 12: failure: 192.0.2.7_does_not_like_recipient./Remote_host_said:_550_unknown/Giving_up_on_192.0.2.7./",
        "qmail",
        550,
        None,
        "unknown",
        "rcpt",
        None,
        "192.0.2.7",
        None,
    ),
    (
        "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##",
        "exchange",
        550,
        "5.1.1",
        "not found",
        None,
        None,
        None,
        None,
    ),
    (
        "Remote Server returned '554 5.2.2 mailbox full'",
        "exchange",
        554,
        "5.2.2",
        "mailbox full",
        None,
        None,
        None,
        None,
    ),
    (
        "{LED=450 4.7.1 slow down};{MSG=};{FQDN=mx.example.com};{IP=192.0.2.7}",
        "exchange",
        450,
        "4.7.1",
        "slow down",
        None,
        "mx.example.com",
        "192.0.2.7",
        None,
    ),
    (
        "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.example.com\n"
        "Diagnostic-Code: smtp; 550 no such\n user here",
        "dsn",
        550,
        "5.1.1",
        "no such user here",
        None,
        "mx.example.com",
        None,
        "bob@example.com",
    ),
    (
        'mta delivery evpid=1 from=<a@example.net> to=<b@example.com> rcpt=<-> source="198.51.100.2" '
        'relay="192.0.2.7 (mx.example.com)" delay=1s result="PermFail" stat="550 5.1.1 gone"',
        "opensmtpd",
        550,
        "5.1.1",
        "gone",
        None,
        "mx.example.com",
        "192.0.2.7",
        "b@example.com",
    ),
    (
        "The response from the remote server was: 550 5.7.1 spam",
        "gmail",
        550,
        "5.7.1",
        "spam",
        None,
        None,
        None,
        None,
    ),
    (
        '{"type":"Bounce","recipient":"b@example.com","peer_address":{"name":"mx.example.com.","addr":"192.0.2.7"},'
        '"response":{"code":550,"enhanced_code":{"class":5,"subject":1,"detail":1},"content":"gone","command":"RCPT TO:<b@example.com>"}}',
        "kumomta",
        550,
        "5.1.1",
        "gone",
        "rcpt",
        "mx.example.com",
        "192.0.2.7",
        "b@example.com",
    ),
    ("smtp;550 5.1.1 gone", "powermta", 550, "5.1.1", "gone", None, None, None, None),
    (
        "smtplib.SMTPRecipientsRefused: {'b@example.com': (550, b'5.1.1 no such\\nuser')}",
        "smtplib",
        550,
        "5.1.1",
        "no such user",
        "rcpt",
        None,
        None,
        "b@example.com",
    ),
    (
        "aiosmtplib.errors.SMTPDataError: (554, 'spam')",
        "smtplib",
        554,
        None,
        "spam",
        "message",
        None,
        None,
        None,
    ),
    ("(535, b'5.7.8 bad \\xc3\\xa4')", "smtplib", 535, "5.7.8", "bad ä", None, None, None, None),
    (
        "Error: Can't send mail - all recipients were rejected: 550 5.1.1 gone",
        "nodemailer",
        550,
        "5.1.1",
        "gone",
        "rcpt",
        None,
        None,
        None,
    ),
    (
        "{ code: 'EENVELOPE', response: '550 5.1.1 gone', responseCode: 550, command: 'RCPT TO' }",
        "nodemailer",
        550,
        "5.1.1",
        "gone",
        "rcpt",
        None,
        None,
        None,
    ),
    (
        'Expected response code "250" but got code "550", with message "550 5.1.1 gone"',
        "symfony",
        550,
        "5.1.1",
        "gone",
        None,
        None,
        None,
        None,
    ),
    (
        "SMTP Error: The following recipients failed: b@example.com: 550 gone",
        "phpmailer",
        550,
        None,
        "gone",
        "rcpt",
        None,
        None,
        "b@example.com",
    ),
    (
        "com.sun.mail.smtp.SMTPAddressFailedException: 550 5.1.1 gone",
        "javamail",
        550,
        "5.1.1",
        "gone",
        "rcpt",
        None,
        None,
        None,
    ),
    (
        "Mailbox unavailable. The server response was: 5.1.1 gone",
        "dotnet",
        550,
        "5.1.1",
        "gone",
        None,
        None,
        None,
        None,
    ),
    ("Net::SMTPFatalError: 550 5.1.1 gone", "net-smtp", 550, "5.1.1", "gone", None, None, None, None),
    ("permanent error (550): 5.1.1 gone", "lettre", 550, "5.1.1", "gone", None, None, None, None),
    ("gomail: could not send email 1: 550 5.1.1 gone", "prose", 550, "5.1.1", "gone", None, None, None, None),
    ("550 5.1.1 gone", None, 550, "5.1.1", "gone", None, None, None, None),
]


@pytest.mark.parametrize(
    ("text", "wrapper", "code", "enhanced", "words", "phase", "host", "ip", "recipient"), CASES
)
def test_wrappers(text, wrapper, code, enhanced, words, phase, host, ip, recipient) -> None:
    found = unwrap(text)
    assert (found.wrapper, found.reply.code) == (wrapper, code)
    assert (str(found.reply.enhanced) if found.reply.enhanced else None) == enhanced
    assert words in found.reply.text
    context = found.context
    assert ((context.phase.value if context.phase else None), context.remote_host) == (phase, host)
    assert (context.remote_ip, context.recipient) == (ip, recipient)


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_cut_anywhere_is_no_fault(text: str) -> None:
    for place in range(0, len(text), 3):
        assert isinstance(unwrap(text[:place]), Unwrapped)


def test_a_rejection_of_our_own_names_the_client() -> None:
    found = unwrap(
        "NOQUEUE: reject: RCPT from x.example[192.0.2.9]: 554 5.7.1 no; from=<> to=<b@example.com> helo=<x>"
    )
    assert (found.context.local_ip, found.context.helo, found.context.remote_host) == ("192.0.2.9", "x", None)


def test_wrappers_inside_wrappers() -> None:
    found = unwrap(
        "Diagnostic-Code: X-Postfix; host mx.example.com[192.0.2.7] said: 550 5.1.1 gone (in reply to RCPT TO command)"
    )
    assert (found.wrapper, found.reply.code, found.context.remote_host) == ("dsn", 550, "mx.example.com")


@given(st.one_of(st.text(), st.binary()))
def test_anything_is_unwrapped(data: str | bytes) -> None:
    assert isinstance(unwrap(data), Unwrapped)


@given(
    st.lists(
        st.sampled_from([c[0] for c in CASES] + ["\n", " ", "(", "\\", "<<<", ">>>", "'"]), max_size=6
    ).map("".join)
)
def test_any_mixture_is_unwrapped(text: str) -> None:
    assert isinstance(unwrap(text), Unwrapped)
