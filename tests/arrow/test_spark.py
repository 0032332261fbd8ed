"""The same through Spark as in one process. Marked ``spark``: a session takes half a minute to start."""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="PyArrow is not installed: pip install 'bouncewise[arrow]'")
import pyarrow as pa

from bouncewise import arrow
from bouncewise import spark as bw
from bouncewise.pipeline.columns import DELIVERY, DIAGNOSIS

ROOT = Path(__file__).parents[2]
NOISE = pytest.mark.filterwarnings("ignore")  # of Spark's own
spark_test = [pytest.mark.spark, NOISE]
REPLIES = ["550 5.1.1 User unknown", "452 4.2.2 Mailbox full", None]


def _session(master: str) -> Any:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("bouncewise tests")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.execution.pythonUDF.arrow.enabled": "true",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.range(4, numPartitions=2).mapInArrow(
        lambda batches: batches, "id BIGINT"
    ).count()  # or no worker can be started
    return session


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Two workers, each a process of its own; two threads where such workers can't be started."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, and there is none")
    pyspark = pytest.importorskip("pyspark", reason="PySpark is missing: pip install 'bouncewise[spark]'")
    pytest.importorskip("pandas", reason="mapInArrow needs pandas: pip install 'bouncewise[spark]'")
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    try:
        session = _session("local-cluster[2,1,1024]")
    except Exception as error:
        from pyspark import SparkContext

        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()
        print(f"no local cluster ({str(error)[:200]}); two threads stand in for it")
        session = _session("local[2]")
    yield session
    session.stop()


@pytest.fixture
def conf(spark: Any) -> Iterator[Any]:
    """The session's settings, put back afterwards."""
    names = (
        "spark.sql.files.maxPartitionBytes",
        "spark.sql.files.openCostInBytes",
        "spark.sql.execution.arrow.maxRecordsPerBatch",
    )
    before = {name: spark.conf.get(name) for name in names}
    yield spark.conf
    for name, value in before.items():
        spark.conf.set(name, value)


def _example() -> dict[str, Any]:
    pytest.importorskip("pyspark", reason="PySpark is missing: pip install 'bouncewise[spark]'")
    return runpy.run_path(str(ROOT / "examples" / "spark_logs.py"))


def _alone(folder: Path) -> list[dict[str, Any]]:
    return pa.Table.from_batches(arrow.read(folder), arrow.SCHEMA).to_pylist()


def _rows(frame: Any) -> list[dict[str, Any]]:
    rows = [row.asDict() for row in frame.collect()]
    for row in rows:
        row["path"] = row["path"].removeprefix("file://").removeprefix("file:")
    return sorted(rows, key=lambda row: (row["path"], row["line"]))


def test_the_schemas_name_every_column() -> None:
    names = [part.split()[0].strip("`") for part in bw.schema().split(", ")]
    assert names == arrow.SCHEMA.names == [column.name for column in DELIVERY]
    assert bw.diagnosis_schema("a INT", "x_").startswith("a INT, `x_code` BIGINT, `x_enhanced` STRING")
    assert bw.diagnosis_schema().count(",") == len(DIAGNOSIS)


def test_functions_work_without_spark(logs: Path) -> None:
    lines = (logs / "mx1.log").read_text().splitlines()
    found = pa.Table.from_batches(bw.read_lines([pa.record_batch({"value": lines})]))
    assert found.num_rows == 400
    (batch,) = bw.diagnose_batches([pa.record_batch({"reply": REPLIES})])
    assert batch.num_columns == 1 + len(DIAGNOSIS)


class TestOnSpark:
    """On two workers."""

    pytestmark = spark_test

    def test_replies(self, spark: Any) -> None:
        frame = spark.createDataFrame([(r,) for r in REPLIES * 50], "reply STRING").repartition(2)
        found = frame.mapInArrow(bw.diagnose_batches, bw.diagnosis_schema())
        counted = Counter(row["cause"] for row in found.select("cause").collect())
        assert counted == {"recipient-unknown": 50, "mailbox-full": 50, None: 50}

    def test_whole_logs_give_what_one_process_gives(self, spark: Any, conf: Any, logs: Path) -> None:
        conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "64")
        frame = _example()["by_whole_logs"](spark, str(logs))
        assert frame.rdd.getNumPartitions() == 3
        assert _rows(frame) == _alone(logs)

    def test_files_give_what_one_process_gives(self, spark: Any, conf: Any, logs: Path) -> None:
        assert _rows(_example()["by_files"](spark, str(logs))) == _alone(logs)

    def test_parted_logs_lose_joins_and_nothing_else(self, spark: Any, conf: Any, logs: Path) -> None:
        conf.set("spark.sql.files.maxPartitionBytes", "32k")
        conf.set("spark.sql.files.openCostInBytes", "1k")
        frame = _example()["by_lines"](spark, str(logs))
        assert frame.rdd.getNumPartitions() > 5
        found, alone = _rows(frame), _alone(logs)
        told = (
            "path",
            "kind",
            "cause",
            "recipient",
            "queue_id",
            "time",
            "code",
            "enhanced",
            "text",
            "action",
        )
        assert _counted(found, told) == _counted(alone, told)
        joined = sum(row["sender"] is not None and row["message_id"] is not None for row in found)
        assert len(alone) * 0.9 < joined < len(alone)  # cuts go through some messages

    def test_example_of_the_document_runs(
        self, spark: Any, logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        page = (ROOT / "docs" / "arrow.md").read_text(encoding="utf-8").partition("## Spark\n")[2]
        code = page.partition("```python\n")[2].partition("```")[0]
        exec(code.replace('"logs"', repr(str(logs))), {})
        shown = capsys.readouterr().out
        assert "recipient-unknown" in shown
        assert "delivered" in shown

    def test_the_engine_is_made_once_in_a_process(self, spark: Any) -> None:
        def engines(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            from bouncewise.api import default_engine

            for _ in batches:
                yield pa.record_batch({"process": [os.getpid()], "engine": [id(default_engine())]})

        frame = spark.range(8, numPartitions=8).mapInArrow(engines, "process BIGINT, engine BIGINT")
        seen = {(row["process"], row["engine"]) for row in frame.collect()}
        assert len(seen) == len({process for process, _ in seen})


def _counted(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[key] for key in keys) for row in rows)
