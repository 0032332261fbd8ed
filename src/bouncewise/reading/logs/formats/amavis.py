"""Amavis: mail that its filter refused or could not pass on.

Lines; in braces what became of the message::

    amavis[27693]: (27693-06) Passed CLEAN {RelayedInbound}, [192.0.2.9]:4774 [192.0.2.9] <a@example.org>
        -> <bob@example.com>,
        Queue-ID: 4jYC, Message-ID: <m1@example.org>, mail_id: 3tsx, Hits: -, size: 1332, queued_as: B601,
        152 ms
    amavis[27693]: (27693-07) Blocked SPAM {RejectedInbound,Quarantined}, [192.0.2.9] <a@example.org> ->
        <bob@example.com>,<eve@...>, ...

``Rejected`` and ``Bounced`` are refusals, ``TempFailed`` puts off. What is passed has only got as far as
the next queue, and what is discarded was neither delivered nor refused, so both give nothing; older
versions without braces do not tell which it was.

Source: amavisd-new 2.6 to 2.13, ``$log_templ``; issues 3, 26 and 61 of sendmailanalyzer, 1214 of
docker-mailserver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.replies import words_of

PROGRAMS = ("amavis", "amavisd", "amavisd-new")
TRIGGERS = ("Blocked ",)
_LINE = re.compile(
    r"\([\w-]{3,40}\) Blocked ([A-Z][A-Z-]{2,30}(?: \([^)]{1,300}\))?) \{([^}]{1,200})\}, (.{0,400}?)"
    r"<([^<>]{0,330})> -> (<.{1,20000}?>)(?:, (.*))?$",
    re.DOTALL,
)
_RECOGNISED = re.compile(r"\(\d{1,9}-\d{1,4}(?:-\d{1,4})?\) (?:Passed|Blocked) [A-Z]{3,20}[-A-Z]{0,12}[ ,]")
_CLIENT = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?")
_FIELD = re.compile(r"(Queue-ID|Message-ID|Hits|size): (<[^>]{0,500}>|[^,]{0,500})")
_TO = re.compile(r"<([^<>]{0,330})>")
_KINDS = (("Rejected", Kind.REJECTED), ("Bounced", Kind.REJECTED), ("TempFailed", Kind.DEFERRED))


def recognise(message: str) -> bool:
    """Whether a line without an envelope is of Amavis."""
    return _RECOGNISED.match(message) is not None


class Reader:
    """Reads the lines of Amavis; each tells all by itself."""

    def read(self, line: Line) -> Iterable[Delivery]:
        """The refusals that a line tells of."""
        if "Blocked " not in line.message:
            return ()
        found = _LINE.match(line.message)
        kind = next((kind for word, kind in _KINDS if found and word in found[2]), None)
        if found is None or kind is None:
            return ()
        fields = dict(_FIELD.findall(found[6] or ""))
        client = _CLIENT.search(found[3])
        size, hits = fields.get("size", ""), fields.get("Hits", "-")
        words = f"Blocked {found[1]}" if hits in ("-", "") else f"Blocked {found[1]}, Hits: {hits}"
        return [
            Delivery(
                source=line.source,
                kind=kind,
                time=line.time,
                sender=found[4],
                recipient=recipient,
                message_id=fields.get("Message-ID", "").strip("<>"),
                queue_id=fields.get("Queue-ID", ""),
                reporting_mta=line.host,
                remote_ip=client[1] if client else "",
                size=int(size) if size.isdecimal() and len(size) < 16 else None,
                reply=words_of(words),
            )
            for recipient in _TO.findall(found[5])[:1000]
        ]
