"""Replies in a column: the same batches come back with what each reply means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from bouncewise.api import default_engine
from bouncewise.arrow.incoming import batches_in, schema_in, texts_of
from bouncewise.arrow.schema import DIAGNOSED, batch_of, fields
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.columns import DIAGNOSIS, diagnosis_values


def diagnose_batches(
    batches: Any, column: str = "reply", *, prefix: str = "", engine: Engine | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches with replies, one after the other with the columns of the diagnosis appended.

    A reply that is missing has no diagnosis. Batches of more than 16,384 rows come back in slices.

    Args:
        batches: record batches, or whatever gives an Arrow stream.
        column: name of the column that holds the replies, in any form that ``diagnose`` takes.
        prefix: put before the names of the columns that are appended.
        engine: makes the diagnoses; None takes that of ``bouncewise.diagnose``.

    Raises:
        KeyError: there is no such column.
        TypeError: it holds no texts.
        ValueError: a column of the diagnosis is there already; a prefix helps.
    """
    for batch in batches_in(batches):
        schema = diagnosed_schema(batch.schema, prefix)
        coded = texts_of(batch, column).dictionary_encode()  # what comes twice is diagnosed once
        found = _diagnosed(engine or default_engine(), coded.dictionary.to_pylist())
        added = [values.take(coded.indices) for values in found.columns]
        yield pa.RecordBatch.from_arrays([*batch.columns, *added], schema=schema)


def diagnose_table(
    table: Any, column: str = "reply", *, prefix: str = "", engine: Engine | None = None
) -> pa.Table:
    """A table with replies, with the columns of the diagnosis appended; an empty one has them too.

    Args:
        table: a table, or whatever else knows its columns and gives an Arrow stream.
        column: as for ``diagnose_batches``.
        prefix: as for ``diagnose_batches``.
        engine: as for ``diagnose_batches``.

    Raises:
        KeyError, TypeError, ValueError: as for ``diagnose_batches``.
    """
    reader = (
        table if isinstance(table, pa.RecordBatch | pa.Table) else pa.RecordBatchReader.from_stream(table)
    )
    schema = diagnosed_schema(schema_in(reader), prefix)
    return pa.Table.from_batches(diagnose_batches(reader, column, prefix=prefix, engine=engine), schema)


def diagnosed_schema(schema: pa.Schema, prefix: str = "") -> pa.Schema:
    """The schema of what ``diagnose_batches`` gives.

    Args:
        schema: of what it is given.
        prefix: as it is given.

    Raises:
        ValueError: a column of the diagnosis is there already.
    """
    added = fields(DIAGNOSIS, prefix)
    twice = [field.name for field in added if schema.get_field_index(field.name) >= 0]
    if twice:
        raise ValueError(
            f"there are columns {', '.join(twice)} already; give the new ones a prefix, as in prefix='smtp_'"
        )
    return pa.schema([*schema, *added], metadata=schema.metadata)


def _diagnosed(engine: Engine, replies: list[str | bytes]) -> pa.RecordBatch:
    rows = [diagnosis_values(diagnosis) for diagnosis in engine.diagnose_many(replies)]
    return batch_of(rows, DIAGNOSED)
