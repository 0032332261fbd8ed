"""What a report counts, and that parts merge to the same."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pipeline.postfix_log import postfix_log

from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.reported import Period, ReportSink
from bouncewise.reading.delivery import Delivery
from bouncewise.reading.logs.log import read_log
from bouncewise.report.compare import compare
from bouncewise.report.rollup import Rollup
from bouncewise.report.summary import summarise
from bouncewise.report.tally import OTHERS, Outcome, Tally
from bouncewise.report.terminal import WIDTH, changes, lines, sparkline
from bouncewise.report.thresholds import threshold
from bouncewise.report.words import percent, span

GREYLISTED = """\
Nov 23 10:00:00 mail1 postfix/qmgr[1]: 4AAAAAA: from=<a@example.com>, size=1, nrcpt=1 (queue active)
Nov 23 10:00:00 mail1 postfix/smtp[1]: 4AAAAAA: to=<bob@example.net>, relay=mx.example.net[192.0.2.25]:25, delay=1, \
delays=0/0/0/1, dsn=4.7.1, status=deferred (host mx.example.net[192.0.2.25] said: 451 4.7.1 Greylisted (in reply to RCPT TO command))
Nov 23 10:05:00 mail1 postfix/smtp[1]: 4AAAAAA: to=<bob@example.net>, relay=mx.example.net[192.0.2.25]:25, delay=301, \
delays=300/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)
"""


def deliveries(messages: int = 200, seed: int = 3) -> list[Delivery]:
    return read_log(postfix_log(messages, seed), (2026, 11, 24))


def counted(engine: Engine, parts: list[list[Delivery]], **options: Any) -> Rollup:
    sink, total = ReportSink(engine, **options), Rollup(options.get("by", ""))
    for part in parts:
        for delivery in part:
            sink.take(delivery)
        total.merge(sink.given())
    return total


def test_parts_merge_to_what_is_counted_at_once(engine: Engine) -> None:
    found = deliveries()
    whole = summarise(counted(engine, [found]), engine, 500)
    parts = [found[at : at + 37] for at in range(0, len(found), 37)]
    assert summarise(counted(engine, parts), engine, 500) == whole


def test_totals_are_the_kinds(engine: Engine) -> None:
    found = deliveries()
    totals = summarise(counted(engine, [found]), engine)["totals"]
    for kind in ("delivered", "deferred", "bounced", "expired", "rejected"):
        assert totals[kind] == sum(d.kind.value == kind for d in found)
    for section in ("domains", "sender_domains"):
        summary = summarise(counted(engine, [found]), engine, 500)
        assert sum(row["bounced"] for row in summary[section]) <= totals["bounced"]


def test_greylisting_is_told_with_what_it_cost(engine: Engine) -> None:
    summary = summarise(counted(engine, [read_log(GREYLISTED.encode(), (2026, 11, 24))]), engine)
    assert summary["waiting"]["greylisting"] == {"deliveries": 1, "mean_seconds": 301}
    assert "still" not in summary["waiting"]


def test_refusals_of_this_server_stand_in_no_rate_and_no_table(engine: Engine) -> None:
    log = b"Nov 23 10:00:00 mail1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.9]: 554 5.7.1 no; from=<a@example.com> to=<b@example.net> proto=SMTP\n"
    summary = summarise(counted(engine, [read_log(log, (2026, 11, 24))]), engine)
    assert summary["totals"]["rejected"] == 1
    assert summary["rates"] == {}
    assert summary["domains"] == []
    assert summary["refused"] == {"total": 1, "clients": [{"name": "192.0.2.9", "count": 1}]}
    assert summary["mend_first"] == []


def test_what_to_mend_first_is_what_costs_most_and_the_sender_can_mend(engine: Engine) -> None:
    summary = summarise(counted(engine, [deliveries(400)]), engine)
    saves = [row["saves"] for row in summary["mend_first"]]
    assert saves == sorted(saves, reverse=True)
    by_cause = {cause["cause"]: cause for cause in summary["causes"]}
    for row in summary["mend_first"]:
        counts = by_cause[row["cause"]]["counts"]
        assert row["saves"] == counts["bounced"] + counts["expired"]
        assert row["who"].startswith("sender")
        assert row["steps"]


def test_a_period_counts_what_is_in_it(engine: Engine) -> None:
    found = deliveries()
    period = Period(since="2026-11-23T00:05:00", until="2026-11-23T00:10:00")
    totals = summarise(counted(engine, [found], period=period), engine)["totals"]
    inside = [d for d in found if "2026-11-23T00:05:00" <= d.time < "2026-11-23T00:10:00"]
    assert sum(totals.values()) == len(inside) > 0


def test_counting_by_one_thing_more(engine: Engine) -> None:
    found = deliveries()
    rows = summarise(counted(engine, [found], by="code"), engine)["by"]["rows"]
    assert {row["name"] for row in rows} == {"250", "451", "452", "550", "554"}
    assert sum(row["bounced"] for row in rows) == sum(d.kind.value == "bounced" for d in found)


def test_a_tally_keeps_the_frequent_and_loses_no_count() -> None:
    tally = Tally(limit=10)
    tally.add(Outcome.BOUNCED, ["often"] * 500)
    for number in range(400):
        tally.add(Outcome.BOUNCED, [f"rare{number}"])
    rows = dict(tally.rows())
    assert rows["often"][Outcome.BOUNCED] == 500
    assert sum(sum(counts) for counts in rows.values()) == 900
    assert len(rows) <= 22
    assert list(rows)[-1] == OTHERS


def test_what_is_compared(engine: Engine) -> None:
    quiet = [d for d in deliveries(300, 5) if d.kind.value == "delivered"]
    bad = [d for d in deliveries(300, 5) if d.kind.value == "bounced" and d.reply.code == 550]
    before = summarise(counted(engine, [quiet]), engine)
    now = summarise(counted(engine, [[*quiet, *bad]]), engine)
    found = compare(before, now)
    assert ("recipient-unknown", "new") in [(row["name"], row["change"]) for row in found["new"]]
    assert [row["name"] for row in compare(now, before)["gone"] if row["what"] == "cause"] == [
        "recipient-unknown"
    ]
    same = compare(now, now)
    assert not any(same[change] for change in ("new", "rose", "fell", "gone"))


def test_a_volume_that_doubles_is_no_change(engine: Engine) -> None:
    found = deliveries(300)
    once, twice = counted(engine, [found]), counted(engine, [found, found])
    compared = compare(summarise(once, engine), summarise(twice, engine))
    assert not any(compared[change] for change in ("new", "rose", "fell", "gone"))


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("bounce-rate>5%", True),
        ("bounce-rate>0.05", True),
        ("bounce-rate > 99 %", False),
        ("bounced>=1", True),
        ("expired<0", False),
        ("cause:recipient-unknown>0", True),
        ("unknown>0", False),
        ("attempts>10", True),
    ],
)
def test_thresholds(engine: Engine, text: str, met: bool) -> None:
    summary = summarise(counted(engine, [deliveries()]), engine)
    assert (threshold(text, engine.knowledge.causes).met(summary) is not None) is met


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bounce", "is no threshold"),
        ("speed>5", "there is no such figure"),
        ("cause>5", "there is no such figure"),
        ("cause:nothing>5", "there is no cause nothing"),
        ("bounced>5%", "is a count, not a share"),
    ],
)
def test_wrong_thresholds_say_what_is_wrong(engine: Engine, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        threshold(text, engine.knowledge.causes)


def test_the_terminal_has_100_columns(engine: Engine) -> None:
    log = postfix_log(150).replace(b"example.net", b"a-very-long-name-of-a-domain-" * 4 + b".example.net")
    found = read_log(log.replace(b"mx2.", b"mx2." + b"sub." * 30), (2026, 11, 24))
    before = summarise(counted(engine, [found[:100]]), engine)
    summary = summarise(counted(engine, [found], by="recipient"), engine)
    shown = ["".join(words for words, _ in line) for line in lines(summary, top=40)]
    shown += ["".join(words for words, _ in line) for line in changes(compare(before, summary))]
    assert [line for line in shown if len(line.rstrip()) > WIDTH] == []


@pytest.mark.parametrize(
    ("share", "words"), [(0.0, "0.0 %"), (0.0004, "0.04 %"), (0.031, "3.1 %"), (0.25, "25 %"), (1.0, "100 %")]
)
def test_shares_in_words(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "5 s"), (60, "1 min"), (301, "5 min"), (7200, "2 h"), (90_061, "1 d 1 h")]
)
def test_spans_in_words(seconds: int, words: str) -> None:
    assert span(seconds) == words


def test_sparklines() -> None:
    assert sparkline([0, 1, 4, 8]) == " ▁▄█"
