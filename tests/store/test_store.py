"""The store: each delivery once, counts that agree with the rows, pages, searches, forgetting."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.api import default_engine
from bouncewise.pipeline.diagnose import diagnose_delivery
from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reply.parse import parse_reply
from bouncewise.report.summary import summarise
from bouncewise.store.counts import risen, rollup_of, seen, seen_causes, templates
from bouncewise.store.database import Database, SqliteDatabase, open_database, statements
from bouncewise.store.migrate import migrate, schemas
from bouncewise.store.model import COLUMNS, DAY, Dim, Filter, Kept, StoreError
from bouncewise.store.rows import delivery_of, diagnosis_of, kept_of, seconds_of
from bouncewise.store.store import Store

DAY_ONE = 1_777_593_600  # 2026-05-01
FULL = "552 5.2.2 Mailbox full, quota exceeded"
UNKNOWN = "550 5.1.1 <{}>: Recipient address rejected: User unknown in virtual mailbox table"


def delivery(
    reply: str, at: str = "2026-05-01T10:00:00Z", to: str = "bob@example.net", **more: object
) -> Delivery:
    kind = {"2": Kind.DELIVERED, "4": Kind.DEFERRED, "5": Kind.BOUNCED}[reply[0]]
    fields: dict[str, object] = {
        "kind": kind, "time": at, "recipient": to, "reply": parse_reply(reply), "sender": "ann@example.com",
        "remote_mta": "mx.google.com", "local_ip": "192.0.2.1",
    }  # fmt: skip
    return Delivery(**(fields | more))  # type: ignore[arg-type]


def kept(one: Delivery, identity: str = "") -> Kept:
    found = kept_of(one, diagnose_delivery(default_engine(), one), DAY_ONE, identity)
    assert found
    return found


def some(count: int) -> list[Kept]:
    """Every third fails, each in another way, over some hours."""
    replies = ["250 2.0.0 OK", "250 2.0.0 OK", FULL, "250 2.0.0 OK", "250 2.0.0 OK", "451 4.7.1 Greylisted"]
    return [
        kept(
            delivery(
                replies[n % 6],
                f"2026-05-0{1 + n % 3}T{n % 24:02}:00:00Z",
                f"u{n}@d{n % 4}.example",
                queue_id=f"Q{n}",
            )
        )
        for n in range(count)
    ]


def test_each_delivery_counts_once(database: Database) -> None:
    store = Store(database)
    given = some(60)
    first = store.add(given)
    assert (first.new, first.known) == (60, 0)
    again = store.add([*given[30:], *some(90)[60:], given[0]])
    assert (again.new, again.known) == (30, 31)
    rows = database.rows("SELECT COUNT(*), COUNT(DISTINCT key) FROM delivery")
    assert tuple(map(int, rows[0])) == (90, 90)
    (total,) = seen(store, Dim.ALL).values()
    assert total == 90


def test_what_its_source_calls_it_names_a_delivery(database: Database) -> None:
    store = Store(database)
    one = delivery(FULL)
    assert store.add([kept(one, "a"), kept(one, "b"), kept(one, "a")]).new == 2


def test_counts_agree_with_the_rows(database: Database) -> None:
    store = Store(database)
    store.add(some(200))
    wanted = Filter(DAY_ONE, DAY_ONE + 3 * DAY)
    rollup = rollup_of(store, default_engine(), wanted)
    by_outcome = dict(database.rows("SELECT outcome, COUNT(*) FROM delivery GROUP BY outcome"))
    assert rollup.outcomes[:3] == [int(by_outcome[n]) for n in range(3)]
    summary = summarise(rollup, default_engine())
    assert {c["cause"] for c in summary["causes"]} == {"mailbox-full", "greylisted"}
    assert sum(row["delivered"] for row in summary["domains"]) == summary["totals"]["delivered"]
    assert [row["name"] for row in summary["providers"]] == ["Gmail and Google Workspace"]
    assert seen_causes(store)["mailbox-full"] == summary["totals"]["bounced"]
    full = next(c for c in summary["causes"] if c["cause"] == "mailbox-full")
    assert full["examples"][0]["reply"].startswith("552 5.2.2")


FILTERS = [
    Filter(domain="d1.example"),
    Filter(cause="mailbox-full"),
    Filter(outcome="deferred"),
    Filter(provider="google", cause="greylisted"),
    Filter(ip="192.0.2.1", outcome="bounced"),
    Filter(provider="google", domain="d2.example"),
    Filter(
        provider="google", domain="d2.example", cause="mailbox-full", since=DAY_ONE, until=DAY_ONE + 3 * DAY
    ),
    Filter(ip="192.0.2.1", sender_domain="example.com", outcome="deferred"),
    Filter(since=DAY_ONE, until=DAY_ONE + DAY),
    Filter(since=DAY_ONE, until=DAY_ONE + DAY, sender_domain="example.com"),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_filter_gives_as_many_rows_as_it_counts(database: Database, wanted: Filter) -> None:
    store = Store(database)
    store.add(some(120))
    rows = store.page(wanted, limit=1000).rows
    rollup = rollup_of(store, default_engine(), wanted)
    assert 0 < len(rows) == sum(rollup.outcomes)


def test_pages_go_through_everything_once(database: Database) -> None:
    store = Store(database)
    store.add(some(75))
    found: list[int] = []
    cursor = ""
    while True:
        page = store.page(Filter(), limit=10, cursor=cursor)
        found += [number for number, _ in page.rows]
        times = [row[COLUMNS.index("at")] for _, row in page.rows]
        assert times == sorted(times, reverse=True)
        cursor = page.cursor
        if not cursor:
            break
    assert len(found) == len(set(found)) == 75


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1-2", "1-2-3", "9" * 60, "²-1"])
def test_a_cursor_that_is_none(database: Database, cursor: str) -> None:
    with pytest.raises(ValueError, match="no cursor"):
        Store(database).page(Filter(), cursor=cursor)


def test_a_recipient_and_a_reply_are_found(database: Database) -> None:
    store = Store(database)
    names = [f"u{n}@example.net" for n in range(5)]
    store.add([kept(delivery(UNKNOWN.format(name), to=name)) for name in names])
    store.add([kept(delivery(FULL, to=name)) for name in names])
    assert len(store.page(Filter(recipient=names[2])).rows) == 2
    (top, *_) = templates(store, Filter(cause="recipient-unknown"))
    assert top.count == 5
    rows = store.page(Filter(template=top.template)).rows
    assert {row[COLUMNS.index("cause")] for _, row in rows} == {"recipient-unknown"}
    assert len(rows) == 5


def test_a_row_is_diagnosed_as_it_was(database: Database) -> None:
    store = Store(database)
    store.add([kept(delivery("550 5.7.26 Unauthenticated email from example.com is not accepted"))])
    ((number, row),) = store.page(Filter()).rows
    again = delivery_of(row)
    assert (again.recipient, again.remote_mta, again.kind) == (
        "bob@example.net",
        "mx.google.com",
        Kind.BOUNCED,
    )
    told = dict(zip(COLUMNS, store.one(number) or (), strict=True))
    assert diagnosis_of(default_engine(), again, told["cause"]).cause == told["cause"]
    assert diagnosis_of(default_engine(), again, "mailbox-full").cause == "mailbox-full"
    assert store.one(number + 1) is None


def test_what_is_new_and_what_rose(database: Database) -> None:
    store = Store(database)
    rate = "451 4.7.1 Rate limit exceeded"
    store.add([kept(delivery(FULL, f"2026-05-01T{n:02}:00:00Z", queue_id=f"a{n}")) for n in range(5)])
    store.add([kept(delivery(rate, f"2026-05-01T{n:02}:00:00Z", queue_id=f"b{n}")) for n in range(2)])
    store.add([kept(delivery(FULL, f"2026-05-02T{n:02}:00:00Z", queue_id=f"c{n}")) for n in range(6)])
    store.add([kept(delivery(rate, f"2026-05-02T{n:02}:00:00Z", queue_id=f"d{n}")) for n in range(9)])
    store.add([kept(delivery("554 5.7.1 Something unheard of", "2026-05-02T01:00:00Z"))])
    rose = risen(store, Filter(DAY_ONE + DAY, DAY_ONE + 2 * DAY))
    assert [(one.count, one.before, one.new) for one in rose] == [(1, 0, True), (9, 2, False)]


def test_forgetting_keeps_the_counts_of_days(database: Database) -> None:
    store = Store(database)
    store.add(some(90))
    before = Counter(seen_causes(store))
    gone = store.forget(DAY_ONE + DAY, at_once=7)
    assert gone == 30
    assert len(store.page(Filter(), limit=1000).rows) == 60
    assert Counter(seen_causes(store)) == before
    assert store.forget(DAY_ONE + DAY) == 0


def test_writers_side_by_side_lose_and_double_nothing(database: Database) -> None:
    store = Store(database)
    given = some(400)
    faults: list[Exception] = []

    def work(start: int) -> None:
        try:
            for at in range(start, 400, 40):  # each batch is given by two writers
                store.add(given[at : at + 40])
        except StoreError as fault:
            faults.append(fault)

    writers = [threading.Thread(target=work, args=(start,)) for start in (0, 0, 20, 20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    assert len(store.page(Filter(), limit=1000).rows) == 400
    assert sum(seen_causes(store).values()) == 400


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    store = Store(database)
    good = some(3)
    bad = Kept((b"k", "no time", *good[0].values[2:]), ())
    with pytest.raises((StoreError, TypeError)):
        store.add([*good, bad])
    assert store.page(Filter()).rows == []
    assert store.add(good).new == 3


@pytest.mark.parametrize("version", range(len(schemas()) + 1))
def test_a_store_of_every_earlier_release_is_brought_forward(database: Database, version: int) -> None:
    migrate(database, to=version)
    store = Store(database)
    assert store.add(some(3)).new == 3
    assert migrate(database) == len(schemas())
    assert len(store.page(Filter()).rows) == 3


def test_a_store_of_a_later_release_is_left_alone(database: Database) -> None:
    Store(database)
    with database.transaction():
        database.write("UPDATE schema_version SET version = ?", [(99,)])
    with pytest.raises(StoreError, match="newer release"):
        Store(database)


def test_hostile_texts_are_kept(database: Database) -> None:
    store = Store(database)
    odd = "550 5.1.1 \x00\ud800 <script> \u202e " + "x" * 100_000
    store.add([kept(delivery(odd, to="\x00'; DROP TABLE delivery;--@\ud83d.example", client="\x00" * 9000))])
    ((_, row),) = store.page(Filter()).rows
    assert len(row[COLUMNS.index("reply")]) <= 2000
    assert len(templates(store, Filter())) == 1


def test_what_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "mail.log").write_text("Nov 25 10:00:00 mx postfix/smtp[1]: hello\n" * 100)
    with pytest.raises(StoreError, match=r"mail\.log"):
        Store.at(str(tmp_path / "mail.log"))
    with pytest.raises(StoreError, match="can't be opened"):
        Store(SqliteDatabase(tmp_path))
    Store.at(str(tmp_path / "new.db")).close()
    assert (tmp_path / "new.db").stat().st_mode & 0o077 == 0
    with pytest.raises(StoreError, match="mysql"):
        open_database("mysql://x")


def test_no_outcome_of_that_name(database: Database) -> None:
    with pytest.raises(StoreError, match="delivered"):
        Store(database).page(Filter(outcome="nope"))


def test_the_schema_can_be_parted() -> None:
    assert [sqlite3.complete_statement(one + ";") for one in statements(schemas()[0])]


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_any_time(text: str) -> None:
    seconds_of(text)
