"""Times and spans as people give them."""

from __future__ import annotations

import re
import time as clock
from datetime import datetime, timedelta

import click
import pytest

from bouncewise.cli.period import period_of, span_of, time_of
from bouncewise.pipeline.reported import Period


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1800),
        ("30min", 1800),
        ("24h", 86_400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        (" 1 h ", 3600),
        ("0h", 0),
        ("h", 0),
        ("1.5h", 0),
        ("-1h", 0),
        ("1y", 0),
        ("", 0),
        ("999999d", 0),
        ("2026-11-23", 0),
    ],
)
def test_spans(text: str, seconds: float) -> None:
    assert span_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("", ""),
        ("2026-11-23", "2026-11-23T00:00:00"),
        ("2026-11-23T17:40", "2026-11-23T17:40:00"),
        ("2026-11-23 17:40:05", "2026-11-23T17:40:05"),
        (" 2026-11-23T17:40:05.5 ", "2026-11-23T17:40:05"),
    ],
)
def test_times(text: str, time: str) -> None:
    assert time_of(text) == time


@pytest.mark.parametrize(
    ("zone", "time"), [("UTC", "15:40"), ("Asia/Tokyo", "00:40"), ("America/New_York", "10:40")]
)
def test_an_offset_is_turned_to_the_time_of_this_machine(
    zone: str, time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    clock.tzset()
    try:
        assert time_of("2026-11-23T17:40:00+02:00")[11:16] == time
        assert time_of("2026-11-23T15:40:00Z")[11:16] == time
    finally:
        monkeypatch.undo()
        clock.tzset()


def test_times_by_now() -> None:
    today = datetime.now()
    assert time_of("today") in {f"{day:%Y-%m-%d}T00:00:00" for day in (today, datetime.now())}
    assert time_of("yesterday")[:10] == f"{today - timedelta(days=1):%Y-%m-%d}"
    past = datetime.fromisoformat(time_of("24h"))
    assert abs((datetime.now() - past).total_seconds() - 86_400) < 5


@pytest.mark.parametrize(
    "text", ["soon", "2026-13-01", "2026-11-31", "24", "tomorrow", "\x1b[2J", "2026-11-23T25:00"]
)
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(click.UsageError, match="is no time; give one as") as error:
        time_of(text)
    assert "\x1b" not in error.value.message


@pytest.mark.parametrize(
    ("since", "until"), [("2026-11-24", "2026-11-23"), ("2026-11-24", "2026-11-24"), ("1h", "2h")]
)
def test_a_period_runs_forward(since: str, until: str) -> None:
    with pytest.raises(click.UsageError, match=re.escape("--since is not before --until")):
        period_of(since, until)


@pytest.mark.parametrize(
    ("time", "held"),
    [
        ("2026-11-23T00:00:00", True),
        ("2026-11-23T00:00:00.000000+01:00", True),
        ("2026-11-23T23:59:59.999Z", True),
        ("2026-11-24T00:00:00", False),
        ("2026-11-22T23:59:59.999", False),
        ("", False),
    ],
)
def test_a_period_holds_its_first_second_and_not_its_last(time: str, held: bool) -> None:
    assert Period("2026-11-23T00:00:00", "2026-11-24T00:00:00").holds(time) is held
