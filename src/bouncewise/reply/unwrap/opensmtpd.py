"""OpenSMTPD: delivery log lines, old and new.

Recognises ``result="PermFail" stat="550 ..."`` with ``rcpt``, ``relay`` and ``source``, and
``smtp-out: Error on session ...: ...``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, IP, found, own_words, quoted

_STAT = re.compile(r"\bstat=\"((?:[^\"\\]|\\.){1,4000})\"?")
_RESULT = re.compile(r"\bresult=\"?(\w{2,20})")
_TO = re.compile(rf"\b(?:to|rcpt)=<({ADDRESS})>")
_FROM = re.compile(rf"\bfrom=<({ADDRESS})>")
_RELAY = re.compile(rf"\brelay=\"?({IP}) \(({HOST})\)")
_SOURCE = re.compile(rf"\bsource=\"?({IP})")
_SESSION = re.compile(r"smtp-out: Error on session [0-9a-f]{1,32}: ")
_ERROR = re.compile(r"^Error \(\\?\"?(.{1,4000}?)\\?\"?\)?$", re.S)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what OpenSMTPD wrote, or None."""
    session = _SESSION.search(text) if "smtp-out:" in text else None
    if session:
        return found("opensmtpd", own_words(text[session.end() :]), Context())
    if 'stat="' not in text:
        return None
    stat = _STAT.search(text)
    if stat is None or not _RESULT.search(text):
        return None
    words = stat[1].replace('\\"', '"')
    error = _ERROR.match(words)
    words = error[1] if error else words
    to, sender, relay, source = (p.search(text) for p in (_TO, _FROM, _RELAY, _SOURCE))
    context = Context(
        remote_ip=relay[1] if relay else None,
        remote_host=relay[2] if relay else None,
        local_ip=source[1] if source else None,
        recipient=to[1] if to else None,
        sender=sender[1] if sender else None,
    )
    reply = quoted(words) if re.match(r"[245]\d\d", words) else own_words(words)
    return found("opensmtpd", reply, context)
