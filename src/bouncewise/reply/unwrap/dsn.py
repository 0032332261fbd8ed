"""Per-recipient fields of a delivery status notification, pasted as text (RFC 3464 section 2.3).

Recognises ``Diagnostic-Code: smtp; 550 ...`` with any of ``Status``, ``Action``, ``Final-Recipient``,
``Original-Recipient``, ``Remote-MTA`` and the dates, in any order, folded, on lines of their own or
joined to one::

    Final-Recipient: rfc822; bob@example.com
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; mx.example.com (192.0.2.1, the server for the domain example.com.)
    Diagnostic-Code: smtp; 550-5.1.1 no such
     550 5.1.1 user
    Last-Attempt-Date: Tue, 2 Jan 2024 03:04:05 +0000

``Status`` counts where the reply has no enhanced code of its own. A diagnostic type other than ``smtp``
(``X-Postfix``, ``x-unix``) means that the words are the MTA's, unless they begin with a reply code.
``Arrival-Date`` and ``Last-Attempt-Date`` together give the age in the queue.
"""

from __future__ import annotations

import re
from datetime import datetime

from bouncewise.reply.model import Context, Reply, Unwrapped
from bouncewise.reply.unwrap import postfix, prose
from bouncewise.reply.unwrap.common import found, own_words, quoted, with_status
from bouncewise.reply.unwrap.fields import FENCED, host, ip, mail_time, unfold

_NAMES = (
    r"Diagnostic-Code|Status|Action|Final-Recipient|Original-Recipient|Remote-MTA|Reporting-MTA|"
    r"Last-Attempt-Date|Will-Retry-Until|Arrival-Date|X-[A-Za-z-]{2,60}|Final-Log-ID|Received-From-MTA|"
    r"Original-Envelope-Id|DSN-Gateway|Return-Path|Localized-[A-Za-z-]{2,40}"
)
_DIAGNOSTIC = re.compile(r"Diagnostic[- ]Code\s?:\s{0,4}(?:([A-Za-z0-9-]{2,30})\s?;\s{0,4})?", re.I)
_NEXT = re.compile(rf"(?:^|\s)(?:{_NAMES})\s?:\s|\r?\n\s{{0,4}}\r?\n", re.I)
_STATUS = re.compile(r"(?:^|\s)Status\s?:\s{0,4}([245]\.\d{1,3}\.\d{1,3})(?!\d)", re.I)
_ACTION = re.compile(r"(?:^|\s)Action\s?:\s{0,4}(failed|delayed|delivered|relayed|expanded)\b", re.I)
_FINAL = re.compile(rf"Final-Recipient\s?:\s{{0,4}}(?:[\w-]{{1,20}}\s?;)?\s{{0,4}}<?({FENCED})", re.I)
_ORIGINAL = re.compile(rf"Original-Recipient\s?:\s{{0,4}}(?:[\w-]{{1,20}}\s?;)?\s{{0,4}}<?({FENCED})", re.I)
_REMOTE = re.compile(
    r"Remote-MTA\s?:\s{0,4}(?:[\w-]{1,12}\s?;)?\s{0,4}(\[[^\]\s]{2,60}\]|[^\s()\[\];]{1,253})"
    r"(?:\s{0,2}[\[(]([0-9A-Fa-f:.]{2,45})(?=[\]),\s]))?",
    re.I,
)
_ARRIVAL = re.compile(r"Arrival-Date\s?:\s{0,4}([^\n]{10,60})", re.I)
_LAST_TRY = re.compile(r"Last-Attempt-Date\s?:\s{0,4}([^\n]{10,60})", re.I)
_DATE_END = re.compile(rf"\s(?:{_NAMES})\s?:", re.I)
_COMMENT = re.compile(r"^\([^()\n]{1,200}\)\s{0,4}")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside the fields of a delivery status notification, or None.

    Args:
        text: one recipient's group of fields, or some of them. Of several groups the first counts.
    """
    lowered = text.lower()
    if (
        "diagnostic" not in lowered
        and "final-recipient" not in lowered
        and not ("status:" in lowered and "action:" in lowered)
    ):
        return None
    status, action, diagnostic = _STATUS.search(text), _ACTION.search(text), _DIAGNOSTIC.search(text)
    context = _context(text)
    enhanced = status[1] if status else None
    note = f"Action: {action[1].lower()}" if action else ""
    if diagnostic is None:
        if status is None and action is None:
            return None
        told = _told_before(text)
        if told:
            reply = with_status(told.reply, enhanced)
            return found("dsn", reply, told.context.merged(context), f"{note} {told.note}")
        return found("dsn", own_words(text, enhanced), context, note)
    rest = unfold(text[diagnostic.end() :])
    rest = rest.rstrip(" \"'") if text[:1] in "\"'" else rest
    following = _NEXT.search(rest)
    words = _COMMENT.sub("", rest[: following.start()] if following else rest)
    before = text[: diagnostic.start()].strip()
    reply = _reply(diagnostic[1], words)
    if reply.code and reply.code < 400 and re.search(r"(?<!\d)[45]\d\d[ -]", before):
        return None  # the fields quote the goodbye of the session; the reply that counts stands before
    if "said:" in before or "refused to talk" in before:
        told = postfix.unwrap(before)
        context = context.merged(told.context) if told else context
    return found("dsn", with_status(reply, enhanced), context, f"{before} {note}")


def _told_before(text: str) -> Unwrapped | None:
    """The reply that the prose above fields without a ``Diagnostic-Code`` quotes."""
    fields = _NEXT.search(text)
    before = text[: fields.start()] if fields else ""
    told = (
        (postfix.unwrap(before) or prose.find(before)) if re.search(r"(?<!\d)[45]\d\d[ -]", before) else None
    )
    return told if told and told.reply.code is not None and told.reply.code >= 400 else None


def _reply(kind: str | None, words: str) -> Reply:
    if kind is None or kind.lower() == "smtp" or re.match(r"[2-5]\d\d[ -]", words):
        return quoted(words)
    return own_words(words)


def _context(text: str) -> Context:
    recipient, remote = _FINAL.search(text) or _ORIGINAL.search(text), _REMOTE.search(text)
    last = _date(_LAST_TRY, text)
    arrival = _date(_ARRIVAL, text)
    age = None
    if last and arrival and (last.tzinfo is None) == (arrival.tzinfo is None) and last >= arrival:
        age = (last - arrival).total_seconds()
    return Context(
        remote_host=host(remote[1]) if remote and remote[1][0] != "[" else None,
        remote_ip=(ip(remote[2]) or ip(remote[1])) if remote else None,
        recipient=recipient[1].rstrip(".;,") if recipient else None,
        queue_age=age,
        time=last.isoformat().replace("+00:00", "Z") if last and last.tzinfo else None,
    )


def _date(pattern: re.Pattern[str], text: str) -> datetime | None:
    match = pattern.search(text)
    if match is None:
        return None
    return mail_time(_DATE_END.split(match[1], maxsplit=1)[0])
