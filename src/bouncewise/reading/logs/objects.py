"""JSON: records of mail programs and services, and what journals and containers put round lines.

One value a line, one document (an object, a list, several one after the other), or the fields of a web form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.envelopes.objects import Envelopes
from bouncewise.reading.logs.model import MAX_SHOWN, Line
from bouncewise.reading.logs.registry import ObjectFormat, object_formats
from bouncewise.reading.logs.stream import LineStream

MAX_DOCUMENT = 64 * 1024 * 1024  # characters of a document that is not one value a line
MAX_LEVELS = 6  # lists and objects round a record
MAX_FIELDS = 1000  # of a web form
_LISTS = (
    "value",
    "events",
    "records",
    "Records",
    "results",
    "items",
    "rows",
    "data",
    "d",
    "logEvents",
    "messages",
    "history",
    "result",  # Loki, Splunk
    "streams",
    "hits",  # Elasticsearch
    "_source",
    "jsonPayload",  # Google Cloud Logging
    "tables",  # Azure
    "resourceLogs",  # OpenTelemetry
    "scopeLogs",
    "logRecords",
)
# What is kept of a request to a web address, and what queues and notices put round a record; also as JSON
# or a form in a string.
_INSIDE = (
    "mandrill_events",
    "body",
    "Body",
    "payload",
    "json",
    "form",
    "fields",
    "_fields",
    "request",
    "Message",
    "Messages",
    "detail",
)
_FORM_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.[]%")


class ObjectReader:
    """Reads JSON records.

    Args:
        lines: reads the lines that stand in journals' and containers' objects.
        place: the file, for the records.
        only: name of the one format to read; "" tells by content.

    Attributes:
        lines: how many have been read.
        foreign: how many records are of no mail program.
        unread: how many could not be read.
    """

    def __init__(self, lines: LineStream, place: Source, only: str = "") -> None:
        self._stream = lines
        self._place = place
        self._formats = [f for f in object_formats() if not only or f.name == only]
        self._envelopes = Envelopes()
        lines.objects = self.within
        self._around = Line("")  # what a record was logged in
        self._blank = 0  # lines before the first record
        self.lines = self.foreign = self.unread = 0

    def read(self, lines: Iterable[str]) -> Iterator[Delivery]:
        """The deliveries that records tell of, and what can't be read.

        Args:
            lines: all lines of the file.
        """
        rest = iter(lines)
        for text in rest:
            self.lines += 1
            value = text.strip("\ufeff\x00 \t\r\x1e")  # RFC 7464 puts a record separator in front
            value = value.removeprefix("data: ")  # as journald's event stream has it
            if not value:
                self._blank += self.lines == self._blank + 1
                continue
            if not _begins(value):
                yield from self._form(value)
                continue
            try:
                record = _decode(value.rstrip(","))
            except (msgspec.DecodeError, RecursionError):
                if value[0] in "[{" and self.lines <= 1 + self._blank:
                    yield from self._document(text, rest)
                    return
                yield self._lost("this line is no JSON", value)
                continue
            yield from self._value(record, self.lines, 0)

    def within(self, line: Line) -> Iterable[Delivery] | None:
        """The deliveries of a JSON record that was logged as a line; None where the line is none.

        Args:
            line: its message is the record.
        """
        try:
            record = _decode(line.message)
        except (msgspec.DecodeError, RecursionError):
            return None
        around, self._around = self._around, line
        try:
            return list(self._value(record, line.number or None, 1))
        finally:
            self._around = around

    def _document(self, first: str, rest: Iterator[str]) -> Iterator[Delivery]:
        """A document over several lines."""
        parts, held = [first], len(first)
        for text in rest:
            self.lines += 1
            held += len(text) + 1
            if held > MAX_DOCUMENT:
                yield self._lost(
                    f"this JSON document is larger than {MAX_DOCUMENT >> 20} MiB; make it one record a line",
                    first,
                )
                return
            parts.append(text)
        text = "\n".join(parts)
        for value in self._values(text):
            yield from (
                value
                if isinstance(value, list) and value and isinstance(value[0], Delivery)
                else self._value(value, None, 0)
            )

    def _values(self, text: str) -> Iterator[Any]:
        decoder, at = json.JSONDecoder(), 0
        while at < len(text):
            at = _skip(text, at)
            if at >= len(text):
                return
            try:
                value, at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                yield [self._lost(f"this JSON can't be read: {error}"[:200], text[at : at + MAX_SHOWN])]
                return
            yield value

    def _value(self, value: Any, number: int | None, level: int) -> Iterator[Delivery]:
        if level > MAX_LEVELS:
            return
        if isinstance(value, list):
            row = _row_of_insights(value)
            for item in value if row is None else (row,):
                yield from self._value(item, number, level + 1)
        elif isinstance(value, dict):
            yield from self._record(value, number, level)

    def _record(self, record: dict[str, Any], number: int | None, level: int) -> Iterator[Delivery]:
        for place, form in enumerate(self._formats):
            if _recognises(form, record):
                if place:
                    self._formats.insert(0, self._formats.pop(place))
                yield from self._read(form, record, number)
                return
        inner = self._envelopes.lines_in(record)
        if inner is not None:
            for line in inner:
                line.time = line.time or self._around.time
                line.host = line.host or self._around.host
                value = _inner(line.message)
                if isinstance(value, str):
                    yield from self._stream.inner(line, number)
                else:
                    yield from self._value(value, number, level + 1)
            return
        values = [_inside(record[name]) for name in _INSIDE if name in record]
        lists = [record.get(name) for name in _LISTS] + values
        lists = [value for value in lists if isinstance(value, (list, dict))]
        if not lists:
            self.foreign += 1
        for value in lists:
            yield from self._value(value, number, level + 1)

    def _read(self, form: ObjectFormat, record: Mapping[str, Any], number: int | None) -> Iterator[Delivery]:
        source = self._place.at(number, form.name)
        try:
            deliveries = list(form.read(record, source))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            yield self._lost(
                f"a record of {form.name} that can't be read ({type(error).__name__}: {error})"[:200], ""
            )
            return
        for delivery in deliveries:
            self.unread += delivery.kind is Kind.UNREADABLE
            yield delivery

    def _form(self, text: str) -> Iterator[Delivery]:
        """The fields of a web form, which some services send."""
        if not is_form(text):
            yield self._lost("this line is neither JSON nor the fields of a web form", text)
            return
        yield from self._value(read_fields(text), self.lines, 0)

    def _lost(self, reason: str, words: str) -> Delivery:
        self.unread += 1
        source = self._place.at(self.lines or None)
        return Delivery(source=source, kind=Kind.UNREADABLE, reason=reason, note=words[:MAX_SHOWN])


def _row_of_insights(value: list[Any]) -> dict[str, Any] | None:
    """A row of CloudWatch Logs Insights as one object: it is a list of names and values."""
    first = value[0] if value else None
    if not (isinstance(first, dict) and first.keys() == {"field", "value"}):
        return None
    return {
        str(f["field"]): f["value"] for f in value if isinstance(f, dict) and f.keys() == {"field", "value"}
    }


def _decode(text: str) -> Any:
    return msgspec.json.decode(text.encode("utf-8", "replace"))


def _inner(value: str) -> Any:
    """The value of a form's field; JSON in it is read."""
    if value[:1] in ("{", "["):
        try:
            return _decode(value)
        except (msgspec.DecodeError, RecursionError):
            return value
    return value


def _inside(value: Any) -> Any:
    """The value of a member; JSON and the fields of a form in a string are read."""
    if not isinstance(value, str):
        return value
    return read_fields(value) if is_form(value) else _inner(value)


def read_fields(text: str) -> dict[str, Any]:
    """The fields of a web form; more than are allowed are none.

    Args:
        text: ``name=value&name=value``, percent-encoded.
    """
    try:
        return {name: _inner(value) for name, value in parse_qsl(text, max_num_fields=MAX_FIELDS)}
    except ValueError:
        return {}


def _recognises(form: ObjectFormat, record: Mapping[str, Any]) -> bool:
    try:
        return form.recognise(record)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return False


def _begins(text: str) -> bool:
    return text[0] in "{["


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,\ufeff\x00\x1e":
        at += 1
    return at


def is_form(text: str) -> bool:
    """Whether a line is the fields of a web form: ``name=value&name=value``, percent-encoded.

    Args:
        text: a line.
    """
    name, equals, _ = text.partition("=")
    return bool(
        equals and name and "&" in text + "&" and " " not in text and set(name) <= _FORM_SIGNS and "%" in text
    )
