"""Exchange, Exchange Online and Outlook: non-delivery reports of all ages.

Recognises ``#550 5.1.1 RESOLVER.ADR.RecipNotFound; ... ##``, ``#< #5.1.1 smtp; 550 ...> #SMTP#``,
``Remote Server returned '550 ...'`` (also with the host, and in other languages), ``LED=450 ...``
with ``FQDN=`` and ``IP=``, and ``h gave this error: ...``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Unwrapped
from bouncewise.reply.unwrap.common import HOST, IP, found, own_words, quoted

_MARKS = (
    "#",
    "returned",
    "LED=",
    "gave this error",
    "returnerade",
    "hat einen Fehler",
    "erreur",
    "отклонил",
    "Remote Server",
    "Remotehost",
)
_RETURNED = re.compile(
    rf"Remote Server(?: at ({HOST}) \(({IP})\))? returned\s?:?\s?['\"‘’“”«]?\s?(?=[<#]|[245]|\S)", re.I
)
_LED = re.compile(r"\bLED=\s?")
_FQDN, _LED_IP = re.compile(rf"\bFQDN=({HOST})"), re.compile(rf"\bIP=({IP})")
_GAVE = re.compile(
    rf"({HOST})(?: \(({IP})\))? (?:gave this error|hat (?:diesen|einen|folgenden) Fehler (?:ausgegeben|"
    rf"gemeldet)|a g[ée]n[ée]r[ée] cette erreur|"
    rf"generó este error|ha generato questo errore|gaf deze fout|отправил это сообщение об ошибке|"
    rf"сообщил об ошибке)\s?:\s?",
    re.I,
)
_REFUSED = re.compile(rf"Пользователь ({HOST}) отклонил ваше сообщение", re.I)
_HASH = re.compile(r"#\s?<?\s?#?\s?(?=[245]\d\d[ -;]|[245]\.\d{1,3}\.\d{1,3}[ ;>])")
_OLD = re.compile(rf"<({HOST})\s(?:\(({IP})\)\s)?#[245]\.\d{{1,3}}\.\d{{1,3}}\s?(?:smtp|x400)?;?\s?", re.I)
_END = re.compile(r">?\s?#(?:SMTP|##)?#?\s{0,3}$|\s?##\s{0,3}$|['\"’”»]\s{0,3}$|\s?#SMTP#.{0,40}$|\s?>\s?$")
_TAIL = re.compile(r"\s?(?:##|#SMTP#|>\s?#)")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Exchange wrote, or None."""
    if not any(mark in text for mark in _MARKS):
        return None
    led = _LED.search(text)
    if led:
        return _from_led(text, led)
    for pattern in (_RETURNED, _GAVE):
        match = pattern.search(text)
        if match:
            context = Context(remote_host=match[1], remote_ip=match[2])
            return found("exchange", quoted(_strip(text[match.end() :])), context)
    old = _OLD.search(text)
    if old:
        rest = _strip(text[old.end() :])
        status = re.search(r"#([245]\.\d{1,3}\.\d{1,3})", old[0])
        reply = (
            quoted(rest)
            if re.match(r"[245]\d\d", rest)
            else own_words(f"{status[1] if status else ''} {rest}")
        )
        return found("exchange", reply, Context(remote_host=old[1], remote_ip=old[2]))
    return _from_hash(text)


def _strip(words: str) -> str:
    """The words without what closes the quotation."""
    tail = _TAIL.search(words)
    words = words[: tail.start()] if tail else words
    for _ in range(3):
        words = _END.sub("", words)
    return words.strip(" <>")


def _from_led(text: str, led: re.Match[str]) -> Unwrapped:
    rest = text[led.end() :]
    end = re.search(r"\}?;\s?\{?(?:MSG|FQDN|IP|LRT)=|\}\]|\}\s?;", rest)
    fqdn, ip = _FQDN.search(text), _LED_IP.search(text)
    context = Context(remote_host=fqdn[1] if fqdn else None, remote_ip=ip[1] if ip else None)
    return found("exchange", quoted(rest[: end.start()] if end else rest), context)


def _from_hash(text: str) -> Unwrapped | None:
    match = _HASH.search(text)
    at_start = match is not None and match.start() == 0
    if match is None or not (at_start or "##" in text or "#SMTP#" in text or "RESOLVER." in text):
        return None
    if not at_start and "#SMTP#" not in text and "##" not in text:
        return None
    rest = _strip(text[match.end() :])
    inner = re.match(r"(?:[245]\.\d{1,3}\.\d{1,3})\s?(?:smtp)?;\s?(?=[245]\d\d)", rest, re.I)
    refused = _REFUSED.search(text)
    context = Context(remote_host=refused[1] if refused else None)
    return found("exchange", quoted(rest[inner.end() :] if inner else rest), context)
