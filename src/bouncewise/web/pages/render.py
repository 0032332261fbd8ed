"""Templates: everything that comes from a stranger is escaped, cut, and shown with its hidden signs."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup

from bouncewise.diagnosis.advice import duration
from bouncewise.diagnosis.words import VERDICTS, WHO
from bouncewise.reply.visible import visible
from bouncewise.report.html import coded, shown
from bouncewise.report.tally import OUTCOMES
from bouncewise.report.words import percent, times

_LINK = re.compile(r"(https?://[^\s<>\"'`()]{4,400}[^\s<>\"'`().,;:!?])")


def linked(text: str) -> Markup:
    """A step of a remedy: what stands between backticks as code, addresses of pages as links.

    Args:
        text: of a remedy; it can hold names out of a reply.
    """
    pieces = _LINK.split(text)
    return Markup("").join(
        Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(piece) if odd % 2 else coded(piece)
        for odd, piece in enumerate(pieces)
    )


def page(name: str, *, status: int = 200, **values: Any) -> Response[bytes]:
    """A page.

    Args:
        name: of the template.
        status: of HTTP.
        values: that it shows.
    """
    return Response(render(name, **values), status_code=status, media_type="text/html; charset=utf-8")


def render(name: str, **values: Any) -> bytes:
    """A template, filled in."""
    # bytes that are no text come as lone surrogates, which no encoding of a page can hold
    return _environment().get_template(name).render(**values).encode("utf-8", "replace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        shown=shown,
        linked=linked,
        count=lambda number: f"{number:,}",
        percent=percent,
        when=lambda time: shown(times(time)),
        span=lambda seconds: duration(int(seconds)),
        visible=lambda text, most=4000: visible(str(text)[:most]),
        json=_json,
    )
    environment.globals.update(
        outcomes=OUTCOMES, verdicts=VERDICTS, who=WHO, words=lambda slug: slug.replace("_", " ")
    )
    return environment


def _template(name: str) -> str:
    return (files("bouncewise.web.pages") / "templates" / name).read_text(encoding="utf-8")


def _json(value: Any) -> Markup:
    """Indented JSON for a ``pre``."""
    return Markup("{}").format(visible(json.dumps(value, ensure_ascii=False, indent=1)[:100_000]))
