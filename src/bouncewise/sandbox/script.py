"""Scripts: rules that choose an answer by command, address, host, header, count, size or chance.

A script is TOML; the first rule that fits answers::

    [[rule]]
    on = "rcpt"                     # connect, ehlo, starttls, auth, mail, rcpt, data, message, quit
    to = "*@slow.example"           # and from, ip, helo: with * and ?
    times = 2                       # only the first two times (for each recipient)
    reply = "451 4.7.1 come back later"

    [[rule]]
    on = "message"
    header = { subject = "*invoice*" }
    larger = 1000000                # octets
    chance = 0.5                    # by the seed of the script
    delay = 2.0                     # and tarpit, drop, reset, half, garbage
    reply = ["550-5.7.1 first line", "550 5.7.1 second line"]
"""

from __future__ import annotations

import fnmatch
import random
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.parse import parse_reply
from bouncewise.sandbox.answer import Answer

MAX_COUNTED = 10_000


class ScriptError(ValueError):
    """A script that can't be used; its words name the place."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule; the module says what each field means."""

    on: str = "rcpt"
    to: str = "*"
    sender: str = msgspec.field(default="*", name="from")
    ip: str = "*"
    helo: str = "*"
    header: dict[str, str] = {}
    larger: int = 0
    times: int = 0
    after: int = 0
    chance: float = 1.0
    reply: str | list[str] = ""
    delay: float = 0.0
    tarpit: float = 0.0
    drop: bool = False
    reset: bool = False
    half: bool = False
    garbage: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule is tried on."""

    phase: Phase
    to: str = ""
    sender: str = ""
    ip: str = ""
    helo: str = ""
    size: int = 0
    headers: dict[str, str] = {}


class Script:
    """Rules in their order.

    Args:
        rules: the rules.
        seed: for ``chance``.
    """

    def __init__(self, rules: list[Rule], seed: int = 0) -> None:
        self._rules = rules
        self._answers = [_answer(rule, number) for number, rule in enumerate(rules, 1)]
        self._counts: dict[tuple[int, str], int] = {}
        self._chance = random.Random(seed)  # noqa: S311 - to repeat a test, not to keep a secret

    @classmethod
    def load(cls, path: Path) -> Script:
        """Read a script.

        Raises:
            ScriptError: it can't be used.
        """
        try:
            return cls.of(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
        except OSError as error:
            raise ScriptError(f"{path}: can't be read: {error.strerror}") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ScriptError(f"{path}: no TOML: {error}") from None

    @classmethod
    def of(cls, data: dict[str, Any], place: str = "script") -> Script:
        """A script out of its data.

        Raises:
            ScriptError: it can't be used.
        """
        rules = []
        for number, row in enumerate(data.get("rule", []), 1):
            try:
                rules.append(msgspec.convert(row, Rule))
            except msgspec.ValidationError as error:
                raise ScriptError(f"{place}: [[rule]] number {number}: {error}") from None
        try:
            return cls(rules, int(data.get("seed", 0)))
        except ValueError as error:
            raise ScriptError(f"{place}: {error}") from None

    def choose(self, seen: Seen) -> Answer | None:
        """The answer of the first rule that fits, or None."""
        for number, rule in enumerate(self._rules):
            if self._fits(number, rule, seen):
                return self._answers[number]
        return None

    def _fits(self, number: int, rule: Rule, seen: Seen) -> bool:
        if rule.on != seen.phase or seen.size < rule.larger:
            return False
        pairs = ((rule.to, seen.to), (rule.sender, seen.sender), (rule.ip, seen.ip), (rule.helo, seen.helo))
        if not all(
            pattern == "*" or fnmatch.fnmatchcase(value.lower(), pattern.lower()) for pattern, value in pairs
        ):
            return False
        for name, pattern in rule.header.items():
            if not fnmatch.fnmatchcase(seen.headers.get(name.lower(), "").lower(), pattern.lower()):
                return False
        if rule.times or rule.after:
            count = self._counted(number, seen.to)
            if count <= rule.after or (rule.times and count > rule.after + rule.times):
                return False
        return rule.chance >= 1 or self._chance.random() < rule.chance

    def _counted(self, number: int, to: str) -> int:
        key = (number, to)
        if len(self._counts) >= MAX_COUNTED and key not in self._counts:
            self._counts.clear()
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key]


def _answer(rule: Rule, number: int) -> Answer:
    if rule.on not in [phase.value for phase in Phase]:
        raise ValueError(f"[[rule]] number {number}: on = {rule.on!r} is no command")
    return Answer(
        reply=_reply(rule.reply, number),
        by=f"script rule {number}",
        delay=rule.delay,
        tarpit=rule.tarpit,
        drop=rule.drop,
        reset=rule.reset,
        half=rule.half,
        garbage=rule.garbage.encode("utf-8"),
    )


def _reply(given: str | list[str], number: int) -> Reply | None:
    text = "\r\n".join(given) if isinstance(given, list) else given
    if not text:
        return None
    reply = parse_reply(text)
    if reply.code is None or not 200 <= reply.code < 560:
        raise ValueError(f"[[rule]] number {number}: {text[:40]!r} begins with no reply code")
    return reply
