"""The general reader: addresses and replies out of prose of any wording.

A notice names a recipient at the beginning of a line, or in a sentence about it, and the words that
follow say why. What it gives is less sure than what a format's own reader gives.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.paths import recipient_in_path
from bouncewise.reading.mail.told import Told
from bouncewise.reading.mail.words import says

MAX_LINES = 2000
MAX_ANCHORS = 10_000
MAX_SPOKEN = 1024  # characters of a notice in which nothing is known to speak of a failure
MAX_PARAGRAPH = 40  # lines that belong to one recipient
# It begins with the digit, so that it is tried at digits only.
CODED = re.compile(
    r"[45](?:(?<![\d.\w@-][45])[0-7]\d(?![\d.:/%])(?:[ -]|$)"
    r"(?!bytes|kb|mb|octets|hours|days|minutes|seconds)|"
    r"(?<![\d.][45])\.[0-7]\.\d{1,3}(?![\d.]))"
)
_ANCHOR = re.compile(
    rf"^[ \t]{{0,16}}(?:[-*•·>]{{1,4}}[ \t]?)?(?P<label>[^\W\d][\w '()/.-]{{0,40}}[:：][ \t]{{0,8}})?"
    rf"(?:(?P<name>\"?[^\n\"<>@:]{{1,64}}\"?)[ \t]{{0,4}}(?=[<\[]))?"
    rf"[<\[(\"']{{0,2}}(?:mailto:|smtp:|rfc822;\s?)?(?P<address>{ADDRESS})"
    rf"[>\])\"']{{0,2}}(?P<rest>[^\n]*)$",
    re.I,
)
_SENTENCE = re.compile(
    rf"(?:deliver(?:y|ed|ing)?|sen[dt]|recipients?|address|users?|mailbox|account|to|for|reach|unknown|"
    rf"rejected|von|an|à|para|per|por|do|na|адрес\w*|получател\w*|收件人|地址)"
    rf"[ \t:：<\"'(]{{1,6}}(?:mailto:)?({ADDRESS})",
    re.I,
)
_ANY = re.compile(ADDRESS)
_HELP = re.compile(r"postmaster@|mailer-daemon@|abuse@|support@|helpdesk@|noreply@|no-reply@", re.I)
_RULE = re.compile(r"^[\s\-=_*#+~.]{4,}$")


def read_prose(mail: Mail) -> list[Told]:
    """What the notice tells of each recipient it names.

    Args:
        mail: a mail that is taken for a bounce.
    """
    told = anchored(mail)
    if not told:
        told = [Told(recipient=address) for address in _named(mail)[:50]] or [Told()]
    if len({one.recipient for one in told}) > 1 and any(CODED.search(one.words) for one in told):
        told = [one for one in told if one.words.strip()] or told
    several = len(told) > 1
    lacking = [one for one in told if not CODED.search(one.words) and not (several and _is_own(one.words))]
    rest = (spoken(mail.lines) or mail.notice.strip()[:MAX_SPOKEN]) if lacking else ""
    taken = several and _is_anothers(rest, told)
    for one in lacking:
        if not (taken and one.words.strip()):
            one.words, one.note = _better(one.words, rest), one.words
    action = action_of(mail)
    for one in told:
        one.action = action
    return told


def _is_own(words: str) -> bool:
    """Whether words are one line that tells of a failure: enough for a recipient among several."""
    return bool(words) and "\n" not in words and not words.endswith(":") and _tells("failure", words)


def _is_anothers(rest: str, told: list[Told]) -> bool:
    """Whether the reply that the notice gives is one that stands with a recipient."""
    coded = [line for one in told[:100] for line in one.words.split("\n")[:20] if CODED.search(line)]
    return any(line in rest[:MAX_SPOKEN] for line in coded)


def words_about(mail: Mail, reported: list[Told]) -> list[Told]:
    """Fill in what the notice says where the delivery status has no reply with a code."""
    lacking = [one for one in reported if not CODED.search(one.words)]
    if not lacking:
        return reported
    by_address = {one.recipient.lower(): one.words for one in anchored(mail)}
    rest = spoken(mail.lines)
    for one in lacking:
        said = by_address.get(one.recipient.lower(), "")
        if not CODED.search(said):
            said = rest if len(reported) == 1 and CODED.search(rest) else said or rest
        if CODED.search(said) or not one.words:
            one.note = " ".join(filter(None, (one.note, one.words)))
            one.words = said
        else:
            one.note = " ".join(filter(None, (one.note, said)))
    return reported


def action_of(mail: Mail) -> str:
    """``delayed`` for a warning that the server goes on trying, else ``failed``."""
    text = f"{mail.subject}\n{mail.notice[:4096]}"
    return "delayed" if _tells("delayed", text) and not _tells("gave_up", text) else "failed"


def _tells(name: str, text: str) -> bool:
    """Whether words of a list of ``prose.toml`` stand in a text."""
    return says("prose", name, text.lower())


def anchored(mail: Mail) -> list[Told]:
    """The recipients that stand at the beginning of a line, each with the words behind it."""
    lines = mail.lines[:MAX_LINES]
    own = _own_addresses(mail)
    anchors: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines):
        if "@" not in line or len(line) > 2000:
            continue
        match = _ANCHOR.match(line)
        if match and _is_recipient(match, own):
            anchors.append((number, clean_address(match["address"]), match["rest"]))
        if len(anchors) >= MAX_ANCHORS:
            break
    told = []
    for place, (number, address, rest) in enumerate(anchors):
        end = anchors[place + 1][0] if place + 1 < len(anchors) else len(lines)
        told.append(Told(recipient=address, words=_behind(lines, number, end, rest)))
    for place in range(len(told) - 2, -1, -1):  # addresses on lines in a row share the words below them
        (number, *_), (below, _, rest) = anchors[place], anchors[place + 1]
        if not told[place].words and below == number + 1 and not rest.strip(" \t>)],;"):
            told[place].words = told[place + 1].words
    return _without_echoes(told)


def _without_echoes(told: list[Told]) -> list[Told]:
    """One for each address: the one with a code, else the first with words."""
    best: dict[str, Told] = {}
    for one in told:
        key = one.recipient.lower()
        known = best.get(key)
        if known is None or (not CODED.search(known.words) and (CODED.search(one.words) or not known.words)):
            best[key] = one
    return list(best.values())


def _is_recipient(match: re.Match[str], own: frozenset[str]) -> bool:
    address = clean_address(match["address"]).lower()
    label = (match["label"] or "").strip()
    if _tells("not_label", label) or (label and not _tells("label", label)):
        return False
    name = (match["name"] or "").strip()
    if name and (len(name.split()) > 5 or _tells("failure", name) or CODED.search(name)):
        return False
    return address not in own and not _HELP.match(address)


def _own_addresses(mail: Mail) -> frozenset[str]:
    """Who sent the bounce and who sent the message: neither is the recipient that failed.

    An address that the returned message was also addressed to is left out: people write to themselves.
    """
    returned = mail.returned
    own = {mail.sender_address, *mail.to}
    if returned:
        own.add(returned.address("from").lower())
        own.add(returned.address("return-path").lower())
        own -= {
            address.lower()
            for name in ("to", "cc", "x-failed-recipients")
            for address in returned.addresses(name)
        }
    own.discard(mail.headers.address("x-failed-recipients").lower())
    return frozenset(own)


def _behind(lines: list[str], number: int, end: int, rest: str) -> str:
    """The words about the address of a line: what stands behind it, and the lines below."""
    beside = rest.strip(" \t:：>)]\"'")
    beside = beside[1:] if beside[:1] == "(" and ")" not in beside else beside
    words = [beside] if beside.strip(".,;") else []
    blank = 0
    for line in lines[number + 1 : min(end, number + MAX_PARAGRAPH)]:
        if not line.strip():
            blank += 1
            if words or blank > 1:
                break
            continue
        if _RULE.match(line):
            break
        words.append(line.strip())
    return "\n".join(words)


def _named(mail: Mail) -> list[str]:
    """The recipients that sentences name, or that the header fields know."""
    failed = mail.headers.addresses("x-failed-recipients")
    if failed:
        return list(failed)
    own = _own_addresses(mail)
    text = mail.notice[:16_384]
    returned = mail.returned
    sent_to = [a for a in returned.addresses("to") if a.lower() not in own] if returned else []
    named = [clean_address(a) for a in (*_SENTENCE.findall(text), *_SENTENCE.findall(mail.subject))]
    every = [clean_address(a) for a in _ANY.findall(f"{text}\n{mail.subject}")]
    usable = [
        a for a in dict.fromkeys((*named, *every)) if a.lower() not in own and not _HELP.match(a.lower())
    ]
    both = [a for a in usable if a.lower() in {s.lower() for s in sent_to}]
    paths = [found for address in mail.to if (found := recipient_in_path(address))]
    return both or usable[:1] or paths[:1] or sent_to[:1]


def spoken(lines: list[str]) -> str:
    """The words of a notice that say why: the paragraph with a reply, else what speaks of a failure."""
    paragraphs = _paragraphs(lines[:MAX_LINES])
    coded = [p for p in paragraphs if CODED.search(p)]
    if coded:
        return min(coded, key=_rank)
    failing = [p for p in paragraphs if _tells("failure", p)]
    return "\n".join(failing)[:2048]


def _rank(paragraph: str) -> int:
    """Replies in full before enhanced codes alone."""
    return 0 if re.search(r"(?<![\d.])[45]\d\d[ -]#?(?:[45]\.|[A-Za-z<(\[])", paragraph) else 1


def _paragraphs(lines: list[str]) -> list[str]:
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip() and not _RULE.match(line):
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return ["\n".join(lines) for lines in found if lines]


def _better(words: str, rest: str) -> str:
    """The reply with a code, else the words beside the address, else what the notice says."""
    if CODED.search(rest):
        return rest
    return words if _tells("failure", words) else rest or words
