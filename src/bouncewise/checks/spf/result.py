"""What SPF is asked and what it answers. Words and trace are worked out when they are read.

Source: RFC 7208 sections 2.6 and 8 (results), 4.6.4 (limits).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bouncewise.checks.dns import Answer, Mx, Status
from bouncewise.checks.finding import Step
from bouncewise.checks.names import shown
from bouncewise.checks.spf.record import Networks, Term

MAX_STEPS = 300
_MAX_TEXT = 500


class Verdict(StrEnum):
    """The results of RFC 7208 section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


OF_QUALIFIER = {"+": Verdict.PASS, "-": Verdict.FAIL, "~": Verdict.SOFTFAIL, "?": Verdict.NEUTRAL}


class SpfQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What an evaluation is about.

    Attributes:
        ip: the client's address.
        sender: the reverse-path; ``""`` is the null one, for which ``helo`` is looked at (section 2.4).
        helo: the name given with HELO or EHLO.
        domain: the domain to begin with, where it is not the sender's.
        receiver: the host that checks, for ``%{r}``.
        now: Unix time in seconds, for ``%{t}``.
    """

    ip: str
    sender: str = ""
    helo: str = ""
    domain: str = ""
    receiver: str = "unknown"
    now: float = 0.0


class Looked:
    """One line of a trace while an evaluation runs: what was looked at, asked, answered and found."""

    # most lines keep most of these, so that they are not set for each
    cost = 0
    target = ""
    answers: tuple[Answer, ...] = ()
    matched = -1  # which of the networks
    found: str = "no match"

    def __init__(self, depth: int, domain: str, part: Term | Networks | None) -> None:
        self.depth = depth
        self.domain = domain
        self.part = part  # None for the record itself

    def steps(self, most: int) -> list[Step]:
        """The lines for a person, at most so many."""
        part = self.part
        if isinstance(part, Networks):
            last = len(part.terms) if self.matched < 0 else self.matched
            steps = [Step(clipped(t.text), "", "no match", self.depth) for t in part.terms[: min(last, most)]]
            if self.matched >= 0:
                steps.append(Step(clipped(part.terms[last].text), "", self.found, self.depth))
            return steps
        said = "; ".join(answer_words(a) for a in self.answers)
        if part is None:
            said = said.removeprefix(f"TXT {shown(self.domain)}: ")  # it stands in front already
            return [Step(f"TXT {shown(self.domain)}", clipped(said), self.found, self.depth)]
        what = clipped(part.text)
        if self.target and part.fixed is None:
            what += f" ({clipped(self.target)})"
        return [Step(what, clipped(said), self.found, self.depth, self.cost)]


def clipped(text: str, limit: int = _MAX_TEXT) -> str:
    """A text from DNS for a finding: escaped and bounded."""
    cut = text if len(text) <= limit else text[: limit - 3] + "..."
    return cut if cut.isascii() and cut.isprintable() else cut.encode("unicode_escape").decode("ascii")


def answer_words(answer: Answer) -> str:
    """What DNS said, in words."""
    head = f"{answer.rtype} {shown(answer.name)}: "
    if answer.status is not Status.OK:
        return head + STATUS_WORDS.get(answer.status, str(answer.status))
    parts = []
    for record in answer.records[:12]:
        if isinstance(record, bytes):
            parts.append(clipped(record.decode("latin-1")))
        elif isinstance(record, Mx):
            parts.append(f"{record.preference} {shown(record.host) or '.'}")
        else:
            parts.append(shown(str(record)))
    more = len(answer.records) - len(parts)
    return head + ", ".join(parts) + (f" and {more} more" if more > 0 else "")


STATUS_WORDS = {
    Status.NODATA: "no such record",
    Status.NXDOMAIN: "no such name",
    Status.SERVFAIL: "the name server failed (SERVFAIL)",
    Status.REFUSED: "the name server refused to answer",
    Status.TIMEOUT: "no answer in time",
    Status.MALFORMED: "an answer that can't be read",
    Status.LIMIT: "not asked: too many questions for one check",
    Status.OFFLINE: "not asked: there is no network",
}


class SpfResult(msgspec.Struct, frozen=True, kw_only=True):
    """What SPF says of one client and one identity.

    Attributes:
        result: the verdict.
        domain: the domain whose record was asked for first.
        identity: ``mailfrom`` or ``helo``.
        ip: the client's address; an IPv4 address inside IPv6 as IPv4.
        mechanism: the term that decided, as it stands in its record; "" where none matched.
        path: the ``include`` and ``redirect`` terms that led to its record, the outermost first.
        place: the domain whose record holds the deciding term.
        tried: mechanisms of that record that were tried, the deciding one included.
        record: the record of ``domain``, or "".
        explanation: the text that the domain publishes for a fail (section 6.2), or "".
        lookups: terms that ask DNS and were evaluated; at most 10 are allowed (4.6.4).
        voids: questions that were answered with nothing; at most 2 are allowed.
        why: for none, temperror and permerror, the reason: a text with ``{}``, and what goes there.
        looked: the trace as it was gathered; ``steps`` puts it in words.
    """

    result: Verdict
    domain: str
    identity: str
    ip: str
    mechanism: str = ""
    path: tuple[str, ...] = ()
    place: str = ""
    tried: int = 0
    record: str = ""
    explanation: str = ""
    lookups: int = 0
    voids: int = 0
    why: tuple[str, ...] = ()
    looked: tuple[Looked, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The trace: every mechanism, what it asked, what DNS said, what follows, nested by include."""
        steps: list[Step] = []
        for line in self.looked:
            steps.extend(line.steps(MAX_STEPS + 1 - len(steps)))
            if len(steps) > MAX_STEPS:
                return (*steps[:MAX_STEPS], Step("and more"))
        return tuple(steps)

    @property
    def reason(self) -> str:
        """Why, in a sentence for a postmaster."""
        if self.why:
            text = self.why[0].format(*(clipped(w, 160) for w in self.why[1:]))
            domain = shown(self.domain)
            return text if domain in text else f"SPF of {domain} ends in {self.result}: {text}"
        may = _MAY[self.result].format(ip=self.ip, domain=shown(self.domain))
        return f"{may}: {self._decision()}"

    def _decision(self) -> str:
        way = "".join(f", by {clipped(p, 100)}" for p in self.path)
        holder = "the record" if self.place == self.domain else f"the record of {shown(self.place)}"
        others = max(self.tried - 1, 0) if self.mechanism else self.tried
        if not self.mechanism:
            return f"{_none_of(others)} and {holder} does not say what holds for all others{way}"
        term = clipped(self.mechanism, 100)
        if term.lstrip("+-~?").lower() != "all":
            return f"it matched {term}{way}"
        return f"{_none_of(others)} and {holder} ends in {term}{way}"


_MAY = {
    Verdict.PASS: "{ip} may send for {domain}",
    Verdict.FAIL: "{ip} is not allowed to send for {domain}",
    Verdict.SOFTFAIL: "{ip} is probably not allowed to send for {domain}",
    Verdict.NEUTRAL: "{domain} does not say whether {ip} may send for it",
}


def _none_of(count: int) -> str:
    match count:
        case 0:
            return "no mechanism stands before the end"
        case 1:
            return "the only mechanism did not match"
        case _:
            return f"none of {count} mechanisms matched"
