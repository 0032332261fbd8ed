"""Killed while deliveries come in: each that was acknowledged is there, once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from bouncewise.store.model import Filter
from bouncewise.store.store import Store


@pytest.mark.parametrize("turn", range(10))
def test_a_kill_loses_nothing_that_was_acknowledged(turn: int, tmp_path: Path) -> None:
    store = tmp_path / "store.db"
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
    acknowledged: list[str] = []
    enough = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match

        def send(client_number: int) -> None:
            try:
                with httpx.Client(base_url=match[0], timeout=30, trust_env=False) as client:
                    for batch in range(10_000):
                        names = [f"{client_number}-{batch}-{n}" for n in range(25)]
                        lines = "\n".join(
                            json.dumps(
                                {"id": name, "reply": "552 5.2.2 full", "recipient": f"{name}@example.net"}
                            )
                            for name in names
                        )
                        answer = client.post(
                            "/api/deliveries", content=lines, headers={"content-type": "application/x-ndjson"}
                        )
                        assert answer.json()["new"] == 25
                        acknowledged.extend(names)
                        if len(acknowledged) > 200 + 100 * turn:
                            enough.set()
            except httpx.HTTPError:
                return

        clients = [threading.Thread(target=send, args=(n,)) for n in range(3)]
        for one in clients:
            one.start()
        assert enough.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        for one in clients:
            one.join(30)
    kept = Store.at(str(store))
    recipients: list[str] = []
    cursor = ""
    while True:
        page = kept.page(Filter(), limit=1000, cursor=cursor)
        recipients += [str(values[10]).partition("@")[0] for _, values in page.rows]
        cursor = page.cursor
        if not cursor:
            break
    counted = kept.database.rows("SELECT SUM(n) FROM rollup WHERE step = 'd' AND dim = 0")[0][0]
    kept.close()
    assert len(recipients) == len(set(recipients)) == int(counted)
    assert set(acknowledged) <= set(recipients)
