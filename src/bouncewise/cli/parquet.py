"""Parquet files of ``read`` and ``report``, written with PyArrow (an extra)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import click

GROUP = 65_536  # rows that are written together
BATCH = 4096  # rows that are kept as Python's values


def need_pyarrow() -> None:
    """Say what to do where PyArrow is missing, before anything is read.

    Raises:
        click.ClickException: it is not installed.
    """
    if find_spec("pyarrow") is None:
        raise click.ClickException("Parquet needs PyArrow: pip install 'bouncewise[arrow]'")


class ParquetFile:
    """Writes deliveries as they come; what was written until an interruption stays readable.

    Args:
        path: the file.

    Raises:
        click.ClickException: PyArrow is missing, or the file can't be written.
    """

    def __init__(self, path: Path) -> None:
        need_pyarrow()
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - takes a while to load

        from bouncewise.arrow.schema import SCHEMA  # noqa: PLC0415 - likewise

        self._path = path
        self._rows: list[tuple[Any, ...]] = []
        self._batches: list[Any] = []
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise self._failed(error) from None
        self._writer = ParquetWriter(self._file, SCHEMA, compression="zstd")

    def __enter__(self) -> ParquetFile:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                try:
                    self._flush()
                finally:
                    self._writer.close()
        except OSError as error:
            raise self._failed(error) from None

    def write(self, values: Sequence[Any]) -> None:
        """Write a row.

        Args:
            values: of the columns of a delivery.

        Raises:
            click.ClickException: the file can't be written.
        """
        self._rows.append(tuple(values))
        if len(self._rows) < BATCH:
            return
        self._batch()
        if len(self._batches) * BATCH >= GROUP:
            try:
                self._flush()
            except OSError as error:
                raise self._failed(error) from None

    def _batch(self) -> None:
        from bouncewise.arrow.schema import batch_of  # noqa: PLC0415 - loaded already

        if self._rows:
            self._batches.append(batch_of(self._rows))
            self._rows = []

    def _flush(self) -> None:
        from pyarrow import Table  # noqa: PLC0415 - loaded already

        self._batch()
        if self._batches:
            batches, self._batches = self._batches, []
            self._writer.write_table(Table.from_batches(batches), row_group_size=GROUP)

    def _failed(self, error: OSError) -> click.ClickException:
        return click.ClickException(f"{self._path}: can't be written: {error.strerror or error}")
