"""From a reply to its questions: which checks, of whom, and what is missing."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.api import default_engine, diagnose
from bouncewise.checks.names import address, canonical
from bouncewise.checks.plan.named import NameRow, named, rows, without_others
from bouncewise.checks.plan.plan import Plan, plan
from bouncewise.checks.run import NAMES
from bouncewise.checks.subject import Subject
from bouncewise.diagnosis.asks import Asks
from bouncewise.knowledge.lint import CHECKS
from bouncewise.reply.model import Context


def planned(text: str, known: Subject | None = None, context: Context | None = None) -> Plan:
    diagnosis = diagnose(text, context) if context else diagnose(text)
    return plan(diagnosis, known)


# reply, checks, what the words name (ip, domain, zones, helo, selectors, listed, recipient_domain)
CASES: list[tuple[str, str, dict[str, object]]] = [
    ("550 5.7.26 This email has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. Authentication results: DKIM = did not pass SPF [mail.example.com] with ip: [192.0.2.44] = did not pass.", "spf dkim dmarc", {"ip": "192.0.2.44", "domain": "mail.example.com"}),
    ("550-5.7.26 The MAIL FROM domain [news.example.org] has an SPF record with a hard fail policy (-all) but it fails to pass SPF checks with the ip: [2001:db8::25].", "spf", {"ip": "2001:db8::25", "domain": "news.example.org"}),
    ("421 4.7.27 Your email has been rate limited because SPF authentication didn't pass for this message. Authentication results: SPF example.com with IP address: 192.0.2.4 = Did not pass.", "spf", {"ip": "192.0.2.4", "domain": "example.com"}),
    ("550 5.7.24 The SPF record of the sending domain has one or more suspicious entries.", "spf", {}),
    ("550 5.7.30 Your email was blocked because DKIM authentication didn't pass for this message.", "dkim", {}),
    ("550 5.7.1 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.", "dmarc spf dkim", {"domain": "example.com"}),
    ("421 4.7.40 Your email has been rate limited because the sending domain doesn't have a DMARC record, or the DMARC record doesn't specify a DMARC policy.", "dmarc", {}),
    ("550 5.7.1 Sender domain example.org has no DMARC record", "dmarc", {"domain": "example.org"}),
    ("550 5.7.32 the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain.", "dmarc", {}),
    ("550 5.7.25 The IP address sending this message [192.0.2.7] does not have a PTR record, or the corresponding forward DNS entry does not match", "reverse-dns", {"ip": "192.0.2.7"}),
    ("550 5.7.1 This message does not meet IPv6 sending guidelines regarding PTR records and authentication.", "reverse-dns spf dkim", {}),
    ("550 5.7.509 Access denied, sending domain shop.example does not pass DMARC verification and has a DMARC policy of reject.", "dmarc spf dkim", {"domain": "shop.example"}),
    ("550 5.7.515 Access denied, sending domain EXAMPLE.COM doesn't meet the required authentication level.", "spf dkim dmarc", {"domain": "example.com"}),
    ("550 5.7.23 The message was rejected because of Sender Policy Framework violation", "spf", {}),
    ("450 4.7.26 Access denied, a message sent over IPv6 [2001:db8::1] must pass either SPF or DKIM validation, this message is not signed", "spf dkim", {"ip": "2001:db8::1"}),
    ("tlsa-invalid: The domain failed DANE validation", "dane", {}),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10", "blocklist", {"ip": "192.0.2.10", "zones": ("zen.spamhaus.org",)}),
    ("554 5.7.1 Service unavailable; Client host [mail.example.com] blocked using multi.uribl.com; listed", "blocklist", {"listed": ("mail.example.com",), "zones": ("multi.uribl.com",)}),
    ("554 5.7.1 Service unavailable; Sender address [ann@example.com] blocked using dbl.spamhaus.org", "blocklist", {"listed": ("example.com",), "zones": ("dbl.spamhaus.org",)}),
    ("550 rejected because 192.0.2.9 is in a black list at bl.spamcop.net", "blocklist", {"ip": "192.0.2.9", "zones": ("bl.spamcop.net",)}),
    ("550 5.7.1 Blocked by rbl.example.net, 192.0.2.31 is listed", "blocklist", {"ip": "192.0.2.31"}),
    ("554 Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.8", "blocklist", {"ip": "192.0.2.8"}),
    ("550 5.7.1 <ann@example.net>: Recipient address rejected: SPF fail - not authorized. See http://www.openspf.org/Why?s=mfrom;id=ann@example.com;ip=192.0.2.5;r=mx.example.net", "spf", {"ip": "192.0.2.5", "domain": "example.com"}),
    ("550 5.1.0 192.0.2.1 is not allowed to send from <example.net> per it's SPF Record.", "spf", {"ip": "192.0.2.1", "domain": "example.net"}),
    ("550 5.7.1 domain of ann@example.com does not designate 192.0.2.6 as permitted sender, SPF check failed", "spf", {"ip": "192.0.2.6", "domain": "example.com"}),
    ("550 5.7.1 Email rejected per DMARC policy for example.org", "dmarc spf dkim", {"domain": "example.org"}),
    ("450 4.7.1 Temporary DMARC DNS lookup failure, try later", "dmarc name-servers", {}),
    ("550 5.7.20 DKIM: no key for s1._domainkey.example.com", "dkim", {"domain": "example.com", "selectors": ("s1",)}),
    ("550 5.7.29 ARC validation failed.", "arc", {}),
    ("450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.77]", "reverse-dns", {"ip": "192.0.2.77"}),
    ("550 5.7.1 Fix reverse DNS for 192.0.2.1", "reverse-dns", {"ip": "192.0.2.1"}),
    ("504 5.5.2 <mail>: Helo command rejected: need fully-qualified hostname", "helo", {"helo": "mail"}),
    ("550 5.7.1 <mx.example.com>: Helo command rejected: Host not found", "helo", {"helo": "mx.example.com"}),
    ("550 5.1.8 <ann@example.com>: Sender address rejected: Domain not found", "sender-domain", {"domain": "example.com"}),
    ("553 5.1.8 Domain of sender address ann@gone.example does not exist", "sender-domain", {"domain": "gone.example"}),
    ("550 5.4.310 DNS domain example.com does not exist", "recipient-domain name-servers", {"recipient_domain": "example.com"}),
    ("550 5.1.2 Sorry, I couldn't find any host named example.org. (#5.1.2)", "recipient-domain name-servers", {"recipient_domain": "example.org"}),
    ("556 5.1.10 Recipient address has null MX", "recipient-domain", {}),
    ("550 5.7.1 The IP you're using to send email is not authorized to send email directly to our servers. [192.0.2.3]", "reverse-dns blocklist", {"ip": "192.0.2.3"}),
    ("550 5.7.1 Unfortunately, messages from [192.0.2.12] weren't sent. part of their network is on our block list (S3150).", "blocklist", {"ip": "192.0.2.12"}),
    ("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", "", {}),
    ("421 4.7.28 Gmail has detected an unusual rate of unsolicited email originating from your DKIM domain example.com.", "dkim", {"domain": "example.com"}),
]  # fmt: skip
# Wordings that no row was written for, beside those of the rows: whom they name, by roles.
NAMED: list[tuple[str, dict[str, object]]] = [
    ("550 5.7.1 SPF unauthorized mail is prohibited. Sender domain: shop.example.com, client IP: 198.51.100.7", {'ip': '198.51.100.7', 'domain': 'shop.example.com'}),
    ("550 SPF: 198.51.100.7 is not allowed to send mail from example.org", {'ip': '198.51.100.7', 'domain': 'example.org'}),
    ("550 5.7.23 SPF validation failed: example.org does not permit 198.51.100.7", {'ip': '198.51.100.7', 'domain': 'example.org'}),
    ("554 5.7.1 <ann@example.org>: Sender address rejected: Please see http://www.open-spf.org/Why?id=ann%40example.org&ip=198.51.100.7&receiver=mx.example.net", {'ip': '198.51.100.7', 'domain': 'example.org'}),
    ("550-5.7.26 Your email has been blocked because the sender is unauthenticated. SPF [example.org] with ip: [2001:db8::7] = did not pass", {'ip': '2001:db8::7', 'domain': 'example.org'}),
    ("550 Message rejected: SPF softfail for ann@example.org (198.51.100.7)", {'ip': '198.51.100.7', 'domain': 'example.org'}),
    ("550 5.7.1 The domain example.org has a DMARC policy of reject; message from 198.51.100.7 failed", {'ip': '198.51.100.7', 'domain': 'example.org'}),
    ("550 5.7.1 Message rejected by DMARC: From domain example.org p=reject", {'domain': 'example.org'}),
    ("550 5.7.1 DMARC failure for domain 'example.org', policy quarantine. Contact postmaster@example.net", {'domain': 'example.org'}),
    ("554 5.7.5 Permanent error evaluating DMARC policy for example.org", {'domain': 'example.org'}),
    ("550 5.7.20 No passing DKIM signature found for example.org (selector s2048)", {'domain': 'example.org', 'selectors': ('s2048',)}),
    ("550 5.7.1 DKIM signature invalid: key k1._domainkey.example.org revoked", {'domain': 'example.org', 'selectors': ('k1',)}),
    ("451 4.7.5 DKIM public key lookup failed for selector mail2024 domain example.org", {'domain': 'example.org', 'selectors': ('mail2024',)}),
    ("550 5.7.25 [198.51.100.7] The IP address sending this message does not have a PTR record setup", {'ip': '198.51.100.7'}),
    ("554 5.7.1 Client host rejected: no PTR for 7.100.51.198.in-addr.arpa", {'ip': '198.51.100.7'}),
    ("450 4.7.1 Reverse DNS lookup of 198.51.100.7 failed (see RFC 1912 2.1)", {'ip': '198.51.100.7'}),
    ("550 Your IP address 198.51.100.7 has no reverse DNS entry; refusing mail to example.net", {'ip': '198.51.100.7'}),
    ("421 4.7.1 mx3.example.net: no rDNS for client 2001:db8:1::25", {'ip': '2001:db8:1::25'}),
    ("550 5.7.1 HELO/EHLO mx.example.org does not resolve", {'helo': 'mx.example.org'}),
    ("501 5.5.4 Invalid domain name in HELO: win-abc123", {'helo': 'win-abc123'}),
    ("550 5.7.1 Your EHLO name (mx.example.org) does not match your reverse DNS (host7.example.com)", {'helo': 'mx.example.org'}),
    ("504 5.5.2 <WIN-7AB>: Helo command rejected: need fully-qualified hostname", {'helo': 'win-7ab'}),
    ("550 HELO argument \"127.0.0.1\" is not acceptable", {'helo': '127.0.0.1'}),
    ("554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using qwertyuiopasdfghjklzxcvbn.zen.dq.spamhaus.net; https://www.spamhaus.org/query/ip/198.51.100.7", {'ip': '198.51.100.7', 'zones': ('zen.spamhaus.org',)}),
    ("550 5.7.1 Rejected by RBL: 198.51.100.7 found in psbl.surriel.com", {'ip': '198.51.100.7', 'zones': ('psbl.surriel.com',)}),
    ("554 Your access to this mail system from 198.51.100.7 has been rejected due to listing in UCEPROTECTL2", {'ip': '198.51.100.7', 'zones': ('dnsbl-2.uceprotect.net',)}),
    ("550 5.7.1 Mail from 198.51.100.7 refused: listed on Invaluement (ivmSIP)", {'ip': '198.51.100.7', 'zones': ('invaluement',)}),
    ("550 5.7.1 URL in message (example.org) is listed in dbl.spamhaus.org", {'listed': ('example.org',), 'zones': ('dbl.spamhaus.org',)}),
    ("550 5.7.1 Sender domain example.org listed in multi.surbl.org", {'listed': ('example.org',), 'zones': ('multi.surbl.org',)}),
    ("554 5.7.1 From domain example.org is listed on SURBL, see https://surbl.org/surbl-analysis", {'listed': ('example.org',)}),
    ("550 #5.7.1 Your access to submit messages to this e-mail system has been rejected. IP 198.51.100.7 SenderBase score -5.2", {'ip': '198.51.100.7'}),
    ("550 5.1.8 Sender domain example.org does not exist", {'domain': 'example.org'}),
    ("451 4.1.8 <ann@gone.example>: Sender address rejected: Domain not found; temporary", {'domain': 'gone.example'}),
    ("553 5.1.8 ann@gone.example... Domain of sender address does not exist", {'domain': 'gone.example'}),
    ("550 Unable to verify MX or A record for sender domain gone.example", {'domain': 'gone.example'}),
    ("550 5.1.2 <bob@gone.example>... Host unknown (Name server: gone.example: host not found)", {'recipient_domain': 'gone.example'}),
    ("550 5.1.2 bob@gone.example: Recipient address rejected: Domain not found", {'recipient_domain': 'gone.example'}),
    ("554 5.4.4 unable to look up host mx1.gone.example: Host not found", {'recipient_domain': 'mx1.gone.example'}),
    ("Host or domain name not found. Name service error for name=gone.example type=AAAA: Host not found", {'recipient_domain': 'gone.example'}),
    ("556 5.1.10 Domain gone.example has published a null MX record", {'recipient_domain': 'gone.example'}),
    ("550 5.7.1 Connection from network 198.51.100.0/24 refused, your host 198.51.100.7 is in our local blacklist", {'ip': '198.51.100.7'}),
    ("550 5.7.1 198.51.100.7 has been blocked by Proofpoint Dynamic Reputation; Your DNS IP: 203.0.113.53", {'ip': '198.51.100.7'}),
    ("550 5.7.1 Dynamic IP 198.51.100.7 (dsl-7.example.com) not accepted by mx.example.net", {'ip': '198.51.100.7'}),
    ("550 5.7.0 Sender Policy Framework check did not pass: relay02.example.net [203.0.113.99] is not a permitted sender for news.example.org", {'ip': '203.0.113.99', 'domain': 'news.example.org'}),
    ("550-Sender SPF record of example.org forbids 203.0.113.99\n550 Rejected by mx1.example.net", {'ip': '203.0.113.99', 'domain': 'example.org'}),
    ("550 5.7.1 mail from ann@example.org was not sent by an authorised server (203.0.113.99), SPF hard fail", {'ip': '203.0.113.99', 'domain': 'example.org'}),
    ("554 5.7.1 DMARC: example.org p=reject sp=none, message not aligned", {'domain': 'example.org'}),
    ("550 5.7.509 Access denied, sending domain [example.org] does not pass DMARC verification. [VI1EUR05FT012.eop-eur05.prod.protection.outlook.com]", {'domain': 'example.org'}),
    ("571 5.7.1 header.from=example.org failed DMARC at mx.receiver.example, dis=reject", {'domain': 'example.org'}),
    ("550 5.7.1 DKIM verification failed: d=example.org s=google reason=body hash mismatch", {'domain': 'example.org', 'selectors': ('google',)}),
    ("550 could not find DKIM key jan2024._domainkey.mail.example.org in DNS", {'domain': 'mail.example.org', 'selectors': ('jan2024',)}),
    ("554 5.7.1 203.0.113.99 reverse lookup gives no host name, contact helpdesk@receiver.example", {'ip': '203.0.113.99'}),
    ("550 PTR for 203.0.113.99 (host99.example.org) does not resolve back to it", {'ip': '203.0.113.99'}),
    ("550 5.7.1 rDNS/DNS validation failed for client [2001:db8:5::99]", {'ip': '2001:db8:5::99'}),
    ("553 HELO example.local is not a valid FQDN", {'helo': 'example.local'}),
    ("550 Bogus EHLO 'user-pc'", {'helo': 'user-pc'}),
    ("550 5.7.1 203.0.113.99 blocked by bl.mailspike.net (http://mailspike.org/anubis/lookup.html?ip=203.0.113.99)", {'ip': '203.0.113.99', 'zones': ('bl.mailspike.net',)}),
    ("550 Access denied: 203.0.113.99 listed in all.spamrats.com: see https://www.spamrats.com/lookup.php?ip=203.0.113.99", {'ip': '203.0.113.99', 'zones': ('all.spamrats.com',)}),
    ("554 5.7.1 Sender IP (203.0.113.99) is in rbl.receiver.example", {'ip': '203.0.113.99', 'zones': ('rbl.receiver.example',)}),
    ("550 5.7.1 Service unavailable, Client host [203.0.113.99] blocked using Abusix Mail Intelligence", {'ip': '203.0.113.99', 'zones': ('combined.mail.abusix.zone',)}),
    ("550 5.7.1 Return-Path domain example.org blacklisted (DBL)", {'listed': ('example.org',)}),
    ("550 5.1.8 No MX or A record for the domain of <ann@gone.example>", {'domain': 'gone.example'}),
    ("550 Sender verify failed: gone.example has no MX", {'domain': 'gone.example'}),
    ("501 5.1.8 MAIL FROM domain gone.example must resolve", {'domain': 'gone.example'}),
    ("5.1.2 - Bad destination host 'DNS Hard Error looking up gone.example (MX): NXDomain'", {'recipient_domain': 'gone.example'}),
    ("550 No such domain gone.example here or anywhere", {'recipient_domain': 'gone.example'}),
    ("<bob@gone.example>: Domain gone.example does not accept mail (Null MX)", {'recipient_domain': 'gone.example'}),
    ("4.4.3 DNS SERVFAIL on MX gone.example", {'recipient_domain': 'gone.example'}),
    ("550 5.4.4 Invalid MX record for gone.example: points to 0.0.0.0", {'recipient_domain': 'gone.example'}),
]  # fmt: skip
NOTHING = [
    "550 5.1.1 <bob@example.net>: Recipient address rejected: User unknown in local recipient table",
    "552 5.2.2 Mailbox full",
    "451 4.7.1 Greylisting in action, please come back later",
    "554 5.7.1 Message contains a virus",
    "552 5.3.4 Message size exceeds fixed limit",
    "550 5.7.1 Message rejected as spam by content filtering",
    "535 5.7.8 Authentication credentials invalid",
    "530 5.7.0 Must issue a STARTTLS command first",
    "550 5.7.1 Relaying denied",
    "421 4.3.2 Service shutting down",
    "501 5.1.7 Bad sender address syntax",
    "504 5.5.2 <ann>: Sender address rejected: need fully-qualified address",
    "503 5.5.1 Error: send HELO/EHLO first",
    "250 2.0.0 OK",
    "450 4.2.1 The user is receiving mail too quickly",
    "550 5.4.1 Recipient address rejected: Access denied",
    "connect to mx.example.net[192.0.2.1]:25: Connection refused",
]


@pytest.mark.parametrize(("reply", "checks", "subject"), CASES)
def test_the_right_questions(reply: str, checks: str, subject: dict[str, object]) -> None:
    found = planned(reply)
    assert set(found.checks) == set(checks.split())
    for name, value in subject.items():
        assert getattr(found.subject, name) == value, name


@pytest.mark.parametrize(("reply", "subject"), NAMED)
def test_whom_a_reply_names(reply: str, subject: dict[str, object]) -> None:
    found = planned(reply).subject
    assert {name: getattr(found, name) for name in subject} == subject


OTHERS = [
    ("554 5.7.1 blocked using multi.uribl.com; Query Refused. [Your DNS IP: 192.0.2.53]", "ip"),
    ("550 5.7.1 Your network 198.51.100.0/24 has a bad reputation", "ip"),
    ("550 HELO should be a FQDN or address literal (See RFC 2821 4.1.1.1)", "ip"),
    ("550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", "helo"),
    ("550 5.7.1 <bob@example.net>: Recipient address rejected: SPF validation failed", "domain"),
    ("550 5.7.23 SPF validation failed, contact postmaster@example.net", "domain"),
    ("550 5.7.1 DMARC check failed at mx.example.net", "domain"),
    ("450 4.7.1 Reverse DNS lookup of 192.0.2.7 failed", "recipient_domain"),
    ("450 4.1.7 <ann@example.org>: Sender address rejected: unverified address: connect to mx.example.com[192.0.2.1]:25: Connection timed out", "ip"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "name"), OTHERS)
def test_what_names_somebody_else_is_left(reply: str, name: str) -> None:
    assert not getattr(planned(reply).subject, name)


@pytest.mark.parametrize(
    ("zone", "asked"),
    [
        ("k2abcdefghijklmnopqrstuvwx.zen.dq.spamhaus.net", "zen.spamhaus.org"),
        ("k2abcdefghijklmnopqrstuvwx.dbl.dq.spamhaus.net", "dbl.spamhaus.org"),
        ("k2abcdefghijklmnopqrstuvwx.combined.mail.abusix.zone", "combined.mail.abusix.zone"),
    ],
)
def test_the_key_of_a_customer_is_neither_asked_nor_shown(zone: str, asked: str) -> None:
    found = planned(f"554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using {zone}")
    assert found.subject.zones == (asked,)
    assert "k2abc" not in found.claim


@pytest.mark.parametrize("reply", NOTHING)
def test_no_question_where_dns_has_nothing_to_say(reply: str) -> None:
    assert planned(reply).checks == ()


WRAPPERS = [
    "Nov 25 10:00:00 mx postfix/smtp[123]: 4Xk2: to=<bob@example.net>, relay=mx.example.net[203.0.113.9]:25, delay=1, dsn={dsn}, status=bounced (host mx.example.net[203.0.113.9] said: {reply} (in reply to RCPT TO command))",
    "smtplib.SMTPRecipientsRefused: {{'bob@example.net': ({code}, b'{rest}')}}",
    "  {reply}\r\n",
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapped_reply_asks_the_same(wrapper: str) -> None:
    for reply in (
        "550 5.7.1 Fix reverse DNS for 192.0.2.1",
        "554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org",
    ):
        code, _, rest = reply.partition(" ")
        found = planned(wrapper.format(reply=reply, code=code, rest=rest, dsn=rest[:5]))
        bare = planned(reply)
        assert (found.checks, found.subject.ip, found.subject.zones) == (
            bare.checks,
            bare.subject.ip,
            bare.subject.zones,
        )


def test_a_listed_address_is_no_listed_name() -> None:
    found = planned("554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org")
    assert (found.subject.ip, found.subject.listed) == ("192.0.2.10", ())


def test_the_address_of_the_server_is_never_the_sender() -> None:
    log = WRAPPERS[0].format(reply="550 5.7.23 SPF validation failed", dsn="5.7.23")
    found = planned(log)
    assert found.subject.ip == ""
    assert found.subject.recipient_domain == "example.net"
    assert [missing.what for missing in found.missing] == ["ip", "mail-from"]


def test_what_is_known_wins_and_what_is_missing_is_named() -> None:
    reply = "550 5.7.23 SPF validation failed"
    known = Subject(ip="192.0.2.99", mail_from="ann@example.com")
    found = planned(reply, known)
    assert (found.subject.ip, found.subject.domain, found.missing) == ("192.0.2.99", "example.com", ())
    assert found.claim == "SPF did not pass for example.com from 192.0.2.99"
    by_context = planned(reply, None, Context(local_ip="192.0.2.98", sender="ben@example.org"))
    assert (by_context.subject.ip, by_context.subject.domain) == ("192.0.2.98", "example.org")


ROWS = [*rows()[0], *rows()[1]]


@pytest.mark.parametrize(
    ("row", "pattern", "example"),
    [(row, pattern, text) for row, pattern in ROWS for text in row.examples],
    ids=lambda x: getattr(x, "id", ""),
)
def test_rows_fit_their_examples(row: NameRow, pattern: re.Pattern[str], example: str) -> None:
    assert pattern.search(example)


@pytest.mark.parametrize(
    ("row", "pattern", "example"),
    [(row, pattern, text) for row, pattern in ROWS for text in row.counter_examples],
    ids=lambda x: getattr(x, "id", ""),
)
def test_rows_leave_look_alikes(row: NameRow, pattern: re.Pattern[str], example: str) -> None:
    assert not pattern.search(example)


ASKS = default_engine().knowledge.asks


@pytest.mark.parametrize("ask", [ask for ask in ASKS if ask.examples], ids=lambda ask: ask.id)
def test_asks_of_their_examples(ask: object) -> None:
    for text in ask.examples:  # type: ignore[attr-defined]
        checks = set(diagnose(text).advice.checks)
        assert set(ask.checks) == checks if not ask.adds else set(ask.adds) <= checks, (text, checks)  # type: ignore[attr-defined]


@pytest.mark.parametrize("ask", [ask for ask in ASKS if ask.counter_examples], ids=lambda ask: ask.id)
def test_asks_leave_look_alikes(ask: object) -> None:
    for text in ask.counter_examples:  # type: ignore[attr-defined]
        reply = diagnose(text)
        alone = Asks([ask]).choose(reply.reply.text, reply.cause, "x", reply.reply.enhanced, ("given",))  # type: ignore[list-item]
        assert alone == ("given",)


def test_every_check_that_is_asked_for_can_be_run() -> None:
    assert set(NAMES) >= CHECKS
    for cause in default_engine().knowledge.causes.values():
        assert set(cause.checks) <= CHECKS


def test_all_examples_of_rules_give_values_that_can_be_asked() -> None:
    for rule in default_engine().knowledge.rules:
        for example in rule.examples[:1]:
            found = planned(example).subject
            for name in (found.domain, found.recipient_domain, *found.listed, *found.zones):
                assert not name or canonical(name) == name
            assert not found.ip or str(address(found.ip)) == found.ip


@given(st.text(max_size=400))
@settings(max_examples=200)
def test_any_text(text: str) -> None:
    planned(text)
    named(without_others(text, ""), "")


HOSTILE = [
    "a." * 2000,
    "192.0.2." * 600,
    "[" * 3000,
    "spf " * 1000,
    "x@" * 2000,
    "helo helo " * 400,
    "listed by " * 400,
    ":" * 3000,
    "a-" * 2000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_pattern_runs_away(text: str) -> None:
    """A pattern that is not linear takes minutes for this; the bound is far above what is needed."""
    start = time.process_time()
    named(without_others(text, "spf-failed"), "spf-failed")
    assert time.process_time() - start < 5
