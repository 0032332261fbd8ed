"""Microsoft Exchange: agent logs, what its anti-spam agents did with mail that came in.

Rows (``#Fields:
Timestamp,SessionId,LocalEndpoint,RemoteEndpoint,EnteredOrgFromIP,MessageId,P1FromAddress,P2FromAddresses,
Recipient,NumRecipients,Agent,Event,Action,SmtpResponse,Reason,ReasonData,Diagnostics,...``)::

    2026-11-24T10:00:00.1Z,08DE01,192.0.2.5:25,203.0.113.9:46904,203.0.113.9,,a@example.org,,bob@example.com,1,
        Recipient Filter Agent,OnRcptCommand,RejectCommand,550 5.1.1 User
            unknown,RecipientDoesNotExist,bob@example.com,

Only the actions that refuse (``RejectCommand``, ``RejectMessage``, ``RejectConnection``,
``RejectRecipients``) give records.

Source: Exchange 2007 to 2019, "Anti-spam agent logging" in Microsoft's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bouncewise.reading.delivery import Delivery, Kind, Source
from bouncewise.reading.logs.fields import address_of, has_all, peer_of, plain_row, time_of
from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase

MAX_RECIPIENTS = 5000  # of one row
_WANTED = frozenset(("sessionid", "p1fromaddress", "agent", "action", "smtpresponse"))
_PHASES = {
    "onconnectevent": Phase.CONNECT,
    "onconnect": Phase.CONNECT,
    "onehlocommand": Phase.EHLO,
    "onhelocommand": Phase.EHLO,
    "onmailcommand": Phase.MAIL,
    "onrcptcommand": Phase.RCPT,
    "ondatacommand": Phase.DATA,
    "onendofheaders": Phase.MESSAGE,
    "onendofdata": Phase.MESSAGE,
}


def recognise_columns(columns: Sequence[str]) -> bool:
    """Whether columns of these names are of an agent log."""
    return has_all(columns, _WANTED)


def read_row(row: Mapping[str, str], source: Source) -> Iterable[Delivery]:
    """The deliveries of a row."""
    values = plain_row(row)
    if not values.get("action", "").startswith("Reject"):
        return
    text = values.get("smtpresponse", "")
    reply = reply_of(text) if text[:3].isdigit() else words_of(text or values.get("reason", ""))
    sender = values.get("p1fromaddress", "")
    for recipient in (values.get("recipient", "").split(";") or [""])[:MAX_RECIPIENTS]:
        yield Delivery(
            source=source,
            kind=Kind.REJECTED,
            time=time_of(values.get("timestamp", "")),
            sender=address_of(sender) if sender else None,
            recipient=address_of(recipient),
            message_id=values.get("messageid", "").strip("<>"),
            remote_ip=peer_of(values.get("enteredorgfromip", ""))
            or peer_of(values.get("remoteendpoint", "")),
            phase=_PHASES.get(values.get("event", "").lower()),
            status=str(reply.enhanced or ""),
            reply=reply,
        )
