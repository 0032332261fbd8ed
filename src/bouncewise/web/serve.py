"""Runs the application on a socket, until somebody ends it."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from bouncewise.web.app import make_app
from bouncewise.web.connection import protocol
from bouncewise.web.site import Site

BACKLOG = 1024
HEAD = 20.0  # seconds; twice that for the head of a request to come
CLIENTS = 500  # connections at the same time


class Server:
    """A server of a site.

    Args:
        site: what is served.
        told: is told the URL once it is listened on.
    """

    def __init__(self, site: Site, told: Callable[[str], None] = lambda _: None) -> None:
        self._site, self._told = site, told
        self.port = site.settings.port
        self._server: uvicorn.Server | None = None

    def run(self) -> None:
        """Serve until it is ended by a signal or ``stop``.

        Raises:
            OSError: the address can't be listened on.
        """
        settings = self._site.settings
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            make_app(self._site),
            http=protocol(min(HEAD, settings.limits.seconds)),
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            proxy_headers=False,  # who is near is told by the connection, never by a field
            limit_concurrency=CLIENTS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=3,
            h11_max_incomplete_event_size=65_536,
        )
        self._server = uvicorn.Server(config)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self._told(f"http://{host}:{self.port}/")
        self._server.run(sockets=[listening])

    def stop(self) -> None:
        """End it; from any thread."""
        if self._server is not None:
            self._server.should_exit = True
