"""What a logged policy brought: decisions and purchases out of the store, over both stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.judging import Judgement, judged, step_history
from storage import Store
from storage.conversations import Conversations
from storage.customers import Accounts
from storage.offers import Impression, Offers
from storage.orders import Order, OrderLine, Orders
from tests.factories import NOW, add_customer, add_product

PRICE, LIST = 9_000, 10_000
HELD = timedelta(days=3)
BOTH = ((LIST, 0.5), (PRICE, 0.5))


def told(
    price: int = PRICE,
    chances: Sequence[tuple[int, float]] = ((LIST, 0.0), (PRICE, 1.0)),
    *,
    policy: str = "rules/1",
    reason: str = "loyalty",
    until: datetime,
) -> Impression:
    return Impression(
        kind="offer",
        product_id="p1",
        position=0,
        policy=policy,
        probability=1.0,
        score=float(price),
        reasons=[{"code": reason}],
        eligible=[{"price": one, "probability": chance} for one, chance in chances],
        valid_until=until,
    )


async def tell(
    connection: AsyncConnection,
    at: datetime,
    customer_id: str = "c1",
    *,
    held: timedelta = HELD,
    asked: bool = True,
    **what: Any,
) -> None:
    contact = await Conversations(connection).contact("web", "v") if asked else None
    await Offers(connection).record_shown(
        [told(until=at + held, **what)],
        customer_id=customer_id,
        account_id=None,
        conversation_id=None if contact is None else contact.conversation.id,
        now=at,
    )


async def buy(
    connection: AsyncConnection, at: datetime, price: int = PRICE, *, who: str = "c1", status: str = "paid"
) -> None:
    number = f"{who}-{at.timestamp()}-{status}"
    await Orders(connection).put_many(
        [
            Order(
                id=number,
                number=number,
                customer_id=who,
                status=status,
                placed_at=at,
                total=2 * price,
                currency="CNY",
                ship_to={},
                updated_at=at,
                lines=(OrderLine(product_id="p1", quantity=2, unit_price=price),),
            )
        ]
    )


async def shop(connection: AsyncConnection) -> None:
    await add_product(connection, "p1", list_price=LIST, cost=5_000)
    await add_customer(connection, "c1")
    await add_customer(connection, "c2", language="en")
    account = await Accounts(connection).get_or_create("web", "v", now=NOW, language="zh")
    await Conversations(connection).open("web", "v", account.id, "zh", NOW)


async def ask(store: Store, now: datetime = NOW) -> Judgement:
    async with store.read() as connection:
        return await judged(connection, now)


async def test_a_purchase_while_the_price_held_is_its_outcome(any_store: Store) -> None:
    day = NOW - timedelta(days=20)

    async def fill(connection: AsyncConnection) -> None:
        await shop(connection)
        await tell(connection, day)
        await tell(connection, day, "c2")
        await buy(connection, day + timedelta(days=1))
        # Neither after its end nor taken back.
        await buy(connection, day + timedelta(days=4))
        await buy(connection, day + timedelta(hours=2), who="c2", status="cancelled")
        # And this one holds still.
        await tell(connection, NOW - timedelta(days=1), "c2")

    await any_store.write(fill)
    found = await ask(any_store)
    (one,) = found.policies
    assert (one.policy, one.decisions, one.customers, one.bought) == ("rules/1", 2, 2, 0.5)
    assert one.value.mean == pytest.approx(2 * (PRICE - 5_000) / 2)
    assert one.discount == 1_000
    # Nobody could have got the list price, so nothing is known of it.
    assert one.list_price is None
    assert [(group.group, group.mean) for group in found.by_language] == [("en", 1_000), ("zh", 1_000)]


async def test_a_price_told_again_is_one_decision_and_a_purchase_counts_once(any_store: Store) -> None:
    day = NOW - timedelta(days=20)

    async def fill(connection: AsyncConnection) -> None:
        await shop(connection)
        await tell(connection, day)
        await tell(connection, day + timedelta(hours=3))
        await tell(connection, day + timedelta(days=2), reason="existing_offer", held=timedelta(days=1))
        await tell(connection, day + timedelta(days=2, hours=1), price=LIST, chances=((LIST, 1.0),))
        await buy(connection, day + timedelta(days=2, hours=5), LIST)
        # When this was bought, only what was told again that day still held.
        await tell(connection, day + timedelta(days=9), held=timedelta(hours=1))
        await tell(connection, day + timedelta(days=9, hours=2), held=timedelta(hours=1))
        await buy(connection, day + timedelta(days=9, hours=2, minutes=9))
        # Neither what the law refused nor what re-buyers get on top is a step of a tier.
        await tell(
            connection,
            day + timedelta(days=11),
            "c2",
            reason="complaint_open",
            price=LIST,
            chances=((LIST, 1.0),),
        )
        await tell(connection, day + timedelta(days=13), "c2", reason="bought_before")
        # A message of a win-back goes to other people than those who ask.
        await tell(connection, day + timedelta(days=12), "c2", asked=False)

    await any_store.write(fill)
    (one,) = (await ask(any_store)).policies
    async with any_store.read() as connection:
        history = await step_history(
            connection,
            NOW,
            steps=(0, 300, 1_200),
            tiers=2,
            tier_of=lambda decided: int(decided.language == "zh"),
        )
    assert history.shown.tolist() == [[0, 0, 0], [1, 2, 0]]
    assert history.bought.tolist() == [[0, 0, 0], [1, 1, 0]]
    assert one.decisions == 6
    assert one.value.mean == pytest.approx(2 * (LIST - 5_000 + PRICE - 5_000) / 6)


async def test_what_the_list_price_would_have_brought_is_told_by_a_log_of_chances(any_store: Store) -> None:
    """Each day everybody gets the one price or the other; nobody minds which, so the discount is lost."""
    draw = np.random.default_rng(5)

    async def fill(connection: AsyncConnection) -> None:
        await shop(connection)
        for number in range(160):
            at = NOW - timedelta(days=200 - number)
            price = LIST if draw.random() < 0.5 else PRICE
            for who in ("c1", "c2"):
                await tell(
                    connection,
                    at,
                    who,
                    price=price,
                    chances=BOTH,
                    policy="thompson/1",
                    held=timedelta(hours=20),
                )
                if draw.random() < 0.5:
                    await buy(connection, at + timedelta(hours=1), price, who=who)

    await any_store.write(fill)
    (one,) = (await ask(any_store)).policies
    assert one.list_price is not None
    assert one.list_price.mean > one.value.mean
    assert one.list_price.low < 5_000 < one.list_price.high
    assert one.list_price.effective == pytest.approx(160, rel=0.2)
    assert one.verdict is not None


async def test_products_without_a_cost_are_left_out_and_counted(any_store: Store) -> None:
    async def fill(connection: AsyncConnection) -> None:
        await shop(connection)
        await connection.exec_driver_sql("UPDATE product SET cost = NULL")
        await tell(connection, NOW - timedelta(days=20))

    await any_store.write(fill)
    assert (await ask(any_store)).policies == ()
    async with any_store.read() as connection:
        (one,) = (await judged(connection, NOW, margin=0.4)).policies
    assert (one.decisions, one.unknown_costs) == (1, 0)
