"""Gmail's and Google Workspace's bounce prose, in the languages it writes.

The server's words stand behind a sentence that names them; before 2016 they often came with the reply
code doubled and the state of Gmail's session behind::

    The response from the remote server was: 550 5.1.1 no such user
    Google tried to deliver your message, but it was rejected by the server for the recipient domain
    example.com by mx.example.com. [192.0.2.1]. The error that the other server returned was: 550 550 5.1.1
    no such user (state 14).

What has no reply code behind it (``DNS Error: ...``, ``The recipient server did not accept our requests to
connect. [(0) mx.example.com. [192.0.2.1]:25: socket error]``) are Gmail's own words.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import found, holds, may_hold, own_words, quoted
from bouncewise.reply.unwrap.fields import FENCED, NAME, peer

_LEAD_INS = (
    r"The response from the remote server was|The response was|The error that the other server returned was|"
    r"Die Antwort des (?:Remote-?servers|anderen Servers) (?:lautete?|war)|Die Antwort (?:lautete?|war)|"
    r"(?:Fehlermeldung des (?:anderen|Remote-?)\s?Servers|Antwort (?:vom|des) Remote-?servers?)"
    r"(?: lautete?)?|"
    r"La respuesta del servidor remoto(?: es| fue| ha sido)?|La respuesta (?:fue|es|ha sido)|"
    r"El error que (?:devolvió|mostró) el otro servidor (?:fue|es)|"
    r"La réponse (?:du serveur distant )?(?:est|était|a été)(?: la suivante)?|Réponse du serveur distant|"
    r"L['’]erreur renvoyée par l['’]autre serveur (?:est|était)(?: la suivante)?|"
    r"La risposta (?:(?:del|dal) server remoto )?(?:è|era)(?: stata)?(?: la seguente)?|"
    r"L['’]errore restituito dall['’]altro server (?:è|era)(?: stato)?|"
    r"A resposta do servidor remoto (?:é|foi|era)|A resposta (?:foi|é)|"
    r"O erro (?:que o outro servidor retornou|retornado pelo outro servidor) (?:é|foi)|"
    r"(?:Het antwoord|De reactie) van de externe server (?:was|is|luidt)|"
    r"(?:Het antwoord|De reactie) (?:was|is)|"
    r"Odpowiedź (?:zdalnego serwera|serwera zdalnego)(?: ?to| ?brzmi(?:ała)?| ?była następująca)?|"
    r"Ответ (?:от )?удал[её]нного сервера|Сообщение об ошибке с удал[её]нного сервера|Ответ(?: сервера)?|"
    r"リモート ?サーバーからの(?:応答|レスポンス)(?:は次のとおりです)?|応答|"
    r"远程服务器(?:返回|的)(?:的)?响应(?:为|是)?|遠端伺服器的回應(?:為|是)?|원격 서버의? 응답|"
    r"Uzak sunucudan gelen yanıt|Uzak sunucunun yanıtı|"
    r"Svaret från fjärrservern (?:var|är)|Svaret fra den eksterne (?:server|tjeneren) (?:var|er)|"
    r"Odpověď vzdáleného serveru(?: byla| je)?|Відповідь віддаленого сервера"
)
_LEAD_IN = re.compile(rf"(?:{_LEAD_INS})\s{{0,2}}[:：]\s{{0,8}}", re.I)
# One of these is in every lead-in, in lower case.
_STEMS = (
    "respon",
    "other server",
    "antwort",
    "fehlermeldung",
    "respuesta",
    "error que",
    "réponse",
    "erreur",
    "risposta",
    "errore",
    "resposta",
    "erro ",
    "antwoord",
    "reactie",
    "odpowied",
    "ответ",
    "сообщение",
    "応答",
    "レスポンス",
    "响应",
    "回應",
    "응답",
    "sunucu",
    "svaret",
    "odpověď",
    "відповідь",
    "technical details",
)
# The English lead-ins, and the stems of the others that are ASCII.
_ENGLISH = (
    "the response from the remote server was",
    "the response was",
    "the error that the other server returned was",
)
_ENGLISH_IN = re.compile(rf"(?:{'|'.join(_ENGLISH)})\s{{0,2}}[:：]\s{{0,8}}")
_ASCII_STEMS = tuple(
    stem for stem in _STEMS if stem.isascii() and stem not in ("respon", "other server", "technical details")
)
_DETAILS = re.compile(r"Technical details of (?:permanent|temporary) failure:\s{0,8}", re.I)
_HOST = re.compile(rf"\bby ({NAME}) \[([0-9A-Fa-f:.]{{2,45}})\]")
_SOCKET = re.compile(
    rf"\[(?:\(\d{{1,3}}\) )?({NAME})\s{{1,2}}\[?([0-9A-Fa-f:.]{{2,45}}?)\]?(?::25)?: [A-Za-z]"
)
_STATE = re.compile(r"\s?\(state (\d{1,2})\)\.?\s{0,4}$")
_FAILURE = re.compile(
    r"(?:(?:PERM|TEMP)_FAILURE:\s{0,4})?SMTP Error \(state (\d{1,2})\):\s{0,4}(?=[2-5]\d\d)|(?:PERM|"
    r"TEMP)_FAILURE:()\s{0,4}"
    r"(?=[2-5]\d\d)"
)
_END = re.compile(
    r"\s{1,8}-{4,6} (?:Original|Forwarded) message -{4,6}|\n\s{0,8}\n(?=[A-Z][\w-]{1,40}: )", re.I
)
_RECIPIENT = re.compile(
    rf"(?:recipients? (?:failed permanently|has been delayed|failed)?:|recipients?:?|"
    rf"(?:delivered|delivering|message|deliver) to|to|Empfänger:?|an|destinatario:?|a|à|адресу?|для)"
    rf"\s{{1,8}}<?({FENCED})(?=[\s>.,;:]|$)",
    re.I,
)
# The step that Gmail's session had reached, as far as bounces whose server told its own step show it.
_STATES = {"9": Phase.MAIL, "14": Phase.RCPT, "18": Phase.MESSAGE}


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Gmail wrote, or None.

    Args:
        text: the words of a bounce mail, whole, from the lead-in on, or cut off.
    """
    if ":" not in text and "：" not in text:
        return None
    lowered = text.lower()
    if not holds(lowered, _STEMS):
        return None
    lead = _lead_in(text, lowered)
    details = _DETAILS.search(text) if may_hold(text, ("technical details",)) else None
    start = lead or details
    if start is None:
        return None
    words = text[start.end() :]
    end = _END.search(words)
    words = words[: end.start()] if end else words
    state = _STATE.search(words) or _FAILURE.match(words)
    server = _HOST.search(text, 0, start.end()) or _SOCKET.search(text)
    name, address = peer(server[1], server[2].rstrip(".:")) if server else (None, None)
    recipient = _RECIPIENT.search(text, 0, start.start())
    socket = "socket error" in words or "did not accept our requests to connect" in words
    context = Context(
        phase=_STATES.get(state[1] or "") if state else Phase.CONNECT if socket else None,
        remote_host=name,
        remote_ip=address,
        recipient=recipient[1].rstrip(".,;:") if recipient else None,
    )
    failure = _FAILURE.match(words)
    words = words[failure.end() :] if failure else words
    coded = re.match(r"[\"'\s]{0,4}[2-5]\d\d(?!\d)", words)
    words = words[: state.start()] if state and state.start() else words
    return found("gmail", quoted(words) if coded else own_words(words), context, text[: start.start()])


def _lead_in(text: str, lowered: str) -> re.Match[str] | None:
    """The sentence in front of the server's words; in English text it is looked for faster."""
    if not text.isascii() or holds(lowered, _ASCII_STEMS):
        return _LEAD_IN.search(text)
    return _ENGLISH_IN.search(lowered) if holds(lowered, _ENGLISH) else None
