"""Reading folders of IMAP servers: a small server on the loopback stands in for them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from imap_server import Mailbox, serving

from bouncewise.pipeline.sources import Found, Limits, Unreadable, imap, open_sources

MAILS = {uid: b"Subject: %d\r\n\r\nFrom here)\r\n" % uid for uid in range(3, 403, 4)}


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUNCEWISE_IMAP_PASSWORD", "secret")
    monkeypatch.delenv("BOUNCEWISE_IMAP_PASSWORD_FILE", raising=False)


def read(
    box: Mailbox,
    folder: str = "INBOX",
    options: str = "?insecure=1",
    resume: dict[str, int] | None = None,
    **limits: int,
) -> list[Found | Unreadable]:
    with serving(box) as where:
        url = f"imap://me%40example.com@{where}/{folder}"
        marks = {key.replace("URL", url): value for key, value in (resume or {}).items()}
        events = list(open_sources([url + options], resume=marks, limits=Limits(**limits)))
    assert {e.path for e in events} <= {url}
    return events


def uids(events: list[Found | Unreadable]) -> list[int | None]:
    return [e.offset for e in events if isinstance(e, Found)]


@pytest.mark.parametrize("uid_behind", [False, True])
@pytest.mark.parametrize("window", [7, 2000])
def test_all_mails_come_by_ascending_uid(
    uid_behind: bool, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "_WINDOW", window)
    box = Mailbox(MAILS, uid_behind=uid_behind)
    events = read(box)
    assert [(e.offset, e.data, e.format) for e in events if isinstance(e, Found)] == [
        (uid, mail, "imap") for uid, mail in MAILS.items()
    ]
    said = b" ".join(box.said).upper()
    assert b"EXAMINE" in said and b"SELECT" not in said and b"STORE" not in said
    assert said.count(b"BODY.PEEK[]") == said.count(b"BODY") == 2  # 100 mails in two batches


def test_resume_goes_on_and_knows_a_new_folder() -> None:
    first = read(Mailbox(MAILS))[10]
    assert isinstance(first, Found) and first.resume_key.endswith("/INBOX;uidvalidity=7")
    assert uids(read(Mailbox(MAILS), resume={"URL;uidvalidity=7": first.resume_at or 0})) == list(MAILS)[11:]
    assert read(Mailbox(MAILS), resume={"URL;uidvalidity=7": 10_000}) == []
    changed, *others = read(Mailbox(MAILS), resume={"URL;uidvalidity=6": 50})
    assert isinstance(changed, Unreadable) and "UIDVALIDITY" in changed.reason
    assert uids(others) == list(MAILS)


@pytest.mark.parametrize("whole", [False, True])
def test_long_mails_are_cut(whole: bool) -> None:
    box = Mailbox({1: b"x" * 1000, 2: b"y" * 1001, 3: b"z" * 50_000}, whole=whole)
    events = [e for e in read(box, mail=1000) if isinstance(e, Found)]
    assert [(len(e.data), e.truncated) for e in events] == [(1000, False), (1000, True), (1000, True)]


def test_a_server_that_sends_without_end_is_left() -> None:
    events = read(Mailbox({1: b"x" * 6_000_000}, whole=True), mail=1000)
    assert len(events) == 1
    assert isinstance(events[0], Unreadable) and "more than was asked for" in events[0].reason


def test_mails_that_are_gone_are_left_out() -> None:
    assert uids(read(Mailbox(MAILS, gone=frozenset({7, 399})))) == [u for u in MAILS if u not in (7, 399)]
    assert read(Mailbox({})) == []


def test_a_connection_that_breaks_off_says_where() -> None:
    events = read(Mailbox(MAILS, break_at=399))
    assert isinstance(events[-1], Unreadable) and events[-1].offset == list(MAILS)[49]
    assert uids(events) == list(MAILS)[:50]


def test_folders_beyond_ascii() -> None:
    box = Mailbox({1: b"A: 1\r\n\r\n"}, name=b'"Entw&APw-rfe &- \\"x\\"/&U,BTFw-"')
    assert uids(read(box, folder="Entw%C3%BCrfe%20%26%20%22x%22/%E5%8F%B0%E5%8C%97")) == [1]
    assert imap._utf7("台北 & ü") == "&U,BTFw- &- &APw-"


@pytest.mark.parametrize(
    ("box", "options", "words"),
    [
        (Mailbox(), "", "offers no TLS"),
        (Mailbox(password=b"other"), "?insecure=1", "refuses user or password"),
        (Mailbox(capabilities=b"IMAP4rev1 LOGINDISABLED"), "?insecure=1", "takes no password"),
        (Mailbox(name=b'"other"'), "?insecure=1", "no such folder"),
        (Mailbox(capabilities=b"IMAP4rev1 STARTTLS"), "?insecure=1", "mail server"),
    ],
)
def test_refusals(box: Mailbox, options: str, words: str) -> None:
    (event,) = read(box, options=options)
    assert isinstance(event, Unreadable) and words in event.reason
    assert not any(b"secret" in said for said in box.said)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A certificate for 127.0.0.1 that nobody trusts, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    )
    command += " -addext subjectAltName=IP:127.0.0.1 -keyout key -out certificate"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    path = folder / "both"
    path.write_bytes((folder / "key").read_bytes() + (folder / "certificate").read_bytes())
    return str(path)


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
@pytest.mark.parametrize("trusted", [True, False])
def test_tls(scheme: str, trusted: bool, certificate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
    box = Mailbox(
        MAILS, capabilities=b"IMAP4rev1 STARTTLS AUTH=PLAIN", certificate=certificate, tls=scheme == "imaps"
    )
    with serving(box) as where:
        events = list(open_sources([f"{scheme}://me%40example.com@{where}/?insecure=1"]))
    if trusted:
        assert uids(events) == list(MAILS)
        assert (b"STARTTLS" in box.said) == (scheme == "imap")
    else:
        (event,) = events
        assert isinstance(event, Unreadable) and "certificate" in event.reason.lower()
        assert not any(b"AUTHENTICATE" in said for said in box.said)


def test_login_where_plain_is_not_offered() -> None:
    box = Mailbox(MAILS, capabilities=b"IMAP4rev1")
    assert uids(read(box)) == list(MAILS)
    assert b'LOGIN me@example.com "secret"' in box.said


def test_a_password_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BOUNCEWISE_IMAP_PASSWORD")
    (event,) = read(Mailbox())
    assert isinstance(event, Unreadable) and "BOUNCEWISE_IMAP_PASSWORD" in event.reason
    monkeypatch.setenv("BOUNCEWISE_IMAP_PASSWORD_FILE", str(tmp_path / "password"))
    (event,) = read(Mailbox())
    assert isinstance(event, Unreadable) and "No such file" in event.reason
    (tmp_path / "password").write_text("secret\n")
    assert uids(read(Mailbox(MAILS))) == list(MAILS)


@pytest.mark.parametrize(
    ("url", "words", "shown"),
    [
        ("imaps://me:hush@localhost/INBOX", "a password stands in this URL", "imaps://me@localhost/INBOX"),
        ("imaps://me:hu@sh@localhost/x", "a password stands", "imaps://me@localhost/x"),
        ("imaps://me:hu/sh@localhost/x", "can't be read", "imaps://me@localhost/x"),
        ("imaps://me:hu?sh@localhost/x", "can't be read", "imaps://me@localhost/x"),
        ("imaps://me@localhost:993/a@b?x=:1%0a", "no password", "imaps://me@localhost:993/a%40b"),
        ("imaps://localhost/INBOX", "no user", "imaps://localhost/INBOX"),
        ("imaps://me@/INBOX", "no host", "imaps://me@/INBOX"),
        ("imaps://me@localhost:x/INBOX", "can't be read", "imaps://me@localhost:x/INBOX"),
        ("imaps://me@localhost/a%0d%0ab", "control characters", "imaps://me@localhost/a%0d%0ab"),
        ("IMAPS://me%0a@localhost/", "control characters", "IMAPS://me%0a@localhost/"),
        ("imaps://[::1/x", "can't be read", "imaps://[::1/x"),
        ("imap://me@127.0.0.1:1/INBOX", "refused", "imap://me@127.0.0.1:1/INBOX"),
    ],
)
def test_urls_that_can_not_be_opened(
    url: str, words: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "password" in words:
        monkeypatch.delenv("BOUNCEWISE_IMAP_PASSWORD")
    (event,) = open_sources([url])
    assert isinstance(event, Unreadable) and words in event.reason
    assert event.path == shown and "hu" not in event.path + event.reason
