"""What finds the lines of Postfix in a block that tell of messages.

An expression that begins with fixed words is searched several times faster than one that begins with a line.
So each begins with the name of a daemon, and looks back whether the line begins as it should; that needs the
names of machines and daemons, which are learnt. Of a log with many of them each line is looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from bouncewise.reading.logs.bulk import Marks

MAX_PASSES = 4  # searches for deliveries through a block; more cost as much as to look at each line
_DELIVERED = (
    r"\[\d++\]: ([0-9A-Za-z]++): to=<([^>\n]*+)>, (?:orig_to=<[^>\n]*+>, )?"
    r"relay=([^\[,\n]++)[^,\n]*+, (?:conn_use=\d++, )?delay=(\d++(?:\.\d++)?), "
    r"(?:delays=[\d./]++, )?(?:dsn=\d\.\d{1,3}\.\d{1,3}, )?status=sent \("
)
_QUEUED = r"\[\d++\]: ([0-9A-Za-z]++): from=<([^>\n]*+)>, size="
_HANDED = r"\[\d++\]: ([0-9A-Za-z]++): client=([^,\n]*+)(?:, sasl_method=[^,\n]*+, sasl_username=([^,\n]++))?"
_QMGR = ("qmgr", "nqmgr", "oqmgr")


class Names(msgspec.Struct, frozen=True):
    """What stands in front of the lines of a log.

    Attributes:
        machines: whose lines they are.
        deliverers: daemons that deliver, as ``smtp`` or ``relay/smtp``.
        takers: daemons that tell of clients.
    """

    machines: tuple[str, ...]
    deliverers: tuple[str, ...] = ("smtp",)
    takers: tuple[str, ...] = ("smtpd",)

    @property
    def few(self) -> bool:
        """Whether it pays to search for each."""
        return (
            len(self.machines) * len(self.deliverers) <= MAX_PASSES
            and len(self.machines) * len(self.takers) <= 4 * MAX_PASSES
        )


class Searches(msgspec.Struct, frozen=True):
    """What finds the lines that tell of messages.

    Attributes:
        delivered: for deliveries, each with the machine whose they are, or "" where the match tells it.
        queued: for senders.
        handed: for clients.
    """

    delivered: tuple[tuple[str, re.Pattern[str]], ...]
    queued: re.Pattern[str]
    handed: re.Pattern[str]


@lru_cache(maxsize=64)
def searches_for(marks: Marks, names: Names) -> Searches:
    """What finds the lines of a log.

    Args:
        marks: how its lines begin.
        names: what has been learnt of it.
    """
    if not names.few:
        begin = rf"\n.{{{marks.at}}}[^\s\[\]]++ {re.escape(marks.family)}/"
        full = rf"\n(.{{{marks.at}}})([^\s\[\]]++) {re.escape(marks.family)}/[\w/-]++"
        return Searches(
            (("", re.compile(f"{full}{_DELIVERED}", re.ASCII)),),
            re.compile(f"{begin}[no]?qmgr{_QUEUED}", re.ASCII),
            re.compile(rf"{begin}(?:[\w-]++/)?+smtpd{_HANDED}", re.ASCII),
        )
    time = rf"\n(.{{{marks.at}}})"
    delivered = [
        (machine, rf"{re.escape(last_name(daemon))}(?<={time}{_begin(marks, machine, daemon)}){_DELIVERED}")
        for machine in names.machines
        for daemon in names.deliverers
    ]
    return Searches(
        tuple((machine, re.compile(regex, re.ASCII)) for machine, regex in delivered),
        re.compile(f"qmgr{_behind(marks, names.machines, _QMGR)}{_QUEUED}", re.ASCII),
        re.compile(f"smtpd{_behind(marks, names.machines, names.takers)}{_HANDED}", re.ASCII),
    )


def last_name(daemon: str) -> str:
    """The name of a daemon without the service's in front of it."""
    return daemon.rpartition("/")[2]


def _begin(marks: Marks, machine: str, daemon: str) -> str:
    return re.escape(f"{machine} {marks.family}/{daemon}")


def _behind(marks: Marks, machines: tuple[str, ...], daemons: tuple[str, ...]) -> str:
    """An assertion that a line begins with one of some machines and daemons."""
    time = rf"\n.{{{marks.at}}}"
    begins = (f"(?<={time}{_begin(marks, name, daemon)})" for name in machines for daemon in daemons)
    return f"(?:{'|'.join(begins)})"


def learnt(block: str, marks: Marks, names: Names) -> Names:
    """The names that are known, and those that a block tells of besides.

    Args:
        block: lines, with a line feed in front of each.
        marks: how they begin.
        names: that are known.
    """
    begin = rf"\n.{{{marks.at}}}([^\s\[\]]++) {re.escape(marks.family)}/([\w/-]++)\[\d++\]: [0-9A-Za-z]++: "
    found = set(re.findall(rf"{begin}(to|from|client)=", block, re.ASCII))
    return Names(
        _and(names.machines, {machine for machine, _, _ in found}),
        _and(names.deliverers, {daemon for _, daemon, kind in found if kind == "to"}),
        _and(
            names.takers,
            {daemon for _, daemon, kind in found if kind == "client" and last_name(daemon) == "smtpd"},
        ),
    )


def _and(known: tuple[str, ...], more: set[str]) -> tuple[str, ...]:
    return (*known, *sorted(more.difference(known)))
