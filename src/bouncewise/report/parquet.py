"""A summary as a Parquet file, by PyArrow (an extra)."""

from __future__ import annotations

from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet

from bouncewise.report.rows import COLUMNS, rows

_TEXTS = frozenset({"section", "name", "first", "last"})
_SHARES = frozenset({"bounce_rate", "deferral_rate"})


def _type(name: str) -> pa.DataType:
    if name in _TEXTS:
        return pa.string()
    return pa.float64() if name in _SHARES else pa.int64()


SCHEMA = pa.schema([(name, _type(name)) for name in COLUMNS])


def write_parquet(summary: dict[str, Any], file: BinaryIO) -> None:
    """Write the rows of a summary.

    Args:
        summary: as ``summarise`` gives it.
        file: opened for octets.
    """
    pa.parquet.write_table(pa.Table.from_pylist(list(rows(summary)), SCHEMA), file)
