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


class Bulk(Protocol):
    """Takes columns out of blocks, and remembers who sent which message, in bounded memory."""

    senders: dict[str, str]
    clients: dict[str, str]

    def learn(self, messages: Joins[Message] | None) -> None:
        """Take over what was learnt line by line."""

    def read(self, text: str, marks: Marks, time_of: Callable[[str], str]) -> Taken | None:
        """What a block says, or None where it has to be read line by line."""

    def message(self, queue_id: str) -> Message | None:
        """What is known of a message."""
