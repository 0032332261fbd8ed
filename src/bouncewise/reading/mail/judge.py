"""Is a mail a bounce? What speaks for it and against it, each with its weight."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from bouncewise.reading.mail.message import Mail

ENOUGH = 4
_NOBODY = ("mailer-daemon", "double-bounce@", "<>")  # what stands for the null reverse-path
_REPLY = re.compile(
    r"(?:^|[\s:(<\"'#-])(?:[45]\d\d)[ -]#?(?:[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<])|[45]\.\d\.\d{1,3}\b|#5\.\d\.\d"
)
_QUOTE = re.compile(r"^\s{0,3}(?:>|On .{5,80} wrote:|-{2,}\s?(?:Forwarded|Original) message)", re.M | re.I)


@cache
def _words() -> dict[str, re.Pattern[str]]:
    """The patterns of ``judge.toml``, each list as one."""
    text = files("bouncewise.reading.mail").joinpath("judge.toml").read_text(encoding="utf-8")
    return {name: re.compile("|".join(words), re.I | re.S) for name, words in tomllib.loads(text).items()}


def weight(mail: Mail) -> int:
    """How much speaks for a bounce; from ``ENOUGH`` on it is one."""
    headers = mail.headers
    words = _words()
    answered = by_prefix(mail)
    silent = _is_silent(mail)
    score = 2 if silent else 0
    if words["daemon"].search(mail.sender) or mail.sender.strip() in ("<>", ""):
        score += 3
    elif words["office"].search(mail.sender):
        score += 3 if silent else 2
    elif not silent:
        score -= 2
    told = 2 if words["subject"].search(mail.subject) else 1 if words["vague"].search(mail.subject) else 0
    score += 0 if answered else told
    score += 4 if "x-failed-recipients" in headers else 0
    score += 1 if headers.get("auto-submitted").lower().startswith(("auto-generated", "auto-replied")) else 0
    score += 3 if mail.status_text and mail.type == "multipart/report" else 0
    text = mail.notice[:16_384]
    score += 1 if words["failure"].search(text) else 0
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
    return -3 if _words()["goods"].search(f"{mail.subject} {text[:4096]}") else -1


def _against(mail: Mail, answered: bool, silent: bool) -> int:
    headers = mail.headers
    words = _words()
    daemon = words["daemon"].search(mail.sender) is not None
    score = 1 if mail.envelope_sender and not silent else 0
    if answered:
        score += 0 if daemon and silent else 4
    if "list-unsubscribe" in headers or "list-post" in headers or "x-campaign-id" in headers:
        score += 3
    if headers.get("precedence").lower() in ("bulk", "list") and "list-id" in headers:
        score += 2
    if not silent and not daemon and ("in-reply-to" in headers or _QUOTE.search(mail.notice[:8192])):
        score += 2
    client = f"{headers.get('user-agent')} {headers.get('x-mailer')}".strip()
    if client and not silent:
        score += 3 if words["client"].search(client) else 0 if daemon else 1
    return score


def by_prefix(mail: Mail) -> bool:
    """Whether the subject says that somebody answers or passes on ("Re:", "WG:")."""
    return _words()["person"].match(mail.subject) is not None


def from_person(mail: Mail) -> bool:
    """Whether somebody passes a bounce on or answers it: then its marks are not the mail's own."""
    if not by_prefix(mail) or _is_silent(mail):
        return False
    return _words()["daemon"].search(mail.sender) is None


def is_bounce(mail: Mail) -> bool:
    """Whether a mail that no format knows is taken for a bounce."""
    return weight(mail) >= ENOUGH
