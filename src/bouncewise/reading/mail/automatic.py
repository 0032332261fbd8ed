"""Automatic answers (RFC 3834) and challenges: mail that a program sent, and that tells of no failure."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from bouncewise.reading.delivery import Kind
from bouncewise.reading.mail.message import Mail

_REPLIED_FIELDS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-vacation",
)
_REPLIED_PRECEDENCE = ("auto_reply", "auto-reply", "autoreply")


@cache
def _words() -> dict[str, tuple[str, ...]]:
    text = files("bouncewise.reading.mail").joinpath("automatic.toml").read_text(encoding="utf-8")
    return {name: tuple(words) for name, words in tomllib.loads(text).items()}


def automatic_kind(mail: Mail) -> Kind | None:
    """``AUTO_REPLY`` or ``CHALLENGE`` for a mail that a program answered with, else None."""
    subject = mail.subject.lower()
    submitted = mail.headers.get("auto-submitted").lower()
    marked = (
        submitted.startswith("auto-replied")
        or any(name in mail.headers for name in _REPLIED_FIELDS)
        or mail.headers.get("precedence").lower() in _REPLIED_PRECEDENCE
        or (
            mail.headers.get("x-auto-response-suppress").lower() in ("all", "oof", "autoreply")
            and "in-reply-to" in mail.headers
        )
    )
    if any(word in subject for word in _words()["challenge"]) and (marked or submitted or _may_answer(mail)):
        return Kind.CHALLENGE
    told = any(word in subject for word in _words()["vacation"])
    return Kind.AUTO_REPLY if marked or (told and not subject.startswith(("re:", "fwd:", "fw:"))) else None


def _may_answer(mail: Mail) -> bool:
    return mail.envelope_sender == "" or "in-reply-to" in mail.headers


def is_answer(mail: Mail) -> bool:
    """Whether a mail that looks like a bounce says by its subject that it is an automatic answer."""
    subject = mail.subject.lower()
    return any(word in subject for words in _words().values() for word in words)
