"""A summary as a page that needs no other file and no network.

Everything that comes from replies, addresses and hosts is a stranger's: the templates escape it, ``shown``
cuts it and makes its hidden characters visible, and a content security policy lets nothing run but the page's
own script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader
from markupsafe import Markup, escape

from bouncewise.reply.visible import visible
from bouncewise.report.tally import OUTCOMES
from bouncewise.report.words import WHAT, WHO, percent, span, times

MAX_SHOWN = 60  # characters of a name; the whole of it stands in its title
MAX_TITLE = 500
_STYLES = ("page.css", "charts.css")
_SCRIPTS = ("base.js", "chart.js", "tables.js", "causes.js", "main.js")
_TABLES = (
    ("providers", "Providers"),
    ("domains", "Recipient domains"),
    ("sending_ips", "Sending addresses"),
    ("sender_domains", "Sender domains"),
    ("clients", "Clients"),
)
_ALWAYS = ("delivered", "deferred", "bounced")
_RATES = (("bounce", "Bounce rate"), ("deferral", "Deferral rate"), ("complaint", "Complaint rate"))
_RATE_OF = {
    "bounced": ("bounce", "of what came to an end came back"),
    "deferred": ("deferral", "of all attempts"),
    "complaint": ("complaint", "of what was delivered"),
}
# what ends a script or a line of JavaScript, and what hides or reorders words for who reads the source
_UNSAFE = re.compile(r"[<>&\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def page(summary: Mapping[str, Any]) -> str:
    """The page.

    Args:
        summary: as ``summarise`` gives it, with what was read and what changed where that is known.
    """
    style = "\n".join(_part(name) for name in _STYLES)
    script = "\n".join(_part(name) for name in _SCRIPTS)
    text = (
        _environment()
        .get_template("page.html")
        .render(
            s=summary,
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            data=Markup(embedded(summary)),  # noqa: S704 - escaped by embedded
            outcomes=list(_outcomes(summary)),
            sections=list(_sections(summary)),
            causes=_shown_causes(summary["causes"]),
            undated=_undated(summary),
            lost=summary["totals"]["bounced"] + summary["totals"]["expired"],
        )
    )
    # bytes of a log that are no text came as lone surrogates, which no encoding of a page can hold
    return text.encode("utf-8", "replace").decode("utf-8")


def embedded(summary: Mapping[str, Any]) -> str:
    """The summary as JSON that can stand inside a script element.

    Args:
        summary: any object of JSON.
    """
    text = json.dumps(summary, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def shown(text: object, width: int = MAX_SHOWN) -> Markup:
    """A stranger's text as it may stand on the page: cut, with the rest in its title.

    Args:
        text: what a stranger wrote.
        width: characters at most.
    """
    whole = visible(str(text)[: MAX_TITLE + 1])
    if len(whole) <= width:
        return escape(whole)
    title = whole if len(whole) <= MAX_TITLE else whole[:MAX_TITLE] + "…"
    return Markup('<span title="{}">{}…</span>').format(title, whole[: width - 1])


def coded(text: str) -> Markup:
    """A step with what stands between backticks as code.

    Args:
        text: of a remedy; it can hold names out of a reply.
    """
    parts = visible(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts)
    )


def _part(name: str) -> str:
    """A file of the page."""
    return (files("bouncewise.report") / "page" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shown=shown,
        coded=coded,
        count=lambda count: f"{count:,}",
        percent=percent,
        when=lambda time: shown(times(time)),
        span=span,
        who=lambda who: shown(WHO.get(who, who)),
        what=lambda what: shown(WHAT.get(what, what)),
    )
    return environment


def _policy(style: str, script: str) -> str:
    """The content security policy: nothing but our own style and script."""
    hashes = {
        name: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for name, text in (("style", style), ("script", script))
    }
    return (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _outcomes(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of the first table."""
    totals, rates = summary["totals"], summary["rates"]
    attempts = sum(totals.values())
    for name in OUTCOMES:
        if not totals[name] and name not in _ALWAYS:
            continue
        rate, words = _RATE_OF.get(name, ("", ""))
        yield {
            "name": name,
            "count": totals[name],
            "share": totals[name] / attempts if attempts else 0.0,
            # more complaints than deliveries: those came from somewhere else
            "rate": rates[rate] if rates.get(rate, 2) <= 1 else None,
            "words": words,
        }


def _undated(summary: Mapping[str, Any]) -> int:
    """How many deliveries are in no bucket of time."""
    dated = sum(bucket[name] for bucket in summary["time"]["buckets"] for name in OUTCOMES)
    total: int = sum(summary["totals"].values()) - dated
    return total


def _sections(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The tables of names, each with the columns that say something."""
    if "by" in summary:
        yield _section("by.rows", f"By {visible(summary['by']['name'])}", summary["by"]["rows"])
    for key, title in _TABLES:
        if summary[key]:
            yield _section(key, title, summary[key])


def _section(key: str, title: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": key.split(".", maxsplit=1)[0],
        "key": key,
        "title": title,
        "rows": rows,
        "outcomes": [name for name in OUTCOMES if name in _ALWAYS or any(row[name] for row in rows)],
        "rates": [(name, words) for name, words in _RATES if _tells(name, rows)],
    }


def _tells(rate: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column of rates says something; complaints can outnumber what is known to be delivered."""
    shares = [row["rates"][rate] for row in rows if rate in row["rates"]]
    return any(share <= 1 for share in shares) if rate == "complaint" else bool(shares)


def _shown_causes(causes: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """The causes of what was sent, with their places; those of refusals by this server alone come last."""
    own = [cause["counts"]["rejected"] < sum(cause["counts"].values()) for cause in causes]
    numbered = list(enumerate(causes))
    return [row for row in numbered if own[row[0]]] + [row for row in numbered if not own[row[0]]]
