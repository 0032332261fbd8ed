"""The sandbox as a process of its own: what attacks cost it in memory, and what a kill costs in mail."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bouncewise.sandbox.store import Sqlite

STATUS = Path("/proc/self/status")
MIB = 1024 * 1024
MOST = 180 * MIB  # what an attack may add: the room for messages that come in, and some; each sends more
HELLO = b"EHLO c.example.com\r\nMAIL FROM:<ann@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"

pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="memory is read from /proc, which is missing")


@contextlib.contextmanager
def server(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``bouncewise sandbox`` in a process of its own, and its port."""
    command = [
        sys.executable,
        "-m",
        "bouncewise",
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--http",
        "off",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        threading.Thread(target=process.stdout.read, daemon=True).start()
        try:
            yield process, int(line.partition(";")[0].rpartition(":")[2])
        finally:
            process.kill()


def resident(process: subprocess.Popen[str]) -> int:
    """Octets of memory that a process has in use."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10)


def pour(plain: socket.socket, octets: bytes, most: int) -> None:
    """Send until so much has gone, or until the other side has had enough."""
    plain.settimeout(0.5)
    sent = 0
    with contextlib.suppress(OSError):
        while sent < most:
            sent += plain.send(octets)


def accepted(port: int) -> bool:
    """Whether the server still takes a mail."""
    with connect(port) as plain:
        plain.sendall(HELLO + b"Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n")
        got = b""
        while part := plain.recv(65536):
            got += part
    return b"250 2.0.0" in got or b"250 2.6.0" in got


def idle(port: int) -> list[socket.socket]:
    return [connect(port) for _ in range(1000)]


def unread(port: int) -> list[socket.socket]:
    plain = [connect(port) for _ in range(20)]
    for one in plain:
        pour(one, b"HELP\r\n" * 10_000, 20 * MIB)
    return plain


def endless_line(port: int) -> list[socket.socket]:
    plain = [connect(port) for _ in range(5)]
    for one in plain:
        pour(one, b"x" * 100_000, 60 * MIB)
    return plain


def endless_message(port: int) -> list[socket.socket]:
    plain = [connect(port) for _ in range(4)]
    for one in plain:
        one.sendall(HELLO)
        pour(one, (b"x" * 70 + b"\r\n") * 1000, 100 * MIB)
    return plain


def many_large_messages(port: int) -> list[socket.socket]:
    """Each of them below what a message may have, and none of them ended."""
    plain = [connect(port) for _ in range(8)]
    for one in plain:
        one.sendall(HELLO)
        pour(one, (b"x" * 70 + b"\r\n") * 1000, 40 * MIB)
    return plain


def many_recipients(port: int) -> list[socket.socket]:
    plain = connect(port)
    plain.sendall(b"EHLO c.example.com\r\nMAIL FROM:<ann@example.com>\r\n")
    pour(plain, (b"RCPT TO:<" + b"b" * 60 + b"@example.net>\r\n") * 1000, 60 * MIB)
    return [plain]


ATTACKS: list[Callable[[int], list[socket.socket]]] = [
    idle,
    unread,
    endless_line,
    endless_message,
    many_large_messages,
    many_recipients,
]


@pytest.fixture
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip(f"only {hard} files may be open at once (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_many_files")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_memory_is_bounded_and_others_are_served(attack: Callable[[int], list[socket.socket]]) -> None:
    with server() as (process, port):
        assert accepted(port)
        before = resident(process)
        held = attack(port)
        try:
            assert accepted(port)
            assert resident(process) - before < MOST
        finally:
            for plain in held:
                plain.close()
        assert process.poll() is None


def _send_until_cut(port: int, acknowledged: list[str], name: str) -> None:
    """Send numbered mails over one connection, and note each that was acknowledged, until it breaks."""
    with contextlib.suppress(OSError), connect(port) as plain:
        replies = plain.makefile("rb")
        replies.readline()
        plain.sendall(b"HELO c.example.com\r\n")
        replies.readline()
        for number in range(100_000):
            body = f"Subject: {name}-{number}\r\n\r\nhi\r\n.\r\n".encode()
            for command in (*HELLO.splitlines(keepends=True)[1:], body):
                plain.sendall(command)
                reply = replies.readline()
            if not reply.startswith(b"250"):
                return
            acknowledged.append(f"{name}-{number}")


@pytest.mark.parametrize("turn", range(3))
def test_a_kill_loses_nothing_that_was_acknowledged(turn: int, tmp_path: Path) -> None:
    enough = threading.Event()

    class Counted(list[str]):
        def append(self, item: str) -> None:
            super().append(item)
            if len(self) >= 40 + 30 * turn:
                enough.set()

    acknowledged = Counted()
    with server("--store", str(tmp_path)) as (process, port):
        clients = [
            threading.Thread(target=_send_until_cut, args=(port, acknowledged, f"c{n}")) for n in range(4)
        ]
        for client in clients:
            client.start()
        assert enough.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        for client in clients:
            client.join(30)
    kept = [
        message.octets.partition(b"\r\n")[0].decode().removeprefix("Subject: ")
        for message in Sqlite(tmp_path).messages()
    ]
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)
    assert len(set(kept) - set(acknowledged)) <= len(clients)  # what was kept when the kill came
