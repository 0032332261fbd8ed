"""SPF records: which TXT record is one, its terms, and what is wrong with it and where.

Sources: RFC 7208 sections 4.5 (selection), 4.6.1, 5 and 6 (grammar), 12 (collected ABNF).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

import msgspec

from bouncewise.checks.spf import macros
from bouncewise.checks.spf.macros import MacroError, MacroString

MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
MAX_FAULTS = 20  # more than these tell nobody anything
_KEPT = 2048  # longest record whose terms are remembered
_ALL_4 = 0xFFFFFFFF
_ALL_6 = (1 << 128) - 1

_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=")
_DIRECTIVE = re.compile(r"([-+?~]?)([A-Za-z0-9_.-]*)")
_CIDR = re.compile(r"(?:/([0-9]+))?(?://([0-9]+))?\Z")
_QUAD = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\Z", re.ASCII)


class Fault(msgspec.Struct, frozen=True, gc=False):
    """A breach of the grammar: the octets ``start`` to ``end`` of the record, and what is wrong."""

    start: int
    end: int
    term: str
    says: str


class Term(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A directive or modifier.

    Attributes:
        text: as it stands in the record, from ``start`` to ``end``.
        name: the mechanism or modifier in lower case.
        qualifier: ``+``, ``-``, ``~`` or ``?``; "" for a modifier.
        spec: its domain-spec or macro string; None where it has none.
        fixed: the name that ``spec`` stands for whoever sends, in lower case; None where that depends.
        version: 4 or 6 for ``ip4`` and ``ip6``, else 0.
        network: the address of ``ip4`` and ``ip6`` as a number, its host bits cleared.
        prefix4, prefix6: lengths of the prefixes; those that were not written are 32 and 128.
        mask4, mask6: the same as masks.
        proves: ``spec`` holds ``%{p}``, for which the client's names have to be proven.
    """

    text: str
    start: int
    end: int
    name: str
    qualifier: str = ""
    spec: MacroString | None = None
    fixed: str | None = None
    version: int = 0
    network: int = 0
    prefix4: int = 32
    prefix6: int = 128
    mask4: int = _ALL_4
    mask6: int = _ALL_6
    proves: bool = False


class Networks(msgspec.Struct, frozen=True, gc=False):
    """Several ``ip4`` and ``ip6`` terms side by side; by mask, which network stands first where."""

    terms: tuple[Term, ...]
    masks4: tuple[tuple[int, dict[int, int]], ...]
    masks6: tuple[tuple[int, dict[int, int]], ...]

    def find(self, ip: int, version: int) -> int:
        """The place of the first term that holds the address; -1 where none does."""
        best = -1
        for mask, networks in self.masks4 if version == 4 else self.masks6:
            at = networks.get(ip & mask, -1)
            if at >= 0 and (best < 0 or at < best):
                best = at
        return best


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A record taken apart.

    Where ``faults`` holds something, evaluation ends in permerror (section 4.6) and ``plan`` is empty; else
    ``plan`` holds the mechanisms with their networks put together.
    """

    text: str
    mechanisms: tuple[Term, ...] = ()
    plan: tuple[Term | Networks, ...] = ()
    modifiers: tuple[Term, ...] = ()
    redirect: Term | None = None
    explanation: Term | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def ending(self) -> Term | None:
        """The first ``all``: nothing behind it is looked at (section 5.1)."""
        return next((t for t in self.mechanisms if t.name == "all"), None)

    @property
    def live(self) -> tuple[Term, ...]:
        """The mechanisms up to ``all``."""
        end = self.ending
        return self.mechanisms if end is None else self.mechanisms[: self.mechanisms.index(end) + 1]

    @property
    def forward(self) -> Term | None:
        """The ``redirect`` that takes effect: there is no ``all`` (section 6.1)."""
        return self.redirect if self.ending is None else None


def is_record(text: bytes) -> bool:
    """Whether a TXT record is an SPF record: ``v=spf1`` in any case, then a blank or the end (4.5)."""
    return text[:6].lower() == b"v=spf1" and (len(text) == 6 or text[6] == 0x20)


def select(texts: Iterable[bytes]) -> list[bytes]:
    """Those of the TXT records that are SPF records."""
    return [t for t in texts if is_record(t)]


def parse(text: bytes) -> Record:
    """Take a record apart; whatever is wrong with it stands in ``faults``.

    Args:
        text: a TXT record for which ``is_record`` is true.
    """
    return _parse_kept(text) if len(text) <= _KEPT else _parse(text)


@lru_cache(maxsize=1024)
def _parse_kept(text: bytes) -> Record:
    return _parse(text)


def _parse(raw: bytes) -> Record:
    text = raw.decode("latin-1")
    reader = _Reader()
    at = 6
    for word in text[6:].split(" "):
        if word:
            reader.term(word, at)
            if len(reader.faults) >= MAX_FAULTS:
                break
        at += len(word) + 1
    first: dict[str, Term] = {}
    for term in reader.modifiers:
        first.setdefault(term.name, term)
    return Record(
        text=text,
        mechanisms=tuple(reader.mechanisms),
        plan=() if reader.faults else _plan(reader.mechanisms),
        modifiers=tuple(reader.modifiers),
        redirect=first.get("redirect"),
        explanation=first.get("exp"),
        faults=tuple(reader.faults),
    )


def _plan(mechanisms: list[Term]) -> tuple[Term | Networks, ...]:
    plan: list[Term | Networks] = []
    for listed, terms in groupby(mechanisms, lambda t: t.version > 0):
        if listed:
            plan.append(_networks(tuple(terms)))
        else:
            plan.extend(terms)
    return tuple(plan)


def _networks(terms: tuple[Term, ...]) -> Networks:
    by_mask: dict[tuple[int, int], dict[int, int]] = {}
    for at, term in enumerate(terms):
        mask = term.mask4 if term.version == 4 else term.mask6
        by_mask.setdefault((term.version, mask), {}).setdefault(term.network, at)
    return Networks(
        terms,
        tuple((mask, held) for (version, mask), held in by_mask.items() if version == 4),
        tuple((mask, held) for (version, mask), held in by_mask.items() if version == 6),
    )


class _Wrong(Exception):  # noqa: N818 - it never leaves this file
    """What is wrong with the term at hand; ``at`` counts from its first octet."""

    def __init__(self, at: int, says: str) -> None:
        super().__init__(says)
        self.at = at


class _Reader:
    """Collects terms and faults."""

    def __init__(self) -> None:
        self.mechanisms: list[Term] = []
        self.modifiers: list[Term] = []
        self.faults: list[Fault] = []

    def term(self, word: str, start: int) -> None:
        """Read the term ``word``, which stands at ``start``."""
        try:
            self._read(word, start)
        except MacroError as wrong:
            value = re.search(r"[:=]", word)
            at = (value.end() if value else 0) + wrong.at
            self.faults.append(Fault(start + at, start + len(word), word, str(wrong)))
        except _Wrong as wrong:
            self.faults.append(Fault(start + wrong.at, start + len(word), word, str(wrong)))

    def _read(self, word: str, start: int) -> None:
        if not word.isascii():
            at = next(i for i, c in enumerate(word) if ord(c) > 127)
            raise _Wrong(at, "a character that is not ASCII: type the term again by hand (section 3.1)")
        if found := _MODIFIER.match(word):
            self.modifiers.append(self._modifier(found, word, start))
        else:
            self.mechanisms.append(_directive(word, start))

    def _modifier(self, found: re.Match[str], word: str, start: int) -> Term:
        name = found[1].lower()
        value = word[found.end() :]
        if name not in {"redirect", "exp"}:
            spec = macros.read_modifier(value)
            return Term(text=word, start=start, end=start + len(word), name=name, spec=spec)
        spec = macros.read_domain(value)
        if any(m.name == name for m in self.modifiers):
            raise _Wrong(0, f"{name}= stands twice: leave one out (section 6)")
        return Term(
            text=word, start=start, end=start + len(word), name=name, spec=spec, fixed=_fixed(spec),
            proves="p" in spec.letters,
        )  # fmt: skip


def _fixed(spec: MacroString) -> str | None:
    plain = spec.literal
    return None if plain is None else macros.fitted(plain).lower()


def _directive(word: str, start: int) -> Term:
    found = _DIRECTIVE.match(word)
    assert found is not None  # it matches nothing as well
    qualifier, name = found[1] or "+", found[2].lower()
    rest = word[found.end() :]
    if name not in MECHANISMS:
        raise _Wrong(0, _unknown(word, found[2], rest))
    at = found.end()
    end = start + len(word)
    if name == "all":
        if rest:
            raise _Wrong(at, "all takes nothing behind it")
        return Term(text=word, start=start, end=end, name=name, qualifier=qualifier)
    if name == "ip4":
        network, length, mask = _ip4(rest, at)
        return Term(
            text=word, start=start, end=end, name=name, qualifier=qualifier,
            version=4, network=network, prefix4=length, mask4=mask,
        )  # fmt: skip
    if name == "ip6":
        network, length, mask = _ip6(rest, at)
        return Term(
            text=word, start=start, end=end, name=name, qualifier=qualifier,
            version=6, network=network, prefix6=length, mask6=mask,
        )  # fmt: skip
    length4, length6 = 32, 128
    if name in {"a", "mx"}:
        rest, length4, length6 = _dual(rest, at)
    spec = _spec(name, rest, at)
    return Term(
        text=word, start=start, end=end, name=name, qualifier=qualifier, spec=spec,
        fixed=None if spec is None else _fixed(spec),
        proves=spec is not None and "p" in spec.letters,
        prefix4=length4, prefix6=length6, mask4=_mask(length4, 32), mask6=_mask(length6, 128),
    )  # fmt: skip


def _unknown(word: str, name: str, rest: str) -> str:
    if name.lower() in {"redirect", "exp"}:
        return f"{name} is a modifier: write {name.lower()}= with an equals sign"
    if not name and not rest:
        return f"a lone {word}: put the mechanism right behind it, without a blank"
    if not name:
        return f"no mechanism begins with {ascii(rest[:1])[1:-1]}"
    if name.rstrip(".").lower() in MECHANISMS:
        return f"{name} ends in a dot: write {name.rstrip('.')}"
    known = ", ".join(("all", "include", "a", "mx", "ip4", "ip6", "exists"))
    return f"{ascii(name[:40])[1:-1]} is no mechanism: there are {known}"


def _spec(name: str, rest: str, at: int) -> MacroString | None:
    if not rest:
        if name in {"include", "exists"}:
            raise _Wrong(at, f"{name} needs a domain name: write {name}:example.com")
        return None
    if rest[0] != ":":
        what = "takes a colon and a domain name"
        if rest[0] == "/":
            dual = name in {"a", "mx"}
            what = "takes prefix lengths as /24, //64 or /24//64" if dual else "takes no prefix length"
        raise _Wrong(at, f"{name} {what}: {ascii(rest[:40])[1:-1]} is wrong")
    return macros.read_domain(rest[1:])


def _dual(rest: str, at: int) -> tuple[str, int, int]:
    found = _CIDR.search(rest)
    assert found is not None
    length4 = 32 if found[1] is None else _length(found[1], 32, at + found.start(1))
    length6 = 128 if found[2] is None else _length(found[2], 128, at + found.start(2))
    return rest[: found.start()], length4, length6


def _length(digits: str, most: int, at: int) -> int:
    if len(digits) > 1 and digits[0] == "0":
        raise _Wrong(at, f"a prefix length that begins with 0: write /{digits.lstrip('0')[:3] or '0'}")
    if len(digits) > 3 or int(digits) > most:
        raise _Wrong(at, f"a prefix length of {digits[:8]}: at most {most} is possible")
    return int(digits)


def _mask(length: int, bits: int) -> int:
    return ((1 << length) - 1) << (bits - length)


def _ip4(rest: str, at: int) -> tuple[int, int, int]:
    plain, length = _network("ip4", rest, 32, at)
    found = _QUAD.match(plain)
    value = 0
    for part in found.groups() if found else ():
        if int(part) > 255 or (len(part) > 1 and part[0] == "0"):
            found = None
            break
        value = value << 8 | int(part)
    if found is None:
        raise _Wrong(
            at + 1, f"{ascii(plain[:60])[1:-1]} is no IPv4 address: write four numbers, as 192.0.2.1"
        )
    mask = _mask(length, 32)
    return value & mask, length, mask


def _ip6(rest: str, at: int) -> tuple[int, int, int]:
    plain, length = _network("ip6", rest, 128, at)
    try:
        if "%" in plain or len(plain) > 45:
            raise ValueError
        value = int(ipaddress.IPv6Address(plain))
    except ValueError:
        raise _Wrong(
            at + 1, f"{ascii(plain[:60])[1:-1]} is no IPv6 address: write it as 2001:db8::1"
        ) from None
    mask = _mask(length, 128)
    return value & mask, length, mask


def _network(name: str, rest: str, most: int, at: int) -> tuple[str, int]:
    if rest[:1] != ":":
        raise _Wrong(at, f"{name} needs an address: write {name}: and the address")
    plain, slash, digits = rest[1:].partition("/")
    if not slash:
        return plain, most
    if not (digits.isascii() and digits.isdigit()):
        raise _Wrong(at + 2 + len(plain), f"{name} takes one prefix length, a slash and a number")
    return plain, _length(digits, most, at + 2 + len(plain))
