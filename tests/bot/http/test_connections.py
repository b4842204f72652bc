"""Connections that bring no request, or more than anybody looks at, end; slow ones do not."""

from __future__ import annotations

import asyncio
import gc
import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bot.http import connections
from bot.http.connections import CONNECTIONS_A_CLIENT, MAX_HEAD, GuardedHttp, GuardedSocket
from bot.http.server import MAX_FRAME
from tests.bot.http.serving import CLIENT, OTHER, PROXY, connected, eventually, get, many, serving, upgrade

SOON = 0.4


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN", SOON)
    monkeypatch.setattr(connections, "BODY_WITHIN", SOON)


async def test_a_phone_that_takes_five_seconds_is_waited_for() -> None:
    assert connections.HEAD_WITHIN > 10
    assert connections.BODY_WITHIN > 10


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "half",
    [b"", b"GET /who HTTP/1.1\r\nHost: x\r\n", b"\r\n", b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Le"],
)
async def test_half_a_request_ends_the_connection(half: bytes) -> None:
    async with serving() as port, connected(port) as wire:
        await wire.sends(half)
        assert await wire.is_closed() == b""


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("half", [b"\r\n", b"GET /who HTTP/1.1\r\nHost"])
async def test_half_a_second_request_ends_it_too(half: bytes) -> None:
    async with serving() as port, connected(port) as wire:
        await wire.sends(get())
        await wire.reads(b"\r\n\r\n")
        await wire.sends(half)
        await wire.is_closed()


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_trickles_ends_it() -> None:
    async with serving() as port, connected(port) as wire:
        await wire.sends(b"POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        trickling = asyncio.create_task(wire.sends_slowly([b"x"] * 900, SOON / 20))
        await wire.is_closed()
        trickling.cancel()


async def test_who_is_slow_but_goes_on_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_WITHIN", 5.0)
    monkeypatch.setattr(connections, "BODY_WITHIN", SOON)
    monkeypatch.setattr(connections, "BODY_RATE", 1_000)
    head = get(headers="Content-Length: 2000\r\n").replace(b"GET /who", b"POST /size")
    async with serving() as port, connected(port) as wire:
        await wire.sends_slowly([head[:20], head[20:40], head[40:]], SOON)
        # Twice as long as a body may take that does not go on: what has come so far counts.
        await wire.sends_slowly([b"x" * 500] * 4, SOON / 2)
        assert b"200 OK" in await wire.reads(b"2000")


async def test_a_connection_that_rests_between_requests_is_not_cut_short() -> None:
    async with serving() as port, httpx.AsyncClient() as browser:
        for _ in range(3):
            assert (await browser.get(f"http://127.0.0.1:{port}/who")).status_code == 200
        large = await browser.post(f"http://127.0.0.1:{port}/size", content=b"x" * 3_000_000)
        assert large.text == "3000000"


async def test_a_head_without_end_is_refused() -> None:
    async with serving() as port, connected(port) as wire:
        await wire.sends(b"GET /who HTTP/1.1\r\nX: " + b"a" * (MAX_HEAD + 10_000))
        assert b"400 Bad Request" in await wire.is_closed()


@pytest.mark.parametrize(
    "endless",
    [b"0\r\nX: " + b"a" * 200_000, b"0\r\n" + b"X: a\r\n" * 40_000, b"1;" + b"a" * 200_000],
    ids=["one trailer", "trailers", "chunk extension"],
)
async def test_what_stands_around_a_chunked_body_has_an_end_too(endless: bytes) -> None:
    head = get(headers="Transfer-Encoding: chunked\r\n").replace(b"GET /who", b"POST /size")
    async with serving() as port, connected(port) as wire, connected(port) as honest:
        await honest.sends(head + b"5\r\nhello\r\n" * 30_000 + b"0\r\nX-Sum: 1\r\n\r\n")
        assert b"200 OK" in await honest.reads(b"150000")
        await wire.sends(head + b"5\r\nhello\r\n" + endless)
        assert b"200 OK" not in await wire.is_closed(within=5)


async def test_a_few_requests_may_follow_each_other_and_thousands_may_not() -> None:
    async with serving() as port, connected(port, PROXY) as wire, connected(port, PROXY) as greedy:
        await wire.sends(get() * 5)
        for _ in range(5):
            assert b"200 OK" in await wire.reads(b"\r\n\r\n")
        await greedy.sends(get() * 5_000)
        assert (await greedy.is_closed()).count(b"200 OK") < 20


async def is_served(port: int, host: str = CLIENT) -> bool:
    """Whether a connection of a client is answered or closed."""
    async with connected(port, host) as wire:
        await wire.sends(get(headers="Connection: close\r\n"))
        return b"200 OK" in await wire.is_closed()


async def test_one_client_has_so_many_connections_and_others_have_theirs() -> None:
    async with serving() as port:
        async with many(port, CONNECTIONS_A_CLIENT):
            assert not await is_served(port)
            assert await is_served(port, OTHER)
        await eventually(lambda: is_served(port))


async def test_all_together_have_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_room", lambda: 3)
    async with serving() as port, many(port, 3, PROXY):
        assert not await is_served(port)


async def test_websockets_count_and_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "CONNECTIONS_A_CLIENT", 2)

    def page(port: int) -> connect:
        return connect(f"ws://127.0.0.1:{port}/echo", proxy=None, local_addr=(CLIENT, 0))

    async with serving() as port:
        for _ in range(3):
            async with page(port), page(port):
                assert not await is_served(port)
            await eventually(lambda: is_served(port))


async def test_proxies_have_no_limit_of_one_client() -> None:
    async with serving() as port, many(port, CONNECTIONS_A_CLIENT + 5, PROXY) as opened:
        await opened[-1].sends(get())
        assert b"200 OK" in await opened[-1].reads(b"\r\n\r\n")


def frame(opcode: int, payload: bytes = b"", fin: bool = True) -> bytes:
    """A masked frame; the mask is zero."""
    assert len(payload) < 126
    return bytes([(0x80 if fin else 0) | opcode, 0x80 | len(payload)]) + bytes(4) + payload


@pytest.mark.parametrize(
    "flood",
    [
        frame(1, b"{}") * 5_000,
        frame(9) * 5_000,
        frame(10) * 5_000,
        frame(1, b"", fin=False) + frame(0, b"", fin=False) * 5_000,
    ],
    ids=["messages", "pings", "pongs", "fragments"],
)
async def test_more_frames_than_are_looked_at_end_a_websocket(flood: bytes) -> None:
    async with serving() as port, connected(port) as wire:
        await wire.sends(upgrade("/silent"))
        assert b"101 Switching Protocols" in await wire.reads(b"\r\n\r\n")
        await wire.sends(flood)
        told = await wire.is_closed()
        assert (1008).to_bytes(2, "big") in told


async def test_what_a_page_sends_is_let_through() -> None:
    async with serving() as port, connect(f"ws://127.0.0.1:{port}/echo", proxy=None) as page:
        await page.recv()
        long = json.dumps({"text": "茶" * 4_096})
        for number in range(30):
            await page.send(f"{number}")
        await page.send(long)
        assert [await page.recv() for _ in range(30)] == [str(number) for number in range(30)]
        assert await page.recv() == long
        await (await page.ping())
        await page.send("x" * (MAX_FRAME + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await page.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("split", [False, True])
async def test_text_that_is_none_ends_a_websocket_without_a_word(
    split: bool, caplog: pytest.LogCaptureFixture
) -> None:
    whole = bytes([0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE])
    halves = bytes([0x01, 0x81, 0, 0, 0, 0, 0x61, 0x80, 0x81, 0, 0, 0, 0, 0xFF])
    async with serving() as port, connected(port) as wire:
        await wire.sends(upgrade("/echo"))
        await wire.reads(b"\r\n\r\n")
        await wire.sends(halves if split else whole)
        assert (1007).to_bytes(2, "big") in await wire.is_closed()
    assert caplog.records == []


async def test_text_that_is_cut_within_a_character_is_text() -> None:
    tea = "茶".encode()
    halves = b"".join(
        bytes([kind, 0x80 | len(part), 0, 0, 0, 0]) + part
        for kind, part in ((0x01, tea[:1]), (0x80, tea[1:]))
    )
    async with serving() as port, connected(port) as wire:
        await wire.sends(upgrade("/echo"))
        await wire.reads(b"\r\n\r\n")
        await wire.sends(halves)
        assert await wire.reads(tea)


async def test_a_websocket_leaves_nothing_for_the_garbage_collector() -> None:
    """The program looks for such garbage seldom: a flood of sockets filled the memory until then."""

    def protocols() -> int:
        # By its type: asking some objects for their class has PyTorch warn.
        return sum(issubclass(type(thing), GuardedHttp | GuardedSocket) for thing in gc.get_objects())

    async with serving() as port:
        gc.collect()
        gc.disable()
        before = protocols()  # of other tests

        async def nothing_is_left() -> bool:
            return protocols() <= before

        try:
            async with connect(f"ws://127.0.0.1:{port}/echo", proxy=None) as page:
                await page.recv()
                assert protocols() > before
            await eventually(nothing_is_left)
        finally:
            gc.enable()
