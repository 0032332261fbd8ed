"""A server for tests, on the loopback, with a zone in place of DNS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from bouncewise.api import default_engine
from bouncewise.checks.asking import Asking
from bouncewise.sandbox.run import Sandbox
from bouncewise.store.store import Store
from bouncewise.testing.zone import Zone
from bouncewise.web.serve import Server
from bouncewise.web.settings import Settings
from bouncewise.web.site import Site

NOW = 1_777_593_600.0 + 36_000  # 2026-05-01T10:00:00Z
ZONE = {
    "example.com": {"TXT": ["v=spf1 ip4:192.0.2.0/24 -all"], "MX": [[10, "mx.example.com"]]},
    "mx.example.com": {"A": ["192.0.2.10"]},
    "_dmarc.example.com": {"TXT": ["v=DMARC1; p=reject"]},
    "1.2.0.192.zen.spamhaus.org": {"A": ["127.0.0.4"]},
    "2.0.0.127.zen.spamhaus.org": {"A": ["127.0.0.2"]},
}


class Served(NamedTuple):
    """A server that runs."""

    url: str
    site: Site
    client: httpx.Client

    def keep(self, *records: dict[str, Any]) -> dict[str, Any]:
        """Send deliveries to be kept."""
        answer = self.client.post("/api/deliveries", json=list(records))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@contextmanager
def serving(store: str | Path, *, sandbox: Sandbox | None = None, **settings: Any) -> Iterator[Served]:
    """A server in a thread of its own."""
    engine = default_engine()
    asking = Asking(Zone.of(ZONE), engine.knowledge.blocklists, 5.0, offline=True, fetches=False)
    chosen = msgspec.structs.replace(Settings(port=0), **settings)
    site = Site(engine, Store.at(str(store)), asking, chosen, sandbox, clock=lambda: NOW)
    there = threading.Event()
    url: list[str] = []

    def told(where: str) -> None:
        url.append(where.rstrip("/"))
        there.set()

    server = Server(site, told)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert there.wait(20)
    with httpx.Client(base_url=url[0], timeout=30, trust_env=False) as client:
        yield Served(url[0], site, client)
    server.stop()
    thread.join(20)
    assert not thread.is_alive()
