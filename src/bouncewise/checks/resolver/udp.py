"""Questions over UDP: many at once over a few sockets, each with its own random port.

An answer counts only where its id, its question and its peer fit (RFC 5452 section 9); anything else is
passed over. A socket is given up after some questions, so that ports stay unknown to those who forge answers.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, cast

import dns.message

from bouncewise.checks.resolver import wire

SOCKETS = 8
QUESTIONS_A_SOCKET = 512


class UnreachableError(OSError):
    """The server's machine or its network can't be reached."""


class _Socket(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.waiting: dict[int, tuple[dns.message.Message, asyncio.Future[dns.message.Message]]] = {}
        self.asked = 0
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, _address: Any) -> None:
        if len(data) < 12:
            return
        held = self.waiting.get(int.from_bytes(data[:2], "big"))
        if held is None:
            return
        query, future = held
        try:
            message = wire.read(data)
        except wire.MessageError as fault:
            if not future.done() and data[2] & 0x80:
                future.set_exception(fault)
            return
        if wire.is_answer_to(message, query) and not future.done():
            future.set_result(message)

    def error_received(self, error: Exception) -> None:
        for _, future in self.waiting.values():
            if not future.done():
                future.set_exception(UnreachableError(str(error)))

    def connection_lost(self, error: Exception | None) -> None:
        self.error_received(error or OSError("closed"))


class UdpServer:
    """A name server that is asked over UDP.

    Args:
        address: its IP address.
        port: its port.
    """

    def __init__(self, address: str, port: int) -> None:
        self._peer = (address, port)
        self._sockets: list[_Socket] = []
        self._turn = 0

    async def ask(self, query: dns.message.Message, timeout: float) -> dns.message.Message:
        """Ask once.

        Args:
            query: the question; its id may be changed.
            timeout: seconds to wait.

        Raises:
            TimeoutError: no answer came.
            OSError: the server can't be reached.
            MessageError: what came is no message.
        """
        socket = await self._socket()
        while query.id in socket.waiting:
            query.id = secrets.randbelow(65536)
        future: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()
        socket.waiting[query.id] = (query, future)
        socket.asked += 1
        try:
            assert socket.transport is not None
            socket.transport.sendto(query.to_wire())
            async with asyncio.timeout(timeout):
                return await future
        finally:
            del socket.waiting[query.id]
            self._drop(socket)

    def close(self) -> None:
        """Close the sockets."""
        for socket in self._sockets:
            if socket.transport:
                socket.transport.close()
        self._sockets.clear()

    async def _socket(self) -> _Socket:
        if len(self._sockets) < SOCKETS:
            loop = asyncio.get_running_loop()
            _, socket = await loop.create_datagram_endpoint(_Socket, remote_addr=self._peer)
            self._sockets.append(socket)
            return socket
        self._turn = (self._turn + 1) % len(self._sockets)
        return self._sockets[self._turn]

    def _drop(self, socket: _Socket) -> None:
        """Give a socket up that has been used often enough."""
        if socket.asked >= QUESTIONS_A_SOCKET and socket in self._sockets:
            self._sockets.remove(socket)
        if socket not in self._sockets and not socket.waiting and socket.transport:
            socket.transport.close()
