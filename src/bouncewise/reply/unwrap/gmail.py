"""Gmail's bounce prose, in the languages it writes.

Recognises ``The response from the remote server was: 550 ...``, ``The error that the other server
returned was: ...``, ``Technical details of permanent failure: ...``, and names the host from ``by
h. [ip]``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, HOST, IP, found, own_words, quoted

_LEAD_INS = (
    r"The response from the remote server was|The response was|The error that the other server returned was|"
    r"Die Antwort des Remote-?servers lautete?|Die Antwort lautete?|"
    r"La respuesta del servidor remoto(?: es| fue)?|La respuesta fue|"
    r"La réponse (?:du serveur distant )?(?:est|était)(?: la suivante)?|"
    r"La risposta (?:del server remoto )?(?:è|era)(?: stata)?|"
    r"A resposta do servidor remoto (?:é|foi)|A resposta foi|"
    r"Het antwoord van de externe server (?:was|is)|Het antwoord was|"
    r"Odpowiedź (?:zdalnego serwera|serwera zdalnego)?(?: to| brzmi)?|Ответ удал[её]нного сервера|"
    r"Ответ|リモート サーバーからの応答|応答|"
    r"远程服务器(?:返回|的)(?:的)?响应(?:为)?|遠端伺服器的回應(?:為)?|원격 서버의 응답|"
    r"Uzak sunucudan gelen yanıt|"
    r"Svaret från fjärrservern var|Odpověď vzdáleného serveru"
)
_LEAD_IN = re.compile(rf"(?:{_LEAD_INS})\s{{0,2}}[:：]\s{{0,4}}", re.I)
_DETAILS = re.compile(r"Technical details of (?:permanent|temporary) failure:\s{0,4}", re.I)
_HOST = re.compile(rf"\bby ({HOST})\.? \[({IP})\]", re.I)
_SOCKET = re.compile(rf"\[\(\d{{1,2}}\) ({HOST})\.? ?\[({IP})\](?::\d{{1,5}})?: ")
_RECIPIENT = re.compile(rf"(?:recipients?:?|to|Empfänger:?|destinatario:?)\s{{1,4}}<?({ADDRESS})", re.I)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Gmail wrote, or None."""
    lead = _LEAD_IN.search(text)
    details = _DETAILS.search(text)
    if lead is None and details is None:
        return None
    host = _HOST.search(text) or _SOCKET.search(text)
    recipient = _RECIPIENT.search(text)
    context = Context(
        remote_host=host[1].rstrip(".") if host else None,
        remote_ip=host[2] if host else None,
        recipient=recipient[1].rstrip(".,;") if recipient else None,
    )
    start = lead or details
    words = text[start.end() :] if start else text
    coded = re.match(r"[\"'\s]{0,4}[245]\d\d", words)
    return found(
        "gmail", quoted(words) if coded else own_words(words), context, text[: start.start()] if start else ""
    )
