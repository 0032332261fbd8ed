"""Raw lines of logs in a column: the deliveries that they tell of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import groupby
from typing import Any

import pyarrow as pa

from bouncewise.api import default_engine
from bouncewise.arrow.incoming import batches_in, column_of, texts_of
from bouncewise.arrow.schema import batches_of
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.columns import values_of
from bouncewise.pipeline.diagnose import diagnose_delivery
from bouncewise.reading.delivery import Delivery, Source
from bouncewise.reading.logs.log import Log

_Day = tuple[int, int, int]
_Run = tuple[str, _Day, bytes]  # lines of one file, and when that was last written to


def read_lines(  # noqa: PLR0913 - each is a choice of its own
    batches: Any,
    column: str = "line",
    *,
    path: str = "path",
    written: str = "written",
    only: str = "",
    engine: Engine | None = None,
) -> Iterator[pa.RecordBatch]:
    """The deliveries that lines of logs tell of, as batches of ``SCHEMA``.

    A message's sender stands in another line than its delivery. The lines of one message are joined over
    all the batches that are given, so they must come in their order; where a column names the file, those
    of different files are kept apart, and each file's must stand together.

    Args:
        batches: record batches, or whatever gives an Arrow stream; a row is a line.
        column: name of the column that holds the lines.
        path: name of a column that names the file, where there is one.
        written: name of a column with the time when the file was last written to, where there is one: it
            gives times without a year their year. Else today does.
        only: name of the one log format to read; "" tells by content.
        engine: makes the diagnoses; None takes that of ``bouncewise.diagnose``.

    Raises:
        KeyError: there is no column with lines.
        TypeError: it holds no texts.
    """
    engine = engine or default_engine()
    deliveries = _deliveries(_runs(batches, column, path, written), only)
    return batches_of(values_of(one, diagnose_delivery(engine, one)) for one in deliveries)


def _deliveries(runs: Iterable[_Run], only: str) -> Iterator[Delivery]:
    for name, group in groupby(runs, key=lambda run: run[0]):
        first = next(group)
        log = Log(Source(path=name), first[1], only)
        yield from log.read(_blocks(first, group))  # noqa: B031 - the rest of the same group


def _blocks(first: _Run, rest: Iterable[_Run]) -> Iterator[bytes]:
    yield first[2]
    for run in rest:
        yield run[2]


def _runs(batches: Any, column: str, path: str, written: str) -> Iterator[_Run]:
    """The lines, in stretches of one file each."""
    today = datetime.now().astimezone()
    for batch in batches_in(batches):
        lines = texts_of(batch, column)
        kind = pa.large_binary() if pa.types.is_large_string(lines.type) else pa.binary()
        octets = lines.cast(kind).to_pylist() if not _holds_octets(lines) else lines.to_pylist()
        names = texts_of(batch, path).to_pylist() if path in batch.schema.names else [""] * len(octets)
        start = 0
        for name, same in groupby(names):
            end = start + sum(1 for _ in same)
            day = day_of(batch, written, start) or (today.year, today.month, today.day)
            yield _text(name), day, b"\n".join(line or b"" for line in octets[start:end]) + b"\n"
            start = end


def _holds_octets(array: pa.Array) -> bool:
    return bool(pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type))


def _text(name: str | bytes | None) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name or ""


def day_of(batch: pa.RecordBatch, name: str, row: int) -> _Day | None:
    """Year, month and day of a row's date or time; None where there is none.

    Args:
        batch: the rows.
        name: of the column.
        row: number of the row.
    """
    if name not in batch.schema.names:
        return None
    value = column_of(batch, name)[row].as_py()
    return (value.year, value.month, value.day) if isinstance(value, date) else None
