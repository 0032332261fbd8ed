"""The page: its figures are the summary's, and nothing of a stranger becomes part of it but text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from page_hostile import PAYLOADS, Payloads, make_summary
from page_logs import LATER, LOG

from bouncewise.cli.report import command
from bouncewise.report.html import coded, embedded, page, shown
from bouncewise.report.tally import OUTCOMES


class Parsed(HTMLParser):
    """What a page holds.

    Args:
        text: the page.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.inner: dict[str, list[str]] = {"script": [], "style": []}
        self.cells: list[list[str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._open.append(tag)
        if tag in self.inner:
            self.inner[tag].append("")
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        now = self._open[-1] if self._open else ""
        if now in self.inner:
            self.inner[now][-1] += data
            return
        self.texts.append(data)
        if "td" in self._open or "th" in self._open:
            self.cells[-1][-1] += data


@pytest.fixture
def written(tmp_path: Path) -> tuple[str, dict[str, Any]]:
    """A page and the summary of the same log."""
    log, before, html = tmp_path / "mail.log", tmp_path / "before.log", tmp_path / "report.html"
    before.write_text(LOG)
    log.write_text(LOG + LATER)
    arguments = [str(log), "--compare", str(before), "--by", "code", "--html", str(html), "--json"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return html.read_text(encoding="utf-8"), json.loads(result.stdout)


def test_embedded_summary_is_the_json(written: tuple[str, dict[str, Any]]) -> None:
    text, summary = written
    assert json.loads(Parsed(text).inner["script"][0]) == summary
    assert summary["totals"]["bounced"] > 0
    assert len(text.encode()) < 300_000


def test_tables_show_the_figures(written: tuple[str, dict[str, Any]]) -> None:
    text, summary = written
    rows = [[cell.strip() for cell in row] for row in Parsed(text).cells]
    rows_of_totals = [row for row in rows if row and row[0] in OUTCOMES and len(row) == 3]
    shown_totals = {row[0]: row[1] for row in reversed(rows_of_totals)}  # the first table, not the comparison
    assert {name: shown_totals.get(name, "0") for name in OUTCOMES} == {
        name: f"{count:,}" for name, count in summary["totals"].items()
    }
    for row in summary["domains"]:
        cells = next(r for r in rows if r and r[0] == row["name"] and len(r) > 4)
        assert [f"{row[name]:,}" for name in ("delivered", "deferred", "bounced")] == cells[3:6]
    for cause in summary["causes"]:
        lost = cause["counts"]["bounced"] + cause["counts"]["expired"]
        assert any(row[0].startswith(cause["title"]) and row[1] == f"{lost:,}" for row in rows if row)


def test_page_without_anything() -> None:
    nothing = dict.fromkeys(OUTCOMES, 0)
    summary: dict[str, Any] = {
        **{
            "from": "",
            "to": "",
            "totals": nothing,
            "others": {},
            "rates": {},
            "mend_first": [],
            "causes": [],
        },
        **{"providers": [], "domains": [], "sending_ips": [], "sender_domains": [], "clients": [], "new": []},
        **{"refused": {"total": 0, "clients": []}, "time": {"step": "hour", "buckets": []}, "waiting": {}},
        "unknown": [],
    }
    assert json.loads(Parsed(page(summary)).inner["script"][0]) == summary


@pytest.mark.parametrize("times", [True, False])
@pytest.mark.parametrize("start", range(len(PAYLOADS)))
def test_strangers_words_add_no_markup(start: int, times: bool) -> None:
    calm = Parsed(page(make_summary(lambda: "x", times=times)))
    text = page(make_summary(Payloads(start), times=times))
    found = Parsed(text)

    def of_us(parsed: Parsed) -> Counter[tuple[str, tuple[str, ...]]]:
        # a long word gets a title, a step gets code where it has backticks; all else must be the same
        return Counter(t for t in parsed.tags if t not in (("span", ("title",)), ("code", ())))

    def queued(parsed: Parsed) -> int:
        return sum(
            1 for tag, name, value in parsed.attributes if (tag, name, value) == ("span", "class", "slug")
        )

    # an empty queue id has no element of its own
    missing = queued(calm) - queued(found)
    assert missing in (0, 1)
    assert of_us(calm) - of_us(found) == Counter({("span", ("class",)): missing} if missing else {})
    assert not of_us(found) - of_us(calm)
    for tag, name, value in found.attributes:
        assert not name.startswith("on")
        assert name not in ("style", "src", "srcset", "action", "formaction")
        assert name != "href" or re.fullmatch(r"#[\w-]+|data:,", value), (tag, value)
        assert len(value) < 520


@pytest.mark.parametrize("start", range(len(PAYLOADS)))
def test_hidden_characters_are_signs(start: int) -> None:
    summary = make_summary(Payloads(start), times=False)
    found = Parsed(page(summary))
    said = "".join([*found.texts, *(value for _, _, value in found.attributes)])
    assert not [
        c for c in said if c not in "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    data = found.inner["script"][0]
    assert json.loads(data) == summary
    assert not re.search("[<>\u2028\u2029\u202e\u200b\x00-\x1f\x7f]", data)


def test_what_is_cut_has_a_title() -> None:
    assert shown("a" * 60) == "a" * 60
    assert shown("<" + "a" * 60) == f'<span title="&lt;{"a" * 60}">&lt;{"a" * 58}…</span>'
    assert len(shown("\u202e" * 10_000)) < 1100  # with its entities
    assert coded("set `a<b` and c") == "set <code>a&lt;b</code> and c"


def test_json_ends_no_script() -> None:
    assert embedded({"a": "</script>&\u2028"}) == '{"a":"\\u003c/script\\u003e\\u0026\\u2028"}'


def test_policy_allows_our_style_and_script_only(written: tuple[str, dict[str, Any]]) -> None:
    found = Parsed(written[0])
    policy = next(value for tag, name, value in found.attributes if value.startswith("default-src"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    style, script = found.inner["style"], found.inner["script"]
    assert (len(style), len(script)) == (1, 2)
    for name, text in (("style-src", style[0]), ("script-src", script[1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert "@import" not in style[0]
    assert "url(" not in style[0]
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
        "import(",
    ):
        assert forbidden not in script[1]


def test_page_loads_nothing(written: tuple[str, dict[str, Any]]) -> None:
    found = Parsed(written[0])
    links = [value for _, name, value in found.attributes if name in ("href", "src", "data", "srcset")]
    assert not [link for link in links if not link.startswith(("#", "data:"))]


def test_every_table_has_a_name_and_scopes() -> None:
    found = Parsed(page(make_summary(lambda: "x")))
    heads = [names for tag, names in found.tags if tag == "th"]
    assert all("scope" in names for names in heads)
    tables = [names for tag, names in found.tags if tag == "table"]
    captions = sum(1 for tag, _ in found.tags if tag == "caption")
    assert len(tables) == captions + sum("aria-labelledby" in names for names in tables)
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    named = {value for _, name, value in found.attributes if name == "aria-labelledby"}
    assert named <= set(ids)
    assert {value[1:] for _, name, value in found.attributes if name == "href" and value[0] == "#"} <= set(
        ids
    )


def test_other_commands_import_no_templates() -> None:
    code = "import sys; import bouncewise.cli.report; print('jinja2' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
