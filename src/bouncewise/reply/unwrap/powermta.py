"""PowerMTA: accounting rows and what its logs say.

Recognises ``...,failed,5.1.1 (bad destination mailbox address),smtp;550 5.1.1 ...,h (ip),...`` and
a bare ``smtp;550 ...``.
"""

from __future__ import annotations

import csv
import re

from bouncewise.reply.model import Context, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, IP, found, quoted, with_status

_ROW = re.compile(r"^(?:b|rb|t|d|tq|rs|rq|f),", re.I)
_SMTP = re.compile(r"^\"?smtp;\s?(?=[245]\d\d)", re.I)
_STATUS = re.compile(r"^([245]\.\d{1,3}\.\d{1,3}) \(")
_HOST = re.compile(rf"^({HOST}) \(({IP})\)$")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside a PowerMTA accounting row or a ``smtp;`` status, or None."""
    bare = _SMTP.match(text)
    if bare:
        return found("powermta", quoted(text[bare.end() :]), Context())
    if not _ROW.match(text) or "smtp;" not in text:
        return None
    try:
        fields = next(csv.reader([text.splitlines()[0]]))
    except (csv.Error, StopIteration):
        return None
    diagnostic = next((f for f in fields if _SMTP.match(f)), None)
    if diagnostic is None:
        return None
    status = next((m[1] for m in map(_STATUS.match, fields) if m), None)
    host = next((m for m in map(_HOST.match, fields) if m), None)
    addresses = [f for f in fields if re.fullmatch(ADDRESS, f)]
    context = Context(
        remote_host=host[1] if host else None,
        remote_ip=host[2] if host else None,
        sender=addresses[0] if len(addresses) > 1 else None,
        recipient=addresses[-1] if addresses else None,
    )
    return found("powermta", with_status(quoted(diagnostic[5:]), status), context)
