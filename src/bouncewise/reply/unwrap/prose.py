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

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.parse import clean, parse_reply
from bouncewise.reply.unwrap.common import failure_words, found, phase_of
from bouncewise.reply.unwrap.fields import FENCED, NAME, peer

MAX_CANDIDATES = 32
_CODE = r"(?:[2-5][0-5]\d|[45][6-9]\d(?=[ -]#?[45]\.\d))"
_MARKS = "\"'`“”„‚‘’«»‹›「」『』＂"
_OPEN = _MARKS + r"(<\[#【（《［*|"
_CLOSE = _MARKS + r")\]】）》］*|"
_AFTER = rf"(?:[ -]#?[245]\.\d|[ \-:;,：，。]|\.\s|[{_CLOSE}]{{1,2}}(?:[\s:：,;.]|$)|[A-Z]{{2}}:[A-Z]|\s?$)"
_WORDS = (
    r"said|says|reports?|reported|responded|responds|response(?:\s(?:was|is))?|replied|reply(?:\swas)?|answered|"
    r"err(?:or)?s?(?:\scode)?|answers?|returned|code|status|failed|failure|rejected|refused|reason|result|server|command|"
    r"messages?|details?|diagnostic(?:-code)?|smtp;?|lmtp;?|esmtp|recipients?|with|msg|got|"
    r"antwort\w{0,6}|fehler\w{0,10}|r[ée]pons\w{1,3}|r[ée]pondu|erreur|respuesta|respondi[óo]|resposta|respondeu|"
    r"risposta|risposto|errore?|erro|c[óo]d(?:igo|ice)|odpowied\w{1,4}|b[łl][ąa]d\w{0,3}|k[óo]d|ответ\w{0,3}|"
    r"ошибк\w{1,2}|код|antwoord|reactie|fout(?:melding|code)?|svar|fel(?:kod|meddelande)?|feil|fejl|chyba|hata|"
    r"错误|錯誤|代码|代碼|返回|原因|信息|提示|响应|回應|応答|エラー|コード|理由|오류|코드|응답"
)
_QUOTED_CODE = re.compile(
    rf"(?:(?:{_WORDS})|[\]>)】）]|\bby\s[\w.-]{{1,80}})\s{{0,2}}[:：=;,-]?\s{{0,3}}[{_OPEN}]{{0,3}}"
    rf"(?={_CODE}{_AFTER})"
    rf"|(?<![\w.:/-])(?={_CODE}[ -]#?[245]\.\d{{1,3}}\.\d)"
    rf"|[:：;|,.。]\s{{1,3}}[{_OPEN}]?(?=[45][0-5]\d[ -]\s?[^\s|])"
    rf"|(?<![\w{_MARKS}])[{_MARKS}](?=[45][0-5]\d[ -]{{1,2}}[^\W\d])"
    rf"|\s(?:[-–—]|->|=>)\s{{1,2}}(?=[45][0-5]\d[ -]\s?[^\W\d])",
    re.IGNORECASE,
)
_HAS_CODE = re.compile(r"(?<!\d)[2-5]\d\d(?!\d)")
_NO_REPLY_BEFORE = re.compile(
    r"(?:\bhttps?(?:/[\d.]{1,3})?|\b(?:ports?|lines?|page|only|limit of|more than|over|than|exit|errno|"
    r"status[ _]line))"
    r"(?:\s(?:status|error|response|code)){0,2}[\s:=(\"']{0,3}$",
    re.I,
)
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
    if not _HAS_CODE.search(text):
        return None
    chosen: tuple[int, int, Reply] | None = None
    for number, match in enumerate(_QUOTED_CODE.finditer(text)):
        if number >= MAX_CANDIDATES:
            break
        if chosen and text[match.end() : match.end() + 1] in "23":
            continue
        reply = _reply_at(text, match)
        if reply is None or reply.code is None:
            continue
        if reply.code >= 400:
            chosen = match.start(), match.end(), reply
            break
        chosen = chosen or (match.start(), match.end(), reply)
    if chosen is None:
        return None
    start, end, reply = chosen
    if reply.code is not None and reply.code < 400 and _tells_failure(text, start, end, reply):
        return found("prose", failure_words(text), Context(), clean(text))
    return found("prose", reply, _context(text, end), clean(text))


def _reply_at(text: str, match: re.Match[str]) -> Reply | None:
    if _NO_REPLY_BEFORE.search(text, max(0, match.end() - 40), match.end()):
        return None
    rest = text[match.end() :]
    marks = match[0].rstrip(" (<[#*|").rstrip()
    closing = _PAIRS.get(marks[-1:], "")
    if closing:
        close = re.search(rf"[{closing}](?=[\s,;.:)\]}}（(|>。，、；！]|\\r|$)", rest)
        rest = rest[: close.start()] if close else rest
    return parse_reply(without_reply_to(_TRAIL.sub("", rest[:8192]))[0])


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
    phase = without_reply_to(text[start : start + 8192])[1]
    command = _COMMAND.search(before)
    if phase is None and command:
        phase = Phase.MESSAGE if command[1] == "DATA END" else phase_of(command[1])
    phase = phase or next((step for pattern, step in _STEPS if pattern.search(before)), None)
    server, recipient = _PEER.search(before), _RECIPIENT.search(before)
    name, address = peer(server[1], server[2]) if server else (None, None)
    return Context(
        phase=phase,
        remote_host=name,
        remote_ip=address,
        recipient=recipient[1].rstrip(">.,;:") if recipient else None,
    )
