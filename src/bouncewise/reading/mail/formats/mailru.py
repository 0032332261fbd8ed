"""Mail.ru: Exim's letter, once in Russian and once more in English.

Both halves name the same recipients with the same replies. Some mails have the Russian half alone.
Recognised by the daemon of mail.ru (corp.mail.ru, bk.ru, inbox.ru, list.ru) and its
Russian opening or subject.

Source: mails of Mail.ru; https://postmaster.mail.ru/
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import anchored
from bouncewise.reading.mail.told import Told

_DAEMON = re.compile(r"^mailer-daemon@(?:[\w-]{1,40}\.)?(?:mail|bk|inbox|list|internet|vk)\.ru$")
_OPENING = "создано автоматически сервером mail.ru"
_SUBJECT = "mail failure."
_LATE = re.compile(r"ещ[её] не (?:было )?доставлен|будут продолжены|попытки доставки")


def recognise(mail: Mail) -> bool:
    """Whether the daemon of Mail.ru opens in its manner."""
    if not _DAEMON.match(mail.sender_address):
        return False
    return _OPENING in mail.notice[:1024].lower() or _SUBJECT in mail.subject.lower()


def read(mail: Mail) -> list[Told]:
    """Each recipient once, with the reply."""
    action = "delayed" if _LATE.search(mail.notice[:4096].lower()) else "failed"
    told = anchored(mail)
    if not told:
        told = [Told(recipient=one) for one in mail.headers.addresses("x-failed-recipients")]
    for one in told:
        one.action = action
    return told
