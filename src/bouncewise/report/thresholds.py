"""Thresholds for cron: ``bounce-rate>5%``, ``expired>=10``, ``cause:ip-blocklisted>0``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bouncewise.report.tally import OUTCOMES

_FORM = re.compile(r"\s*([a-z-]+)(?::([a-z0-9-]+))?\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*(%?)\s*")
_TESTS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_RATES = {"bounce-rate": "bounce", "deferral-rate": "deferral", "complaint-rate": "complaint"}
METRICS = (*_RATES, *OUTCOMES, "attempts", "unknown", "cause:NAME")


class Threshold(msgspec.Struct, frozen=True):
    """A test of a summary.

    Attributes:
        metric: what is looked at.
        cause: slug, where the metric is ``cause``.
        sign: how it is compared.
        value: with what; a share from 0 to 1 for rates.
        text: as it was given.
    """

    metric: str
    cause: str
    sign: str
    value: float
    text: str

    def met(self, summary: Mapping[str, Any]) -> float | None:
        """The value that was found where the test is met, else None; what can't be told meets no test."""
        found = self._value(summary)
        return found if found is not None and _TESTS[self.sign](found, self.value) else None

    def _value(self, summary: Mapping[str, Any]) -> float | None:
        totals = summary["totals"]
        if self.metric in _RATES:
            rate: float | None = summary["rates"].get(_RATES[self.metric])
            return rate
        if self.metric == "attempts":
            return float(sum(totals.values()))
        if self.metric == "unknown":
            return float(sum(row["count"] for row in summary["unknown"]))
        if self.metric == "cause":
            return float(
                sum(sum(row["counts"].values()) for row in summary["causes"] if row["cause"] == self.cause)
            )
        return float(totals[self.metric])


def threshold(text: str, causes: Mapping[str, Any]) -> Threshold:
    """Read a threshold.

    Args:
        text: a metric, a sign and a number.
        causes: the causes that there are, by slug.

    Raises:
        ValueError: what is wrong with it, for people.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no threshold; write one as bounce-rate>5% or expired>=10")
    metric, cause, sign, number, sign_of_share = found.groups("")
    if (metric == "cause") != bool(cause) or (metric != "cause" and metric not in METRICS):
        raise ValueError(f"{text!r}: there is no such figure; there are {', '.join(METRICS)}")
    if cause and cause not in causes:
        raise ValueError(f"{text!r}: there is no cause {cause}; bouncewise lookup {cause} shows what is near")
    value = float(number)
    if metric in _RATES:
        value = value / 100 if sign_of_share or value > 1 else value
    elif sign_of_share:
        raise ValueError(f"{text!r}: {metric} is a count, not a share")
    return Threshold(metric, cause, sign, value, text.strip())
