"""The running program with the fake Bot API in front of it."""

from __future__ import annotations

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
async def stage(home: Path) -> AsyncIterator[Stage]:
    """Start the program on a home folder, unpaced, and stop it afterwards."""
    home.parent.mkdir(parents=True, exist_ok=True)
    api = FakeBotApi(limits=False, checked=False)
    async with api.serve() as bot_api:
        program = Program(home, bot_api, rate=0)
        program.log_path.unlink(missing_ok=True)
        async with _running(program, home) as store:
            yield Stage(api=api, program=program, store=store)


@asynccontextmanager
async def _running(program: Program, home: Path) -> AsyncIterator[Store]:
    async with program:
        store = Store.open(f"sqlite:///{home / 'liuke.db'}")
        try:
            yield store
        finally:
            await store.close()
            await program.stop()
