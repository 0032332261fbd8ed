"""A connection whose head has to come in time: who says nothing, or half a line, holds none for long."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def protocol(seconds: float) -> type[asyncio.Protocol]:
    """The protocol of connections that are closed when nothing was asked for so long.

    Args:
        seconds: between two looks; who is idle at two of them in a row is let go.
    """

    class Patient(HttpToolsProtocol):
        """One connection."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._idle = False
            self._look = self.loop.call_later(seconds, self._check)

        def connection_lost(self, exc: Exception | None) -> None:
            self._look.cancel()
            super().connection_lost(exc)

        def _check(self) -> None:
            if self.transport.is_closing():
                return
            idle = self.cycle is None or self.cycle.response_complete
            if idle and self._idle:
                self.transport.close()
                return
            self._idle = idle
            self._look = self.loop.call_later(seconds, self._check)

    return cast("type[asyncio.Protocol]", Patient)
