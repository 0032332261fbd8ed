"""A log through Spark on two local workers and through one process, side by side; medians.

usage: python bench/spark.py LOG [--rounds 3]

Prints lines a second for one process (``bouncewise.arrow.read``) and for each way of reading of
``examples/spark_logs.py``, when everything is started and warm, and how long Spark takes to start. The way ``whole``
gives one task a log, so for it the log is cut in two beforehand, as a rotated log would be. Needs Java and
``bouncewise[spark]``. Rounds take turns, so that other work on the machine meets all alike.
"""

from __future__ import annotations

import argparse
import os
import runpy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bouncewise import arrow

EXAMPLE = Path(__file__).parent.parent / "examples" / "spark_logs.py"


def start() -> Any:
    """A session on two workers of one core each."""
    import pyspark
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    builder = SparkSession.builder.master("local-cluster[2,1,1024]")
    for name, value in {"ui.enabled": "false", "driver.host": "127.0.0.1"}.items():
        builder = builder.config(f"spark.{name}", value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.range(4, numPartitions=2).mapInArrow(lambda batches: batches, "id BIGINT").count()
    return session


def halves(log: Path, folder: Path) -> int:
    """Cut a log in two files; its number of lines."""
    data = log.read_bytes()
    cut = data.rfind(b"\n", 0, len(data) // 2) + 1
    (folder / "1.log").write_bytes(data[:cut])
    (folder / "2.log").write_bytes(data[cut:])
    return data.count(b"\n")


def ways(spark: Any, folder: Path) -> dict[str, Callable[[], int]]:
    """Each way of reading; it gives the number of deliveries."""
    modes = runpy.run_path(str(EXAMPLE))["MODES"]
    before = {
        name: spark.conf.get(name)
        for name in ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
    }

    def through_spark(mode: str) -> int:
        for name, value in before.items():
            spark.conf.set(name, value)
        frame = modes[mode](spark, str(folder))
        # a sum of a text column, so that all of them come back from Python
        return int(frame.selectExpr("count(kind)", "sum(length(text))").collect()[0][0])

    def alone() -> int:
        return sum(batch.num_rows for batch in arrow.read(folder))

    found: dict[str, Callable[[], int]] = {"one process": alone}
    for mode in ("whole", "lines"):
        found[f"Spark, {mode}"] = lambda mode=mode: through_spark(mode)
    return found


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description="A log through Spark and through one process.")
    options.add_argument("log", type=Path)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = halves(given.log, folder)
        began = time.perf_counter()
        spark = start()
        print(f"Spark starts in {time.perf_counter() - began:.0f} s; {lines:,} lines", flush=True)
        measured = ways(spark, folder)
        taken: dict[str, list[float]] = {what: [] for what in measured}
        for _ in range(given.rounds + 1):  # the first warms up
            for what, run in measured.items():
                began = time.perf_counter()
                count = run()
                taken[what].append(time.perf_counter() - began)
                print(f"  {what}: {count:,} deliveries in {taken[what][-1]:.1f} s", flush=True)
        spark.stop()
    for what, seconds in taken.items():
        median = statistics.median(seconds[1:])
        print(f"{what:<14} {lines / median:>9,.0f} lines/s  (median of {given.rounds}, {median:.1f} s)")


if __name__ == "__main__":
    main()
