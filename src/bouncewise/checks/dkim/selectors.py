"""Selectors to look for where none is known."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def common_selectors() -> dict[str, str]:
    """Selectors that services use by default, with the service's name."""
    text = files("bouncewise.checks.dkim").joinpath("selectors.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text).values()
    return {selector: row["says"] for row in rows for selector in row["selectors"]}
