"""One open socket: frames in and out, and how fast its owner may write."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

MAX_FRAME = 65_536
"""Characters; four times what the longest message needs."""
BURST = 20
"""A browser that writes faster than this, and then than `PER_SECOND`, is not a person."""
PER_SECOND = 2.0
_HELLO_WITHIN = 30.0
# A browser that takes nothing for this long must not hold up what is sent to others.
_SEND_WITHIN = 5.0
_REMEMBERED = 500

_TOO_LARGE, _GOING_AWAY, _IDLE = 1009, 1001, 1008
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# What neither a database nor a reader can do anything with.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Gone(Exception):
    """The browser is gone, or was sent away."""


class Browser:
    """One open socket. Compared by identity."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._sending = asyncio.Lock()
        self.visitor = ""
        self.customer: str | None = None
        self.language: str | None = None
        self._shown: deque[int] = deque(maxlen=_REMEMBERED)
        self._allowance = float(BURST)
        self._last = asyncio.get_running_loop().time()

    def may_write(self) -> bool:
        """Whether the next frame may be looked at; counts it."""
        now = asyncio.get_running_loop().time()
        self._allowance = min(BURST, self._allowance + (now - self._last) * PER_SECOND)
        self._last = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    async def receive(self) -> Mapping[str, Any]:
        """The next frame that is a JSON object; an empty one for what is not.

        Raises:
            Gone: there is no next frame.
        """
        try:
            async with asyncio.timeout(None if self.visitor else _HELLO_WITHIN):
                received = await self._socket.receive()
        except TimeoutError:
            await self.close(_IDLE)
            raise Gone from None
        if received["type"] != "websocket.receive":
            raise Gone
        text = received.get("text") or ""
        if len(text) > MAX_FRAME:
            await self.close(_TOO_LARGE)
            raise Gone
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return frame if isinstance(frame, dict) else {}

    async def show(self, message: Mapping[str, Any]) -> None:
        """Send a message of the history unless this browser has it."""
        if message["id"] not in self._shown:
            self.remember(message["id"])
            await self.send(message)

    def remember(self, message_id: int) -> None:
        """The browser has this message."""
        self._shown.append(message_id)

    async def send(self, frame: Mapping[str, Any]) -> None:
        """Send a frame; a browser that is gone or takes nothing misses it, and asks again when it is back."""
        with suppress(WebSocketDisconnect, RuntimeError):
            try:
                async with asyncio.timeout(_SEND_WITHIN), self._sending:
                    await self._socket.send_text(json.dumps(frame, ensure_ascii=False))
            except TimeoutError:
                await self.close()

    async def close(self, code: int = _GOING_AWAY) -> None:
        """End the connection; the page connects again by itself."""
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(_SEND_WITHIN):
                await self._socket.close(code=code)


def client_id(frame: Mapping[str, Any]) -> str | None:
    """The browser's own id of what it sent, if it is one."""
    value = frame.get("id")
    return value if isinstance(value, str) and _CLIENT_ID.fullmatch(value) else None


def words_of(frame: Mapping[str, Any]) -> str | None:
    """The text of a frame without control characters and half characters; None when it is no text."""
    value = frame.get("text", "")
    if not isinstance(value, str):
        return None
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CONTROL.sub("", whole)


def string(value: object, limit: int) -> str | None:
    """A string that is not empty, cut to `limit`; None for anything else."""
    if not isinstance(value, str) or not value:
        return None
    return _CONTROL.sub("", value.encode("utf-8", "replace").decode()[:limit]) or None
