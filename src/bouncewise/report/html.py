"""A summary as a page that needs no other file and no network."""

from __future__ import annotations

from html import escape
from typing import Any


def page(summary: dict[str, Any]) -> str:
    """The page.

    Args:
        summary: as ``summarise`` gives it.
    """
    return f"<!doctype html><meta charset=utf-8><title>Bouncewise report</title><pre>{escape(str(summary))}</pre>"
