"""What mail programs show to a person: Outlook's form, Thunderbird and its kin, msmtp.

Outlook Express and its followers print the reply between named fields, in the language of the system::

    Server: 'smtp.example.com', Protocol: SMTP, Server Response: '550 no relay', Port: 25, Secure(SSL): No,
      Server Error: 550, Error Number: 0x800CCC79

Thunderbird, Apple Mail and webmail quote the server behind a sentence, often without the reply code::

    The mail server responded: 5.1.1 no such user. Please check the message recipient ...
    Der Mail-Server antwortete: Unsupported option: <bob@example.com>

msmtp says what it was doing, then ``server message: 550 ...`` once for each line of the reply.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import found, own_words, phase_of, quoted
from bouncewise.reply.unwrap.fields import FENCED, NAME, host

_FIELDS = re.compile(
    r"[:：]\s{0,2}['\"“‘„](?=[2-5]\d\d)(.{3,2000}?)"
    r"(?:['\"”’“]\s{0,2}[,;]\s{1,2}[^\W\d][\w ]{1,16}[:：]\s?\d{1,5}\s?[,;]|$)",
    re.S,
)
_FORM = re.compile(r"0x800CC|\(SSL\)|SSL\)?\s?:|Protoco[lo]", re.I)
_FORM_HOST = re.compile(rf"\b(?:serv[a-z]{{2,6}}|сервер): ?['\"<‘]({NAME})['\">’]", re.I)
_FORM_RECIPIENT = re.compile(
    rf"(?:e-?mail|address|adres|correo|adresse)[^'<]{{0,60}}['<]({FENCED})['>]", re.I
)
_SAYS = (
    r"(?:mail |SMTP |outgoing |remote |recipient )?server (?:responded|replied|answered)(?: with)?|"
    r"Mail-?server (?:antwortete|hat geantwortet|meldete|antwortet)(?: mit)?|"
    r"Server (?:antwortete|hat geantwortet|meldete|antwortet)(?: mit)?|"
    r"serveur (?:de messagerie |SMTP |de courrier )?a (?:répondu|renvoyé)|"
    r"servidor (?:de correo |SMTP )?(?:respondió|ha respondido|responde|contestó)|"
    r"server (?:di posta |SMTP )?ha risposto|"
    r"servidor (?:de e-?mail |de correio |SMTP )?respondeu|"
    r"(?:mail)?server (?:antwoordde|reageerde|heeft geantwoord|gaf als antwoord)|"
    r"serwer (?:poczty |pocztowy )?(?:odpowiedział|zwrócił)|"
    r"сервер ответил|e?-?postservern svarade|servern svarade|serveren svarede|server odpověděl|"
    r"sunucusu? (?:şöyle )?yanıt (?:verdi|gönderdi)|(?<!远程)服务器(?:的)?(?:响应|回应|应答|返回)|"
    r"(?<!遠端)伺服器(?:的)?回應|"
    r"(?<!リモート)(?<!リモート )サーバー?(?:から)?の(?:応答|返答)|(?<!원격 )서버(?:의)? 응답"
)
_SAYING = (
    "replied",
    "answered",
    "antworte",
    "meldete",
    "répondu",
    "renvoyé",
    "respond",
    "contestó",
    "risposto",
    "antwoord",
    "reageerde",
    "odpow",
    "zwrócił",
    "ответил",
    "svara",
    "yanıt",
    "响应",
    "回应",
    "应答",
    "返回",
    "回應",
    "応答",
    "返答",
    "응답",
)
_RESPONDED = re.compile(rf"(?:{_SAYS})\s{{0,2}}(?:[:：]|(?=['\"«„“]))\s{{0,4}}", re.I)
_ADVICE = re.compile(
    r"\.?\s{1,2}(?:Please (?:check (?:the message recipient|that|your account)|verify that your)|"
    r"Bitte (?:überprüfen|kontrollieren|prüfen) Sie|Veuillez vérifier|Vérifiez|Verifique|Compruebe|"
    r"Controll(?:a|are|i)\b|Sprawdź|Проверьте|Controleer)",
    re.I,
)
_ABOUT = re.compile(rf"message recipient [\"'“]?({FENCED})", re.I)
_SENT = re.compile(rf"\bsent: ([A-Z][A-Za-z ]{{3,20}}):?\s?<?({FENCED})?>?[^\n<>]{{0,80}}\s$")
_CLOSING = {"'": "'", '"': '"', "«": "»", "„": "“”", "“": "”", "‘": "’"}
_MSMTP = re.compile(r"server message:\s(.{3,600}?)(?=\s{1,4}(?:msmtp|mpop): |\n|$)")
_MSMTP_STEPS = (
    (re.compile(r"recipient address (\S{1,320}) not accepted"), Phase.RCPT),
    (re.compile(r"envelope from address (\S{1,320}) not accepted"), Phase.MAIL),
    (re.compile(r"authentication failed()"), Phase.AUTH),
    (re.compile(r"server did not accept the mail()"), Phase.MESSAGE),
    (re.compile(r"command EHLO|command HELO()"), Phase.EHLO),
    (re.compile(r"command STARTTLS()"), Phase.STARTTLS),
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what a mail program showed, or None."""
    if "server message:" in text:
        said = _msmtp(text)
        if said:
            return said
    if ("0x800CC" in text or "SSL" in text or "rotoco" in text) and _FORM.search(text):
        form = _form(text)
        if form:
            return form
    lowered = text.lower()
    return _responded(text) if any(mark in lowered for mark in _SAYING) else None


def _form(text: str) -> Unwrapped | None:
    match = _FIELDS.search(text[:8192])
    if match is None or not match[1].strip():
        return None
    server, recipient = _FORM_HOST.search(text), _FORM_RECIPIENT.search(text, 0, match.start())
    context = Context(
        remote_host=host(server[1]) if server and "." in server[1] else None,
        recipient=recipient[1] if recipient else None,
    )
    return found("mail-program", quoted(match[1]), context)


def _responded(text: str) -> Unwrapped | None:
    match = _RESPONDED.search(text)
    if match is None:
        return None
    words = text[match.end() :]
    about = _ABOUT.search(words)
    closing = _CLOSING.get(words[:1])
    if closing:
        close = re.search(rf"[{closing}](?=[\s.,;)]|$)", words[1:])
        words = words[1 : close.start() + 1] if close else words[1:]
    advice = _ADVICE.search(words)
    words = words[: advice.start()] if advice else words
    if not words.strip():
        return None
    coded = re.match(r"[\s(\[<]{0,2}(?:[2-5]\d\d(?!\d)|[45]\.\d{1,3}\.\d)", words)
    context = Context(phase=Phase.RCPT if about else None, recipient=about[1] if about else None)
    sent = _SENT.search(text, max(0, match.start() - 400), match.start())
    if sent:
        phase = phase_of(sent[1])
        context = Context(phase=phase, recipient=sent[2] if phase is Phase.RCPT else None).merged(context)
    return found("mail-program", quoted(words) if coded else own_words(words), context)


def _msmtp(text: str) -> Unwrapped | None:
    lines = [match[1] for match in _MSMTP.finditer(text)]
    if not lines:
        return None
    for pattern, phase in _MSMTP_STEPS:
        step = pattern.search(text)
        if step:
            named = step[1] if step[1] and "@" in step[1] else None
            context = Context(
                phase=phase,
                recipient=named if phase is Phase.RCPT else None,
                sender=named if phase is Phase.MAIL else None,
            )
            break
    else:
        context = Context()
    return found("msmtp", quoted("\n".join(lines)), context)
