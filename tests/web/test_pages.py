"""The pages without scripts: what they show, that numbers lead to what is behind them, and that nothing gets out."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.web.served import Served, serving

from bouncewise.api import default_engine
from bouncewise.sandbox.run import Sandbox

FULL = "552 5.2.2 Mailbox full"
HOSTILE = (
    "550 5.1.1 <script>alert(1)</script> \"'><img src=x onerror=alert(2)> \u202e\u200b {{7*7}} \x1b[31m&lt;"
)
WHO = '"><script>alert(3)</script>@evil.example'


def fill(served: Served) -> None:
    """Some deliveries of some days."""
    served.keep(
        *({"reply": FULL, "recipient": f"u{n}@example.net", "host": "mx.google.com", "local_ip": "192.0.2.1",
           "sender": "ann@example.com", "time": f"2026-04-2{n % 8}T10:00:00Z", "id": f"f{n}"} for n in range(8)),
        *({"reply": "250 2.0.0 OK", "recipient": f"u{n}@example.net", "time": "2026-04-30T10:00:00Z", "id": f"s{n}"} for n in range(30)),
    )  # fmt: skip


class Elements(HTMLParser):
    """The tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(html)
    return parser.found


def links(html: str) -> set[str]:
    return {str(attrs["href"]) for tag, attrs in elements(html) if tag == "a" and attrs.get("href")}


def test_explain_without_scripts(served: Served) -> None:
    page = served.client.post("/", data={"text": "550 5.7.1 Mailbox full, quota exceeded"}).text
    assert "Mailbox full" in page
    assert "<mark" in page
    assert "What to do" in page
    assert served.client.post("/", data={"text": "  "}).status_code == 400


def test_the_guide_has_a_page_for_everything(served: Served) -> None:
    found = links(served.client.get("/guide").text)
    pages = [link for link in found if link.startswith("/guide/")]
    assert len(pages) > 300
    for link in sorted(pages)[::7]:
        answer = served.client.get(link)
        assert answer.status_code == 200, link
        assert "<h1>" in answer.text
    assert served.client.get("/guide/cause/nothing").status_code == 404
    assert served.client.get("/guide/code/google").status_code == 404


@pytest.mark.parametrize(
    ("words", "first"),
    [("5.7.26", "/guide/enhanced/X.7.26"), ("mailbox full", "/guide/cause/mailbox-full"), ("zen.spamhaus.org", "/guide/blocklist/spamhaus-zen"),
     ("452", "/guide/code/452"), ("gmail", "/guide/provider/google")],
)  # fmt: skip
def test_the_guide_is_searched(served: Served, words: str, first: str) -> None:
    html = served.client.get("/guide/results", params={"q": words}).text
    assert re.findall(r'href="([^"]*)"', html)[0] == first


def test_the_guide_says_how_often_something_was_seen(served: Served) -> None:
    fill(served)
    for page in (
        "/guide/cause/mailbox-full",
        "/guide/code/552",
        "/guide/enhanced/5.2.2",
        "/guide/provider/google",
    ):
        assert "Seen 8 times" in served.client.get(page).text


def test_every_number_of_a_report_leads_to_as_many_deliveries(served: Served) -> None:
    fill(served)
    html = served.client.get("/report?since=2026-04-20&until=2026-05-01").text
    found = re.findall(r'<a href="(/deliveries\?[^"]*)">(?:<strong>)?([\d,]+)<', html)
    assert len(found) >= 6
    for link, number in found:
        page = served.client.get(link.replace("&amp;", "&"))
        assert page.status_code == 200, link
        rows = max(page.text.count("<tr>") - 1, 0)
        assert rows == int(number.replace(",", "")), link


def test_limits_stand_in_the_url_and_can_be_taken_away(served: Served) -> None:
    fill(served)
    html = served.client.get(
        "/report?cause=mailbox-full&domain=example.net&since=2026-04-20&until=2026-05-01"
    ).text
    assert "cause: mailbox-full" in html
    assert any(
        "cause=" not in link and "domain=example.net" in link
        for link in links(html)
        if link.startswith("/report?")
    )


def test_a_delivery_and_its_record(served: Served) -> None:
    fill(served)
    page = served.client.get("/deliveries/1").text
    assert "Mailbox full" in page
    assert "The whole record" in page
    assert served.client.get("/deliveries/9999", headers={"accept": "text/html"}).status_code == 404


def test_an_upload_has_a_report_of_its_own(served: Served) -> None:
    log = "May  1 09:00:00 mx postfix/smtp[1]: 4ABCDEF: to=<bob@example.net>, relay=mx.google.com[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.google.com[192.0.2.9] said: 550 5.1.1 no such user (in reply to RCPT TO command))\n"
    answer = served.client.post("/report/upload", files={"files": ("mail.log", log)})
    assert answer.status_code == 303
    page = served.client.get(answer.headers["location"]).text
    assert "Report of an upload" in page
    assert any("upload=" in link and link.startswith("/deliveries?") for link in links(page))
    assert served.client.get("/api/deliveries").json()["deliveries"] == []  # the store knows nothing of it
    assert served.client.post("/report/upload", files={"files": ("x", b"\x00nothing")}).status_code == 422
    assert served.client.post("/report/upload", files={"files": ("x", b"")}).status_code == 400
    for _ in range(9):  # the oldest make room
        last = served.client.post("/report/upload?name=x", content=log)
    assert served.client.get(last.headers["location"]).status_code == 200
    assert served.client.get(answer.headers["location"]).status_code == 404


def test_checks_without_scripts(served: Served) -> None:
    page = served.client.post("/check", data={"domain": "example.com", "ip": "192.0.2.1"}).text
    assert "spf" in page
    assert 'class="outcome pass"' in page
    proven = served.client.post(
        "/check", data={"reply": "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org"}
    )
    assert "DNS confirms this" in proven.text
    assert served.client.post("/check", data={"domain": "a..b"}).status_code == 400


def test_the_sandbox_in_the_same_process(tmp_path: Path) -> None:
    import smtplib

    with (
        Sandbox(default_engine().knowledge) as sandbox,
        serving(tmp_path / "s.db", sandbox=sandbox) as served,
    ):
        with smtplib.SMTP(sandbox.host, sandbox.port) as smtp:
            smtp.sendmail(
                "ann@example.com",
                ["bob@example.net"],
                f"Subject: <b>{HOSTILE}</b>\r\n\r\n<script>x</script>\r\n".encode(),
            )
        page = served.client.get("/sandbox").text
        (message,) = [link for link in links(page) if link.startswith("/sandbox/messages/")]
        whole = served.client.get(message).text
        assert "&lt;script&gt;x&lt;/script&gt;" in whole
        (session,) = [link for link in links(whole) if link.startswith("/sandbox/sessions/")]
        assert "mail FROM" in served.client.get(session).text
    with serving(tmp_path / "t.db") as served:
        assert served.client.get("/sandbox").status_code == 404
        assert "/sandbox" not in links(served.client.get("/").text)


PAGES = [
    "/", "/guide?q=%22%3E%3Cscript%3Ealert(4)%3C/script%3E", "/report", "/report?domain=%22%3E%3Cscript%3E", "/deliveries",
    "/deliveries?recipient=%22%3E%3Cscript%3Ealert(5)%3C/script%3E", "/deliveries/1", "/live", "/check?domain=%22%3E%3Cscript%3E&reply=%3C/textarea%3E%3Cscript%3E",
    "/guide/cause/recipient-unknown", "/%22%3E%3Cscript%3E",
]  # fmt: skip


def test_what_strangers_wrote_is_shown_and_nothing_more(served: Served) -> None:
    served.keep(
        {
            "reply": HOSTILE,
            "recipient": WHO,
            "sender": WHO,
            "host": WHO,
            "client": WHO,
            "local_ip": WHO,
            "message_id": WHO,
            "queue_id": WHO,
        }
    )
    pages = [served.client.get(path, headers={"accept": "text/html"}).text for path in PAGES]
    pages.append(served.client.post("/", data={"text": HOSTILE}).text)
    pages.append(served.client.post("/explain/result", content=HOSTILE.encode()).text)
    pages.append(served.client.post("/check", data={"reply": HOSTILE, "domain": WHO}).text)
    for html in pages:
        for tag, attrs in elements(html):
            assert tag not in ("img", "iframe", "object", "embed", "base", "style"), html[:200]
            if tag == "script":
                assert str(attrs.get("src")).startswith("/static/")
            assert not any(name.startswith("on") or name == "style" for name in attrs)
            assert not str(attrs.get("href", "")).lower().startswith("javascript")
        shown = re.sub(r"<textarea.*?</textarea>", "", html, flags=re.DOTALL)  # what was typed, to be changed
        assert "\u202e" not in shown
        assert "\x1b" not in shown


def test_a_page_is_small_and_asks_nobody_else(served: Served) -> None:
    fill(served)
    for path in ("/", "/guide", "/report", "/deliveries", "/live", "/check"):
        html = served.client.get(path).text
        sources = {
            str(attrs.get("src") or attrs.get("href"))
            for tag, attrs in elements(html)
            if tag in ("script", "link", "img")
        }
        assert all(source.startswith("/static/") for source in sources)
        whole = len(html.encode()) + sum(len(served.client.get(source).content) for source in sources)
        assert whole < 200_000, (path, whole)
