"""Sendmail: the session in its bounce mails, log lines, and its own prose.

A session, whose last command gives the phase; the first final refusal that names a cause is taken, not the
503 or "no valid recipients" that follows from it::

    ... while talking to mx.example.com.:
    >>> RCPT To:<bob@example.com>
    <<< 550 5.1.1 no such user
    550 5.1.1 <bob@example.com>... User unknown

Log lines. ``stat=`` decides; where it names no reply, ``reply=`` (Sendmail 8.16 and later) does if
it agrees with ``dsn=``, because it may be left over from the message before::

    to=<bob@example.com>, delay=00:00:02, relay=mx.example.com. [192.0.2.1], stat=Deferred: 452 4.2.2 full
    to=<bob@example.com>, relay=mx.example.com. [192.0.2.1], dsn=5.1.1, reply=550 5.1.1 no, stat=User unknown

``ruleset=check_rcpt, arg1=<bob@example.com>, relay=x [192.0.2.9], reject=550 ...`` and ``Milter: to=<..>,
reject=...`` are what this Sendmail told a client: the client's address is ``local_ip``.
``bob@example.com... Deferred: Connection timed out with mx.example.com.`` is its own word.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import (
    found,
    holds,
    is_consequence,
    own_words,
    phase_of,
    quoted,
    with_status,
)
from bouncewise.reply.unwrap.fields import FENCED, NAME, host, ip, peer, seconds, time_of

_MARKS = ("while talking to", "<<<", ">>>", "stat=", "reject=", "... ", "sender notify: ")
_BARE = r"[^\s<>@,;:()\"]{1,128}@[^\s<>@,;:()\"]{1,255}"
# Some mail programs show every mark of a quotation as the same sign.
_MISREAD = re.compile(
    r"(>>>\s?(?:MAIL|RCPT|DATA|QUIT|EHLO|HELO)\b[^<>]{0,200}(?:<[^<>]{0,320}>)?\s)>>>\s?(?=[2-5]\d\d[ -])",
    re.I,
)
_TALKING = re.compile(rf"while talking to ({NAME})", re.I)
_COMMAND = re.compile(r">>>\s?([^\n<>]{1,200}(?:<[^>\n]{0,320}>)?[^\n<>]{0,80})")
_SAID = re.compile(r"<<<\s?(?=[2-5]\d\d)")
_STOP = re.compile(r"\n|<<<|>>>")
_NEXT_SAID = re.compile(r"\s{0,4}<<<\s?")
_ASIDE = re.compile(
    rf"\s(?:[245]\d\d (?:[245]\.\d{{1,3}}\.\d{{1,3}} )?)?<?{_BARE}>?\.\.\.(?=\s)"
    r"|\s[45]\d\d (?:[45]\.\d{1,3}\.\d{1,3} )?Service unavailable"
)
# What Sendmail calls every refusal of a message's data: no words about its cause.
_REFUSED = re.compile(r"^\s?[45]\d\d (?:[45]\.\d{1,3}\.\d{1,3} )?Service unavailable\b")
# A server may be a Sendmail too: the address in front of its words is its own, no aside.
_ITS_OWN = re.compile(rf"[245]\d\d[ -](?:[245]\.\d{{1,3}}\.\d{{1,3}} )?<?{_BARE}>?\.\.\.(?=\s)")
_STAT = re.compile(r"\bstat=")
_REJECT = re.compile(r"\breject=")
_REPLY = re.compile(r"\breply=(?=[245]\d\d[ -])(.{3,1200}?)(?:, stat=|$)")
_TO = re.compile(rf"\bto=(?:<({FENCED})>|({_BARE})|([^\s,]{{1,255}}))")
_FROM = re.compile(rf"\bfrom=(?:<((?:{FENCED})?)>|({_BARE}))")
_ARG = re.compile(rf"\barg1=(?:<((?:{FENCED})?)>|({_BARE}))")
_RELAY = re.compile(rf"\brelay=({NAME})?\.?(?:\s?\[([^\]\s]{{2,45}})\])?")
_DELAY = re.compile(r"\bdelay=([\d+:]{5,20})")
_DSN = re.compile(r"\bdsn=([245]\.\d{1,3}\.\d{1,3})(?!\d)")
_RULESET = re.compile(r"\bruleset=(\w{3,40})")
_CODED = re.compile(r"[2-5]\d\d[ -]")
_BEFORE_CODE = re.compile(
    r"(?:Deferred|Service unavailable|User unknown|Data format error|Sent)\s?[:(]\s?(?=[245]\d\d[ -])", re.I
)
_SENT = re.compile(r"Sent \((.{1,2000})\)?$", re.S)
_WITH = re.compile(rf"\b(?:with|by) ({NAME})")
_USER = re.compile(rf"(?:([245]\d\d)(?: ([245]\.\d{{1,3}}\.\d{{1,3}}))? )?(?:<({FENCED})>|({_BARE}))\.\.\. ")
_NOTIFY = re.compile(r"\bsender notify: ((?:Warning: could not send|Cannot send) message.{1,80})")
_RULE_PHASES = {
    "check_rcpt": Phase.RCPT,
    "check_compat": Phase.RCPT,
    "check_mail": Phase.MAIL,
    "check_relay": Phase.CONNECT,
    "check_eoh": Phase.MESSAGE,
    "check_data": Phase.DATA,
    "check_etrn": None,
}


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Sendmail wrote, or None.

    Args:
        text: a session, a log line or a paragraph of a bounce mail, whole or cut off.
    """
    if not holds(text, _MARKS):
        return None
    text = _MISREAD.sub(r"\1<<< ", text) if ">>>" in text else text
    if "<<<" in text:
        return _session(text)
    reject = _REJECT.search(text)
    if reject:
        return _rejected(text, reject)
    stat = _STAT.search(text)
    if stat:
        return _logged(text, stat)
    notify = _NOTIFY.search(text)
    if notify:
        return found("sendmail", own_words(notify[1]), Context(time=time_of(text)))
    return _prose(text)


def _session(text: str) -> Unwrapped | None:
    replies = list(_SAID.finditer(text))
    if not replies:
        return None
    chosen = _deciding(text, replies)
    begin, stop = _reply_span(text, chosen)
    command = _command_before(text, chosen.start())
    recipient = re.search(rf"<({FENCED})>", command) if "rcpt" in command[:10].lower() else None
    talking = _TALKING.search(text)
    phase = phase_of(command) if command else None
    if phase is Phase.DATA and _reached_354(text, chosen.start()):
        phase = Phase.MESSAGE
    context = Context(
        phase=phase,
        remote_host=host(talking[1]) if talking else None,
        remote_ip=ip(talking[1].rstrip(".:")) if talking else None,
        recipient=recipient[1] if recipient else None,
    )
    words = re.sub(r"\s?<<<\s?", "\n", text[begin:stop])
    rest = _REFUSED.sub("", text[stop:][:2000])
    return found("sendmail", quoted(words), context, rest)


def _deciding(text: str, replies: list[re.Match[str]]) -> re.Match[str]:
    """The reply that names the cause; of a session without a refusal the last."""
    failing = [match for match in replies if text[match.end()] in "45"][:64]
    telling = [match for match in failing if not is_consequence(_first_line(text, match))]
    final = [match for match in telling if text[match.end()] == "5"]
    return (final or telling or failing or replies[-1:])[0]


def _first_line(text: str, match: re.Match[str]) -> Reply:
    """The first line of a reply, which says whether it only follows from another."""
    end = match.end() + 600
    line = _STOP.search(text, match.end(), end)
    words = text[match.end() : line.start() if line else end]
    own = _ITS_OWN.match(words)
    aside = _ASIDE.search(words, own.end() if own else 0)
    return quoted(words[: aside.start()] if aside else words)


def _command_before(text: str, place: int) -> str:
    """The last command that the client sent before a place."""
    start = text.rfind(">>>", 0, place)
    command = _COMMAND.match(text, start) if start >= 0 else None
    return command[1].strip() if command else ""


def _reached_354(text: str, place: int) -> bool:
    """Whether the server asked for the message before a place (then the reply is about the message)."""
    start = text.rfind(">>>", 0, place)
    return bool(re.search(r"<<<\s?354", text[max(start, 0) : place]))


def _reply_span(text: str, chosen: re.Match[str]) -> tuple[int, int]:
    """Where a reply stands: with the ``<<<`` lines of the same code that follow it at once."""
    begin = chosen.end()
    code = text[begin : begin + 3]
    end = begin
    while True:
        line = _STOP.search(text, end)
        stop = line.start() if line else len(text)
        own = _ITS_OWN.match(text, end, stop)
        aside = _ASIDE.search(text, own.end() if own else end, stop)
        if aside:
            return begin, aside.start()
        after = _NEXT_SAID.match(text, stop)
        if not after or text[after.end() : after.end() + 3] != code:
            return begin, stop
        end = after.end()


def _first(match: re.Match[str] | None) -> str | None:
    return next((group for group in match.groups() if group is not None), None) if match else None


def _rejected(text: str, reject: re.Match[str]) -> Unwrapped:
    """What this server told a client; ``relay=`` is the client."""
    ruleset, relay = _RULESET.search(text), _RELAY.search(text)
    phase = _RULE_PHASES.get(ruleset[1]) if ruleset else None
    recipient, sender, argument = (_first(p.search(text)) for p in (_TO, _FROM, _ARG))
    if ruleset is None:  # "Milter: to=<..>, reject=..." names the step by what it had
        phase = Phase.RCPT if recipient else Phase.MAIL if sender is not None else None
        phase = Phase.MESSAGE if re.search(r"Milter: (?:data|eom|body|header)", text, re.I) else phase
    if argument is not None and phase is Phase.RCPT:
        recipient = argument
    elif argument is not None and phase is Phase.MAIL:
        sender = argument
    context = Context(
        phase=phase,
        local_ip=ip(relay[2]) if relay else None,
        sender=sender,
        recipient=recipient,
        time=time_of(text),
    )
    return found("sendmail", quoted(text[reject.end() :]), context)


def _logged(text: str, stat: re.Match[str]) -> Unwrapped:
    dsn, relay, delay = _DSN.search(text), _RELAY.search(text), _DELAY.search(text)
    name, address = peer(relay[1], relay[2]) if relay else (None, None)
    words = text[stat.end() :]
    reply = _stat_reply(text, words, dsn[1] if dsn else None)
    sent = reply.code is not None and reply.code < 300
    context = Context(
        phase=Phase.MESSAGE if sent else None,
        remote_host=name,
        remote_ip=address,
        sender=_first(_FROM.search(text)),
        recipient=_first(_TO.search(text)),
        queue_age=seconds(delay[1]) if delay else None,
        time=time_of(text),
    )
    note = words if reply.code is not None and not _CODED.match(words) else ""
    return found("sendmail", with_status(reply, dsn[1] if dsn else None), context, note)


def _stat_reply(text: str, words: str, dsn: str | None) -> Reply:
    """The reply that ``stat=`` names, else that of ``reply=`` where it belongs to this message."""
    before = _BEFORE_CODE.match(words)
    inner = words[before.end() :] if before else words
    if _CODED.match(inner):
        return quoted(inner)
    stored = _REPLY.search(text)
    if stored and (dsn is None or dsn[0] == stored[1][0]):
        reply = quoted(stored[1])
        if reply.enhanced is None or str(reply.enhanced) == dsn or dsn is None:
            return reply
    sent = _SENT.match(words)
    return own_words(sent[1].removesuffix(")") if sent else words)


def _prose(text: str) -> Unwrapped | None:
    """``user@d... words`` of a bounce mail, where the server's reply may follow ``Deferred:``."""
    user = _USER.match(text)
    if user is None:
        return None
    rest = text[user.end() :]
    before = _BEFORE_CODE.match(rest)
    words = rest[before.end() :] if before else rest
    named = _WITH.search(words) if words.startswith("Deferred: ") else None
    context = Context(remote_host=host(named[1]) if named else None, recipient=user[3] or user[4])
    if _CODED.match(words):
        return found("sendmail", quoted(words), context)
    code = f"{user[1]} " if user[1] else ""
    status = f"{user[2]} " if user[2] else ""
    return found("sendmail", quoted(f"{code}{status}{words}"), context)
