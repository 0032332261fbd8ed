"""Lotus Domino (4.6 to 14): "Your message ... was not delivered to: ... because: ...", subject "DELIVERY
FAILURE".

::

    Your message
      Subject: Greetings
    was not delivered to:
      bob@example.com
    because:
      User Bob (bob@example.com) not listed in Domino Directory

Recognised by the subject's ``DELIVERY FAILURE:`` / ``DELIVERY REPORT:`` and its translations, or by the frame
of the words. Domino translates the reason alone or the frame too (German, French, Spanish, Italian,
Japanese). Recipients can be Notes names (``Bob Miller/Sales/Example@Example``), whose domain has no dot. The
delivery status of Domino has the words again (``X-Notes; ...``), with status 5.0.0. Several recipients stand
one a line, the reasons as well. Source: HCL, "Delivery failure reports in Domino".
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS, clean_address
from bouncewise.reading.mail.message import Mail
from bouncewise.reading.mail.prose import action_of
from bouncewise.reading.mail.told import Told

MAX_LINES = 2000
_SUBJECT = re.compile(
    r"^(?:DELIVERY FAILURE|NON-?DELIVERY OF|ZUSTELLFEHLER|ZUSTELLUNGSFEHLER|FEHLER BEI DER ZUSTELLUNG|"
    r"ÜBERMITTLUNGSFEHLER|"
    r"É?E?CHEC DE (?:LA )?(?:REMISE|DISTRIBUTION)|ERROR DE ENTREGA|FALLO EN LA ENTREGA|"
    r"ERRORE DI (?:RECAPITO|CONSEGNA)|"
    r"FALHA NA ENTREGA|配信不能|配信エラー|送信不能)\s?[:：]",
    re.I,
)
_TO = re.compile(
    r"^\s{0,8}(?:was not delivered to|could not be delivered to|konnte nicht zugestellt werden an|"
    r"wurde nicht (?:zugestellt an|an folgende.{0,40})|"
    r"(?:konnte nicht )?an:?$|n['’]a pas (?:pu être|été) (?:remis|distribué)e? (?:à|au).{0,40}|"
    r"n['’]a pas été envoyé à|"
    r"no se (?:ha entregado|entregó|ha podido entregar|pudo entregar) a|non è stato (?:consegnato|"
    r"recapitato) a|"
    r"não foi entregue a|.{0,40}(?:次の|以下の)?(?:宛先|受信者|あて先)(?:に|へ)?.{0,30}|.{0,20}に配信(?:でき|"
    r"され).{0,20})\s?[:：]?\s{0,4}$",
    re.I,
)
_WHY = re.compile(
    r"^\s{0,8}(?:because(?: of)?|weil|da|aus folgendem Grund|Grund|Begründung|car|parce que|en raison de|"
    r"motif|"
    r"pour la raison suivante|porque|debido a|motivo|perché|a causa di|"
    r"理由|原因|次の理由.{0,20})\s?[:：。]?\s{0,4}$",
    re.I,
)
_NOTES_NAME = re.compile(r"^[^\n@:]{1,120}(?:/[^\n@/:]{1,60}){1,6}(?:@[^\n@]{1,60}){0,2}$")
_RULE = re.compile(r"^[\s\-=_*]{4,}$")


def recognise(mail: Mail) -> bool:
    """Whether the subject or the frame of the words is Domino's."""
    if _SUBJECT.match(mail.subject.lstrip()[:80]):
        return True
    text = mail.notice[:4096]
    if "was not delivered to:" in text and "because:" in text:
        return True
    return "X-Notes;" in mail.status_text[:8192]


def read(mail: Mail) -> list[Told]:
    """The recipients under "was not delivered to:", with the reasons under "because:"."""
    lines = mail.lines[:MAX_LINES]
    at = next((n for n, line in enumerate(lines) if _TO.match(line)), None)
    why = next(
        (n for n, line in enumerate(lines) if n > (at if at is not None else -1) and _WHY.match(line)), None
    )
    if why is None:
        return []
    reasons = [line.strip() for line in lines[why + 1 : why + 60]]
    reasons = [line for line in _until_rule(reasons) if line]
    names = [
        line.strip() for line in lines[(at + 1 if at is not None else max(why - 6, 0)) : why] if line.strip()
    ]
    told = _recipients(names)
    if not told:
        return [Told(recipient=_known(mail), words=" ".join(reasons), action=action_of(mail))]
    action = action_of(mail)
    for place, one in enumerate(told):
        own = [reason for reason in reasons if one.recipient.lower() in reason.lower()]
        if len(told) == 1:
            one.words = " ".join(reasons)
            one.recipient, one.original = _sent_to(one.recipient, mail)
        else:
            one.words = " ".join(own) or (reasons[place] if len(reasons) == len(told) else " ".join(reasons))
        one.action = action
    return told


def _recipients(names: list[str]) -> list[Told]:
    """The addresses of lines; a Notes name stands as it is."""
    told: dict[str, Told] = {}
    for line in names:
        if _NOTES_NAME.match(line) and not re.search(r"@[\w-]+\.\w", line):
            told.setdefault(line, Told(recipient=line))
            continue
        for address in re.findall(ADDRESS, line[:1000]):
            told.setdefault(address.lower(), Told(recipient=clean_address(address)))
    return list(told.values())


def _sent_to(name: str, mail: Mail) -> tuple[str, str]:
    """For a Notes name the only address that the returned message went to, and the name."""
    returned = mail.returned
    addresses = returned.addresses("to") if returned and "/" in name else ()
    return (addresses[0], name) if len(addresses) == 1 else (name, "")


def _known(mail: Mail) -> str:
    """The address that the subject names in parentheses: ``User Bob (bob@example.com) not listed``."""
    found = re.search(rf"\(({ADDRESS})\)", mail.subject)
    return clean_address(found[1]) if found else ""


def _until_rule(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if _RULE.match(line):
            return lines[:number]
    return lines
