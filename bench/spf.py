"""How many SPF evaluations a second, beside pyspf on the same cases in the same run.

usage: python bench/spf.py [--rounds 7] [--suite FILE...]

The cases stand below, or come from conformance suites in YAML. Both evaluators get their answers from the
same zone in memory, and no event loop runs. A round evaluates every case once; the order of the two changes
with each round. Prints medians and the ratio, and how many cases end in the same result.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bouncewise.checks.dns import Mx, Status
from bouncewise.checks.spf.evaluate import evaluate
from bouncewise.checks.spf.result import SpfQuery, SpfResult
from bouncewise.testing.zone import Zone

HERE = Path(__file__).resolve().parent
sys.path[:] = [p for p in sys.path if Path(p).resolve() != HERE]  # else this file stands for pyspf
pyspf = importlib.import_module("spf")

Case = tuple[Zone, SpfQuery]

ZONE = {
    "small.example.com": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"]},
    "example.com": {
        "TXT": ["v=spf1 a mx include:_spf.example.net include:_spf.example.org ip6:2001:db8::/32 ~all"],
        "A": ["192.0.2.10"],
        "MX": [[10, "mx1.example.com"], [20, "mx2.example.com"]],
    },
    "mx1.example.com": {"A": ["192.0.2.11"], "AAAA": ["2001:db8:1::11"]},
    "mx2.example.com": {"A": ["192.0.2.12"], "AAAA": ["2001:db8:1::12"]},
    "_spf.example.net": {
        "TXT": ["v=spf1 include:_n1.example.net include:_n2.example.net include:_n3.example.net ~all"]
    },
    "_n1.example.net": {"TXT": ["v=spf1 " + " ".join(f"ip4:198.51.{n}.0/24" for n in range(20)) + " ~all"]},
    "_n2.example.net": {"TXT": ["v=spf1 " + " ".join(f"ip6:2001:db8:{n}::/48" for n in range(16)) + " ~all"]},
    "_n3.example.net": {"TXT": ["v=spf1 " + " ".join(f"ip4:203.0.{n}.0/25" for n in range(20)) + " ~all"]},
    "_spf.example.org": {"TXT": ["v=spf1 exists:%{i}._spf.%{o} redirect=_more.example.org"]},
    "198.51.100.77._spf.example.com": {"A": ["127.0.0.2"]},
    "_more.example.org": {"TXT": ["v=spf1 a:mx1.example.com ip4:203.0.113.0/24 -all exp=why.example.org"]},
    "why.example.org": {"TXT": ["See http://%{d}/why?s=%{S}&i=%{I}"]},
}
ASKED = (
    ("192.0.2.9", "a@small.example.com"),
    ("203.0.113.9", "a@small.example.com"),
    ("192.0.2.10", "a@example.com"),
    ("192.0.2.12", "a@example.com"),
    ("198.51.19.4", "a@example.com"),
    ("198.51.100.77", "a@example.com"),
    ("203.0.113.5", "a@example.com"),
    ("100.64.0.1", "a@example.com"),
    ("2001:db8:9::1", "a@example.com"),
    ("2001:db9::1", "a@example.com"),
)


def own_cases() -> list[Case]:
    """The cases of this file."""
    zone = Zone.of(ZONE)
    return [(zone, SpfQuery(ip=ip, sender=sender, helo="mail.example.com")) for ip, sender in ASKED]


def suite_cases(path: Path) -> list[Case]:
    """The cases of a conformance suite."""
    import yaml

    cases = []
    for part in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        zone = Zone.of_suite(part["zonedata"])
        for test in part["tests"].values():
            query = SpfQuery(ip=test["host"], sender=test["mailfrom"], helo=test["helo"])
            cases.append((zone, query))
    return cases


def ours(case: Case) -> SpfResult:
    """Evaluate; the zone answers at once, so that the coroutine ends at its first step."""
    zone, query = case
    coroutine = evaluate(query, zone)
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: SpfResult = end.value
        return result
    raise AssertionError("the zone let somebody wait")


class Source:
    """DNS for pyspf out of the zone of the case at hand."""

    zone: Zone

    def __call__(self, name: str, qtype: str, *_: Any) -> list[tuple[tuple[str, str], Any]]:
        """What pyspf calls ``DNSLookup``."""
        answer = self.zone.answer(name, qtype)
        if answer.failed:
            raise pyspf.TempError("DNS " + answer.status)
        if answer.status is not Status.OK:
            return []
        records: list[Any] = list(answer.records)
        if qtype == "TXT":
            records = [(r,) for r in records]
        elif qtype == "MX":
            records = [(r.preference, r.host) for r in records if isinstance(r, Mx)]
        return [((name, qtype), r) for r in records]


def theirs(case: Case, source: Source) -> str:
    """Evaluate with pyspf."""
    zone, query = case
    source.zone = zone
    result, _ = pyspf.check2(query.ip, query.sender, query.helo, querytime=0)
    return str(result)


def main() -> None:
    """Time both and print."""
    parser = argparse.ArgumentParser(description="SPF evaluations a second")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--suite", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    cases = [c for path in options.suite for c in suite_cases(path)] or own_cases()
    source = Source()
    pyspf.DNSLookup = source
    same = sum(ours(c).result == theirs(c, source) for c in cases)
    repeat = max(1, 400 // len(cases))
    times: dict[str, list[float]] = {"bouncewise": [], "pyspf": []}
    runs = {"bouncewise": ours, "pyspf": lambda case: theirs(case, source)}
    for number in range(options.rounds):
        for name in sorted(runs, reverse=number % 2 == 1):
            run = runs[name]
            for zone, _ in cases:
                zone.asked.clear()
            gc.collect()
            start = time.perf_counter()
            for _ in range(repeat):
                for case in cases:
                    run(case)
            times[name].append((time.perf_counter() - start) / (repeat * len(cases)))
    rates = {name: 1 / statistics.median(taken) for name, taken in times.items()}
    print(f"{len(cases)} cases, {same} with the same result, {options.rounds} rounds")
    for name, rate in rates.items():
        print(f"{name:<11} {rate:>9,.0f} evaluations a second")
    print(f"ratio       {rates['bouncewise'] / rates['pyspf']:>9.1f}")


if __name__ == "__main__":
    main()
