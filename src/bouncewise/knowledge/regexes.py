"""The regular expressions of a rule, with the word classes of its language."""

from __future__ import annotations

import re

from bouncewise.knowledge.model import Knowledge, Rule
from bouncewise.knowledge.pattern import PatternError, compile_pattern

DEFAULT_LANGUAGE = "en"
_LANGUAGE_FILE = re.compile(r"languages/([a-z-]+)(?:\.[a-z-]+)?\.toml$")


def language_of(origin: str) -> str | None:
    """The language of a rule file, or None where it is not one of ``languages/``."""
    match = _LANGUAGE_FILE.search(origin.replace("\\", "/"))
    return match[1] if match else None


def rule_regexes(knowledge: Knowledge, rule: Rule) -> tuple[list[str], list[str]]:
    """The regular expressions of a rule's ``text`` and ``not_text``.

    Raises:
        PatternError: one of them can't be read; the message names the rule.
    """
    language = language_of(knowledge.origin[rule.id]) or DEFAULT_LANGUAGE
    lexicon = knowledge.lexicon.get(language, {})
    try:
        return (
            [compile_pattern(p, lexicon) for p in rule.text],
            [compile_pattern(p, lexicon) for p in rule.not_text],
        )
    except PatternError as error:
        raise PatternError(f"{knowledge.origin[rule.id]}: rule {rule.id}: {error}") from None
