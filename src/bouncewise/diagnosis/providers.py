"""Who speaks, by the name of the host."""

from __future__ import annotations

from bouncewise.knowledge.model import Knowledge

MAX_CACHED = 16_384


class ProviderIndex:
    """Finds the provider whose host suffix a name ends with; the longest suffix wins."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._by_suffix = {
            suffix.lower().lstrip("*."): slug
            for slug, provider in knowledge.providers.items()
            for suffix in provider.hosts
        }
        self._slugs = frozenset(knowledge.providers)
        self._known: dict[str, str | None] = {}

    def of(self, host: str) -> str | None:
        """The provider of a host, or None.

        Args:
            host: a host name, perhaps with ``[ip]`` or ``:port`` behind it, or a provider's id.
        """
        if host in self._known:
            return self._known[host]
        if len(self._known) >= MAX_CACHED:
            self._known.clear()
        found = self._known[host] = self._find(host)
        return found

    def _find(self, host: str) -> str | None:
        labels = (
            host.lower().split("[", 1)[0].split(":", 1)[0].split("(", 1)[0].strip().rstrip(".").split(".")
        )
        if len(labels) == 1 and labels[0] in self._slugs:
            return labels[0]
        for start in range(min(len(labels), 12)):
            slug = self._by_suffix.get(".".join(labels[start:]))
            if slug:
                return slug
        return None
