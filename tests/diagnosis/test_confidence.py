"""Confidence is a share of right answers: on labelled data, the table must hold."""

from __future__ import annotations

from collections import defaultdict

from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.ruletest import run_examples

BANDS = (0.0, 0.6, 0.8, 0.9, 1.01)


def test_answers_are_right_as_often_as_they_say(engine: Engine) -> None:
    bands: dict[float, list[bool]] = defaultdict(list)
    for outcome in run_examples(engine):
        band = max(b for b in BANDS if b <= outcome.diagnosis.confidence)
        bands[band].append(outcome.right)
    print("confidence from   answers   right")
    for band in sorted(bands):
        right = bands[band]
        print(f"{band:>15.2f} {len(right):>9} {sum(right) / len(right):>7.1%}")
        assert sum(right) / len(right) >= band - 0.05
    assert sum(len(r) for r in bands.values()) > 1000
