"""What is said over one socket of the web chat: hello, messages, presses, and the end of a session."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.web.browser import Browser, Browsers, Gone, SignedOut
from bot.channels.web.history import WebHistory, WebMessage
from bot.channels.web.leaving import Leaving, email_of
from bot.channels.web.visitors import Visitors, WebLimits
from bot.delivery.ports import Inbox
from bot.linking.site_tokens import SiteSession
from bot.messages import Incoming, IncomingKind, Reply, dump_reply

CHANNEL = "web"
_HELLO_COST = 10
"""A hello reads the history: it counts for so many frames."""
_FULL = 1013
_KINDS = {"message": IncomingKind.TEXT, "press": IncomingKind.BUTTON}

MAX_TEXT = 4_096
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# What neither a database nor a reader can do anything with.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebTalk:
    """Talks with browsers, each in a task of its own: `with_browser`."""

    inbox: Inbox
    history: WebHistory
    visitors: Visitors
    limits: WebLimits
    browsers: Browsers
    leaving: Leaving
    greeting: Callable[[Incoming], Reply]
    """What a visitor reads who has not written yet: nothing is kept of them until they do."""
    facts: Mapping[str, Any]
    """About the shop, for the page."""
    clock: Callable[[], datetime]

    async def with_browser(self, browser: Browser) -> None:
        """Answer frames until there are no more.

        Raises:
            Gone: the browser is gone, or was sent away.
            storage.StorageError, sqlalchemy.exc.SQLAlchemyError: the store can't be reached.
        """
        greeted = False
        while True:
            try:
                frame = await browser.receive(self.clock())
            except SignedOut:
                await self._sign_out(browser)
                continue
            if browser.session is not None and not await self._holds(browser.session):
                await self._sign_out(browser)
            if frame.get("type") == "hello":
                if greeted:
                    await browser.pace(_HELLO_COST)
                greeted = True
                await self._welcome(browser, frame)
            elif not browser.visitor:
                await browser.send(error_frame("hello_first", client_id(frame)))
            elif frame.get("type") == "email":
                await self._take_email(browser, frame)
            else:
                await self._take(browser, frame)

    async def _holds(self, session: SiteSession) -> bool:
        """Whether somebody is still who their token says: it has not ended, and they were not erased since."""
        return session.holds(self.clock()) and not await self.history.is_erased(session.customer_id)

    async def _sign_out(self, browser: Browser) -> None:
        self._leave(browser)
        await browser.send({"type": "signed_out"})

    def _leave(self, browser: Browser) -> None:
        self.browsers.leave(browser)
        browser.sign_out()

    async def _welcome(self, browser: Browser, frame: Mapping[str, Any]) -> None:
        now = self.clock()
        session = await self.visitors.session(frame, now)
        if session is not None and not await self._holds(session):
            session = None
        if session is not None:
            visitor, known = self.visitors.signed_in(session), True
        else:
            visitor, known = self.visitors.stranger(browser, frame)
        after = newest_of(frame) if visitor == frame.get("visitor") else 0
        messages = await self.history.since(visitor, after, now) if known else []
        opened = bool(messages) or (known and await self.history.has_conversation(visitor))
        # What is said between that look and this moment is shown by the channel's next look for news.
        if not self.browsers.join(browser, visitor):
            await browser.close(_FULL)
            raise Gone
        browser.session, browser.opened, browser.asked = session, opened, False
        browser.language = string(frame.get("language"), 10)
        for message in messages:
            browser.remember(message.id)
        opening = self._opening_of(browser, frame)
        if opening is not None and (wait := await self._wait(browser, opening)):
            self._leave(browser)
            await browser.refuse(error_frame("too_fast", None), wait)
            return
        await browser.send(
            {
                "type": "welcome",
                "visitor": visitor,
                **({} if session is not None else {"key": self.visitors.key(visitor)}),
                "signed_in": session is not None,
                **self.facts,
                "messages": [message_frame(message) for message in messages],
                **(self._greeting(browser) if session is None and not opened and opening is None else {}),
            }
        )
        if opening is not None:
            await self.inbox.put([opening])
            self.browsers.note_opened(visitor)
        if opened:
            await self.leaving.offer(visitor)

    def _opening_of(self, browser: Browser, frame: Mapping[str, Any]) -> Incoming | None:
        """What opens a conversation before anything is written: a link, or that a customer has opened the chat."""
        link = string(frame.get("start"), 64)
        if link is not None:
            return self._opening(browser, link)
        # A page whose chat is closed looks for news alone.
        looked_at = frame.get("open") is not False
        customer_comes = looked_at and browser.session is not None and not browser.opened
        return self._opening(browser, "") if customer_comes else None

    def _greeting(self, browser: Browser) -> Mapping[str, Any]:
        return {"greeting": dump_reply(self.greeting(self._opening(browser, "")))}

    def _opening(self, browser: Browser, link: str) -> Incoming:
        """The bot says hello first; the same opening twice is one."""
        reference = f"start-{hashlib.sha256(link.encode()).hexdigest()[:16]}" if link else "start"
        return self._incoming(browser, reference, IncomingKind.START, payload=link)

    async def _take(self, browser: Browser, frame: Mapping[str, Any]) -> None:
        reference, text = client_id(frame), words_of(frame)
        kind = _KINDS.get(str(frame.get("type")))
        action = string(frame.get("action"), 64)
        if reference is None or kind is None or text is None or (kind is IncomingKind.BUTTON and not action):
            await browser.send(error_frame("not_understood", reference))
            return
        if len(text) > MAX_TEXT:
            await browser.send(error_frame("too_long", reference))
            return
        pressed = kind is IncomingKind.BUTTON
        incoming = self._incoming(
            browser,
            reference,
            kind,
            text=text,
            payload=(action or "") if pressed else "",
            message_ref=carrier_of(frame) if pressed else reference,
        )
        wait = await self._wait(browser, incoming)
        if wait:
            await browser.refuse(error_frame("too_fast", reference), wait)
            return
        new = await self.inbox.put([incoming] if browser.opened else [self._opening(browser, ""), incoming])
        self.browsers.note_opened(browser.visitor)
        browser.took()
        await browser.send({"type": "kept", "id": reference})
        if new:
            own = own_frame(reference, text, incoming.at)
            await self.browsers.tell(browser.visitor, own, besides=browser)

    async def _take_email(self, browser: Browser, frame: Mapping[str, Any]) -> None:
        reference, email = client_id(frame), email_of(frame.get("email"))
        if email is None:
            await browser.send(error_frame("not_an_email", reference))
            return
        if wait := self.limits.count_message(browser.visitor, browser.client, email):
            await browser.refuse(error_frame("too_fast", reference), wait)
            return
        said = await self.leaving.keep(browser.visitor, email, str(frame.get("language")))
        browser.took()
        if said is None:
            await browser.send(error_frame("too_late", reference))
        else:
            await browser.send({"type": "email_kept", "id": reference, "text": said})
        await self.leaving.offer(browser.visitor)

    async def _wait(self, browser: Browser, incoming: Incoming) -> float:
        """Seconds until something may be taken; 0 when it may now. What costs least is looked at first."""
        wait = self.limits.count_message(browser.visitor, browser.client, incoming.text)
        if wait or not self.inbox.has_room(incoming):
            return wait or 1.0
        if not browser.opened and browser.session is None:
            return await self.limits.count_visitor(browser.client, incoming.at)
        return 0.0

    def _incoming(
        self,
        browser: Browser,
        reference: str,
        kind: IncomingKind,
        *,
        text: str = "",
        payload: str = "",
        message_ref: str | None = None,
    ) -> Incoming:
        now = self.clock()
        return Incoming(
            channel=CHANNEL,
            address=browser.visitor,
            update_id=f"{browser.visitor}:{reference}",
            kind=kind,
            at=now,
            text=text,
            payload=payload,
            message_ref=message_ref,
            language=browser.language,
            signed_in_as=_customer(browser.session, now),
            client=browser.client,
        )


def _customer(session: SiteSession | None, now: datetime) -> str | None:
    return session.customer_id if session is not None and session.holds(now) else None


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


def newest_of(frame: Mapping[str, Any]) -> int:
    """The newest message that the page has; 0 when it says nothing sensible."""
    after = frame.get("after")
    return after if type(after) is int and 0 <= after < 2**53 else 0


def carrier_of(frame: Mapping[str, Any]) -> str | None:
    """The message below which a button was pressed."""
    number = frame.get("message")
    return str(number) if type(number) is int and 0 < number < 2**53 else None


def message_frame(message: WebMessage) -> dict[str, Any]:
    """A message of the history."""
    return {
        "type": "message",
        "id": message.id,
        "author": message.author,
        "mine": message.mine,
        "reply": message.reply,
        "at": message.at.isoformat(),
        "ref": message.ref,
    }


def own_frame(reference: str, text: str, at: datetime) -> dict[str, Any]:
    """What the visitor has just written in another window; the history has not numbered it yet."""
    return {
        "type": "message",
        "id": None,
        "author": "customer",
        "mine": True,
        "reply": {"text": text},
        "at": at.isoformat(),
        "ref": reference,
    }


def error_frame(code: str, reference: str | None, **more: Any) -> dict[str, Any]:
    """What was not taken, and why."""
    return {"type": "error", "code": code, "id": reference, **more}
