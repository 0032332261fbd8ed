"""What a line of Exim's logs is made of, for ``exim.py``: head, addresses, fields, and what a server said.

A line begins with the time, perhaps the process, and the message's id, which is ``1abcde-000123-AB`` up to
4.96 and ``1abcde-000000012Cd-0EfG`` since 4.97. Then come a flag, an address and fields, in the order of
``deliver.c``::

    2026-11-23 17:39:08.575 +0100 [3243] 1abcde-000123-AB == bob@example.com <b@example.net> R=dns T=smtp
        defer (-44) H=mx.example.com DS [192.0.2.1]:25* I=[192.0.2.9]:4711 DT=1m2s: SMTP error from ...

An address may be a command, a file or ``:blackhole:``; the one that the sender gave then stands in angle
brackets, and those between, with ``+all_parents``, in round ones.

Source: Exim 4.50 to 4.98, ``src/deliver.c`` (``string_log_address``, ``d_hostlog``, ``delivery_log``,
``deferral_log``, ``failure_log``), ``src/transports/smtp.c`` (``check_response``), ``src/host.c``,
``src/log.c``.
"""

from __future__ import annotations

import re

import msgspec

from bouncewise.reading.logs.replies import reply_of, words_of
from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.unwrap.common import phase_of

_ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
_STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d{4})?"
_PID = r"\[\w{1,10}\]"
FLAG = r"<=|\(=|=>|->|>>|\*>|\*\*|=="
HEAD = re.compile(rf"(?:({_STAMP}) )?(?:{_PID} )?(?:({_ID}) (?:({FLAG}) )?)?", re.ASCII)
_OF_NO_MESSAGE = (
    r"[HUF]=[\w(\[<]|(?:Start|End) queue run: pid=|exim \S{1,40} daemon started: pid="
    r"|cwd=\S{1,300} \d{1,4} args: "
    r"|SMTP (?:connection from|call from|protocol|syntax|command timeout|data timeout) "
    r"|no MAIL in SMTP connection|unexpected disconnection while reading SMTP|TLS error on connection "
    r"|no (?:host name|IP address) found for |\w{1,40} authenticator failed for "
    r"|(?:temporarily )?rejected (?:\"?EHLO|\"?HELO|MAIL FROM:|from <)|too many recipients: message rejected"
    r"|refused connection from |[Cc]onnection from [^\n]{1,300}? refused"
)
RECOGNISED = re.compile(
    rf"{_STAMP} (?:{_PID} )?(?:{_ID} |{_OF_NO_MESSAGE})|(?:{_PID} )?{_ID} (?:(?:{FLAG}) |Completed$)",
    re.ASCII,
)
# a part of a line that syslog would not take whole: too long for one (/), or with a line end in it (\)
PIECE = re.compile(r"\[(\d{1,4})([/\\])(\d{1,4})\] ", re.ASCII)

_BEHIND = r"(?= [A-Z][A-Za-z]{0,2}=| (?:routing |transporting )?defer \(| ?:(?: |$)|$)"
_BETWEEN = r"(?: \(([^()]{1,2000})\))?"
_ADDRESS = re.compile(
    rf"((?:\"(?:[^\"\\]|\\.){{0,320}}\"|[^\s\"]){{1,1000}}?){_BETWEEN}(?: <([^<>\n]{{0,1000}})>)?{_BEHIND}"
)
# a command, a file, an automatic answer or ``:blackhole:`` may hold anything; what the sender gave ends it
_NO_MAILBOX = re.compile(rf"([|/>:].{{0,2000}}?|save .{{1,1000}}?){_BETWEEN} <([^<>\n]{{0,1000}})>{_BEHIND}")
_FIELD = re.compile(
    r" (?:([A-Z][A-Za-z0-9]{0,5}|id\*?)=(?:\"((?:[^\"\\]|\\.)*)(?:\"|$)|<([^<>]*)>|((?:[^\s:]|:(?!\s|$))*))"
    r"|(?:L\*?|K|DS|PRDR|TFO\*?)(?=[ :]|$))"
)
_HOST = re.compile(
    r" H=([^\s\[\]()]{0,255})(?: DS)?(?: ?\((.{0,300}?)\)(?= \[|$))?"
    r"(?: ?\[([^\]\s]{1,100})\](?::\w{1,8})?)?\*?"
)
_IP = re.compile(r"[0-9A-Fa-f:.]{2,45}$")
_SECONDS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([wdhms])", re.ASCII)
_TIMES_BEHIND = re.compile(r" [QD]T=[\d.wdhms]{1,30}$", re.ASCII)

_SAID = re.compile(
    r"[SL]MTP error (?:from remote (?:mail server|mailer) )?after (?:pipelined )?(.{2,700}?): "
    r"(?:host (\S{1,255}) \[([^\]\s]{1,100})\](?::\d{1,5})?: )?(?=[2-5]\d\d(?:[ -]|$))",
    re.ASCII,
)
_OWN_HOST = re.compile(
    r"(?:connected to|connect to|[Rr]emote host|reply from|server) (\S{1,255}) \[([0-9A-Fa-f:.]{2,45})\]"
)
_ANSWERED = re.compile(r"(?:in response to|timeout after|\] after|waiting for) (?:pipelined )?([^(<]{2,80})")
_NO_CONNECTION = (
    "Connection refused",
    "Connection timed out",
    "No route to host",
    "Network is unreachable",
    "Network Error",
    "Connection reset by peer",
    "Host is down",
    "Operation timed out",
)
_OVER = ": retry timeout exceeded"
_GIVEN_UP = ("retry timeout exceeded", "after a long failure period", "failing for a long time")


class Fields(msgspec.Struct):
    """The fields behind an address.

    Attributes:
        values: by their letters; of one that stands twice, the first.
        host: ``H=``, the name alone, or "".
        address: the address of that host, or "".
        end: where they end.
    """

    values: dict[str, str]
    host: str = ""
    address: str = ""
    end: int = 0

    @property
    def local_ip(self) -> str:
        """The address of this side, by ``I=``."""
        return ip(self.values.get("I", "").partition("]")[0].removeprefix("["))

    @property
    def peer(self) -> str:
        """The other side as ``name[address]``."""
        return f"{self.host}[{self.address}]" if self.address else self.host


def ip(text: str) -> str:
    """A text that looks like an address, else ""."""
    return text if _IP.match(text) else ""


def fields(text: str, start: int) -> Fields:
    """The fields that stand in a text from a place on, up to what is none."""
    found = Fields({}, end=start)
    while field := _FIELD.match(text, found.end):
        name = field[1]
        host = _HOST.match(text, found.end) if name == "H" else None
        if host is not None:
            found.end = host.end()
            if not found.address:
                found.host, found.address = host[1], ip(host[3] or "")
                found.values["helo"] = host[2] or ""
            continue
        found.end = field.end()
        if name is not None:
            value = next((group for group in field.groups()[1:] if group is not None), "")
            found.values.setdefault(name, value)
    return found


class Addressed(msgspec.Struct):
    """Whom a line is about.

    Attributes:
        recipient: the address that was delivered to, or the given one where that is no mailbox.
        original: the one that the sender gave, where it differs, or "".
        end: where they end.
    """

    recipient: str
    original: str
    end: int


def addresses(text: str, start: int) -> Addressed | None:
    """The addresses behind a flag, or None where there are none.

    Args:
        text: the line.
        start: place behind the flag.
    """
    special = text.startswith(("|", "/", ">", ":", "save "), start)
    found = (_NO_MAILBOX.match(text, start) if special else None) or _ADDRESS.match(text, start)
    if found is None:
        return None
    address, _between, given = found.groups("")
    if given and "@" not in given:  # <system-filter>: what made it, not who it was for
        return Addressed(address.removeprefix(">"), "", found.end())
    if given and (special or "@" not in address):
        return Addressed(given, "", found.end())
    return Addressed(address, given if given != address else "", found.end())


def seconds(span: str) -> float | None:
    """A span of time such as ``2d3h4m`` or ``1.344s`` in seconds, or None."""
    parts = _SPAN.findall(span[:60])
    return round(sum(float(count) * _SECONDS[unit] for count, unit in parts), 3) if parts else None


def given_up(words: str) -> bool:
    """Whether a failure says that the time for retries is over."""
    return any(mark in words for mark in _GIVEN_UP)


def without_times(words: str) -> tuple[str, str]:
    """Words without ``QT=`` and ``DT=`` at their end, and the value of the latter or ""."""
    taken = ""
    for _ in range(2):
        behind = _TIMES_BEHIND.search(words, max(0, len(words) - 40))
        if behind is None:
            break
        taken = behind[0][4:] if behind[0][1] == "D" else taken
        words = words[: behind.start()]
    return words, taken


def unescaped(quoted: str) -> str:
    r"""What stood in quotation marks, in which ``\"`` and ``\\`` were written for ``"`` and ``\``."""
    return re.sub(r"\\(.)", r"\1", quoted) if "\\" in quoted else quoted


class Answer(msgspec.Struct):
    """What the words behind the fields tell.

    Attributes:
        reply: a server's reply, or Exim's own words.
        phase: the command it answers, or None.
        host: who said it, where the words tell.
        address: the address of that.
    """

    reply: Reply
    phase: Phase | None = None
    host: str = ""
    address: str = ""


def answer(words: str) -> Answer:
    """The reply in the words of a failure, or those words.

    Args:
        words: what stands behind the fields.
    """
    said = _SAID.search(words)
    if said is None:
        own = _OWN_HOST.search(words)
        host, address = (own[1], own[2]) if own else ("", "")
        return Answer(words_of(words), _own_phase(words), host, address)
    reply = reply_of(words[said.end() :].removesuffix(_OVER))
    return Answer(reply, command_phase(said[1]), said[2] or "", ip(said[3] or ""))


def command_phase(command: str) -> Phase | None:
    """The phase of ``RCPT TO:<...>``, ``sending data block`` or ``initial connection``."""
    command = command.partition("<")[0]
    return Phase.MESSAGE if "data block" in command else phase_of(command)


def _own_phase(words: str) -> Phase | None:
    answered = _ANSWERED.search(words)
    if answered is not None:
        return command_phase(answered[1])
    start = words[:80]
    if start.startswith(_NO_CONNECTION):
        return Phase.CONNECT
    if "TLS" in start or "DANE" in start:
        return Phase.STARTTLS
    return Phase.AUTH if "authentication required" in start else None
