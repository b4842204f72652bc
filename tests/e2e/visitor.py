"""A visitor of the web chat, over a real socket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect


@dataclass
class Visitor:
    """Says something and hears the answers. Use it in an `async with`."""

    address: str
    """Of the program, http://…"""
    language: str = "en"
    token: str | None = None
    client: str | None = None
    """The address that a proxy in front of the program would name."""
    welcome: dict[str, Any] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)
    """Whatever came, in order."""
    _ids: count[int] = field(default_factory=lambda: count(1))
    _socket: ClientConnection | None = None
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            self.address.replace("http", "ws", 1) + "/chat/ws",
            additional_headers={"X-Forwarded-For": self.client} if self.client else None,
            open_timeout=20,
        )
        hello = {"type": "hello", "language": self.language, "token": self.token}
        await self.send(hello | {k: self.welcome[k] for k in ("visitor", "key") if k in self.welcome})
        self._listening = asyncio.create_task(self._listen())
        self.welcome = await self.gets("welcome")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._socket is not None
        assert self._listening is not None
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._socket.close()

    async def send(self, frame: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    async def says(self, text: str) -> str:
        """Write; the id of what was written."""
        reference = f"m{next(self._ids)}"
        await self.send({"type": "message", "id": reference, "text": text})
        return reference

    async def asks(self, text: str, within: float = 20.0) -> str:
        """Write, and wait for the next answer's words."""
        heard = len(self.answers)
        await self.says(text)
        await self.hears(heard + 1, within)
        return self.answers[heard]

    async def hears(self, count: int, within: float = 20.0) -> None:
        """Wait until there are so many answers."""
        await self._until(lambda: len(self.answers) >= count, within)

    async def gets(self, kind: str, within: float = 20.0) -> dict[str, Any]:
        """The first frame of a kind, once it is there."""
        await self._until(lambda: any(frame["type"] == kind for frame in self.frames), within)
        return next(frame for frame in self.frames if frame["type"] == kind)

    @property
    def answers(self) -> list[str]:
        """What was said to the visitor since the chat was opened, the greeting left out."""
        said = [frame for frame in self.frames if frame["type"] == "message" and not frame["mine"]]
        return [frame["reply"].get("text", "") for frame in said][1:]

    async def _listen(self) -> None:
        assert self._socket is not None
        async for frame in self._socket:
            self.frames.append(json.loads(frame))
            self._more.set()

    async def _until(self, condition: Any, within: float) -> None:
        async with asyncio.timeout(within):
            while not condition():
                self._more.clear()
                await self._more.wait()
