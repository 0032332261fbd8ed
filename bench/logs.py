"""How fast logs are read and summed up: one run beside pflogsumm and grep, medians, and the peak memory.

usage: python bench/logs.py LOG [--rounds 3] [--times 10]

LOG is a log of Postfix. Prints lines a second of ``bouncewise report`` in one process and in two, of
``bouncewise read --jsonl``, of pflogsumm (Debian's package) and of ``grep -c status=``, their ratios to
pflogsumm, and the peak memory of a report on LOG and on LOG repeated.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUN = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(os.wait4(process.pid, 0)[2].ru_maxrss)
"""


# an installation has its modules' bytecode
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def own(*arguments: str) -> list[str]:
    """A command of Bouncewise."""
    return [sys.executable, "-m", "bouncewise", *arguments]


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    start = time.perf_counter()
    # into a pipe: grep stops at its first match where its output goes nowhere
    subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, env=ENVIRONMENT)
    return time.perf_counter() - start


def peak(command: list[str]) -> float:
    """MiB that the largest process of a command takes."""
    run = subprocess.run([sys.executable, "-c", RUN, *command], capture_output=True, text=True, check=True)
    return int(run.stdout) / 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=10, help="how often LOG is repeated for the peak memory")
    options = parser.parse_args()
    log = options.log
    with Path(log).open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    commands = {
        "report": own("report", "--quiet", log),
        "report --jobs 2": own("report", "--quiet", "--jobs", "2", log),
        "report --by day (line by line)": own("report", "--quiet", "--by", "day", log),
        "read --jsonl": own("read", "--quiet", "--jsonl", log),
        "grep -c status=": ["grep", "-c", "status=", log],
    }
    if shutil.which("pflogsumm"):
        commands["pflogsumm"] = ["pflogsumm", log]
    seconds(commands["report"])  # what is compiled once is compiled
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(options.rounds):  # in turns, so that a busy moment hits all
        for name, command in commands.items():
            taken[name].append(seconds(command))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(f"{lines:,} lines, {Path(log).stat().st_size / 1e6:.0f} MB, medians of {options.rounds}")
    for name, median in medians.items():
        ratio = f"  {medians['pflogsumm'] / median:5.1f} x pflogsumm" if "pflogsumm" in medians else ""
        print(f"{name:32} {median:8.2f} s {lines / median:12,.0f} lines/s{ratio}")
    print(f"peak memory of a report: {peak(commands['report']):.0f} MiB")
    with tempfile.NamedTemporaryFile(suffix=".log") as large:
        for _ in range(options.times):
            with Path(log).open("rb") as file:
                shutil.copyfileobj(file, large)
        large.flush()
        print(
            f"the same, log {options.times} times over: {peak(own('report', '--quiet', large.name)):.0f} MiB"
        )


if __name__ == "__main__":
    main()
