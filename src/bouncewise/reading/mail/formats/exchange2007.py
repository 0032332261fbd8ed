"""Exchange 2007 to 2019 and Exchange Online: a part "Diagnostic information for administrators".

The words for people stand in the reader's language; below them stands, in the same order in all languages::

    Diagnostic information for administrators:         (2010 and later)
    Generating server: EX1.example.com                 Generating server: EX1.example.com
                                                       Receiving server: mx.example.com (192.0.2.1)
    bob@example.com                                    Total retry attempts: 50
    #550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
                                                       bob@example.com
    ann@example.com                                    mx.example.com
    mx.example.com #<mx.example.com #5.1.1 smtp;550 no> #SMTP#    Remote Server returned '550 5.1.1 no'

A delivery status goes with it; this reader serves where a gateway has taken that away or where it has no
code. Recognised by a line that is an address alone, above one with ``#550 5.``, ``#SMTP#`` or ``returned '``,
or by the field X-MS-Exchange-Message-Is-Ndr. Where the part for administrators is missing, the names above
tell the recipients: ``Bob<mailto:bob@example.com>``, ``Bob (bob@example.com)``. Source: Microsoft, "DSNs and
NDRs in Exchange", "NDR error codes in Exchange Online".
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.judge import is_bounce
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import CODED, action_of, spoken
from bouncewise.reading.mail.told import Told
from bouncewise.reply.unwrap.common import holds

MAX_LINES = 4000
MAX_WORDS = 30  # lines about a recipient
_ALONE = re.compile(
    rf"^[ \t]{{0,8}}[<(]?(?:mailto:)?({ADDRESS})(?:<mailto:[^<>\n]{{1,320}}>)?[>)]?[ \t]{{0,8}}$", re.I
)
_NAMED = re.compile(
    rf"^[ \t]{{0,8}}[^\n<>(]{{0,160}}[<(](?:mailto:)?({ADDRESS})[>)][ \t]{{0,8}}"
    rf"(?:<mailto:[^<>\n]{{1,320}}>)?[ \t]{{0,8}}$",
    re.I,
)
_ADMIN = re.compile(
    r"#SMTP#|#\s?<?\s?#?[245]\d\d[ ,]?\s?[245]\.\d|#\s?<?[^<>\n]{0,200}#[245]\.\d{1,3}\.\d|Remote Server|"
    r"\b(?:Remote-?\s?server|serveur distant|servidor remoto|server remoto|externe server)\b|"
    r"['‘\"«„][245]\d\d[ -]#?[245]\.\d|"
    r"\b(?:RESOLVER|QUEUE|SMTPSEND|STOREDRV|ROUTING|TRANSPORT|APPROVAL|AGENT)\.\w",
    re.I,
)
_MARKS = ("#SMTP#", " ##", "RESOLVER.", "Diagnostic information for administrators")
_SERVER = re.compile(
    r"^[ \t]{0,8}[^\n:：]{4,40}[:：][ \t]{0,8}([\w-]{1,63}(?:\.[\w-]{1,63}){0,12})"
    r"(?: \(([0-9A-Fa-f:.]{2,45})\))?\s{0,4}$"
)


def recognise(mail: Mail) -> bool:
    """Whether the words are those of an Exchange server from 2007 on, and not quoted by a person."""
    if "x-ms-exchange-message-is-ndr" in mail.headers:
        return True
    text = mail.notice[:32_768]
    marked = holds(text, _MARKS) or ("Remote Server " in text and "returned '" in text)
    return marked and is_bounce(mail)


def read(mail: Mail) -> list[Told]:
    """The recipients of the part for administrators, else those that the words name."""
    lines = mail.lines[:MAX_LINES]
    told = _administrators(lines) or _people(lines, mail)
    servers = [match for line in lines if (match := _SERVER.match(line)) and "@" not in line]
    action = action_of(mail)
    for one in told:
        one.action = action
        one.reporting = servers[0][1] if servers else ""
        one.remote = one.remote or (servers[1][1] if len(servers) > 1 and servers[1][2] else "")
    return told


def _administrators(lines: list[str]) -> list[Told]:
    """The addresses that stand alone above words with a code."""
    told: dict[str, Told] = {}
    for number, line in enumerate(lines):
        match = _ALONE.match(line) if "@" in line and len(line) < 700 else None
        if match is None:
            continue
        words = _paragraph(lines, number + 1)
        if not _ADMIN.search("\n".join(words[:4])):
            continue
        address = clean_address(match[1])
        remote = (
            words[0].strip()
            if len(words) > 1 and re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", words[0].strip()[:253])
            else ""
        )
        told.setdefault(address.lower(), Told(recipient=address, words="\n".join(words), remote=remote))
    return list(told.values())


def _people(lines: list[str], mail: Mail) -> list[Told]:
    """The recipients that the words name, each with the words under it, and a code that stands anywhere."""
    own = {mail.sender_address, *mail.to}
    told: dict[str, Told] = {}
    for number, line in enumerate(lines):
        match = (_NAMED.match(line) or _ALONE.match(line)) if "@" in line and len(line) < 700 else None
        if match is None or match[1].lower() in own:
            continue
        address = clean_address(match[1])
        words = _paragraph(lines, number + 1)
        told.setdefault(address.lower(), Told(recipient=address, words="\n".join(words)))
    following: list[str] = []
    for one in reversed(list(told.values())):  # several names above the same words
        following = one.words.split("\n") if one.words else following
        one.words = one.words or "\n".join(following) or _first_sentence(lines) or spoken(lines)
    coded = [line.strip() for line in lines if CODED.search(line) and _ADMIN.search(line)]
    if len(told) == 1 and coded:
        for one in told.values():
            one.words, one.note = coded[0], one.words
    return list(told.values())


def _first_sentence(lines: list[str]) -> str:
    """The first line that is neither a name, a label nor a heading that ends in a colon."""
    return next(
        (
            line.strip()
            for line in lines[:60]
            if len(line) > 40 and "@" not in line and not line.rstrip().endswith((":", "："))
        ),
        "",
    )


def _paragraph(lines: list[str], begin: int) -> list[str]:
    words: list[str] = []
    for line in lines[begin : begin + MAX_WORDS]:
        if not line.strip():
            break
        if _ALONE.match(line) and len(line) < 700:
            break
        words.append(line.strip())
    return words
