"""One client asks as often as it likes: it is slowed alone."""

from __future__ import annotations

from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bot.http import clients as gate
from bot.http.clients import HANDSHAKES, REQUESTS
from tests.bot.http.serving import CLIENT, OTHER, PROXY, serving


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals come late on purpose; nobody here waits for them."""
    monkeypatch.setattr(gate, "_LATE", 0.0)


def browser(host: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(local_address=host))


async def statuses(port: int, host: str, count: int, method: str = "GET") -> list[int]:
    async with browser(host) as client:
        return [
            (await client.request(method, f"http://127.0.0.1:{port}/who")).status_code for _ in range(count)
        ]


async def test_requests_of_one_client_are_refused_and_others_are_not() -> None:
    async with serving() as port:
        seen = await statuses(port, CLIENT, 2 * REQUESTS)
        assert seen[:REQUESTS] == [200] * REQUESTS
        assert 429 in seen
        assert await statuses(port, OTHER, 5) == [200] * 5


async def test_a_refusal_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "REQUESTS", 1)
    async with serving() as port, browser(CLIENT) as client:
        answers = [await client.get(f"http://127.0.0.1:{port}/who") for _ in range(5)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["retry-after"]) > 0


async def test_what_systems_send_and_what_comes_through_a_silent_proxy_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "REQUESTS", 1)
    async with serving() as port:
        assert set(await statuses(port, CLIENT, 10, "POST")) == {405}
        assert set(await statuses(port, PROXY, 10)) == {200}


async def opens(port: int, host: str, stack: AsyncExitStack) -> bool:
    address = f"ws://127.0.0.1:{port}/echo"
    try:
        await stack.enter_async_context(connect(address, proxy=None, local_addr=(host, 0)))
    except InvalidStatus:
        return False
    return True


async def test_one_client_has_so_many_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SOCKETS_A_CLIENT", 3)
    async with serving() as port:
        async with AsyncExitStack() as stack:
            assert [await opens(port, CLIENT, stack) for _ in range(5)] == [True] * 3 + [False] * 2
            assert await opens(port, OTHER, stack)
        async with AsyncExitStack() as stack:
            assert await opens(port, CLIENT, stack)


async def test_all_together_have_so_many_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "SOCKETS", 3)
    async with serving() as port, AsyncExitStack() as stack:
        assert [await opens(port, PROXY, stack) for _ in range(5)] == [True] * 3 + [False] * 2


async def test_new_websockets_come_at_a_pace() -> None:
    async with serving() as port:
        opened = 0
        for _ in range(HANDSHAKES + 20):
            async with AsyncExitStack() as stack:
                opened += await opens(port, CLIENT, stack)
        assert HANDSHAKES <= opened < HANDSHAKES + 20
        async with AsyncExitStack() as stack:
            assert await opens(port, OTHER, stack)
