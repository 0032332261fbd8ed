"""Deliveries and diagnoses as Arrow record batches: for Polars, DuckDB, Ray, Spark and Parquet.

>>> import pyarrow
>>> from bouncewise import arrow
>>> replies = pyarrow.table({"reply": ["550 5.1.1 User unknown", None]})
>>> arrow.diagnose_table(replies)["cause"].to_pylist()
['recipient-unknown', None]

Needs PyArrow: ``pip install 'bouncewise[arrow]'``.
"""

from __future__ import annotations

try:
    import pyarrow as _pyarrow  # noqa: F401 - told early, with what to do
except ImportError as _error:
    raise ImportError("bouncewise.arrow needs PyArrow: pip install 'bouncewise[arrow]'") from _error

from bouncewise.arrow.files import read, read_files
from bouncewise.arrow.lines import read_lines
from bouncewise.arrow.replies import diagnose_batches, diagnose_table, diagnosed_schema
from bouncewise.arrow.schema import SCHEMA

__all__ = [
    "SCHEMA",
    "diagnose_batches",
    "diagnose_table",
    "diagnosed_schema",
    "read",
    "read_files",
    "read_lines",
]
