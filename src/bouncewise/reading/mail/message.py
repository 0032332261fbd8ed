"""A mail as the readers of formats see it: fields, words for a person, the report, what came back."""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import Headers, addresses_in
from bouncewise.reading.mail.html import html_to_text
from bouncewise.reading.mail.mime import Part, headers_of, leaves, top
from bouncewise.reading.mail.once import once
from bouncewise.reply.unwrap.common import may_hold

MAX_NOTICE = 65_536  # characters of words that are read
MAX_STATUS = 4_194_304  # characters of delivery status that are read
MAX_RETURNED = 33_554_432  # octets of a returned message that are read
_WHOLE_TYPES = ("message/rfc822", "message/global")
_RETURNED_TYPES = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
    "message/rfc822-headers",
    "message/partial",
)
_IN_FRONT = (b" ", b"\t", b"\n", b"\xef")
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status", "message/x-delivery-status")
_FIELD_LINE = re.compile(r"[ \t>*]{0,8}([A-Za-z][A-Za-z0-9-]{1,60})[ \t]?:(?:\s|$)")
_OF_A_MESSAGE = frozenset(
    [
        "received",
        "return-path",
        "message-id",
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "mime-version",
        "content-type",
        "dkim-signature",
        "sender",
        "reply-to",
        "x-mailer",
        "delivered-to",
        "references",
        "in-reply-to",
        "user-agent",
        "content-transfer-encoding",
        "domainkey-signature",
        "list-id",
        "list-unsubscribe",
        "x-originating-ip",
        "importance",
        "thread-topic",
        "thread-index",
        "envelope-to",
        "x-sender",
    ]
)
_SURE = frozenset(
    [
        "received",
        "return-path",
        "message-id",
        "mime-version",
        "dkim-signature",
        "content-type",
        "domainkey-signature",
    ]
)
_LEAD = re.compile(
    r"(?:original|returned|unsent|undeliver\w*|copy of|body of|rejected|failed|your) "
    r"(?:mail|message|header|text)|(?:message|mail|header)s? (?:header|text|body|follow|returned)|"
    r"copy of (?:the|your)|message/rfc822|^[-=_*\s]{4,}$",
    re.I,
)

# A line that leads over has one of the words, unless it is a rule.
_LEADING = ("mail", "message", "header", "text", "copy of")


class Mail:
    """A mail, taken apart when it is asked for.

    Args:
        data: the mail; any line ends.
    """

    def __init__(self, data: bytes) -> None:
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        # Blank lines and a byte order mark stand in front of mails that were saved by hand.
        self.data = data.lstrip(b" \t\n\xef\xbb\xbf") if data[:1] in _IN_FRONT else data
        self.judged: bool | None = None  # whether it is a bounce, once ``judge`` has been asked
        self._whole = top(self.data)
        self.headers: Headers = self._whole.headers

    @once
    def parts(self) -> list[Part]:
        """The leaves."""
        return leaves(self.data, self._whole)

    @once
    def inner(self) -> Mail | None:
        """The same mail, where a scanner on the way put it whole into a part of a new one, else None."""
        identity = self.headers.get("message-id") if self.type.startswith("multipart/mixed") else ""
        if not identity:
            return None
        part = self.part("message/rfc822")
        if part is None or part.depth != 1:
            return None
        mail = Mail(part.body(len(self.data)))
        return mail if mail.headers.get("message-id") == identity else None

    @once
    def subject(self) -> str:
        """The subject, decoded."""
        return self.headers.get("subject")[:998]

    @once
    def sender(self) -> str:
        """The From field, decoded, in small letters: name and address."""
        return self.headers.get("from")[:998].lower()

    @once
    def sender_address(self) -> str:
        """The address of the From field, in small letters."""
        return self.headers.address("from").lower()

    @once
    def envelope_sender(self) -> str | None:
        """The reverse-path by its Return-Path field, "" for the null one, None where it is not known."""
        values = self.headers.raw_values("return-path")
        if not values:
            return None
        found = addresses_in(values[0][:998])
        return found[0].lower() if found else values[0].strip().strip("<>").lower()

    @once
    def to(self) -> tuple[str, ...]:
        """Whom it was sent to, in small letters: To, Cc, Delivered-To and the like."""
        names = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "apparently-to")
        return tuple(dict.fromkeys(a.lower() for name in names for a in self.headers.addresses(name)))

    def part(self, *types: str) -> Part | None:
        """The first part of one of the types."""
        for part in self.parts:
            if part.type in types:
                return part
        return None

    @once
    def type(self) -> str:
        """Type of the whole."""
        return self._whole.type

    @once
    def report_type(self) -> str:
        """The ``report-type`` of a multipart/report (RFC 6522 section 3), or ""."""
        return (
            self._whole.parameters.get("report-type", "").lower() if self.type == "multipart/report" else ""
        )

    @once
    def status_text(self) -> str:
        """The delivery status as text, all such parts; "" where there is none."""
        parts = [part for part in self.parts if part.type in _STATUS_TYPES]
        return "\n\n".join(part.text(MAX_STATUS) for part in parts)[:MAX_STATUS]

    @once
    def text(self) -> str:
        """The words for a person with all that stands behind them in the same parts, unparted."""
        said: list[str] = []
        hypertext: list[str] = []
        for part in self.parts:
            if part.type in _RETURNED_TYPES and (said or hypertext or self.status_text):
                break
            if part.type in ("text/plain", "text/", "text") or (part.type == "text/html" and not part.within):
                words = part.text()
                said.append(html_to_text(words) if part.type == "text/html" else words)
            elif part.type == "text/html":
                hypertext.append(html_to_text(part.text()))
            if sum(map(len, said)) > MAX_NOTICE:
                break
        if not any(words.strip() for words in said):
            said = hypertext
        return "\n\n".join(said)[: 2 * MAX_NOTICE].replace("\r\n", "\n").replace("\r", "\n")

    @once
    def _words(self) -> tuple[str, str]:
        """The words for a person, and what stands behind them of the message that came back."""
        return cut(self.text)

    @once
    def notice(self) -> str:
        """The words for a person, without the message that came back."""
        return self._words[0][:MAX_NOTICE]

    @property
    def behind(self) -> str:
        """The message that stands behind the words as text, as far as it is read, or ""."""
        return self._words[1]

    @once
    def lines(self) -> list[str]:
        """The lines of the notice."""
        return self.notice.split("\n")

    @once
    def returned_octets(self) -> tuple[bytes, bool]:
        """The message that came back as it stands in its part, and whether its body is there too; or b""."""
        for part in self.parts:
            if part.type in _RETURNED_TYPES:
                octets = part.body(MAX_RETURNED).lstrip(b"\n")
                if headers_of(octets):
                    _, _, body = octets.partition(b"\n\n")
                    cut_off = part.end - part.start > MAX_RETURNED
                    return octets, bool(body.strip()) and part.type in _WHOLE_TYPES and not cut_off
        return b"", False

    @once
    def returned(self) -> Headers | None:
        """The header fields of the message that came back, or None."""
        for part in self.parts:
            if part.type in _RETURNED_TYPES:
                raw = part.body().replace(b"\r\n", b"\n").lstrip(b"\n")
                headers = headers_of(raw)
                if headers:
                    return headers
        behind = self._words[1]
        if behind:
            headers = headers_of(_unquoted(behind).encode("utf-8", "replace"))
            return headers or None
        return None


def cut(text: str) -> tuple[str, str]:
    """Part a notice from the message that was put behind it.

    The message begins where three lines on end are header fields of a message, one of them a field
    that only messages have. A line above them that leads over to it goes too.
    """
    lines = text.split("\n")
    start = _returned_from(lines)
    if start is None:
        return text, ""
    end = start
    while end > 0 and (not lines[end - 1].strip() or _leads_over(lines[end - 1])):
        end -= 1
    if not any(line.strip() for line in lines[:end]):
        end = start
    return "\n".join(lines[:end]), "\n".join(lines[start:])


def _leads_over(line: str) -> bool:
    """Whether a line leads over to the returned message; one that says more is left."""
    first = line[:1]
    if len(line) >= 120 or not (first in "-=_*" or first.isspace() or may_hold(line, _LEADING)):
        return False
    return _LEAD.search(line) is not None


def _returned_from(lines: list[str]) -> int | None:
    run: list[str] = []
    begin = sure = 0
    said = False
    for number, line in enumerate(lines):
        match = _FIELD_LINE.match(line) if ":" in line else None
        name = match[1].lower() if match else ""
        if name in _OF_A_MESSAGE or (run and name.startswith(("x-", "arc-", "list-", "authentication-"))):
            if not run:
                begin, sure = number, 0
            run.append(name)
            sure += name in _SURE
            enough = (len(run) >= 3 and sure >= 1) or sure >= 2
            if said and (enough or (len(run) >= 3 and _led_over(lines, begin))):
                return begin
        elif run and line[:1] in (" ", "\t") and line.strip():
            continue  # a field goes on
        else:
            run = []
            said = said or bool(line.strip())
    return None


def _led_over(lines: list[str], begin: int) -> bool:
    """Whether one of the few lines above a place leads over to the message."""
    above = lines[max(begin - 4, 0) : begin]
    return any("original" in line.lower() and _leads_over(line) for line in above)


def _unquoted(text: str) -> str:
    """Lines without a quotation mark or an indent that all of them have."""
    lines = text.split("\n")
    first = lines[0]
    lead = first[: len(first) - len(first.lstrip(" \t>"))]
    if not lead:
        return text
    return "\n".join(line.removeprefix(lead) for line in lines)
