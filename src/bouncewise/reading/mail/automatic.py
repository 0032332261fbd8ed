"""Automatic answers (RFC 3834) and challenges: mail that a program sent, and that tells of no failure."""

from __future__ import annotations

import re

from bouncewise.reading.delivery import Kind
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.words import lists

# Fields that only answering programs write.
_REPLIED_FIELDS = (
    "x-autoreply",
    "x-autoreply-from",
    "x-autorespond",
    "x-autoresponder",
    "x-autoresponse",
    "x-auto-reply",
    "x-auto-reply-from",
    "x-auto-response",
    "x-mail-autoreply",
    "x-mail-auto-reply",
    "x-vacation",
    "x-ms-exchange-inbox-rules-loop",
    "x-fc-machinegenerated",
    "x-yahoo-vacation",
    "x-opencms-autoreply",
)
_REPLIED_PRECEDENCE = ("auto_reply", "auto-reply", "autoreply")
_AGENT = re.compile(r"vacation|auto-?repl|auto-?respon|rules agent|tmda", re.I)
_BEFORE = re.compile(
    r"^(?:\s{0,4}\[[^\]]{0,60}\]|\s{0,4}(?:re|aw|fwd?|sv|vs|tr|rv|wg)\s?:){0,4}\s{0,4}", re.I
)
_TAG = re.compile(r"\s{0,4}\[([^\]]{1,60})\]")
_QUOTED_AGAIN = re.compile(r"^\s{0,4}(?:fwd?|wg|tr|rv|enc|i|vs)\s?:", re.I)


def words() -> dict[str, tuple[str, ...]]:
    """The lists of ``automatic.toml``."""
    return lists("automatic")


def automatic_kind(mail: Mail) -> Kind | None:
    """``AUTO_REPLY`` or ``CHALLENGE`` for a mail that a program answered with, else None."""
    if _QUOTED_AGAIN.match(mail.subject) or "list-post" in mail.headers:
        return None
    marked = _is_marked(mail)
    hinted = marked or _may_answer(mail)
    if _is_challenge(mail, hinted):
        return Kind.CHALLENGE
    if marked:
        return Kind.AUTO_REPLY
    subject = mail.subject.lower()
    bare = _BEFORE.sub("", subject)
    tag = _TAG.match(subject)
    bulk = "list-unsubscribe" in mail.headers or "list-id" in mail.headers
    if not bulk and bare.startswith(words()["answer"]) and (hinted or bare == subject.strip()):
        return Kind.AUTO_REPLY
    if not bulk and tag and tag[1].startswith(words()["answer"]):
        return Kind.AUTO_REPLY
    answers = mail.envelope_sender == "" or "in-reply-to" in mail.headers
    told = any(word in subject for name in ("answer", "absent") for word in words()[name])
    silent = mail.envelope_sender == "" and "in-reply-to" in mail.headers  # nobody writes so by hand
    return Kind.AUTO_REPLY if not bulk and ((hinted and answers and told) or silent) else None


def is_answer(mail: Mail) -> bool:
    """Whether a mail that looks like a bounce says by its subject that it is an automatic answer."""
    bare = _BEFORE.sub("", mail.subject.lower())
    return bare.startswith(words()["answer"]) or any(word in bare for word in words()["challenge"])


def _is_marked(mail: Mail) -> bool:
    """Whether a header field says that a program answered."""
    headers = mail.headers
    return (
        headers.get("auto-submitted").lower().startswith("auto-replied")
        or headers.has_any(_REPLIED_FIELDS)
        or any(
            headers.get(name).lower() in _REPLIED_PRECEDENCE
            for name in ("precedence", "x-precedence", "preference")
        )
        or headers.get("x-apple-action").lower() == "vacation"
        or "vacation" in headers.get("auto-submitted").lower()
        or any(
            _AGENT.search(headers.get(name))
            for name in (
                "x-mailer",
                "user-agent",
                "x-delivery-agent",
                "x-ms-exchange-generated-message-source",
            )
        )
        or (
            headers.get("x-auto-response-suppress").lower() in ("all", "oof", "autoreply")
            and "in-reply-to" in headers
        )
    )


def _may_answer(mail: Mail) -> bool:
    """Whether it was sent so that nothing answers it, as answers are (RFC 3834 section 3.3)."""
    return (
        mail.envelope_sender == ""
        or mail.headers.get("precedence").lower() in ("bulk", "junk")
        or mail.headers.get("auto-submitted").lower().startswith("auto-generated")
        or "x-auto-response-suppress" in mail.headers
    )


def _is_challenge(mail: Mail, hinted: bool) -> bool:
    """Whether it asks its reader to prove something before the mail that it answers goes on."""
    if "list-unsubscribe" in mail.headers:
        return False
    subject = mail.subject.lower()
    text = " ".join(mail.notice[:4096].lower().split())
    asks = any(word in text for word in words()["asked"])
    known = any(
        word in f"{mail.sender} {mail.headers.get('reply-to').lower()}" for word in words()["challengers"]
    )
    answers = mail.envelope_sender == "" or "in-reply-to" in mail.headers
    titled = any(word in subject for word in words()["challenge"])
    return (known and (asks or titled)) or (answers and titled) or (hinted and asks)
