"""Times the pages and the API: explaining, taking deliveries in, and reports on a large store.

    python bench/serve.py                     explain and ingestion, medians of 3
    python bench/serve.py --deliveries 10000000   reports on a store of so many, which it makes first

The server runs in a process of its own. Goals: 2,000 explanations a second of one core with a p99 under 20 ms, 20,000 deliveries
a second in batches, reports on ten million deliveries with a p95 under a second, 200 MiB of memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CLIENTS = 8
REPLIES = [
    "550 5.1.1 <u{n}@example.net>: Recipient address rejected: User unknown in virtual mailbox table",
    "552 5.2.2 Mailbox full, quota of u{n} exceeded",
    "554 5.7.1 Service unavailable; Client host [192.0.2.{o}] blocked using zen.spamhaus.org",
    "451 4.7.1 Greylisted, try again in {o} seconds",
    "550 5.7.26 Unauthenticated email from d{n}.example.com is not accepted due to domain's DMARC policy.",
    "421 4.7.0 [TSS04] Messages from 192.0.2.{o} temporarily deferred due to user complaints",
]
DAY = 86_400
NOW = 1_777_593_600


@contextmanager
def server(store: Path) -> Iterator[tuple[int, int]]:
    """``bouncewise serve`` in a process of its own: its port and its number."""
    command = [
        sys.executable,
        "-m",
        "bouncewise",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        str(store),
        "--offline",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found
        try:
            yield int(found[1]), process.pid
        finally:
            process.terminate()


def cpu(pid: int) -> float:
    """CPU seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """MiB of a process, and the most it ever had."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", text)[0]) / 1024


async def ask(port: int, path: str, bodies: list[bytes], kind: str) -> list[float]:
    """One client on one connection: seconds for each request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    took = []
    for body in bodies:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        start = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        size = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
        assert size
        await reader.readexactly(int(size[1]))
        took.append(time.perf_counter() - start)
    writer.close()
    return took


def reply(number: int) -> str:
    return REPLIES[number % len(REPLIES)].format(n=number, o=number % 250)


def explaining(port: int, pid: int, runs: int) -> None:
    async def once(run: int) -> tuple[float, float, float]:
        bodies = [
            [json.dumps({"reply": reply(run * 100_000 + c * 1000 + n)}).encode() for n in range(500)]
            for c in range(CLIENTS)
        ]
        start, used = time.perf_counter(), cpu(pid)
        took = await asyncio.gather(*(ask(port, "/api/explain", some, "application/json") for some in bodies))
        every = sorted(second for some in took for second in some)
        return (
            len(every) / (time.perf_counter() - start),
            len(every) / (cpu(pid) - used),
            every[int(len(every) * 0.99)],
        )

    asyncio.run(once(99))
    found = [asyncio.run(once(run)) for run in range(runs)]
    wall, core, late = (statistics.median(row[n] for row in found) for n in range(3))
    print(
        f"explain     {wall:8,.0f} a second, {core:,.0f} a second of the server's CPU (goal 2,000), p99 {late * 1000:.1f} ms (goal 20)"
    )


def deliveries(start: int, count: int) -> bytes:
    rows = (
        {
            "id": str(n),
            "reply": "250 2.0.0 OK" if n % 12 else reply(n),
            "recipient": f"u{n}@d{n % 500}.example",
            "sender": f"s{n % 50}@example.com",
            "host": "mx.google.com" if n % 3 else "mx.example.net",
            "local_ip": f"192.0.2.{n % 8}",
            "time": f"2026-04-{1 + n // 480_000 % 28:02}T{n // 20_000 % 24:02}:{n // 400 % 60:02}:00Z",  # as they come
        }
        for n in range(start, start + count)
    )
    return b"\n".join(json.dumps(row).encode() for row in rows)


def ingestion(port: int, pid: int, runs: int) -> None:
    async def once(run: int) -> tuple[float, float]:
        bodies = [[deliveries(((run * 2 + c) * 10 + n) * 2000, 2000) for n in range(10)] for c in range(2)]
        start, used = time.perf_counter(), cpu(pid)
        await asyncio.gather(*(ask(port, "/api/deliveries", some, "application/x-ndjson") for some in bodies))
        return 40_000 / (time.perf_counter() - start), 40_000 / (cpu(pid) - used)

    asyncio.run(once(50))
    found = [asyncio.run(once(run)) for run in range(runs)]
    wall, core = (statistics.median(row[n] for row in found) for n in range(2))
    print(
        f"ingestion   {wall:8,.0f} deliveries a second in batches of 2,000, {core:,.0f} a second of CPU (goal 20,000)"
    )


def fill(store: Path, count: int) -> None:
    """A store of so many deliveries over 90 days, 20,000 domains, 40 causes, made beside the API."""
    from bouncewise.api import default_engine
    from bouncewise.pipeline.diagnose import diagnose_delivery
    from bouncewise.reading.delivery import Delivery, Kind
    from bouncewise.reply.parse import parse_reply
    from bouncewise.store.rows import kept_of
    from bouncewise.store.store import Store

    engine, chosen = default_engine(), random.Random(1)
    kept = Store.at(str(store))
    kept.database.rows("PRAGMA synchronous=OFF")
    replies = {n: parse_reply(text.format(n=7, o=7)) for n, text in enumerate(REPLIES)}
    sent = parse_reply("250 2.0.0 OK")
    start = time.perf_counter()
    for batch in range(0, count, 20_000):
        some = []
        for n in range(batch, batch + 20_000):
            failed = n % 12 == 0
            told = replies[chosen.randrange(len(REPLIES))] if failed else sent
            at = NOW - chosen.randrange(90 * DAY)
            one = Delivery(
                kind=Kind.DELIVERED
                if not failed
                else Kind.DEFERRED
                if told.code and told.code < 500
                else Kind.BOUNCED,
                time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
                sender=f"a@s{chosen.randrange(100)}.example",
                recipient=f"u{n}@d{int(chosen.paretovariate(0.7)) % 20_000}.example",
                remote_mta=chosen.choice(
                    ("mx.google.com", "mx1.gmx.net", "mta5.am0.yahoodns.net", "mx.example.net")
                ),
                local_ip=f"192.0.2.{chosen.randrange(16)}",
                queue_id=f"{n:x}",
                reply=told,
            )
            found = kept_of(one, diagnose_delivery(engine, one), NOW, str(n))
            assert found
            some.append(found)
        kept.add(some)
        if batch % 1_000_000 == 0:
            print(f"  {batch:,} made, {time.perf_counter() - start:.0f} s", file=sys.stderr)
    kept.close()


def reports(port: int, runs: int) -> None:
    paths = [
        "/report", "/report?since=2026-04-01&until=2026-05-01", "/report?since=2026-02-01&until=2026-05-01", "/report?since=2026-04-30&until=2026-05-01",
        "/report?cause=mailbox-full&since=2026-02-01&until=2026-05-01", "/report?provider=google&since=2026-02-01&until=2026-05-01",
        "/report?domain=d5.example&since=2026-02-01&until=2026-05-01", "/deliveries", "/deliveries?cause=mailbox-full&since=2026-02-01&until=2026-05-01",
        "/deliveries?domain=d77.example", "/deliveries?recipient=u77@d1.example", "/live", "/guide/cause/mailbox-full",
    ]  # fmt: skip
    took: dict[str, list[float]] = {}
    for _ in range(runs):
        for path in paths:
            start = time.perf_counter()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                answer.read()
            took.setdefault(path, []).append(time.perf_counter() - start)
    every = sorted(second for some in took.values() for second in some)
    for path, some in took.items():
        print(f"  {statistics.median(some) * 1000:7.0f} ms  {path}")
    print(f"reports     p95 {every[int(len(every) * 0.95)] * 1000:.0f} ms (goal 1,000)")


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--deliveries", type=int, default=0)
    parser.add_argument("--store", type=Path, help="of an earlier run of --deliveries")
    options: Any = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = options.store or Path(folder) / "store.db"
        if options.deliveries and not store.exists():
            fill(store, options.deliveries)
        with server(store) as (port, pid):
            if options.deliveries or options.store:
                reports(port, max(options.runs, 3))
            else:
                explaining(port, pid, options.runs)
                ingestion(port, pid, options.runs)
            print(f"memory      {memory(pid):.0f} MiB at most (goal 200)")


if __name__ == "__main__":
    main()
