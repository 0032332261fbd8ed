"""What the registries and the knowledge base hold on one thing: a code, cause, provider or blocklist."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from bouncewise.diagnosis.advice import fill
from bouncewise.diagnosis.decide import enhanced_matches
from bouncewise.knowledge.model import Blocklist, Knowledge, Record
from bouncewise.reply import registry
from bouncewise.reply.model import EnhancedCode

MAX_EXAMPLES = 5


def names_of(knowledge: Knowledge) -> list[str]:
    """Every name that can be looked up."""
    zones = [zone for blocklist in knowledge.blocklists.values() for zone in blocklist.zones]
    return [*knowledge.causes, *knowledge.providers, *knowledge.blocklists, *zones]


def find(  # noqa: PLR0911 - one return for each kind
    knowledge: Knowledge, word: str
) -> dict[str, Any] | None:
    """What is known about a word, as it is printed with ``--json``; None for nothing.

    Args:
        knowledge: the knowledge base.
        word: a reply code, an enhanced code (``X`` for any class), or a name.
    """
    if re.fullmatch(r"[1-6]\d\d", word):
        return _basic(knowledge, int(word))
    parsed = _enhanced_code(word)
    if parsed:
        return _enhanced(knowledge, parsed)
    name = word.lower()
    if name in knowledge.causes:
        return _cause(knowledge, name)
    if name in knowledge.providers:
        return _provider(knowledge, name)
    blocklist = _blocklist(knowledge, name)
    if blocklist:
        return _of_blocklist(knowledge, blocklist)
    for slug, provider in knowledge.providers.items():
        if name == provider.name.lower() or name in provider.hosts:
            return _provider(knowledge, slug)
    return None


def _enhanced_code(word: str) -> EnhancedCode | None:
    text = re.sub(r"^[xX](?=\.)", "5", word.lstrip("#"))
    try:
        return EnhancedCode.parse(text)
    except ValueError:
        return None


def _blocklist(knowledge: Knowledge, name: str) -> Blocklist | None:
    for blocklist in knowledge.blocklists.values():
        if name in (blocklist.id, blocklist.name.lower(), *blocklist.zones, *blocklist.names):
            return blocklist
    return None


def _of_blocklist(knowledge: Knowledge, blocklist: Blocklist) -> dict[str, Any]:
    words = [word.lower() for word in (*blocklist.zones, *blocklist.names) if len(word) > 4]
    cause = "domain-blocklisted" if blocklist.kind == ("domain",) else "ip-blocklisted"
    replies = (e for rule in knowledge.rules if rule.cause == cause for e in rule.examples)
    return _present(
        {
            "kind": "blocklist",
            **_fields(blocklist),
            "cause": cause,
            "steps": _steps(knowledge, cause),
            "examples": list(dict.fromkeys(e for e in replies if any(word in e.lower() for word in words)))[
                :MAX_EXAMPLES
            ],
        }
    )


def _steps(knowledge: Knowledge, cause: str) -> list[str]:
    """What to do about a cause, wherever it comes from."""
    own = (r for r in knowledge.remedies if r.cause == cause and not r.provider)
    return [fill(step, {}) for remedy in own for step in remedy.steps]


def _examples(knowledge: Knowledge, fits: Any) -> list[str]:
    found = (e for rule in knowledge.rules if fits(rule) for e in rule.examples)
    return list(dict.fromkeys(found))[:MAX_EXAMPLES]


def _basic(knowledge: Knowledge, code: int) -> dict[str, Any] | None:
    entry = registry.basic(code)
    if entry is None and code // 100 not in (2, 3, 4, 5):
        return None
    known = entry or registry.basic_or_class(code)
    return _present(
        {
            "kind": "reply code",
            "code": code,
            "name": known.name,
            "meaning": known.meaning,
            "standard": known.standard,
            "note": "" if entry else "not registered: taken by its first digit (RFC 5321 section 4.2)",
            "first_digit": registry.first_digit(code).meaning,
            "second_digit": registry.category(code),
            "commands": known.commands,
            "cause": known.cause,
            "cause_by_phase": dict(known.cause_by_phase),
            "causes": [s for s, c in knowledge.causes.items() if str(code) in c.codes],
            "references": list(known.references),
            "examples": _examples_beginning(knowledge, str(code)),
        }
    )


def _examples_beginning(knowledge: Knowledge, head: str) -> list[str]:
    found = (e for rule in knowledge.rules for e in rule.examples if e.startswith(head))
    return list(dict.fromkeys(found))[:MAX_EXAMPLES]


def _enhanced(knowledge: Knowledge, code: EnhancedCode) -> dict[str, Any]:
    known = registry.enhanced(code)
    return _present(
        {
            "kind": "enhanced status code",
            "code": str(code),
            "registered_as": known.code,
            "summary": known.summary,
            "meaning": known.meaning,
            "note": ""
            if known.level == "detail"
            else f"not registered itself: taken by its {known.level} (RFC 3463 section 2)",
            "basic_codes": list(known.basic_codes),
            "cause": known.cause,
            "causes": [
                s
                for s, c in knowledge.causes.items()
                if enhanced_matches([x for x in c.codes if "." in x], code)
            ],
            "references": list(known.references),
            "examples": [
                e for r in knowledge.rules for e in r.examples if re.search(rf"(?<![\d.]){code}(?![\d.])", e)
            ][:MAX_EXAMPLES],
        }
    )


def _cause(knowledge: Knowledge, slug: str) -> dict[str, Any]:
    cause = knowledge.causes[slug]
    return _present(
        {
            "kind": "cause",
            "cause": slug,
            **_fields(cause),
            "steps": _steps(knowledge, slug),
            "rules": sum(1 for r in knowledge.rules if r.cause == slug),
            "elsewhere": {m.title: m.causes[slug] for m in knowledge.mappings.values() if slug in m.causes},
            "examples": _examples(knowledge, lambda r: r.cause == slug),
        }
    )


def _provider(knowledge: Knowledge, slug: str) -> dict[str, Any]:
    return _present(
        {
            "kind": "provider",
            "provider": slug,
            **_fields(knowledge.providers[slug]),
            "causes": sorted({r.cause for r in knowledge.rules if r.provider == slug}),
            "examples": _examples(knowledge, lambda r: r.provider == slug),
        }
    )


def _fields(record: Record) -> dict[str, Any]:
    """The fields of a record; its own ``kind`` is called ``type``, as ``kind`` says what was looked up."""
    fields = {"type" if k == "kind" else k: v for k, v in msgspec.to_builtins(record).items()}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v not in (None, "", [], {}, ())}
