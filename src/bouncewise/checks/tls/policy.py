"""Policies of MTA-STS (RFC 8461 section 3.2)."""

from __future__ import annotations

import msgspec

from bouncewise.checks.names import DomainNameError, canonical

MODES = ("enforce", "testing", "none")
MAX_MX = 100
MOST_SECONDS = 31_557_600


class PolicyError(ValueError):
    """A policy that can't be used; its words say why."""


class Policy(msgspec.Struct, frozen=True):
    """A policy.

    Attributes:
        mode: ``enforce``, ``testing`` or ``none``.
        max_age: seconds that it may be kept.
        mx: patterns of hosts.
    """

    mode: str
    max_age: int
    mx: tuple[str, ...]

    def allows(self, host: str) -> bool:
        """Whether a host fits one of the patterns (RFC 8461 section 4.1)."""
        name = host.lower().rstrip(".")
        for pattern in self.mx:
            if pattern == name:
                return True
            if pattern.startswith("*.") and name.partition(".")[2] == pattern[2:]:
                return True
        return False


def parse_policy(text: str) -> Policy:
    """A policy out of its text.

    Raises:
        PolicyError: it can't be used.
    """
    values: dict[str, str] = {}
    mx: list[str] = []
    for number, line in enumerate(text.splitlines()[:500], 1):
        if not line.strip():
            continue
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if not colon:
            raise PolicyError(f"line {number} has no colon; the form is key: value")
        if key == "mx":
            if len(mx) < MAX_MX:
                mx.append(_pattern(value, number))
        else:
            values.setdefault(key, value)
    if values.get("version") != "STSv1":
        raise PolicyError("version: STSv1 is missing")
    mode = values.get("mode", "")
    if mode not in MODES:
        raise PolicyError(f"mode: {mode[:20] or 'nothing'} is none of {', '.join(MODES)}")
    age = values.get("max_age", "")
    if not (age.isascii() and age.isdigit() and len(age) <= 10 and int(age) <= MOST_SECONDS):
        raise PolicyError(f"max_age: {age[:20] or 'nothing'} is no number of seconds up to {MOST_SECONDS}")
    if not mx and mode != "none":
        raise PolicyError("no mx: line names a host")
    return Policy(mode, int(age), tuple(mx))


def _pattern(value: str, number: int) -> str:
    name = value.removeprefix("*.")
    try:
        return value[: len(value) - len(name)] + canonical(name)
    except DomainNameError as error:
        raise PolicyError(f"line {number}: {error}") from None
