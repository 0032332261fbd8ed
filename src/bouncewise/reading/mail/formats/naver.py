"""Naver and Daum (Kakao), and other Korean services: letters in Korean with labels.

"받는사람" (or "수신자", "받는이") names the recipient, "반송 사유", "실패 사유" or "원인" says why, mostly
with the server's reply behind a sentence. Recognised by the daemons of naver.com, daum.net, hanmail.net,
kakao.com and nate.com, or by a subject with "반송" or "전송 실패", together with a label.

Source: https://help.naver.com/ (mail, returned mail) and https://cs.daum.net/
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.labels import labelled
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.told import Told

_LABELS = {
    **dict.fromkeys(
        ("받는사람", "받는이", "수신자", "수신인", "받는사람주소", "실패한주소", "수신메일주소"), "to"
    ),
    **dict.fromkeys(
        (
            "반송사유",
            "반송원인",
            "실패사유",
            "실패원인",
            "전송실패사유",
            "전송실패원인",
            "오류내용",
            "오류메시지",
            "원인",
            "사유",
            "에러메시지",
            "상세내용",
        ),
        "why",
    ),
    **dict.fromkeys(
        (
            "보낸사람",
            "보낸이",
            "제목",
            "발송시간",
            "보낸시간",
            "보낸날짜",
            "날짜",
            "해결방법",
            "조치방법",
            "안내",
        ),
        "",
    ),
}
_SENDER = re.compile(
    r"^(?:mailer-daemon|postmaster|mailer|noreply|no-reply)@(?:[\w-]{1,30}\.){0,2}(?:naver|daum|hanmail|kakao|nate)\.(?:com|net)$"
)
_SUBJECTS = ("반송", "전송 실패", "전송실패", "배달 실패", "발송 실패")
_ADDRESS = re.compile(ADDRESS)


def recognise(mail: Mail) -> bool:
    """Whether the sender or the subject is known and a reason is labelled."""
    known = _SENDER.match(mail.sender_address) or any(word in mail.subject for word in _SUBJECTS)
    return bool(known) and any(word in mail.notice[:8192] for word in ("사유", "원인", "오류", "에러"))


def read(mail: Mail) -> list[Told]:
    """Each recipient with the reasons."""
    pairs = labelled(mail.lines, _LABELS)
    why = "\n".join(value for meaning, value in pairs if meaning == "why")
    named = [a for meaning, value in pairs if meaning == "to" for a in _ADDRESS.findall(value)]
    found = dict.fromkeys(clean_address(one) for one in named)
    return [Told(recipient=one, words=why) for one in list(found)[:1000] or [""]] if why else []
