"""The sandbox from outside: scripts, addresses, policies, what is kept, and what strangers may not do."""

from __future__ import annotations

import base64
import json
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bouncewise.api import default_engine
from bouncewise.checks.names import address, reverse_name
from bouncewise.sandbox.api import Api
from bouncewise.sandbox.policies import PolicyError, Settings
from bouncewise.sandbox.run import Sandbox, SandboxError
from bouncewise.sandbox.script import Script, ScriptError
from bouncewise.sandbox.store import Kept, Memory, Sqlite, Transcript
from bouncewise.sandbox.tls import own_context
from bouncewise.smtp.limits import Limits
from bouncewise.testing.zone import Zone

MESSAGE = "Subject: hello\r\n\r\nhi\r\n"
TO = "bob@example.net"


@contextmanager
def running(**more: Any) -> Iterator[Sandbox]:
    with Sandbox(default_engine().knowledge, **more) as sandbox:
        yield sandbox


def client(sandbox: Sandbox) -> smtplib.SMTP:
    return smtplib.SMTP(sandbox.host, sandbox.port, local_hostname="c.example.com", timeout=10)


def send(
    sandbox: Sandbox, to: str = TO, sender: str = "ann@example.com", message: str = MESSAGE
) -> tuple[int, str]:
    """The reply that ended it, or that of a message that was taken."""
    with client(sandbox) as smtp:
        try:
            smtp.sendmail(sender, [to], message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return code, text.decode()
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            return error.smtp_code, said.decode() if isinstance(said, bytes) else said
    return 250, ""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


ADDRESSES = [
    ("mailbox-full@x.example", 552, "5.2.2"),
    ("550-5.1.1@x.example", 550, "5.1.1"),
    ("421@x.example", 421, ""),
    ("451-4.7.1+message@x.example", 451, "4.7.1"),
    ("virus@x.example", 554, "5.7.1"),
    ("spam-content+rcpt@x.example", 554, "5.7.1"),
    ("mailbox-full+gmail@x.example", 452, "4.2.2"),
    ("Mailbox-Full@x.example", 552, "5.2.2"),
    ("bob@x.example", 250, ""),
    ("no-such-cause@x.example", 250, ""),
]


def test_addresses_choose_their_reply() -> None:
    with running() as sandbox:
        for to, code, enhanced in ADDRESSES:
            found, text = send(sandbox, to)
            assert (found, text.startswith(enhanced)) == (code, True), (to, found, text)


def test_a_sender_chooses_too_and_a_dropped_connection_says_nothing() -> None:
    with running() as sandbox:
        assert send(sandbox, sender="spf-failed@x.example")[0] == 550
        assert send(sandbox, sender="spam-content+message@x.example")[0] == 554
        for how in ("drop", "half"):  # smtplib takes half a reply for a whole one
            with (
                pytest.raises((smtplib.SMTPServerDisconnected, smtplib.SMTPRecipientsRefused)),
                client(sandbox) as smtp,
            ):
                smtp.sendmail("ann@example.com", [f"mailbox-full+{how}@x.example"], MESSAGE)


def test_greylisting_by_address_lets_in_after_its_time() -> None:
    clock = Clock()
    with running(clock=clock) as sandbox:
        assert send(sandbox, "greylisted-60s@x.example")[0] == 451
        clock.now = 59
        assert send(sandbox, "greylisted-60s@x.example")[0] == 451
        clock.now = 61
        assert send(sandbox, "greylisted-60s@x.example")[0] == 250


def test_scripts() -> None:
    with running() as sandbox:
        sandbox.script(
            {"on": "rcpt", "to": "bob@*", "times": 1, "reply": "452 4.2.2 full"},
            {"on": "mail", "from": "*@bad.example", "reply": ["550-5.7.1 no", "550 5.7.1 never"]},
            {"on": "message", "header": {"subject": "*invoice*"}, "reply": "554 5.7.1 no invoices"},
            {"on": "message", "larger": 1000, "reply": "552 5.3.4 too large"},
        )
        assert send(sandbox)[0] == 452
        assert send(sandbox)[0] == 250
        assert send(sandbox, sender="x@bad.example") == (550, "5.7.1 no\n5.7.1 never")
        assert send(sandbox, message="Subject: your INVOICE\r\n\r\nx")[0] == 554
        assert send(sandbox, message=MESSAGE + "x" * 2000)[0] == 552
        sandbox.script()
        assert send(sandbox, sender="x@bad.example")[0] == 250


def test_chance_goes_by_its_seed() -> None:
    def codes() -> list[int]:
        with running() as sandbox:
            sandbox.script({"on": "rcpt", "chance": 0.5, "reply": "450 4.2.0 maybe"}, seed=7)
            return [send(sandbox)[0] for _ in range(12)]

    first = codes()
    assert first == codes()
    assert set(first) == {250, 450}


BAD_SCRIPTS = [
    ({"rule": [{"on": "lunch", "reply": "550 x"}]}, "no command"),
    ({"rule": [{"reply": "hello"}]}, "no reply code"),
    ({"rule": [{"tto": "x"}]}, "tto"),
    ({"rule": [{"on": "rcpt", "times": "x"}]}, "number 1"),
]


@pytest.mark.parametrize(("data", "words"), BAD_SCRIPTS)
def test_scripts_that_can_not_be_used(data: dict[str, Any], words: str) -> None:
    with pytest.raises(ScriptError, match=words):
        Script.of(data)


def test_garbage_delay_and_reset() -> None:
    with running() as sandbox:
        sandbox.script({"on": "rcpt", "to": "g@*", "garbage": "\x00\x01garbage"}, {"on": "rcpt", "to": "r@*", "reset": True},
                       {"on": "rcpt", "to": "d@*", "delay": 0.01, "reply": "450 4.0.0 late"},
                       {"on": "rcpt", "to": "t@*", "tarpit": 0.001, "reply": "450 4.0.0 slow"})  # fmt: skip
        for to in ("g@x.example", "r@x.example"):
            with pytest.raises((smtplib.SMTPException, ConnectionError)), client(sandbox) as smtp:
                smtp.sendmail("ann@example.com", [to], MESSAGE)
        assert send(sandbox, "d@x.example")[0] == 450
        assert send(sandbox, "t@x.example")[0] == 450


SETTINGS = {
    "domains": ["example.net"],
    "unknown": "reject",
    "recipients": 2,
    "mailbox": {
        "bob@example.net": {"quota": 60},
        "carl@example.net": {"state": "disabled"},
        "dora@example.net": {"state": "moved", "to": "dora@example.org"},
        "eve@example.net": {"state": "forward", "to": "eve@example.org"},
    },
}


def test_mailboxes_and_relaying() -> None:
    with running(settings=Settings.of(SETTINGS)) as sandbox:
        assert send(sandbox)[0] == 250
        assert send(sandbox)[0] == 250
        assert send(sandbox)[0] == 552  # the quota is used up
        assert send(sandbox, "carl@example.net")[0] == 550
        assert send(sandbox, "dora@example.net") == (
            551,
            "5.1.6 user has moved; please try <dora@example.org>",
        )
        assert send(sandbox, "nobody@example.net")[0] == 550
        assert send(sandbox, "bob@elsewhere.example")[0] == 550
        with client(sandbox) as smtp:
            smtp.ehlo()
            smtp.mail("ann@example.com")
            assert smtp.rcpt("eve@example.net")[0] == 251


def test_rates_greylisting_and_storage() -> None:
    clock = Clock()
    with running(settings=Settings.of({"rate": {"messages": 2, "per": 60}}), clock=clock) as sandbox:
        assert [send(sandbox)[0] for _ in range(3)] == [250, 250, 450]
        clock.now = 61
        assert send(sandbox)[0] == 250
    clock.now = 0
    with running(settings=Settings.of({"greylist": {"wait": 60, "expire": 100}}), clock=clock) as sandbox:
        assert send(sandbox)[0] == 451
        clock.now = 61
        assert send(sandbox)[0] == 250
        clock.now = 500
        assert send(sandbox)[0] == 451
    with running(settings=Settings.of({"storage": 30})) as sandbox:
        assert [send(sandbox)[0] for _ in range(2)] == [250, 452]


def test_connections_and_blocked_addresses() -> None:
    with (
        running(settings=Settings.of({"connections": 1, "blocked": ["127.0.0.1"]})) as sandbox,
        client(sandbox) as first,
    ):
        assert first.noop()[0] == 250
        with pytest.raises(smtplib.SMTPConnectError) as error:
            client(sandbox)
        assert error.value.smtp_code == 421
        first.ehlo()
        first.mail("ann@example.com")
        assert first.rcpt(TO)[0] == 554


def test_checks_of_the_client_by_dns() -> None:
    zone = Zone.of({"good.example": {"TXT": ["v=spf1 ip4:127.0.0.0/8 -all"]}, "bad.example": {"TXT": ["v=spf1 -all"]},
                    "_dmarc.bad.example": {"TXT": ["v=DMARC1; p=reject"]}})  # fmt: skip
    with running(settings=Settings.of({"require": ["spf"]}), resolver=zone) as sandbox:
        assert send(sandbox, sender="a@good.example")[0] == 250
        assert send(sandbox, sender="a@bad.example")[0] == 550
    with running(settings=Settings.of({"require": ["dkim", "dmarc"]}), resolver=zone) as sandbox:
        code, text = send(sandbox, sender="a@good.example", message="From: a@bad.example\r\n\r\nx\r\n")
        assert (code, "DKIM" in text) == (550, True)
    assert reverse_name(address("127.0.0.1"))


def test_accounts_over_tls_only() -> None:
    settings = Settings.of({"accounts": {"ann": "secret"}, "require": ["auth"]})
    with running(settings=settings, tls=own_context("localhost")) as sandbox, client(sandbox) as smtp:
        smtp.ehlo()
        assert "auth" not in smtp.esmtp_features
        assert smtp.mail("ann@example.com")[0] == 530
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        smtp.starttls(context=context)
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login("ann", "wrong")
        assert smtp.login("ann", "secret")[0] == 235
        smtp.sendmail("ann@example.com", [TO], MESSAGE)
        (kept,) = sandbox.messages
        assert (kept.tls, kept.user) == (True, "ann")
        assert not any(
            "secret" in line.text and line.text != "(secret)" and "(secret)" not in line.text
            for t in sandbox.transcripts
            for line in t.lines
        )


@pytest.mark.parametrize("delay", [0.0, 0.01])
def test_tls_also_behind_a_reply_that_comes_late(delay: float) -> None:
    with running(tls=own_context("localhost")) as sandbox, client(sandbox) as smtp:
        sandbox.script({"on": "starttls", "delay": delay, "reply": "220 2.0.0 go on"})
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        smtp.starttls(context=context)
        smtp.sendmail("ann@example.com", [TO], MESSAGE)
        assert sandbox.messages[0].tls


def test_tls_can_be_demanded() -> None:
    with running(settings=Settings.of({"require": ["tls"]}), tls=own_context("localhost")) as sandbox:
        assert send(sandbox)[0] == 530


BAD_SETTINGS = [{"domain": ["x"]}, {"rate": {"per": 1}}, {"mailbox": {"a@b": {"state": "lost"}}}]


@pytest.mark.parametrize("data", BAD_SETTINGS)
def test_settings_that_can_not_be_used(data: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        Settings.of(data)
    with pytest.raises(PolicyError, match="none"):
        Settings.load(tmp_path / "none.toml")


def raw(sandbox: Sandbox, *sent: bytes, until: bytes = b"221") -> bytes:
    """What the server says to octets that no library would send."""
    with socket.create_connection((sandbox.host, sandbox.port), 10) as plain:
        got = plain.recv(1000)
        for octets in sent:
            plain.sendall(octets)
        while until not in got:
            more = plain.recv(65_536)
            if not more:
                break
            got += more
        return got


ENVELOPE = b"EHLO c.example.com\r\nMAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
SMUGGLED = b"MAIL FROM:<evil@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\nsmuggled\r\n.\r\n"


@pytest.mark.parametrize(
    "ending", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\n\x00.\r\n"]
)
@pytest.mark.parametrize("bare", ["keep", "refuse"])
def test_nothing_is_smuggled(ending: bytes, bare: str) -> None:
    with running(limits=Limits(bare=bare)) as sandbox:
        raw(sandbox, ENVELOPE + b"hi" + ending + SMUGGLED + b"QUIT\r\n")
        assert not any(kept.sender == "evil@example.com" for kept in sandbox.messages)
        assert len(sandbox.messages) <= 1


def test_nothing_injected_before_tls_survives() -> None:
    with running(tls=own_context("localhost")) as sandbox:
        with socket.create_connection((sandbox.host, sandbox.port), 10) as plain:
            plain.recv(1000)
            plain.sendall(b"EHLO c.example.com\r\n")
            plain.recv(1000)
            plain.sendall(b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
            assert plain.recv(1000).startswith(b"220")
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain) as safe:
                safe.sendall(b"NOOP\r\nRCPT TO:<bob@example.net>\r\n")
                got = b""
                while got.count(b"\r\n") < 2:
                    got += safe.recv(1000)
        assert got.startswith(b"250")
        assert b"\r\n503" in got


def test_limits_from_outside() -> None:
    with running(limits=Limits(message=1000, errors=5)) as sandbox:
        assert b"552 5.3.4" in raw(sandbox, ENVELOPE + b"x" * 5000 + b"\r\n.\r\nQUIT\r\n")
        assert b"500 5.5.2" in raw(sandbox, b"NOOP " + b"x" * 100_000 + b"\r\nQUIT\r\n")
        assert b"421" in raw(sandbox, b"X\r\n" * 50, until=b"421")


def test_a_client_that_says_nothing_is_let_go() -> None:
    with running(idle=0.05) as sandbox:
        assert b"421 4.4.2" in raw(sandbox, until=b"421")


def test_a_client_that_reads_nothing_is_not_read_from() -> None:
    with running() as sandbox, socket.create_connection((sandbox.host, sandbox.port), 10) as plain:
        plain.settimeout(0.5)
        sent = 0
        try:
            while sent < 200_000_000:
                sent += plain.send(b"HELP\r\n" * 10_000)
        except (TimeoutError, ConnectionError):  # not read from, or let go
            pass
        assert sent < 200_000_000  # the server has stopped taking more
        assert send(sandbox)[0] == 250  # and serves others


def test_idle_connections_hinder_nobody() -> None:
    with running() as sandbox:
        idle = [socket.create_connection((sandbox.host, sandbox.port), 10) for _ in range(400)]
        assert send(sandbox)[0] == 250
        for plain in idle:
            plain.close()


def test_two_messages_in_one_go_and_pipelined() -> None:
    with running() as sandbox:
        again = ENVELOPE.partition(b"\r\n")[2]
        got = raw(sandbox, ENVELOPE + b"one\r\n.\r\n" + again + b"two\r\n.\r\nQUIT\r\n")
        assert got.count(b"250 2.0.0") == 2
        assert [kept.text for kept in sandbox.messages] == ["one\r\n", "two\r\n"]


@pytest.mark.parametrize("where", ["memory", "folder"])
def test_stores_keep_and_bound(where: str, tmp_path: Path) -> None:
    store = Memory(messages=3) if where == "memory" else Sqlite(tmp_path / "kept", messages=3)
    for number in range(5):
        store.keep(Kept(session="s", time=float(number), recipients=(TO,), octets=b"x%d" % number))
    kept = store.messages()
    assert kept[-1].octets == b"x4"
    assert kept[-1].id == 5
    if where == "memory":
        assert len(kept) == 3
    store.note(Transcript(session="s", ip="127.0.0.1", began=1.0))
    assert [transcript.session for transcript in store.transcripts()] == ["s"]
    store.clear()
    assert store.messages() == []


def test_what_was_acknowledged_is_there_after_the_end(tmp_path: Path) -> None:
    with running(store=Sqlite(tmp_path)) as sandbox:
        assert send(sandbox)[0] == 250
        assert len(Sqlite(tmp_path).messages()) == 1  # another process sees it while the server runs


def test_what_can_not_be_kept_is_not_acknowledged() -> None:
    class Full(Memory):
        def keep(self, message: Kept) -> Kept:
            raise OSError(28, "No space left on device")

    with running(store=Full()) as sandbox:
        assert send(sandbox)[0] == 451
        assert send(sandbox)[0] == 451  # and the server goes on


def test_a_greeting_that_refuses_ends_the_session() -> None:
    with running() as sandbox:
        sandbox.script({"on": "connect", "times": 1, "reply": "421 come later"})
        with pytest.raises(smtplib.SMTPConnectError), client(sandbox):
            pass
        assert send(sandbox)[0] == 250


def test_transcripts_line_by_line() -> None:
    with running() as sandbox:
        send(sandbox, "mailbox-full@x.example")
        lines = [(line.who, line.text.partition("\r\n")[0]) for line in sandbox.transcripts[0].lines]
        assert lines[0][0] == "S"
        assert ("*", "address") in lines
        assert ("S", "552 5.2.2 Mailbox full, quota exceeded") in lines


@pytest.fixture
def api() -> Iterator[tuple[Sandbox, str]]:
    with running() as sandbox:
        served = Api(sandbox).start()
        yield sandbox, f"http://127.0.0.1:{served.port}"
        served.stop()


def get(url: str, **more: Any) -> Any:
    with urllib.request.urlopen(urllib.request.Request(url, **more), timeout=10) as answer:
        return json.loads(answer.read())


def test_the_api(api: tuple[Sandbox, str]) -> None:
    sandbox, base = api
    assert get(f"{base}/messages") == []
    assert get(
        f"{base}/script",
        method="POST",
        data=json.dumps({"rule": [{"on": "rcpt", "to": "x@*", "reply": "450 4.0.0 x"}]}).encode(),
    )
    assert send(sandbox, "x@example.net")[0] == 450
    send(sandbox)
    send(sandbox, "carl@example.net", message="Subject: other\r\n\r\nwords\r\n")
    assert [m["subject"] for m in get(f"{base}/messages")] == ["hello", "other"]
    assert (
        len(get(f"{base}/messages?to=carl"))
        == len(get(f"{base}/messages?text=words"))
        == len(get(f"{base}/messages?subject=OTHER"))
        == 1
    )
    assert get(f"{base}/messages/1")["text"].endswith("hi\r\n")
    assert len(get(f"{base}/wait?count=2&timeout=5")) == 2
    session = get(f"{base}/transcripts")[0]["session"]
    assert get(f"{base}/transcripts/{session}")["lines"]
    assert any(choice["local"] == "mailbox-full+gmail" for choice in get(f"{base}/addresses"))
    get(f"{base}/messages", method="DELETE")
    assert get(f"{base}/messages") == []


FORBIDDEN = [("/nothing", {}, 404), ("/messages/99", {}, 404), ("/wait?count=x", {}, 400), ("/wait?timeout=nan", {}, 400),
             ("/messages", {"Host": "evil.example"}, 403), ("/messages", {"Origin": "http://evil.example"}, 403)]  # fmt: skip


@pytest.mark.parametrize(("path", "headers", "status"), FORBIDDEN)
def test_the_api_says_no(path: str, headers: dict[str, str], status: int, api: tuple[Sandbox, str]) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        get(api[1] + path, headers=headers)
    assert error.value.code == status
    assert "error" in json.loads(error.value.read())


def test_the_page_escapes_what_strangers_sent(api: tuple[Sandbox, str]) -> None:
    sandbox, base = api
    send(sandbox, message="Subject: <script>alert(1)</script>\r\n\r\nx")
    with urllib.request.urlopen(base + "/", timeout=10) as answer:
        page = answer.read().decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "mailbox-full@" in page


def test_a_sandbox_that_can_not_start() -> None:
    with pytest.raises(SandboxError, match="persona"):
        Sandbox(default_engine().knowledge, persona="nobody")
    with running() as sandbox, pytest.raises(SandboxError, match="listened"):
        Sandbox(default_engine().knowledge, listen=("127.0.0.1", sandbox.port)).start()


def test_the_null_sender_is_taken_and_never_answered() -> None:
    with running() as sandbox:
        assert send(sandbox, sender="")[0] == 250
        assert sandbox.messages[0].sender == ""
        assert base64.b64encode(b"") == b""
