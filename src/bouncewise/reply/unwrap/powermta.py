"""PowerMTA: accounting rows and what its logs say.

Accounting files are CSV whose columns the operator chooses, so the fields are known by their form unless
the header row is pasted above the row::

    type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta
    b,2024-01-02 03:04:05+0000,2024-01-02 03:04:00+0000,a@example.net,bob@example.com,,failed,
      5.1.1 (bad destination mailbox address),smtp;550 5.1.1 no such user,mx.example.com (192.0.2.1)

Record types: ``d`` delivered, ``b`` bounced, ``t`` and ``tq`` deferred, ``rb`` and ``rs`` remote bounces and
statuses, ``f`` feedback. ``dsnStatus`` counts where the reply has no enhanced code; where there is no
reply at all, its words do. Also a bare ``smtp;550 ...`` and ``SMTP status: 550 ...`` of logs.
"""

from __future__ import annotations

import csv
import re
from datetime import datetime

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import found, own_words, quoted, with_status
from bouncewise.reply.unwrap.fields import FENCED, NAME, ip, peer, time_of

_ROW = re.compile(r"\"?(?:b|rb|t|d|tq|rs|rq|f|p)\"?,", re.I)
_HEADER = re.compile(r"\"?type\"?,\"?time", re.I)
_SMTP = re.compile(r"\s?\"?smtp\s?;\s?(?=[2-5]\d\d)", re.I)
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s\((.{1,200})\))?")
_HOST = re.compile(rf"({NAME}) \(([0-9A-Fa-f:.]{{2,45}})\)")
_ADDRESS = re.compile(FENCED)
_LOG_STATUS = re.compile(r"\bSMTP status: (?=[2-5]\d\d[ -])")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside a PowerMTA accounting row or status, or None.

    Args:
        text: one row, maybe below its header, or a status.
    """
    bare = _SMTP.match(text)
    if bare:
        return found("powermta", quoted(text[bare.end() :]), Context())
    if "SMTP status: " in text and (status := _LOG_STATUS.search(text)):
        return found("powermta", quoted(text[status.end() :]), Context())
    names: list[str] = []
    if _HEADER.match(text):
        header, _, text = text.partition("\n")
        names = _fields(header)
    if not _ROW.match(text) or text.count(",") < 4:
        return None
    return _row(_fields(text), names)


def _fields(line: str) -> list[str]:
    try:
        return [field.strip() for field in next(csv.reader([line.splitlines()[0]]))]
    except (csv.Error, StopIteration, IndexError):
        return []


def _row(fields: list[str], names: list[str]) -> Unwrapped | None:
    named = dict(zip(names, fields, strict=False))
    diagnostic = next((f for f in (named.get("dsnDiag", ""), *fields) if _SMTP.match(f)), None)
    status = next((m for m in map(_STATUS.fullmatch, fields) if m), None)
    if diagnostic is None and status is None:
        return None
    if diagnostic is not None:
        reply = quoted(_SMTP.sub("", diagnostic, count=1))
    else:
        reply = own_words(status[2] or "") if status else own_words("")
    delivered = fields[0].lower() == "d" and reply.code is not None
    context = Context(phase=Phase.MESSAGE if delivered else None).merged(_context(fields, named, diagnostic))
    return found("powermta", with_status(reply, status[1] if status else None), context)


def _context(fields: list[str], named: dict[str, str], diagnostic: str | None) -> Context:
    addresses = [f for f in fields if _ADDRESS.fullmatch(f)]
    name, address = _server(fields, named, diagnostic)
    local, remote = _addresses(fields, named)
    sender = named.get("orig") or (addresses[0] if len(addresses) > 1 and fields[0].lower() != "f" else None)
    logged, queued = named.get("timeLogged"), named.get("timeQueued")
    if not named:
        times = [f for f in fields[1:4] if time_of(f)]
        logged, queued = (times[0], times[1]) if len(times) > 1 else (times[0] if times else None, None)
    return Context(
        remote_host=name,
        remote_ip=address or remote,
        local_ip=local,
        sender=sender,
        recipient=named.get("rcpt") or (addresses[min(1, len(addresses) - 1)] if addresses else None),
        queue_age=_age(logged, queued),
        time=time_of(logged) if logged else None,
    )


def _server(
    fields: list[str], named: dict[str, str], diagnostic: str | None
) -> tuple[str | None, str | None]:
    """``dsnMta``: by its column, else ``host (ip)``, else the host name next to the diagnostic."""
    place = fields.index(diagnostic) if diagnostic in fields else -1
    near = [f for i in (place + 1, place - 1) if place > 0 and 0 <= i < len(fields) and (f := fields[i])]
    source = named.get("srcMta")
    candidates = [named["dsnMta"]] if "dsnMta" in named else [*near, *fields]
    for field in candidates:
        match = _HOST.fullmatch(field)
        if match and field != source and not match[2].startswith("0.0.0.0"):  # noqa: S104 - a log's filler
            return peer(match[1], match[2])
    for field in candidates[: len(near)] if "dsnMta" not in named else candidates:
        if "." in field and re.fullmatch(NAME, field) and not ip(field) and not _STATUS.fullmatch(field):
            return peer(field, None)
    return None, None


def _addresses(fields: list[str], named: dict[str, str]) -> tuple[str | None, str | None]:
    """The client's and the server's address: by column, else two bare addresses side by side."""
    local, remote = ip(named.get("dlvSourceIp")), ip(named.get("dlvDestinationIp"))
    if named:
        return local, remote
    places = [i for i, field in enumerate(fields) if ip(field)]
    if not places:
        return None, None
    first = places[0]
    return fields[first], fields[first + 1] if first + 1 in places else None


def _age(logged: str | None, queued: str | None) -> float | None:
    now, then = (time_of(text) if text else None for text in (logged, queued))
    if not now or not then:
        return None
    try:
        age = (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()
    except (ValueError, TypeError):
        return None
    return age if age >= 0 else None
