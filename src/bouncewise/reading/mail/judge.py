"""Is a mail a bounce? What speaks for it and against it, each with its weight."""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.once import once
from bouncewise.reading.mail.words import patterns, says

ENOUGH = 4
LEAST, MOST = -4, 4  # what the words can add; they are read where that decides
MAX_JUDGED = 4096  # characters of a notice that are judged
_NOBODY = ("mailer-daemon", "double-bounce@", "<>")  # what stands for the null reverse-path
# It begins with the digit, so that it is tried at digits only.
_REPLY = re.compile(
    r"[45](?:(?<![^\s:(<\"'#-][45])\d\d[ -]#?(?:[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<])|"
    r"\.\d\.\d{1,3}\b|(?<=#5)\.\d\.\d)"
)
_DAEMON = re.compile(r"(?:mailer|mail)[-_.]?daemon@", re.I)
_QUOTE = re.compile(r"^\s{0,3}(?:>|On .{5,80} wrote:|-{2,}\s?(?:Forwarded|Original) message)", re.M | re.I)


class _Speaker:
    """Who sent a mail, as far as its fields tell, and what its subject says.

    Attributes:
        daemon: its name is one that only servers write under.
        office: its name is one that servers write under, and people too.
        silent: its reverse-path is null, as a bounce's must be (RFC 5321 section 4.5.5).
        told: its subject is a bounce's.
        answered: its subject says that somebody answers or passes on.
    """

    def __init__(self, mail: Mail) -> None:
        words = patterns("judge")
        self._sender = mail.sender
        self.daemon = words["daemon"].search(mail.sender) is not None
        self.silent = _is_silent(mail)
        self.told = words["subject"].search(mail.subject.lower()) is not None
        self.answered = by_prefix(mail)

    @once
    def office(self) -> bool:
        """See above; not asked where a daemon wrote."""
        return patterns("judge")["office"].search(self._sender) is not None


def weight(mail: Mail) -> int:
    """How much speaks for a bounce; from ``ENOUGH`` on it is one."""
    told, score = _by_fields(mail)
    return score + _by_words(mail, told)


def _by_fields(mail: Mail) -> tuple[bool, int]:
    """Whether the subject is a bounce's, and how much everything but the notice speaks for one."""
    headers = mail.headers
    by = _Speaker(mail)
    score = 2 if by.silent else 0
    if _DAEMON.match(mail.sender_address):  # nobody else writes under this name
        score += 5
    elif by.daemon or (headers and mail.sender.strip() in ("<>", "")):
        score += 3
    elif by.office:
        score += 3 if by.silent else 2
    elif not headers:
        score += 1  # words that somebody saved without their header fields
    elif not by.silent:
        score -= 2
    told = 2 if by.told else 1 if patterns("judge")["vague"].search(mail.subject.lower()) else 0
    score += 0 if by.answered else told
    score += 4 if "x-failed-recipients" in headers else 0
    score += 1 if headers.get("auto-submitted").lower().startswith(("auto-generated", "auto-replied")) else 0
    score += 3 if mail.type == "multipart/report" and mail.status_text else 0
    return told > 0, score - _against(mail, by)


def _by_words(mail: Mail, told: bool) -> int:
    """How much the notice and what came back speak for a bounce: from ``LEAST`` to ``MOST``."""
    text = mail.notice[:MAX_JUDGED]
    score = 1 if says("judge", "failure", text.lower()) else 0
    replied = _REPLY.search(text) is not None
    score += 1 if replied else 0 if told else -1
    return score + _attached(mail, text)


def _is_silent(mail: Mail) -> bool:
    sender = mail.envelope_sender
    return sender is not None and (sender == "" or sender.startswith(_NOBODY))


def _attached(mail: Mail, text: str) -> int:
    """A bounce has the message that came back, or at least names whom it did not reach."""
    if mail.returned is not None:
        return 2
    if "@" in text or "@" in mail.subject:
        return 0
    return -3 if says("judge", "goods", f"{mail.subject} {text}".lower()) else -1


def _against(mail: Mail, by: _Speaker) -> int:
    headers = mail.headers
    postmaster = by.told and mail.sender_address.startswith("postmaster@")
    listed = postmaster or _DAEMON.match(mail.sender_address)
    score = 1 if mail.envelope_sender and not by.silent and not listed else 0
    if by.answered:
        score += 0 if (by.daemon or by.office) and by.silent else 4  # James writes "Re:" too
    if by.daemon or (by.told and by.office and not by.answered):
        return score  # a server's mail to a list's own address gets the list's fields
    if "list-unsubscribe" in headers or "list-post" in headers or "x-campaign-id" in headers:
        score += 3
    if headers.get("precedence").lower() in ("bulk", "list") and "list-id" in headers:
        score += 2
    if not by.silent and ("in-reply-to" in headers or _QUOTE.search(mail.notice[:8192])):
        score += 2
    client = f"{headers.get('user-agent')} {headers.get('x-mailer')}".strip()
    if client and not by.silent:
        score += 3 if patterns("judge")["client"].search(client.lower()) else 1
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
        told, score = _by_fields(mail)
        sure = score + LEAST >= ENOUGH or score + MOST < ENOUGH
        mail.judged = (score if sure else score + _by_words(mail, told)) >= ENOUGH
    return mail.judged
