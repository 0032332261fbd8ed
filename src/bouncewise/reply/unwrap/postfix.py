"""Postfix: log lines, queue listings and the prose of its bounce mails.

What the far server said::

    host mx.example.com[192.0.2.1] said: 550 5.1.1 <bob@example.com>: unknown (in reply to RCPT TO command)
    host mx.example.com[192.0.2.1] refused to talk to me: 554 5.7.1 go away
    SASL authentication failed; server mx.example.com[192.0.2.1] said: 535 5.7.8 no

What Postfix says itself, which gives a reply without a code::

    lost connection with mx.example.com[192.0.2.1] while sending RCPT TO
    conversation with mx.example.com[192.0.2.1] timed out while receiving the initial server greeting
    connect to mx.example.com[192.0.2.1]:25: Connection refused
    Host or domain name not found. Name service error for name=example.com type=MX: Host not found
    TLS is required, but was not offered by host mx.example.com[192.0.2.1]

Any of these may stand alone, behind ``<bob@example.com>:`` (a bounce mail), in parentheses behind
``status=bounced`` (a log line; ``dsn=`` gives the enhanced code where the reply has none, ``delay=``
the age in the queue) or in a listing of ``mailq``. Lines such as ``NOQUEUE: reject: RCPT from
client[192.0.2.9]: 450 ...`` are what this Postfix told a client: the client's address is then
``local_ip``, because it is the sending side, and no remote host is named.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import NO_CONTEXT, Context, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import found, holds, own_words, phase_of, quoted, with_status
from bouncewise.reply.unwrap.fields import BRACKET, FENCED, NAME, ip, peer, seconds, time_of, unfold

_SAID_MARKS = ("said:", "refused to talk to me")
_OWN_MARKS = (
    "lost connection with",
    "timed out while",
    "connect to ",
    "Name service error",
    "Host or domain name not found",
    "offered by host",
    "Cannot start TLS",
    "TLS is required",
    "Server certificate not ",
    "delivery temporarily suspended",
    "loops back to myself",
    "SASL authentication failed",
    "unknown user:",
    "User unknown in ",
    "Command died with status",
    "Command time limit exceeded",
    "maildir delivery failed",
    "cannot update mailbox",
    "mailbox file for",
    "unable to create lock file",
    "message size ",
    "bad address syntax",
    "mail transport unavailable",
    "returned to sender",
    "is required, but was",
)
_LOG_MARKS = ("postfix", "]: SASL ", "reject: ", "reject_warning: ", "status=", "relay=")

_SAID = re.compile(
    rf"(?:({NAME})\s?{BRACKET}(?:: server\b)?|(?<!remote )\bhost ({NAME})|^)\s?"
    r"\b(said|refused to talk to me):\s?",
    re.I,
)
_IN_REPLY = re.compile(
    r"\s{0,4}\(in\s{1,8}reply\s{1,8}to\s{1,8}([^()]{1,60}?)(?:\s{1,8}command)?(?:\)|$)", re.I
)
_LOST = re.compile(
    rf"(?:lost connection with|conversation with) ({NAME})\s?{BRACKET}(?: timed out)? while ([^();]{{3,80}})",
    re.I,
)
_CONNECT = re.compile(rf"\bconnect to ({NAME})\s?{BRACKET}: ", re.I)
_PEER = re.compile(
    rf"\b(?:offered by host|handshake with|server|certificate for|for host) ({NAME})\s?{BRACKET}", re.I
)
_RELAY = re.compile(rf"\brelay=({NAME}){BRACKET}", re.I)
_TO = re.compile(rf"\bto=<({FENCED})>")
_FROM = re.compile(rf"\bfrom=<((?:{FENCED})?)>")
_BOUNCE_TO = re.compile(rf"\s{{0,8}}<({FENCED})>(?:\s\(expanded\s{{1,8}}from[^)]{{1,300}}\))?:\s")
_DSN = re.compile(r"\bdsn=([245]\.\d{1,3}\.\d{1,3})(?!\d)")
_STATUS = re.compile(r"\bstatus=(\w{1,20})(?:, returned to sender)?[ ]?(\()?", re.I)
_DELAY = re.compile(r"\bdelay=(\d{1,9}(?:\.\d{1,3})?)(?!\w)")
_HELO = re.compile(r"\bhelo=<([^>\s]{1,255})>")
_MAILQ = re.compile(
    r"\s{0,4}(?:[-\w ]{1,200}-\s{1,4})?[0-9A-Za-z]{6,20}[*!#]?\s{1,12}\d{1,12}\s{1,4}"
    r"(?:\w{3} \w{3} {1,2}\d{1,2} \d\d:\d\d:\d\d)\s{1,4}([^\s()]{1,320})\s{0,120}\("
)
_AFTER_REASON = re.compile(rf"\s{{0,120}}({FENCED})(?:\s|$)")
_REJECT = re.compile(
    r"\b(?:milter-)?reject(?:_warning)?: ([A-Za-z-]{3,24})\b(?: content)? from (?:([^\s\[\]]{1,253}))?"
    r"\[([^\]\s]{1,45})\](?::\d{1,5})?: ",
)
_HEADER_REJECT = re.compile(
    r"\breject: (header|body|mime-header)\b[^;]{0,900} from ([^\s\[]{1,253})\[([^\]]{1,45})\]; "
)
_REJECT_END = re.compile(r"[;,] (?:from|client|to|proto|helo)=<?")
_SASL = re.compile(
    r"warning: (?:([^\s\[]{1,253})\[([^\]\s]{1,45})\]: )?SASL ([\w-]{1,20}) authentication (?:failed|failure)"
)
# A client that went away or was cut off by this server; postscreen's words in capitals.
_CLIENT_LEFT = re.compile(
    r"\b(?:lost connection|timeout|too many errors|improper command pipelining) after ([A-Z-]{3,20})"
    r"(?: \(\d{1,12} bytes\))? from ([^\s\[]{1,253})\[([^\]\s]{1,45})\]"
)
_POSTSCREEN = re.compile(
    r"postscreen\[\d{1,9}\]: ([A-Z][A-Z -]{3,40}\b[^\n]{0,60}?(?:from|for) \[([^\]\s]{2,45})\](?::\d{1,5})?"
    r"(?: after ([A-Z-]{3,20}))?[^\n]{0,200})"
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what Postfix wrote, or None.

    Args:
        text: a log line, a piece of a bounce mail or of a queue listing, whole or cut off.
    """
    if "stat=" in text and "status=" not in text:
        return None  # Sendmail and OpenSMTPD have the same fields round ``stat=``
    logged = holds(text, _LOG_MARKS)
    if logged:
        rejected = _rejected(text)
        if rejected:
            return rejected
    if not logged and not holds(text, _SAID_MARKS) and not holds(text, _OWN_MARKS):
        return None
    fields = _fields(text) if logged or "<" in text[:12] else NO_CONTEXT
    return _remote(text, fields) or _own(text, fields)


def _rejected(text: str) -> Unwrapped | None:
    """This server refused a client."""
    match = _REJECT.search(text)
    command, rest = (match[1], text[match.end() :]) if match else ("", "")
    if match is None:
        match = _HEADER_REJECT.search(text)
        if match:
            command, rest = "end of data", text[match.end() :].split(">: ", 1)[-1]
    if match is None:
        return _client(text)
    command = "end of data" if command.upper() in ("END-OF-MESSAGE", "CONTENT") else command
    helo = _HELO.search(text)
    end = _REJECT_END.search(rest)
    context = Context(
        phase=phase_of(command),
        local_ip=ip(match[3]),
        helo=helo[1] if helo else None,
        time=time_of(text),
    ).merged(_envelope(text))
    return found("postfix", quoted(rest[: end.start()] if end else rest), context)


def _client(text: str) -> Unwrapped | None:
    """What happened with a client, without a reply: no authentication, a lost connection, a test failed."""
    sasl, left = _SASL.search(text), _CLIENT_LEFT.search(text)
    if sasl:
        words = text[sasl.start() + 9 :]
        return found("postfix", own_words(words), Context(Phase.AUTH, local_ip=ip(sasl[2])))
    if left:
        phase = Phase.MESSAGE if left[1] == "END-OF-MESSAGE" else phase_of(left[1])
        context = Context(phase=phase, local_ip=ip(left[3]), time=time_of(text))
        return found("postfix", own_words(text[left.start() :]), context)
    screened = _POSTSCREEN.search(text)
    if screened is None:
        return None
    phase = phase_of(screened[3]) if screened[3] else Phase.CONNECT
    return found("postfix", own_words(screened[1]), Context(phase=phase, local_ip=ip(screened[2])))


def _envelope(text: str) -> Context:
    to = _TO.search(text) or _BOUNCE_TO.match(text)
    sender = _FROM.search(text)
    return Context(sender=sender[1] if sender else None, recipient=to[1] if to else None)


def _fields(text: str) -> Context:
    """What the named fields of a log line tell."""
    delay, relay = _DELAY.search(text), _RELAY.search(text)
    name, address = peer(relay[1], relay[2]) if relay else (None, None)
    return Context(
        remote_host=name,
        remote_ip=address,
        queue_age=seconds(delay[1]) if delay else None,
        time=time_of(text),
    ).merged(_envelope(text))


def _reason(text: str) -> tuple[str, Context]:
    """The words in the parentheses of a log line or a queue listing, and whom the listing names.

    A log line ends with the closing parenthesis; a server's own words may hold any others.
    """
    status = _STATUS.search(text)
    if status and status[2]:
        line = text[status.end() :].split("\n", 1)[0].rstrip(" .\r")
        return (line[:-1] if line.endswith(")") else line), NO_CONTEXT
    queued = _MAILQ.match(text)
    if queued is None:
        return text, NO_CONTEXT
    rest = text[queued.end() :]
    close = re.search(r"\)\s{1,120}(?=\S{1,320}@)|\)\s{0,4}$", rest)
    after = _AFTER_REASON.match(rest, close.end()) if close else None
    context = Context(sender=queued[1], recipient=after[1] if after else None)
    return (rest[: close.start()] if close else rest), context


def _remote(text: str, fields: Context) -> Unwrapped | None:
    if not holds(text, _SAID_MARKS):
        return None
    reason, listed = _reason(text)
    said = _SAID.search(reason)
    if said is None or (said[1] is None and not re.match(r"[245]\d\d[ -]", reason[said.end() :])):
        return None
    rest = unfold(reason[said.end() :])
    answered = _IN_REPLY.search(rest)
    words = rest[: answered.start()] if answered else rest.split("\n\n", 1)[0]
    before = reason[: said.start()]
    if answered is None and reason is text and before.rstrip().endswith(("(host", "(server")):
        words = words.rstrip(" \n.").removesuffix(")")
    phase = phase_of(" ".join(answered[1].split())) if answered else None
    if said[4].lower().startswith("refused"):
        phase = Phase.CONNECT
    elif "SASL authentication failed" in before:
        phase = Phase.AUTH
    name, address = peer(said[1] or said[3], said[2])
    context = Context(phase=phase, remote_host=name, remote_ip=address).merged(fields).merged(listed)
    return found("postfix", _with_dsn(quoted(words), text), context, _note(before, phase))


def _note(before: str, phase: Phase | None) -> str:
    suspended = "delivery temporarily suspended" if "delivery temporarily suspended" in before else ""
    return before if phase is Phase.AUTH and len(before) < 200 else suspended


def _with_dsn(reply: Reply, text: str) -> Reply:
    dsn = _DSN.search(text) if "dsn=" in text else None
    return with_status(reply, dsn[1] if dsn else None)


def _own(text: str, fields: Context) -> Unwrapped | None:
    """What Postfix says itself: no connection, no route, a local delivery that failed."""
    status = _STATUS.search(text)
    if status is None and "dsn=" not in text and not holds(text, _OWN_MARKS):
        return None
    reason, listed = _reason(text)
    lost, connect = _LOST.search(reason), _CONNECT.search(reason)
    if not (status or lost or connect or _DSN.search(text)) and not _is_prose(text, reason):
        return None
    if status and not status[2] and "returned to sender" not in status[0] and not _DSN.search(text):
        return None
    named = lost or connect or _PEER.search(reason)
    name, address = peer(named[1], named[2]) if named else (None, None)
    known = Context(remote_host=name, remote_ip=address)
    words = unfold(reason if reason is not text else _without_front(text, status, lost or connect))
    if re.match(r"[245]\d\d[ -]", words):  # "status=sent (250 2.0.0 Ok: queued as ...)"
        sent = status is not None and status[1].lower() == "sent"
        context = Context(phase=Phase.MESSAGE if sent else None).merged(fields)
        return found("postfix", _with_dsn(quoted(words), text), context)
    if status and status[1].lower() == "sent":  # "delivered to maildir": done, and no server spoke
        delivered = own_words(words)
        delivered = Reply(250, delivered.enhanced, delivered.lines)
        return found("postfix", _with_dsn(delivered, text), known.merged(fields).merged(listed))
    phase = _lost_phase(lost[3]) if lost else _own_phase(words)
    context = Context(phase=phase).merged(known).merged(fields).merged(listed)
    return found("postfix", _with_dsn(own_words(words), text), context)


def _is_prose(text: str, reason: str) -> bool:
    """Whether text without fields is Postfix's own: a bounce's paragraph, a listing or a known phrase."""
    return bool(
        reason is not text
        or _BOUNCE_TO.match(text)
        or re.search(
            r"Name service error for name=|Host or domain name not found\.|^TLS is required, but|"
            r"offered by host |^Cannot start TLS: |^delivery temporarily suspended: |"
            r"^mail for \S{1,253} loops back to myself|^Command died with status|^maildir delivery failed|"
            r"^Server certificate not |^unknown user: \"|^SASL authentication failed",
            text,
        )
    )


def _without_front(text: str, status: re.Match[str] | None, named: re.Match[str] | None) -> str:
    """Prose without the address or queue id in front; of a line whose status has no reason, the status."""
    if status:
        return text[status.start() :]
    if named and "suspended" not in text[: named.start()]:
        return text[named.start() :]
    to = _BOUNCE_TO.match(text)
    return text[to.end() :] if to else text


def _lost_phase(doing: str) -> Phase:
    doing = " ".join(doing.split()).lower()
    if "greeting" in doing:
        return Phase.CONNECT
    return phase_of(doing) or Phase.CONNECT


def _own_phase(words: str) -> Phase | None:
    """The phase that Postfix's own words stand for; None where no session with a server was meant."""
    if "SASL authentication" in words:
        return Phase.AUTH
    if "Name service error" in words or "connect to " in words or "Host or domain name not found" in words:
        return Phase.CONNECT
    if "TLS" in words or "certificate" in words:
        return Phase.STARTTLS
    if "exceeds size limit" in words or words.startswith("SMTPUTF8 is required"):
        return Phase.MAIL
    return None
