"""The web chat: static pages and a WebSocket.

A visitor is a random id and a key that only this server can make, kept in the browser; whoever comes back
with both sees their history again. What the customer sends is acknowledged once it is kept. What is said to
them is kept in the conversation's history, and a browser that was away asks for what it missed: a message is
delivered when it is in the history, and pushing it to open browsers is a courtesy on top.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.channels.web_history import WebHistory, WebMessage
from bot.conversation.codec import dump_reply
from bot.conversation.messages import Delivery, DeliveryStatus, Incoming, IncomingKind, Outgoing
from bot.delivery.ports import Inbox

log = logging.getLogger(__name__)

NAME = "web"
MAX_TEXT = 4_096
_MAX_FRAME = 16_384
# A browser that writes faster than this is not a person.
_BURST = 20
_PER_SECOND = 2.0
_VISITOR = re.compile(r"[A-Za-z0-9_-]{16,64}")
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_POLL_SECONDS = 1.0


class WebChannel:
    """The Channel port over WebSockets."""

    def __init__(
        self,
        key: bytes,
        history: WebHistory,
        customer_of_token: Callable[[str], str | None],
        *,
        shop_names: Mapping[str, str],
        demo: bool,
        poll: bool,
    ) -> None:
        """Wire it up.

        Args:
            key: signs visitor ids.
            history: what has been said.
            customer_of_token: checks a token by which the shop's site vouches for a visitor.
            shop_names: by language.
            demo: the page says that this is a demonstration.
            poll: look for messages that other processes have stored; needed with several replicas.
        """
        self._key = key
        self._history = history
        self._customer_of_token = customer_of_token
        self._shop_names = dict(shop_names)
        self._demo = demo
        self._poll = poll
        self._inbox: Inbox | None = None
        self._ready = asyncio.Event()
        self._browsers: dict[str, set[_Browser]] = defaultdict(set)

    @property
    def name(self) -> str:
        """`web`."""
        return NAME

    async def run(self, inbox: Inbox) -> None:
        """Accept visitors until cancelled."""
        self._inbox = inbox
        self._ready.set()
        try:
            while True:
                await asyncio.sleep(_POLL_SECONDS)
                if self._poll:
                    await self._catch_up()
        finally:
            self._ready.clear()
            await self._close_all()

    async def deliver(self, message: Outgoing) -> Delivery:
        """Push to the open browsers of this process; the history holds it for all others."""
        frame = _message_frame(
            WebMessage(
                id=message.message_id or -message.outbox_id,
                author=message.author,
                mine=False,
                reply=dump_reply(message.reply),
                at=datetime.now(UTC),
            )
        )
        for browser in list(self._browsers.get(message.address, ())):
            await browser.send(frame)
        reference = str(message.message_id or message.outbox_id)
        return Delivery(status=DeliveryStatus.SENT, message_refs=(reference,))

    async def working(self, address: str) -> None:
        """Show three moving dots."""
        for browser in list(self._browsers.get(address, ())):
            await browser.send({"type": "working"})

    def routes(self) -> list[BaseRoute]:
        """The page, its files, the widget and the socket."""
        folder = str(resources.files("bot.channels") / "web_static")
        return [
            Route("/chat", self._page),
            Route("/widget.js", self._widget),
            WebSocketRoute("/chat/ws", self._socket),
            Mount("/chat/static", StaticFiles(directory=folder), name="chat-static"),
        ]

    async def _page(self, _request: Request) -> Response:
        return _static("chat.html", "text/html")

    async def _widget(self, _request: Request) -> Response:
        return _static("widget.js", "text/javascript")

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept()
        browser = _Browser(socket)
        try:
            await self._talk(browser)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the browser went away; its messages are kept and it may come back
        finally:
            if browser.visitor:
                self._browsers[browser.visitor].discard(browser)
                if not self._browsers[browser.visitor]:
                    del self._browsers[browser.visitor]

    async def _talk(self, browser: _Browser) -> None:
        await self._ready.wait()
        while (frame := await browser.receive()) is not None:
            if frame.get("type") == "hello":
                await self._welcome(browser, frame)
            elif not browser.visitor:
                await browser.send({"type": "error", "code": "hello_first"})
            elif not browser.may_write():
                await browser.send({"type": "error", "code": "too_fast", "id": _client_id(frame)})
            else:
                await self._take(browser, frame)

    async def _welcome(self, browser: _Browser, frame: Mapping[str, Any]) -> None:
        visitor, known = self._identify(frame)
        token = frame.get("token")
        browser.customer = self._customer_of_token(token) if isinstance(token, str) and token else None
        browser.language = _language(frame.get("language"))
        if browser.visitor and browser.visitor != visitor:
            self._browsers[browser.visitor].discard(browser)
        browser.visitor = visitor
        self._browsers[visitor].add(browser)
        after = frame.get("after")
        seen = after if isinstance(after, int) and known else 0
        messages = await self._history.since(visitor, seen) if known else []
        browser.seen = max([seen, *(message.id for message in messages)])
        await browser.send(
            {
                "type": "welcome",
                "visitor": visitor,
                "key": self._visitor_key(visitor),
                "signed_in": browser.customer is not None,
                "shop": self._shop_names,
                "demo": self._demo,
                "messages": [_message_frame(message) for message in messages],
            }
        )
        if not known or (browser.customer and not messages):
            await self._start(browser)

    async def _start(self, browser: _Browser) -> None:
        """The conversation opens, so that the bot can say hello first."""
        await self._keep(browser, f"start-{secrets.token_hex(8)}", IncomingKind.START, "", "")

    def _identify(self, frame: Mapping[str, Any]) -> tuple[str, bool]:
        visitor, key = frame.get("visitor"), frame.get("key")
        if (
            isinstance(visitor, str)
            and isinstance(key, str)
            and _VISITOR.fullmatch(visitor)
            and hmac.compare_digest(key.encode(), self._visitor_key(visitor).encode())
        ):
            return visitor, True
        return secrets.token_urlsafe(18), False

    async def _take(self, browser: _Browser, frame: Mapping[str, Any]) -> None:
        client_id = _client_id(frame)
        kind = {"message": IncomingKind.TEXT, "press": IncomingKind.BUTTON}.get(str(frame.get("type")))
        if kind is None or client_id is None:
            await browser.send({"type": "error", "code": "not_understood", "id": client_id})
            return
        text = str(frame.get("text") or "")
        if len(text) > MAX_TEXT:
            await browser.send({"type": "error", "code": "too_long", "id": client_id})
            return
        action = str(frame.get("action") or "")[:64] if kind is IncomingKind.BUTTON else ""
        await self._keep(browser, client_id, kind, text, action)
        await browser.send({"type": "kept", "id": client_id})

    async def _keep(
        self, browser: _Browser, client_id: str, kind: IncomingKind, text: str, action: str
    ) -> None:
        if self._inbox is None:
            raise RuntimeError("the web chat is not running")
        await self._inbox.put(
            [
                Incoming(
                    channel=NAME,
                    address=browser.visitor,
                    update_id=f"{browser.visitor}:{client_id}",
                    kind=kind,
                    at=datetime.now(UTC),
                    text=text,
                    payload=action,
                    message_ref=client_id,
                    language=browser.language,
                    signed_in_as=browser.customer,
                )
            ]
        )

    async def _catch_up(self) -> None:
        for visitor, browsers in list(self._browsers.items()):
            seen = min((browser.seen for browser in browsers), default=0)
            for message in await self._history.since(visitor, seen):
                for browser in list(browsers):
                    if message.id > browser.seen and not message.mine:
                        await browser.send(_message_frame(message))

    async def _close_all(self) -> None:
        for browsers in list(self._browsers.values()):
            for browser in list(browsers):
                await browser.close()

    def _visitor_key(self, visitor: str) -> str:
        return hmac.digest(self._key, b"visitor\0" + visitor.encode(), "sha256").hex()[:32]


class _Browser:
    """One open socket. Compared by identity."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._sending = asyncio.Lock()
        self.visitor = ""
        self.customer: str | None = None
        self.language: str | None = None
        self.seen = 0
        self._allowance = float(_BURST)
        self._last = asyncio.get_running_loop().time()

    def may_write(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._allowance = min(_BURST, self._allowance + (now - self._last) * _PER_SECOND)
        self._last = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    async def receive(self) -> Mapping[str, Any] | None:
        """The next frame that is a JSON object; an empty one for what is not. None when it grew too large."""
        text = await self._socket.receive_text()
        if len(text) > _MAX_FRAME:
            await self.close()
            return None
        try:
            frame = json.loads(text)
        except ValueError:
            return {}
        return frame if isinstance(frame, dict) else {}

    async def send(self, frame: Mapping[str, Any]) -> None:
        number = frame.get("id")
        if frame.get("type") == "message" and isinstance(number, int):
            self.seen = max(self.seen, number)
        # The browser may have gone away between looking and sending; the history keeps the message.
        with suppress(WebSocketDisconnect, RuntimeError):
            async with self._sending:
                await self._socket.send_text(json.dumps(frame, ensure_ascii=False))

    async def close(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code=1001)


def _message_frame(message: WebMessage) -> dict[str, Any]:
    return {
        "type": "message",
        "id": message.id,
        "author": message.author,
        "mine": message.mine,
        "reply": message.reply,
        "at": message.at.isoformat(),
        "ref": message.ref,
    }


def _client_id(frame: Mapping[str, Any]) -> str | None:
    value = frame.get("id")
    return value if isinstance(value, str) and _CLIENT_ID.fullmatch(value) else None


def _language(value: object) -> str | None:
    return value[:10] if isinstance(value, str) and value else None


def _static(name: str, media_type: str) -> Response:
    body = (resources.files("bot.channels") / "web_static" / name).read_text(encoding="utf-8")
    return PlainTextResponse(
        body,
        media_type=media_type,
        headers={
            "Cache-Control": "no-cache",
            "Content-Security-Policy": "default-src 'self'; img-src 'self' https: data:; "
            "connect-src 'self' ws: wss:; style-src 'self'; script-src 'self'; frame-ancestors *",
            "X-Content-Type-Options": "nosniff",
        },
    )
