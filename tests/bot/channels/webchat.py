"""A running web chat for tests: real server, inbox, dispatcher, sender and store, with a clerk for the engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import jwt
from sqlalchemy.ext.asyncio import AsyncConnection
from websockets.asyncio.client import ClientConnection, connect

from bot.channels.web.channel import WebChannel
from bot.channels.web.shopfront import Shopfront
from bot.conversation.texts import Texts
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.inbox import DurableInbox
from bot.delivery.ports import Work
from bot.delivery.sender import Sender
from bot.http.clients import Clients
from bot.http.server import WebServer, build_site
from bot.linking.linker import Linker
from bot.messages import Button, Card, Incoming, IncomingKind, Reply, dump_reply
from storage import Store
from storage.conversations import Conversations, NewMessage
from storage.customers import Accounts
from storage.outbox import Outbox

SECRET = "s" * 32
PATIENCE = 10.0
CLIENTS = Clients(b"c" * 32, [ip_network("127.0.0.1")])
"""Who comes from 127.0.0.1 comes through a proxy that says nothing of them; 127.0.0.2 is a client's own."""


class Clerk:
    """Keeps what arrives as the engine does, and answers with its words, a card and a button."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.seen: list[Incoming] = []
        self.silent = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def handle(self, incoming: Incoming) -> Work:
        self.seen.append(incoming)
        await self.may_answer.wait()

        async def work(connection: AsyncConnection) -> None:
            now = datetime.now(UTC)
            conversations = Conversations(connection)
            account = await Accounts(connection).get_or_create(incoming.channel, incoming.address, now=now)
            await conversations.open(incoming.channel, incoming.address, account.id, "en", now)
            contact = await conversations.contact(incoming.channel, incoming.address)
            assert contact is not None
            here = contact.conversation.id
            pressed = incoming.kind is IncomingKind.BUTTON
            await conversations.append(
                NewMessage(
                    conversation_id=here,
                    direction="in",
                    author="customer",
                    kind=incoming.kind.value,
                    text=incoming.text,
                    payload={"update": incoming.update_id} if pressed else {},
                    channel_ref=None if pressed else incoming.message_ref,
                    at=now,
                )
            )
            if not self.silent:
                await say(connection, here, self._answer(incoming), now)

        return work

    def _answer(self, incoming: Incoming) -> Reply:
        if incoming.kind is IncomingKind.START:
            return Reply(text=f"welcome {incoming.payload}".strip(), language="en")
        if incoming.kind is IncomingKind.BUTTON:
            return Reply(text=f"pressed {incoming.payload}", language="en")
        return Reply(
            text=f"you said {incoming.text}",
            buttons=((Button(label="More", action="more:1"), Button(label="Shop", url="https://e.org/")),),
            cards=(Card(product_id="p1", title="Tea <b>cup</b>", text="¥12.00", picture="p/1.jpg"),),
            language="en",
        )


async def say(
    connection: AsyncConnection, conversation_id: int, reply: Reply, now: datetime, author: str = "bot"
) -> int:
    """Put a message into the history and the outbox."""
    conversation = await Conversations(connection).get(conversation_id)
    message_id = await Conversations(connection).append(
        NewMessage(
            conversation_id=conversation_id,
            direction="out",
            author=author,
            kind="reply",
            text=reply.text,
            payload=dump_reply(reply),
            at=now,
        )
    )
    await Outbox(connection).put(
        channel=conversation.channel,
        address=conversation.address,
        kind="reply",
        policy="retry",
        reply=dump_reply(reply),
        now=now,
        message_id=message_id,
        author=author,
    )
    return message_id


@dataclass
class Replica:
    """One process's worth of web chat."""

    channel: WebChannel
    clerk: Clerk
    inbox: DurableInbox
    sender: Sender
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def browser(self, host: str = "127.0.0.1") -> AsyncIterator[Page]:
        """A page; `host` is the address it comes from."""
        address = f"ws://127.0.0.1:{self.port}/chat/ws"
        async with connect(address, max_size=2**20, proxy=None, local_addr=(host, 0)) as opened:
            yield Page(opened)


@dataclass
class Page:
    """What a browser's page knows."""

    socket: ClientConnection
    visitor: str | None = None
    key: str | None = None
    newest: int = 0
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def hello(self, **facts: Any) -> dict[str, Any]:
        await self.send({"type": "hello", "language": "en", **facts})
        welcome = await self.until("welcome")
        self.visitor, self.key = welcome["visitor"], welcome.get("key")
        return welcome

    async def send(self, frame: object) -> None:
        await self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def say(self, text: str, client_id: str = "m1") -> None:
        await self.send({"type": "message", "id": client_id, "text": text})

    async def until(self, kind: str, **having: Any) -> dict[str, Any]:
        """The next frame of a kind with these values; those before it are kept in `frames`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.recv())
                self.frames.append(frame)
                if frame["type"] == kind and all(frame.get(key) == value for key, value in having.items()):
                    return frame

    async def until_told(self, text: str) -> dict[str, Any]:
        """The next message with this text."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.until("message")
                if frame["reply"].get("text") == text:
                    return frame

    async def is_closed(self) -> int:
        """Wait for the server to close; its code."""
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()
        return self.socket.close_code or 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def token(customer: str, secret: str = SECRET, seconds: float = 60, now: datetime | None = None) -> str:
    """What a shop's site signs for its visitor."""
    made = (now or datetime.now(UTC)).timestamp()
    return jwt.encode({"sub": customer, "exp": made + seconds}, secret, algorithm="HS256")


def hello_to(_opening: Incoming) -> Reply:
    """What a stranger is greeted with; the clerk says the same once they have written."""
    return Reply(text="welcome", language="en")


TEXTS = Texts.load()
FRONT = Shopfront(
    names={"zh": "小店", "en": "Shop"},
    bot_names={"zh": "小留", "en": "Liuke"},
    questions={"en": ["Anything new?"]},
)


@asynccontextmanager
async def replica(
    store: Store,
    *,
    name: str = "one",
    sends: bool = True,
    front: Shopfront = FRONT,
    secret: str = SECRET,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[Replica]:
    linker = Linker(b"k" * 32, secret)
    channel = WebChannel(
        b"w" * 32,
        store,
        linker.customer_of_token,
        greeting=hello_to,
        front=front,
        texts=TEXTS,
        clock=clock,
    )
    clerk = Clerk(store)
    sender = Sender(store, [channel], owner=name)
    dispatcher = Dispatcher(store, clerk.handle, owner=name, channels=[channel], wake_sender=sender.wake)
    inbox = DurableInbox(store, dispatcher)

    async def no_picture(_name: str) -> Path | None:
        return None

    site, _ = build_site(fast=[], routes=channel.routes(), find_picture=no_picture)
    port = free_port()
    server = WebServer(site, "127.0.0.1", port, CLIENTS)
    work = [asyncio.create_task(dispatcher.run()), asyncio.create_task(channel.run(inbox))]
    if sends:
        work.append(asyncio.create_task(sender.run()))
    await server.start()
    try:
        yield Replica(channel, clerk, inbox, sender, port)
    finally:
        work[1].cancel()
        await dispatcher.stop()
        await sender.stop()
        for task in work:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*work, return_exceptions=True)
        await server.stop()
