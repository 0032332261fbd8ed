"""Is a mail a bounce? What speaks for it and against it, each with its weight."""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.words import patterns

ENOUGH = 4
_NOBODY = ("mailer-daemon", "double-bounce@", "<>")  # what stands for the null reverse-path
_REPLY = re.compile(
    r"(?:^|[\s:(<\"'#-])(?:[45]\d\d)[ -]#?(?:[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<])|[45]\.\d\.\d{1,3}\b|#5\.\d\.\d"
)
_DAEMON = re.compile(r"(?:mailer|mail)[-_.]?daemon@", re.I)
_QUOTE = re.compile(r"^\s{0,3}(?:>|On .{5,80} wrote:|-{2,}\s?(?:Forwarded|Original) message)", re.M | re.I)


def weight(mail: Mail) -> int:
    """How much speaks for a bounce; from ``ENOUGH`` on it is one."""
    headers = mail.headers
    words = patterns("judge")
    answered = by_prefix(mail)
    silent = _is_silent(mail)
    score = 2 if silent else 0
    if _DAEMON.match(mail.sender_address):  # nobody else writes under this name
        score += 5
    elif words["daemon"].search(mail.sender) or (headers and mail.sender.strip() in ("<>", "")):
        score += 3
    elif words["office"].search(mail.sender):
        score += 3 if silent else 2
    elif not headers:
        score += 1  # words that somebody saved without their header fields
    elif not silent:
        score -= 2
    subject = mail.subject.lower()
    told = 2 if words["subject"].search(subject) else 1 if words["vague"].search(subject) else 0
    score += 0 if answered else told
    score += 4 if "x-failed-recipients" in headers else 0
    score += 1 if headers.get("auto-submitted").lower().startswith(("auto-generated", "auto-replied")) else 0
    score += 3 if mail.status_text and mail.type == "multipart/report" else 0
    text = mail.notice[:4096]
    score += 1 if words["failure"].search(text.lower()) else 0
    replied = _REPLY.search(text) is not None
    score += 1 if replied else 0 if told else -1
    return score + _attached(mail, text) - _against(mail, answered, silent)


def _is_silent(mail: Mail) -> bool:
    """Whether its reverse-path is null, as a bounce's must be (RFC 5321 section 4.5.5)."""
    sender = mail.envelope_sender
    return sender is not None and (sender == "" or sender.startswith(_NOBODY))


def _attached(mail: Mail, text: str) -> int:
    """A bounce has the message that came back, or at least names whom it did not reach."""
    if mail.returned is not None:
        return 2
    if "@" in text or "@" in mail.subject:
        return 0
    return -3 if patterns("judge")["goods"].search(f"{mail.subject} {text[:4096]}".lower()) else -1


def _against(mail: Mail, answered: bool, silent: bool) -> int:
    headers = mail.headers
    words = patterns("judge")
    daemon = words["daemon"].search(mail.sender) is not None
    subject = words["subject"].search(mail.subject.lower())
    office = subject and words["office"].search(mail.sender)
    listed = _DAEMON.match(mail.sender_address) or (subject and mail.sender_address.startswith("postmaster@"))
    score = 1 if mail.envelope_sender and not silent and not listed else 0
    if answered:
        server = daemon or words["office"].search(mail.sender)
        score += 0 if server and silent else 4  # James writes "Re:" too
    if daemon or (office and not answered):
        return score  # a server's mail to a list's own address gets the list's fields
    if "list-unsubscribe" in headers or "list-post" in headers or "x-campaign-id" in headers:
        score += 3
    if headers.get("precedence").lower() in ("bulk", "list") and "list-id" in headers:
        score += 2
    if not silent and ("in-reply-to" in headers or _QUOTE.search(mail.notice[:8192])):
        score += 2
    client = f"{headers.get('user-agent')} {headers.get('x-mailer')}".strip()
    if client and not silent:
        score += 3 if words["client"].search(client.lower()) else 1
    return score


def by_prefix(mail: Mail) -> bool:
    """Whether the subject says that somebody answers or passes on ("Re:", "WG:")."""
    return patterns("judge")["person"].match(mail.subject.lower()) is not None


def from_person(mail: Mail) -> bool:
    """Whether somebody passes a bounce on or answers it: then its marks are not the mail's own."""
    if not by_prefix(mail) or _is_silent(mail):
        return False
    return patterns("judge")["daemon"].search(mail.sender) is None


def is_bounce(mail: Mail) -> bool:
    """Whether a mail is taken for a bounce; judged once, since several readers ask."""
    if mail.judged is None:
        mail.judged = weight(mail) >= ENOUGH
    return mail.judged
