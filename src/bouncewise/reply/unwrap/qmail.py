"""qmail and its family: bounce prose and delivery log lines, where blanks are underscores.

Recognises ``1.2.3.4 does not like recipient.``, ``Remote host said: 550 ...``, ``Giving up on
1.2.3.4.``, ``Sorry, I wasn't able to ... (#4.4.1)`` and ``delivery 5: failure: ...``.
"""

from __future__ import annotations

import re

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import IP, found, own_words, quoted

_MARKS = (
    "Remote_host_said",
    "Remote host said",
    "does_not_like",
    "does not like",
    "Giving_up_on",
    "Giving up on",
    "delivery ",
    "Sorry,_",
    "Sorry, I ",
    "Sorry, no mailbox",
    "I_",
    "greeting failed",
    "failed after I sent",
)
_LOG = re.compile(r"\bdelivery \d{1,9}: (?:failure|deferral|success): ")
_SAID = re.compile(r"Remote host said: ", re.I)
_GIVING_UP = re.compile(rf"\s?Giving up on ({IP})\.?[\s/]*$", re.I)
_HOST = re.compile(
    rf"(?:^|[\s/])(?:Connected to )?({IP}) (does not like recipient|does not like sender|"
    rf"failed after I sent the message|"
    rf"but sender was rejected|but my name was rejected|but greeting failed|but connection died|"
    rf"but the connection died|does not like)",
    re.I,
)
_PHASES = {
    "recipient": Phase.RCPT,
    "sender": Phase.MAIL,
    "message": Phase.MESSAGE,
    "name": Phase.EHLO,
    "greeting": Phase.CONNECT,
}


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what qmail wrote, or None."""
    if not any(mark in text for mark in _MARKS):
        return None
    log = _LOG.search(text)
    words = text[log.end() :] if log else text
    if log or words.count("_") > 2 * words.count(" "):
        words = words.replace("_", " ").replace("/", " / ") if log else words.replace("_", " ")
        words = re.sub(r"(?<=https:) / / |(?<=http:) / / ", "//", words)
    host = _HOST.search(words)
    said = _SAID.search(words)
    if not (log or said or host or words.startswith(("Sorry, ", "I "))):
        return None
    gave_up = _GIVING_UP.search(words)
    ip = host[1] if host else gave_up[1] if gave_up else None
    phase = next((p for word, p in _PHASES.items() if host and word in host[2].lower()), None)
    context = Context(phase=phase, remote_ip=ip)
    if said:
        rest = words[said.end() : gave_up.start() if gave_up and gave_up.start() > said.end() else None]
        return found("qmail", quoted(rest.strip(" /")), context, words[: said.start()])
    return found("qmail", own_words(words.strip(" /")), context)
