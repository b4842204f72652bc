"""The running program with the fake Bot API in front of it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from storage import Store
from tests.botapi import FakeBotApi
from tests.e2e.program import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything the players need."""

    api: FakeBotApi
    program: Program
    store: Store


@asynccontextmanager
async def stage(filled: Path | None = None) -> AsyncIterator[Stage]:
    """Start the program on a new home folder, unpaced, and stop it afterwards.

    Args:
        filled: a home folder whose demo shop is used, made if it is not there; what is played stays out of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if filled is not None:
            await _fill(filled)
            shutil.copytree(filled, home)
        api = FakeBotApi(limits=False, checked=False)
        async with api.serve() as bot_api, Program(home, bot_api, rate=0) as program:
            if filled is None:
                await program.fitted()
            store = Store.open(f"sqlite:///{home / 'liuke.db'}")
            try:
                yield Stage(api=api, program=program, store=store)
            finally:
                await store.close()
                await program.stop()


async def _fill(home: Path) -> None:
    if not home.exists():  # noqa: ASYNC240
        home.parent.mkdir(parents=True, exist_ok=True)
        async with Program(home) as program:
            await program.fitted()
            await program.stop()
