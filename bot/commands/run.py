"""`liuke run`, `liuke serve` and `liuke work`."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.telegram import bot_username
from bot.commands.common import explain, settings_or_exit
from bot.conversation.texts import TextsInvalid
from bot.logs import configure
from bot.settings import Settings
from kernel.console import err, fail, out
from kernel.times import utc_now
from nlu import NluError
from storage import StorageError

if TYPE_CHECKING:
    from bot.app import Parts


def run() -> None:
    """Serve and work in one process: everything a shop needs."""
    _start(serve=True, work=True)


def serve() -> None:
    """Serve only: channels, web chat, console and API. For replicas beside `liuke work`."""
    _start(serve=True, work=False)


def work() -> None:
    """Work only: ticks, campaigns and refits."""
    _start(serve=False, work=True)


def _start(*, serve: bool, work: bool) -> None:
    settings = settings_or_exit()
    configure(settings.log_level)
    began = time.monotonic()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(settings, serve, work, began))
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, StorageError, SQLAlchemyError, NluError, TextsInvalid) as error:
        fail(f"Liuke can't start: {explain(error, settings)}")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it exists: a third less time on sockets; Windows has the standard loop."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _run(settings: Settings, serve: bool, work: bool, began: float) -> None:
    from bot.models.understanding import launch_reading

    reading = await launch_reading(settings.home)
    # What takes long to import is imported when something is on the screen already.
    from bot.commands.prepare import prepare

    await prepare(settings)
    from bot.program import Program
    from bot.staff.accounts import StaffAccounts

    program = Program(settings, serve=serve, work=work, reading=reading)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, program.stop)

    async def ready(parts: Parts) -> None:
        # Last of all: a password that was made by a start that failed would never have been seen.
        admin = await StaffAccounts(parts.store).first_admin(utc_now())
        out.print(f"Ready after {time.monotonic() - began:.1f} s.")
        if serve:
            await _welcome(settings, parts, admin)
        elif admin is not None:
            # Whichever process came first made the account, and nobody else knows its password.
            out.print(f"Staff sign in as {admin[0]} with the password {admin[1]}")
            out.print("It is shown this once; `liuke staff password admin` makes a new one.")

    await program.run(ready)
    err.print(f"Stopped at {utc_now():%H:%M:%S} UTC; nothing in hand was lost.")


async def _welcome(settings: Settings, parts: Parts, admin: tuple[str, str] | None) -> None:
    """Say what is served and where, how to sign in, and how to connect Telegram."""
    from bot.app import is_demo

    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="bold", no_wrap=True)
    lines.add_column(overflow="fold")
    base = settings.base_url
    lines.add_row("Web chat", f"{base}/chat")
    lines.add_row("On a site", f'<script src="{base}/widget.js" async></script>')
    lines.add_row("Staff", f"{base}/staff   {_sign_in(admin)}")
    lines.add_row("Telegram", await _telegram(settings, parts))
    lines.add_row("Terminal", "liuke chat")
    lines.add_row("Data", str(settings.home))
    if not parts.served.version:
        lines.add_row(
            "Models", "are fitted to the shop's history now; what is recommended gets better with them"
        )
    shop = "a demo shop: products, orders and customers are made up" if await is_demo(parts.store) else ""
    out.print(Panel(lines, title="留客 Liuke", subtitle=shop, border_style="cyan", expand=False))
    if admin is not None:
        out.print("The admin's password is shown this once; `liuke staff password admin` makes a new one.")


def _sign_in(admin: tuple[str, str] | None) -> str:
    if admin is None:
        return "sign in as you did before (new password: liuke staff password admin)"
    login, password = admin
    return f"sign in as {login} with the password {password}"


async def _telegram(settings: Settings, parts: Parts) -> str:
    if settings.telegram_token is None:
        return "not connected: get a token from @BotFather, then LIUKE_TELEGRAM_TOKEN=… liuke run"
    username = await bot_username(settings, parts.store)
    way = "by webhook" if settings.telegram_webhook else "by polling"
    return f"https://t.me/{username} {way}" if username else f"connecting {way} …"
