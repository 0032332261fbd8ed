"""The page in a browser: it works, at two widths, light and dark, by the pointer and by the keyboard."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from page_hostile import PAYLOADS, Payloads, make_summary
from page_logs import DOMAINS, LATER, LOG

from bouncewise.cli.report import command
from bouncewise.report.html import page as make_page

pytestmark = pytest.mark.chromium
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SIZES = ((1280, 900), (390, 844))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A page and the summary that it shows."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "before.log").write_text(LOG)
    (folder / "mail.log").write_text(LOG + LATER)
    html = folder / "report.html"
    arguments = [
        str(folder / "mail.log"),
        "--compare",
        str(folder / "before.log"),
        "--html",
        str(html),
        "--json",
    ]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return html, json.loads(result.stdout)


class Opened:
    """A page in a window, with what went wrong in it.

    Args:
        browser: the browser.
        path: of the page.
        size: of the window, in pixels.
        scheme: light or dark.
        script: whether scripts run.
    """

    def __init__(
        self,
        browser: Any,
        path: Path,
        size: tuple[int, int] = SIZES[0],
        scheme: str = "light",
        script: bool = True,
    ) -> None:
        viewport = {"width": size[0], "height": size[1]}
        self._context = browser.new_context(
            viewport=viewport, color_scheme=scheme, java_script_enabled=script
        )
        self.page = self._context.new_page()
        self.page.set_default_timeout(10_000)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append("a dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        if script:
            self.page.wait_for_selector("html[data-ready]")

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def column(self, table: str, at: int) -> list[str]:
        """The texts of a column of a table, of the rows that are seen."""
        return self.page.eval_on_selector_all(
            f"{table} > tbody > tr:not(.details):not([hidden])",
            "(rows, at) => rows.map((row) => row.cells[at].innerText.trim())",
            at,
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_page_fits_and_says_no_error(browser: Any, summary: Any, size: tuple[int, int], scheme: str) -> None:
    with Opened(browser, summary[0], size, scheme) as opened:
        page = opened.page
        for button in page.query_selector_all("#causes-table button.open"):
            button.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 22, 25)"
        assert dark == (scheme == "dark")
        assert not opened.errors
        assert opened.requests == [summary[0].as_uri()]


def test_cause_opens_by_click_and_by_keyboard(browser: Any, summary: Any) -> None:
    with Opened(browser, summary[0]) as opened:
        page = opened.page
        first = page.locator("#causes-table button.open").first
        cause = summary[1]["causes"][0]
        first.click()
        details = page.locator("#causes-table .details")
        assert first.get_attribute("aria-expanded") == "true"
        said = details.inner_text()
        assert cause["explanation"] in said
        assert all(
            row["name"] in said for key in ("providers", "domains", "sender_domains") for row in cause[key]
        )
        assert f"line {cause['examples'][0]['line']}" in said
        first.press("Enter")
        assert details.count() == 0
        page.locator("#causes-table tbody tr").nth(1).locator("td").first.click()
        assert details.count() == 1
        page.keyboard.press("Tab")
        second = page.locator("#causes-table button.open").nth(1)
        second.focus()
        page.keyboard.press("Enter")
        assert details.count() == 0
        assert not opened.errors


def test_figures_are_the_jsons(browser: Any, summary: Any) -> None:
    with Opened(browser, summary[0]) as opened:
        causes = summary[1]["causes"]
        lost = [c["counts"]["bounced"] + c["counts"]["expired"] for c in causes]
        assert opened.column("#causes-table", 1) == [f"{n:,}" for n in lost]
        totals = dict(zip(opened.column(".totals", 0), opened.column(".totals", 1), strict=True))
        assert totals == {name: f"{n:,}" for name, n in summary[1]["totals"].items() if n}
        embedded = opened.page.evaluate("JSON.parse(document.getElementById('summary').textContent)")
        assert embedded == summary[1]


def test_tables_are_sorted_filtered_and_shortened(browser: Any, summary: Any) -> None:
    table = "#domains table"
    rows = summary[1]["domains"]
    with Opened(browser, summary[0]) as opened:
        page = opened.page
        assert len(opened.column(table, 0)) == 10 < DOMAINS == len(rows)
        page.click("#domains button.all")
        assert opened.column(table, 0) == [row["name"] for row in rows]
        head = page.locator("#domains th[data-key=bounced]")
        head.locator("button").click()
        found = [int(text) for text in opened.column(table, 5)]
        assert head.get_attribute("aria-sort") == "descending"
        assert found == sorted((row["bounced"] for row in rows), reverse=True)
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        assert [int(text) for text in opened.column(table, 5)] == sorted(found)
        page.fill("#domains input", "d1.")
        assert opened.column(table, 0) == ["d1.example.org"]
        page.click("#causes-table th[data-key=title] button")
        titles = opened.column("#causes-table", 0)
        assert titles == sorted(titles, key=str.lower)
        assert not opened.errors


def test_name_shows_the_causes_that_concern_it(browser: Any, summary: Any) -> None:
    causes, name = summary[1]["causes"], summary[1]["domains"][0]["name"]
    concerned = [c["title"] for c in causes if name in [row["name"] for row in c.get("domains", ())]]
    with Opened(browser, summary[0]) as opened:
        opened.page.click(f"#domains button.link:text-is('{name}')")
        seen = opened.column("#causes-table", 0)
        assert 0 < len(concerned) == len(seen)
        assert all(
            text.startswith(title) and "here" in text for text, title in zip(seen, concerned, strict=True)
        )
        opened.page.click("#concern button")
        assert len(opened.column("#causes-table", 0)) == len(causes)


def test_chart_tells_values_by_keyboard(browser: Any, summary: Any) -> None:
    buckets = summary[1]["time"]["buckets"]
    with Opened(browser, summary[0]) as opened:
        chart = opened.page.locator("#chart-time .chart")
        chart.focus()
        opened.page.keyboard.press("ArrowRight")
        told = chart.get_attribute("aria-valuetext")
        assert f"delivered {buckets[0]['delivered']}," in told
        opened.page.keyboard.press("End")
        assert f"delivered {buckets[-1]['delivered']}," in chart.get_attribute("aria-valuetext")
        assert opened.page.locator("#chart-time rect.bounced").count() == sum(
            b["bounced"] > 0 for b in buckets
        )


def test_page_is_readable_without_script(browser: Any, summary: Any) -> None:
    with Opened(browser, summary[0], script=False) as opened:
        assert len(opened.column("#time table", 0)) == len(summary[1]["time"]["buckets"])
        assert opened.page.locator("#time table").is_visible()
        assert len(opened.column("#domains table", 0)) == DOMAINS


@pytest.mark.parametrize("times", [True, False])
@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 5))
def test_strangers_words_run_nothing(browser: Any, tmp_path: Path, start: int, times: bool) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(make_page(make_summary(Payloads(start), times=times)), encoding="utf-8")
    with Opened(browser, path, SIZES[1]) as opened:
        page = opened.page
        for selector in ("#causes-table button.open", ".mend button", "#domains button.link", "button.sort"):
            for button in page.query_selector_all(selector):
                button.evaluate("(element) => element.click()")
        for button in page.query_selector_all("#causes-table button.open[aria-expanded=false]"):
            button.evaluate("(element) => element.click()")
        page.wait_for_timeout(100)
        assert page.locator(".details").count() == 5
        assert page.evaluate("window.owned") is None
        assert page.locator("img, iframe, object, [onerror], [onload], [onmouseover]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[1][0]
        assert not opened.errors
        assert opened.requests == [path.as_uri()]
