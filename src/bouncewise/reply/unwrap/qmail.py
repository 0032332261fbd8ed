"""qmail and its family: bounce prose and delivery log lines.

Prose; the sentence in front of ``Remote host said`` gives the phase::

    <bob@example.com>:
    192.0.2.1 does not like recipient.
    Remote host said: 550 5.1.1 no such user
    Giving up on 192.0.2.1.

Others are ``does not like sender``, ``failed on DATA command``, ``failed after I sent the message``,
``Connected to 192.0.2.1 but sender was rejected`` (or ``my name``, ``greeting failed``). Without a
remote reply its own words are given: ``Sorry, I couldn't find any host named example.com. (#5.1.2)``.

Log lines have underscores for blanks and slashes for line ends::

    delivery 12: deferral: Connected_to_192.0.2.1_but_greeting_failed./Remote_host_said:_421_busy/
    @4000000038c3eeb104a13804 delivery 3: failure: Sorry,_no_mailbox_here_by_that_name._vpopmail_(#5.1.1)/

The TAI64N stamp of multilog (``@`` and 24 hexadecimal digits) gives the time in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bouncewise.reply.model import Context, Phase, Unwrapped
from bouncewise.reply.unwrap.common import found, holds, may_hold, own_words, phase_of, quoted
from bouncewise.reply.unwrap.fields import FENCED, ip

_MARKS = (
    "emote host",
    "emote_host",
    "does not like",
    "does_not_like",
    "iving up on",
    "iving_up_on",
    "onnected to",
    "onnected_to",
    "delivery ",
    "orry,",
    "failed after I sent",
    "failed on DATA",
    "accepted message",
    "lookup failed temporarily",
)
_LOG = re.compile(r"\bdelivery \d{1,12}: (failure|deferral|success): ?")
_TO = re.compile(rf"\s{{0,8}}<({FENCED})>:\s")
_REMOTE = re.compile(rf"\bto remote ({FENCED})")
_STAMP = re.compile(r"@4([0-9a-f]{15})([0-9a-f]{8})\b")
# Some write the sentence in their own language too, behind a slash.
_SAID = re.compile(r"Remote host said: ?(?:[\s/]{0,4}[^\d\n:]{3,60}: ?(?=[2-5]\d\d))?", re.I)
_FAR_SAID = re.compile(r"remote host ([0-9A-Fa-f:.]{3,45}) said: ?")
_PROGRESS = re.compile(r"most progress was (\w{2,10}(?: (?:TO|FROM))?)", re.I)
_GIVING_UP = re.compile(r"\bGiving up on ([0-9A-Fa-f:.]{3,45}?)\.?(?=[\s/]|$)")
_PEER = re.compile(
    r"(?:^|[\s/(])(?:Connected to )?(?:[\w.-]{1,253} )?[\[(]?([0-9A-Fa-f:.]{3,45})[\])]?,? "
    r"(does not like (?:recipient|sender)|failed (?:after I sent the message|on DATA command|TLS)|"
    r"accepted message|but (?:sender was rejected|my name was rejected|the name was rejected|"
    r"greeting failed|(?:the )?connection died|authentication was rejected))",
    re.I,
)
_PEER_DOES = ("does not like", "failed", "accepted message", " but ")  # one of them stands in each match
_DIED = re.compile(r"Connected to \[?([0-9A-Fa-f:.]{3,45})\]? but (?:the )?connection died", re.I)
_PHASES = (
    ("recipient", Phase.RCPT),
    ("sender", Phase.MAIL),
    ("message", Phase.MESSAGE),
    ("data", Phase.DATA),
    ("name was", Phase.EHLO),
    ("greeting", Phase.CONNECT),
    ("authentication", Phase.AUTH),
    ("tls", Phase.STARTTLS),
)
_NEW_LINE = re.compile(
    r"/(?=[2-5]\d\d[-_ ]|Giving_up_on|Remote_host|I'm_not_going|Connected_to|"
    r"[0-9A-Fa-f.]{7,45}_(?:does|failed)|$)"
)
_OWN = re.compile(
    r"Sorry, (?:I (?:wasn't|couldn't|don't)|no mailbox|it looks like|that|this|my|the|your|too)|"
    r"CNAME lookup failed temporarily|(?:The )?[Uu]ser does not exist|Connection died|"
    r"This message is looping|System resources temporarily unavailable|"
    r"TLS (?:not available|connect failed|unable)|"
    r"I (?:can't|couldn't|am|wasn't|tried)\b"
)
# Sentences that nobody else writes; those of ``_OWN`` need a ``(#5.1.1)`` or a recipient in front.
_SURE = re.compile(
    r"Sorry, I (?:wasn't able to establish an SMTP connection|"
    r"couldn't find (?:any host named|a mail exchanger))|Sorry, no mailbox here by that name"
)


def unwrap(text: str) -> Unwrapped | None:
    """The reply inside what qmail wrote, or None.

    Args:
        text: a log line or a piece of a bounce mail, whole or cut off.
    """
    if not holds(text, _MARKS):
        return None
    log = _LOG.search(text)
    to = _TO.match(text)
    words = text[log.end() :] if log else text[to.end() :] if to else text
    if log or words.count("_") > 2 * words.count(" "):
        words = _NEW_LINE.sub("\n", words.strip("\n")).replace("_", " ")
    said, near = _said(words), _PEER.search(words) if may_hold(words, _PEER_DOES) else None
    own = _SURE.match(words) or (_OWN.match(words) and ("(#" in words or to))
    if not (log or said or near or own):
        return None
    context = _context(text, words, near)
    if to or (remote := _REMOTE.search(text)):
        context = Context(recipient=to[1] if to else remote[1] if remote else None).merged(context)
    if said is None:
        return found("qmail", own_words(words.strip(" /\n")), context)
    gave_up = _GIVING_UP.search(words, said.end())
    rest = words[said.end() : gave_up.start() if gave_up else None]
    rest = rest.split("\nI'm not going to try again", 1)[0].split("\n---", 1)[0]
    return found("qmail", quoted(rest.strip(" /\n")), context, words[: said.start()])


def _said(words: str) -> re.Match[str] | None:
    """Where the far server's words begin; the last attempt stands last."""
    if not may_hold(words, ("remote host",)):
        return None
    matches = list(_SAID.finditer(words)) or list(_FAR_SAID.finditer(words))
    return matches[-1] if matches else None


def _context(text: str, words: str, near: re.Match[str] | None) -> Context:
    gave_up, far, progress = _GIVING_UP.search(words), _FAR_SAID.search(words), _PROGRESS.search(words)
    phase = None
    if near:
        sentence = near[2].lower()
        phase = next((phase for word, phase in _PHASES if word in sentence), None)
    elif progress:
        phase = phase_of(progress[1])
    address = near[1] if near else gave_up[1] if gave_up else far[1] if far else None
    return Context(phase=phase, remote_ip=ip(address.rstrip(".") if address else None), time=_time(text))


def _time(text: str) -> str | None:
    """The time of a TAI64N stamp; TAI was 10 seconds ahead when the label was made, as qmail counts."""
    stamp = _STAMP.match(text)
    if stamp is None:
        return None
    seconds = int(stamp[1], 16) - 10
    if not 0 <= seconds < 253_402_300_800:  # the year 10000
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
