"""A shop that is open in this process, with a clock that stands: what the benchmarks of conversations play on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.api.taking import Intake
from bot.app import look_at_products
from bot.conversation.engine import Engine
from bot.conversation.services import Services, Shop
from bot.conversation.texts import Texts
from bot.linking.linker import Linker
from bot.messages import Incoming, IncomingKind, Reply, load_reply
from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.models.understanding import ServedUnderstanding
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord, ProductRecord
from bot.shop.rules import Steering
from nlu.products.needs import Need
from nlu.serving.client import ReadingProcess, command
from storage import Conflict, Store
from storage.customers import Accounts
from storage.requests import WITHDRAWN, Request, Requests
from storage.schema import conversation, outbox, product, request

RECORDS: Mapping[str, Any] = {
    "customers": TypeAdapter(list[CustomerRecord]),
    "products": TypeAdapter(list[ProductRecord]),
    "orders": TypeAdapter(list[OrderRecord]),
}
"""What a shop tells, in the order in which it can be taken in."""
_PAUSE = timedelta(seconds=20)
_TRIES, _TRIED_EVERY = 240, 0.5


@dataclass(slots=True)
class Stage:
    """A shop that is open, and a clock that stands at its moment."""

    store: Store
    engine: Engine
    now: datetime
    opened_at: datetime
    count: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)
    """By conversation: what the buttons of the last answer do, by their labels."""

    async def enter(self, customer: str, language: str) -> str:
        """The address of a new conversation, by a customer of the shop or, without an id, by a visitor."""
        self.count += 1
        address = f"talk-{self.count}"
        if customer:
            await self.store.write(lambda connection: self._link(connection, address, customer, language))
        return address

    async def _link(self, connection: AsyncConnection, address: str, customer: str, language: str) -> None:
        accounts = Accounts(connection)
        account = await accounts.get_or_create("telegram", address, now=self.now, language=language)
        await accounts.link(account.id, customer, "test", self.now)

    async def say(self, address: str, text: str, update: str, language: str, *, press: bool = False) -> str:
        """What the bot answers, with cards and the labels of buttons below its text.

        Args:
            address: of the conversation.
            text: what is written.
            update: its id, another each time.
            language: the channel's, of the customer.
            press: the text is the label of a button of the last answer, and the button is pressed instead.
        """
        self.now += _PAUSE
        action = self.buttons.get(address, {}).get(text, "") if press else ""
        incoming = Incoming(
            channel="telegram", address=address, update_id=update, at=self.now, message_ref=update,
            language=language, sender_name="somebody", text="" if action else text, payload=action,
            kind=IncomingKind.BUTTON if action else IncomingKind.TEXT, callback_ref=update if action else None,
        )  # fmt: skip
        for _ in range(3):
            work = await self.engine.handle(incoming)
            try:
                await self.store.write(work)
                break
            except Conflict:
                continue
        async with self.store.read() as connection:
            statement = select(outbox.c.id, outbox.c.payload).where(outbox.c.address == address)
            rows = (await connection.execute(statement.order_by(outbox.c.id))).all()
        new = [load_reply(row.payload) for row in rows[self.seen.get(address, 0) :]]
        self.seen[address] = len(rows)
        shown = [button for reply in new for line in reply.buttons for button in line]
        self.buttons[address] = {button.label: button.action for button in shown if button.action}
        return "\n".join(_read(reply) for reply in new)

    async def filed(self, address: str) -> tuple[Request, ...]:
        """What was asked of the shop in a conversation and not taken back."""
        async with self.store.read() as connection:
            found = await connection.scalar(
                select(conversation.c.id).where(conversation.c.address == address)
            )
            made = await Requests(connection).of_conversation(int(found or 0))
        return tuple(one for one in made if one.note != WITHDRAWN)

    async def clear(self) -> None:
        """Forget all that was asked of the shop, so that nobody after hears of it."""
        await self.store.write(lambda connection: connection.execute(delete(request)))


async def _searched_by_tokens(store: Store, reader: ServedUnderstanding) -> None:
    """Wait until goods are found by what is written of them, too, as in any shop that has been open for a minute."""
    async with store.read() as connection:
        names = await connection.scalars(select(product.c.name_en + product.c.name_zh).limit(1))
    for name in names:
        need = Need(words=(name,), said=name)
        for _ in range(_TRIES):
            if any(one.near for one in await reader.search_goods(need, "en", 1) or ()):
                return
            await asyncio.sleep(_TRIED_EVERY)
        raise TimeoutError("goods can't be searched by tokens")


def _read(reply: Reply) -> str:
    cards = [f"  * {card.title} | {card.text}" for card in reply.cards]
    buttons = [f"  [{button.label}]" for line in reply.buttons for button in line]
    return "\n".join([reply.text, *cards, *buttons]).strip()


async def take_in(
    store: Store, now: datetime, defaults: Defaults, told: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """What a shop tells through its API: customers, products, orders."""
    intake = Intake(store, lambda: now, defaults)
    for kind, records in RECORDS.items():
        if told.get(kind):
            await getattr(intake, kind)(records.validate_python(told[kind]))


@asynccontextmanager
async def opened(
    home: Path,
    pages: Path,
    shop: Shop,
    now: datetime,
    fill: Callable[[Store], Awaitable[None]],
    model: Path | None = None,
) -> AsyncIterator[Stage]:
    """Open the shop of a folder whose database is there already, filled up.

    Args:
        home: the folder.
        pages: the folder of what the shop has written.
        shop: its names and time zone.
        now: the moment at which its clock stands.
        fill: takes in what is not in its database yet.
        model: the folder of the model that reads; None for the shipped one.
    """
    store = Store.open(f"sqlite:///{home / 'liuke.db'}")
    reading = await ReadingProcess.start(command(home / "cache", model), pages)
    understanding = ServedUnderstanding(store, home, pages, reading)
    try:
        await fill(store)
        await look_at_products(store, understanding)
        await _searched_by_tokens(store, understanding)
        served = ServedRetention(store, home)
        await served.refresh()
        services = Services(
            texts=Texts.load(),
            shop=shop,
            decisions=Decisions(served, steering=Steering(home), seed=7, margin=None),
            linker=await Linker.open(store, "talk"),
            reader=understanding,
        )
        standing = Stage(store=store, engine=Engine(store, services), now=now, opened_at=now)
        standing.engine._clock = lambda: standing.now
        yield standing
    finally:
        await understanding.close()
        await store.close()
