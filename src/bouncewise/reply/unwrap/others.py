"""Exceptions of other libraries: JavaMail, .NET, Ruby's net/smtp, Rust's lettre, Delphi's Indy.

.NET prints its own phrase for the reply code and drops the code; the phrase gives it back.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Reply, Unwrapped
from bouncewise.reply.unwrap.common import balanced, failure_words, found, holds, may_hold, own_words, quoted
from bouncewise.reply.unwrap.fields import NAME, host

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
_JAVA_CONNECT = re.compile(
    rf"Could not connect to SMTP host: ({NAME}), port: \d{{1,5}}(?:, response: ([2-5]\d\d))?"
)
_CLASS = re.compile(r"^[\w.$]{1,200}(?:Exception|Error):\s")
_NESTED = re.compile(r"nested exception is:?\s{0,4}")
_RUBY = re.compile(r"\bNet::(SMTP[A-Z]\w{2,30}|OpenTimeout|ReadTimeout)|\bEOFError\b:?\s?")
_RUBY_CODE = re.compile(
    r"[\s:(\-–—`'\">\[]{0,12}(?:(?:error )?message:?)?[\s:`'\"(]{0,12}(?=[2-5]\d\d(?:[\s:-]|$))", re.I
)
_RUBY_END = re.compile(r"\s{0,2}(?:\(Net::SMTP\w{2,30}\).{0,400}|`{1,3}\s{0,4})$", re.S)
_LETTRE = re.compile(r"\b(?:permanent|transient) error \(([45]\d\d)\):\s?", re.I)
_LETTRE_DEBUG = re.compile(
    r"severity: (Positive|Transient|Permanent)\w{0,30}, category: (\w{3,20}), detail: (\w{3,8}) \}"
    r"(?:, message: \[(.{0,4000}?)\]|\){0,2}(?:, source: (.{0,4000}))?)",
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
_NET_SAID = re.compile(r"(?:The )?server respons ?e was(?!:?\s?not available):?\s?", re.I)
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
_MAILKIT = re.compile(r"\bSmtp(?:Command|Protocol)Exception:\s?|\bMailKit\.Security\.(\w{4,30})Exception:\s?")
_NET_STACK = re.compile(r"\s{1,8}at (?:System|MailKit|Microsoft)\.|\r?\n\s{1,8}at |\s--->\s")
_INDY = re.compile(r"\bEId\w{2,40}(?: with message|:)\s{0,2}['\"]?")
# One of these stands in everything that is read here.
_MARKS = ("Exception", "Net::", "EOFError", "severity: ", "EId")
_MARKS_OF_ANY_CASE = ("server respons", "permanent error (", "transient error (")
_UNKNOWN = re.compile(r"could not get [23]xx \(([2-5]\d\d)(?:: (.{0,2000}))?\)", re.S)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside an exception of one of these libraries, or None."""
    if not holds(text, _MARKS) and not may_hold(text, _MARKS_OF_ANY_CASE):
        return None
    return _java(text) or _dotnet(text) or _ruby(text) or _rust(text) or _indy(text)


def _java(text: str) -> Unwrapped | None:
    if "Exception" not in text:
        return None
    matches = list(_JAVA.finditer(text))
    if not matches:
        return None
    coded = [m for m in matches if re.match(r"[45]\d\d\b", text[m.end() : m.end() + 4])]
    final = [m for m in coded if text[m.end()] == "5"]
    chosen = (final or coded or matches)[-1]
    words = text[chosen.end() :]
    stack = re.search(r"\n\s{1,8}at \S|\n\s{0,8}nested exception|\s;\s{1,4}nested exception is", words)
    words = words[: stack.start()] if stack else words
    if coded:
        return found("javamail", quoted(words), Context(phase=_JAVA_PHASES.get(chosen[1])))
    return _java_told(text, chosen, words)


def _java_told(text: str, chosen: re.Match[str], words: str) -> Unwrapped:
    """An exception without a refusal in it: its innermost words count, and no ``220`` that it quotes."""
    connect = _JAVA_CONNECT.search(text)
    if connect:
        reply = own_words(words or text)
        reply = Reply(int(connect[2]), reply.enhanced, reply.lines) if connect[2] else reply
        return found("javamail", reply, Context(phase=Phase.CONNECT, remote_host=host(connect[1])))
    phase = _JAVA_PHASES.get(chosen[1])
    friendly = any(re.match(r"[23]\d\d\b", text[m.end() : m.end() + 4]) for m in _JAVA.finditer(text))
    nested = _NESTED.search(text)
    if friendly and nested:
        words = _CLASS.sub("", text[nested.end() :])
    elif friendly and chosen[1] != "AuthenticationFailedException":
        return found("javamail", quoted(words), Context(phase=phase))
    if "convert socket to TLS" in text or "SSLHandshake" in text:
        phase = Phase.STARTTLS
    return found("javamail", failure_words(words), Context(phase=phase))


def _dotnet(text: str) -> Unwrapped | None:
    said = _NET_SAID.search(text)
    if said is None:
        kit = _MAILKIT.search(text)
        if kit is None:
            return None
        phase = Phase.AUTH if kit[1] == "Authentication" else Phase.STARTTLS if kit[1] else None
        return found(
            "mailkit", quoted(_NET_STACK.split(text[kit.end() :], maxsplit=1)[0]), Context(phase=phase)
        )
    before, words = text[: said.start()], _NET_STACK.split(text[said.end() :], maxsplit=1)[0]
    code = next((code for phrase, code in _NET_PHRASES if phrase.lower() in before.lower()), None)
    reply = quoted(words)
    if reply.code is None:
        reply = Reply(code, reply.enhanced, reply.lines)
    return found("dotnet", reply, Context(), before)


def _indy(text: str) -> Unwrapped | None:
    """Delphi's Indy: ``EIdSMTPReplyError with message '5.7.1 no'``; the code is seldom shown."""
    match = _INDY.search(text) if "EId" in text else None
    if match is None:
        return None
    words = text[match.end() :]
    words = words.rstrip(" .\n").rstrip("'\"") if match[0][-1] in "'\"" else words
    coded = re.match(r"[2-5]\d\d[ -]|[45]\.\d{1,3}\.\d", words)
    return found("indy", quoted(words) if coded else own_words(words), Context())


def _ruby(text: str) -> Unwrapped | None:
    match = _RUBY.search(text)
    if match is None:
        return None
    phase = (
        Phase.AUTH
        if match[1] == "SMTPAuthenticationError"
        else Phase.CONNECT
        if match[1] == "OpenTimeout"
        else None
    )
    unknown = _UNKNOWN.search(text)
    if unknown:
        return found("net-smtp", quoted(f"{unknown[1]} {unknown[2] or ''}"), Context(phase=phase))
    for named in _RUBY.finditer(text):
        coded = _RUBY_CODE.match(text, named.end())
        if coded:
            words = _RUBY_END.sub("", text[coded.end() :])
            words = balanced(words)
            return found("net-smtp", quoted(words), Context(phase=phase))
    if re.search(r"(?<!\d)[45]\d\d[ -]", text[: match.start()]):
        return None  # "550 no such user (Net::SMTPFatalError)"
    return found("net-smtp", own_words(text), Context(phase=phase))


def _rust(text: str) -> Unwrapped | None:
    match = _LETTRE.search(text)
    if match:
        return found("lettre", quoted(f"{match[1]} {text[match.end() :]}"), Context())
    debug = _LETTRE_DEBUG.search(text)
    if debug is None:
        return None
    code = _SEVERITY[debug[1]] + _CATEGORY.get(debug[2], "5") + _DETAIL.get(debug[3], "0")
    lines = re.findall(r"\"((?:[^\"\\]|\\.){0,2000})\"", debug[4] or debug[5] or "")
    return found("lettre", quoted("\n".join(f"{code} {line}" for line in lines or [""])), Context())
