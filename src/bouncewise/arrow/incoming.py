"""What callers hand in: batches of any origin, and the texts of one of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

SIZE = 16_384  # rows that are looked at together; larger batches are sliced


def batches_in(data: Any) -> Iterator[pa.RecordBatch]:
    """Record batches of at most ``SIZE`` rows; an empty batch stays one.

    Args:
        data: an iterable of record batches, one batch, or whatever gives an Arrow stream: a table, a
            reader, a frame of Polars, a relation of DuckDB.

    Raises:
        TypeError: it is none of these.
    """
    for batch in _whole(data):
        if not isinstance(batch, pa.RecordBatch):
            raise TypeError(f"record batches are needed, and this is a {type(batch).__name__}")
        for start in range(0, max(batch.num_rows, 1), SIZE):
            yield batch.slice(start, SIZE)


def schema_in(data: Any) -> pa.Schema:
    """The schema of a table, a batch, or whatever else gives an Arrow stream."""
    return data.schema if isinstance(data, pa.RecordBatch | pa.Table) else _reader(data).schema


def _whole(data: Any) -> Iterable[Any]:
    if isinstance(data, pa.RecordBatch):
        return (data,)
    if hasattr(data, "__arrow_c_stream__") and not isinstance(data, pa.RecordBatchReader):
        data = _reader(data)
    if isinstance(data, Iterable):
        return data
    raise TypeError(f"record batches or a table are needed, and this is a {type(data).__name__}")


def _reader(data: Any) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_stream(data)


def column_of(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column.

    Raises:
        KeyError: there is none of this name.
    """
    place = batch.schema.get_field_index(name)
    if place < 0:
        raise KeyError(f"there is no column {name!r}; there are {', '.join(batch.schema.names) or 'none'}")
    return batch.column(place)


def texts_of(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column of texts or octets, without a dictionary and in a form that all of Arrow's functions know.

    Raises:
        KeyError: there is none of this name.
        TypeError: it holds something else.
    """
    column = column_of(batch, name)
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    if pa.types.is_binary_view(kind):
        return column.cast(pa.large_binary())
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    known = pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary
    if not any(is_one(kind) for is_one in known):
        raise TypeError(f"column {name!r} holds {kind}, and texts are needed")
    return column
