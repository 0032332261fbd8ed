"""Whole files: by their paths, or with their contents in a column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from os import PathLike, fspath
from typing import Any

import msgspec
import pyarrow as pa

from bouncewise.api import default_engine
from bouncewise.arrow.incoming import batches_in, texts_of
from bouncewise.arrow.lines import day_of
from bouncewise.arrow.schema import batches_of
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.run import Choices, Piece, read_events, read_paths
from bouncewise.pipeline.sink import ValueSink
from bouncewise.pipeline.sources import Found, Logged, Unreadable, open_octets


def read(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    only: str = "",
    workers: int = 1,
    engine: Engine | None = None,
) -> Iterator[pa.RecordBatch]:
    """Everything that paths hold, as batches of ``SCHEMA``, in bounded memory.

    Args:
        paths: what ``bouncewise read`` takes: mails, mailboxes, logs, webhooks, folders, archives.
        only: name of the one log format to read; "" tells by content.
        workers: processes to use.
        engine: makes the diagnoses; None takes that of ``bouncewise.diagnose``.
    """
    some = [paths] if isinstance(paths, str | PathLike) else paths
    names: Sequence[str] = [fspath(path) for path in some]
    choices = Choices(workers=workers, only=only)
    return _batches(read_paths(engine or default_engine(), names, ValueSink, choices))


def read_files(  # noqa: PLR0913 - each is a choice of its own
    batches: Any,
    content: str = "content",
    *,
    path: str = "path",
    written: str = "modificationTime",
    only: str = "",
    engine: Engine | None = None,
) -> Iterator[pa.RecordBatch]:
    """The deliveries of files whose contents stand in a column, as batches of ``SCHEMA``.

    The defaults are the names that Spark's ``binaryFile`` gives its columns. Mails, mailboxes, logs and
    archives are told by content and unpacked as ``read`` does.

    Args:
        batches: record batches, or whatever gives an Arrow stream; a row is a file.
        content: name of the column with the octets.
        path: name of the column that names the file, for the records, where there is one.
        written: name of the column with the time when the file was last written to, where there is one.
        only: as for ``read``.
        engine: as for ``read``.

    Raises:
        KeyError: there is no column with contents.
        TypeError: it holds no octets.
    """
    events = _opened(batches, content, path, written, only)
    return _batches(read_events(engine or default_engine(), events, ValueSink, Choices(only=only)))


def _batches(pieces: Iterable[Piece]) -> Iterator[pa.RecordBatch]:
    return batches_of(chain.from_iterable(piece.given for piece in pieces))


def _opened(
    batches: Any, content: str, path: str, written: str, only: str
) -> Iterator[Found | Logged | Unreadable]:
    for batch in batches_in(batches):
        contents = texts_of(batch, content)
        names = texts_of(batch, path) if path in batch.schema.names else None
        for row in range(batch.num_rows):
            data = contents[row].as_py()
            name = (names[row].as_py() if names is not None else None) or ""
            octets = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data or b""
            for event in open_octets(octets, name, day_of(batch, written, row), only):
                # what is known of the messages of one file says nothing of those of the next
                yield msgspec.structs.replace(event, follows=False) if isinstance(event, Logged) else event
