"""The transcript of a session in a bounce, as Sendmail writes it: what it says of each address.

A line ``address... words`` closes what stands above it: the replies (``<<<``) since the last such line or
command (``>>>``) are that recipient's. A refusal of ``MAIL`` or ``DATA`` is everybody's who follows. A line
``host (smtp)... words`` of version 5 is about a host and begins anew. Source: sendmail/deliver.c, usersmtp.c.
"""

from __future__ import annotations

import re

from bouncewise.reading.mail.headers import ADDRESS
from bouncewise.reading.mail.told import MAX_WORDS, Told

MAX_REPLY = 30  # lines of a reply that are kept
CODED = re.compile(r"^[245]\d\d(?:[ -]|$)")
_TALKING = re.compile(r"^(?:\.\.\. ?)?while talking to ([^\s:]{1,253})", re.I)
_OUTCOME = re.compile(
    r"^(?:[245]\d\d[ -])?(?:([245]\.\d{1,3}\.\d{1,3}) )?"
    r"(<[^<>]{1,320}>|\"[^\"]{1,320}\"|[^\s()<>]{1,320}?)\.\.\.\s"
)
_HOST = re.compile(r"^(?:[245]\d\d )?[^\s()<>]{1,253} \(\w{2,16}\)\.\.\.\s")
_REFUSED = re.compile(r"^<<<\s?[45]\d\d")
_RCPT = re.compile(rf">>>\s?RCPT TO:\s?<?({ADDRESS})", re.I)


class Transcript:
    """The outcome for each address of a transcript."""

    def __init__(self) -> None:
        self.told: dict[str, Told] = {}
        self.loose: list[str] = []  # words about nobody by name
        self.trailer: list[str] = []
        self._begin("", "")

    def _begin(self, talking: str, host: str) -> None:
        self.talking, self.host, self.command = talking, host, ""
        self.replies: list[str] = []
        self.used = False

    def take(self, line: str) -> None:
        """One line, without blanks at its ends."""
        talking = _TALKING.match(line)
        outcome = _OUTCOME.match(line)
        if talking:
            self.close()
            self._begin(line, talking[1])
        elif line.startswith(">>>"):
            self.close()
            self.command, self.replies, self.used = line, [], False
        elif line.startswith("<<<"):
            self.replies = [] if self.used else self.replies
            self.used = False
            self.replies.append(line)
        elif outcome:
            self._put(outcome[2].strip("<>\"'"), line, outcome[1] or "")
        elif _HOST.match(line):
            if self.used:
                self._begin("", "")
            self.loose.append(line)
        elif CODED.match(line):
            self.loose.append(self._words(line))
        else:
            self.trailer.append(line)

    def close(self) -> None:
        """A refused RCPT that no outcome followed is the recipient's."""
        to = _RCPT.match(self.command)
        if self.replies and not self.used and to and any(map(_REFUSED.match, self.replies)):
            self._put(to[1], "", "")

    def _words(self, line: str) -> str:
        return "\n".join(filter(None, (self.talking, self.command, *self.replies[:MAX_REPLY], line)))[
            :MAX_WORDS
        ]

    def _put(self, address: str, line: str, status: str) -> None:
        others = self.used and (_RCPT.match(self.command) or "@" in " ".join(self.replies[:MAX_REPLY]))
        words = line if others else self._words(line)
        key = address.lower()
        if key not in self.told:
            self.told[key] = Told(
                recipient=address, words=words, status=status, remote=self.host.rstrip(".:"), action=""
            )
        self.used = True
