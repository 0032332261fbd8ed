"""The pages in headless Chromium: driven as a person would, at both widths, light and dark, by keyboard, looked at by axe."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.chromium
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
axe_api = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing"
)

from tests.web.served import Served, serving  # noqa: E402
from tests.web.test_pages import HOSTILE, WHO, fill  # noqa: E402

from bouncewise.api import default_engine  # noqa: E402
from bouncewise.sandbox.run import Sandbox  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DMARC = "550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy."
LISTED = "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
PAGES = (
    "/", "/guide", "/guide/cause/mailbox-full", "/guide/provider/google", "/report?since=2026-04-20&until=2026-05-01", "/deliveries",
    "/deliveries/1", "/live", "/check", "/sandbox", "/api", "/login", "/nothing",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is missing (chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("browser")
    with Sandbox(default_engine().knowledge) as sandbox, serving(folder / "s.db", sandbox=sandbox) as served:
        fill(served)
        yield served


class Watched:
    """A page whose faults, and whose questions to others, are noted."""

    def __init__(self, browser: Any, served: Served, **context: Any) -> None:
        self.context = browser.new_context(base_url=served.url, **context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console", lambda message: self.faults.append(message.text) if message.type == "error" else None
        )
        self.page.on("dialog", lambda dialog: (self.faults.append("a dialog"), dialog.dismiss()))
        self.page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith(served.url) or r.url.startswith("data:")
                else self.faults.append(r.url)
            ),
        )

    def __enter__(self) -> Any:
        return self.page

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        if kind is None:
            assert [fault for fault in self.faults if "404" not in fault] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_and_axe_finds_no_serious_fault(
    browser: Any, served_all: Served, width: int, scheme: str
) -> None:
    axe = axe_api.Axe()
    with Watched(browser, served_all, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        for path in PAGES:
            page.goto(path)
            if path == "/":
                page.fill("#text", DMARC)
                page.click("button.main")
                page.wait_for_selector(".verdict")
                page.click("details summary")
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert over <= 0, path
            found = axe.run(page).response["violations"]
            serious = [
                (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
                for one in found
                if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], path


def test_paste_and_what_dns_says(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        page.goto("/")
        page.fill("#text", LISTED)
        page.click("button.main")
        page.wait_for_selector(".verdict.a-bounce")
        assert "blocklist" in page.inner_text(".verdict h2")
        assert page.locator("mark").count() >= 1
        page.click("button.ask")
        page.wait_for_selector("text=DNS confirms this")
        assert "Spamhaus ZEN" in page.inner_text(".found")


def test_a_dropped_file(browser: Any, served_all: Served, tmp_path: Path) -> None:
    mail = tmp_path / "bounce.eml"
    mail.write_text(
        "From: MAILER-DAEMON@example.com\nTo: alice@example.com\nSubject: Undelivered Mail Returned to Sender\n\n<bob@example.org>: 550 5.1.1 user unknown\n"
    )
    with Watched(browser, served_all) as page:
        page.goto("/")
        page.set_input_files("#file", str(mail))
        page.wait_for_selector(".verdict")
        assert "bob@example.org" in page.inner_text(".verdict")
        page.evaluate(
            """() => { const data = new DataTransfer(); data.items.add(new File(['552 5.2.2 Mailbox full'], 'x.txt'));
            document.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true})); }"""
        )
        page.wait_for_selector("text=Mailbox full")


def test_a_link_holds_the_reply_and_the_server_is_not_told(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        page.goto("/")
        page.fill("#text", DMARC)
        page.click("#share")
        page.wait_for_function("location.hash.startsWith('#r=')")
        link = page.url
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("about:blank")
        page.goto(link)
        page.wait_for_selector(".verdict")
        assert page.input_value("#text") == DMARC
        assert not any("DMARC" in url for url in asked)


def test_search_as_one_types(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        page.goto("/guide")
        page.type("#q", "quota")
        page.wait_for_selector("#results a")
        assert not page.is_visible("#contents")
        page.fill("#q", "")
        page.wait_for_selector("#contents", state="visible")


def test_filter_and_drill_down(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        page.goto("/report?since=2026-04-20&until=2026-05-01")
        number = page.inner_text("li.o-bounced strong")
        page.select_option("#outcome", "bounced")
        page.click("text=Show")
        assert "outcome=bounced" in page.url
        page.click("a:has-text('Mailbox full')")
        page.click("li.o-bounced a")
        page.wait_for_selector("h1:has-text('Deliveries')")
        assert page.locator("tbody tr").count() == int(number)
        page.click("tbody tr:first-child a")
        page.wait_for_selector("h1:has-text('Delivery')")


def test_live(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        page.goto("/live")
        page.wait_for_selector("text=Following what comes in.")
        served_all.keep({"reply": HOSTILE, "recipient": WHO, "id": "live"})
        page.wait_for_selector("tr.new")
        assert "<script>alert(1)</script>" in page.inner_text("tr.new td:last-child")


def test_a_check_comes_in_piece_by_piece(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        page.goto("/check")
        page.fill("#domain", "example.com")
        page.fill("#ip", "192.0.2.1")
        page.click("button.main")
        page.wait_for_selector(".outcome.pass")
        page.wait_for_selector("#found >> text=/That is all|No answer/")


def test_the_keyboard_is_enough(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "text":
                break
        page.keyboard.type(DMARC)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".verdict")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.tagName") == "SUMMARY":
                break
        page.keyboard.press("Enter")
        assert page.is_visible(".evidence")


def test_hostile_replies_run_nothing(browser: Any, served_all: Served) -> None:
    served_all.keep(
        {"reply": HOSTILE, "recipient": WHO, "sender": WHO, "host": WHO, "client": WHO, "id": "hostile"}
    )
    with Watched(browser, served_all) as page:
        for path in (
            "/report?since=2026-04-20&until=2026-05-02",
            "/deliveries",
            "/live",
            "/deliveries?recipient=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
        ):
            page.goto(path)
            assert page.locator("main img, main script").count() == 0
        page.goto("/")
        page.fill("#text", HOSTILE)
        page.click("button.main")
        page.wait_for_selector("#result .card")
        assert page.locator("#result img, #result script").count() == 0
        page.goto("/#r=" + "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%20550%205.1.1%20no")
        page.wait_for_selector("#result .card")


def test_a_page_is_under_200_kb(browser: Any, served_all: Served) -> None:
    with Watched(browser, served_all) as page:
        for path in PAGES[:-1]:
            page.goto(path)
            whole = page.evaluate(
                "performance.getEntriesByType('resource').reduce((sum, r) => sum + r.encodedBodySize, performance.getEntriesByType('navigation')[0].encodedBodySize)"
            )
            assert whole < 200_000, path
