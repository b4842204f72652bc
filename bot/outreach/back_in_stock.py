"""The message that a product is back: to whoever asked for it, once, as things are when it leaves.

It is no advertising: the customer asked for this one message. It waits for their daytime and for the end of a
case that is with people. It does not leave to those who have taken it back, said stop since, or blocked the shop, nor
while the product is sold out again: then the request stays open for the next time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import price_words, wording
from bot.conversation.texts import Texts
from bot.delivery.departure import Drop, Leave, Verdict, Wait
from bot.messages import Button, Card, Reply, dump_reply
from bot.outreach.planner import next_daytime
from bot.shop.customer_prices import CustomerPrices
from kernel.times import utc_now
from storage.catalogue import Catalogue, Product
from storage.customers import Accounts, Customer, Customers
from storage.escalations import Escalations
from storage.outbox import Outbox, OutboxRow
from storage.requests import Request
from storage.restock import RestockNotices

_WHILE_WITH_PEOPLE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RestockLook:
    """Decides about such a message when it leaves; a `bot.delivery.departure.LastLook`."""

    texts: Texts
    shop_time_zone: str
    clock: Callable[[], datetime] = field(default=utc_now, kw_only=True)

    async def look(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Verdict:
        """Drop what must not be sent, wait, or write it; what leaves is done by that."""
        notices = RestockNotices(connection)
        asked = await notices.of_key(row.dedupe_key)
        if asked is None or asked.state != "asked":
            return Drop("withdrawn")
        account = await Accounts(connection).find(asked.channel, asked.address)
        if account is None or account.blocked or not await notices.agreed(asked):
            await notices.settle(asked.id, "declined", now)
            return Drop("refused")
        product = await Catalogue(connection).get(asked.product_id or "")
        if product is None or not product.active or product.stock <= 0:
            return Drop("sold_out")
        if await Escalations(connection).open_of(asked.conversation_id) is not None:
            return Wait(now + _WHILE_WITH_PEOPLE)
        customer = await self._customer(connection, asked)
        day = next_daytime(now, self._zone(customer))
        if day != now:
            return Wait(day)
        await notices.settle(asked.id, "done", now)
        return Leave(
            dump_reply(
                self._written(asked, product, await _prices(connection, customer, now), self._zone(customer))
            )
        )

    async def not_sent(self, connection: AsyncConnection, row: OutboxRow) -> None:
        """It is tried again, or can't be: then nobody waits for it any more."""
        asked = await RestockNotices(connection).of_key(row.dedupe_key)
        left = await Outbox(connection).get(row.id)
        if asked is not None and asked.state == "done" and left is not None:
            state = "asked" if left.state == "ready" else "declined"
            await RestockNotices(connection).settle(asked.id, state, self.clock())

    async def _customer(self, connection: AsyncConnection, asked: Request) -> Customer | None:
        return await Customers(connection).get(asked.customer_id) if asked.customer_id else None

    def _zone(self, customer: Customer | None) -> ZoneInfo:
        return wording.zone(None if customer is None else customer.time_zone, self.shop_time_zone)

    def _written(self, asked: Request, product: Product, prices: CustomerPrices, zone: ZoneInfo) -> Reply:
        language = "en" if asked.language == "en" else "zh"
        price = price_words.in_words(
            partial(self.texts.say, language),
            prices.of(product),
            partial(wording.last_day, language=language, where=zone, now=prices.now),
        )
        back, code = (
            self.texts.say(language, "restock-back", price=price, request=asked.number),
            prices.of(product).code,
        )
        coded = self.texts.say(language, "card-code", code=code) if code else ""
        card = Card(
            product_id=product.id,
            title=product.name(language),
            text="\n".join(filter(None, (back, coded))),
            picture=product.picture,
            buttons=(
                Button(label=self.texts.say(language, "outreach-look"), action=f"product:show:{product.id}"),
            ),
        )
        return Reply(cards=(card,), language=language)


async def _prices(connection: AsyncConnection, customer: Customer | None, now: datetime) -> CustomerPrices:
    if customer is None:
        return CustomerPrices(now)
    return await CustomerPrices.load(connection, customer.id, now, personal=customer.personal_prices)
