"""A record as it was meant: slips of the pen for which only one thing can be meant.

What comes out is a sound record, or nothing.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from bouncewise.checks.spf.record import MECHANISMS, is_record, parse

_MAX_RECORD = 4096  # longer records are left alone
_TERM = re.compile(r"([-+?~]*)(.*)\Z", re.DOTALL)
_NAME = re.compile(r"([A-Za-z0-9-]+)(?:([:=/])(.*))?\Z", re.DOTALL)
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?\Z", re.ASCII)
_GLUED = re.compile(r"(.{2,})([-~?])all\Z", re.IGNORECASE | re.DOTALL)
_DOTTED_MASK = re.compile(r"(.+)/((?:[0-9]{1,3}\.){3}[0-9]{1,3})\Z")
_STAR = re.compile(r"((?:[0-9]{1,3}\.){1,3})(?:\*\.?)+\Z")


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[str, str], dict[int, str]]:
    data = tomllib.loads(Path(__file__).with_name("spelling.toml").read_text(encoding="utf-8"))
    return data["names"], str.maketrans(data["characters"])


def meant(raw: bytes) -> str:
    """The record that was meant, or "" where that can't be told.

    Args:
        raw: a TXT record that is broken, or that only looks like an SPF record.
    """
    if len(raw) > _MAX_RECORD:
        return ""
    text = raw.decode("utf-8", "replace")
    words = text.translate(_tables()[1]).split()
    version = _version(words)
    if version < 0:
        return ""
    out = ["v=spf1"]
    for word in _joined(words[version:]):
        if word.lower() != "v=spf1":
            out.extend(_term(word))
    made = " ".join(_once(out))
    return made if sound(made) else ""


def sound(text: str) -> bool:
    """Whether a text is an SPF record without a fault."""
    raw = text.encode("utf-8")
    return is_record(raw) and not parse(raw).faults


def _version(words: list[str]) -> int:
    """How many words make the version; -1 where there is none."""
    start = "".join(words[:3]).lower()
    for count in (1, 2, 3):
        if "".join(words[:count]).lower() in {"v=spf1", "spf1", "v-spf1", "v:spf1", "v=spf"}:
            return count
    return -1 if not start.startswith("v=spf1") else 0


def _joined(words: list[str]) -> Iterator[str]:
    """Words of which the first ends in a colon, or is a lone qualifier, with the one behind."""
    held = ""
    for word in words:
        whole = held + word
        held = ""
        if whole.endswith((":", "=")) or whole in {"-", "~", "?", "+"}:
            held = whole
        else:
            yield whole
    if held:
        yield held


def _once(terms: list[str]) -> Iterator[str]:
    """The terms, each once: a second of the same never matters."""
    seen: set[str] = set()
    for term in terms:
        if term.lower() not in seen:
            seen.add(term.lower())
            yield term


def _fine(term: str) -> bool:
    return sound(f"v=spf1 {term}")


def _term(word: str) -> list[str]:
    """The terms that a word was meant for; the word itself where nothing better is known."""
    word = word.removeprefix("v=spf1") or word
    glued = _GLUED.match(word)
    if glued and not glued[1].endswith(":"):
        head = _best(glued[1])
        if _fine(head):
            return [head, glued[2] + "all"]
    return [_best(word)]


def _best(word: str) -> str:
    """The first reading of a word that is a sound term; the word itself where none is."""
    sound_ones = (c for c in _candidates(word) if _fine(c) and not _ignored(c))
    return next(sound_ones, word)


def _ignored(term: str) -> bool:
    """Whether a term is an unknown modifier whose name is a mechanism: ``ip4=192.0.2.1``."""
    return term.partition("=")[0].lower() in MECHANISMS and "=" in term


def _candidates(word: str) -> Iterator[str]:
    yield word
    plain = word.rstrip(".,;:'\")").lstrip("'\"(")
    yield plain
    found = _TERM.match(plain)
    assert found is not None
    signs, rest = found.groups()
    sign = signs[:1]
    yield sign + rest
    if _ADDRESS.match(rest):
        yield f"{sign}ip4:{rest}"
    elif rest.count(":") > 1 and rest[:3].lower() not in {"ip4", "ip6"}:
        yield f"{sign}ip6:{rest}"
    named = _NAME.match(rest)
    if named is None:
        return
    name, _, value = named.groups()
    name = _tables()[0].get(name.lower(), name.lower())
    if value is None:
        yield sign + name
        return
    if name in {"redirect", "exp"}:
        yield f"{name}={value}"
        return
    value = re.sub(r"\A(?:https?://|ip[46]:|[:=]+)", "", value, flags=re.IGNORECASE).rstrip("/")
    yield f"{sign}{name}:{value}"
    if name in MECHANISMS - {"all", "ptr"}:
        yield from (f"{sign}{t}" for t in _addresses(value))
    if name == "all":
        yield f"{sign}all"


def _addresses(value: str) -> Iterator[str]:
    """Terms for a text that was meant for an address or a network."""
    if mask := _DOTTED_MASK.match(value):
        try:
            net = ipaddress.IPv4Network(f"{mask[1]}/{mask[2]}", strict=False)
        except ValueError:
            return
        yield f"ip4:{net}"
    if star := _STAR.match(value):
        parts = star[1].rstrip(".").split(".")
        yield f"ip4:{'.'.join([*parts, *['0'] * (4 - len(parts))])}/{8 * len(parts)}"
    bare = value.partition("/")
    address = bare[0]
    length = bare[1] + (bare[2].lstrip("0") or "0") if bare[2] else ""
    if re.match(r"[0-9.]+:[0-9]{1,5}\Z", address):  # a port
        address = address.partition(":")[0]
    yield f"ip4:{address}{length}"
    yield f"ip6:{address.strip('[]')}{length}"
    if re.match(r"(?:[0-9]{1,3}\.){1,2}[0-9]{1,3}/(?:8|16|24)\Z", value):
        parts = address.split(".")
        yield f"ip4:{'.'.join([*parts, *['0'] * (4 - len(parts))])}{length}"
