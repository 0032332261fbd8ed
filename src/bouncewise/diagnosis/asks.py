"""Which DNS checks a reply asks for: those of its rule and cause, changed by what its words say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bouncewise.knowledge.model import Ask
from bouncewise.reply.model import EnhancedCode

MAX_TEXT = 4096
# No row has to be tried on a text without one of these; the codes that rows name are tried apart.
_HINTS = re.compile(
    r"arc\b|spf|sender|dkim|dmarc|align|ptr\b|tlsa|dane|dnssec|sts|list|dnsbl|rbl|proofpoint|reverse|rdns|"
    r"spamhaus|spamcop|barracuda|mail.?from|from domain|return.path|starttls|syntax|qualified|rfc|"
    r"required|malformed|domain|valid|reserved"
)


class Asks:
    """The rows of ``asks.toml``, compiled.

    Args:
        rows: the rows, in their order.
    """

    def __init__(self, rows: Iterable[Ask]) -> None:
        self._rows = [
            (row, re.compile(row.text) if row.text else None, re.compile(row.unless) if row.unless else None)
            for row in rows
        ]
        self._codes = {code for row, _, _ in self._rows for code in row.enhanced}

    def choose(
        self, text: str, cause: str, group: str, enhanced: EnhancedCode | None, given: tuple[str, ...]
    ) -> tuple[str, ...]:
        """The checks for a reply.

        Args:
            text: its words.
            cause: its cause.
            group: the cause's group.
            enhanced: its enhanced code.
            given: what its rule or cause asks for.
        """
        words = text[:MAX_TEXT].lower()
        code = f"X.{enhanced.subject}.{enhanced.detail}" if enhanced else ""
        if code not in self._codes and not _HINTS.search(words):
            return given
        added = list(given)
        for row, pattern, unless in self._rows:
            if not _fits(row, cause, group, code):
                continue
            if (pattern and not pattern.search(words)) or (unless and unless.search(words)):
                continue
            if row.checks or row.none:
                return row.checks
            added += row.adds
        return tuple(dict.fromkeys(added))


def _fits(row: Ask, cause: str, group: str, code: str) -> bool:
    return (
        (not row.cause or cause in row.cause)
        and (not row.group or group in row.group)
        and (not row.enhanced or code in row.enhanced)
    )
