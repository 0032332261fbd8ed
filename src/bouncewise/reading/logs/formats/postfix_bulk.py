"""Postfix by the million lines: what was sent, in columns; the other lines are left to the line reader.

Most lines of a log of Postfix say that a message was sent, or nothing that counts. For a report those need
not be read one by one: a regular expression takes the columns out of a whole block. Whenever the count of
what it took is not the count of what stands there, the block is read line by line instead, so that both ways
give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import repeat

from bouncewise.reading.delivery import Delivered
from bouncewise.reading.logs.bulk import Marks, Origins, Taken
from bouncewise.reading.logs.model import Joins, Message

LIMIT = 60_000  # messages whose senders are held, in each of two generations
# Each begins with fixed words, which is searched far faster than an alternation
_NOT_SENT = re.compile(r", status=(?!sent \()").finditer
_REFUSED = re.compile(r"reject: ").finditer
_SENT = ", status=sent ("
_TO = ": to=<"
_NO_RELAY = {"none": "", "local": ""}


@lru_cache(maxsize=64)
def _patterns(marks: Marks) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    begin = rf"\n(.{{{marks.at}}})([^\s\[\]]++) {re.escape(marks.family)}/"
    short = rf"\n.{{{marks.at}}}[^\s\[\]]++ {re.escape(marks.family)}/"
    sent = re.compile(
        rf"{begin}[\w/-]++\[\d++\]: ([0-9A-Za-z]++): to=<([^>\n]*+)>, (?:orig_to=<[^>\n]*+>, )?"
        r"relay=([^\[,\n]++)[^,\n]*+, (?:conn_use=\d++, )?delay=(\d++(?:\.\d++)?), "
        r"(?:delays=[\d./]++, )?(?:dsn=\d\.\d{1,3}\.\d{1,3}, )?status=sent \(",
        re.ASCII,
    )
    # the program is named, so that the lines of others are passed over at their beginning
    queued = re.compile(rf"{short}[no]?qmgr\[\d++\]: ([0-9A-Za-z]++): from=<([^>\n]*+)>, size=", re.ASCII)
    client = re.compile(
        rf"{short}(?:[\w-]++/)?+smtpd\[\d++\]: ([0-9A-Za-z]++): client=([^,\n]*+)"
        r"(?:, sasl_method=[^,\n]*+, sasl_username=([^,\n]++))?",
        re.ASCII,
    )
    return sent, queued, client


class Bulk:
    """Takes columns out of blocks.

    Attributes:
        origins: who sent which message and who handed it over.
    """

    def __init__(self) -> None:
        self.origins = Origins(LIMIT)

    def learn(self, messages: Joins[Message] | None) -> None:
        """Take over what was learnt line by line."""
        if messages is None:
            return
        for queue_id, message in (*messages.old.items(), *messages.young.items()):
            if message.sender is not None:
                self.origins.senders[queue_id] = message.sender
            if message.client:
                self.origins.clients[queue_id] = message.client

    def read(self, text: str, marks: Marks, time_of: Callable[[str], str]) -> Taken | None:
        """What a block says.

        Args:
            text: whole lines with line feeds between them.
            marks: how they begin.
            time_of: the time of what stands in front of the machine's name, as RFC 3339.

        Returns:
            What was sent, the lines to be read one by one with their numbers in the block from 0, and how
            many lines it has; None where all of them are to be read one by one.
        """
        sent, queued, client = _patterns(marks)
        block = f"\n{text}"
        rows = sent.findall(block)
        others = _others(text, f" {marks.family}/")
        if others is None or text.count(_SENT) != len(rows):
            return None
        told = len(rows) + sum(1 for _, line in others if _TO in line)
        # lines that were cut off, and lines that ran into one another
        if text.count(_TO) != told or any(_SENT in line for _, line in others):
            return None
        pairs = queued.findall(block)
        senders = dict(pairs)
        handed = [(queue_id, user or peer) for queue_id, peer, user in client.findall(block)]
        clients = dict(handed)
        known = self.origins
        if _differ(senders, pairs, known.senders) or _differ(clients, handed, known.clients):
            return None  # a queue id was used again, for another message
        known.remember(senders, clients)
        return self._columns(rows, time_of) if rows else None, others, text.count("\n") + 1

    def _columns(self, rows: list[tuple[str, ...]], time_of: Callable[[str], str]) -> Delivered:
        stamps, machines, ids, recipients, relays, ages = map(list, zip(*rows, strict=True))
        cut = max(stamps[0].find(":"), 0)  # behind the hour
        hours = [stamp[:cut] for stamp in stamps]
        known = {hour: time_of(stamp)[:13] for hour, stamp in dict(zip(hours, stamps, strict=True)).items()}
        ends = time_of(stamps[0]), time_of(stamps[-1])
        senders, clients, older = self.origins.senders, self.origins.clients, self.origins.older
        return Delivered(
            hours=[known[hour] for hour in hours],
            recipients=recipients,
            remote_mtas=[_NO_RELAY.get(relay, relay) for relay in relays],
            local=machines,
            senders=[senders[i] if i in senders else older[0].get(i) for i in ids],
            clients=list(map(clients.get, ids, repeat("")))
            if not older[1]
            else [clients.get(i) or older[1].get(i, "") for i in ids],
            queue_ids=ids,
            queue_ages=ages,
            first=min(ends),
            last=max(ends),
        )


def _differ(found: dict[str, str], pairs: list[tuple[str, str]], known: dict[str, str]) -> bool:
    """Whether a key has several values in a block, or another one than was known before."""
    if len(found) != len(pairs) and len(set(pairs)) != len(found):
        return True
    return any(found[key] != known[key] for key in found.keys() & known.keys())


def _others(text: str, mark: str) -> list[tuple[int, str]] | None:
    """The lines to be read one by one: those of failures and refusals, and those of other programs."""
    rfind = text.rfind
    starts = {rfind("\n", 0, found.start()) + 1 for found in (*_NOT_SENT(text), *_REFUSED(text))}
    lines = text.count("\n") + 1
    if text.count(mark) < lines:
        foreign = _foreign(text, mark)
        if len(foreign) * 2 > lines:
            return None
        starts.update(foreign)
    found = []
    number = last = 0
    for start in sorted(starts):
        number += text.count("\n", last, start)
        last = start
        end = text.find("\n", start)
        found.append((number, text[start:] if end < 0 else text[start:end]))
    return found


def _foreign(text: str, mark: str) -> list[int]:
    """Where the lines begin that are not of this program."""
    starts = []
    at = 0
    for line in text.split("\n"):
        if mark not in line:
            starts.append(at)
        at += len(line) + 1
    return starts
