"""The web chat: static pages and a WebSocket.

A visitor is a random id and a key that only this server can make, kept in the browser; whoever comes back
with both sees their history again. A visitor whom the shop's site has signed in is known by their customer id
instead, has the same conversation in every browser, and leaves nothing behind in a shared one.

What the customer sends is acknowledged once it is kept. What is said to them is kept in the conversation's
history, and a browser that was away asks for what it missed: a message is delivered when it is in the
history, and pushing it to open browsers is a courtesy on top.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from starlette.websockets import WebSocket

from bot.channels.web_browser import Browser, Gone, client_id, string, words_of
from bot.channels.web_history import WebHistory, WebMessage
from bot.conversation.codec import dump_reply
from bot.conversation.messages import Delivery, DeliveryStatus, Incoming, IncomingKind, Outgoing
from bot.delivery.ports import Inbox
from storage import StorageError

log = logging.getLogger(__name__)

NAME = "web"
MAX_TEXT = 4_096
_VISITOR = re.compile(r"[A-Za-z0-9_-]{16,40}")
_POLL_SECONDS = 1.0
_RETRY_SECONDS = 2.0
_TRY_AGAIN_LATER = 1013


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
    ) -> None:
        """Wire it up.

        Args:
            key: signs visitor ids.
            history: what has been said.
            customer_of_token: checks a token by which the shop's site vouches for a visitor.
            shop_names: by language.
            demo: the page says that this is a demonstration.
        """
        self._key = key
        self._history = history
        self._customer_of_token = customer_of_token
        self._shop_names = dict(shop_names)
        self._demo = demo
        self._inbox: Inbox | None = None
        self._ready = asyncio.Event()
        self._browsers: dict[str, set[Browser]] = {}
        self._polled: int | None = None

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
                await self._catch_up()
        finally:
            self._ready.clear()
            await self._close_all()

    async def deliver(self, message: Outgoing) -> Delivery:
        """See that the history holds it, and push it to the open browsers of this process."""
        now = datetime.now(UTC)
        message_id = message.message_id
        if message_id is None:
            try:
                message_id = await self._history.keep(message, now)
            except (StorageError, SQLAlchemyError) as error:
                return Delivery(
                    status=DeliveryStatus.RETRY, retry_after=_RETRY_SECONDS, reason=type(error).__name__
                )
        if message_id is None:
            return Delivery(status=DeliveryStatus.REFUSED, reason="no_conversation")
        shown = WebMessage(
            visitor=message.address,
            id=message_id,
            author=message.author,
            mine=False,
            reply=dump_reply(message.reply),
            at=now,
        )
        await self._show(shown)
        return Delivery(status=DeliveryStatus.SENT, message_refs=(str(message_id),))

    async def working(self, address: str) -> None:
        """Show three moving dots."""
        await self._to_each(address, {"type": "working"})

    def routes(self) -> list[BaseRoute]:
        """The page, its files, the widget and the socket."""
        folder = str(resources.files("bot.channels") / "web_static")
        return [
            Route("/chat", self._page),
            Route("/widget.js", self._widget),
            WebSocketRoute("/chat/ws", self._socket),
            Mount("/chat/static", _FreshFiles(directory=folder), name="chat-static"),
        ]

    async def _page(self, _request: Request) -> Response:
        return _static("chat.html", "text/html")

    async def _widget(self, _request: Request) -> Response:
        return _static("widget.js", "text/javascript")

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept()
        browser = Browser(socket)
        try:
            await self._talk(browser)
        except Gone:
            pass  # what it sent is kept, and it may come back
        except (StorageError, SQLAlchemyError) as error:
            # Nothing was acknowledged: the page connects again and sends it again under the same id.
            log.error("the web chat can't reach the store: %s", type(error).__name__)
            await browser.close(_TRY_AGAIN_LATER)
        finally:
            self._leave(browser)

    async def _talk(self, browser: Browser) -> None:
        await self._ready.wait()
        while True:
            frame = await browser.receive()
            if not browser.may_write():
                await browser.send({"type": "error", "code": "too_fast", "id": client_id(frame)})
            elif frame.get("type") == "hello":
                await self._welcome(browser, frame)
            elif not browser.visitor:
                await browser.send({"type": "error", "code": "hello_first", "id": client_id(frame)})
            else:
                await self._take(browser, frame)

    async def _welcome(self, browser: Browser, frame: Mapping[str, Any]) -> None:
        token = frame.get("token")
        browser.customer = self._customer_of_token(token) if isinstance(token, str) and token else None
        browser.language = string(frame.get("language"), 10)
        visitor, known = self._identify(frame, browser.customer)
        self._leave(browser)
        browser.visitor = visitor
        self._browsers.setdefault(visitor, set()).add(browser)
        after = _after(frame) if visitor == frame.get("visitor") else 0
        messages = await self._history.since(visitor, after, _now()) if known else []
        for message in messages:
            browser.remember(message.id)
        await browser.send(
            {
                "type": "welcome",
                "visitor": visitor,
                "key": self._visitor_key(visitor),
                "signed_in": _is_signed_in(visitor),
                "shop": self._shop_names,
                "demo": self._demo,
                "messages": [_message_frame(message) for message in messages],
            }
        )
        start = string(frame.get("start"), 64)
        if start is not None or not (messages or after):
            await self._start(browser, start or "")

    async def _start(self, browser: Browser, link: str) -> None:
        """The conversation opens, so that the bot says hello first; the same opening twice is one."""
        reference = f"start-{hashlib.sha256(link.encode()).hexdigest()[:16]}" if link else "start"
        await self._keep(browser, reference, IncomingKind.START, payload=link)

    def _identify(self, frame: Mapping[str, Any], customer: str | None) -> tuple[str, bool]:
        if customer is not None:
            return "s-" + self._mac(b"customer", customer), True
        visitor, key = frame.get("visitor"), frame.get("key")
        if (
            isinstance(visitor, str)
            and isinstance(key, str)
            and _VISITOR.fullmatch(visitor)
            and key.isascii()
            and hmac.compare_digest(key, self._visitor_key(visitor))
        ):
            return visitor, True
        return "v-" + secrets.token_hex(16), False

    async def _take(self, browser: Browser, frame: Mapping[str, Any]) -> None:
        reference = client_id(frame)
        kind = {"message": IncomingKind.TEXT, "press": IncomingKind.BUTTON}.get(str(frame.get("type")))
        text = words_of(frame)
        action = string(frame.get("action"), 64)
        if reference is None or kind is None or text is None or (kind is IncomingKind.BUTTON and not action):
            await browser.send({"type": "error", "code": "not_understood", "id": reference})
            return
        if len(text) > MAX_TEXT:
            await browser.send({"type": "error", "code": "too_long", "id": reference})
            return
        if kind is IncomingKind.BUTTON:
            new = await self._keep(
                browser, reference, kind, text=text, payload=action or "", message_ref=_carrier(frame)
            )
        else:
            new = await self._keep(browser, reference, kind, text=text, message_ref=reference)
        await browser.send({"type": "kept", "id": reference})
        if new:
            await self._to_each(browser.visitor, _own_frame(reference, text), besides=browser)

    async def _keep(
        self,
        browser: Browser,
        reference: str,
        kind: IncomingKind,
        *,
        text: str = "",
        payload: str = "",
        message_ref: str | None = None,
    ) -> int:
        if self._inbox is None:
            raise Gone
        return await self._inbox.put(
            [
                Incoming(
                    channel=NAME,
                    address=browser.visitor,
                    update_id=f"{browser.visitor}:{reference}",
                    kind=kind,
                    at=_now(),
                    text=text,
                    payload=payload,
                    message_ref=message_ref,
                    language=browser.language,
                    signed_in_as=browser.customer,
                )
            ]
        )

    async def _catch_up(self) -> None:
        """Show what other processes have put into the history: replicas, or the half that works."""
        try:
            if not self._browsers or self._polled is None:
                self._polled = await self._history.newest_id() if self._browsers else None
                return
            for message in await self._history.news(self._polled, _now()):
                self._polled = max(self._polled, message.id)
                await self._show(message)
        except (StorageError, SQLAlchemyError) as error:
            log.warning("the web chat can't look for news: %s", type(error).__name__)

    async def _show(self, message: WebMessage) -> None:
        frame = _message_frame(message)
        for browser in list(self._browsers.get(message.visitor, ())):
            await browser.show(frame)

    async def _to_each(self, visitor: str, frame: Mapping[str, Any], besides: Browser | None = None) -> None:
        for browser in list(self._browsers.get(visitor, ())):
            if browser is not besides:
                await browser.send(frame)

    def _leave(self, browser: Browser) -> None:
        """Forget an open socket."""
        others = self._browsers.get(browser.visitor)
        if others is not None:
            others.discard(browser)
            if not others:
                del self._browsers[browser.visitor]

    async def _close_all(self) -> None:
        for browsers in list(self._browsers.values()):
            for browser in list(browsers):
                await browser.close()

    def _visitor_key(self, visitor: str) -> str:
        return self._mac(b"visitor", visitor)

    def _mac(self, purpose: bytes, what: str) -> str:
        return hmac.digest(self._key, purpose + b"\0" + what.encode(), "sha256").hex()[:32]


class _FreshFiles(StaticFiles):
    """Files that a browser asks for again after an upgrade instead of guessing how long they hold."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _now() -> datetime:
    return datetime.now(UTC)


def _is_signed_in(visitor: str) -> bool:
    return visitor.startswith("s-")


def _after(frame: Mapping[str, Any]) -> int:
    """The newest message that the page has; 0 when it says nothing sensible."""
    after = frame.get("after")
    return after if type(after) is int and 0 <= after < 2**53 else 0


def _carrier(frame: Mapping[str, Any]) -> str | None:
    """The message below which a button was pressed."""
    number = frame.get("message")
    return str(number) if type(number) is int and 0 < number < 2**53 else None


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


def _own_frame(reference: str, text: str) -> dict[str, Any]:
    """What the visitor has just written in another window; the history has not numbered it yet."""
    return {
        "type": "message",
        "id": None,
        "author": "customer",
        "mine": True,
        "reply": {"text": text},
        "at": _now().isoformat(),
        "ref": reference,
    }


def _static(name: str, media_type: str) -> Response:
    body = (resources.files("bot.channels") / "web_static" / name).read_text(encoding="utf-8")
    return PlainTextResponse(
        body,
        media_type=media_type,
        headers={
            "Cache-Control": "no-cache",
            # A link that connects an account must not travel on in a Referer.
            "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": "default-src 'self'; img-src 'self' https: data:; "
            "connect-src 'self' ws: wss:; style-src 'self'; script-src 'self'; base-uri 'none'; "
            "form-action 'none'; object-src 'none'; frame-ancestors *",
            "X-Content-Type-Options": "nosniff",
        },
    )
