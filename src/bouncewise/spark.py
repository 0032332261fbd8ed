"""Functions for Spark's ``mapInArrow``: replies, lines of logs or whole files in, diagnoses out.

    from bouncewise import spark as bw

    logs = spark.read.text("s3a://logs/").select("value", "_metadata.file_path")
    deliveries = logs.withColumnRenamed("file_path", "path").mapInArrow(bw.read_lines, bw.schema())

Nothing of this needs PySpark itself: workers need Bouncewise and PyArrow. The engine is made once in each
Python worker process, when its first batch comes. See docs/arrow.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bouncewise import arrow
from bouncewise.pipeline.columns import DELIVERY, DIAGNOSIS, Column, Type

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["diagnose_batches", "diagnosis_schema", "read_files", "read_lines", "schema"]

_TYPES = {Type.TEXT: "STRING", Type.WHOLE: "BIGINT", Type.REAL: "DOUBLE", Type.TRUTH: "BOOLEAN"}


def schema() -> str:
    """The columns of a delivery as Spark's DDL: what ``read_lines`` and ``read_files`` give."""
    return ", ".join(_ddl(column) for column in DELIVERY)


def diagnosis_schema(before: str = "reply STRING", prefix: str = "") -> str:
    """What ``diagnose_batches`` gives, as Spark's DDL.

    Args:
        before: the columns that it is given, as DDL; newer Sparks give it by ``frame.schema.toDDL()``.
        prefix: as it is given.
    """
    return ", ".join([before, *(_ddl(column, prefix) for column in DIAGNOSIS)])


def _ddl(column: Column, prefix: str = "") -> str:
    return f"`{prefix}{column.name}` {_TYPES[column.type]}"


def diagnose_batches(
    batches: Iterable[pa.RecordBatch], column: str = "reply", prefix: str = ""
) -> Iterator[pa.RecordBatch]:
    """For ``mapInArrow`` with ``diagnosis_schema()``: replies with what they mean.

    Args:
        batches: of the partition.
        column: name of the column with the replies; ``functools.partial`` sets another.
        prefix: put before the names of the columns that are appended.
    """
    return arrow.diagnose_batches(batches, column, prefix=prefix)


def read_lines(
    batches: Iterable[pa.RecordBatch], column: str = "value", path: str = "path", written: str = "written"
) -> Iterator[pa.RecordBatch]:
    """For ``mapInArrow`` with ``schema()``: lines of logs, as ``spark.read.text`` gives them.

    Lines of one message are joined where they are in the same partition and file, and not otherwise.

    Args:
        batches: of the partition.
        column: name of the column with the lines.
        path: name of a column that names the file, where there is one.
        written: name of a column that says when the file was last written to, where there is one.
    """
    return arrow.read_lines(batches, column, path=path, written=written)


def read_files(
    batches: Iterable[pa.RecordBatch],
    content: str = "content",
    path: str = "path",
    written: str = "modificationTime",
) -> Iterator[pa.RecordBatch]:
    """For ``mapInArrow`` with ``schema()``: whole files, as the source ``binaryFile`` gives them.

    Args:
        batches: of the partition.
        content: name of the column with the octets.
        path: name of the column that names the file.
        written: name of the column that says when it was last written to.
    """
    return arrow.read_files(batches, content, path=path, written=written)
