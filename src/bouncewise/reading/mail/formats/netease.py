"""NetEase (163.com, 126.com, yeah.net) and other servers of Coremail (China): "系统退信/Systems bounce".

A letter in HTML with the labels "收件人" (To), "退信原因" (Reason) or "退信代码" and the server's
words in the manner ``SMTP error, RCPT TO: Host mx.example.com(192.0.2.1) said 550 User not found``, mostly
beside a delivery status without a reply. Sina and Aliyun write with the same labels. Recognised by the
subject or the daemons of these providers, together with one of the labels.

Source: https://help.mail.163.com/faq.do?m=list&categoryID=90 and mails of Coremail.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.labels import labelled
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_LABELS = {
    "收件人": "to",
    "收信人": "to",
    "收件人地址": "to",
    "目标地址": "to",
    "to": "to",
    "recipient": "to",
    "recipients": "to",
    "退信原因": "why",
    "失败原因": "why",
    "错误原因": "why",
    "投递失败原因": "why",
    "错误信息": "why",
    "详细信息": "why",
    "退信代码": "why",
    "原因": "why",
    "reason": "why",
    "英文说明": "why",
    "建议": "",
    "建议解决方案": "",
    "解决方案": "",
    "解决方法": "",
    "主题": "",
    "邮件主题": "",
    "时间": "",
    "发送时间": "",
    "发件人": "",
    "subject": "",
    "from": "",
    "date": "",
    "原邮件信息": "",
}
_SENDER = re.compile(
    r"^(?:postmaster|mailer-daemon|mailerdaemon|system|admin)@(?:[\w-]{1,30}\.)?"
    r"(?:163|126|188|sina|aliyun|sohu|tom|21cn|139|189|263)\.(?:com|cn|net|com\.cn)$|@yeah\.net$|@alibaba-inc\.com$"
)
_SUBJECTS = ("systems bounce", "系统退信", "退信通知", "系統退信")
_ADDRESS = re.compile(ADDRESS)


def recognise(mail: Mail) -> bool:
    """Whether the subject or the sender is known and a reason is labelled."""
    known = any(word in mail.subject.lower() for word in _SUBJECTS) or _SENDER.match(mail.sender_address)
    return bool(known) and ("原因" in mail.notice[:8192] or "Reason" in mail.notice[:8192])


def read(mail: Mail) -> list[Told]:
    """Each recipient with the reasons; those that stand between two recipients go with the first."""
    told: list[Told] = []
    before: list[str] = []
    for meaning, value in labelled(mail.lines, _LABELS):
        if meaning == "to":
            told += [Told(recipient=clean_address(a)) for a in _ADDRESS.findall(value)[:1000]]
        elif not told:
            before.append(value)
        else:
            told[-1].words = "\n".join(filter(None, (told[-1].words, value)))
    words = "\n".join(before)
    for one in reversed(told):
        words = one.words = one.words or words
    if not told and words:
        told = [Told(recipient=one, words=words) for one in mail.headers.addresses("x-failed-recipients")]
    return told or ([Told(words=words)] if words else [])
