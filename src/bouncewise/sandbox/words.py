"""Replies for causes: in nobody's words, and in those of providers, from the knowledge base."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from bouncewise.knowledge.model import Knowledge, Rule
from bouncewise.reply.model import Phase, Reply
from bouncewise.reply.parse import parse_reply


class Typical(msgspec.Struct, frozen=True):
    """What servers say for a cause."""

    phase: Phase
    text: str


@cache
def typical() -> dict[str, Typical]:
    """By cause; see ``typical.toml``."""
    text = files("bouncewise.sandbox").joinpath("typical.toml").read_text(encoding="utf-8")
    return {cause: Typical(Phase(phase), reply) for cause, (phase, reply) in tomllib.loads(text).items()}


class Words:
    """Replies by cause and provider.

    Args:
        knowledge: the knowledge base; the examples of its rules are what providers say.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._said = _by_provider(knowledge.rules)

    def causes_of(self, provider: str) -> list[str]:
        """The causes for which a provider's own words are known."""
        return sorted(cause for known, cause in self._said if known == provider)

    def reply(self, cause: str, provider: str = "", *, ip: str = "", sender: str = "") -> Reply | None:
        """The reply for a cause, in a provider's words where they are known, or None where it has none.

        Args:
            cause: its slug.
            provider: id of a provider, or "".
            ip: the client's address, put where replies name one.
            sender: the reverse-path, put where replies name it.
        """
        text = self._said.get((provider, cause))
        if text is None:
            found = typical().get(cause)
            if found is None:
                return None
            text = found.text
        return parse_reply(
            text.replace("{ip}", ip or "192.0.2.1").replace("{sender}", sender or "user@example.com")
        )

    def phase(self, cause: str) -> Phase:
        """The command that the reply for a cause usually answers."""
        found = typical().get(cause)
        return found.phase if found else Phase.RCPT


def _by_provider(rules: Iterable[Rule]) -> dict[tuple[str, str], str]:
    """The first example of each provider and cause that is a whole reply, one in ASCII before any other."""
    found: dict[tuple[str, str], str] = {}
    for rule in rules:
        key = (rule.provider, rule.cause)
        if not rule.provider or found.get(key, "ä").isascii():
            continue
        whole = [example for example in rule.examples if _is_whole(example)]
        best = next((example for example in whole if example.isascii()), found.get(key) or "".join(whole[:1]))
        if best:
            found[key] = best
    return found


def _is_whole(example: str) -> bool:
    reply = parse_reply(example)
    return reply.code is not None and 400 <= reply.code < 560 and example[:3].isdigit()
