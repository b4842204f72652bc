"""A real server over a small application, and clients that write bytes as they like."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from bot.http.clients import Clients, client_of
from bot.http.server import WebServer, build_site

PROXY = "127.0.0.1"
"""Trusted; every other address is a client's own."""
CLIENT, OTHER = "127.0.0.2", "127.0.0.3"


async def _who(request: Request) -> Response:
    return PlainTextResponse(client_of(request.scope))


async def _size(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(client_of(socket.scope))
    async for text in socket.iter_text():
        await socket.send_text(text)


async def _no_picture(_name: str) -> Path | None:
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(
    clients: Clients | None = None, *, more: Sequence[BaseRoute] = (), https: bool = False
) -> AsyncIterator[int]:
    """The server, with more routes than its own; its port."""
    over = asyncio.Event()

    async def silent(socket: WebSocket) -> None:
        """Looks at nothing that comes."""
        await socket.accept()
        await over.wait()

    site, _ = build_site(
        fast=[],
        routes=[
            Route("/who", _who),
            Route("/size", _size, methods=["POST"]),
            WebSocketRoute("/echo", _echo),
            WebSocketRoute("/silent", silent),
            *more,
        ],
        find_picture=_no_picture,
    )
    port = free_port()
    trusted = clients or Clients(b"k" * 32, [ip_network(PROXY)])
    server = WebServer(site, "127.0.0.1", port, trusted, https=https)
    await server.start()
    try:
        yield port
    finally:
        over.set()
        await server.stop()


class Wire:
    """A connection without any library's manners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def sends(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            return  # the server has closed, which is told by what is read

    async def sends_slowly(self, pieces: Sequence[bytes], pause: float) -> None:
        """As over a bad network."""
        for piece in pieces:
            await self.sends(piece)
            await asyncio.sleep(pause)

    async def reads(self, until: bytes) -> bytes:
        async with asyncio.timeout(20):
            return await self._reader.readuntil(until)

    async def is_closed(self, within: float = 20) -> bytes:
        """Wait until the server closes; what it said before."""
        async with asyncio.timeout(within):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def connected(port: int, host: str = CLIENT) -> AsyncIterator[Wire]:
    """A connection of a client."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(host, 0))
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def many(port: int, count: int, host: str = CLIENT) -> AsyncIterator[list[Wire]]:
    """So many connections of one client."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(port, host)) for _ in range(count)]


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what happens in the server and wakes nobody here."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def get(path: str = "/who", headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()


def upgrade(path: str) -> bytes:
    return get(
        path,
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    )
