"""Times the sandbox beside aiosmtpd: messages a second of 20 sessions, in wall time and in the server's CPU time.

    python bench/sandbox.py            both servers, medians of 5
    python bench/sandbox.py --runs 9

The server runs in another process, with all its checks and its store in memory. Goal: three times aiosmtpd, on reused connections
and on new ones. aiosmtpd and Postfix's smtp-sink are left out where they are not installed; where smtp-source is, it sends.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

SESSIONS = 20
ENVELOPE = b"MAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
MESSAGE = b"From: ann@example.com\r\nTo: bob@example.net\r\nSubject: hello\r\n\r\n" + b"x" * 60 + b"\r\n.\r\n"


def serve_ours() -> tuple[int, Any]:
    """Start the sandbox; gives its port and what keeps it alive."""
    from bouncewise.api import default_engine
    from bouncewise.sandbox.run import Sandbox

    sandbox = Sandbox(default_engine().knowledge).start()
    return sandbox.port, sandbox


def serve_aiosmtpd() -> tuple[int, Any]:
    """Start aiosmtpd with a handler that takes everything."""
    from aiosmtpd.controller import Controller  # type: ignore[import-untyped,unused-ignore]

    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802 - its name
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=8725)
    controller.start()
    return 8725, controller


def serve_sink() -> tuple[int, Any]:
    """Start Postfix's smtp-sink."""
    sink = shutil.which("smtp-sink", path="/usr/sbin:" + os.environ.get("PATH", ""))
    assert sink
    process = subprocess.Popen(
        [sink, *(["-u", "nobody"] if os.geteuid() == 0 else []), "127.0.0.1:8726", "1024"]
    )
    time.sleep(0.5)
    return 8726, process


def seconds(alive: Any) -> float:
    """CPU seconds of this process, or of the one that it started."""
    if not isinstance(alive, subprocess.Popen):
        return time.process_time()
    fields = Path(f"/proc/{alive.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def server(start: Callable[[], tuple[int, Any]], pipe: Connection) -> None:
    """The server's process: tells its port, then its CPU seconds whenever it is asked."""
    port, alive = start()
    pipe.send(port)
    while pipe.recv():
        pipe.send(seconds(alive))
    if isinstance(alive, subprocess.Popen):
        alive.kill()
    pipe.send(0.0)


async def talk(port: int, connections: int, messages: int) -> None:
    """One client: so many connections one after another, so many messages on each."""
    for _ in range(connections):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        writer.write(b"EHLO client.example.com\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass
        for _ in range(messages):
            for command in (*ENVELOPE.splitlines(keepends=True), MESSAGE):
                writer.write(command)
                line = await reader.readline()
            if not line.startswith(b"250"):
                raise SystemExit(f"not taken: {line!r}")
        writer.write(b"QUIT\r\n")
        await reader.readline()
        writer.close()


async def crowd(port: int, connections: int, messages: int) -> None:
    """All sessions at once."""
    await asyncio.gather(*(talk(port, connections, messages) for _ in range(SESSIONS)))


def flood(port: int, connections: int, messages: int) -> None:
    """Send with Postfix's smtp-source where it is, else with our own client."""
    source = shutil.which("smtp-source", path="/usr/sbin:" + os.environ.get("PATH", ""))
    if source is None:
        asyncio.run(crowd(port, connections, messages))
        return
    reused = ["-d"] if messages > 1 else []
    count = str(SESSIONS * connections * messages)
    subprocess.run(
        [
            source,
            *reused,
            "-s",
            str(SESSIONS),
            "-m",
            count,
            "-f",
            "a@example.com",
            "-t",
            "b@example.net",
            f"127.0.0.1:{port}",
        ],
        check=True,
    )


def rates(start: Callable[[], tuple[int, Any]], connections: int, messages: int) -> tuple[float, float]:
    """Messages a second, in wall time and in the server's CPU time."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=server, args=(start, theirs), daemon=True)
    process.start()
    port = ours.recv()
    flood(port, 1, 5)  # warm
    ours.send(True)
    cpu, wall = ours.recv(), time.perf_counter()
    flood(port, connections, messages)
    wall = time.perf_counter() - wall
    ours.send(True)
    cpu = ours.recv() - cpu
    ours.send(False)
    ours.recv()
    process.kill()
    process.join()
    count = SESSIONS * connections * messages
    return count / wall, count / cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    servers = {"ours": serve_ours} | ({"aiosmtpd": serve_aiosmtpd} if find_spec("aiosmtpd") else {})
    if shutil.which("smtp-sink", path="/usr/sbin:" + os.environ.get("PATH", "")):
        servers["smtp-sink"] = serve_sink
    for kind, connections, messages in (("reused", 1, 500), ("new", 200, 1)):
        medians = {}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
        for _ in range(runs):
            for name, start in servers.items():
                found[name].append(rates(start, connections, messages))
        for name, pairs in found.items():
            wall, cpu = (statistics.median(values) for values in zip(*pairs, strict=True))
            medians[name] = cpu
            print(f"{kind:<7} {name:<9} {wall:8.0f} messages/s  {cpu:8.0f} a server-CPU-second")
        for name, goal in (("aiosmtpd", 3), ("smtp-sink", 0.5)):
            if name in medians:
                print(f"{kind:<7} ours is {medians['ours'] / medians[name]:.2f} times {name} (goal {goal})")


if __name__ == "__main__":
    main()
