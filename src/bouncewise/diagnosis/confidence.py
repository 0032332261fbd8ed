"""How sure a decision is, as a share of right answers.

The table is fitted to labelled replies that the rules were not written for, by ``bench/calibrate.py``:
among answers given with 0.9, about nine in ten are right. ``tests/diagnosis/test_confidence.py``
prints and checks it on the rules' own examples.
"""

from __future__ import annotations

from bouncewise.diagnosis.model import Candidate, Facts

# kind of proof -> (codes agree, codes say nothing or something else)
_BASE = {
    "own": (0.99, 0.97),
    "provider": (0.98, 0.93),
    "blocklist": (0.95, 0.90),
    "text-strong": (0.97, 0.92),
    "text": (0.95, 0.92),
    "text-weak": (0.78, 0.66),
    "enhanced": (0.64, 0.50),
    "code": (0.62, 0.55),
    "none": (0.22, 0.22),
}
_NEAR = 4  # points of score within which a rival of another cause makes the answer contested
_FACTOR = {"alone": 1.0, "close": 0.94, "contested": 0.80}


def kind_of(candidate: Candidate) -> str:
    """The row of the table that a proof belongs to."""
    if candidate.by == "text":
        points = candidate.score - 100
        if points <= 6:
            return "text-weak"
        return "text-strong" if points >= 14 else "text"
    if candidate.by == "code":
        return "code" if candidate.score else "none"
    if candidate.by == "provider" and candidate.score >= 200:
        return "own"
    return candidate.by


def distance_of(top: Candidate, rivals: list[Candidate]) -> str:
    """How near the strongest rival of another cause comes: ``alone``, ``close`` or ``contested``."""
    rival = next((r for r in rivals if r.cause not in ("unknown", top.cause)), None)
    if rival is None or top.score - rival.score > 2 * _NEAR:
        return "alone"
    return "contested" if top.score - rival.score <= _NEAR else "close"


def confidence_of(top: Candidate, rivals: list[Candidate], facts: Facts, agrees: bool) -> float:
    """Confidence in the first candidate, from 0 to 1.

    Args:
        top: the candidate that won.
        rivals: the best candidate of every other cause, strongest first.
        facts: what the decision rests on.
        agrees: the enhanced code or reply code is typical for the cause.
    """
    if facts.code and facts.code < 400 and top.by == "code":
        return 0.99  # 2yz and 3yz say all there is to say
    with_codes, without = _BASE[kind_of(top)]
    confidence = with_codes if agrees else without
    return round(confidence * _FACTOR[distance_of(top, rivals)], 2)
