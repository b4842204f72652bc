"""`liuke run`, `liuke serve` and `liuke work`."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from rich.logging import RichHandler
from sqlalchemy.exc import SQLAlchemyError

from bot.commands.common import settings_or_exit
from bot.console_output import err, fail, out
from bot.conversation.texts import TextsInvalid
from bot.settings import Settings
from nlu import NluError


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
    _configure_logging(settings.log_level)
    began = time.monotonic()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_run(settings, serve, work, began))
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, SQLAlchemyError, NluError, TextsInvalid) as error:
        fail(f"Liuke can't start: {_explain(error)}")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it exists: a third less time on sockets; Windows has the standard loop."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _explain(error: Exception) -> str:
    # A database error's text may hold the address with its password; its kind is enough.
    if isinstance(error, SQLAlchemyError):
        return f"the database refused ({type(error).__name__})"
    return str(error)


async def _run(settings: Settings, serve: bool, work: bool, began: float) -> None:
    # What takes long to import is imported when something is on the screen already.
    from bot.prepare import prepare

    admin = await prepare(settings)
    from bot.app import Halves, Parts, Program

    program = Program(settings, Halves(serve=serve, work=work))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, program.stop)

    async def ready(parts: Parts) -> None:
        out.print(f"Ready after {time.monotonic() - began:.1f} s.")
        if serve:
            from bot.welcome import welcome

            await welcome(settings, parts, admin)
        elif admin is not None:
            # Whichever process came first made the account, and nobody else knows its password.
            out.print(
                f"Staff sign in as {admin[0]} with the password {admin[1]}", markup=False, highlight=False
            )
            out.print("It is shown this once; `liuke staff password admin` makes a new one.")

    await program.run(ready)
    err.print(f"Stopped at {datetime.now(UTC):%H:%M:%S} UTC; nothing in hand was lost.")


def _configure_logging(level: str) -> None:
    logging.basicConfig(
        level=level,
        format="%(message)s",
        handlers=[RichHandler(console=err, show_path=False, rich_tracebacks=False, markup=False)],
    )
    for noisy in ("apscheduler", "aiogram", "uvicorn", "watchfiles", "jieba", "alembic", "httpx"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
