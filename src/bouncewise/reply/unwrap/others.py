"""Exceptions of other libraries: JavaMail, .NET, Ruby's net/smtp and Rust's lettre.

.NET prints its own phrase for the reply code and drops the code; the phrase gives it back.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import found, own_words, quoted

_JAVA = re.compile(
    r"(?:(?:com\.sun|org\.eclipse\.angus|javax|jakarta)\.mail(?:\.\w{1,20}){0,3}\.|\b)"
    r"(SMTPAddressFailedException|SMTPSendFailedException|SMTPSenderFailedException|"
    r"AuthenticationFailedException|"
    r"SendFailedException|MailConnectException|SMTPAddressSucceededException|MessagingException):\s?"
)
_JAVA_PHASES = {
    "SMTPAddressFailedException": Phase.RCPT,
    "SMTPSenderFailedException": Phase.MAIL,
    "AuthenticationFailedException": Phase.AUTH,
    "MailConnectException": Phase.CONNECT,
}
_RUBY = re.compile(r"\bNet::(SMTP[A-Z]\w{2,30}|OpenTimeout|ReadTimeout):?\s?|\bEOFError\b:?\s?")
_LETTRE = re.compile(r"\b(?:permanent|transient) error \(([45]\d\d)\):\s?", re.I)
_LETTRE_DEBUG = re.compile(
    r"severity: (Positive|Transient|"
    r"Permanent)\w{0,30}, category: (\w{3,20}), detail: (\w{3,8}) \}, message: \[(.{0,4000}?)\]",
    re.S,
)
_SEVERITY = {"Positive": "2", "Transient": "4", "Permanent": "5"}
_CATEGORY = {
    "Syntax": "0",
    "Information": "1",
    "Connections": "2",
    "Unspecified3": "3",
    "Unspecified4": "4",
    "MailSystem": "5",
}
_DETAIL = {
    name: str(i)
    for i, name in enumerate(["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"])
}
_NET_SAID = re.compile(r"(?:The )?server response was:?\s?", re.I)
# Phrases of System.Net.Mail for the reply codes, longest first where one begins another.
_NET_PHRASES = (
    ("Service not available, closing transmission channel", 421),
    ("Mailbox unavailable or not accessible", 550),
    ("Mailbox unavailable", 550),
    ("Mailbox busy", 450),
    ("Error in processing", 451),
    ("Insufficient system storage", 452),
    ("Client does not have permission to submit mail to this server", 454),
    ("Syntax error, command unrecognized", 500),
    ("Syntax error in parameters or arguments", 501),
    ("Command not implemented", 502),
    ("Bad sequence of commands", 503),
    ("Command parameter not implemented", 504),
    ("The SMTP server requires a secure connection or the client was not authenticated", 530),
    ("Must issue a STARTTLS command first", 530),
    ("User not local; please try a different path", 551),
    ("Exceeded storage allocation", 552),
    ("Mailbox name not allowed", 553),
    ("Transaction failed", 554),
)
_MAILKIT = re.compile(r"\bSmtp(?:Command|Protocol)Exception:\s?")


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside an exception of one of these libraries, or None."""
    return _java(text) or _dotnet(text) or _ruby(text) or _rust(text)


def _java(text: str) -> Unwrapped | None:
    if "Exception" not in text:
        return None
    matches = list(_JAVA.finditer(text))
    if not matches:
        return None
    with_code = [m for m in matches if re.match(r"[2-5]\d\d\b", text[m.end() : m.end() + 4])]
    chosen = (with_code or matches)[-1]
    words = text[chosen.end() :]
    stack = re.search(r"\n\s{1,8}at \S|\n\s{0,8}nested exception", words)
    words = words[: stack.start()] if stack else words
    reply = quoted(words) if with_code else own_words(words)
    return found("javamail", reply, Context(phase=_JAVA_PHASES.get(chosen[1])))


def _dotnet(text: str) -> Unwrapped | None:
    said = _NET_SAID.search(text)
    if said is None:
        kit = _MAILKIT.search(text)
        return found("mailkit", quoted(text[kit.end() :]), Context()) if kit else None
    before, words = text[: said.start()], text[said.end() :]
    code = next((code for phrase, code in _NET_PHRASES if phrase.lower() in before.lower()), None)
    reply = quoted(words)
    if reply.code is None:
        reply = Reply(code, reply.enhanced, reply.lines)
    return found("dotnet", reply, Context(), before)


def _ruby(text: str) -> Unwrapped | None:
    match = _RUBY.search(text)
    if match is None:
        return None
    words = text[match.end() :].strip()
    coded = re.match(r"[2-5]\d\d\b", words)
    phase = (
        Phase.AUTH
        if match[1] == "SMTPAuthenticationError"
        else Phase.CONNECT
        if match[1] == "OpenTimeout"
        else None
    )
    return found("net-smtp", quoted(words) if coded else own_words(text), Context(phase=phase))


def _rust(text: str) -> Unwrapped | None:
    match = _LETTRE.search(text)
    if match:
        return found("lettre", quoted(f"{match[1]} {text[match.end() :]}"), Context())
    debug = _LETTRE_DEBUG.search(text)
    if debug is None:
        return None
    code = _SEVERITY[debug[1]] + _CATEGORY.get(debug[2], "5") + _DETAIL.get(debug[3], "0")
    lines = re.findall(r"\"((?:[^\"\\]|\\.){0,2000})\"", debug[4])
    return found("lettre", quoted("\n".join(f"{code} {line}" for line in lines or [""])), Context())
