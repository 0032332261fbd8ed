"""MailEnable: W3C logs of its SMTP service, one row a command with its reply.

Rows (``#Fields: date time c-ip agent account s-ip s-port cs-method cs-uristem cs-uriquery s-computername
sc-bytes cs-bytes cs-username``; ``+`` stands for a blank)::

    2026-11-24 10:00:00 198.51.100.7 SMTP-OU example.com 192.0.2.5 1076 RCPT
        RCPT+TO:<bob@example.net> 550+User+unknown MAIL 12 30 -
    2026-11-24 10:00:01 203.0.113.9 SMTP-IN example.com 192.0.2.5 1077 RCPT
        RCPT+TO:<victim@example.org> 503+This+mail+server+requires+authentication MAIL 90 35 -

``SMTP-IN`` are clients, whose refusals are told as rejected; ``SMTP-OU`` are our deliveries.

Source: MailEnable 4 to 10 (the columns and SMTP-IN are confirmed by programs that read these logs; SMTP-OU
is taken to be alike)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.dialogue import Dialogue, Outcome, Sessions, refusals
from bouncewise.reading.logs.fields import kind_of, time_of
from bouncewise.reading.logs.formats.iis_smtp import spoken

_WANTED = frozenset(("c-ip", "agent", "cs-method", "cs-uristem", "cs-uriquery"))


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether columns of these names are of MailEnable."""
    return {name.lower() for name in columns} >= _WANTED


class TableRows:
    """Reads the rows of a log, and joins those of a session."""

    def __init__(self) -> None:
        self._sessions = Sessions()

    def read(self, row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
        """The deliveries that a row tells of."""
        agent = row.get("agent") or ""
        if not agent.startswith("SMTP"):
            return ()
        inbound = agent == "SMTP-IN"
        key = f"{agent} {row.get('c-ip')} {row.get('s-port')}"
        said, answer = spoken(row.get("cs-uristem") or ""), spoken(row.get("cs-uriquery") or "")
        dialogue = self._sessions.of(key, answer)
        if said and said != "-":
            dialogue.command(said)
        outcomes = dialogue.reply(f"{answer[:3]} {answer[4:]}")  # of several lines the row has one
        if inbound:
            outcomes = refusals(outcomes)
        return [_delivery(dialogue, outcome, row, source, inbound) for outcome in outcomes]


def _delivery(
    dialogue: Dialogue, outcome: Outcome, row: Mapping[str, str], source: Source, inbound: bool
) -> Delivery:
    kind = kind_of(outcome.reply, inbound)
    return Delivery(
        source=source,
        kind=kind,
        time=time_of(f"{row.get('date')} {row.get('time')}"),
        sender=outcome.sender,
        recipient=outcome.recipient,
        reporting_mta=(row.get("s-computername") or "").strip("-"),
        remote_mta=dialogue.client if inbound else dialogue.server,
        remote_ip=row.get("c-ip", ""),
        phase=outcome.phase if kind is not Kind.DELIVERED else None,
        status=str(outcome.reply.enhanced or ""),
        reply=outcome.reply,
    )
