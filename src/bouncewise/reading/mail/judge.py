"""Is a mail a bounce? What speaks for it and against it, each with its weight."""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.words import patterns

ENOUGH = 4
_REPLY = re.compile(
    r"(?:^|[\s:(<\"'#-])(?:[45]\d\d)[ -]#?(?:[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<])|[45]\.\d\.\d{1,3}\b|#5\.\d\.\d"
)
_QUOTE = re.compile(r"^\s{0,3}(?:>|On .{5,80} wrote:|-{2,}\s?(?:Forwarded|Original) message)", re.M | re.I)


def weight(mail: Mail) -> int:
    """How much speaks for a bounce; from ``ENOUGH`` on it is one."""
    headers = mail.headers
    words = patterns("judge")
    score = 0
    daemon = bool(words["daemon"].search(mail.sender)) or mail.sender.strip() in ("<>", "")
    subject = mail.subject.lower()
    told = bool(words["subject"].search(subject))
    answered = bool(words["person"].match(subject))
    if mail.envelope_sender == "" or (mail.envelope_sender or "").startswith("mailer-daemon"):
        score += 2
    elif mail.envelope_sender and not words["daemon"].search(mail.envelope_sender):
        score -= 1
    score += 3 if daemon else 0
    score += 2 if told and not answered else 0
    score += 4 if "x-failed-recipients" in headers else 0
    score += 1 if headers.get("auto-submitted").lower().startswith(("auto-generated", "auto-replied")) else 0
    score += 3 if mail.status_text and mail.type == "multipart/report" else 0
    score -= _against(mail, answered, daemon)
    if not ENOUGH - 2 <= score < ENOUGH:
        return score  # the words, of which each counts one, would change nothing
    text = mail.notice[:16_384]
    score += 1 if words["failure"].search(text.lower()) else 0
    return score + (1 if _REPLY.search(text) else 0)


def _against(mail: Mail, answered: bool, daemon: bool) -> int:
    headers = mail.headers
    score = 0
    score += 4 if answered and not daemon else 0
    if "list-unsubscribe" in headers or "list-post" in headers or "x-campaign-id" in headers:
        score += 3
    if headers.get("precedence").lower() in ("bulk", "list") and "list-id" in headers:
        score += 2
    if not daemon and ("in-reply-to" in headers or _QUOTE.search(mail.notice[:8192])):
        score += 2
    if not daemon and ("user-agent" in headers or "x-mailer" in headers):
        score += 1
    return score


def is_bounce(mail: Mail) -> bool:
    """Whether a mail that no format knows is taken for a bounce."""
    return weight(mail) >= ENOUGH
