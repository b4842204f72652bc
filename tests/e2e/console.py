"""A page of the console without a browser: the page, its socket, and what it is drawn of."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.program import Program

SOCKET = "/staff/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
_QUERY = re.compile(r"query: (\{.*?\}),\n")
_PATIENCE = 20


@asynccontextmanager
async def bare_socket(program: Program, query: str = "") -> AsyncIterator[ClientConnection]:
    """Connected to what reads for the pages, as anybody may be."""
    async with connect(f"{program.address.replace('http', 'ws')}{SOCKET}{query}", proxy=None) as socket:
        await socket.recv()
        yield socket


@dataclass
class ConsolePage:
    """An open page."""

    client: str
    socket: ClientConnection
    elements: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def emit(self, event: str, said: Any) -> None:
        """As the page's script does."""
        await self.socket.send(f"42{json.dumps([event, said])}")

    async def until(self, tag: str, number: int = 1) -> list[tuple[int, dict[str, Any]]]:
        """Wait until it is drawn of so many elements of a kind; their ids and what they are."""
        async with asyncio.timeout(_PATIENCE):
            while len(found := self._all(tag)) < number:
                await self.next()
        return found

    async def next(self) -> str:
        """The next thing that the server says."""
        text = str(await self.socket.recv())
        if text == "2":
            await self.socket.send("3")
        elif text.startswith("42"):
            event, said = json.loads(text[2:])
            if event == "update":
                self.elements |= {key: each for key, each in said.items() if key != "_id"}
        return text

    async def does(self, element: tuple[int, dict[str, Any]], kind: str, *given: Any) -> None:
        """An event of an element, with whatever a page would say of it."""
        number, drawn = element
        listener = next(each["listener_id"] for each in drawn["events"] if each["type"] == kind)
        values = [json.dumps(each) for each in given]
        await self.emit(
            "event", {"id": number, "client_id": self.client, "listener_id": listener, "args": values}
        )

    def _all(self, tag: str) -> list[tuple[int, dict[str, Any]]]:
        drawn = ((int(key), each) for key, each in self.elements.items() if each)
        return [(key, each) for key, each in drawn if each["tag"] == tag]


@asynccontextmanager
async def console_page(program: Program, path: str = "/staff/login") -> AsyncIterator[ConsolePage]:
    """A page as a browser opens it, up to its handshake."""
    async with httpx.AsyncClient() as client:
        page = (await client.get(program.address + path)).text
    found = _QUERY.search(page)
    assert found, page
    query = ast.literal_eval(found[1])
    facts = (
        f"&client_id={query['client_id']}&next_message_id={query['next_message_id']}&tab_id=t&document_id=d"
    )
    async with bare_socket(program, f"{facts}&implicit_handshake=true") as socket:
        await socket.send("40")
        opened = ConsolePage(query["client_id"], socket)
        assert (await opened.next()).startswith("40{")
        yield opened
