"""Per-recipient fields of a delivery status notification, pasted as text (RFC 3464 section 2.3).

Recognises ``Diagnostic-Code: smtp; 550 ...`` with any of ``Status``, ``Action``,
``Final-Recipient``, ``Original-Recipient``, ``Remote-MTA`` and ``Reporting-MTA``, in any order, on
lines of their own or joined to one.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, found, own_words, quoted, with_status

_NAMES = (
    r"Diagnostic-Code|Status|Action|Final-Recipient|Original-Recipient|Remote-MTA|Reporting-MTA|"
    r"Last-Attempt-Date|"
    r"Will-Retry-Until|Arrival-Date|X-[A-Za-z-]{2,60}|Final-Log-ID|Received-From-MTA"
)
_DIAGNOSTIC = re.compile(r"Diagnostic[- ]Code\s?:\s?(?:([A-Za-z0-9-]{2,30})\s?;\s?)?", re.I)
_NEXT = re.compile(rf"(?:^|\s)(?:{_NAMES})\s?:\s", re.I)
_STATUS = re.compile(r"(?:^|\s)Status\s?:\s?([245]\.\d{1,3}\.\d{1,3})", re.I)
_ACTION = re.compile(r"(?:^|\s)Action\s?:\s?(failed|delayed|delivered|relayed|expanded)", re.I)
_RECIPIENT = re.compile(rf"(?:Final|Original)-Recipient\s?:\s?(?:rfc822|utf-8)?;?\s?<?({ADDRESS})", re.I)
_REMOTE = re.compile(rf"Remote-MTA\s?:\s?(?:dns|smtp)?;?\s?\[?({HOST})", re.I)
_FOLD = re.compile(r"\r?\n[ \t]+")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside the fields of a delivery status notification, or None."""
    lowered = text.lower()
    if (
        "diagnostic" not in lowered
        and "final-recipient" not in lowered
        and not ("status:" in lowered and "action:" in lowered)
    ):
        return None
    recipient, remote, status = _RECIPIENT.search(text), _REMOTE.search(text), _STATUS.search(text)
    context = Context(
        recipient=recipient[1].rstrip(".;,") if recipient else None, remote_host=remote[1] if remote else None
    )
    enhanced = status[1] if status else None
    diagnostic = _DIAGNOSTIC.search(text)
    action = _ACTION.search(text)
    note = f"Action: {action[1].lower()}" if action else ""
    if diagnostic is None:
        if status is None and action is None:
            return None
        return found("dsn", own_words(text, enhanced), context, note)
    rest = _FOLD.sub(" ", text[diagnostic.end() :])
    following = _NEXT.search(rest)
    words = rest[: following.start()] if following else rest
    before = text[: diagnostic.start()].strip()
    reply = (
        quoted(words)
        if diagnostic[1] is None or diagnostic[1].lower() == "smtp" or re.match(r"[245]\d\d[ -]", words)
        else own_words(words)
    )
    if reply.code and reply.code < 400 and re.search(r"(?<!\d)[45]\d\d[ -]", before):
        return None  # the fields quote the goodbye of the session; the reply that counts stands before
    return found("dsn", with_status(reply, enhanced), context, f"{before} {note}")
