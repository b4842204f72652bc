"""Campaigns for tests: customers, a plan, and the moment at which its messages leave."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.departure import Departure, LastLook, Started
from bot.messages import Reply
from bot.outreach.planner import Planner
from bot.shop.customer_prices import CustomerPrices
from storage import Store
from storage.campaigns import Campaign, Campaigns
from storage.catalogue import Product
from storage.conversations import Conversations
from storage.customers import Accounts, Customer
from storage.escalations import Escalations
from storage.outbox import Outbox, OutboxRow
from storage.schema import campaign_contact, outbox
from tests.factories import NOW, add_customer, add_product

TIME_ZONE = "Asia/Shanghai"
LEASE = timedelta(seconds=15)
SOON = NOW + timedelta(minutes=5)


def write(customer: Customer, product: Product, prices: CustomerPrices) -> Reply:
    """What a message says, as far as tests ask: to whom, about what, at which price, until when."""
    price = prices.of(product)
    until = f"{price.offer.valid_until:%m-%d %H:%M}" if price.offer else "-"
    return Reply(text=f"{customer.id} {product.id} {price.amount} {until}", language="zh")


async def campaign(store: Store, holdout: float = 0.1, name: str = "win-back") -> Campaign:
    return await store.write(
        lambda c: Campaigns(c).ensure(name, "win_back", holdout=holdout, settings={}, seed=7, now=NOW)
    )


async def planned(store: Store) -> list[str]:
    """Whom a message waits for or went to, in order."""
    async with store.read() as connection:
        rows = await connection.execute(
            select(outbox.c.customer_id).where(outbox.c.kind == "campaign").order_by(outbox.c.id)
        )
        return [row.customer_id for row in rows]


async def one_planned(store: Store, planner: Planner) -> int:
    """A message planned for the customer `c` about the product `p1`: its id in the outbox."""

    async def prepare(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        await add_customer(connection, "c", telegram="1", risk=0.9)

    await store.write(prepare)
    await planner.run(await campaign(store, holdout=0.0), "s1", NOW)
    async with store.read() as connection:
        return int((await connection.execute(select(outbox.c.id))).scalar_one())


async def open_case(connection: AsyncConnection, address: str) -> None:
    account = await Accounts(connection).find("telegram", address)
    assert account is not None
    await Conversations(connection).open("telegram", address, account.id, "zh", NOW)
    contact = await Conversations(connection).contact("telegram", address)
    assert contact is not None
    await Escalations(connection).add(
        contact.conversation.id,
        reason="complaint",
        priority=1,
        summary="",
        due_at=NOW + timedelta(hours=1),
        now=NOW,
    )


async def claim(store: Store, now: datetime, owner: str = "a") -> list[OutboxRow]:
    async def work(connection: AsyncConnection) -> list[OutboxRow]:
        box = Outbox(connection)
        return await box.claim(await box.ready(["telegram"], "once", owner, now, 100), owner, now + LEASE)

    return await store.write(work)


async def start(store: Store, last_look: LastLook, row: OutboxRow, now: datetime) -> Started | None:
    departure = Departure(lease=LEASE, last_looks={"campaign": last_look}, clock=lambda: now)
    return await store.write(lambda connection: departure.start(connection, row))


async def leave(store: Store, last_look: LastLook, now: datetime = SOON) -> list[str]:
    """Let what may leave at a time leave; returns what is said, in order."""
    started = [await start(store, last_look, row, now) for row in await claim(store, now)]
    return [one.row.payload["text"] for one in started if one is not None]


async def ended(store: Store) -> list[tuple[str | None, str | None]]:
    """State of the message and reason for dropping it, of every contact in order."""
    async with store.read() as connection:
        rows = await connection.execute(
            select(outbox.c.state, campaign_contact.c.dropped)
            .select_from(campaign_contact.outerjoin(outbox, outbox.c.id == campaign_contact.c.outbox_id))
            .order_by(campaign_contact.c.customer_id)
        )
        return [(row.state, row.dropped) for row in rows]
