"""Who is at the other end of a connection, as far as limits are concerned; and each client's limits.

A client is a network address: an IPv4 address, or the first 64 bits of an IPv6 address, of which one line has
as many as it likes. It goes by a keyed hash, so that no address is kept anywhere.

Behind a reverse proxy the address is the last one in `X-Forwarded-For` that is no trusted proxy. A trusted
proxy that names nobody stands for everybody behind it: limits of one client don't apply there, only those in
all, because everybody would be locked out by one.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network

NOBODY = ""
"""The client where none can be told from the others."""
_LINE = 64
_HASH = 32
_KEY = "client"

_ROUNDING = 1e-9
"""Seconds; sums of floats are off by less, and nobody is told to wait for that."""
_MANY = 1_024

log = logging.getLogger(__name__)

REQUESTS, REQUESTS_A_SECOND = 400, 50.0
"""GET requests of one client: a page of the console asks for some sixty files."""
HANDSHAKES, HANDSHAKES_A_SECOND = 60, 5.0
"""New WebSockets of one client."""
SOCKETS_A_CLIENT = 100
SOCKETS = 2_000
_LATE = 1.0
_TELL_EVERY = 60.0


class Clients:
    """Tells clients apart."""

    def __init__(self, key: bytes, trusted: Sequence[Network]) -> None:
        """Wire it up.

        Args:
            key: of this installation; without it the hashes can't be tried out.
            trusted: reverse proxies.
        """
        self._key = key
        self._trusted = tuple(trusted)

    @property
    def proxies(self) -> list[str]:
        """The trusted proxies as the server wants them, IPv4 also as a socket of both kinds shows it."""
        mapped = [
            ip_network(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
            for network in self._trusted
            if isinstance(network, IPv4Network)
        ]
        return [str(network) for network in (*self._trusted, *mapped)]

    def of(self, host: str | None) -> str:
        """The client at an address; `NOBODY` for a trusted proxy and for what is no address."""
        address = _address(host)
        if address is None or any(address in network for network in self._trusted):
            return NOBODY
        line = (
            ip_network((address, _LINE), strict=False)
            if isinstance(address, IPv6Address)
            else ip_network(address)
        )
        return hmac.digest(self._key, b"client\0" + str(line).encode(), "sha256").hex()[:_HASH]


def client_of(scope: Mapping[str, Any]) -> str:
    """The client of a request; `NOBODY` where none was noted."""
    return str(scope.get("state", {}).get(_KEY, NOBODY))


def _address(host: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host or "")
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class Meter:
    """Lets each key do something so often: GCRA, as in `storage.limits`, without a store.

    Keys that rest are forgotten, so it stays as small as the number of keys that are busy.
    """

    def __init__(self, *, burst: int, per_second: float) -> None:
        """Make it.

        Args:
            burst: how often at once after a pause.
            per_second: how often in the long run.
        """
        self._interval = 1 / per_second
        self._tolerance = self._interval * (burst - 1)
        self._arrival: dict[str, float] = {}
        self._tidy_at = _MANY

    def take(self, key: str, now: float, cost: int = 1) -> float:
        """Take a turn and return 0, or take nothing and return the seconds to wait. `now` is monotonic."""
        arrival = max(self._arrival.get(key, now), now)
        early = arrival - self._tolerance - now
        if early > _ROUNDING:
            return early
        self._arrival[key] = arrival + self._interval * cost
        if len(self._arrival) > self._tidy_at:
            self._tidy(now)
        return 0.0

    def __len__(self) -> int:
        return len(self._arrival)

    def _tidy(self, now: float) -> None:
        self._arrival = {key: arrival for key, arrival in self._arrival.items() if arrival > now}
        self._tidy_at = max(_MANY, 2 * len(self._arrival))


class Places:
    """How many things are open: so many of each key, and so many in all. The empty key has no limit of its own."""

    def __init__(self, *, each: int, in_all: int) -> None:
        self._each = each
        self._in_all = in_all
        self._open: Counter[str] = Counter()
        self._count = 0

    def enter(self, key: str) -> bool:
        """Take a place; False where there is none."""
        if self._count >= self._in_all or (key and self._open[key] >= self._each):
            return False
        self._open[key] += 1
        self._count += 1
        return True

    def leave(self, key: str) -> None:
        """Give a place back."""
        self._count -= 1
        self._open[key] -= 1
        if self._open[key] <= 0:
            del self._open[key]

    def __len__(self) -> int:
        return self._count


class Gate:
    """Goes before an ASGI application, behind what puts the client's own address into the scope."""

    def __init__(self, app: ASGIApp, clients: Clients) -> None:
        self.app = app
        self._clients = clients
        self._requests = Meter(burst=REQUESTS, per_second=REQUESTS_A_SECOND)
        self._handshakes = Meter(burst=HANDSHAKES, per_second=HANDSHAKES_A_SECOND)
        self._sockets = Places(each=SOCKETS_A_CLIENT, in_all=SOCKETS)
        self._told = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        address = scope.get("client")
        client = self._clients.of(address[0] if address else None)
        # Whoever answers the request finds it there.
        scope.setdefault("state", {})[_KEY] = client
        if scope["type"] == "websocket":
            await self._socket(client, scope, receive, send)
        elif client and scope["method"] in ("GET", "HEAD") and self._wait(self._requests, client):
            # Others look at a key or a secret first, and are sent by the shop's and the messenger's systems.
            await _refuse(scope, send)
        else:
            await self.app(scope, receive, send)

    async def _socket(self, client: str, scope: Scope, receive: Receive, send: Send) -> None:
        if client and self._wait(self._handshakes, client):
            await _refuse(scope, send)
            return
        if not self._sockets.enter(client):
            if len(self._sockets) >= SOCKETS:
                self._tell_that_it_is_full()
            await _refuse(scope, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._sockets.leave(client)

    def _wait(self, meter: Meter, client: str) -> float:
        return meter.take(client, asyncio.get_running_loop().time())

    def _tell_that_it_is_full(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told > _TELL_EVERY:
            self._told = now
            log.warning("%d WebSockets are open; no more are taken", SOCKETS)


async def _refuse(scope: Scope, send: Send) -> None:
    await asyncio.sleep(_LATE)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})  # the server answers 403
        return
    headers = [(b"retry-after", b"5"), (b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
