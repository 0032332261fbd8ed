"""Is a mail a bounce? What speaks for it and against it, each with its weight."""

from __future__ import annotations

import re

from bouncewise.reading.mail.message import Mail

ENOUGH = 4
_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|mail[-_ ]?delivery|postmaster|mail (?:system|administrator|router|transport)|mdaemon|"
    r"delivery (?:system|subsystem|service|notification)|bounce|undeliver|returned|mail ?server|mta@|majordomo|"
    r"system administrator|mail ?adm|daemon@|e-?mail (?:delivery|system)|email(?:system)?-?admin|noreply.*deliver",
    re.I,
)
_SUBJECT = re.compile(
    r"undeliver|unzustellbar|delivery (?:status|fail|problem|report|error|notification|has failed|delayed|incomplete|"
    r"was delayed|unsuccessful)|return(?:ed|ing) (?:mail|message|e-?mail|to sender)|failure (?:notice|notification)|"
    r"mail (?:delivery|system error|failure|could not)|(?:message|mail|e-?mail) (?:delivery|not delivered|undeliver|"
    r"you sent|could not|rejected|blocked|failed|status)|could(?: not|n't) (?:be )?(?:send|deliver|delivered|sent)|"
    r"not be delivered|non[- ]?deliver|non remis|non distribu|echec|échec|unable to deliver|"
    r"not delivered|nicht zugestellt|zustell|fehlgeschlagen|rücksendung|rebot|no se (?:ha )?(?:pudo|entreg)|"
    r"no entregad|entrega|devuelt|devol|mancata consegna|non (?:recapit|consegn|inviat)|onbestelbaar|niet (?:afgeleverd|"
    r"bezorgd)|olevererbar|ej levererbar|kan inte levereras|ikke levere|uleverbar|ikke leveret|toimitus|zwrot|"
    r"nie (?:dostarcz|moż)|niedostarcz|nedoruč|nelze doruč|vrácen|kézbesít|nedelivr|livrare|teslim|iletil|"
    r"недостав|не достав|не удалось|возврат|退信|退回|投递|送达|無法|无法|配信|配送|不達|届け|エラー|반송|전송|배달|"
    r"warning: (?:message|could not)|still being retried|delayed|permanent error|temporary (?:error|failure)|"
    r"rejected|blocked|error sending|problem delivering|delivery$|mail error|user unknown|unknown (?:user|address)|"
    r"over ?quota|mailbox (?:full|unavailable)|quota exceeded|no such user|attention required",
    re.I,
)
_PERSONS = re.compile(
    r"^(?:re|fwd?|aw|wg|sv|vs|tr|rv|res|antw|odp|ynt|回复|回覆|转发|轉寄|答复)\s?(?:\[\d+\])?\s?[:：]", re.I
)
_FAILURE = re.compile(
    r"(?:could|can|did|was|were|has|have|is|will) ?(?:not|n't) (?:been |be )?(?:deliver|sent|reach|accept|found|recogni)|"
    r"undeliver|(?:delivery|deliver\w*|sending|mail|message) .{0,60}(?:fail|error|problem|impossible|reject|refus|block|delay)|"
    r"(?:fail|error|unable|problem|permanent).{0,40}(?:deliver|send|sent|recipient|address)|"
    r"(?:unknown|unrouteable|no such|invalid|nonexistent) (?:user|address|mailbox|recipient|domain|host)|"
    r"(?:user|mailbox|recipient|address|account)\b.{0,40}(?:unknown|full|not found|rejected|disabled|unavailable|"
    r"does not exist|not listed|inactive|over ?quota|exceed)|following address|returned to (?:you|sender)|"
    r"rejected|refused|bounced|will be retried|queued|不存在|退信|配信|届け|zugestellt|remis|entrega|consegn|"
    r"доставл|недостав|doručen|dostarcz",
    re.I | re.S,
)
_REPLY = re.compile(
    r"(?:^|[\s:(<\"'#-])(?:[45]\d\d)[ -]#?(?:[45]\.\d{1,3}\.\d{1,3}|[A-Za-z<])|[45]\.\d\.\d{1,3}\b|#5\.\d\.\d"
)
_QUOTE = re.compile(r"^\s{0,3}(?:>|On .{5,80} wrote:|-{2,}\s?(?:Forwarded|Original) message)", re.M | re.I)


def weight(mail: Mail) -> int:
    """How much speaks for a bounce; from ``ENOUGH`` on it is one."""
    headers = mail.headers
    score = 0
    daemon = bool(_DAEMON.search(mail.sender)) or mail.sender.strip() in ("<>", "")
    told = bool(_SUBJECT.search(mail.subject))
    answered = bool(_PERSONS.match(mail.subject))
    if mail.envelope_sender == "" or (mail.envelope_sender or "").startswith("mailer-daemon"):
        score += 2
    elif mail.envelope_sender and not _DAEMON.search(mail.envelope_sender):
        score -= 1
    score += 3 if daemon else 0
    score += 2 if told and not answered else 0
    score += 4 if "x-failed-recipients" in headers else 0
    score += 1 if headers.get("auto-submitted").lower().startswith(("auto-generated", "auto-replied")) else 0
    score += 3 if mail.status_text and mail.type == "multipart/report" else 0
    text = mail.notice[:16_384]
    if _FAILURE.search(text):
        score += 1
    if _REPLY.search(text):
        score += 1
    return score - _against(mail, answered, daemon)


def _against(mail: Mail, answered: bool, daemon: bool) -> int:
    headers = mail.headers
    score = 0
    score += 4 if answered and not daemon else 0
    if "list-unsubscribe" in headers or "list-post" in headers or "x-campaign-id" in headers:
        score += 3
    if headers.get("precedence").lower() in ("bulk", "list") and "list-id" in headers:
        score += 2
    if not daemon and ("in-reply-to" in headers or _QUOTE.search(mail.notice[:8192])):
        score += 2
    if not daemon and ("user-agent" in headers or "x-mailer" in headers):
        score += 1
    return score


def is_bounce(mail: Mail) -> bool:
    """Whether a mail that no format knows is taken for a bounce."""
    return weight(mail) >= ENOUGH
