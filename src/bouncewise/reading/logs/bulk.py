"""Reading whole blocks of a log at once, for reports; a format may have a way for that."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

import msgspec

from bouncewise.reading.delivery import Delivered
from bouncewise.reading.logs.model import Joins, Message

EXPIRED = "expired, returned to sender"
QUEUE_ID = re.compile(r"\]: ([0-9A-Za-z]{5,25}): ").findall
# what was sent, the lines to be read one by one with their numbers from 0, and how many lines there are
Taken = tuple[Delivered | None, list[tuple[int, str]], int]


class Marks(msgspec.Struct, frozen=True):
    """How the lines of one log begin.

    Attributes:
        family: the program up to the slash (``postfix``).
        at: characters in front of the machine's name.
    """

    family: str
    at: int


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
        self.senders.update(senders)
        self.clients.update(clients)

    def message(self, queue_id: str) -> Message:
        """What is known of a message; it may be nothing."""
        sender = self.senders.get(queue_id)
        return Message(
            sender=self.older[0].get(queue_id) if sender is None else sender,
            client=self.clients.get(queue_id) or self.older[1].get(queue_id, ""),
        )


class Bulk(Protocol):
    """Takes columns out of blocks.

    Attributes:
        origins: what it remembers of messages.
    """

    origins: Origins

    def learn(self, messages: Joins[Message] | None) -> None:
        """Take over what was learnt line by line."""

    def read(self, text: str, marks: Marks, time_of: Callable[[str], str]) -> Taken | None:
        """What a block says, or None where it has to be read line by line."""
