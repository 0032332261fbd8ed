"""A reply in named parts or in the cells of a table.

Programs print the reply code and the words as two values, in whatever notation they have::

    (code: 535, response: Denied)
    hostname = "mx.example.com", code = 550, details = "no such user"
    &textproto.Error{Code:550, Msg:"5.1.1 no such user"}
    SMTP code:530 msg:530 authentication is required
    5.1.0 - Unknown address error 550-'5.1.1 no such user' (delivery attempts: 0)
    host 'mx.example.com' rejected command 'DATA' with code 550 (5.7.1) 'no'

Tables of HTML or Markdown have them in cells side by side: ``| 550 | 5.1.1 | no such user |``. Of several
rows the first failing one counts.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import found, phase_of, quoted
from bouncewise.reply.unwrap.fields import FENCED, NAME, host

_CODE_KEY = r"(?:\b[A-Za-z]{0,14}[_ -]?code|\b(?:smtp|reply|response)[_ -]?status|\bstatus|\berrNum)"
_TEXT_KEY = (
    r"(?:[A-Za-z]{2,12}[_ -])?(?:smtp|error|response|status|reply)?"
    r"(?:msg|message|text|details?|response|reason|error|description|content|reply|diagnostic|string)"
)
_PAIR = re.compile(
    rf"{_CODE_KEY}[\"']?\s?[:=]{{1,2}}>?\s?[\"']?([2-5]\d\d)[\"']?\s{{0,2}}(?:[,;&|]\s{{0,12}}|\s{{1,12}})[\"']?"
    r"(?:(?:enhanced?|dsn|esc|"
    r"smtp)[\w -]{0,20}[\"']?\s?[:=]\s?[\"']?([245]\.\d{1,3}\.\d{1,3})[\"']?\s?[,;]?\s{0,12}[\"']?)?"
    rf"{_TEXT_KEY}[\"']?\s?[:=]{{1,2}}>?\s?",
    re.I,
)
_STRING = re.compile(r"\\?([\"'`])((?:(?!\1)[^\\]|\\.){0,4000})(?:\1|$)", re.S)
_PLAIN_END = re.compile(r"[)\]}]{1,4}[`'\".]{0,2}\s{0,4}$|\s[\"']?[A-Za-z_]{2,20}[\"']?\s?=\s")
_WEB = re.compile(r"\bhttps?\b[^\n]{0,24}$", re.I)
_HOST = re.compile(rf"\b(?:hostname|host|mx|server|relay)[\"']?\s?[:=]\s?[\"']?({NAME})")
_TO = re.compile(
    rf"\b(?:to|rcpt|recipient)[\"']?\s?[:=]\s?[\"'<\[]{{0,3}}({FENCED})(?=[\s>\"'\],;)]|$)", re.I
)
_PEAR_STEPS = (
    (re.compile(r"Failed to (?:add recipient|set recipient)"), Phase.RCPT),
    (re.compile(r"Failed to set sender"), Phase.MAIL),
    (re.compile(r"Failed to send data"), Phase.MESSAGE),
    (re.compile(r"authentication failure|Failed to authenticate", re.I), Phase.AUTH),
    (re.compile(r"Failed to connect"), Phase.CONNECT),
)
_REJECTED = re.compile(
    rf"host '({NAME})' rejected command '([A-Za-z ]{{2,20}})' with code ([2-5]\d\d) "
    rf"\(([\d.]{{5,11}})\)\s?'?(.{{0,2000}})",
    re.S,
)
# "5.1.0 - Unknown address error 550-'5.1.1 gone' (delivery attempts: 0)"
_GATEWAY = re.compile(
    r"(?<![\d.])([245]\d\d)-('|(?<=\w [245]\d\d-)\")(.{0,2000}?)(?:\2(?=\s?[(,\[\]]|\s{0,3}$)|$)", re.S
)
_CELL_END = re.compile(r"</t[dh]>\s{0,40}<t[dh]\b[^<>]{0,400}>", re.I)
_ROW_END = re.compile(r"</tr>", re.I)
_TAG = re.compile(r"</?[a-z][^<>@]{0,400}>", re.I)
_CODE_CELL = re.compile(r"(?:smtp\s?)?([2-5][0-5]\d)(?:$|[ -](?=\S)|;)", re.I)


def unwrap(text: str) -> Unwrapped | None:
    """The reply whose parts stand in named values or in cells, or None."""
    if "-'" in text or '-"' in text:
        gateway = _GATEWAY.search(text)
        if gateway:
            words = f"{gateway[1]} {gateway[3]}"
            return found("pairs", quoted(words), Context())
    if "rejected command '" in text:
        rejected = _REJECTED.search(text)
        if rejected:
            return _rejected(rejected)
    pair = _pair(text)
    if pair:
        return pair
    lowered = text.lower()
    if "<td" in lowered or "<th" in lowered:
        text = _TAG.sub(" ", _ROW_END.sub("\n", _CELL_END.sub(" | ", text.replace("\n", " "))))
        return _table(text)
    return _table(text) if text.count("|") > 1 else None


def _pair(text: str) -> Unwrapped | None:
    if "ode" not in text and "tatus" not in text and "CODE" not in text and "errNum" not in text:
        return None
    match = _PAIR.search(text)
    if match is None or _WEB.search(text, max(0, match.start() - 40), match.start()):
        return None
    string = _STRING.match(text, match.end())
    if string:
        words = string[2].replace("\\" + string[1], string[1])
    else:
        rest = text[match.end() : match.end() + 4000]
        end = _PLAIN_END.search(rest)
        words = rest[: end.start()].rstrip(" ,;") if end else rest
    status = f"{match[2]} " if match[2] and match[2] not in words[:20] else ""
    server, to = _HOST.search(text, 0, match.start()), _TO.search(text)
    step = next((phase for pattern, phase in _PEAR_STEPS if pattern.search(text, 0, match.start())), None)
    context = Context(
        phase=step,
        remote_host=host(server[1]) if server else None,
        recipient=to[1].rstrip(".,;\"'])") if to else None,
    )
    reply = quoted(f"{match[1]} {status}{words}")
    return found("pairs", Reply(int(match[1]), reply.enhanced, reply.lines), context)


def _rejected(match: re.Match[str]) -> Unwrapped:
    status = "" if match[4] == "0.0.0" else f"{match[4]} "
    phase = phase_of(match[2])
    words = match[5].rstrip(" )").rstrip("'")
    return found(
        "pairs", quoted(f"{match[3]} {status}{words}"), Context(phase=phase, remote_host=host(match[1]))
    )


def _table(text: str) -> Unwrapped | None:
    """The first failing row, else the first row, that has a reply code in a cell and words behind it."""
    friendly: Reply | None = None
    for line in text.split("\n")[:400]:
        cells = [cell.strip(" \t*`_\r") for cell in line.split("|")[:40]] if line.count("|") > 1 else []
        place = next((i for i, cell in enumerate(cells) if _CODE_CELL.match(cell)), None)
        if place is None:
            continue
        words = [cell for cell in cells[place + 1 :] if cell]
        if not words and _CODE_CELL.fullmatch(cells[place]):
            continue
        reply = quoted(" ".join([cells[place], *words]))
        if reply.code is not None and reply.code >= 400:
            return found("table", reply, Context())
        friendly = friendly or (reply if reply.code is not None else None)
    return found("table", friendly, Context()) if friendly else None
