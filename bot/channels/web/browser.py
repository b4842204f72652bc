"""Open sockets: frames in and out, how fast each is read, and which show one visitor's conversation."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.http.clients import Meter, client_of
from bot.http.parsing import parse_json
from bot.linking.site_tokens import SiteSession

BURST, PER_SECOND = 20, 2.0
"""Frames of one socket that are read at once, and then in a second. What comes faster is left in the network."""
WINDOWS = 20
"""Open sockets of one visitor."""
LONGEST_REST = 10.0
"""Seconds; the server's ping must still be answered in time."""
_HELLO_WITHIN = 10.0
# A browser that takes nothing for this long must not hold up what is sent to others.
_SEND_WITHIN = 5.0
_REMEMBERED = 500

IDLE, RESTARTING = 1008, 1012


class Gone(Exception):
    """The browser is gone, or was sent away."""


class SignedOut(Exception):
    """The token by which the visitor was signed in has run out."""


class Browser:
    """One open socket. Compared by identity."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._sending = asyncio.Lock()
        self.client = client_of(socket.scope)
        self.visitor = ""
        """Whose conversation is shown; empty before hello, and after the end of a session."""
        self.stranger: str | None = None
        """The visitor without a token that this socket has proved to be or was made: there is only one."""
        self.session: SiteSession | None = None
        self.language: str | None = None
        self.opened = False
        """Whether the visitor has a conversation."""
        self.asked = False
        """Whether the page asks for an e-mail."""
        self._loop = asyncio.get_running_loop()
        self._pace = Meter(burst=BURST, per_second=PER_SECOND)
        self._refused = 0
        self._ended = asyncio.Event()
        self._shown: deque[int] = deque(maxlen=_REMEMBERED)
        self._hello_by = self._loop.time() + _HELLO_WITHIN

    async def receive(self, now: datetime) -> Mapping[str, Any]:
        """The next frame that is a JSON object, as soon as this socket may be read; an empty one for what is not.

        Raises:
            SignedOut: the visitor's session has ended meanwhile.
            Gone: there is no next frame.
        """
        try:
            async with asyncio.timeout_at(self._until(now)):
                received = await self._socket.receive()
        except TimeoutError:
            if self.session is not None:
                raise SignedOut from None
            await self.close(IDLE)
            raise Gone from None
        if received["type"] != "websocket.receive":
            raise Gone
        await self.pace()
        try:
            frame = parse_json(received.get("text") or "")
        except ValueError:
            return {}
        return frame if isinstance(frame, dict) else {}

    async def pace(self, cost: int = 1) -> None:
        """Wait until the socket may be read: who sends faster is slowed by that alone, and loses nothing."""
        while (wait := self._pace.take("", self._loop.time(), cost)) > 0:
            await self._rest(wait)

    async def refuse(self, frame: Mapping[str, Any], wait: float) -> None:
        """Say that something was not taken and when to send it again, and read nothing until then.

        `wait` is in seconds; who does not heed it waits longer each time.
        """
        wait = min(LONGEST_REST, max(1.0, wait, 2.0**self._refused))
        self._refused = min(self._refused + 1, 8)
        await self.send({**frame, "retry_after": round(wait, 1)})
        await self._rest(wait)

    def took(self) -> None:
        """Something of it was taken."""
        self._refused = 0

    async def show(self, message: Mapping[str, Any], now: datetime) -> None:
        """Send a message of the history unless this browser has it, or its visitor is signed in no more."""
        if message["id"] in self._shown or (self.session is not None and not self.session.holds(now)):
            return
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

    async def close(self, code: int = RESTARTING) -> None:
        """End the connection; the page connects again by itself."""
        self._ended.set()
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(_SEND_WITHIN):
                await self._socket.close(code=code)

    def sign_out(self) -> None:
        """Forget who it was; it may say hello again."""
        self.visitor, self.session, self.opened, self.asked = "", None, False, False
        self._hello_by = self._loop.time() + _HELLO_WITHIN

    def _until(self, now: datetime) -> float | None:
        """Until when to wait for a frame, by the loop's clock; None: as long as it takes."""
        if not self.visitor:
            return self._hello_by
        if self.session is None:
            return None
        return self._loop.time() + (self.session.ends - now).total_seconds()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
                raise Gone


class Browsers:
    """The open sockets of this process."""

    def __init__(self) -> None:
        self._open: set[Browser] = set()
        self._of: dict[str, set[Browser]] = {}

    def __bool__(self) -> bool:
        return bool(self._of)

    def add(self, browser: Browser) -> None:
        """A socket was opened."""
        self._open.add(browser)

    def remove(self, browser: Browser) -> None:
        """A socket has ended."""
        self.leave(browser)
        self._open.discard(browser)

    def join(self, browser: Browser, visitor: str) -> bool:
        """Let it show a visitor's conversation; False where too many do."""
        self.leave(browser)
        windows = self._of.setdefault(visitor, set())
        if len(windows) >= WINDOWS:
            return False
        browser.visitor = visitor
        windows.add(browser)
        return True

    def leave(self, browser: Browser) -> None:
        """It shows no conversation any more."""
        windows = self._of.get(browser.visitor)
        if windows is not None:
            windows.discard(browser)
            if not windows:
                del self._of[browser.visitor]

    def of(self, visitor: str) -> list[Browser]:
        """The windows that show a visitor's conversation."""
        return list(self._of.get(visitor, ()))

    def note_opened(self, visitor: str) -> None:
        """The visitor has a conversation now."""
        for browser in self.of(visitor):
            browser.opened = True

    async def show(self, visitor: str, message: Mapping[str, Any], now: datetime) -> None:
        """Show a message in all windows of a visitor."""
        for browser in self.of(visitor):
            await browser.show(message, now)

    async def tell(self, visitor: str, frame: Mapping[str, Any], besides: Browser | None = None) -> None:
        """Send a frame to all windows of a visitor."""
        for browser in self.of(visitor):
            if browser is not besides:
                await browser.send(frame)

    async def close_all(self) -> None:
        """Send everybody away, all at once."""
        await asyncio.gather(*(browser.close() for browser in list(self._open)))
