"""The columns as an Arrow schema, and rows of values as record batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from bouncewise.pipeline.columns import DELIVERY, DIAGNOSIS, Column, Type

SIZE = 4096  # rows of a batch
_TYPES = {Type.TEXT: pa.string(), Type.WHOLE: pa.int64(), Type.REAL: pa.float64(), Type.TRUTH: pa.bool_()}


def fields(columns: Sequence[Column], prefix: str = "") -> list[pa.Field]:
    """Columns as Arrow fields.

    Args:
        columns: the columns.
        prefix: put before each name.
    """
    return [pa.field(prefix + column.name, _TYPES[column.type]) for column in columns]


SCHEMA = pa.schema(fields(DELIVERY))
DIAGNOSED = pa.schema(fields(DIAGNOSIS))


def batch_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    """Rows as one record batch.

    Args:
        rows: the values of the schema's columns.
        schema: of the batch.
    """
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [_array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def batches_of(rows: Iterable[tuple[Any, ...]], size: int = SIZE) -> Iterator[pa.RecordBatch]:
    """Deliveries as record batches; none where there are no rows.

    Args:
        rows: the values of ``SCHEMA``.
        size: rows of a batch.
    """
    rows = iter(rows)
    while some := list(islice(rows, size)):
        yield batch_of(some)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # half of a pair of surrogates, which UTF-8 can't hold
        texts = [v if v is None else v.encode("utf-8", "replace").decode("utf-8") for v in values]
        return pa.array(texts, kind)
