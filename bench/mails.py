"""How fast bounce mails are read: one run, medians, and the peak memory of whole commands.

usage: python bench/mails.py [FOLDER] [--mailbox 200000] [--rounds 5]

FOLDER holds mails (default: those of the tests). Prints mails a second for reading alone, with the diagnosis, and as
JSON; the same for a mailbox in one process and in two; the peak memory of ``bouncewise read`` on a large mailbox; the
time for a mail of 15 MB and one of 100 MB. Where flufl.bounce (PyPI) or Sisimai (Debian's libsisimai-perl) is
installed, the same mails go through it.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import median_seconds

from bouncewise.api import make_engine
from bouncewise.pipeline.run import read_one
from bouncewise.pipeline.sink import RowSink
from bouncewise.pipeline.sources import Found
from bouncewise.reading import read_mail

OWN = Path(__file__).parent.parent / "tests" / "reading" / "mails"
SISIMAI = (  # version 5 has rise, version 4 make
    "use Sisimai; my $read = Sisimai->can('rise') || Sisimai->can('make'); my $n = 0;"
    "for my $f (@ARGV) { $n += scalar @{ $read->('Sisimai', $f) // [] } } print $n;"
)


def large(octets: int) -> bytes:
    """A bounce of about so many octets, nearly all of them in the message that came back."""
    body = base64.encodebytes(random.Random(7).randbytes(octets * 3 // 4))
    return (
        b"From: MAILER-DAEMON@example.com\nTo: alice@example.com\nReturn-Path: <>\nSubject: Undelivered Mail\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nfailed\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        b"Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.1.1\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b\nContent-Type: message/rfc822\n\n"
        b"Message-ID: <1@example.com>\nSubject: large\n\n" + body + b"--b--\n"
    )


def write_mailbox(path: Path, mails: list[bytes], count: int) -> None:
    """An mbox of so many mails."""
    with path.open("wb") as box:
        for number in range(count):
            mail = mails[number % len(mails)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            mail = mail.split(b"\n", 1)[1] if mail.startswith(b"From ") else mail
            box.write(
                b"From mailer Thu Oct  1 10:00:00 2026\n" + mail.replace(b"\nFrom ", b"\n>From ") + b"\n\n"
            )


RUN = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
print(os.wait4(process.pid, 0)[2].ru_maxrss)
"""


def command(box: Path, *options: str) -> tuple[float, float]:
    """Seconds that a whole ``bouncewise read --jsonl`` takes, and MiB that its largest process does.

    A process that was forked counts what its parent had; a small one stands in between.
    """
    arguments = [sys.executable, "-m", "bouncewise", "read", "--jsonl", "--quiet", *options, str(box)]
    start = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(run.stdout) / 1024


def others(files: list[Path], mails: list[bytes], rounds: int) -> None:
    """The same mails through other readers, where they are installed."""
    try:
        from email import message_from_bytes

        from flufl.bounce import all_failures
    except ImportError:
        print("flufl.bounce: not measured, not installed")
    else:
        seconds = median_seconds(lambda: [all_failures(message_from_bytes(m)) for m in mails], rounds)
        print(f"flufl.bounce, recipients only: {len(mails) / seconds:,.0f} mails/s")
    perl = shutil.which("perl")
    if not perl or subprocess.run([perl, "-MSisimai", "-e1"], capture_output=True, check=False).returncode:
        print("Sisimai (Perl): not measured, not installed")
        return
    names = [str(path) for path in files]
    idle = median_seconds(lambda: subprocess.run([perl, "-e", SISIMAI], capture_output=True, check=True), 3)
    seconds = median_seconds(
        lambda: subprocess.run([perl, "-e", SISIMAI, *names], capture_output=True, check=True), rounds
    )
    print(f"Sisimai (Perl), without its start: {len(mails) / max(seconds - idle, 1e-9):,.0f} mails/s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=OWN)
    parser.add_argument("--mailbox", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.eml"))
    mails = [path.read_bytes() for path in files]
    found = [Found(path=str(path), format="eml", data=data) for path, data in zip(files, mails, strict=True)]
    engine = make_engine()
    rows, counted = RowSink(engine), RowSink(engine, as_json=False)
    for _ in range(3):
        [read_one(rows, one) for one in found]
    print(
        f"{len(mails)} mails, {sum(map(len, mails)) // len(mails):,} octets on average; one process, one core"
    )
    for name, run in (
        ("read", lambda: [read_mail(m) for m in mails]),
        ("read and diagnosed", lambda: [read_one(counted, one) for one in found]),
        ("read, diagnosed, as JSON", lambda: [read_one(rows, one) for one in found]),
    ):
        print(f"{name}: {len(mails) / median_seconds(run, options.rounds):,.0f} mails/s")
    others(files, mails, options.rounds)
    for octets, goal in ((15_000_000, 0.5), (100_000_000, 3.0)):
        data = large(octets)
        seconds = median_seconds(lambda data=data: read_mail(data), 3)
        print(f"a mail of {octets // 1_000_000} MB: {seconds:.2f} s (goal {goal})")
    with tempfile.TemporaryDirectory() as folder:
        box = Path(folder) / "box"
        write_mailbox(box, mails, options.mailbox)
        print(f"a mailbox of {options.mailbox:,} mails, {box.stat().st_size / 1e6:,.0f} MB:")
        for workers in (1, 2):
            seconds, peak = command(box, "--workers", str(workers))
            print(
                f"  {workers} process{'es' if workers > 1 else ''}: {options.mailbox / seconds:,.0f} mails/s as JSON, "
                f"peak memory of a process {peak:.0f} MiB (goal 150)"
            )


if __name__ == "__main__":
    if hasattr(os, "sched_getaffinity"):
        print(f"{len(os.sched_getaffinity(0))} cores")
    main()
