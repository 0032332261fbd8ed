"""What the words of a reply name: addresses, hosts, links, waits, limits and tokens.

Every pattern is linear: each repeat has an upper bound and no two repeats can share a character. Those of
numbers begin with the figure and look behind it, so that they are tried at figures only; the others are
searched where the sign that they need stands in the text.
"""

from __future__ import annotations

import ipaddress
import re

from bouncewise.diagnosis.model import BlocklistMention, Entities
from bouncewise.knowledge.model import Blocklist

MAX_TEXT = 16_384
MAX_EACH = 20

_URL = re.compile(r"https?://[^\s<>\"'()\[\]{}|\\^]{3,500}", re.IGNORECASE)
_ADDRESS = re.compile(
    r"([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,10})"
)
_IPV4 = re.compile(r"\d(?<![\w.]\d)\d{0,2}\.(?:\d{1,3}\.){2}\d{1,3}(?![\w]|\.\d)")
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_SOUND_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}\Z", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])")
_DOMAIN = re.compile(
    r"(?<![\w.@-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w@-])"
)
_LABEL_END = re.compile(r"\.[A-Za-z]{2}")  # what every domain needs
_CAPITALS = re.compile(r"[A-Z][A-Z\d]")  # what every token needs
_TOKENS = re.compile(
    r"\b(?:TSS?\d{2}|S\d{4,5}|SC-\d{3}|DY-\d{3}|OU-\d{3}|RP-\d{3}|AS\(\d{4,10}\)|AS\d{6,10}|BL\d{2}|PH\d{2}|"
    r"HM\d{2}|HME\d|HCM\d|CS\d{2}|BS\d{2}|CXBL|IPBL\d{3,4}|CXSNDR|CXMJ|CXTHRT|CXDNS|CXCNCT|CXRECT|CPSVE|"
    r"OFR_?\d{3,4}|LPN\d{3}_\d{1,3}|RBL\d{3,4}|IB\d{3}[a-z]?|G\d{2})(?![\w])"
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_UNIT_WORDS = {
    "s": "s|sec|secs|second|seconds|sekunden|secondes|segundos|secondi|seconden|sekund|секунд|秒",
    "m": "m|min|mins|minute|minutes|minuten|minutos|minuti|minut|минут|分钟|分鐘|分|분",
    "h": "h|hr|hrs|hour|hours|stunde|stunden|heure|heures|hora|horas|ora|ore|uur|godzin|часов|часа|"
    "小时|小時|時間|시간",
    "d": "d|day|days|tage|jours|dias|giorni|dagen|dni|дней|天|日|일",
}
_UNIT_OF = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split("|")}
_WAIT = re.compile(
    r"(\d(?<![\w.:]\d)\d{0,5})\s{0,2}-?("
    + "|".join(sorted(_UNIT_OF, key=len, reverse=True))
    + r")(?![a-zа-я])",
    re.IGNORECASE,
)
_CLOCK_WAIT = re.compile(r"(\d(?<![\d:.]\d)\d):(\d{2}):(\d{2})(?![\d:])")
_ASKS_TO_WAIT = re.compile(
    r"try|retry|again|wait|later|come back|grey|gray|defer|after|within|delay|expire|erneut|spater|"
    r"reessay|riprov|"
    r"intent|riprova|ponow|повтор|через|请|稍后|後で|再",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"(\d(?<![\w.]\d)\d{0,11})\s{0,2}(bytes|octets|kb|kib|kbytes|mb|mib|mbytes|gb|k|m)(?![a-z])",
    re.IGNORECASE,
)
_SIZE_UNIT = {"b": 1, "o": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SAYS_SIZE = re.compile(r"size|large|big|exceed|limit|maximum|grösse|groß|taille|tama", re.IGNORECASE)
_COUNT = re.compile(
    r"(?:limit|maximum|max|most|exceed\w{0,3}|more than|only|than)\D{1,24}(\d{1,7})(?![\d.:])"
    r"|(?<![\w.:])(\d{1,7})\s{1,2}(?:recipients|messages|connections|sessions|mails|emails|per\b)",
    re.IGNORECASE,
)
# One of these, in small letters, stands in every ASCII text that counts something; and a figure.
_COUNTING = (
    "limit", "max", "most", "exceed", "only", "than", "recipients", "messages", "connections", "sessions",
    "mails", "per",
)  # fmt: skip
_FIGURE = re.compile(r"\d")
_NO_DOMAIN = frozenset({"html", "php", "htm", "aspx", "asp", "txt", "exe", "cgi", "jsp", "zip", "pdf", "eml"})
MAX_WAIT = 7 * 86400


def find_entities(text: str, blocklist: Blocklist | None = None) -> Entities:
    """What a text names.

    Args:
        text: the words of a reply; only the first 16 KiB are looked at.
        blocklist: the blocklist that it names, if the matcher found one.
    """
    text = text[:MAX_TEXT]
    plain = text
    urls = addresses = _first([])
    if "://" in text:
        urls = tuple(u.rstrip(".,;:!?") for u in _first(_URL.findall(text)))
        plain = _URL.sub(" ", text)
    bare = plain
    if "@" in plain:
        pieces = _ADDRESS.split(plain)  # every second piece is an address
        addresses, bare = _first(pieces[1::2]), " ".join(pieces[::2])
    ips = _first(_ips(text))
    domains = _first(_domains(bare))
    counts = _FIGURE.search(plain) is not None
    return Entities(
        ips=ips,
        domains=domains,
        addresses=addresses,
        urls=urls,
        blocklist=_mention(blocklist, text, ips, domains, urls) if blocklist else None,
        wait=_wait(plain) if counts else None,
        size_limit=_size(plain) if counts else None,
        count_limit=_count(plain) if counts else None,
        tokens=_first(_TOKENS.findall(text)) if _CAPITALS.search(text) else (),
    )


def _first(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MAX_EACH]


def _ips(text: str) -> list[str]:
    written = [match[0] for match in _IPV4.finditer(text)] if text.count(".") > 2 else []
    if text.count(":") > 1:
        written.extend(match[0] for match in _IPV6.finditer(text))
    found = []
    for one in written:
        if _SOUND_IPV4.match(one):
            found.append(one)
            continue
        try:
            found.append(str(ipaddress.ip_address(one)))
        except ValueError:
            continue
    return found


def _domains(text: str) -> list[str]:
    if _LABEL_END.search(text) is None:
        return []
    return [d.lower() for d in _DOMAIN.findall(text) if d.rsplit(".", 1)[1].lower() not in _NO_DOMAIN]


def _wait(text: str) -> int | None:
    """Seconds that the text asks to wait, or None. A number with a unit counts only beside such words."""
    for pattern in (_WAIT, _CLOCK_WAIT) if text.count(":") > 1 else (_WAIT,):
        for match in pattern.finditer(text):
            near = text[max(0, match.start() - 60) : match.end() + 40]
            if not _ASKS_TO_WAIT.search(near):
                continue
            if pattern is _WAIT:
                unit = match[2].lower()
                seconds = int(match[1]) * _UNITS[_UNIT_OF.get(unit, "s")]
            else:
                seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
            if 0 < seconds <= MAX_WAIT:
                return seconds
    return None


def _size(text: str) -> int | None:
    for match in _SIZE.finditer(text):
        if _SAYS_SIZE.search(text[max(0, match.start() - 80) : match.end() + 40]):
            return int(match[1]) * _SIZE_UNIT[match[2][0].lower()]
    return None


def _count(text: str) -> int | None:
    if text.isascii():
        lowered = text.lower()
        if not any(word in lowered for word in _COUNTING):
            return None
    for match in _COUNT.finditer(text):
        after = text[match.end() : match.end() + 8].lstrip().lower()
        if not after.startswith(("byte", "kb", "mb", "octet", "second", "minute", "hour", "day")):
            return int(match[1] or match[2])
    return None


def _mention(
    blocklist: Blocklist, text: str, ips: tuple[str, ...], domains: tuple[str, ...], urls: tuple[str, ...]
) -> BlocklistMention:
    lowered = text.lower()
    zone = next((z for z in blocklist.zones if z in lowered), blocklist.zones[0] if blocklist.zones else "")
    own = {*blocklist.zones, *blocklist.names}
    domain = next(
        (d for d in domains if d not in own and not any(d.endswith(z) for z in blocklist.zones)), ""
    )
    return BlocklistMention(
        id=blocklist.id,
        name=blocklist.name,
        operator=blocklist.operator,
        zone=zone,
        lookup=_fill(blocklist.lookup, ips, domain),
        delist=_fill(blocklist.delist, ips, domain),
        status=blocklist.status,
        note=blocklist.note,
    )


def _fill(link: str, ips: tuple[str, ...], domain: str) -> str:
    """The link with IP and domain filled in; without them, the page that the link starts from."""
    for name, value in (("{ip}", ips[0] if ips else ""), ("{domain}", domain)):
        if name in link and not value:
            return link.split("?", 1)[0].replace(name, "")
        link = link.replace(name, value)
    return link
