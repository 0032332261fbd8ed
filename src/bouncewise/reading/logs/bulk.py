"""Reading whole blocks of a log at once, for reports; a format may have a way for that."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

import msgspec

from bouncewise.reading.delivery import Delivered
from bouncewise.reading.logs.model import Begun, Joins, Message

EXPIRED = "expired, returned to sender"
QUEUE_ID = re.compile(r"\]: ([0-9A-Za-z]{5,25}): ").findall


class Marks(msgspec.Struct, frozen=True):
    """How the lines of one log begin.

    Attributes:
        machine: a machine's name that stands in it.
        family: the program up to the slash (``postfix``).
        at: characters in front of the machine's name.
    """

    machine: str
    family: str
    at: int


class Taken(msgspec.Struct, frozen=True):
    """What a block says.

    Attributes:
        sent: the deliveries that were made, or None.
        rest: lines to be read one by one, with their numbers from 0.
        lines: how many it has.
        early: numbers of lines of ``rest`` that are not of the messages which the block tells of later.
    """

    sent: Delivered | None
    rest: list[tuple[int, str]]
    lines: int
    early: frozenset[int] = frozenset()


class Origins:
    """Who sent which message and who handed it over, by queue id, in two generations.

    Whole blocks are taken in at once, which ``Joins`` can't.

    Args:
        limit: messages in a generation.

    Attributes:
        senders: reverse-paths of the young generation.
        clients: clients of it.
        older: both of the old one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.senders: dict[str, str] = {}
        self.clients: dict[str, str] = {}
        self.older: tuple[dict[str, str], dict[str, str]] = ({}, {})

    def remember(self, senders: dict[str, str], clients: dict[str, str]) -> None:
        """Take in what a block told."""
        if len(self.senders) > self._limit or len(self.clients) > self._limit:
            self.older = (self.senders, self.clients)
            self.senders, self.clients = {}, {}
        for queue_id in clients.keys() - senders.keys():  # it begins: who sent it stands in the next block
            self.senders.pop(queue_id, None)
            self.older[0].pop(queue_id, None)
        self.senders.update(senders)
        self.clients.update(clients)

    def replace(self, senders: dict[str, str], clients: dict[str, str]) -> None:
        """Take in what a later part told, in which queue ids may have been used again."""
        for queue_id, sender in self._changed(senders):
            if queue_id not in clients and sender is not None:
                clients[queue_id] = ""  # the client is that of the message before
        self.remember(senders, clients)

    def _changed(self, senders: dict[str, str]) -> list[tuple[str, str | None]]:
        """The queue ids that have another sender than was known, with the one that was known."""
        known = self.message
        ids = senders.keys() & self.senders.keys() | senders.keys() & self.older[0].keys()
        told = [(queue_id, known(queue_id).sender) for queue_id in ids]
        return [(queue_id, sender) for queue_id, sender in told if sender != senders[queue_id]]

    def put(self, queue_id: str, message: Message) -> None:
        """Take in what lines told of one message."""
        begun = message.begun is Begun.SEEN
        if message.sender is not None:
            self.senders[queue_id] = message.sender
        elif begun:
            self.senders.pop(queue_id, None)
            self.older[0].pop(queue_id, None)
        if message.client or begun:
            self.clients[queue_id] = message.client

    def message(self, queue_id: str) -> Message:
        """What is known of a message; it may be nothing."""
        sender, client = self.senders.get(queue_id), self.clients.get(queue_id)
        return Message(
            sender=self.older[0].get(queue_id) if sender is None else sender,
            client=self.older[1].get(queue_id, "") if client is None else client,
        )


class Bulk(Protocol):
    """Takes columns out of blocks.

    Attributes:
        origins: what it remembers of messages.
        is_part: nothing is known of the lines before these, which belong to the same log.
    """

    origins: Origins
    is_part: bool

    def learn(self, messages: Joins[Message] | None) -> None:
        """Take over what was learnt line by line."""

    def read(self, text: str, marks: Marks, time_of: Callable[[str], str]) -> Taken | None:
        """What a block says, or None where it has to be read line by line."""
