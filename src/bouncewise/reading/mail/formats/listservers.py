"""Programs of mailing lists: fml, Mailman 2 and 3, Majordomo 1 and 2, LISTSERV, ezmlm and Sympa.

::

    X-MLServer: fml [fml 4.0.3]           You are not a member of this mailing list <list@example.com>.
    X-List-Administrivia: yes             You are not allowed to post to this mailing list, and ...
    Subject: BOUNCE list@example.com: Non-member submission from [Bob <bob@example.net>]
    Subject: Rejected posting to LIST@EXAMPLE.COM
    Mailing-List: ... run by ezmlm        I'm sorry, your message (enclosed) was not accepted ...

The program took the message and then did not distribute it: the list is the recipient. It stands in the
words, in ``X-BeenThere``, in fml's Message-ID (``...FMLxxx.list@example.com``) or in the sender without its
``-owner``. What waits for a moderator is delayed. Reports about subscribers that bounce are no bounces.
Messages that lists distribute have the same header fields; the words and the absence of ``List-Post`` tell
them apart.
Source: fml's, Mailman's, Majordomo's and ezmlm-idx's message templates, described, not copied; LISTSERV's
manual.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told
from bouncewise.reading.mail.words import patterns

_SENDERS = ("listserv@", "majordomo@", "sympa@", "mailman@")
_ROLES = ("-owner@", "-bounces@", "-admin@", "-help@", "owner-")  # of lists, and of much else
_IN_WORDS = (
    re.compile(rf"^(?:BOUNCE|Rejected posting to|Returned post for)\s{{1,4}}<?({ADDRESS})"),
    re.compile(rf"\b(?:list|in|to)\s{{1,4}}<({ADDRESS})>"),
    re.compile(rf"\bthe\s{{1,4}}<?({ADDRESS})>?\s{{1,4}}(?:mailing[- ]?)?list", re.I),
)
_FML_ID = re.compile(rf"FML\w{{1,24}}\.({ADDRESS})")
_ROLE = re.compile(
    r"^owner-|-(?:owner|bounces?|admin|request|help|return|errors|ctl)(?:[+-][^@]{0,200})?(?=@)", re.I
)


def recognise(mail: Mail) -> bool:
    """Whether the program of a list wrote it, about a message that it did not distribute."""
    headers = mail.headers
    own = headers.has_any(("x-list-administrivia", "list-administrivia", "x-administrivia"))
    if not own and headers.has_any(("list-post", "x-mail-count", "in-reply-to")):
        return False
    own = own or headers.get("x-mlserver").startswith("fml") or "run by ezmlm" in headers.get("mailing-list")
    own = own or any(mark in mail.sender for mark in _SENDERS)
    if patterns("judge")["undelivered"].search(mail.subject.lower()) and "x-mlserver" not in headers:
        return False  # a bounce of what such a program wrote
    if mail.status_text or not (own or any(mark in mail.sender for mark in _ROLES)):
        return False
    text = _flat(mail)
    if not own and not re.search(r"mailing.?list|^bounce \S{1,320}: ", text):
        return False
    words = patterns("listservers")
    if words["other"].search(text):
        return False
    return any(words[name].search(text) for name in ("refused", "held"))


def read(mail: Mail) -> list[Told]:
    """The list, with the reason."""
    words = patterns("listservers")
    text = _flat(mail)
    held = words["held"].search(text) is not None and not mail.subject.startswith("BOUNCE")
    address = _list(mail)
    return [Told(recipient=address, words=_reason(mail), action="delayed" if held else "failed")]


def _flat(mail: Mail) -> str:
    """Subject and words, in small letters with single blanks; LISTSERV justifies its lines."""
    return " ".join(f"{mail.subject} {mail.notice[:3000]}".lower().split())


def _reason(mail: Mail) -> str:
    """The first paragraph that speaks of the refusal, with the one that it announces; else the subject."""
    words = patterns("listservers")
    found = [" ".join(p.split()) for p in re.split(r"\n[ \t]{0,40}\n", mail.notice[:8192]) if p.strip()]
    for number, paragraph in enumerate(found):
        if words["refused"].search(paragraph.lower()) or words["held"].search(paragraph.lower()):
            announced = found[number + 1 : number + 2] if paragraph.endswith(":") else []
            return "\n".join([paragraph, *announced])[:2000]
    return mail.subject


def _list(mail: Mail) -> str:
    """The list's address."""
    for pattern in _IN_WORDS:
        found = pattern.search(mail.subject) or pattern.search(mail.notice[:3000])
        if found:
            return _ROLE.sub("", clean_address(found[1]))
    headers = mail.headers
    identified = _FML_ID.search(headers.get("message-id"))
    if identified:
        return clean_address(identified[1])
    for name in ("x-beenthere", "mailing-list", "from"):
        address = headers.address(name)
        bare = _ROLE.sub("", address)
        if address and (bare != address or name == "x-beenthere"):
            return bare
    sent = mail.returned.addresses("to") if mail.returned else ()
    return sent[0] if len(sent) == 1 else ""
