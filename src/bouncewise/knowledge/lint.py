"""Check the files of a knowledge base for what can be seen without deciding a reply.

Finds rules without examples, dead ones (their own examples don't meet them), twins, names that do
not exist, and patterns outside the linear-time subset. ``diagnosis.ruletest`` finds the shadowed
and the ambiguous, which takes the whole order of decision.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from bouncewise.knowledge.fold import fold_bytes
from bouncewise.knowledge.model import Knowledge, Remedy, Rule
from bouncewise.knowledge.pattern import PatternError
from bouncewise.knowledge.regexes import language_of, rule_regexes
from bouncewise.knowledge.template import needs_figures, template_of
from bouncewise.reply.model import Phase
from bouncewise.reply.unwrap import unwrap

CHECKS = frozenset(
    [
        "spf",
        "dkim",
        "dmarc",
        "arc",
        "blocklist",
        "reverse-dns",
        "helo",
        "sender-domain",
        "recipient-domain",
        "name-servers",
        "mta-sts",
        "tls",
        "dane",
    ]
)
_PLACEHOLDER = re.compile(r"\{([a-z]*)(\|?)")
_PLACEHOLDERS = frozenset(
    [
        "ip",
        "domain",
        "sender",
        "recipient",
        "host",
        "lookup",
        "delist",
        "operator",
        "wait",
        "limit",
        "url",
        "provider",
        "postmaster",
    ]
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a rule or another record.

    Attributes:
        kind: ``dead``, ``no-example``, ``pattern``, ``twin``, ``name``, ``shadowed``, ``ambiguous``
            or ``example``.
        where: the file and the rule.
        what: what is wrong and what to do.
    """

    kind: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.what}"


def where(knowledge: Knowledge, rule: Rule) -> str:
    """The file and the id of a rule, as faults name it."""
    return f"{knowledge.origin[rule.id]}: {rule.id}"


def lint(knowledge: Knowledge) -> Iterator[Fault]:
    """Every fault that can be seen without deciding a reply.

    Args:
        knowledge: the knowledge base.
    """
    seen: dict[tuple[object, ...], str] = {}
    for rule in knowledge.rules:
        yield from _names(knowledge, rule)
        yield from _patterns(knowledge, rule)
        key = (
            language_of(knowledge.origin[rule.id]),
            rule.cause,
            rule.provider,
            rule.code,
            rule.enhanced,
            rule.phase,
            rule.text,
            rule.not_text,
        )
        if key in seen:
            yield Fault("twin", where(knowledge, rule), f"says the same as {seen[key]}; delete one")
        seen[key] = rule.id
    yield from _records(knowledge)


def _names(knowledge: Knowledge, rule: Rule) -> Iterator[Fault]:
    place = where(knowledge, rule)
    if rule.cause not in knowledge.causes:
        yield Fault("name", place, f"cause {rule.cause!r} is not in causes.toml")
    if rule.provider and rule.provider not in knowledge.providers:
        yield Fault("name", place, f"provider {rule.provider!r} is not in providers.toml")
    if (rule.needs_provider or rule.token) and not rule.provider:
        yield Fault("name", place, "needs_provider and token ask for a provider")
    for name, values, known in (
        ("source", rule.sources, knowledge.sources),
        ("check", rule.checks, CHECKS),
        ("phase", rule.phase, {p.value for p in Phase}),
    ):
        for value in values:
            if value not in known:
                yield Fault("name", place, f"{name} {value!r} is not known")
    if not 1 <= rule.priority <= 9:
        yield Fault("name", place, f"priority {rule.priority}: 1 to 9")
    for step in rule.steps:
        yield from _placeholders(place, step)


def _placeholders(place: str, step: str) -> Iterator[Fault]:
    for match in _PLACEHOLDER.finditer(step):
        if match[1] not in _PLACEHOLDERS or not match[2]:
            yield Fault(
                "name",
                place,
                f"{match[0]!r}: write {{name|words}} with one of {', '.join(sorted(_PLACEHOLDERS))}",
            )


def _patterns(knowledge: Knowledge, rule: Rule) -> Iterator[Fault]:
    place = where(knowledge, rule)
    if not rule.text:
        yield Fault("pattern", place, "a rule needs at least one text")
        return
    try:
        text, not_text = rule_regexes(knowledge, rule)
    except PatternError as error:
        yield Fault("pattern", place, str(error).rsplit(f"{rule.id}: ", 1)[-1])
        return
    if not rule.examples:
        yield Fault("no-example", place, "give at least one real reply that it decides")
    for example in rule.examples:
        why = _misses(text, not_text, example)
        if why:
            yield Fault("dead", place, f"{why} {example[:100]!r}")


def _misses(text: list[str], not_text: list[str], example: str) -> str:
    """Why a rule does not meet one of its own examples, or ""."""
    found = [fold_bytes(example), fold_bytes(unwrap(example).reply.text)]
    if not any(_meets(regex, data) for regex in text for data in found):
        return "no text of it matches its own example"
    if any(_meets(regex, found[-1]) for regex in not_text):
        return "its not_text refutes its own example"
    return ""


def _meets(regex: str, data: bytes) -> bool:
    """Whether a search would meet the expression: in the text itself, or else in its template."""
    data = data if needs_figures(regex) else template_of(data)
    return re.search(regex.encode(), data, re.IGNORECASE | re.DOTALL) is not None


def _records(knowledge: Knowledge) -> Iterator[Fault]:
    """Names in the other files that do not exist."""
    for place, name, known in _references(knowledge):
        if name and name not in known:
            yield Fault("name", place, f"{name!r} is not known")
    for remedy in knowledge.remedies:
        for step in remedy.steps:
            yield from _placeholders(_remedy_place(remedy), step)


def _remedy_place(remedy: Remedy) -> str:
    return f"remedies/{remedy.provider or 'general'}.toml: {remedy.cause}"


def _references(knowledge: Knowledge) -> Iterator[tuple[str, str, Container[str]]]:
    """Every name that one file uses of another: place, name, where it must stand."""
    for remedy in knowledge.remedies:
        yield _remedy_place(remedy), remedy.cause, knowledge.causes
        yield _remedy_place(remedy), remedy.provider, knowledge.providers
    for policy in knowledge.policies:
        yield "policy.toml", policy.cause, knowledge.causes
        yield "policy.toml", policy.provider, knowledge.providers
    for ask in knowledge.asks:
        for cause in ask.cause:
            yield f"asks.toml: {ask.id}", cause, knowledge.causes
        for check in (*ask.checks, *ask.adds):
            yield f"asks.toml: {ask.id}", check, CHECKS
        yield f"asks.toml: {ask.id}", ask.source, knowledge.sources
    for slug, mapping in knowledge.mappings.items():
        for cause in mapping.causes:
            yield f"mappings.toml: {slug}", cause, knowledge.causes
    for blocklist in knowledge.blocklists.values():
        for source in blocklist.sources:
            yield f"blocklists.toml: {blocklist.id}", source, knowledge.sources
