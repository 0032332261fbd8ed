"""Postfix: the notice of ``bounce(8)``, also from customised templates and in other languages.

Postfix sends a delivery status with every notice; this reader has the mails whose status was cut off, has no
code or was replaced by a gateway. Every release since 1999 writes an entry for each recipient, folded at 79
columns, whatever the template (``bounce_template_file``) says above it::

    <bob@example.com> (expanded from <bobby@example.com>): host mx.example.com[192.0.2.1]
        said: 550 5.1.1 <bob@example.com>: User unknown (in reply to RCPT TO command)

Recognised by sentences of the default template ("I'm sorry to have to inform you", "This is the mail system
at host", before 2.3 "This is the Postfix program at host"), its subjects, or an entry with "(in reply to".
Gateways built on Postfix keep one of them. ``notify_classes`` also sends transcripts to the postmaster, with
lines ``In:`` and ``Out:``, under the subject "Postfix SMTP server: errors from ...": the reply is what this
server told its client. Source: Postfix, src/bounce, conf/bounce.cf.default, bounce(5), smtpd_chat(3).
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import Entry, entries
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

_SENTENCES = (
    "I'm sorry to have to inform you",
    "I'm sorry to inform you that the message",
    "This is the mail system at host",
    "This is the Postfix program at host",
    "The mail system\n\n<",
)
_SUBJECTS = (
    "undelivered mail returned to sender",
    "delayed mail (still being retried)",
    "successful mail delivery report",
    "mail delivery status report",
)
_HEAD = re.compile(r"<([^<>\s]{1,320}@[^<>\s]{1,255})>(?=:|[ \t]{0,2}\(expanded|[ \t]{0,4}$)")
_STOP = re.compile(r"--[\w.=/+-]{8,}|-{10,}$")
_EXPANDED = re.compile(r"\s{0,8}\(expanded\s{1,8}from\s{1,8}<?([^<>()\s]{1,320})>?\)")
_IN = re.compile(r"\s{0,4}In:\s{1,4}(.{0,1000})$")
_OUT = re.compile(r"\s{0,4}Out:\s{1,4}([245]\d\d[ -].{0,1000})$")
_RCPT = re.compile(r"RCPT TO:\s?<([^<>\s]{1,320})>", re.I)


def recognise(mail: Mail) -> bool:
    """Whether Postfix wrote it, or a program that is made of Postfix."""
    text = mail.notice
    return (
        any(sentence in text for sentence in _SENTENCES)
        or mail.subject.lower() in _SUBJECTS
        or "postfix smtp server: errors from" in mail.subject.lower()
        or ("(in reply to" in text and "\n<" in text)
    )


def read(mail: Mail) -> list[Told]:
    """A recipient for each entry, else for each refused step of a transcript."""
    if "errors from" in mail.subject.lower() or "\n In:  " in mail.notice[:8192]:
        return _transcript(mail.lines)
    found = entries(mail.lines, _HEAD, _STOP) or entries(mail.text.split("\n"), _HEAD, _STOP)
    delivered = "success" in mail.subject.lower()
    action = "delivered" if delivered else action_of(mail)
    if action == "failed" and "delayed mail" in mail.subject.lower():
        action = "delayed"
    told = [_told(entry, action) for entry in found]
    return [one for one in told if one.words] or told


def _told(entry: Entry, action: str) -> Told:
    match, lines = entry
    words = " ".join([match.string[match.end() :].rstrip(), *lines])
    expanded = _EXPANDED.match(words)
    if expanded:
        words = words[expanded.end() :]
    words = words.lstrip(": \t\n")
    action = "delivered" if words.startswith("delivery via ") and action == "failed" else action
    return Told(recipient=match[1], original=expanded[1] if expanded else "", words=words, action=action)


def _transcript(lines: list[str]) -> list[Told]:
    """The refusals that this server gave, each with the recipient of its command."""
    told: dict[str, Told] = {}
    recipients: list[str] = []
    command = ""
    for line in lines[:4000]:
        sent, said = _IN.match(line), _OUT.match(line)
        if sent:
            command = sent[1]
            rcpt = _RCPT.match(command)
            recipients += [rcpt[1]] if rcpt else []
        elif said and said[1][0] in "45":
            of_rcpt = _RCPT.match(command)
            concerned = [of_rcpt[1]] if of_rcpt else recipients[-100:]
            for recipient in concerned:
                told.setdefault(recipient.lower(), Told(recipient=recipient, words=said[1]))
    return list(told.values())
