"""What readers of logs are given, and what they keep between lines."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Generic, Protocol, TypeVar

import msgspec

from bouncewise.reading.delivery import NO_SOURCE, Delivery, Kind, Source
from bouncewise.reply.model import Reply

MAX_MESSAGES = 60_000  # messages that are held in each of two generations
MAX_WAITING = 1000  # recipients of a message whose last replies are held
WAITED = 30.0  # seconds from a message's arrival before which nobody has waited for a second attempt
MAX_SHOWN = 200  # characters of a line that can't be read
T = TypeVar("T")


class Line(msgspec.Struct, gc=False):
    """One line of a log, out of what syslog, a journal or a container put round it.

    Attributes:
        message: what the program wrote.
        number: of the line in its file, from 1.
        time: RFC 3339, without an offset where the log has none; "" where only the message tells.
        host: the machine that logged it.
        program: the syslog tag without the process id (``postfix/smtp``), or "".
        pid: the process id, or "".
        place: the file it stands in; ``source`` adds the line.
    """

    message: str
    number: int = 0
    time: str = ""
    host: str = ""
    program: str = ""
    pid: str = ""
    place: Source = NO_SOURCE

    @property
    def source(self) -> Source:
        """Where a delivery that this line tells of was read."""
        return self.place.at(self.number, self.place.format)

    def unreadable(self, reason: str) -> Delivery:
        """A record that says why this line, which should tell of a delivery, can't be read."""
        return Delivery(
            source=self.source,
            kind=Kind.UNREADABLE,
            time=self.time,
            note=self.message[:MAX_SHOWN],
            reason=reason,
        )


class Reader(Protocol):
    """Reads the lines of one program, in their order, and joins those of one message.

    A reader that keeps nothing between lines but messages by queue id, in an attribute ``messages`` of the
    type ``Joins[Message]``, lets several processes read parts of one log.
    """

    def read(self, line: Line) -> Iterable[Delivery]:
        """The deliveries that a line tells of; none for most lines.

        Args:
            line: a line of the program. Whatever it holds, nothing is raised.
        """


class Begun(IntEnum):
    """Whether a message's beginning was read, since a queue id may be used again for the next message."""

    UNSEEN = 0  # earlier lines may tell more
    PERHAPS = 1  # as it seems, it was: a message of this id that had been queued before is another one
    SEEN = 2


class Message(msgspec.Struct):
    """What earlier lines told of a message; None and "" are not known.

    Attributes:
        sender: the reverse-path.
        message_id: without angle brackets.
        client: who handed it over.
        size: octets.
        local_ip: the address it is sent from, where that is told once a message.
        waiting: the last reply to each recipient that was deferred, where the end of waiting is told once
            a message.
        ended: recipients that may have waited before and wait no longer.
        begun: whether its beginning was among the lines.
    """

    sender: str | None = None
    message_id: str = ""
    client: str = ""
    size: int | None = None
    local_ip: str = ""
    waiting: dict[str, Reply] | None = None
    ended: set[str] | None = None
    begun: Begun = Begun.UNSEEN

    def over(self, earlier: Message) -> Message:
        """This message with what only earlier lines told, unless those were of another message."""
        if self.follows(earlier):
            return msgspec.structs.replace(self, begun=Begun.SEEN)
        ended = self.ended or set()
        still = {who: reply for who, reply in (earlier.waiting or {}).items() if who not in ended}
        waiting = {**still, **(self.waiting or {})}
        return Message(
            earlier.sender if self.sender is None else self.sender,
            self.message_id or earlier.message_id,
            self.client or earlier.client,
            earlier.size if self.size is None else self.size,
            self.local_ip or earlier.local_ip,
            waiting or None,
            ((earlier.ended or set()) | ended) - waiting.keys() or None,
            max(self.begun, earlier.begun),
        )

    def follows(self, earlier: Message) -> bool:
        """Whether what was told earlier by the same queue id is another message, which is over."""
        return self.begun is Begun.SEEN or (self.begun is Begun.PERHAPS and earlier.sender is not None)

    def wait(self, recipient: str, reply: Reply) -> None:
        """Remember that a recipient was deferred."""
        if self.waiting is None:
            self.waiting = {}
        if len(self.waiting) < MAX_WAITING or recipient in self.waiting:
            self.waiting[recipient] = reply
        if self.ended:
            self.ended.discard(recipient)

    def end(self, recipient: str) -> None:
        """Remember that a recipient waits no longer."""
        if self.waiting:
            self.waiting.pop(recipient, None)
        if self.ended is None:
            self.ended = set()
        if len(self.ended) < MAX_WAITING:
            self.ended.add(recipient)


NO_MESSAGE = Message()


def expired(end: Delivery, message: Message) -> list[Delivery]:
    """What the end of a message's waiting means for each recipient; the last reply is why it came to that.

    Args:
        end: the record of the message, without a recipient.
        message: what is known of it.
    """
    if not message.waiting:
        return [end]
    replace = msgspec.structs.replace
    return [
        replace(end, recipient=recipient, reply=reply, note=end.note or end.reply.text)
        for recipient, reply in message.waiting.items()
    ]


class Joins(Generic[T]):
    """Values by queue id or session, in bounded memory.

    Two generations are held: when the young one is full it becomes the old one, and what stood in the
    old one and was not asked for since is gone.

    Args:
        limit: values in a generation.
    """

    def __init__(self, limit: int = MAX_MESSAGES) -> None:
        self._limit = limit
        self.young: dict[str, T] = {}
        self.old: dict[str, T] = {}

    def get(self, key: str) -> T | None:
        """The value of a key, or None."""
        found = self.young.get(key)
        if found is None:
            found = self.old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: str, value: T) -> None:
        """Keep a value; one that is known by this key is replaced."""
        young = self.young
        if len(young) >= self._limit and key not in young:
            self.old, self.young = young, {}
            young = self.young
        young[key] = value

    def drop(self, key: str) -> None:
        """Forget a key."""
        self.young.pop(key, None)
        self.old.pop(key, None)
