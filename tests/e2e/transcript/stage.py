"""The running program with the fake Bot API in front of it, and `liuke` beside it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from storage import Store
from tests.botapi import TOKEN, FakeBotApi

# The first start makes the demo shop and fits the models.
_STARTS_WITHIN = 180.0
_STOPS_WITHIN = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything the players need."""

    api: FakeBotApi
    store: Store
    environment: dict[str, str]
    address: str

    async def liuke(self, *arguments: str) -> str:
        """What a `liuke` command prints.

        Raises:
            RuntimeError: it failed; its message is in the error.
        """
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", *arguments,
            env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await child.communicate()
        if child.returncode != 0:
            raise RuntimeError(f"liuke {' '.join(arguments)}: {err.decode().strip()}")
        return out.decode()

    async def liuke_json(self, *arguments: str) -> Any:
        """What a `liuke … --json` command says."""
        return json.loads(await self.liuke(*arguments, "--json"))


@asynccontextmanager
async def stage(home: Path, log: Path) -> AsyncIterator[Stage]:
    """Start the program on a home folder and stop it afterwards; what it prints goes into `log`."""
    api = FakeBotApi(limits=False, checked=False)
    port = _free_port()
    async with api.serve() as bot_api:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LIUKE_")} | {
            "LIUKE_HOME": str(home),
            "LIUKE_PORT": str(port),
            "LIUKE_TELEGRAM_TOKEN": TOKEN,
            "LIUKE_TELEGRAM_API": bot_api,
            "LIUKE_TELEGRAM_RATE": "0",
            # Wide, so that nothing is broken into lines.
            "COLUMNS": "200",
        }
        with log.open("wb") as output:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", "run", env=environment, stdout=output, stderr=output
            )
            try:
                address = f"http://127.0.0.1:{port}"
                await _ready(address, child)
                store = Store.open(f"sqlite:///{home / 'liuke.db'}")
                try:
                    yield Stage(api=api, store=store, environment=environment, address=address)
                finally:
                    await store.close()
            finally:
                await _end(child)


async def _ready(address: str, child: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(_STARTS_WITHIN):
        while child.returncode is None:
            try:
                if (await client.get(f"{address}/healthz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
    raise RuntimeError(f"the program ended with {child.returncode} while it started")


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _STOPS_WITHIN)
    except TimeoutError:
        child.kill()
        await child.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
