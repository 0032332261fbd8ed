"""A reply that somebody quotes in a sentence, and what the sentence tells about it.

The reply stands behind a word such as ``said:`` or ``error:`` (in several languages), in quotation marks,
behind a dash, or anywhere with its enhanced code::

    Failure reason: 550 5.1.1 no such user
    the server answered with '550 loop detected'
    campaign 7 - 450 too many attempts

The first failing reply counts. Where only a friendly one is quoted (``220 ready``) while the sentence tells
of a failure, the sentence itself is what matters: the reply then has no code. A number that counts
something, a port, an HTTP status or a date is no reply code.
"""

from __future__ import annotations

import re
from itertools import islice

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.parse import clean, parse_reply
from bouncewise.reply.unwrap.common import balanced, failure_words, found, phase_of
from bouncewise.reply.unwrap.fields import FENCED, NAME, peer

MAX_WORDS = 8192  # characters of a reply that are read
MAX_CODES = 200  # numbers that are looked at
MAX_CANDIDATES = 32  # replies that are read
_MARKS = "\"'`“”„‚‘’«»‹›「」『』＂"
_OPEN = _MARKS + "(<[#【（《［*|"
_CODE = re.compile(r"[2-5](?<!\d[2-5])(?:[0-5]\d|(?<=[45])[6-9]\d(?=[ -]#?[45]\.\d))(?!\d)")
_AFTER = re.compile(
    rf"[ -]#?[245]\.\d|[ \-:;,，：。]|\.\s|[{re.escape(_MARKS)})\]】）》］*|]{{1,2}}(?:[\s:：,;.]|$)|"
    rf"[A-Z]{{2}}:[A-Z]|\s?$"
)
_ENHANCED = re.compile(r"[ -]#?[245]\.\d{1,3}\.\d")
_WORDS_AFTER = re.compile(r"[ -]\s?[^\s|]")
_LETTERS_AFTER = re.compile(r"[ -]{1,2}[^\W\d]")
_SEPARATORS = ":：=;,-"
# What stands in front of a reply: the ends of words, lower case; languages by their scripts.
_ENDINGS = (
    "said says report reports reported responded responds response replied reply answer answered error "
    "errors answers returned code status failed failure rejected refused reason result server command "
    "message messages detail details diagnostic smtp lmtp esmtp recipient recipients with msg got err "
    "répondu erreur respuesta respondió respondio resposta respondeu risposta risposto errore erro código "
    "codigo codice antwoord reactie fout foutmelding svar fel felkod felmeddelande feil fejl chyba hata "
    "hatası kod denied "
    "код ответ ответил ошибка ошибки błąd blad "
    "错误 錯誤 代码 代碼 返回 原因 信息 提示 响应 回應 応答 エラー コード 理由 오류 코드 응답"
)
_ANNOUNCING = (
    *_ENDINGS.split(),
    *(
        f"{name} {verb}"
        for name in ("response", "reply", "answer", "error", "code")
        for verb in ("was", "is")
    ),
)
_BEGINNING = ("antwort", "fehler", "réponse", "reponse", "odpowied")
_LAST_WORD = re.compile(r"[^\W\d_]{1,40}$")
_ADDRESS_BEFORE = re.compile(rf"(?<![^\s<(\"'])<?({FENCED})>?$")
_BY = re.compile(r"\bby\s[\w.-]{1,80}$", re.I)
_DASH = re.compile(r"(?<=[\w)\]\"'])(?<!\d\d\d)\s(?:[-–—]|->|=>)\s{1,2}$")
_STOP = re.compile(r"[:：;|,.。]\s{1,3}$")
_NO_REPLY_BEFORE = re.compile(
    r"(?:\bhttps?(?:/[\d.]{1,3})?|\b(?:ports?|lines?|page|only|limit of|more than|over|than|exit|errno|"
    r"status[ _]line))"
    r"(?:\s(?:status|error|response|code)){0,2}[\s:=(\"']{0,3}$",
    re.I,
)
_MENTIONED = re.compile(
    r"\b(?:an?|the|this|with)\s[\"'“]?(42\d|43\d|44\d|45\d|5[1-5]\d|"
    r"50[1-4](?=[ -][45]\.))(?:[ -]([45]\.\d{1,3}\.\d{1,3}))?"
    r"[\"'”]?\s(?:smtp\s|permanent\s|temporary\s|bounce\s)?"
    r"(?:error|code|response|reply|bounce|rejection|failure|back|message)\b(?:\s(?:message|code|back))?(?::\s(.{3,2000}))?",
    re.I | re.S,
)
_ON_THE_WEB = re.compile(r"\bhttps?\b(?!://)|\bpage\b|\bapi\b|\bbrowser\b", re.I)
_PAIRS = {
    '"': '"',
    "'": "'",
    "`": "`'",
    "“": "”",
    "„": "“”",
    "‘": "’",
    "‚": "‘’",
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "【": "】",
    "（": "）",
}
_FAILED = re.compile(
    r"\b(?:fail(?:ed|ure|s)?|errors?|exception|could ?n[o']t|can(?:not|'t)|unable|tim(?:ed|e)[ -]?out|"
    r"refused|reset|"
    r"aborted|lost|closed|handshake|certificate|not trusted)\b|Exception\b|Error\b",
    re.I,
)
_IN_REPLY = re.compile(r"\(?in\s{1,4}reply\s{1,4}to\s{1,4}([^()\n]{1,60}?)(?:\s{1,4}command)?(?:\)|$)", re.I)
_COMMAND = re.compile(
    r"\b(MAIL FROM|RCPT TO|MAIL|RCPT|DATA END|DATA|EHLO|HELO|AUTH|STARTTLS)\b[^\n]{0,120}?"
    r"\b(?:command|fail|error|reject|refus|denied|cmd)",
)
_STEPS = (
    (re.compile(r"\b(?:end of data|after (?:the )?(?:final )?dot|DATA END)\b", re.I), Phase.MESSAGE),
    (re.compile(r"recipient (?:address )?\S{1,320} (?:was )?not accepted|RCPT (?:command|cmd)"), Phase.RCPT),
    (re.compile(r"envelope from address|sender address \S{1,320} not accepted", re.I), Phase.MAIL),
    (re.compile(r"\bMAIL (?:command|cmd)"), Phase.MAIL),
    (re.compile(r"\bauthenti(?:cation|cating) (?:failed|error|failure|to)|\bAuth: ", re.I), Phase.AUTH),
    (re.compile(r"refused to talk to me", re.I), Phase.CONNECT),
)  # fmt: skip
_TRAIL = re.compile(r"\s{1,4}msmtp: could not send mail .{0,400}$|\\r\\n[\"'>}\])]{1,6}$", re.S)
_PEER = re.compile(
    rf"(?:\bhost|\bserver|\bsending to|"
    rf"\bto)[ :]{{1,2}}'?({NAME})'?(?:\s?[\[(]([0-9A-Fa-f.:]{{3,45}})[\])])(?::\d{{1,5}})?"
)
_RECIPIENT = re.compile(rf"\b(?:recipient|RCPT TO)(?: address)?:?\s?<?({FENCED})>?", re.I)


def find(text: str) -> Unwrapped | None:
    """The reply that a text quotes, or None.

    Args:
        text: prose. The first failing reply among the first places that look like one counts, else the
            first reply.
    """
    chosen: tuple[int, int, Reply] | None = None
    candidates, place = 0, -1
    for match in islice(_CODE.finditer(text), MAX_CODES):
        place = match.start()
        if chosen and text[place] in "23":
            continue
        begin = _announced(text, place, match.end())
        if begin is None or _NO_REPLY_BEFORE.search(text, max(0, place - 40), place):
            continue
        candidates += 1
        if candidates > MAX_CANDIDATES:
            break
        reply = _reply_at(text, place)
        if reply.code is None:
            continue
        chosen = begin, place, reply
        if reply.code >= 400:
            break
    if chosen is None:
        return _mentioned(text) if place >= 0 else None  # a code that is mentioned is one of those
    start, end, reply = chosen
    if reply.code is not None and reply.code < 400 and _tells_failure(text, start, end, reply):
        return found("prose", failure_words(text), Context(), clean(text))
    return found("prose", reply, _context(text, end), clean(text))


def _mentioned(text: str) -> Unwrapped | None:
    """A code that a person names (``a 550 error: no such user``), with what was said, else the sentence."""
    match = _MENTIONED.search(text)
    if match is None or _ON_THE_WEB.search(text):
        return None
    words = clean(match[3] or text)
    reply = parse_reply(f"{match[1]} {match[2] or ''} {words}")
    return found("prose", Reply(int(match[1]), reply.enhanced, (words,)), Context(), clean(text))


def _announced(text: str, place: int, end: int) -> int | None:
    """Where the words begin that say that a reply code stands at a place; None where it is just a number."""
    before = text[max(0, place - 100) : place]
    opened = len(before) - len(before.rstrip(_OPEN))
    bare = before[: len(before) - min(opened, 3)]
    if opened <= 3 and _AFTER.match(text, end):
        stem = bare.rstrip()
        stem = stem[:-1].rstrip() if stem[-1:] in _SEPARATORS and stem else stem
        word = stem.lower()
        if word.endswith(_ANNOUNCING) or stem[-1:] in ("]", ">", ")", "】", "）"):
            return place - len(before) + len(stem) - (3 if word.endswith("got") else 0)
        last = _LAST_WORD.search(word)
        if (
            (last and last[0].startswith(_BEGINNING))
            or _ADDRESS_BEFORE.search(stem)
            or (" by " in before and _BY.search(stem))
        ):
            return place - len(before) + len(stem)
    if _ENHANCED.match(text, end) and not (before and (before[-1].isalnum() or before[-1] in "_.:/-")):
        return place
    stopped = opened <= 1 and _WORDS_AFTER.match(text, end) and (_STOP.search(bare) or not bare.strip())
    quoted = opened == 1 and before[-1] in _MARKS and not bare[-1:].isalnum()
    worded = _LETTERS_AFTER.match(text, end) and (quoted or _DASH.search(before))
    return place if text[place] in "45" and (stopped or worded) else None


def _reply_at(text: str, place: int) -> Reply:
    rest = text[place : place + MAX_WORDS]
    closing = _PAIRS.get(text[max(0, place - 4) : place].rstrip(" (<[#*|")[-1:], "")
    if closing:
        close = re.search(rf"[{closing}](?=[\s,;.:)\]}}（(|>。，、；！]|\\r|$)", rest)
        rest = rest[: close.start()] if close else rest
    return parse_reply(balanced(without_reply_to(_TRAIL.sub("", rest))[0]))


def without_reply_to(words: str) -> tuple[str, Phase | None]:
    """Words without ``(in reply to RCPT TO command)``, and the phase that it names."""
    answered = _IN_REPLY.search(words)
    if answered is None:
        return words, None
    return words[: answered.start()].rstrip(), phase_of(" ".join(answered[1].split()))


def _tells_failure(text: str, start: int, end: int, reply: Reply) -> bool:
    """Whether the words round a friendly reply tell of a failure that the reply itself doesn't name."""
    around = f"{text[:start]} {text[end + 3 + len(reply.text) :]}"
    return bool(_FAILED.search(around)) and not _FAILED.search(reply.text)


def _context(text: str, start: int) -> Context:
    before = text[max(0, start - 600) : start]
    phase = without_reply_to(text[start : start + MAX_WORDS])[1]
    command = _COMMAND.search(before)
    if phase is None and command:
        phase = Phase.MESSAGE if command[1] == "DATA END" else phase_of(command[1])
    phase = phase or next((step for pattern, step in _STEPS if pattern.search(before)), None)
    server = _PEER.search(before)
    recipient = _RECIPIENT.search(before) or _ADDRESS_BEFORE.search(before.rstrip(" :("))
    name, address = peer(server[1], server[2]) if server else (None, None)
    return Context(
        phase=phase,
        remote_host=name,
        remote_ip=address,
        recipient=recipient[1].rstrip(">.,;:") if recipient else None,
    )
