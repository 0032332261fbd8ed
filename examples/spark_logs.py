"""The deliveries of a folder of logs as Parquet, by Spark.

usage: spark-submit examples/spark_logs.py LOGS OUT [--mode whole|lines|files]

    whole   each log is one partition: lines of a message are joined; tasks are as large as the logs (default)
    lines   logs are parted wherever Spark likes: even tasks, but lines of a message in different parts are
            not joined, so some deliveries lack sender, Message-ID and client
    files   each file is read as a whole, whatever it is (mails, mailboxes, archives, logs, webhooks) and told
            by its content; a file must fit into memory and be smaller than 2 GiB

Every worker needs ``pip install 'bouncewise[arrow]'``.
"""

from __future__ import annotations

import argparse

from pyspark.sql import DataFrame, SparkSession

from bouncewise import spark as bw

UNPARTED = "1t"  # no log is larger


def lines_of(spark: SparkSession, folder: str) -> DataFrame:
    """The lines of all files below a folder, with the file of each and when that was last written to."""
    lines = spark.read.option("recursiveFileLookup", "true").text(folder)
    return lines.selectExpr(
        "value", "_metadata.file_path AS path", "_metadata.file_modification_time AS written"
    )


def by_lines(spark: SparkSession, folder: str) -> DataFrame:
    """The deliveries of logs that are parted anywhere."""
    return lines_of(spark, folder).mapInArrow(bw.read_lines, bw.schema())


def by_whole_logs(spark: SparkSession, folder: str) -> DataFrame:
    """The deliveries of logs, each read from its first line to its last by one task, in bounded memory."""
    # what a file costs to open fills a partition, so that no two share one
    spark.conf.set("spark.sql.files.maxPartitionBytes", UNPARTED)
    spark.conf.set("spark.sql.files.openCostInBytes", UNPARTED)
    return by_lines(spark, folder)


def by_files(spark: SparkSession, folder: str) -> DataFrame:
    """The deliveries of files of any kind, each read as a whole."""
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "8")  # files in memory at once
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(folder)
    return files.mapInArrow(bw.read_files, bw.schema())


MODES = {"whole": by_whole_logs, "lines": by_lines, "files": by_files}


def main() -> None:
    """Read, write, and say what there was."""
    options = argparse.ArgumentParser(description="The deliveries of a folder of logs as Parquet, by Spark.")
    options.add_argument("logs", help="a folder, as Spark names it: /var/log/mail, s3a://bucket/logs, ...")
    options.add_argument("out", help="where the Parquet files go")
    options.add_argument("--mode", choices=MODES, default="whole")
    given = options.parse_args()
    spark = SparkSession.builder.appName("bouncewise").getOrCreate()
    MODES[given.mode](spark, given.logs).write.mode("overwrite").parquet(given.out)
    spark.read.parquet(given.out).groupBy("kind", "cause").count().orderBy("count", ascending=False).show(
        50, truncate=False
    )
    spark.stop()


if __name__ == "__main__":
    main()
