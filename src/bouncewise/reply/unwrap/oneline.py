"""Dialogues that were joined to one line, cut to lines again.

People paste what swaks, curl, PHPMailer, nodemailer, Python's ``set_debuglevel`` or a filter's log showed,
and the line ends are gone::

    -> AUTH LOGIN <** 530 Must issue a STARTTLS command first -> QUIT
    SMTP -> FROM SERVER:421 Too many connections CLIENT -> SMTP: EHLO me
    235 2.7.0 ok 555 5.5.4 Unsupported option 503 5.5.1 need MAIL
    354 Enter mail Subject: test . 550 message rejected
    RCPT TO:<bob@example.com> 550 5.1.1 no such user

Nothing is cut where a text only mentions a number: a reply begins behind the mark of a server, behind a
whole command, behind the final dot, or (where the text begins with a friendly reply) behind the end of a
sentence or with an enhanced code of its class.
"""

from __future__ import annotations

import re

SERVER = (
    r"(?:<(?:\*{1,2}|[-~=]\*?|[-=]{2}|<{1,2})?|\bS:|\[S\]|\bServer:|SERVER -> CLIENT:|SMTP -> FROM SERVER:|"
    r"\bGot:|\bRecv:|\bRECV:|\bRX:|\bReceived:|SMTP response:|SMTP<<|\bR:|\breply: b?['\"]|"
    r"\bread \d{1,7} chars<)"
)
CLIENT = (
    r"(?:\bsend: b?['\"]|[-~=]{1,2}>|>{1,3}|\bC:|\[C\]|\bClient:|CLIENT -> SERVER:|CLIENT -> SMTP:|\bSent:|"
    r"\bSend:|\bSEND:|\bTX:|SMTP request:|SMTP>>)"
)
VERB = r"(?:EHLO|HELO|LHLO|MAIL FROM|RCPT TO|DATA|BDAT|RSET|NOOP|QUIT|VRFY|EXPN|AUTH|STARTTLS|HELP)(?![\w-])"
CODE = r"[2-5][0-5]\d(?=[ -]|$|\\r|['\"])"
_MAY_BE_MARKED = re.compile(r"[<:*~=\-\]'\"]\s{0,4}[2-5][0-5]\d(?!\d)")
_MARKED_SERVER = re.compile(rf"(?:^|\s)(?={SERVER}\s{{0,4}}{CODE})")
_MARKED_CLIENT = re.compile(rf"\s(?={CLIENT}\s{{0,4}}{VERB})", re.I)
_SURE_SERVER = re.compile(
    rf"(?:<(?:\*{{1,2}}|[-~=]\*?)|SMTP -> FROM SERVER:|SMTP<<|"
    rf".{{0,80}}\bread \d{{1,7}} chars<)\s{{0,4}}{CODE}"
)
_COMMAND = re.compile(
    r"(?<![\w<])((?:(?:EHLO|HELO|LHLO|VRFY|EXPN) \S{1,255}|(?:MAIL FROM|RCPT TO):?\s?(?:<[^<>]{0,320}>|"
    r"[^\s<>]{1,320})"
    r"(?: [A-Z0-9]{2,12}(?:=\S{1,80})?){0,4}|DATA|QUIT|RSET|NOOP|STARTTLS|HELP|"
    r"AUTH [A-Z0-9-]{4,20}(?: [^\s:]{1,400})?))"
    rf"\s(?={CODE})",
    re.I,
)
_NOTE = re.compile(r"\s\*{1,3}\s(?=[A-Z][a-z])")  # what curl and swaks say themselves
_LINE_ENDS = re.compile(r"\\{1,2}r\\{1,2}n(?=[2-5]\d\d[ -])")
_FINAL_DOT = re.compile(r"\s\.\s{1,4}(?=[2-5]\d\d[ -])")
_FRIENDLY = re.compile(r"[23]\d\d[ -]")
_NEXT_REPLY = re.compile(
    r"\s(?=([245])[0-5]\d[ -]\1\.\d{1,3}\.\d{1,3}[\s:])"
    r"|(?<=[.!;)>])\s(?=[245][0-5]\d[ -](?![\d ]))"
    r"|(?:(?<=\bok)|(?<=\baccepted)|(?<=\bready)|(?<=\bsuccessful)|(?<=\bsuccess)|(?<=\bsucceeded)|"
    r"(?<=\bmail input))"
    r"\s(?=[2345][0-5]\d[ -](?![\d ]))",
    re.I,
)
_COUNTED = re.compile(
    r"[245]\d\d (?:bytes|octets|messages|recipients|mails|emails|users|lines|of|from MTA)\b", re.I
)


def may_hold_more(text: str) -> bool:
    """Whether a text of one line that begins with a friendly reply holds another reply behind it."""
    return bool(_FINAL_DOT.search(text) or any(True for _ in _cuts(text)))


def lines_of(text: str) -> str | None:
    """The dialogue with line ends, or None where the text is none.

    Args:
        text: one line.
    """
    begins = _COMMAND.match(text)
    if begins or _FRIENDLY.match(text):
        return _plain(_LINE_ENDS.sub("\n", text), bool(begins))
    if not _MAY_BE_MARKED.search(text):
        return None
    text = _LINE_ENDS.sub("\n", text)
    cut = _MARKED_SERVER.sub("\n", text).lstrip("\n")
    if cut == text and not _SURE_SERVER.match(text):
        return None
    cut = _NOTE.sub("\n* ", _MARKED_CLIENT.sub("\n", cut))
    return re.sub(r"read \d{1,7} chars<\s?", "<- ", cut)


def is_sure(text: str) -> bool:
    """Whether one marked reply alone is a dialogue, because nothing else looks like it."""
    return bool(_SURE_SERVER.match(text))


def _plain(text: str, command: bool) -> str | None:
    """A dialogue without marks: commands with their replies, or replies only."""
    cut = _COMMAND.sub(r"\n\1\n", text).lstrip("\n") if command or _COMMAND.search(text) else text
    if _FRIENDLY.match(text) or "\n354" in cut:
        cut = _FINAL_DOT.sub("\n.\n", cut)
    if command or _FRIENDLY.match(text):
        for place in reversed(list(_cuts(cut))):
            cut = f"{cut[:place]}\n{cut[place + 1 :]}"
    return cut if "\n" in cut else None


def _cuts(text: str) -> list[int]:
    """Where another reply begins; what counts something or is doubled (``250 from MTA: 250``) is none."""
    return [
        match.start()
        for match in _NEXT_REPLY.finditer(text)
        if not _COUNTED.match(text, match.end()) and text[match.end() : match.end() + 3] != text[:3]
    ]
