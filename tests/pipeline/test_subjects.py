"""Whom checks are about, as mails, bounces and logs tell it."""

from __future__ import annotations

from bouncewise.checks.subject import Subject
from bouncewise.pipeline.subjects import completed, of_delivery, of_message
from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.log import read_log
from bouncewise.reading.mail import read_mail

RECEIVED = b"""Return-Path: <bounces+7@mail.example.com>
Received: from mx.example.net (localhost [127.0.0.1]) by store.example.net; Wed, 25 Nov 2026 10:00:01 +0000
Received: from out7.example.com (out7.example.com [192.0.2.7])
\tby mx.example.net with ESMTPS; Wed, 25 Nov 2026 10:00:00 +0000
DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s2026; h=from; bh=x; b=y
From: News <news@example.com>
To: bob@example.net
Subject: hello

text
"""
BOUNCE = b"""From: MAILER-DAEMON@mx.example.net
To: bounces+7@mail.example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; bob@example.net
Action: failed
Status: 5.7.23
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.7.23 SPF validation failed

--b
Content-Type: %s

%s
--b--
"""


def test_a_message_that_came_in() -> None:
    found = of_message(RECEIVED)
    assert found.domain == "example.com"
    assert found.ip == "192.0.2.7"
    assert found.helo == "out7.example.com"
    assert found.mail_from == "bounces+7@mail.example.com"
    assert found.selectors == ("s2026",)
    assert found.message == RECEIVED
    assert found.whole


def test_received_spf_is_believed_before_received() -> None:
    spf = b'Received-SPF: pass (mx.example.net: domain) client-ip=192.0.2.99; envelope-from="a@b.example"; helo=h.example;\n'
    message = spf + RECEIVED.replace(b"Return-Path: <bounces+7@mail.example.com>\n", b"")
    found = of_message(message)
    assert (found.ip, found.helo, found.mail_from) == ("192.0.2.99", "h.example", "a@b.example")


def test_the_message_that_a_bounce_brings_back() -> None:
    data = BOUNCE % (b"message/rfc822", RECEIVED)
    found = of_delivery(read_mail(data)[0], data)
    assert found.domain == "example.com"
    assert found.ip == "192.0.2.7"
    assert found.recipient_domain == "example.net"
    assert found.mail_from == "bounces+7@mail.example.com"
    assert found.message.startswith(b"Return-Path")
    assert found.whole


def test_the_header_section_alone_has_no_body_to_check() -> None:
    data = BOUNCE % (b"text/rfc822-headers", RECEIVED.partition(b"\n\n")[0] + b"\n")
    found = of_delivery(read_mail(data)[0], data)
    assert found.message
    assert not found.whole


def test_a_log_of_what_we_sent_names_our_address_and_one_of_what_we_refused_the_client() -> None:
    line = (
        b"Nov 25 10:00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.8]: 550 5.7.1 "
        b"Service unavailable; Client host [192.0.2.8] blocked using bl.example; from=<a@example.com> "
        b"to=<b@example.net> proto=ESMTP helo=<h.example.com>\n"
    )
    found = of_delivery(read_log(line)[0])
    assert found.ip == "192.0.2.8"
    assert found.mail_from == "a@example.com"
    assert found.domain == "example.com"


def test_what_is_no_name_or_address_is_left_out() -> None:
    found = of_delivery(
        Delivery(kind=Kind.BOUNCED, sender="a@" + "x" * 300, recipient="b@-..-", local_ip="nowhere")
    )
    assert (found.domain, found.recipient_domain, found.ip) == ("", "", "")


def test_what_the_user_gives_wins() -> None:
    read = of_message(RECEIVED)
    found = completed(read, Subject(ip="192.0.2.1", mail_from=""))
    assert (found.ip, found.mail_from, found.domain) == ("192.0.2.1", "", "example.com")
