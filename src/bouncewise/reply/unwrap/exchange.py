"""Exchange, Exchange Online and Outlook: non-delivery reports of all ages and languages.

The diagnostic part "for administrators" quotes the server::

    Remote Server returned '550 5.1.1 User unknown'
    1/2/2024 3:04:05 AM - Remote Server at mx.example.com (192.0.2.1) returned '550 4.4.7 QUEUE.Expired; ...'
    mx.example.com #550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
    <mx.example.com #5.1.1 smtp;550 5.1.1 no such user>
    mx.example.com (192.0.2.1) #<mx.example.com (192.0.2.1) #5.1.1 smtp; 550 no> #SMTP#

Queue viewers and traces give the last error (LED) with the host (FQDN) and address (IP)::

    [{LRT=1/2/2024 3:04:05 AM};{LED=450 4.7.1 later};{FQDN=mx.example.com};{IP=192.0.2.1}]
    451 4.4.0 Primary target IP address responded with: "421 4.2.1 Unable to connect." Attempted failover ...

Above it a sentence for people repeats the words, most often without the codes: ``mx.example.com gave
this error:`` and its translations. The part with codes is taken first. Of several attempts in a report
the first counts: it is the newest, the one that ended the matter. Lines of the SMTP service of IIS
(``OutboundConnectionResponse ... 504+5.5.2+...``) have plus signs for blanks.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import NO_CONTEXT, Context, Reply, Unwrapped
from bouncewise.reply.unwrap.common import found, holds, may_hold, own_words, quoted, with_status
from bouncewise.reply.unwrap.fields import FENCED, NAME, host, ip, peer

_MARKS = (
    "#",
    "LED=",
    "emote",
    "LastAttemptedServerName=",
    "target IP address responded with",
    "OutboundConnectionResponse",
    "distant",
    "remoto",
    "удален",
    "удалён",
    "リモート",
    "远程",
    "遠端",
    "원격",
    "zdaln",
    "externe server",
    "rror",
    "erreur",
    "Fehler",
    "fout",
    "erro",
    "отклонил",
    "ошибк",
)
# What ASCII text holds, in small letters, that one of the patterns below meets.
_SERVERS = ("remot", "serveur", "serwer", "zdaln", "externe server")
_GIVEN = ("this error", "fehler", "erreur", "este erro", "errore", "deze fout", "detta fel")
_REJECTED_WORDS = ("rejected your message", "hat ihre nachricht")
_QUOTE = "['\"‘’“”„«»‹「『]"
_OPENING = ("'", '"', "‘", "’", "“", "”", "„", "«", "»", "‹", "「", "『", ":")
_CODE_AHEAD = r"(?=<|#|[245]\d\d[\s\-;#]|[245]\.\d{1,3}\.\d)"
_RETURNED = re.compile(
    rf"Remote Server(?:\s{{1,4}}at\s{{1,4}}({NAME})\s{{1,4}}\(([0-9A-Fa-f:.]{{2,45}})\))?\s{{1,4}}returned"
    rf"\s{{0,4}}:?\s{{0,4}}{_QUOTE}?\s?(?=\S)",
    re.I,
)
_RETURNED_ELSEWHERE = re.compile(
    r"(?:Remote-?\s?server|Remoteserver|serveur (?:distant|à distance)|servidor remoto|server remoto|"
    r"удал[её]нн\w{1,4} сервер\w{0,3}|リモート ?サーバー|远程服务器|遠端伺服器|원격 서버|"
    r"serwer\w{0,3} zdaln\w{1,4}|zdaln\w{1,4} serwer\w{0,3}|externe server)"
    rf"(?:[^'\"‘“„«「\n]{{0,120}}){_QUOTE}\s?{_CODE_AHEAD}",
    re.I,
)
_ERRORS = (
    r"gave this error|hat (?:diesen|einen|folgenden) Fehler (?:ausgegeben|gemeldet|zurückgegeben)|"
    r"a (?:g[ée]n[ée]r[ée]|renvoyé|retourné) (?:cette|l['’]) ?erreur(?: suivante)?|"
    r"(?:generó|dio|devolvió) este error|ha (?:generato|restituito) (?:questo|il seguente) errore|"
    r"(?:gaf|geeft) deze fout(?:melding)?|"
    r"(?:отправил это сообщение|сообщил) об ошибке|вернул(?: эту| следующую)? ошибку|"
    r"(?:deu|gerou|retornou) este erro|zwrócił(?: ten| następujący) błąd|"
    r"gav (?:detta|följande) fel|vrátil tuto chybu"
)
_GAVE = re.compile(rf"({NAME})(?:\s\(([0-9A-Fa-f:.]{{2,45}})\))?\s{{1,4}}(?:{_ERRORS})\s?:\s{{0,8}}", re.I)
_REJECTED_BY = re.compile(
    rf"(?:({NAME}) (?:rejected your message|hat Ihre Nachricht .{{0,40}}abgelehnt|a rejeté votre message|"
    rf"rechazó (?:el|su) mensaje|отклонил ваше сообщение)|organization rejected your message: ({NAME}))",
    re.I,
)
_GAVE_UP = re.compile(
    r"(?:\n\s{0,8}\n|\s(?:Diagnostic information for administrators|Diagnoseinformationen))"
)
_RECEIVING = re.compile(rf"\bReceiving server:\s{{1,4}}({NAME})(?:\s\(([0-9A-Fa-f:.]{{2,45}})\))?", re.I)
_LED = re.compile(r"\bLED=\s?")
_LED_END = re.compile(r"\}?;\s?\{?(?:MSG|FQDN|IP|LRT)=|\}\]|\}\s?;|\}\s?$")
_FQDN, _LED_IP = re.compile(rf"\bFQDN=({NAME})"), re.compile(r"\bIP=([0-9A-Fa-f:.]{2,45})")
_LAST_HOST = re.compile(rf"\bLastAttemptedServerName=({NAME})")
_LAST_IP = re.compile(r"\bLastAttemptedIP=([0-9.]{7,15}|\[?[0-9A-Fa-f:]{2,39})")
_PRIMARY = re.compile(r"target IP address responded with:?\s?\\?[\"']+\s?")
_DOTTED = re.compile(r"^([245]\d\d)\.(?=[245]\.\d)")  # "421.4.4.2 unable to connect"
_HASH = re.compile(r"#\s?<?\s?#?\s?(?=[245]\d\d[ \-;]|[245]\.\d{1,3}\.\d{1,3}[ ;>])")
_BEFORE_HASH = re.compile(rf"(?:({NAME})(?: \(([0-9A-Fa-f:.]{{2,45}})\))?\s{{1,4}})$")
_RECIPIENT = re.compile(
    rf"\b(?:[Gg]enerating server|Server di generazione|Serveur de génération|"
    rf"Generierende[rn]? Server|Servidor de generación):[^@]{{1,260}}?\s({FENCED})(?=\s)"
)
_OLD = re.compile(
    rf"<({NAME})\s(?:\(([0-9A-Fa-f:.]{{2,45}})\)\s)?#([245]\.\d{{1,3}}\.\d{{1,3}})\s?(?:(?:smtp|x400)?;)?\s?",
    re.I,
)
_STATUS_ONLY = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\s?(?:smtp)?;\s?(?=[245]\d\d)", re.I)
_CLOSE = re.compile(rf"\s?(?:##|#SMTP#|>\s?#)|{_QUOTE}\s{{0,4}}(?:\n|$)|\s?>\s{{0,4}}$")
_IIS = re.compile(
    r"([0-9A-Fa-f:.]{2,45}) OutboundConnectionResponse \S{1,64} \S{1,253} \S{1,45} \d{1,5} \S{1,20} "
    r"([245]\d\d[+-]\S{1,1000})"
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Exchange wrote, or None.

    Args:
        text: a piece of a non-delivery report, a queue's last error or a trace, whole or cut off.
    """
    if not holds(text, _MARKS):
        return None
    for reader in (_led, _iis, _returned, _old, _hash, _attempted, _gave):
        unwrapped = reader(text)
        if unwrapped:
            return unwrapped
    return None


def _primary(words: str) -> Reply:
    """The reply; of "target IP address responded with" what the server responded with."""
    inner = _PRIMARY.search(words) if "responded with" in words else None
    if inner and re.match(r"[245]\d\d[ .-]", words[inner.end() :]):
        rest = _DOTTED.sub(r"\1 ", words[inner.end() :])
        end = re.search(r"\\?[\"']+[.,]? (?=Attempted|The last)|\\?[\"']+[.,]?\s{0,4}$", rest)
        return quoted(rest[: end.start()] if end else rest)
    return quoted(words)


def _strip(words: str) -> str:
    """The words without what closes the quotation."""
    close = _CLOSE.search(words)
    words = words[: close.start()] if close else words
    return words.strip(" \n<>")


def _around(text: str) -> Context:
    """The host and the recipient that the report names outside the quotation."""
    receiving, rejected, recipient = (p.search(text) for p in (_RECEIVING, _REJECTED_BY, _RECIPIENT))
    name, address = peer(receiving[1], receiving[2]) if receiving else (None, None)
    by = host(rejected[1] or rejected[2]) if rejected else None
    return Context(
        remote_host=name or (by if by and "." in by else None),
        remote_ip=address,
        recipient=recipient[1].rstrip(".,;:") if recipient else None,
    )


def _led(text: str) -> Unwrapped | None:
    led = _LED.search(text) if "LED=" in text else None
    if led is None:
        return None
    rest = text[led.end() :]
    end = _LED_END.search(rest)
    fqdn, address = _FQDN.search(text), _LED_IP.search(text)
    context = Context(
        remote_host=host(fqdn[1]) if fqdn else None, remote_ip=ip(address[1]) if address else None
    )
    words = rest[: end.start()] if end else rest
    reply = _primary(words)
    return found("exchange", reply, context.merged(_last_attempt(words)))


def _last_attempt(text: str) -> Context:
    if "LastAttempted" not in text:
        return NO_CONTEXT
    name, address = _LAST_HOST.search(text), _LAST_IP.search(text)
    return Context(remote_host=host(name[1]) if name else None, remote_ip=ip(address[1]) if address else None)


def _attempted(text: str) -> Unwrapped | None:
    """A bare error of the transport service that names the host it tried last."""
    if "LastAttempted" not in text and "target IP address responded with" not in text:
        return None
    return found("exchange", _primary(text), _last_attempt(text))


def _iis(text: str) -> Unwrapped | None:
    match = _IIS.search(text) if "OutboundConnectionResponse" in text else None
    if match is None:
        return None
    return found("iis", quoted(match[2].replace("+", " ")), Context(remote_ip=ip(match[1])))


def _returned(text: str) -> Unwrapped | None:
    if not may_hold(text, _SERVERS):
        return None
    match = _RETURNED.search(text) if may_hold(text, ("returned",)) else None
    name, address = peer(match[1], match[2]) if match else (None, None)
    if match and not match[0].rstrip().endswith(_OPENING) and re.match(r"(?:smtp;)?\s?[245]\d\d[ -]", text):
        return None  # "550 5.7.350 Remote server returned message detected as spam": the words of a reply
    if match is None and ("'" in text or '"' in text or not text.isascii()):
        match = _RETURNED_ELSEWHERE.search(text)
    if match is None:
        return None
    rest = text[match.end() :]
    wrapped = _OLD.match(rest) or re.match(r"<?\s?#?([245]\.\d{1,3}\.\d{1,3})\s?smtp;\s?", rest)
    if wrapped and wrapped.re is _OLD:
        name, address = peer(wrapped[1], wrapped[2])
    words = _strip(rest[wrapped.end() :] if wrapped else rest)
    context = Context(remote_host=name, remote_ip=address).merged(_last_attempt(words))
    status = wrapped[wrapped.re.groups] if wrapped else None
    return found("exchange", with_status(_primary(words), status), context.merged(_around(text)))


def _old(text: str) -> Unwrapped | None:
    """``<host #5.1.1 smtp;550 ...>``, where the status alone may stand."""
    match = _OLD.search(text) if "#" in text else None
    if match is None:
        return None
    rest = _strip(_to_bracket(text[match.end() :]) if "#SMTP#" not in text else text[match.end() :])
    rest = rest or text[: match.start()]  # nothing but the status: the sentence in front says it
    reply = quoted(rest) if re.match(r"[245]\d\d", rest) else own_words(rest)
    name, address = peer(match[1], match[2])
    context = Context(remote_host=name, remote_ip=address).merged(_around(text))
    return found("exchange", with_status(reply, match[3]), context)


def _to_bracket(words: str) -> str:
    """The words up to the ``>`` that closes what was opened in front of them."""
    depth = 0
    for sign in re.finditer(r"[<>]", words[:4000]):
        depth += 1 if sign[0] == "<" else -1
        if depth < 0:
            return words[: sign.start()]
    return words if depth == 0 else words.split(">", 1)[0]


def _hash(text: str) -> Unwrapped | None:
    match = _HASH.search(text) if "#" in text else None
    if match is None or not (match.start() == 0 or "##" in text or "#SMTP#" in text):
        return None
    rest = _strip(text[match.end() :])
    inner = _STATUS_ONLY.match(rest)
    reply = with_status(quoted(rest[inner.end() :] if inner else rest), inner[1] if inner else None)
    before = _BEFORE_HASH.search(text[max(0, match.start() - 320) : match.start()])
    name, address = peer(before[1], before[2]) if before else (None, None)
    context = Context(remote_host=name if name and "." in name else None, remote_ip=address)
    return found("exchange", reply, context.merged(_around(text)))


def _gave(text: str) -> Unwrapped | None:
    """``mx.example.com gave this error:`` and the paragraph behind it."""
    match = _GAVE.search(text) if may_hold(text, _GIVEN) else None
    if match is None:
        return _refused(text)
    rest = text[match.end() :]
    end = _GAVE_UP.search(rest)
    name, address = peer(match[1], match[2])
    context = Context(remote_host=name, remote_ip=address).merged(_around(text))
    return found("exchange", quoted(_strip(rest[: end.start()] if end else rest)), context)


def _refused(text: str) -> Unwrapped | None:
    """A report that names the server which refused, whose words stand somewhere in the prose."""
    rejected = _REJECTED_BY.search(text) if may_hold(text, _REJECTED_WORDS) else None
    name = host(rejected[1] or rejected[2]) if rejected else None
    if rejected is None or name is None or "." not in name:
        return None
    return found("exchange", own_words(text[rejected.end() :].strip(" :\n")), _around(text))
