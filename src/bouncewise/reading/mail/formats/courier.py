"""Courier: the notice of ``courier/module.dsn``.

::

    This is a delivery status notification from mx.example.com,
    running the Courier mail server, version 1.0.

                               UNDELIVERABLE MAIL

    Your message to the following recipients cannot be delivered:

    <bob@example.net>:
        mx.example.net [192.0.2.1]:
    >>> RCPT TO:<bob@example.net>
    <<< 550 5.1.1 no such user

Recognised by the line with the version, or by the capitals over a list in that form. Warnings stand under
"DELAYED MAIL", reports of success under "DELIVERED MAIL". ``bouncemsg`` templates can be translated: entries
stay. Source: Courier, courier/courier/module.dsn, doc/courierctl.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.entries import Entry, entries
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_HEAD = re.compile(r"[ \t]{0,4}<([^<>\s]{1,320}@[^<>\s]{1,255})>:[ \t]*$")
_STOP = re.compile(r"-{10,}|\s{10,}[A-Z]{4,}|If your message was|The mail server will")
_PEER = re.compile(r"([\w.-]{1,253}) \[(?:::ffff:)?[0-9A-Fa-f:.]{3,45}\]:?[ \t]*$")
_FROM = re.compile(r"delivery status notification from ([\w.-]{1,253})")


def recognise(mail: Mail) -> bool:
    """Whether Courier wrote it."""
    text = mail.notice[:4096]
    if "running the Courier mail server" in text:
        return True
    return ("UNDELIVERABLE MAIL" in text or "DELAYED MAIL" in text) and ">:\n" in text


def read(mail: Mail) -> list[Told]:
    """A recipient for each entry."""
    text = mail.notice[:8192]
    action = "failed"
    if "UNDELIVERABLE MAIL" not in text:
        action = "delayed" if "DELAYED MAIL" in text else "delivered" if "DELIVERED MAIL" in text else action
    host = _FROM.search(text)
    return [_told(entry, action, host[1] if host else "") for entry in entries(mail.lines, _HEAD, _STOP)]


def _told(entry: Entry, action: str, host: str) -> Told:
    match, lines = entry
    peer = _PEER.match(lines[0]) if lines else None
    words = "\n".join(lines[1:] if peer else lines)
    return Told(
        recipient=match[1], words=words, action=action, remote=peer[1] if peer else "", reporting=host
    )
