"""Errors of nodemailer, as they are printed.

Recognises ``Error: Can't send mail - all recipients were rejected: 550 ...``, ``Message failed:
...``, ``Invalid login: ...`` and printed error objects (``response: '550 ...', responseCode: 550,
command: 'RCPT TO'``), and connection faults (``ECONNREFUSED``, ``ETIMEDOUT``, ``ENOTFOUND``).
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import ADDRESS, found, own_words, phase_of, quoted
from bouncewise.reply.unwrap.fields import ip

_LEADS = (
    (re.compile(r"Can['’]t send mail - all recipients were rejected:\s?", re.I), Phase.RCPT),
    (re.compile(r"Recipient command failed:\s?", re.I), Phase.RCPT),
    (re.compile(r"Mail command failed:\s?", re.I), Phase.MAIL),
    (re.compile(r"Message failed:\s?", re.I), Phase.MESSAGE),
    (re.compile(r"Data command failed:\s?", re.I), Phase.DATA),
    (re.compile(r"Invalid login:\s?", re.I), Phase.AUTH),
    (re.compile(r"Invalid greeting(?: from server)?[.:]\s?(?:response=)?", re.I), Phase.CONNECT),
    (re.compile(r"Error upgrading connection with STARTTLS:\s?", re.I), Phase.STARTTLS),
    (re.compile(r"Invalid (?:HELO|EHLO)[.:]\s?(?:response=)?", re.I), Phase.EHLO),
)
_RESPONSE = re.compile(r"\bresponse\\?['\"]?:\s?\\?(['\"`])(?=[2-5]\d\d)")
_CODE = re.compile(r"\bresponseCode['\"]?:\s?([2-5]\d\d)\b")
_COMMAND = re.compile(r"\bcommand\\?['\"]?:\s?\\?['\"`]([A-Za-z ]{3,24})")
_RECIPIENT = re.compile(rf"\brecipient['\"]?:\s?['\"]({ADDRESS})")
_STACK = re.compile(r"\n\s{2,8}at \S|\s{1,8}at [\w.<>]{3,80}(?: \[as \w{1,40}\])? \(\S")
_CODED = re.compile(
    r"\bcode:\s?['\"]E(?:AUTH|ENVELOPE|MESSAGE|TLS|OAUTH2|NOAUTH|DNS|SOCKET|CONNECTION|TIMEDOUT|PROTOCOL)['\"]"
)
_REFUSED = re.compile(
    r"(?:ECONNREFUSED|ETIMEDOUT|ECONNRESET|EHOSTUNREACH|ENETUNREACH) ([0-9A-Fa-f:.]{3,45}?):\d{1,5}\b"
)
_NETWORK = re.compile(
    r"\b(?:connect |getaddrinfo |queryMx |read )?(?:ECONNREFUSED|ETIMEDOUT|ECONNRESET|EHOSTUNREACH|"
    r"ENETUNREACH|ENOTFOUND|EAI_AGAIN|ESOCKET|ECONNECTION|EDNS)\b"
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside an error of nodemailer, or None."""
    response = _RESPONSE.search(text)
    if response:
        end = re.search(r"(?<!\\)" + response[1], text[response.end() :])
        words = text[response.end() : response.end() + end.start()] if end else text[response.end() :]
        command, recipient = _COMMAND.search(text), _RECIPIENT.search(text)
        phase = (
            phase_of(command[1]) if command else next((p for lead, p in _LEADS if lead.search(text)), None)
        )
        if command and command[1].strip().upper() == "DATA":
            phase = Phase.MESSAGE  # nodemailer names the command, and the reply is the one after the dot
        context = Context(phase=phase, recipient=recipient[1] if recipient else None)
        return found("nodemailer", quoted(words), context)
    for lead, phase in _LEADS:
        match = lead.search(text)
        if match:
            words = text[match.end() :]
            stack = _STACK.search(words)
            reply = quoted(words[: stack.start()] if stack else words)
            return found("nodemailer", _with_code(reply, text), Context(phase=phase))
    return _own(text)


def _with_code(reply: Reply, text: str) -> Reply:
    """The reply with the code of the printed error object, where its words begin without one."""
    code = _CODE.search(text) if reply.code is None else None
    return Reply(int(code[1]), reply.enhanced, reply.lines) if code else reply


def _own(text: str) -> Unwrapped | None:
    """A fault that nodemailer or the network tells, without a reply."""
    stack = _STACK.search(text)
    words = text[: stack.start()] if stack else text
    if _NETWORK.search(text):
        refused = _REFUSED.search(text)
        context = Context(phase=Phase.CONNECT, remote_ip=ip(refused[1]) if refused else None)
        return found("nodemailer", own_words(words), context)
    command = _COMMAND.search(text)
    if command and _CODED.search(text) and not re.search(r"(?<!\d)[45]\d\d[ -]", text):
        return found("nodemailer", own_words(words), Context(phase=phase_of(command[1])))
    return None
