"""The lines of one log, in order: each goes to the reader of the program that wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from bouncewise.reading.delivery import NO_SOURCE, Delivered, Delivery, Kind, Source
from bouncewise.reading.logs.bulk import EXPIRED, QUEUE_ID, Bulk, Marks, Taken
from bouncewise.reading.logs.envelopes.text import Opening, loose
from bouncewise.reading.logs.formats import FOREIGN
from bouncewise.reading.logs.model import MAX_SHOWN, WAITED, Joins, Line, Message, Reader
from bouncewise.reading.logs.registry import LineFormat, format_of, line_format, line_formats
from bouncewise.reading.logs.times import Clock

MAX_LINE = 65_536  # characters of a line that are looked at
MAX_STAMP = 80  # characters of what stands before the machine's name
LEARNT = 200  # lines from which it is learnt how the lines of a log begin
MAX_TAGS = 4096  # programs that are remembered
MAX_HOURS = 64  # hours that are remembered
MAX_TRIED = 64  # lines after which a program that nobody recognises is another's
_SYSLOGS = ("[", "m", "")  # "[ID 123 mail.info]" and "message repeated 2 times"
_DULL = (
    "last message repeated ",
    "-- MARK --",
    "-- Logs begin at",
    "-- Journal begins at",
    "-- Boot ",
    "-- Reboot --",
    "-- No entries --",
)
_CLOCK = re.compile(r":[0-5]\d:[0-6]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?$").match
Test = Callable[[str], bool]


class LineStream:
    """Reads the lines of one log.

    Args:
        clock: gives times without a year their year.
        place: the file, for the records.
        only: name of the one format to read; "" tells by content.
        is_part: these are lines of a log of which another process reads those before.

    Attributes:
        objects: reads a line that is a JSON record, or gives None.
        lines: how many have been read.
        foreign: how many of them are of programs that send no mail.
        unread: how many could not be read.
    """

    def __init__(
        self, clock: Clock, place: Source = NO_SOURCE, only: str = "", *, is_part: bool = False
    ) -> None:
        self._is_part = is_part
        self._open = Opening(clock).open
        self._place = place
        self._only = line_format(only) if only else None
        self._readers: dict[str, Reader] = {}
        self._places: dict[str, Source] = {}
        self._tags: dict[str, LineFormat | None] = {}
        self._tried: Counter[str] = Counter()
        self._bare: LineFormat | None = None
        self._stamped = False  # there is a time in front of each line, which is not the program's
        self.objects: Callable[[Line], Iterable[Delivery] | None] | None = None
        self._prefix, self._at = "\0", 0
        self._wanted: Test = _always
        self._host = self._stamp = self._time = ""
        self._format = _UNKNOWN
        self._hours: dict[str, str] = {}
        self._marks: Marks | None = None
        self._bulk: Bulk | None = None
        self._bulk_name = ""  # of its format, which need not be that of the last line
        self.lines = self.foreign = self.unread = 0

    def read(self, lines: Iterable[str]) -> Iterator[Delivery]:
        """The deliveries that lines tell of, and what of them can't be read.

        Args:
            lines: without their ends.
        """
        for text in lines:
            self.lines += 1
            # most lines come from where the last one came, and most of those say nothing of a delivery
            if text.startswith(self._prefix, self._at):
                if self._wanted(text) and (found := self._shortcut(text)):
                    yield from found
            else:
                yield from self._line(text)

    def bulk(self, text: str) -> Iterator[Delivery | Delivered]:
        """The same as ``read`` of a block, what was delivered in columns where there is a way for that.

        Args:
            text: whole lines with line feeds between them.
        """
        if self._marks is None:  # how lines begin is learnt from some
            lines = text.split("\n", LEARNT)
            yield from self.read(lines[:LEARNT])
            if len(lines) <= LEARNT:
                return
            text = lines[LEARNT]
            self._prepare()
        bulk, marks = self._bulk, self._marks
        if bulk is not None and marks is not None:
            taken = bulk.read(text, marks, self._time_of)
            bulk.is_part = self._is_part
            if taken is not None:
                yield from self._taken(taken)
                return
        self._recall(text)
        yield from self.read(text.split("\n"))
        self._prepare()

    def _prepare(self) -> None:
        """Find out how the next block may be read."""
        form = self._format
        if form.bulk is None:
            return
        self._marks = form.marks(self._prefix, self._at)
        self._bulk, self._bulk_name = self._bulk or form.bulk(), form.name
        self._bulk.learn(self._known())

    def _taken(self, taken: Taken) -> Iterator[Delivery | Delivered]:
        """What a block gave: what is read line by line first, then what was sent."""
        first, sent = self.lines, taken.sent
        served = _served(sent, taken.rest)
        for number, line in taken.rest:
            if served and EXPIRED in line:
                for queue_id in QUEUE_ID(line)[:1]:
                    self._end(queue_id, served.get(queue_id, ()))
            if number not in taken.early:
                self._recall(line)
            yield from self._one(first + number + 1, line)
        if sent is not None:
            self._end_all(sent)
            yield sent
        self.lines = first + taken.lines

    def _one(self, number: int, line: str) -> Iterable[Delivery]:
        self.lines = number
        if line.startswith(self._prefix, self._at):
            return self._shortcut(line) if self._wanted(line) else ()
        return self._line(line)

    def _end(self, queue_id: str, recipients: Iterable[str]) -> None:
        """Those who got a message before it expired do not wait for it."""
        messages = self._known()
        if messages is None:
            return
        message = _message(messages, queue_id)
        for recipient in recipients:
            message.end(recipient)

    def _end_all(self, sent: Delivered) -> None:
        """Nobody who got a message waits for it any longer."""
        messages = self._known()
        if messages is None:
            return
        ids = set(sent.queue_ids)
        known = ids & messages.young.keys() | ids & messages.old.keys()
        for place in [place for place, queue_id in enumerate(sent.queue_ids) if queue_id in known]:
            message = messages.get(sent.queue_ids[place])
            if message is not None and message.waiting:
                message.end(sent.recipients[place])
        for late in sent.waited(WAITED):  # deferred, maybe, in a part that another process reads
            _message(messages, late.queue_id).end(late.recipient)

    def _known(self) -> Joins[Message] | None:
        return getattr(self._readers.get(self._bulk_name), "messages", None)

    def _time_of(self, stamp: str) -> str:
        """The time that stands in front of the machine's name."""
        time = self._quick_time(stamp)
        if not time:
            line = self._open(f"{stamp}{self._prefix}/x[1]: x")
            time = line.time if line else ""
            self._learn_time(stamp, time)
        return time

    def _recall(self, text: str) -> None:
        """Tell the reader of the program who sent the messages that some lines tell of."""
        messages = self._known()
        if self._bulk is None or messages is None:
            return
        for queue_id in QUEUE_ID(text):
            told = self._bulk.origins.message(queue_id)
            if told.sender is not None or told.client:
                known = messages.get(queue_id)
                messages.put(queue_id, told.over(known) if known else told)

    def inner(self, line: Line, number: int | None) -> Iterable[Delivery]:
        """The deliveries of a line that stood in an object of a journal, a container or a log service.

        Args:
            line: as the object gives it; its message may be in an envelope of text again.
            number: line of the object in its file.
        """
        self.lines += 1
        if not line.program:
            opened = self._open(line.message)
            if opened is not None:
                opened.time = opened.time or line.time
                opened.host = opened.host or line.host
                line = opened
        line.number = number or self.lines
        return self._dispatch(line)

    def messages(self) -> dict[str, Message]:
        """What is known of messages, by queue id, in all programs whose readers keep only that."""
        known: dict[str, Message] = {}
        for reader in self._readers.values():
            joins = getattr(reader, "messages", None)
            if joins is not None:
                known |= joins.old | joins.young
        return known

    def ended(self, queue_id: str) -> frozenset[str]:
        """Recipients of a message that may have waited for it before these lines and wait no longer."""
        found = (getattr(reader, "messages", None) for reader in self._readers.values())
        known = [joins.get(queue_id) for joins in found if joins is not None]
        return frozenset().union(*(message.ended or () for message in known if message is not None))

    def bulk_messages(self) -> tuple[dict[str, str], dict[str, str]]:
        """Senders and clients by queue id, as blocks told them that were read at once."""
        return (self._bulk.origins.senders, self._bulk.origins.clients) if self._bulk else ({}, {})

    def go_on(self, clock: Clock, place: Source) -> None:
        """Go on in the next file of a rotated set: what is known of messages stays."""
        self._open = Opening(clock).open
        self._hours.clear()
        self._place = place
        self._places = {name: place.at(None, name) for name in self._readers}
        self.lines = self.foreign = self.unread = 0

    def _line(self, text: str) -> Iterable[Delivery]:
        if not text or text.isspace():
            return ()
        text = text[:MAX_LINE]
        bare = self._bare
        if bare is not None and bare.recognise(text):
            return self._of(bare, Line(text, self.lines))
        line = self._open(text)
        if line is None:
            return self._without_envelope(text)
        line.number = self.lines
        deliveries = self._dispatch(line)
        if line.program:
            self._look_ahead(text, line)
        return deliveries

    def _look_ahead(self, text: str, line: Line) -> None:
        """Remember how a line of this machine and program begins, so that the next ones cost little."""
        found = self._tags.get(line.program)
        if found is None or not found.triggers or not line.pid:
            return
        prefix = f"{line.host} {line.program.partition('/')[0]}"
        at = text.find(prefix)
        if not 0 < at < MAX_STAMP or not text.startswith(
            f"[{line.pid}]: ", at + len(line.host) + 1 + len(line.program)
        ):
            return
        self._prefix, self._at, self._wanted = prefix, at, any_of(found.triggers)
        self._host, self._stamp, self._time = line.host, text[:at], line.time
        self._format = found

    def _shortcut(self, text: str) -> Iterable[Delivery]:
        """A line that begins as the last one did: syslog's, with a process id behind the program."""
        at = self._at
        opened = text.find("[", at)
        closed = text.find("]: ", opened)
        # what syslog itself put in front of the message is for the openers
        if opened < 0 or closed < 0 or text[closed + 3 : closed + 4] in _SYSLOGS or len(text) > MAX_LINE:
            return self._line(text)
        stamp = text[:at]
        if stamp != self._stamp:
            time = self._quick_time(stamp)
            if not time:
                line = self._open(text)
                if line is None or text[opened + 1 : closed] != line.pid:
                    return self._line(text)
                time = line.time
                self._learn_time(stamp, time)
            self._stamp, self._time = stamp, time
        program = text[at + len(self._host) + 1 : opened]
        line = Line(
            text[closed + 3 :], self.lines, self._time, self._host, program, text[opened + 1 : closed]
        )
        return self._of(self._format, line)

    def _learn_time(self, stamp: str, time: str) -> None:
        """Remember an hour, where the rest of a time stands in the log as it stands in RFC 3339."""
        cut = stamp.find(":")
        if cut > 0 and time[13:] == stamp[cut:].rstrip() and time[13:14] == ":":
            if len(self._hours) > MAX_HOURS:
                self._hours.clear()
            self._hours[stamp[:cut]] = time[:13]

    def _quick_time(self, stamp: str) -> str:
        """The time of a stamp whose hour is known, or ""."""
        cut = stamp.find(":")
        hour = self._hours.get(stamp[:cut]) if cut > 0 else None
        rest = stamp[cut:].rstrip()
        return hour + rest if hour is not None and _CLOCK(rest) else ""

    def _dispatch(self, line: Line) -> Iterable[Delivery]:
        if line.message[:5] == "@cee:":  # rsyslog's and syslog-ng's mark of a record
            line.message = line.message[5:].lstrip()
        if line.message[:1] == "{" and self.objects is not None:
            deliveries = self.objects(line)
            if deliveries is not None:
                return deliveries
        if not line.program:
            return self._by_message(line)
        found = self._tags.get(line.program, _UNKNOWN)
        if found is _UNKNOWN:
            found = self._format_of(line)
        if found is None:
            self.foreign += 1
            return ()
        return self._of(found, line)

    def _format_of(self, line: Line) -> LineFormat | None:
        """The format of a program: by its tag, else by what it writes."""
        program = line.program.lower()
        found = self._only or format_of(program)
        if found is None and program in FOREIGN:
            self._tags[line.program] = None
            return None
        if found is None:
            found = next((f for f in line_formats() if f.recognise(line.message)), None)
        if found is None:
            self._tried[program] += 1
            if self._tried[program] < MAX_TRIED:
                return None
        if len(self._tags) < MAX_TAGS:
            self._tags[line.program] = found
        return found

    def _by_message(self, line: Line) -> Iterable[Delivery]:
        """A line whose envelope names no program."""
        bare = self._only or self._recognised(line.message)
        if bare is None:
            self.foreign += 1
            return ()
        return self._of(bare, line)

    def _without_envelope(self, text: str) -> Iterable[Delivery]:
        line = loose(text) if self._stamped else None
        if line is not None and self._bare is not None:
            line.number = self.lines
            return self._of(self._bare, line)
        found = self._only or self._recognised(text)
        if found is not None:
            self._bare = found
            return self._of(found, Line(text, self.lines))
        if self._bare is None and (line := loose(text)) is not None:
            self._bare = self._recognised(line.message)
            if self._bare is not None or line.message[:1] == "{":
                self._stamped = True
                line.number = self.lines
                return self._dispatch(line)
        if self._bare is not None:  # a line that goes on, or one that says nothing of mail
            return self._of(self._bare, Line(text, self.lines))
        if text.startswith(_DULL):
            return ()
        return self._unread(text)

    def _recognised(self, text: str) -> LineFormat | None:
        if self._bare is not None and self._bare.recognise(text):
            return self._bare
        return next((f for f in line_formats() if f.recognise(text)), None)

    def _of(self, found: LineFormat, line: Line) -> Iterable[Delivery]:
        reader = self._readers.get(found.name)
        if reader is None:
            reader = self._readers[found.name] = found.reader()
            self._places[found.name] = self._place.at(None, found.name)
        line.place = self._places[found.name]
        try:
            deliveries = reader.read(line)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # a fault of ours costs that line only, and is told
            why = f"a fault in Bouncewise ({type(error).__name__}: {str(error)[:200]}); please report it"
            deliveries = (line.unreadable(why),)
        if deliveries:
            for delivery in deliveries:
                self.unread += delivery.kind is Kind.UNREADABLE
        return deliveries

    def _unread(self, text: str) -> Iterable[Delivery]:
        self.unread += 1
        source = self._place.at(self.lines)
        reason = "this line is of no log format that is known"
        return (Delivery(source=source, kind=Kind.UNREADABLE, note=text[:MAX_SHOWN], reason=reason),)


def _message(messages: Joins[Message], queue_id: str) -> Message:
    """What is known of a message; where nothing is, it is kept from now on."""
    found = messages.get(queue_id)
    if found is None:
        found = Message()
        messages.put(queue_id, found)
    return found


def _served(sent: Delivered | None, rest: list[tuple[int, str]]) -> dict[str, list[str]]:
    """To whom those messages were sent, by queue id, that expired in the same block."""
    gone: dict[str, list[str]] = {
        queue_id: [] for _, line in rest if EXPIRED in line for queue_id in QUEUE_ID(line)[:1]
    }
    if gone and sent is not None:
        for queue_id, recipient in zip(sent.queue_ids, sent.recipients, strict=True):
            if queue_id in gone:
                gone[queue_id].append(recipient)
    return gone


class _Nobody:
    def read(self, _line: Line) -> Iterable[Delivery]:
        return ()


_UNKNOWN = LineFormat("", (), lambda _text: False, _Nobody)


def _always(_text: str) -> bool:
    return True


def any_of(words: tuple[str, ...]) -> Test:
    """A test whether one of some words stands in a text, as fast as Python has it.

    Args:
        words: the words, the most frequent first.
    """
    if len(words) == 1:
        (a,) = words
        return lambda text: a in text
    if len(words) == 2:
        a, b = words
        return lambda text: a in text or b in text
    if len(words) == 3:
        a, b, c = words
        return lambda text: a in text or b in text or c in text
    if len(words) == 4:
        a, b, c, d = words
        return lambda text: a in text or b in text or c in text or d in text
    if len(words) == 6:
        a, b, c, d, e, f = words
        return lambda text: a in text or b in text or c in text or d in text or e in text or f in text
    return lambda text: any(word in text for word in words)
