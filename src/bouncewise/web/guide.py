"""The field guide: every code, cause, provider and blocklist that is known, and the search in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from bouncewise.knowledge.model import Knowledge
from bouncewise.reply import registry

MAX_FOUND = 40
_WORD = re.compile(r"[\w.]+")


class Entry(msgspec.Struct, frozen=True):
    """One page of the guide.

    Attributes:
        kind: ``cause``, ``code``, ``enhanced``, ``provider`` or ``blocklist``.
        name: in its URL.
        title: what it is called.
        text: what it means.
        words: all of it, in small letters, for the search.
    """

    kind: str
    name: str
    title: str
    text: str
    words: str


KINDS = {
    "cause": "Causes",
    "code": "Reply codes",
    "enhanced": "Enhanced status codes",
    "provider": "Providers and programs",
    "blocklist": "Blocklists",
}


def _entries(knowledge: Knowledge) -> Iterator[Entry]:
    for slug, cause in knowledge.causes.items():
        yield _entry("cause", slug, cause.title, cause.explanation, slug.replace("-", " "))
    for basic in registry.all_basic():
        yield _entry("code", str(basic.code), basic.name, basic.meaning)
    for enhanced in registry.all_enhanced():
        written = " ".join(enhanced.code.replace("X", digit, 1) for digit in "245")
        yield _entry("enhanced", enhanced.code, enhanced.summary, enhanced.meaning, written)
    for slug, provider in sorted(knowledge.providers.items(), key=lambda item: item[1].name.lower()):
        yield _entry("provider", slug, provider.name, ", ".join(provider.hosts), provider.kind)
    for slug, blocklist in sorted(knowledge.blocklists.items(), key=lambda item: item[1].name.lower()):
        words = " ".join((*blocklist.zones, *blocklist.names, blocklist.operator))
        yield _entry("blocklist", slug, blocklist.name, ", ".join(blocklist.zones) or blocklist.note, words)


def _entry(kind: str, name: str, title: str, text: str, further: str = "") -> Entry:
    return Entry(kind, name, title, text, f"{name} {title} {further} {text}".lower())


class Guide:
    """All pages.

    Args:
        knowledge: the knowledge base.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.entries = tuple(_entries(knowledge))

    def search(self, asked: str) -> list[Entry]:
        """Pages that hold every word that is asked for, the best first.

        Args:
            asked: some words.
        """
        words = _WORD.findall(asked.lower())[:8]
        if not words:
            return []
        found = [(score, n, one) for n, one in enumerate(self.entries) if (score := _score(one, words))]
        return [one for _, _, one in sorted(found, key=lambda item: (-item[0], item[1]))[:MAX_FOUND]]


def _score(one: Entry, words: list[str]) -> int:
    if not all(word in one.words for word in words):
        return 0
    title = f"{one.name} {one.title}".lower()
    whole = " ".join(words)
    return (
        1
        + 100 * (whole == one.name)
        + 40 * (whole == one.title.lower())
        + 20 * title.startswith(whole)
        + 5 * sum(word in title for word in words)
    )
