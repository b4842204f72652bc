"""The web chat: static pages and a WebSocket.

A visitor is a random id and a key that only this server can make, kept in the browser; whoever comes back
with both sees their history again. A visitor whom the shop's site has signed in is known by their customer id
instead, has the same conversation in every browser, and leaves nothing behind in a shared one: there is no key
to it, only the site's token, for as long as that is good.

Nothing is kept of a visitor before they write. What they send is acknowledged once it is kept. What is said to
them is kept in the conversation's history, and a browser that was away asks for what it missed: a message is
delivered when it is in the history, and pushing it to open browsers is a courtesy on top.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from html import escape
from importlib import resources
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from bot.channels.kind import CustomerOfToken
from bot.channels.web.browser import RESTARTING, Browser, Browsers, Gone
from bot.channels.web.history import WebHistory, WebMessage
from bot.channels.web.leaving import Leaving
from bot.channels.web.shopfront import Shopfront
from bot.channels.web.talk import CHANNEL, WebTalk, message_frame
from bot.channels.web.visitors import Visitors, WebLimits
from bot.conversation.texts import Texts
from bot.delivery.faults import faults
from bot.delivery.ports import ChannelState, Inbox
from bot.messages import Delivery, DeliveryStatus, Incoming, Outgoing, Reply, dump_reply
from kernel.times import utc_now
from storage import StorageError, Store

log = logging.getLogger(__name__)

_POLL_SECONDS = 1.0
_RETRY_SECONDS = 2.0
_TRY_AGAIN_LATER = 1013
_STORE_FAILS = (StorageError, SQLAlchemyError)


class WebChannel:
    """The Channel port over WebSockets."""

    def __init__(
        self,
        key: bytes,
        store: Store,
        customer_of_token: CustomerOfToken,
        *,
        greeting: Callable[[Incoming], Reply],
        front: Shopfront,
        texts: Texts,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Wire it up.

        Args:
            key: signs visitor ids.
            store: holds what has been said, and the limits that all replicas share.
            customer_of_token: checks a token by which the shop's site vouches for a visitor.
            greeting: what the bot says to a stranger who opens the chat.
            front: the shop as its visitors see it.
            texts: what whoever may leave before an answer is asked.
            clock: the time.
        """
        self._history = WebHistory(store)
        self._visitors = Visitors(key, customer_of_token)
        self._limits = WebLimits(store)
        self._greeting = greeting
        self._front = front
        self._facts = front.facts()
        self._clock = clock
        self._browsers = Browsers()
        self._leaving = Leaving(CHANNEL, store, texts, self._browsers)
        self._talk: WebTalk | None = None
        self._ready = asyncio.Event()
        self._polled: int | None = None

    @property
    def name(self) -> str:
        """`web`."""
        return CHANNEL

    @property
    def state(self) -> ChannelState:
        """Serving while it runs."""
        return ChannelState.SERVING if self._ready.is_set() else ChannelState.STARTING

    async def run(self, inbox: Inbox) -> None:
        """Accept visitors until cancelled."""
        self._talk = WebTalk(
            inbox=inbox,
            history=self._history,
            visitors=self._visitors,
            limits=self._limits,
            browsers=self._browsers,
            leaving=self._leaving,
            greeting=self._greeting,
            facts=self._facts,
            clock=self._clock,
        )
        self._ready.set()
        try:
            while True:
                await asyncio.sleep(_POLL_SECONDS)
                await self._catch_up()
        finally:
            self._talk = None
            await self._browsers.close_all()

    async def deliver(self, message: Outgoing) -> Delivery:
        """See that the history holds it, and push it to the open browsers of this process."""
        now = self._clock()
        message_id = message.message_id
        if message_id is None:
            try:
                message_id = await self._history.keep(message, now)
            except _STORE_FAILS as error:
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
        await self._browsers.tell(address, {"type": "working"})

    def routes(self) -> list[BaseRoute]:
        """The page, its files, the widget and the socket."""
        folder = str(resources.files(__package__) / "static")
        return [
            Route("/chat", self._page),
            Route("/chat/look.css", self._look),
            Route("/widget.js", self._widget),
            WebSocketRoute("/chat/ws", self._socket),
            Mount("/chat/static", _FreshFiles(directory=folder), name="chat-static"),
        ]

    async def close(self) -> None:
        """Nothing is open after `run`."""

    async def _page(self, _request: Request) -> Response:
        # Told with the page, and not over the socket: nothing changes before the visitor's eyes.
        mark = escape(self._front.look.picture, quote=True)
        return _fresh(_static("chat.html").replace('data-logo=""', f'data-logo="{mark}"', 1), "text/html")

    async def _look(self, _request: Request) -> Response:
        return _fresh(self._front.look.stylesheet(), "text/css")

    async def _widget(self, _request: Request) -> Response:
        return _fresh(self._front.look.dressed(_static("widget.js")), "text/javascript")

    async def _socket(self, socket: WebSocket) -> None:
        await self._ready.wait()
        talk = self._talk
        if talk is None:
            await socket.close(RESTARTING)  # a page that comes back while the program stops
            return
        await socket.accept()
        browser = Browser(socket)
        self._browsers.add(browser)
        try:
            await talk.with_browser(browser)
        except Gone:
            pass  # what it sent is kept, and it may come back
        except _STORE_FAILS as error:
            # Nothing was acknowledged: the page connects again and sends it again under the same id.
            faults.tell(log.error, error, "the web chat can't use the store")
            await browser.close(_TRY_AGAIN_LATER)
        finally:
            self._browsers.remove(browser)

    async def _catch_up(self) -> None:
        """Show what other processes have put into the history: replicas, or the half that works."""
        with faults.told(log.warning, "the web chat can't look for news", only=_STORE_FAILS):
            if not self._browsers or self._polled is None:
                self._polled = await self._history.newest_id() if self._browsers else None
                return
            for message in await self._history.news(self._polled, self._clock()):
                self._polled = max(self._polled, message.id)
                await self._show(message)

    async def _show(self, message: WebMessage) -> None:
        await self._browsers.show(message.visitor, message_frame(message), self._clock())
        if not message.mine and self._browsers.of(message.visitor):
            with faults.told(
                log.warning, "the web chat can't look who waits for an answer", only=_STORE_FAILS
            ):
                await self._leaving.offer(message.visitor)


class _FreshFiles(StaticFiles):
    """Files that a browser asks for again after an upgrade instead of guessing how long they hold."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def _static(name: str) -> str:
    return (resources.files(__package__) / "static" / name).read_text(encoding="utf-8")


def _fresh(body: str, media_type: str) -> Response:
    return PlainTextResponse(body, media_type=media_type, headers={"Cache-Control": "no-cache"})
