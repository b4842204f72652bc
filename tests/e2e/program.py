"""The real program as a process, over the fake Telegram."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from tests.botapi import TOKEN

ROOT = Path(__file__).parents[2]
FIRST_START_WITHIN = 120.0
"""Seconds; a first start makes the demo shop, on a machine that may be busy."""
FIRST_FIT_WITHIN = 180.0
_LOOK_AGAIN = 0.1


@dataclass
class Program:
    """`liuke run` on a home folder. Every start after the first takes up what is there."""

    home: Path
    bot_api: str = ""
    webhook: bool = False
    token: str = TOKEN
    rate: float = 28.0
    command: str = "run"
    more: dict[str, str] = field(default_factory=dict)
    """Other settings, by the names of their environment variables."""
    port: int = 0
    process: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.log_path = self.home.parent / f"{self.home.name}.log"

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that it has printed, over all its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.process is not None
        return self.process.pid

    def environment(self) -> dict[str, str]:
        """What it is started with: nothing of the tester's own settings."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("LIUKE_")}
        own |= {
            "LIUKE_HOME": str(self.home),
            "LIUKE_HOST": "127.0.0.1",
            "LIUKE_PORT": str(self.port),
            "LIUKE_TELEGRAM_RATE": str(self.rate),
            "COLUMNS": "200",
        }
        if self.bot_api:
            own |= {"LIUKE_TELEGRAM_TOKEN": self.token, "LIUKE_TELEGRAM_API": self.bot_api}
        if self.webhook:
            own["LIUKE_TELEGRAM_WEBHOOK"] = self.address
        return own | self.more

    async def start(self, within: float = FIRST_START_WITHIN) -> float:
        """Start it and wait until it answers; seconds that took.

        Raises:
            RuntimeError: it ended instead; its last words are in the error.
        """
        began = asyncio.get_running_loop().time()
        with self.log_path.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", self.command,
                env=self.environment(), cwd=ROOT, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            async with asyncio.timeout(within):
                await self._until_ready()
        except TimeoutError:
            await self.kill()
            raise RuntimeError(f"not ready after {within:.0f} s:\n{self.log[-3000:]}") from None
        return asyncio.get_running_loop().time() - began

    async def _until_ready(self) -> None:
        assert self.process is not None
        async with httpx.AsyncClient() as client:
            while self.process.returncode is None:
                try:
                    if (await client.get(f"{self.address}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                # Another process becomes ready: there is nothing in this one to wait for.
                await asyncio.sleep(_LOOK_AGAIN)
        raise RuntimeError(f"ended with {self.process.returncode}:\n{self.log[-3000:]}")

    async def stop(self, within: float = 15.0) -> float:
        """SIGTERM; seconds until it had ended. Asserts that it ended well."""
        assert self.process is not None
        began = asyncio.get_running_loop().time()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(within):
            code = await self.process.wait()
        assert code == 0, self.log[-3000:]
        return asyncio.get_running_loop().time() - began

    async def kill(self) -> None:
        """SIGKILL, as when the power goes."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def prints(self, words: str, within: float = 30.0) -> None:
        """Wait until it has printed something."""
        async with asyncio.timeout(within):
            while words not in self.log:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(_LOOK_AGAIN)

    async def fitted(self) -> None:
        """Wait until the first fit, which begins with the first start, has scored everybody."""
        await self.prints("customers scored", FIRST_FIT_WITHIN)

    async def holds(self, query: str, wanted: list[tuple[Any, ...]], within: float = 30.0) -> None:
        """Wait until its store answers a query in a certain way."""
        async with asyncio.timeout(within):
            while rows(self.home, query) != wanted:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(_LOOK_AGAIN)

    async def liuke(self, *arguments: str) -> str:
        """What a `liuke` command on the same home prints.

        Raises:
            RuntimeError: it failed.
        """
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", *arguments,
            env=self.environment(), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await child.communicate()
        if child.returncode != 0:
            raise RuntimeError(f"liuke {' '.join(arguments)}: {err.decode().strip()}")
        return out.decode()

    async def liuke_json(self, *arguments: str) -> Any:
        """What a `liuke … --json` command says."""
        return json.loads(await self.liuke(*arguments, "--json"))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """What the program's store holds."""
    with closing(sqlite3.connect(f"file:{home / 'liuke.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
