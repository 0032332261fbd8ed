"""How fast: one run on one core, medians.

usage: python bench/bench.py [--replies 200000] [--rounds 5]

Prints microseconds for a single ``diagnose``, replies a second for ``diagnose_many`` on distinct
failing replies and on a log-like mix, the wall time of a whole ``bouncewise explain TEXT`` with and
without a saved database, and resident memory. Where Node.js and the package
``@postalsys/bounce-classifier`` are installed, the same strings go through it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable

from bouncewise.api import make_engine
from bouncewise.diagnosis.engine import Engine

SEED = 7
SUCCESS = (
    "250 2.0.0 OK  {n} {h}.123 - gsmtp",
    "250 2.0.0 Ok: queued as {h}",
    "250 ok {n} qp {n}",
    "250 2.6.0 <{h}@example.com> Queued mail for delivery",
    "250 OK id={h}",
)
CLASSIFY = """
const { classify } = await import("@postalsys/bounce-classifier");
const replies = JSON.parse(require("fs").readFileSync(0, "utf8"));
await classify(replies[0]);
const start = process.hrtime.bigint();
for (const reply of replies) await classify(reply);
console.log(Number(process.hrtime.bigint() - start) / 1e3 / replies.length);
"""


def failing(engine: Engine, count: int, seed: int = SEED) -> list[str]:
    """Distinct failing replies: the examples of all rules, each with a number of its own."""
    chance = random.Random(seed)
    examples = [e for r in engine.knowledge.rules for e in r.examples if e[:1] in "45" and "\n" not in e]
    return [f"{chance.choice(examples)} [{n:x}.{chance.randrange(10**9):x}]" for n in range(count)]


def mix(engine: Engine, count: int, seed: int = SEED) -> list[str]:
    """What a log holds: 92 of 100 succeed."""
    chance = random.Random(seed)
    bad = iter(failing(engine, count // 10, seed))
    return [
        chance.choice(SUCCESS).format(n=chance.randrange(10**10), h=f"{chance.randrange(16**12):x}")
        if chance.random() < 0.92
        else next(bad, "550 5.1.1 User unknown")
        for _ in range(count)
    ]


def median_seconds(run: Callable[[], object], rounds: int) -> float:
    """Median wall time of some runs."""
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def consume(diagnoses: Iterable[object]) -> None:
    """Use each diagnosis as a report would: its cause and its action."""
    for diagnosis in diagnoses:
        diagnosis.cause  # type: ignore[attr-defined]  # noqa: B018
        diagnosis.action  # type: ignore[attr-defined]  # noqa: B018


def start_up(environment: dict[str, str], rounds: int) -> float:
    """Median wall time of the whole command."""
    command = [sys.executable, "-m", "bouncewise", "explain", "550 5.1.1 User unknown"]
    return median_seconds(
        lambda: subprocess.run(command, env=environment, capture_output=True, check=True), rounds
    )


def competitor(replies: list[str]) -> str:
    """Microseconds a reply of the classifier from npm, or why there is none."""
    node = shutil.which("node")
    if not node:
        return "not measured: no Node.js"
    run = subprocess.run(
        [
            node,
            "--input-type=module",
            "-e",
            "import { createRequire } from 'module';"
            "const require = createRequire(import.meta.url);" + CLASSIFY,
        ],
        input=json.dumps(replies),
        capture_output=True,
        text=True,
        check=False,
    )
    return (
        f"{float(run.stdout):.1f} us" if run.returncode == 0 else "not measured: the package is not installed"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replies", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {next(iter(os.sched_getaffinity(0)))})
    engine = make_engine()
    sample = failing(engine, 20_000)
    consume(engine.diagnose_many(sample))
    single = median_seconds(
        lambda: [engine._diagnose(r, _context())[2].cause for r in sample], options.rounds
    )
    print(f"single diagnose, distinct failing reply: {single / len(sample) * 1e6:.1f} us (goal 12)")
    engine.diagnose(sample[0])
    again = median_seconds(lambda: [engine.diagnose(sample[0]).cause for _ in range(50_000)], options.rounds)
    print(f"single diagnose, repeated: {again / 50_000 * 1e6:.2f} us (goal 2)")
    full = median_seconds(lambda: [d.as_dict() for d in engine.diagnose_many(sample[:3000])], 3)
    print(f"everything of it as a record: {full / 3000 * 1e6:.0f} us")
    for name, make, goal in (("distinct failing", failing, 250_000), ("log-like mix", mix, 1_000_000)):
        rounds = iter([make(engine, options.replies, seed) for seed in range(options.rounds)])
        seconds = median_seconds(
            lambda rounds=rounds: consume(engine.diagnose_many(next(rounds))), options.rounds
        )
        print(f"diagnose_many, {name}: {options.replies / seconds:,.0f}/s (goal {goal:,})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"peak memory of this run, its {2 * options.rounds * options.replies:,} strings included: {peak:.0f} MiB"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "BOUNCEWISE_CACHE": folder}
        print(f"start-up, first run ever: {start_up(environment, 1):.2f} s (goal 1.5)")
        few = start_up(environment, max(options.rounds, 5)) * 1000
        print(f"start-up, after one reply (patterns saved, no database yet): {few:.0f} ms")
        fill = "import sys, bouncewise; list(bouncewise.diagnose_many(sys.stdin.read().split('\\0')))"
        subprocess.run(
            [sys.executable, "-c", fill],
            env=environment,
            input="\0".join(sample[:4000]),
            text=True,
            check=True,
        )
        many = start_up(environment, max(options.rounds, 5)) * 1000
        print(f"start-up, saved database: {many:.0f} ms (goal 150)")
        code = (
            "import bouncewise; list(bouncewise.diagnose_many(f'550 5.1.1 user unknown {n} {w}' for w in "
            "('\u7528', '\u0434', '\u03b1', '\u00f1', 'x') for n in 'abcdefghijklmno'));"
            "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')))"
        )
        used = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        used = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        print(
            f"resident memory of a process with all pattern sets loaded: {int(used.stdout) / 1024:.0f} MiB (goal 80)"
        )
    print(f"@postalsys/bounce-classifier, a reply: {competitor(sample[:500])}")
    print(
        f"{len(engine.patterns.first.regexes)} + "
        f"{sum(len(p.regexes) for p in engine.patterns.others.values())} patterns, {len(engine.knowledge.rules)} rules"
    )


def _context() -> object:
    from bouncewise.reply.model import NO_CONTEXT

    return NO_CONTEXT


if __name__ == "__main__":
    main()
