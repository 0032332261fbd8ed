"""Personas: the name, greeting, extensions and words of a provider's server."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from bouncewise.smtp.offer import Offer


class Persona(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of ``personas.toml``, which says what each field means."""

    provider: str
    host: str
    banner: str
    greets: str = ""
    ends: str = ""
    aliases: tuple[str, ...] = ()
    offer: dict[str, Any] = {}

    def offers(self, base: Offer, values: dict[str, str]) -> Offer:
        """What a session offers.

        Args:
            base: what the sandbox was started with (TLS, accounts).
            values: for the places in braces.
        """
        return msgspec.structs.replace(
            base,
            host=self.host,
            banner=_filled(self.banner, values),
            greets=_filled(self.greets, values),
            **self.offer,
        )


PLAIN = Persona("", "sandbox.example.com", "ESMTP Bouncewise sandbox")


@cache
def personas() -> dict[str, Persona]:
    """By name, and by each alias."""
    text = files("bouncewise.sandbox").joinpath("personas.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text), dict[str, Persona])
    return found | {alias: persona for persona in found.values() for alias in persona.aliases}


def names() -> list[str]:
    """The names without aliases."""
    return [name for name, persona in personas().items() if name not in persona.aliases]


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
