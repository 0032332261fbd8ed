"""OpenSMTPD: delivery log lines, old and new, and the prose of its bounce mails.

Since 6.4, one line an attempt; older versions write the same fields without quotes::

    5d76 mta delivery evpid=43ae from=<a@example.net> to=<bob@example.com> rcpt=<-> source="198.51.100.2"
      relay="192.0.2.1 (mx.example.com)" delay=1m40s result="TempFail" stat="450 4.2.0 later"
    relay: PermFail for 43ae: session=5d76, from=<a@example.net>, to=<bob@example.com>, rcpt=<->,
      source=198.51.100.2, relay=192.0.2.1 (mx.example.com), delay=5s, stat=550 5.1.1 gone

``stat="Error (\\"550 ...\\")"`` and ``smtp-out: Error on session 5d76: ...`` carry a reply too. What has
no reply code in ``stat`` (``Network error on destination MXs``) are OpenSMTPD's own words; the verdict
then gives the class alone, as X.0.0 (RFC 3463 section 3.1).
``smtp failed-command command="RCPT TO:<..>" result="550 ..."`` is what it told a client.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, EnhancedCode, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import found, holds, own_words, phase_of, quoted
from bouncewise.reply.unwrap.fields import FENCED, NAME, host, ip, seconds, time_of

_MARKS = ("stat=", "smtp-out:", "failed-command", "Failed command", "mta error reason=")
_QUOTED_STAT = re.compile(r"\bstat=\"((?:[^\"\\]|\\.){0,4000})\"?")
_OLD_STAT = re.compile(r", stat=(.{1,4000})", re.S)
_RESULT = re.compile(r"\bresult=\"?(\w{2,20})")
_OLD = re.compile(r"\b(?:relay|delivery|mda|mta|local|bounce)?: (\w{2,12}) for [0-9a-f]{8,16}: ")
_TO = re.compile(rf"\bto=<({FENCED})>")
_FROM = re.compile(rf"\bfrom=<((?:{FENCED})?)>")
_RELAY = re.compile(rf"\brelay=\"?(?:\[?([0-9A-Fa-f:.]{{3,45}})\]? \(({NAME})\)|({NAME}))")
_SOURCE = re.compile(r"\bsource=\"?\[?([0-9A-Fa-f:.]{3,45})")
_DELAY = re.compile(r"\bdelay=([\dwdhms.]{1,30})")
_SESSION = re.compile(r"smtp-out: Error on session [0-9a-f]{1,32}(?:: to \S{1,300})?: ")
_REASON = re.compile(r"\bmta error reason=\"?([^\"\n]{1,1000})")
_ERROR = re.compile(r"Error \([\"']?(.{1,4000}?)[\"']?\)?$", re.S)
_COMMAND = re.compile(
    r"(?:\bfailed-command (?:address=(\S{2,45}) host=\S{1,255} )?command=\"((?:[^\"\\]|\\.){1,400})\" "
    r"result=\"((?:[^\"\\]|\\.){1,1000})\"?|"
    r"Failed command on session [0-9a-f]{1,32}: ()\"([^\"\n]{1,400})\" => (.{1,1000}))"
)
# Classes that OpenSMTPD's verdicts stand for where it has no reply; "Remove" takes mail out on demand.
_CLASSES = {"ok": 2, "tempfail": 4, "permfail": 5, "expire": 5}


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what OpenSMTPD wrote, or None.

    Args:
        text: a log line, whole or cut off.
    """
    if not holds(text, _MARKS):
        return None
    session = _SESSION.search(text) if "smtp-out:" in text else None
    if session:
        return found("opensmtpd", _said(text[session.end() :]), Context(time=time_of(text)))
    reason = _REASON.search(text) if "mta error reason=" in text else None
    if reason:
        return found("opensmtpd", _said(reason[1]), Context(time=time_of(text)))
    command = _COMMAND.search(text) if "ailed" in text else None
    if command:
        return _refused(text, command)
    return _delivery(text)


def _said(words: str) -> Reply:
    """The words of a server, freed of ``Error (...)``, or OpenSMTPD's own."""
    words = words.replace('\\"', '"').strip()
    error = _ERROR.match(words)
    words = error[1] if error else words
    return quoted(words) if re.match(r"[2-5]\d\d(?!\d)", words) else own_words(words)


def _delivery(text: str) -> Unwrapped | None:
    old = _OLD.search(text)
    result = old or _RESULT.search(text)
    stat = _QUOTED_STAT.search(text) or (_OLD_STAT.search(text) if old else None)
    if result is None or stat is None:
        return None
    verdict = result[1].lower()
    reply = _said(stat[1])
    if reply.code is None and reply.enhanced is None and verdict in _CLASSES:
        reply = Reply(None, EnhancedCode(_CLASSES[verdict], 0, 0), reply.lines)
    to, sender, relay, source, delay = (p.search(text) for p in (_TO, _FROM, _RELAY, _SOURCE, _DELAY))
    context = Context(
        phase=Phase.MESSAGE if verdict == "ok" and reply.code is not None else None,
        remote_ip=ip(relay[1]) if relay else None,
        remote_host=host(relay[2]) if relay else None,
        local_ip=ip(source[1]) if source else None,
        recipient=to[1] if to else None,
        sender=sender[1] if sender else None,
        queue_age=seconds(delay[1]) if delay else None,
        time=time_of(text),
    )
    return found("opensmtpd", reply, context, "Expire" if verdict == "expire" else "")


def _refused(text: str, match: re.Match[str]) -> Unwrapped:
    """What this server told a client."""
    command, words = (match[2], match[3]) if match[2] else (match[5], match[6])
    mailbox = re.search(rf"<((?:{FENCED})?)>", command)
    phase = phase_of(command.split("<", 1)[0])
    context = Context(
        phase=phase,
        local_ip=ip(match[1]),
        sender=mailbox[1] if mailbox and phase is Phase.MAIL else None,
        recipient=mailbox[1] if mailbox and phase is Phase.RCPT else None,
        time=time_of(text),
    )
    return found("opensmtpd", _said(words), context)
