"""Is a mail a bounce? What speaks for it and against it, each with its weight."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from bouncewise.reading.mail.message import Mail

ENOUGH = 4
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
    score = 0
    daemon = bool(words["daemon"].search(mail.sender)) or mail.sender.strip() in ("<>", "")
    told = bool(words["subject"].search(mail.subject))
    answered = bool(words["person"].match(mail.subject))
    if mail.envelope_sender == "" or (mail.envelope_sender or "").startswith("mailer-daemon"):
        score += 2
    elif mail.envelope_sender and not words["daemon"].search(mail.envelope_sender):
        score -= 1
    score += 3 if daemon else 0
    score += 2 if told and not answered else 0
    score += 4 if "x-failed-recipients" in headers else 0
    score += 1 if headers.get("auto-submitted").lower().startswith(("auto-generated", "auto-replied")) else 0
    score += 3 if mail.status_text and mail.type == "multipart/report" else 0
    text = mail.notice[:16_384]
    if words["failure"].search(text):
        score += 1
    if _REPLY.search(text):
        score += 1
    return score - _against(mail, answered, daemon)


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
