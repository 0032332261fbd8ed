"""A summary as one long table, for CSV and Parquet: a row for each name of each section."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from bouncewise.report.tally import OUTCOMES

COLUMNS = ("section", "name", *OUTCOMES, "bounce_rate", "deferral_rate", "first", "last")
_SECTIONS = ("providers", "domains", "sending_ips", "sender_domains", "clients")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula


def rows(summary: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a summary; every value is a text, a count, a share or None.

    Args:
        summary: as ``summarise`` gives it.
    """
    yield _row("total", "", summary["totals"], summary["rates"], summary["from"], summary["to"])
    for cause in summary["causes"]:
        yield _row(
            "cause", cause["cause"], cause["counts"], {}, cause.get("first", ""), cause.get("last", "")
        )
    for section in _SECTIONS:
        for row in summary[section]:
            yield _row(section, row["name"], row, row["rates"])
    if "by" in summary:
        for row in summary["by"]["rows"]:
            yield _row(summary["by"]["name"], row["name"], row, row["rates"])
    for bucket in summary["time"]["buckets"]:
        yield _row(summary["time"]["step"], bucket["at"], bucket, {})


def _row(  # noqa: PLR0913, PLR0917 - a value each
    section: str, name: str, counts: dict[str, Any], rates: dict[str, float], first: str = "", last: str = ""
) -> dict[str, Any]:
    return {
        "section": section,
        "name": name,
        **{outcome: counts[outcome] for outcome in OUTCOMES},
        "bounce_rate": rates.get("bounce"),
        "deferral_rate": rates.get("deferral"),
        "first": first or None,
        "last": last or None,
    }


def write_csv(summary: dict[str, Any], file: TextIO) -> None:
    """Write the rows as CSV (RFC 4180).

    Args:
        summary: as ``summarise`` gives it.
        file: opened with ``newline=""``.
    """
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows(summary):
        writer.writerow({**row, "name": harmless(row["name"])})


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    Args:
        text: what a stranger wrote.
    """
    return f"'{text}" if text.startswith(_DANGEROUS) else text
