"""The terminal's chat, against a running web chat."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest

from bot.commands.chat import NoServer, Screen, TerminalChat, typed_lines
from bot.messages import IncomingKind
from storage import Store
from tests.bot.channels.webchat import free_port, replica, token


async def lines(*typed: str) -> AsyncIterator[str]:
    for line in typed:
        yield line


async def test_it_talks_and_presses_buttons_by_number(store: Store) -> None:
    written: list[str] = []
    async with replica(store) as chat:
        terminal = TerminalChat(
            f"ws://127.0.0.1:{chat.port}/chat/ws", Screen(written.append, "en"), language="en", patient=True
        )
        await terminal.run(lines("hello [bold]", "", "1", "2"))
    assert written == [
        "Liuke: welcome",
        "Liuke: you said hello [bold]",
        "  ▪ Tea <b>cup</b>",
        "    ¥12.00",
        "  [1] More   Shop → https://e.org/",
        "Liuke: pressed more:1",
        # A number without a button is something said.
        "Liuke: you said 2",
        "  ▪ Tea <b>cup</b>",
        "    ¥12.00",
        "  [1] More   Shop → https://e.org/",
    ]
    assert chat.clerk.seen[2].kind is IncomingKind.BUTTON


@pytest.mark.parametrize("word", ["/quit", " /EXIT"])
async def test_a_word_ends_it(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"hello\n{word}\nnever said\n"))
    assert [line async for line in typed_lines()] == ["hello\n"]


async def test_it_may_speak_for_a_customer(store: Store) -> None:
    async with replica(store) as chat:
        terminal = TerminalChat(
            f"ws://127.0.0.1:{chat.port}/chat/ws",
            Screen(lambda _line: None, "zh"),
            language="zh",
            token=token("c1"),
            patient=True,
        )
        await terminal.run(lines("我的订单呢"))
    assert chat.clerk.seen[-1].signed_in_as == "c1"
    assert chat.clerk.seen[-1].language == "zh"


async def test_it_comes_back_when_the_connection_is_lost(store: Store) -> None:
    written: list[str] = []
    async with replica(store) as chat:
        greeted = asyncio.Event()

        def write(line: str) -> None:
            written.append(line)
            greeted.set()

        async def interrupted() -> AsyncIterator[str]:
            await greeted.wait()
            await chat.channel._browsers.close_all()
            yield "after the break"

        terminal = TerminalChat(
            f"ws://127.0.0.1:{chat.port}/chat/ws", Screen(write, "en"), language="en", patient=True
        )
        await terminal.run(interrupted())
    assert "Liuke: you said after the break" in written
    assert written.count("Liuke: welcome") == 1


async def test_it_says_when_nothing_answers() -> None:
    terminal = TerminalChat(
        f"ws://127.0.0.1:{free_port()}/chat/ws", Screen(lambda _line: None, "en"), language="en"
    )
    with pytest.raises(NoServer):
        await terminal.run(lines("hello"))
