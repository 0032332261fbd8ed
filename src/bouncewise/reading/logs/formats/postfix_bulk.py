"""Postfix by the million lines: what was sent, in columns; the other lines are left to the line reader.

Most lines of a log of Postfix say that a message was sent, or nothing that counts. For a report those need
not be read one by one: regular expressions take the columns out of a whole block. Whenever the count of
what they took is not the count of what stands there, the block is read line by line instead, so that both
ways give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from bouncewise.reading.delivery import Delivered
from bouncewise.reading.logs.bulk import QUEUE_ID, Marks, Origins, Taken
from bouncewise.reading.logs.formats.postfix_search import Names, Searches, learnt, searches_for
from bouncewise.reading.logs.model import Joins, Message

LIMIT = 60_000  # messages whose senders are held, in each of two generations
MAX_TRIES = 8  # to learn more of a log in vain
MAX_LOGS = 64  # whose names are remembered
_NOT_SENT = re.compile(r", status=(?!sent \()").finditer
_REFUSED = re.compile(r"reject: ").finditer
_SENT = ", status=sent ("
_TO = ": to=<"
_CLIENT = ": client="
_NO_RELAY = {"none": "", "local": ""}
_LONG = "z"  # stands in every long queue id, which is never used again, and in no short one
Other = tuple[int, int, str]  # a line to be read on its own: its number from 0, where it begins, its text
Rows = list[tuple[str, list[tuple[str, ...]]]]  # by machine, what was found of deliveries
_learnt_names: dict[
    Marks, Names
] = {}  # of logs of which this process has read other parts; they cost only time


class Found(msgspec.Struct, frozen=True):
    """What stands in a block.

    Attributes:
        total: how many lines it has.
        others: lines to be read on their own.
        block: the lines, with a line feed in front of each.
        searches: that were used.
        rows: of deliveries that were made.
        handed: queue ids with clients and users.
    """

    total: int
    others: list[Other]
    block: str
    searches: Searches
    rows: Rows
    handed: list[tuple[str, ...]]


class Bulk:
    """Takes columns out of blocks.

    Attributes:
        origins: who sent which message and who handed it over.
        is_part: nothing is known of the lines before these, which belong to the same log.
    """

    def __init__(self) -> None:
        self.origins = Origins(LIMIT)
        self.is_part = True  # as far as the first block goes
        self._names: Names | None = None
        self._tries = 0

    def learn(self, messages: Joins[Message] | None) -> None:
        """Take over what was learnt line by line."""
        if messages is None:
            return
        for queue_id, message in (*messages.old.items(), *messages.young.items()):
            self.origins.put(queue_id, message)

    def read(self, text: str, marks: Marks, time_of: Callable[[str], str]) -> Taken | None:
        """What a block says.

        Args:
            text: whole lines with line feeds between them.
            marks: how they begin.
            time_of: the time of what stands in front of the machine's name, as RFC 3339.

        Returns:
            What was sent, and the lines to be read one by one; None where all of them are to be.
        """
        found = self._search(text, marks)
        if found is None or _holding(_SENT, found.others):
            return None
        block, searches, others = found.block, found.searches, found.others
        pairs = searches.queued.findall(block)
        senders = dict(pairs)
        clients = {queue_id: user or peer for queue_id, peer, user in found.handed}
        known = self.origins
        if _differ(senders, pairs, known.senders) or _differ(clients, found.handed, known.clients):
            return None  # a queue id was used again, for another message
        early = NOT_EARLY
        if self.is_part and _some_short(senders):
            early = _early(block, searches, known, others)
        known.remember(senders, clients)
        sent = _columns(found.rows, time_of, known)
        if sent is not None:
            for place in early.senders:
                sent.senders[place] = None
            for place in early.clients:
                sent.clients[place] = ""
        return Taken(sent, [(number, line) for number, _, line in others], found.total, early.lines)

    def _search(self, text: str, marks: Marks) -> Found | None:
        """What stands in a block, or None where that is not sure or does not pay."""
        names = self._names = self._names or _learnt_names.get(marks) or Names((marks.machine,))
        total, others, strangers = _others(text, names, marks)
        block = f"\n{text}"
        if strangers and self._learnt(block, marks, names):
            return self._search(text, marks)
        if 2 * len(others) > total:
            return None
        searches = searches_for(marks, names)
        rows = [(machine, search.findall(block)) for machine, search in searches.delivered]
        handed = searches.handed.findall(block)
        told = text.count(_TO) == sum(len(found) for _, found in rows) + _holding(_TO, others)
        clients_told = text.count(_CLIENT) == len(handed) + _holding(_CLIENT, others)
        if not (told and clients_told) and self._learnt(block, marks, names):
            return self._search(text, marks)
        # else lines were cut off, or ran into one another
        return Found(total, others, block, searches, rows, handed) if told else None

    def _learnt(self, block: str, marks: Marks, names: Names) -> bool:
        """Whether a block tells of more machines and daemons than were known."""
        if self._tries >= MAX_TRIES or not names.few:  # of many it needs no names
            return False
        self._names = learnt(block, marks, names)
        if self._names == names:
            self._tries += 1
            return False
        if len(_learnt_names) >= MAX_LOGS:
            _learnt_names.clear()
        _learnt_names[marks] = self._names
        return True


class Early(msgspec.Struct, frozen=True):
    """What stands in front of the lines that tell of its message: it may be of the one before.

    Attributes:
        senders: places among the deliveries that were made, whose senders are not those of the block.
        clients: the same of clients.
        lines: numbers of lines that are read on their own.
    """

    senders: list[int]
    clients: list[int]
    lines: frozenset[int]


NOT_EARLY = Early([], [], frozenset())


def _some_short(queue_ids: Iterable[str]) -> bool:
    return not all(_LONG in queue_id for queue_id in queue_ids)


def _early(block: str, searches: Searches, known: Origins, others: list[Other]) -> Early:
    """What is told of messages before their beginning, where nothing is known of the lines before a block."""
    queued = _places(searches.queued, block, known.senders)
    handed = _places(searches.handed, block, known.clients)
    sent = [
        (found.start(), found[search.groups - 3])
        for _, search in searches.delivered
        for found in search.finditer(block)
    ]
    return Early(
        [place for place, (at, queue_id) in enumerate(sent) if at < queued.get(queue_id, -1)],
        [place for place, (at, queue_id) in enumerate(sent) if at < handed.get(queue_id, -1)],
        frozenset(
            number
            for number, at, line in others
            if any(at < queued.get(queue_id, -1) for queue_id in QUEUE_ID(line)[:1])
        ),
    )


def _places(search: re.Pattern[str], block: str, known: Mapping[str, str]) -> dict[str, int]:
    """Where each queue id stands first that was not known."""
    places: dict[str, int] = {}
    for found in search.finditer(block):
        if found[1] not in known:
            places.setdefault(found[1], found.start())
    return places


def _columns(rows: Rows, time_of: Callable[[str], str], known: Origins) -> Delivered | None:
    """What was sent, with what is known of the messages."""
    parts = [_part(machine, found, time_of) for machine, found in rows if found]
    if not parts:
        return None
    many = parts[0]
    for part in parts[1:]:
        many.add(part)
    senders, clients, (old_senders, old_clients) = known.senders, known.clients, known.older
    ids = many.queue_ids
    many.senders = [senders[i] if i in senders else old_senders.get(i) for i in ids]
    many.clients = [clients[i] if i in clients else old_clients.get(i, "") for i in ids]
    return many


def _part(machine: str, rows: list[tuple[str, ...]], time_of: Callable[[str], str]) -> Delivered:
    """What was sent by one search, without senders and clients."""
    stamps, *names, ids, recipients, relays, ages = map(list, zip(*rows, strict=True))
    cut = max(stamps[0].find(":"), 0)  # behind the hour
    hours = [stamp[:cut] for stamp in stamps]
    known = {hour: time_of(stamp)[:13] for hour, stamp in dict(zip(hours, stamps, strict=True)).items()}
    ends = time_of(stamps[0]), time_of(stamps[-1])
    return Delivered(
        hours=[known[hour] for hour in hours] if len(known) > 1 else [known[hours[0]]] * len(hours),
        recipients=recipients,
        remote_mtas=[_NO_RELAY.get(relay, relay) for relay in relays],
        local=names[0] if names else [machine] * len(ids),
        senders=[],
        clients=[],
        queue_ids=ids,
        queue_ages=ages,
        first=min(ends),
        last=max(ends),
    )


def _differ(found: Mapping[str, str], pairs: list[tuple[str, ...]], known: Mapping[str, str]) -> bool:
    """Whether a key has several values in a block, or another one than was known before."""
    if len(found) != len(pairs) and len(set(pairs)) != len(found):
        return True
    return any(found[key] != known[key] for key in found.keys() & known.keys())


def _holding(words: str, others: list[Other]) -> int:
    return sum(1 for _, _, line in others if words in line)


def _others(text: str, names: Names, marks: Marks) -> tuple[int, list[Other], bool]:
    """How many lines a block has, and those to be read one by one: failures, refusals, other programs'.

    Also whether there are lines of machines that are not known yet.
    """
    rfind = text.rfind
    starts = {rfind("\n", 0, found.start()) + 1 for found in (*_NOT_SENT(text), *_REFUSED(text))}
    total, others = _at(text, starts)
    family = f" {marks.family}/"
    tags = [f" {machine}{family}" for machine in names.machines] if names.few else [family]
    if sum(map(text.count, tags)) >= total:
        return total, others, False
    starts.update(_foreign(text, tags))
    total, others = _at(text, starts)
    strangers = any(family in line and not any(tag in line for tag in tags) for _, _, line in others)
    return total, others, strangers


def _at(text: str, starts: set[int]) -> tuple[int, list[Other]]:
    """How many lines a block has, and those that begin at some places."""
    count, find = text.count, text.find
    found = []
    number = last = 0
    for start in sorted(starts):
        number += count("\n", last, start)
        last = start
        end = find("\n", start)
        found.append((number, start, text[start:] if end < 0 else text[start:end]))
    return number + count("\n", last) + 1, found


def _foreign(text: str, tags: list[str]) -> list[int]:
    """Where the lines begin that have none of the tags."""
    starts = []
    at = 0
    for line in text.split("\n"):
        if not any(tag in line for tag in tags):
            starts.append(at)
        at += len(line) + 1
    return starts
