"""The program stops at once when nothing is in hand, however many are connected."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.bot.channels.webchat import Page
from tests.bot.http.serving import connected
from tests.e2e.conftest import MakeProgram
from tests.e2e.console import bare_socket, console_page
from tests.e2e.program import Program

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
_WITHIN = 3.0
_PAGES = 30
_CONSOLES = 8


async def _as_a_page_does(program: Program, started: asyncio.Semaphore, closed: list[int]) -> None:
    """Talks, and comes back whenever the connection is lost, until nobody listens."""
    visitor: dict[str, str | None] = {}
    while True:
        try:
            async with connect(f"ws://127.0.0.1:{program.port}/chat/ws", proxy=None) as socket:
                page = Page(socket)
                await page.hello(**visitor)
                if not visitor:
                    await page.say("hello")
                    await page.until("message", author="bot")
                visitor = {"visitor": page.visitor, "key": page.key}
                started.release()
                await socket.wait_closed()
                closed.append(socket.close_code or 0)
        except (InvalidHandshake, InvalidMessage, ConnectionClosed, EOFError):
            await asyncio.sleep(0.1)  # as long as a page waits before it tries again
        except OSError:
            return


async def test_sigterm_with_open_pages_ends_within_three_seconds(make_program: MakeProgram) -> None:
    program = make_program()
    await program.start()
    started, closed = asyncio.Semaphore(0), list[int]()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(bare_socket(program))
        for _ in range(_CONSOLES):
            page = await stack.enter_async_context(console_page(program))
            await page.until("nicegui-input", 2)
        half = await stack.enter_async_context(connected(program.port))
        await half.sends(b"GET /chat HTTP/1.1\r\nHost")
        pages = [asyncio.create_task(_as_a_page_does(program, started, closed)) for _ in range(_PAGES)]
        async with asyncio.timeout(60):
            for _ in pages:
                await started.acquire()
        took = await program.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.gather(*pages)
    assert took < _WITHIN
    assert closed[:_PAGES] == [1012] * _PAGES
    assert "Exception" not in program.log
    assert "ERROR" not in program.log
    assert "nothing in hand was lost" in program.log
