"""A sandbox in a thread of its own: started, asked what came, and stopped, from any program."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from bouncewise.checks.dns import Resolver
from bouncewise.knowledge.model import Knowledge
from bouncewise.sandbox.choose import Chooser
from bouncewise.sandbox.personas import PLAIN, personas
from bouncewise.sandbox.policies import Policies, Settings
from bouncewise.sandbox.script import Script
from bouncewise.sandbox.server import Connection, Service
from bouncewise.sandbox.store import Kept, Memory, Store, Transcript
from bouncewise.sandbox.words import Words
from bouncewise.smtp.limits import Limits
from bouncewise.smtp.offer import Offer

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2")


class SandboxError(ValueError):
    """A sandbox that can't be started; its words say why."""


class Sandbox:
    """An SMTP server that gives every reply.

    Args:
        knowledge: the knowledge base, for the words of replies.
        listen: address and port; port 0 takes a free one.
        persona: as whom it speaks, a name of ``personas.toml``; "" for itself.
        script: rules that come first.
        settings: its policies.
        store: keeps what comes; None for memory.
        tls: a context for STARTTLS; None offers none.
        limits: of sessions.
        clock: seconds that only rise, for greylisting and rates.
        resolver: for checks of the client.
        idle: seconds without a command after which a session ends.
        told: is told each session as it ends, from the sandbox's thread.

    Raises:
        SandboxError: there is no such persona.
    """

    def __init__(  # noqa: PLR0913 - everything has its default
        self,
        knowledge: Knowledge,
        *,
        listen: tuple[str, int] = ("127.0.0.1", 0),
        persona: str = "",
        script: Script | None = None,
        settings: Settings | None = None,
        store: Store | None = None,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        resolver: Resolver | None = None,
        idle: float = 300.0,
        told: Callable[[Transcript], None] | None = None,
    ) -> None:
        if persona and persona not in personas():
            raise SandboxError(f"there is no persona {persona!r}; {', '.join(sorted(personas()))} are known")
        as_whom = personas()[persona] if persona else PLAIN
        wants = settings or Settings()
        words = Words(knowledge)
        policies = Policies(wants, words, as_whom.provider, clock=clock, resolver=resolver)
        offer = Offer(
            starttls=tls is not None,
            auth=MECHANISMS if wants.accounts else (),
            auth_in_clear=tls is None,
            must_auth="auth" in wants.require,
            must_tls="tls" in wants.require and tls is not None,
        )
        self.words = words
        self.store: Store = store if store is not None else Memory()
        self._service = Service(
            chooser=Chooser(words, policies, script, as_whom.provider),
            store=self.store,
            offer=offer,
            persona=as_whom,
            limits=limits or Limits(),
            tls=tls,
            idle=idle,
            passwords=dict(wants.accounts),
            told=told,
        )
        self._listen = listen
        self._ready = threading.Event()
        self._failed: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self.host, self.port = listen

    def start(self) -> Sandbox:
        """Listen.

        Raises:
            SandboxError: the address can't be listened on.
        """
        self._thread = threading.Thread(target=self._run, name="bouncewise-sandbox", daemon=True)
        self._thread.start()
        self._ready.wait(10)
        if self._failed is not None:
            raise SandboxError(f"{self.host}:{self.port} can't be listened on: {self._failed.strerror}")
        return self

    def stop(self) -> None:
        """Close all connections and end."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(10)

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def script(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Replace the script by these rules.

        Raises:
            ScriptError: one can't be used.
        """
        self._service.chooser.script = Script.of({"rule": list(rules), "seed": seed}) if rules else None

    @property
    def messages(self) -> list[Kept]:
        """What was taken, the oldest first."""
        return self.store.messages()

    @property
    def transcripts(self) -> list[Transcript]:
        """The sessions that have ended, and those that go on as far as they have come."""
        ended = {transcript.session: transcript for transcript in self.store.transcripts()}
        going_on = {c.id: c._transcript() for c in list(self._service.open)}
        return list((ended | going_on).values())

    def wait_for(
        self,
        count: int = 1,
        *,
        timeout: float = 10.0,
        to: str = "",
        fits: Callable[[Kept], bool] = lambda _: True,
    ) -> list[Kept]:
        """Wait until so many messages have come.

        Args:
            count: how many.
            timeout: seconds to wait at most.
            to: only those for this recipient.
            fits: and only those.

        Returns:
            Those that have come, which may be fewer.
        """
        until = time.monotonic() + timeout
        while True:
            found = [kept for kept in self.messages if (not to or to in kept.recipients) and fits(kept)]
            if len(found) >= count or time.monotonic() >= until:
                return found
            time.sleep(0.01)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_fast_loop()) as runner:
                runner.run(self._serve())
        except OSError as error:
            self._failed = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await self._loop.create_server(
            lambda: Connection(self._service), self._listen[0], self._listen[1], backlog=1024
        )
        self.host, self.port = server.sockets[0].getsockname()[:2]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for connection in list(self._service.open):
            connection.close()
        await asyncio.sleep(0)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
