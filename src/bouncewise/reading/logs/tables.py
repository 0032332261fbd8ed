"""Tables: CSV and its like with names in the first row, and W3C logs with ``#Fields``.

Sources: RFC 4180 (CSV), W3C Extended Log File Format.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.envelopes.tables import holds_lines, line_in
from bouncewise.reading.logs.model import MAX_SHOWN
from bouncewise.reading.logs.registry import RowReader, TableFormat, table_formats
from bouncewise.reading.logs.stream import LineStream

_DELIMITERS = ",;\t|"
_FIELDS = "#fields:"
_DATE = "#date:"
DATE = (
    "#date"  # name that a row has the last ``#Date`` by; W3C logs may give their rows the time of day alone
)
MAX_COLUMNS = 500


def table_of(line: str) -> tuple[TableFormat, list[str], str] | None:
    """The format, the columns and the delimiter that a header row tells, or None.

    Args:
        line: the row with the names of the columns, or ``#Fields: ...``.
    """
    if line[:8].lower() == _FIELDS:
        line = line[8:].strip()
        delimiters = _DELIMITERS if any(sign in line for sign in _DELIMITERS) else " "
    else:
        delimiters = _DELIMITERS
    for delimiter in sorted(delimiters, key=line.count, reverse=True):
        columns = _columns(line, delimiter)
        if len(columns) < 2:
            return None
        found = next((f for f in table_formats() if f.recognise(columns)), None)
        found = found or (_LINES if holds_lines(columns) else None)
        if found is not None:
            return found, columns, delimiter
    return None


class _NoRows:
    def read(self, _row: Mapping[str, str], _source: Source) -> Iterable[Delivery]:
        return ()


_LINES = TableFormat("", holds_lines, _NoRows)  # rows that hold lines of other programs


def _columns(line: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [name.strip().strip("\ufeff\"'") for name in row[:MAX_COLUMNS]]


class TableReader:
    """Reads the rows of a table, in bounded memory.

    Args:
        place: the file, for the records.
        lines: reads the lines that rows hold.

    Attributes:
        lines: how many have been read.
        unread: how many rows could not be read.
    """

    def __init__(self, place: Source, lines: LineStream) -> None:
        self._place = place
        self._stream = lines
        self._format: TableFormat | None = None
        self._reader: RowReader | None = None
        self._columns: list[str] = []
        self._date = ""
        self._delimiter = ","
        self.lines = self.unread = 0

    def read(self, lines: Iterable[str]) -> Iterator[Delivery]:
        """The deliveries that rows tell of, and what of them can't be read.

        Args:
            lines: all lines of the table.
        """
        source = self._headed(iter(lines))
        first = next(source, None)
        source = chain((first,), source) if first is not None else source
        rows = csv.reader(source, delimiter=self._delimiter)
        while True:
            delimiter, before = self._delimiter, self.lines
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._lost(before + 1, f"this row is no CSV: {error}", "")
                continue
            if delimiter != self._delimiter:  # another #Fields came
                rows = csv.reader(source, delimiter=self._delimiter)
                row = next(csv.reader([delimiter.join(row)], delimiter=self._delimiter), [])
            yield from self._row(row, before + 1 if before < self.lines else self.lines)

    def _headed(self, lines: Iterator[str]) -> Iterator[str]:
        """The rows, without the lines of remarks; the names of the columns are taken from these."""
        for text in lines:
            self.lines += 1
            line = text.replace("\0", "") if "\0" in text else text
            if line[:1] == "#":
                if line[:8].lower() == _FIELDS:
                    self._begin(line)
                elif line[:6].lower() == _DATE:
                    self._date = line[6:].strip()
            elif self._format is None:
                self._begin(line)
            elif line:
                yield line + "\n"  # a cell may go on in the next line, and the two are not one word

    def _begin(self, line: str) -> None:
        """Take the names of the columns; what is known of sessions outlasts another ``#Fields``."""
        found = table_of(line)
        if found is None:
            return
        if self._format is None or self._format.name != found[0].name:
            self._reader = found[0].reader()
        self._format, self._columns, self._delimiter = found

    def _row(self, row: list[str], number: int) -> Iterable[Delivery]:
        form, reader = self._format, self._reader
        if form is None or reader is None:
            return
        if row and row[0].strip() == self._columns[0]:  # files that were put together have several headings
            names = [name.strip() for name in row[:MAX_COLUMNS]]
            if form.recognise(names):
                self._columns = names
                return
        if len(row) < min(2, len(self._columns)):
            yield self._lost(number, "this row has too few columns", " ".join(row))
            return
        source = self._place.at(number, form.name)
        values: dict[str, str] = dict(zip(self._columns, row, strict=False))
        if form is _LINES:
            line = line_in(values)
            yield from self._stream.inner(line, number) if line else ()
            return
        if self._date:
            values[DATE] = self._date
        for delivery in reader.read(values, source):
            self.unread += delivery.kind is Kind.UNREADABLE
            yield delivery

    def _lost(self, number: int, reason: str, words: str) -> Delivery:
        self.unread += 1
        return Delivery(
            source=self._place.at(number), kind=Kind.UNREADABLE, reason=reason, note=words[:MAX_SHOWN]
        )


def is_table(lines: Sequence[str]) -> bool:
    """Whether the first lines are those of a table that is known.

    Args:
        lines: some of the first ones.
    """
    for line in lines:
        if line[:1] == "#":
            if line[:8].lower() == _FIELDS:
                return table_of(line) is not None
        elif line.strip():
            return table_of(line) is not None
    return False
