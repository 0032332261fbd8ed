"""The formats by what they read, loaded when the first log or webhook comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import msgspec

from bouncewise.reading import webhooks
from bouncewise.reading.delivery import Delivery, Source
from bouncewise.reading.logs import formats
from bouncewise.reading.logs.bulk import Bulk, Marks
from bouncewise.reading.logs.model import Reader


class LineFormat(msgspec.Struct, frozen=True):
    """A program whose lines are read.

    Attributes:
        name: of the format.
        programs: syslog tags up to the first slash, in small letters.
        recognise: whether a line without an envelope is of this program.
        reader: makes a reader for one log.
        triggers: words of which one stands in every line that matters, or () where that can't be said.
        bulk: makes what reads whole blocks at once, for reports.
    """

    name: str
    programs: tuple[str, ...]
    recognise: Callable[[str], bool]
    reader: Callable[[], Reader]
    triggers: tuple[str, ...] = ()
    bulk: Callable[[], Bulk] | None = None

    def marks(self, prefix: str, at: int) -> Marks:
        """How lines begin that begin as ``machine family`` at a place."""
        machine, _, family = prefix.rpartition(" ")
        return Marks(machine, family, at)


Row = Mapping[str, str]


class RowReader(Protocol):
    """Reads the rows of one table, in their order, and may join those of one session."""

    def read(self, row: Row, source: Source) -> Iterable[Delivery]:
        """The deliveries that a row tells of; whatever it holds, nothing is raised."""


class _Rows(msgspec.Struct, frozen=True):
    """A reader of rows each of which tells all by itself."""

    read: Callable[[Row, Source], Iterable[Delivery]]


class TableFormat(msgspec.Struct, frozen=True):
    """A table whose rows are read.

    Attributes:
        name: of the format.
        recognise: whether columns of these names are of this format.
        reader: makes a reader for one table.
    """

    name: str
    recognise: Callable[[Sequence[str]], bool]
    reader: Callable[[], RowReader]


class ObjectFormat(msgspec.Struct, frozen=True):
    """JSON objects that are read.

    Attributes:
        name: of the format.
        recognise: whether an object is of this format.
        read: the deliveries of an object.
    """

    name: str
    recognise: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Mapping[str, Any], Source], Iterable[Delivery]]


def _module(name: str) -> Any:
    folder = "formats" if name in formats.ORDER else ""
    home = f"bouncewise.reading.logs.{folder}" if folder else "bouncewise.reading.webhooks"
    return import_module(f"{home}.{name}")


@cache
def _modules() -> dict[str, Any]:
    return {name: _module(name) for name in names()}


@cache
def line_format(name: str) -> LineFormat | None:
    """The lines of one format, or None where it has none.

    Args:
        name: of the format.
    """
    module = _module(name)
    if not hasattr(module, "Reader"):
        return None
    return LineFormat(
        name,
        module.PROGRAMS,
        module.recognise,
        module.Reader,
        getattr(module, "TRIGGERS", ()),
        getattr(module, "Bulk", None),
    )


@cache
def line_formats() -> tuple[LineFormat, ...]:
    """The programs whose lines are read, in the order they are tried. This loads them all."""
    return tuple(found for name in names() if (found := line_format(name)) is not None)


def format_of(program: str) -> LineFormat | None:
    """The format of a program that logs by syslog, or None where its tag tells none.

    Args:
        program: the tag, in small letters.
    """
    name = formats.TAGS.get(program.partition("/")[0]) or formats.TAGS.get(program)
    return line_format(name) if name else None


@cache
def table_formats() -> tuple[TableFormat, ...]:
    """The tables that are read, in the order they are tried."""
    return tuple(
        TableFormat(name, module.recognise_columns, _row_reader(module))
        for name, module in _modules().items()
        if hasattr(module, "recognise_columns")
    )


def _row_reader(module: Any) -> Callable[[], RowReader]:
    if hasattr(module, "TableRows"):
        return module.TableRows  # type: ignore[no-any-return]
    rows = _Rows(module.read_row)
    return lambda: rows


@cache
def object_formats() -> tuple[ObjectFormat, ...]:
    """The JSON objects that are read, in the order they are tried."""
    return tuple(
        ObjectFormat(name, module.recognise_object, module.read_object)
        for name, module in _modules().items()
        if hasattr(module, "read_object")
    )


def names() -> tuple[str, ...]:
    """All names that ``--format`` takes."""
    return (*formats.ORDER, *webhooks.ORDER)
