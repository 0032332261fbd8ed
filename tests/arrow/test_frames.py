"""What takes and gives Arrow: Polars, DuckDB, Ray; each tested where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")

from bouncewise import arrow  # noqa: E402 - needs PyArrow

REPLIES = ["550 5.1.1 User unknown", "452 4.2.2 Mailbox full", None]
CAUSES = ["recipient-unknown", "mailbox-full", None]


def test_polars(logs: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"id": [1, 2, 3], "reply": REPLIES})
    found = polars.from_arrow(arrow.diagnose_table(frame))
    assert found["cause"].to_list() == CAUSES
    lines = polars.DataFrame({"line": (logs / "mx1.log").read_text().splitlines()})
    assert sum(batch.num_rows for batch in arrow.read_lines(lines)) == 400


def test_duckdb(logs: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    base = duckdb.connect()
    deliveries = pa.RecordBatchReader.from_batches(arrow.SCHEMA, arrow.read(logs))
    base.register("deliveries", deliveries)
    counted = base.sql("SELECT cause, count(*) FROM deliveries GROUP BY cause ORDER BY 2 DESC, 1").fetchall()
    assert [cause for cause, _ in counted] == ["accepted", "recipient-unknown", "mailbox-full"]
    assert sum(count for _, count in counted) == 708
    replies = base.sql("SELECT unnest(['550 5.1.1 User unknown', '452 4.2.2 Mailbox full', NULL]) AS reply")
    assert arrow.diagnose_table(replies)["cause"].to_pylist() == CAUSES


def test_ray() -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        given = ray.data.from_arrow(pa.table({"reply": REPLIES}))
        found = given.map_batches(arrow.diagnose_table, batch_format="pyarrow")
        assert [row["cause"] for row in found.take_all()] == CAUSES
    finally:
        ray.shutdown()
