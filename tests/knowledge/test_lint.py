"""The linter finds what is planted."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bouncewise.api import make_engine
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.ruletest import check_rules
from bouncewise.knowledge import Knowledge, KnowledgeError, load
from bouncewise.knowledge.lint import lint

GOOD = '[[rule]]\nid = "own.good"\ncause = "spam-content"\ntext = ["zebra words"]\nexamples = ["550 zebra words"]\n'


def _own_only(folder: Path) -> Knowledge:
    """The knowledge with the planted rules alone: fast to compile."""
    whole = load(own_rules=folder)
    return msgspec.structs.replace(whole, rules=tuple(r for r in whole.rules if r.id in whole.own_rules))


def _faults(folder: Path, text: str) -> dict[str, str]:
    (folder / "own.toml").write_text(text, encoding="utf-8")
    found = [f for f in lint(load(own_rules=folder)) if "own.toml" in f.where]
    if not any(f.kind == "pattern" for f in found):
        found += check_rules(Engine(_own_only(folder)))
    return {f.kind: str(f) for f in found}


def test_a_good_rule_has_no_fault(tmp_path: Path) -> None:
    assert _faults(tmp_path, GOOD) == {}


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("dead", 'cause = "virus"\ntext = ["zebra words"]\nexamples = ["550 other words"]'),
        ("dead", 'cause = "virus"\ntext = ["zebra"]\nnot_text = ["words"]\nexamples = ["550 zebra words"]'),
        ("no-example", 'cause = "virus"\ntext = ["zebra words"]'),
        ("pattern", 'cause = "virus"\ntext = ["re:(a+)+b"]\nexamples = ["550 aab"]'),
        ("pattern", 'cause = "virus"\ntext = ["re:a.*b"]\nexamples = ["550 ab"]'),
        ("pattern", 'cause = "virus"\ntext = ["re:(?=x)x"]\nexamples = ["550 x"]'),
        ("pattern", 'cause = "virus"\ntext = ["(open"]\nexamples = ["550 open"]'),
        ("pattern", 'cause = "virus"\ntext = ["{no-such-class} x"]\nexamples = ["550 x"]'),
        ("name", 'cause = "no-such-cause"\ntext = ["zebra words"]\nexamples = ["550 zebra words"]'),
        (
            "name",
            'cause = "virus"\nprovider = "nobody"\ntext = ["zebra words"]\nexamples = ["550 zebra words"]',
        ),
    ],
)
def test_planted_faults(tmp_path: Path, kind: str, rule: str) -> None:
    if "no-such-cause" in rule:
        (tmp_path / "own.toml").write_text(f'[[rule]]\nid = "own.bad"\n{rule}\n', encoding="utf-8")
        assert any(f.kind == kind for f in lint(load(own_rules=tmp_path)))
        return
    assert kind in _faults(tmp_path, f'[[rule]]\nid = "own.bad"\n{rule}\n')


def test_a_shadowed_rule_is_found(tmp_path: Path) -> None:
    weak = '[[rule]]\nid = "own.weak"\ncause = "virus"\npriority = 1\ntext = ["zebra"]\nexamples = ["550 zebra words"]\n'
    assert "own.good" in _faults(tmp_path, GOOD + weak)["shadowed"]


def test_an_ambiguous_pair_is_found(tmp_path: Path) -> None:
    twin = '[[rule]]\nid = "own.twin"\ncause = "attachment-blocked"\ntext = ["zebra"]\nexamples = ["550 zebra words"]\n'
    assert "ambiguous" in _faults(tmp_path, GOOD + twin)


def test_the_same_words_twice_are_found(tmp_path: Path) -> None:
    assert "twin" in _faults(tmp_path, GOOD + GOOD.replace("own.good", "own.copy"))


def test_the_same_id_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD + GOOD, encoding="utf-8")
    with pytest.raises(KnowledgeError, match="an id of its own"):
        load(own_rules=tmp_path)


def test_own_rules_rank_above_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[[rule]]\nid = "own.x"\ncause = "virus"\ntext = ["user unknown"]\nexamples = ["550 user unknown"]\n',
        "utf-8",
    )
    assert make_engine(own_rules=tmp_path).diagnose("550 5.1.1 User unknown").cause == "virus"


def test_the_shipped_rules_have_no_fault() -> None:
    assert [str(f) for f in lint(load())] == []
    assert [str(f) for f in check_rules(make_engine())] == []
