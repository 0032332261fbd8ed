"""Haraka's outbound log lines and bounce prose, and MDaemon's short form.

Recognises ``[outbound] ... bounce ...``, ``Some recipients failed: ...``, ``SMTP error: 450 ...``,
``response: 550 ...`` and ``Rejected (h:25:530 5.7.1 ...(at FROM))``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, found, phase_of, quoted

_OUTBOUND = re.compile(
    r"\[(?:outbound|hmail)\].{0,400}?(?:bounc\w{1,4}|temp_?fail\w{0,4}|deferr\w{1,4}|failed|"
    r"err(?:or)?|reason)\b.{0,200}?[ :=\"'(](?=[245]\d\d[ -])",
    re.I | re.S,
)
_FAILED = re.compile(r"(?:Some|All) recipients failed: .{0,320}?(?=[245]\d\d[ -])", re.I | re.S)
_SHORT = re.compile(rf"\bRejected \(({HOST}):(\d{{1,5}}):(.{{3,2000}}?)\(at ([A-Z ]{{2,12}})\)\)", re.S)
_TO = re.compile(rf"(?:rcpt|to|recipient)=?\"?[:=]?\s?<({ADDRESS})>", re.I)
_RELAY = re.compile(rf"\b(?:host|mx)=\"?({HOST})", re.I)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Haraka or MDaemon wrote, or None."""
    if "Rejected (" in text:
        short = _SHORT.search(text)
        if short:
            return found("mdaemon", quoted(short[3]), Context(phase=phase_of(short[4]), remote_host=short[1]))
    if "recipients failed:" not in text and "[outbound]" not in text and "[hmail]" not in text:
        return None
    match = _OUTBOUND.search(text) or _FAILED.search(text)
    if match is None:
        return None
    to, relay = _TO.search(text), _RELAY.search(text)
    context = Context(recipient=to[1] if to else None, remote_host=relay[1] if relay else None)
    return found("haraka", quoted(text[match.end() :].rstrip(' )"]')), context)
