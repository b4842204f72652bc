"""A conversation as a readable script: the customer says or presses something, the bot answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.conversation.baskets import BasketTemplate
from bot.conversation.engine import Engine
from bot.conversation.hours import ALWAYS, OpeningHours
from bot.conversation.services import Services, Shop
from bot.conversation.texts import Texts
from bot.linking.linker import Linker
from bot.messages import Button, Incoming, IncomingKind, Media, Reply, load_reply
from nlu.normalise import folded
from nlu.types import CatalogueEntry
from storage import Conflict, Store
from storage.conversations import Contact, Conversations
from storage.customers import Accounts
from storage.requests import Requests
from storage.schema import outbox
from tests.bot.conversation import shop
from tests.fakes import FakeDecisions, FakePages, InProcess, Meaning, ScriptedUnderstander, means

TEXTS = Texts.load()


@dataclass
class Chat:
    """One customer in front of the bot."""

    store: Store
    linker: Linker
    address: str = "100"
    channel: str = "telegram"
    language: str | None = "zh"
    now: datetime = shop.NOW
    understander: ScriptedUnderstander = field(default_factory=ScriptedUnderstander)
    decisions: FakeDecisions = field(default_factory=FakeDecisions)
    pages: FakePages = field(default_factory=FakePages)
    hours: OpeningHours = ALWAYS
    basket: BasketTemplate | None = None
    time_zone: str = "Asia/Shanghai"
    last: Reply | None = None
    _count: int = 0
    _seen: int = 0

    def __post_init__(self) -> None:
        self.engine = Engine(
            self.store,
            Services(
                texts=TEXTS,
                shop=Shop(
                    names={"zh": "小茶铺", "en": "Tea House"},
                    hours=self.hours,
                    time_zone=self.time_zone,
                    basket=self.basket,
                ),
                decisions=self.decisions,
                linker=self.linker,
                reader=InProcess(self.understander, self.pages),
            ),
            clock=lambda: self.now,
            switches_hold=0.0,
        )
        self.understander.set_catalogue(
            [
                CatalogueEntry(product_id="p1", names=("龙井茶", "Longjing Tea")),
                CatalogueEntry(product_id="p2", names=("陶瓷杯", "Ceramic Cup")),
                CatalogueEntry(product_id="p3", names=("竹茶盘", "Bamboo Tray")),
                CatalogueEntry(product_id="p4", names=("旧茶壶", "Old Teapot")),
            ]
        )

    async def says(self, text: str, meaning: Meaning | str | None = None) -> Reply | None:
        """The customer writes; `meaning` is what the understander makes of it."""
        if meaning is not None:
            self.understander.script[folded(text)] = means(meaning) if isinstance(meaning, str) else meaning
        return await self.does(IncomingKind.TEXT, text=text)

    async def presses(self, action: str) -> Reply | None:
        return await self.does(IncomingKind.BUTTON, payload=action, callback_ref="cb")

    async def commands(self, command: str, words: str = "") -> Reply | None:
        text = f"/{command} {words}".strip()
        return await self.does(IncomingKind.COMMAND, payload=command, text=text)

    async def sends(
        self, kind: str, *, caption: str = "", emoji: str | None = None, album: str | None = None
    ) -> Reply | None:
        media = Media(kind=kind, reference="file", emoji=emoji)
        return await self.does(IncomingKind.MEDIA, text=caption, media=media, album=album)

    async def does(self, kind: IncomingKind, **fields: object) -> Reply | None:
        """One update through the engine; the reply that left, if one did."""
        self._count += 1
        self.now += timedelta(seconds=1)
        values: dict[str, object] = {
            "channel": self.channel,
            "address": self.address,
            "update_id": f"{self.address}-{self._count}",
            "kind": kind,
            "at": self.now,
            "message_ref": str(self._count),
            "language": self.language,
            "sender_name": "somebody",
            **fields,
        }
        incoming = Incoming(**values)  # type: ignore[arg-type]
        for _ in range(3):
            work = await self.engine.handle(incoming)
            try:
                await self.store.write(work)
                break
            except Conflict:
                continue
        self.last = await self._left()
        return self.last

    async def link(self, customer_id: str = "c1") -> None:
        """Make the account this customer's."""

        async def work(connection: object) -> None:
            account = await Accounts(connection).get_or_create(  # type: ignore[arg-type]
                self.channel, self.address, now=self.now, language=self.language
            )
            await Accounts(connection).link(account.id, customer_id, "test", self.now)  # type: ignore[arg-type]

        await self.store.write(work)

    async def contact(self) -> Contact:
        async with self.store.read() as connection:
            contact = await Conversations(connection).contact(self.channel, self.address)
            assert contact is not None
            return contact

    async def _left(self) -> Reply | None:
        async with self.store.read() as connection:
            rows = (
                await connection.execute(
                    select(outbox.c.id, outbox.c.payload)
                    .where(
                        outbox.c.address == self.address,
                        outbox.c.id > self._seen,
                        outbox.c.policy == "retry",
                    )
                    .order_by(outbox.c.id)
                )
            ).all()
        if not rows:
            return None
        assert len(rows) == 1, "one update is answered by one message"
        self._seen = rows[0].id
        reply = load_reply(rows[0].payload)
        # An empty one only stops the waiting sign on a pressed button.
        return reply if reply.text or reply.cards else None


def buttons(reply: Reply | None) -> list[Button]:
    """Every button of a reply, those of its cards too."""
    assert reply is not None
    own = [button for line in reply.buttons for button in line]
    return own + [button for card in reply.cards for button in card.buttons]


def action(reply: Reply | None, beginning: str) -> str:
    """The action of the button that begins so."""
    return next(button.action for button in buttons(reply) if button.action.startswith(beginning))


def said(reply: Reply | None) -> str:
    """All that can be read in a reply."""
    assert reply is not None
    return "\n".join([reply.text, *(f"{card.title}\n{card.text}" for card in reply.cards)])


async def kept(chat: Chat) -> list[tuple[str | None, str]]:
    """Order and words of every request of the conversation, latest first."""
    conversation = (await chat.contact()).conversation
    async with chat.store.read() as connection:
        made = await Requests(connection).of_conversation(conversation.id)
    return [(item.order_number, item.details["text"]) for item in made]
