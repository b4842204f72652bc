"""The server's connections: how many there may be, and how long a request may take to arrive.

What uvicorn leaves open: it waits for ever for the rest of a request, reads a head of any size, and takes as
many pipelined requests and WebSocket frames as fit into one read. Each of these would let one client fill the
memory or hold up the event loop, so data is passed on in small portions, and who sends more than any browser
does is sent away.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from bot.http.clients import Clients, Meter, Places

HEAD_WITHIN = 15.0
"""Seconds from the first byte of a request, or from the connection, to the end of its head."""
BODY_WITHIN = 30.0
"""Seconds for a body, and more for a large one: see `BODY_RATE`."""
BODY_RATE = 4_096
"""Bytes; each so many bring a body another second."""
MAX_HEAD = 65_536
CONNECTIONS_A_CLIENT = 200
"""An office or a mobile network behind one address has many people."""
CONNECTIONS = 4_000
_FILES = 256
"""Left for the database, models and connections that the program makes."""
_PIPELINED = 8
"""Browsers send no second request before the first is answered; some tools send a few."""
_PORTION = 4_096
_SOCKET_PORTION = 1_024
_EMPTY_FRAMES = 100
_EMPTY_FRAMES_A_SECOND = 10.0
_POLICY, _NO_TEXT = 1008, 1007


class Connections:
    """Who is connected."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._places = Places(each=CONNECTIONS_A_CLIENT, in_all=_room())
        self._admitted: dict[asyncio.BaseTransport, str] = {}

    def admit(self, transport: asyncio.BaseTransport, host: str | None) -> bool:
        """Count a connection; False where there is no place for it."""
        client = self._clients.of(host)
        if not self._places.enter(client):
            return False
        self._admitted[transport] = client
        return True

    def release(self, transport: asyncio.BaseTransport) -> None:
        """A connection has ended, whether it was admitted or not."""
        client = self._admitted.pop(transport, None)
        if client is not None:
            self._places.leave(client)

    def __len__(self) -> int:
        return len(self._places)


class GuardedConfig(uvicorn.Config):
    """uvicorn's settings and the connections of this server."""

    def __init__(self, app: Any, clients: Clients, **settings: Any) -> None:
        super().__init__(
            app,
            http=GuardedHttp,
            ws=GuardedSocket,
            forwarded_allow_ips=clients.proxies,
            **settings,
        )
        self.guarded = Connections(clients)


class GuardedHttp(HttpToolsProtocol):
    """HTTP, with an end to waiting for a request."""

    _waiting: asyncio.TimerHandle | None = None
    _in_head = False
    _unused = 0
    """Bytes since the last that were part of a body: of a head, of what stands between chunks, or behind them."""
    _received = 0
    """Bytes of the body that is being read."""
    _began = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not _connections(self).admit(transport, self.client[0] if self.client else None):
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        _connections(self).release(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for portion in _portions(data, _PORTION):
            super().data_received(portion)
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return
            self._received += len(portion)
            self._unused += len(portion)
            if self._in_head and self._unused > MAX_HEAD:
                self.send_400_response("The head of the request is too large.")
            elif self._unused > MAX_HEAD or len(self.pipeline) > _PIPELINED:
                self.transport.abort()
        # Whatever came has ended the wait between requests, be it an empty line.
        if self._waiting is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # It has done its part. The parser knows it, so both would stay until Python looks for such pairs.
        self.parser = None  # type: ignore[assignment]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._unused = True, 0

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        self._in_head, self._unused, self._received, self._began = False, 0, 0, self.loop.time()
        self._waiting = self.loop.call_later(BODY_WITHIN, self._look_at_body)
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # and not behind a chunked body, where nobody looks at them
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._unused = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(HEAD_WITHIN, self.transport.close)

    def _look_at_body(self) -> None:
        """A body that trickles ends the connection; one that nobody has wanted to read yet does not."""
        left = self._began + BODY_WITHIN + self._received / BODY_RATE - self.loop.time()
        if left > 0 or self.flow.read_paused:
            self._waiting = self.loop.call_later(max(left, 1.0), self._look_at_body)
        else:
            self._waiting = None
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class GuardedSocket(WebSocketsSansIOProtocol):
    """A WebSocket that can't bring more at once than is looked at."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._empty = Meter(burst=_EMPTY_FRAMES, per_second=_EMPTY_FRAMES_A_SECOND)

    def connection_lost(self, exc: Exception | None) -> None:
        _connections(self).release(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for portion in _portions(data, _SOCKET_PORTION):
            super().data_received(portion)
            if self.transport.is_closing():
                return
            if self.close_sent and self._empty.take("", self.loop.time()):
                self.transport.close()  # nothing but the other side's farewell is waited for
            elif self.queue.qsize() > self.config.ws_max_queue:
                self._send_away()

    def send_receive_event_to_app(self) -> None:
        """As uvicorn's, but text that is none is no error of the program's."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self._send_away(_NO_TEXT, "not UTF-8")
            return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        super().handle_ping()
        self._count_empty()

    def handle_pong(self, event: Any) -> None:
        super().handle_pong(event)
        self._count_empty()

    def handle_cont(self, event: Any) -> None:
        super().handle_cont(event)
        self._count_empty()

    def _count_empty(self) -> None:
        """Frames that bring no message by themselves; a browser sends one in twenty seconds."""
        if self._empty.take("", self.loop.time()):
            self._send_away()

    def _send_away(self, code: int = _POLICY, why: str = "too much at once") -> None:
        """Close, and forget what was not looked at yet: none of it was acknowledged."""
        if self.close_sent or self.transport.is_closing():
            return
        while not self.queue.empty():
            self.queue.get_nowait()
        self.conn.fail(code, why)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()


def _connections(protocol: GuardedHttp | GuardedSocket) -> Connections:
    return cast(GuardedConfig, protocol.config).guarded


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _portions(data: bytes, size: int) -> Iterator[bytes]:
    if len(data) <= size:
        yield data
        return
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _room() -> int:
    """How many connections fit, after asking for as many open files as that takes."""
    if sys.platform == "win32":
        return CONNECTIONS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + _FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return CONNECTIONS
    granted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
    return max(granted - _FILES, granted // 2)
