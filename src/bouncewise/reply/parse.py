"""Parse a reply from the wire or from one joined line.

``parse_reply`` takes what servers say and what people paste: any line ends, bare codes, no blank
behind the code, blank lines, UTF-8 or not, and several reply lines joined to one. It never fails:
a text without a reply code gives a reply without a code.

Sources: RFC 5321 section 4.2 (reply lines, multi-line replies), RFC 2034 section 4.
"""

from __future__ import annotations

import re
import unicodedata

from bouncewise.reply.enhanced import LEADING, find_enhanced
from bouncewise.reply.model import EnhancedCode, Reply

MAX_INPUT = 65_536  # RFC 5321 section 4.5.3.1.5 allows 512 octets a line; no honest reply comes near
# Codes that RFC 5321 knows; others of 4yz and 5yz (471, 571) only where more speaks for them.
_CODE = r"([2-5][0-5]\d|[45][6-9]\d(?=[ -]#?[45]\.\d))"
_CODE_FIRST = (
    r"([2-5][0-5]\d|(?!465|587)[45][6-9]\d(?=[ -](?:#?[45]\.\d|[A-Za-z]))|"
    r"(?:465|587)(?= [45]\.\d{1,3}\.\d))"
)
_QUOTE = "\"'`“”„‚‘’«»‹›「」『』＂"
_OPEN = _QUOTE + r"(<\[#【（《〈［*|"
_CLOSE = _QUOTE + r")\]】）》〉］*|"
_CLOSERS = {"“": "”“", "„": "“”", "‚": "‘’", "‘": "’", "«": "»", "»": "«", "「": "」", "『": "』", "【": "】"}
_PREFIX = re.compile(
    rf"(?:smtp\s?(?:;|[- ]?(?:error|reply|server|code|status)\b[: ]?)|(?:error|reply|status|code|"
    rf"server|response)\s?(?:code)?[:=]|"
    rf"error|code|err|s:|<{{1,2}}-?|reply\s\w{{4}})\s{{0,3}}(?=[{_OPEN}]{{0,2}}{_CODE}(?![\d.]))",
    re.IGNORECASE,
)
_LEAD = re.compile(
    rf"[{_OPEN}]{{0,3}}{_CODE_FIRST}(?![\d]|\.\d|[-/]\d\d[-/]|:\d\d)(?:[ \t]?-(?!\s?\d{{4}})|[:;#=,：，]|"
    rf"[ \t]?[|=/](?=[ \t]|[245]\.\d)|"
    rf"[{_CLOSE}]{{1,2}}(?=[\s:;,.：，]|[^\x00-\x7f]|#?[245]\.\d)(?:\s?[:：])?|\.(?=\s))?[ \t]{{0,4}}"
)
# ``421, "4.7.0", words`` and ``"554", "5.7.1", "words"``: the parts of a reply, each in quotes
_LISTED = re.compile(
    rf"[{_QUOTE}(]{{0,2}}{_CODE}[{_QUOTE}]?,\s{{0,2}}[{_QUOTE}]{{0,2}}([245]\.\d{{1,3}}\.\d{{1,3}})(?![\d.])"
    rf"[{_QUOTE}]{{0,2}}\s?[,:–—-]?\s{{0,2}}[{_QUOTE}]?"
)
# ``["550", "words"]``: the code and the words, each in quotes or the code bare
_LISTED_WORDS = re.compile(rf"[{_QUOTE}(\[]{{1,2}}{_CODE}[{_QUOTE}]?,\s{{0,2}}[{_QUOTE}](?=\S)")
_NO_CODE_NEXT = re.compile(
    r"(?:bytes|octets|[kmg]i?b|messages|recipients|days|hours|minutes|seconds|mails|emails|users|mailboxes|"
    r"accounts|times|lines|characters|chars|addresses|connections|attempts|items|files|people|requests|"
    r"(?:ms|secs?|mins?|of|per|and|or)\b|%)"
    r"(?!\s(?:from|with|to|for|containing|that|sent|not|cannot|can't|must|should|rejected|refused|exceeded|"
    r"denied|unknown|exceeds?|temporarily|permanently)\b)",
    re.IGNORECASE,
)
_LIST_JOINT = re.compile(r"\\?[\"'],\s{0,4}\\?[\"'](?=[2-5]\d\d[ -])")
_LIST_END = re.compile(r"\\?[\"'](?:,\s{0,4}[\"']{2}){0,3}\s{0,2}[\])]?\s{0,4}$")
# What most servers say, as it stands in RFC 2034: nothing of what is below can change it.
_PLAIN = re.compile(
    r"([2-5][0-5]\d) ([245])\.(\d{1,3})\.(\d{1,3}) ([A-Za-z<](?:[ -&(-+\--;=-\[\]-~]|<(?![bB]))*)\Z", re.ASCII
)
_NOISE = " :;,*：，"
_LINE = re.compile(r"\r\n|\n|\r|\\{1,4}r\\{1,4}n|\\{1,4}n|<br ?/?>", re.IGNORECASE)
# C0 and C1 controls, zero-width and bidirectional controls: they could move a cursor or hide words
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]+")
_SPACES = re.compile(r"\s{2,}|[\t\u00a0\u3000]")

# What UTF-8 looks like as Latin-1, and the commonest of it (accents, quotation marks, dashes) as Windows-1252
_1252 = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD = re.compile(
    rf"[\xc2\xc3][\x80-\xbf{_1252}]|\xe2[\x80-\x84€‚„][\x80-\xbf{_1252}]|"
    r"[\xc4-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


def decode(data: bytes) -> str:
    """Octets as text: UTF-8, else Windows-1252, else Latin-1; never an error."""
    for charset in ("utf-8", "cp1252"):
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def undo(text: str) -> str:
    """Text whose UTF-8 was read as Latin-1 or Windows-1252, set right; any other text as it is.

    nodemailer gives replies so, and much that is pasted has been through such a reader.
    """
    return text if text.isascii() else _MISREAD.sub(_undone, text)


def _undone(match: re.Match[str]) -> str:
    octets = b"".join(bytes((ord(char),)) if ord(char) < 256 else char.encode("cp1252") for char in match[0])
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def clean(text: str) -> str:
    """Composed characters, controls as blanks, runs of white space as one blank, none at the ends."""
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip() if "  " in text else text.strip()
    text = _CONTROLS.sub(" ", unicodedata.normalize("NFC", text))
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates can't be written anywhere
    return _SPACES.sub(" ", text).strip()


def parse_reply(data: str | bytes) -> Reply:
    """Parse one reply.

    Args:
        data: the reply, whole or joined to one line; what is behind the first 64 KiB is left out.

    Returns:
        The reply. ``lines`` hold the words without reply code and leading enhanced code; an
        enhanced code that stands elsewhere is taken and stays in the words. Without a reply code
        at the start, ``code`` is None.
    """
    text = decode(data[:MAX_INPUT]) if isinstance(data, bytes) else data[:MAX_INPUT]
    plain = _PLAIN.match(text)
    if plain is not None and text.count(plain[1]) == 1 and "  " not in text:
        status = EnhancedCode(int(plain[2]), int(plain[3]), int(plain[4]))
        return Reply(int(plain[1]), status, (plain[5].rstrip(),))
    text = _strip_prefix(undo(text))
    listed = _LISTED.match(text)
    if listed:
        text = f"{listed[1]} {listed[2]} {text[listed.end() :].rstrip(_QUOTE + ' .)')}"
    elif words_listed := _LISTED_WORDS.match(text):
        text = f"{words_listed[1]} {text[words_listed.end() :].rstrip(_QUOTE + ' .)]')}"
    lead = _leading_code(text)
    if lead is None:
        words = tuple([line for line in map(clean, _lines(text)) if line])
        joined = " ".join(words)
        enhanced, _first = _take_leading(joined)
        if enhanced and words:
            return Reply(None, enhanced, _without_leading(words, f" {enhanced} "))
        return Reply(None, find_enhanced(joined), words)
    return _parse_coded(int(lead[1]), text)


def _lines(text: str) -> list[str]:
    """The lines of a text, whatever ends them."""
    if not ("\n" in text or "\\" in text or "\r" in text or "<b" in text or "<B" in text):
        return [text]
    return _LINE.split(text)


def _strip_prefix(text: str) -> str:
    text = text.lstrip(" \t\r\n>")
    prefix = _PREFIX.match(text)
    return text[prefix.end() :] if prefix else text


def _leading_code(text: str) -> re.Match[str] | None:
    lead = _LEAD.match(text)
    if lead is None:
        return None
    if _NO_CODE_NEXT.match(text, lead.end()):
        return None
    return lead


def _parse_coded(code: int, text: str) -> Reply:
    if "," in text:
        joined = _LIST_JOINT.sub("\n", text)
        text = _LIST_END.sub("", joined) if joined != text else text
    raw_lines = [part for part in _lines(text) if part.strip()]
    lines: list[str] = []
    enhanced: EnhancedCode | None = None
    for number, raw in enumerate(raw_lines):
        for piece in _split_joined(code, raw, first=number == 0):
            found, words = _take_leading(clean(piece))
            enhanced = enhanced or found
            lines.append(words)
    start = text.lstrip()[:4].rstrip("0123456789")
    if lines and start:
        lines[-1] = _unquoted(lines[-1], start[-1])
    if enhanced is None:
        enhanced = find_enhanced(" ".join(lines))
    return Reply(code, enhanced, tuple(line for line in lines if line))


def _unquoted(words: str, opening: str) -> str:
    """Words without the quotation mark that closes what ``opening`` opened."""
    if opening not in _QUOTE:
        return words
    end = len(words.rstrip(" >)]}.,;。"))
    closing = _CLOSERS.get(opening, opening)
    while end and words[end - 1] in closing:
        end -= 1
        words = words[:end].rstrip()
        end = len(words)
    return words


def _split_joined(code: int, raw: str, first: bool) -> list[str]:
    """The words of one physical line, cut where reply lines were joined and freed of their codes."""
    lead = _LEAD.match(raw.lstrip())
    body = raw.lstrip()
    if lead is not None and int(lead[1]) == code:
        body = body[lead.end() :]
        again = _LEAD.match(body)
        if first and again is not None and int(again[1]) == code:  # "550 550 5.1.1", "550-550 5.2.1"
            body = body[again.end() :]
    if f"{code}-" not in raw and f" {code} " not in body:
        return [body]
    return _cut(code, raw, body)


def _cut(code: int, raw: str, body: str) -> list[str]:
    """Cut at repeated codes: ``550-``, and ``550 `` before an enhanced code or behind ``550-`` lines."""
    multi = f"{code}-" in raw
    pieces: list[str] = []
    start = 0
    for match in re.finditer(
        rf"(?<![\w.:=/@-]){code}(-|[ ](?=[#(\[]?[245]\.\d{{1,3}}\.\d)|[ ](?=\S)|$)", body
    ):
        plain = match[1] == " " and not re.match(r"[#(\[]?[245]\.\d{1,3}\.\d", body[match.end() :])
        if plain and not multi:
            continue
        pieces.append(body[start : match.start()])
        start = match.end()
    pieces.append(body[start:])
    return pieces


def _take_leading(words: str) -> tuple[EnhancedCode | None, str]:
    """A leading enhanced code and the words behind it."""
    match = LEADING.match(words)
    if match is None:
        return None, words
    rest = words[match.end() :].strip()
    if rest[:1] in _NOISE or rest[:2] in (
        "– ",
        "— ",
        "- ",
        '" ',
        "' ",
        "''",
        '""',
    ):  # "5.7.1 : Recipient rejected"
        rest = rest[1:].lstrip(_NOISE)
    return EnhancedCode(int(match[1]), int(match[2]), int(match[3])), rest


def _without_leading(words: tuple[str, ...], again: str) -> tuple[str, ...]:
    """The words without their enhanced code, which a joined text repeats where a line began."""
    rest = _take_leading(words[0])[1].replace(again, " ")
    return (*([rest] if rest else []), *words[1:])
