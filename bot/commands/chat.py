"""`liuke chat`: talk to the running program in a terminal."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from bot.channels.console import NoServer, Screen, TerminalChat
from bot.commands.common import settings_or_exit, with_store
from bot.console_output import fail, out
from bot.linking import Linker
from bot.settings import Settings
from storage import NotFound, Store
from storage.customers import Customers

_SIGNED_FOR = timedelta(hours=12)
_ENDING = ("/quit", "/exit")


def chat(
    customer: Annotated[
        str | None,
        typer.Option("--as", help="Talk as this customer, as if the shop's site had signed them in."),
    ] = None,
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """Talk to the running program here; a number presses the button it stands beside, /quit ends the chat."""
    if language not in ("zh", "en"):
        raise typer.BadParameter("zh or en", param_hint="--language")
    settings = settings_or_exit()
    token = None if customer is None else with_store(lambda known, store: _token(known, store, customer))
    screen = Screen(lambda line: out.print(line, markup=False, highlight=False, soft_wrap=True), language)
    conversation = TerminalChat(
        _socket_address(settings), screen, language=language, token=token, patient=not sys.stdin.isatty()
    )
    if sys.stdin.isatty():
        out.print("[dim]Ctrl-D or /quit ends the chat.[/dim]")
    try:
        asyncio.run(conversation.run(typed_lines()))
    except NoServer:
        fail(
            f"Liuke does not answer at {settings.host}:{settings.port}. Start it with `liuke run` in another "
            "terminal, or set LIUKE_HOST and LIUKE_PORT to where it runs."
        )
    except KeyboardInterrupt:
        return


def _socket_address(settings: Settings) -> str:
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"ws://{f'[{host}]' if ':' in host else host}:{settings.port}/chat/ws"


async def _token(settings: Settings, store: Store, customer_id: str) -> str:
    async with store.read() as connection:
        if await Customers(connection).get(customer_id) is None:
            raise NotFound(f"there is no customer {customer_id!r}; `liuke customer list` shows some")
    secret = settings.web_secret.get_secret_value() if settings.web_secret else None
    linker = await Linker.open(store, secret)
    return linker.visitor_token(customer_id, datetime.now(UTC), _SIGNED_FOR)


async def typed_lines() -> AsyncIterator[str]:
    """Lines of standard input, until one says that it is enough.

    Read in a thread that does not keep the program from ending.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def pass_on(line: str | None) -> None:
        with suppress(RuntimeError):  # the chat has ended meanwhile
            loop.call_soon_threadsafe(lines.put_nowait, line)

    def read() -> None:
        for line in sys.stdin:
            if line.strip().lower() in _ENDING:
                break  # nothing reads on while the program ends
            pass_on(line)
        pass_on(None)

    threading.Thread(target=read, daemon=True, name="stdin").start()
    while (line := await lines.get()) is not None:
        yield line
