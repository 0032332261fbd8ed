"""Reports and logs of Exchange, Gmail, OpenSMTPD, Haraka, KumoMTA, PowerMTA and of DSN fields."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.reply import Unwrapped
from bouncewise.reply.unwrap import unwrap

KUMO = {
    "type": "TransientFailure",
    "sender": "a@example.net",
    "recipient": "bob@example.com",
    "response": {
        "code": 451,
        "enhanced_code": {"class": 4, "subject": 7, "detail": 1},
        "content": 'not "now"',
        "command": ".",
    },
    "peer_address": {"name": "mx.example.com.", "addr": "192.0.2.7"},
    "source_address": {"address": "198.51.100.2:4711"},
    "created": 100,
    "timestamp": 160,
    "num_attempts": 2,
    "event_time": "2024-01-02T03:04:05.6Z",
}

# The text; wrapper, code, enhanced, phase, host, ip, recipient ("-" for None); the words.
CASES: list[tuple[str, str, str]] = [
    # --- Exchange
    (
        "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##",
        "exchange 550 5.1.1 - - - -",
        "RESOLVER.ADR.RecipNotFound; not found",
    ),
    (
        "Generating server: ex.example.net\n\nbob@example.com\nmx.example.com #550 5.1.1 no user ##\n\nOriginal message"
        " headers:\n\nReceived: from x",
        "exchange 550 5.1.1 - mx.example.com - bob@example.com",
        "no user",
    ),
    (
        "mx.example.com (192.0.2.7) #<mx.example.com (192.0.2.7) #5.1.1 smtp; 550 no user> #SMTP#",
        "exchange 550 5.1.1 - mx.example.com 192.0.2.7 -",
        "no user",
    ),
    ("#< #5.1.1 smtp; 550 no user> #SMTP#", "exchange 550 5.1.1 - - - -", "no user"),
    ("<mx.example.com #5.7.1 smtp;554 5.7.1 no>", "exchange 554 5.7.1 - mx.example.com - -", "no"),
    ("Remote Server returned '550 5.1.1 it isn't \"bob\"'", "exchange 550 5.1.1 - - - -", 'it isn\'t "bob"'),
    ("Remote Server returned '< #5.1.1 smtp;550 gone>'", "exchange 550 5.1.1 - - - -", "gone"),
    (
        "1/2/2024 3:04:05 AM - Remote Server at mx.example.com (192.0.2.7) returned '550 4.4.7 QUEUE.Expired; message"
        " expired'\n1/2/2024 3:00:05 AM - Remote Server at mx.example.com (192.0.2.7) returned '441 4.4.1 timed out'",
        "exchange 550 4.4.7 - mx.example.com 192.0.2.7 -",
        "QUEUE.Expired; message expired",
    ),
    ('Der Remoteserver hat zurückgegeben: "550 5.1.1 unbekannt"', "exchange 550 5.1.1 - - - -", "unbekannt"),
    ("Le serveur distant a renvoyé '550 5.1.1 inconnu'", "exchange 550 5.1.1 - - - -", "inconnu"),
    ('El servidor remoto devolvió "550 5.1.1 no"', "exchange 550 5.1.1 - - - -", "no"),
    (
        '[{LRT=1/2/2024 3:04:05 AM};{LED=451 4.4.0 Primary target IP address responded with: "421 4.2.1 Unable to'
        ' connect." Attempted failover to alternate host, but that did not succeed.};{FQDN=mx.example.com};'
        "{IP=192.0.2.7}]",
        "exchange 421 4.2.1 - mx.example.com 192.0.2.7 -",
        "Unable to connect.",
    ),
    (
        "LED=450 4.4.316 Connection refused [LastAttemptedServerName=mx.example.com] [LastAttemptedIP=192.0.2.7:25]",
        "exchange 450 4.4.316 - mx.example.com 192.0.2.7 -",
        "Connection refused [LastAttemptedServerName=mx.example.com] [LastAttemptedIP=192.0.2.7:25]",
    ),
    (
        "mx.example.com gave this error:\nSender rejected\n\nDiagnostic information for administrators:\n\nx",
        "exchange - - - mx.example.com - -",
        "Sender rejected",
    ),
    (
        "mx.example.com rejected your message to the following email addresses: bob@example.com mx.example.com gave"
        " this error: nope Diagnostic information for administrators: Generating server: ex.example.net"
        " bob@example.com mx.example.com Remote Server returned '550 5.7.1 nope'",
        "exchange 550 5.7.1 - mx.example.com - bob@example.com",
        "nope",
    ),
    (
        "mx.example.com hat einen Fehler ausgegeben: 550 5.7.1 nein",
        "exchange 550 5.7.1 - mx.example.com - -",
        "nein",
    ),
    (
        "mx.example.com a généré cette erreur : Accès refusé",
        "exchange - - - mx.example.com - -",
        "Accès refusé",
    ),
    (
        "192.0.2.7 OutboundConnectionResponse SMTPSVC1 OUT - 25 - 504+5.5.2+<OUT>:+Helo+command+rejected 0 0 SMTP - -",
        "iis 504 5.5.2 - - 192.0.2.7 -",
        "<OUT>: Helo command rejected",
    ),
    # --- Gmail
    (
        "Your message wasn't delivered to bob@example.com because it couldn't be found.\nThe response from the remote"
        " server was:\n550 5.1.1 no user",
        "gmail 550 5.1.1 - - - bob@example.com",
        "no user",
    ),
    (
        "Delivery to the following recipient failed permanently:\n\n     bob@example.com\n\nTechnical details of"
        " permanent failure:\nGoogle tried to deliver your message, but it was rejected by the server for the recipient"
        " domain example.com by mx.example.com. [192.0.2.7].\n\nThe error that the other server returned was:\n550 550"
        " 5.1.1 no user (state 14).\n\n----- Original message -----\nReceived: by x",
        "gmail 550 5.1.1 rcpt mx.example.com 192.0.2.7 bob@example.com",
        "no user",
    ),
    (
        "Technical details of temporary failure:\nThe recipient server did not accept our requests to connect.\n"
        "[(0) mx.example.com. [192.0.2.7]:25: socket error]",
        "gmail - - connect mx.example.com 192.0.2.7 -",
        "The recipient server did not accept our requests to connect. [(0) mx.example.com. [192.0.2.7]:25: socket error]",
    ),
    (
        "The response was: DNS Error: no MX for example.com",
        "gmail - - - - - -",
        "DNS Error: no MX for example.com",
    ),
    *(
        (f"{lead}: 550 5.1.1 x", "gmail 550 5.1.1 - - - -", "x")
        for lead in (
            "Die Antwort des Remoteservers lautet",
            "La respuesta del servidor remoto es",
            "La réponse du serveur distant est la suivante ",
            "リモート サーバーからの応答",
            "Odpowiedź serwera zdalnego",
            "A resposta do servidor remoto foi",
            "La risposta dal server remoto è stata",
            "Het antwoord van de externe server was",
            "Ответ удаленного сервера",
        )
    ),
    # --- fields of a DSN
    (
        "Remote-MTA: dns; mx.example.com (192.0.2.7, the server for the domain example.com.)\r\n"
        "Diagnostic-Code: smtp; 550-5.1.1 no\r\n 550 5.1.1 user\r\nStatus: 5.0.0\r\n"
        "Original-Recipient: rfc822;orig@example.com\r\nFinal-Recipient: rfc822; bob@example.com\r\nAction: failed",
        "dsn 550 5.1.1 - mx.example.com 192.0.2.7 bob@example.com",
        "no user",
    ),
    (
        "Diagnostic-Code: x-unix; maildir over quota Status: 5.2.2 Remote-MTA: dns; [192.0.2.7]",
        "dsn - 5.2.2 - - 192.0.2.7 -",
        "maildir over quota",
    ),
    (
        "Status: 5.7.1 Diagnostic-Code: X-Postfix; host mx.example.com[192.0.2.7] said: 550 gone (in reply to RCPT TO"
        " command)",
        "dsn 550 5.7.1 rcpt mx.example.com 192.0.2.7 -",
        "gone",
    ),
    # --- OpenSMTPD
    (
        'mta delivery evpid=43ae from=<a@example.net> to=<bob@example.com> rcpt=<-> source="198.51.100.2"'
        ' relay="192.0.2.7 (mx.example.com)" delay=1m40s result="TempFail" stat="450 4.2.0 see \\"this\\""',
        "opensmtpd 450 4.2.0 - mx.example.com 192.0.2.7 bob@example.com",
        'see "this"',
    ),
    (
        "relay: PermFail for 43aee244dba83745: session=5d764e5d0fcc0ea3, from=<a@example.net>, to=<bob@example.com>,"
        " rcpt=<->, source=198.51.100.2, relay=192.0.2.7 (mx.example.com), delay=5s, stat=550 5.1.1 gone",
        "opensmtpd 550 5.1.1 - mx.example.com 192.0.2.7 bob@example.com",
        "gone",
    ),
    (
        "relay: Expire for 43aee244dba83745: from=<a@example.net>, to=<bob@example.com>, rcpt=<->, delay=4d,"
        " stat=Envelope expired",
        "opensmtpd - 5.0.0 - - - bob@example.com",
        "Envelope expired",
    ),
    (
        'to=<bob@example.com> relay="example.com" result="TempFail" stat="Network error on destination MXs"',
        "opensmtpd - 4.0.0 - - - bob@example.com",
        "Network error on destination MXs",
    ),
    ('result="PermFail" stat="Error (\\"550 5.7.1 no\\")"', "opensmtpd 550 5.7.1 - - - -", "no"),
    ("smtp-out: Error on session 5d764e5d0fcc0ea3: 421 4.3.2 busy", "opensmtpd 421 4.3.2 - - - -", "busy"),
    (
        'smtp failed-command command="RCPT TO:<bob@example.com>" result="550 Invalid recipient"',
        "opensmtpd 550 - rcpt - - bob@example.com",
        "Invalid recipient",
    ),
    # --- Haraka, MDaemon, Domino
    (
        "[NOTICE] [F3F9.1.1] [outbound] recipient <bob@example.com> deferred: 452 4.2.2 full",
        "haraka 452 4.2.2 rcpt - - bob@example.com",
        "full",
    ),
    (
        "[INFO] [F3F9.1.1] [outbound] bouncing mail: Too many failures (Upstream error: 421 4.7.0 slow (really))",
        "haraka 421 4.7.0 - - - -",
        "slow (really)",
    ),
    (
        "[INFO] [F3F9.1.1] [outbound] Temp failing 17_vm for 64 seconds: Tried all MXs",
        "haraka - - - - - -",
        "Tried all MXs",
    ),
    (
        '[outbound]  delivered file=1 domain=example.com host=mx.example.com ip=192.0.2.7 port=25 response="Ok: x"'
        " delay=11.7 fails=2 rcpts=1/0/0",
        "haraka - 2.0.0 message mx.example.com 192.0.2.7 -",
        "Ok: x",
    ),
    (
        "Some recipients failed: <bob@example.com>",
        "haraka - - rcpt - - bob@example.com",
        "Some recipients failed: <bob@example.com>",
    ),
    ("Rejected (mx.example.com:25:530 5.7.1 no(at FROM))", "mdaemon 530 5.7.1 mail mx.example.com - -", "no"),
    (
        "Error transferring to MX.EXAMPLE.COM; SMTP Protocol Returned a Permanent Error 550 5.1.1 no",
        "domino 550 5.1.1 - MX.EXAMPLE.COM - -",
        "no",
    ),
    # --- KumoMTA
    (json.dumps(KUMO), "kumomta 451 4.7.1 message mx.example.com 192.0.2.7 bob@example.com", 'not "now"'),
    (
        '{"recipient":"bob@example.com","response":{"code":550,"content":"no such',
        "kumomta 550 - - - - bob@example.com",
        "no such",
    ),
    (
        "KumoMTA internal: failed to connect: refused",
        "kumomta - - connect - - -",
        "KumoMTA internal: failed to connect: refused",
    ),
    # --- PowerMTA
    (
        "b,2024-01-02 03:04:05+0000,2024-01-02 03:04:00+0000,a@example.net,bob@example.com,,failed,5.1.1 (bad"
        " destination mailbox address),smtp;550 no user,mx.example.com (192.0.2.7),bad-mailbox,smtp,198.51.100.2",
        "powermta 550 5.1.1 - mx.example.com 192.0.2.7 bob@example.com",
        "no user",
    ),
    (
        "b,2024-01-02 03:04:05+0000,bad-domain,vmta1,a@example.net,bob@example.com,out.example.net (0.0.0.0),"
        "198.51.100.2,,5.1.2 (bad destination system: no such domain),",
        "powermta - 5.1.2 - - - bob@example.com",
        "bad destination system: no such domain",
    ),
    (
        "type,timeLogged,rcpt,orig,dsnStatus,dsnMta,dsnDiag\nt,2024-01-02 03:04:05+0000,bob@example.com,"
        'a@example.net,4.2.1 (x),mx.example.com (192.0.2.7),"smtp;451 slow, please"',
        "powermta 451 4.2.1 - mx.example.com 192.0.2.7 bob@example.com",
        "slow, please",
    ),
    ("worker: SMTP status: 421 4.7.0 slow", "powermta 421 4.7.0 - - - -", "slow"),
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


# What else the wrapper tells.
CONTEXTS: list[tuple[str, dict[str, Any]]] = [
    (
        json.dumps(KUMO),
        {
            "local_ip": "198.51.100.2",
            "sender": "a@example.net",
            "queue_age": 60.0,
            "attempts": 3,
            "time": "2024-01-02T03:04:05.6Z",
        },
    ),
    (
        'from=<> to=<bob@example.com> source="198.51.100.2" relay="192.0.2.7 (mx.example.com)" delay=1m40s'
        ' result="Ok" stat="250 2.0.0 Ok"',
        {"sender": "", "local_ip": "198.51.100.2", "queue_age": 100.0, "phase": "message"},
    ),
    (
        '2024-01-02T03:04:05.678Z [NOTICE] [x] [outbound] delivered file=1 ip=192.0.2.7 response="ok" delay=11.7 fails=2',
        {"queue_age": 11.7, "attempts": 3, "time": "2024-01-02T03:04:05.678Z"},
    ),
    (
        "Diagnostic-Code: smtp; 550 no\nArrival-Date: Tue, 2 Jan 2024 03:04:00 +0000\n"
        "Last-Attempt-Date: Tue, 2 Jan 2024 04:04:05 +0100",
        {"queue_age": 5.0, "time": "2024-01-02T04:04:05+01:00"},
    ),
    ("Diagnostic-Code: smtp; 550 no\nLast-Attempt-Date: Tue, 99 Jan 2024 99:04:05", {"time": None}),
    (
        "d,2024-01-02T03:04:05Z,2024-01-02T03:03:05Z,a@example.net,bob@example.com,,relayed,2.0.0 (success),smtp;250"
        " ok,mx.example.com (192.0.2.7),198.51.100.2,192.0.2.7",
        {
            "queue_age": 60.0,
            "time": "2024-01-02T03:04:05Z",
            "local_ip": "198.51.100.2",
            "sender": "a@example.net",
            "phase": "message",
        },
    ),
]


@pytest.mark.parametrize(("text", "fields"), CONTEXTS)
def test_contexts(text: str, fields: dict[str, Any]) -> None:
    context = unwrap(text).context
    assert {name: getattr(context, name) for name in fields} == fields


@pytest.mark.parametrize(
    "change",
    [
        {"response": None},
        {"response": {"code": "550", "content": 5}},
        {"response": {"code": 10**400, "content": "x"}},
        {
            "response": {
                "code": True,
                "content": "x",
                "enhanced_code": {"class": [], "subject": {}, "detail": None},
            }
        },
        {"peer_address": "x", "source_address": {"address": 5}, "created": -1, "num_attempts": True},
        {"peer_address": {"name": 1, "addr": ["x"]}, "timestamp": 1e308, "event_time": "x"},
    ],
)
def test_records_of_another_make_are_no_fault(change: dict[str, Any]) -> None:
    found = unwrap(json.dumps({**KUMO, **change}, default=str) if "response" not in change else str(change))
    assert isinstance(found, Unwrapped)
    whole = import_module("bouncewise.reply.unwrap.kumomta").unwrap(json.dumps({**KUMO, **change})[:4000])
    assert whole is None or isinstance(whole, Unwrapped)


@pytest.mark.parametrize(
    "text",
    [
        "#1 best error ever",
        "We met an error: the 404 kind.",
        "t,h,e,n, it was 5 o'clock",
        "Remote work is fun",
    ],
)
def test_look_alikes_are_no_reports(text: str) -> None:
    assert unwrap(text).wrapper in (None, "prose")


ALL = [case[0] for case in CASES] + [case[0] for case in CONTEXTS]


@pytest.mark.parametrize("text", ALL)
def test_cut_anywhere_is_no_fault(text: str) -> None:
    for place in range(0, len(text), 7):
        assert isinstance(unwrap(text[:place]), Unwrapped)
        assert isinstance(unwrap(text.encode()[place:]), Unwrapped)


MODULES = "dsn exchange exim gmail haraka kumomta opensmtpd postfix powermta qmail sendmail".split()
MARKS = (
    "said:|status=|stat=|(host |mx.example.com[192.0.2.7]|)|<<< 550|>>> |(in reply to |reject: RCPT from x[|R=|T=|** |"
    "H=x [1]|rejected|delivery 1: failure: |Remote_host_said:_|Remote Server returned '|#5|##|LED=|Diagnostic-Code:|"
    'Status: 5.1.1|result=|[outbound] |bouncing mail: |Rejected (|smtp;5|b,1,2,3,4,5|{"response":|\n| |550 |\u202e'
).split("|")


@given(
    st.sampled_from(MODULES),
    st.one_of(st.text(), st.lists(st.sampled_from([*MARKS, *ALL]), max_size=6).map("".join)),
)
def test_any_text_is_no_fault(module: str, text: str) -> None:
    found = import_module(f"bouncewise.reply.unwrap.{module}").unwrap(text)
    assert found is None or (isinstance(found, Unwrapped) and found.wrapper)
