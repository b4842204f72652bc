"""The program on a demo shop that is made once for all end-to-end tests."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.botapi import FakeBotApi
from tests.e2e.program import Program


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder after a first start: demo shop made, models fitted, stopped cleanly. Copy it.

    Made once a run: the first of the test processes makes it, the others wait for it.
    """
    run = tmp_path_factory.getbasetemp()
    run = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    home, filled = run / "first" / "home", run / "first" / "filled"
    home.parent.mkdir(exist_ok=True)

    async def fill() -> None:
        async with Program(home) as program:
            # It serves before the models are fitted, and fits them by itself.
            assert "customers scored" not in program.log
            await program.fitted()
            await program.stop()

    with FileLock(run / "first.lock"):
        if not filled.exists():
            shutil.rmtree(home, ignore_errors=True)
            asyncio.run(fill())
            filled.touch()
    return home


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    """A Telegram at its real limits; whatever it is told must fit its schema."""
    fake = FakeBotApi()
    async with fake.serve():
        yield fake
    assert fake.problems == []


MakeProgram = Callable[..., Program]


@pytest.fixture
async def make_program(filled_home: Path, tmp_path: Path) -> AsyncIterator[MakeProgram]:
    """Makes programs, each on a copy of the filled home; nothing that they printed may be a stack trace."""
    made: list[Program] = []

    def make(**settings: Any) -> Program:
        home = tmp_path / f"home{len(made)}"
        shutil.copytree(filled_home, home)
        program = Program(home, **settings)
        made.append(program)
        return program

    yield make
    for program in made:
        await program.kill()
        assert "Traceback" not in program.log
