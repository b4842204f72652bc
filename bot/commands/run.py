"""`liuke run`, `liuke serve` and `liuke work`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from bot.commands.common import explain, settings_or_exit
from bot.conversation.texts import TextsInvalid
from bot.logs import configure
from bot.settings import Settings
from bot.unknown_names import unknown_names
from kernel.console import err, fail, out, remark
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
        for unknown in unknown_names(settings.home, os.environ):
            remark(str(unknown))
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
    from bot.commands.house import tell_restored
    from bot.commands.welcome import welcome, welcome_staff
    from bot.program import Program

    program = Program(settings, serve=serve, work=work, reading=reading)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, program.stop)

    async def ready(parts: Parts) -> None:
        out.print(f"Ready after {time.monotonic() - began:.1f} s.")
        await (welcome(settings, parts) if serve else welcome_staff(parts))
        await tell_restored(parts.store)

    await program.run(ready)
    err.print(f"Stopped at {utc_now():%H:%M:%S} UTC; nothing in hand was lost.")
