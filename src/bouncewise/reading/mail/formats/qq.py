"""QQ Mail and Tencent Exmail (China): a letter in HTML, in Chinese or English.

A table names the message ("主题", "时间"), whom it did not reach ("无法发送到" or "Undeliverable to") and
why ("退信原因", "Reason"); the server's reply follows the reason in words, as "host
mx.example.com[192.0.2.1] said: 550 ...". Recognised by the postmaster of qq.com or exmail.qq.com, or by
the pair of labels.

Source: https://service.mail.qq.com/ (help on returned mail) and mails of QQ Mail.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.labels import labelled
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_LABELS = {
    "无法发送到": "to",
    "無法發送到": "to",
    "undeliverableto": "to",
    "cannotbesentto": "to",
    "退信原因": "why",
    "reason": "why",
    "解决方案": "",
    "解決方案": "",
    "solution": "",
    "主题": "",
    "主題": "",
    "subject": "",
    "时间": "",
    "時間": "",
    "time": "",
    "收件人": "to",
}
_POSTMASTER = re.compile(r"^(?:postmaster|mailer-daemon|10000)@(?:[\w-]{1,20}\.)?(?:qq|foxmail)\.com$")
_ADDRESS = re.compile(ADDRESS)


def recognise(mail: Mail) -> bool:
    """Whether QQ's postmaster sent it, or its labels stand in it."""
    return _POSTMASTER.match(mail.sender_address) is not None or "无法发送到" in mail.notice[:4096]


def read(mail: Mail) -> list[Told]:
    """Each recipient with the reason below it."""
    pairs = labelled(mail.lines, _LABELS)
    why = "\n".join(value for meaning, value in pairs if meaning == "why")
    named = [a for meaning, value in pairs if meaning == "to" for a in _ADDRESS.findall(value)]
    named = named or list(mail.headers.addresses("x-failed-recipients"))
    found = dict.fromkeys(clean_address(one) for one in named)
    return [Told(recipient=one, words=why) for one in found] if why else []
