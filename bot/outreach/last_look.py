"""The last look at a campaign's message: whether it may leave now, and what it says.

What it says is decided here and not when it is planned: between the two lie a night or a queue, in which prices
change and goods sell out. So no discount is reserved for a message that waits, and an offer is as fresh as the
message that tells of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import price_rules, wording
from bot.conversation.texts import Texts
from bot.conversation.wording import zone
from bot.delivery.departure import Drop, Leave, Verdict, Wait
from bot.messages import Button, Card, Reply, dump_reply
from bot.models.decisions import Decisions
from bot.outreach.planner import CONTACT_CAP, next_daytime
from kernel.times import utc_now
from retention.types import Offer
from storage import NotFound
from storage.audience import Audience
from storage.campaigns import Campaigns
from storage.catalogue import Catalogue, Product
from storage.customers import Customer, Customers
from storage.offers import StoredOffer
from storage.outbox import OutboxRow

_TIME_TO_USE_IT = timedelta(hours=24)
"""Of an offer made before, that a message may tell of it."""


@dataclass(frozen=True, slots=True)
class LastLook:
    """Decides about a campaign's message when it leaves; a `bot.delivery.departure.LastLook`."""

    decisions: Decisions
    write: Writer
    shop_time_zone: str
    channels: Sequence[str] = field(kw_only=True)
    """Those through which customers may be written to first."""
    clock: Callable[[], datetime] = field(default=utc_now, kw_only=True)

    async def look(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Verdict:
        """Drop what must not be sent, wait for the day, or write it as things are now.

        The reason of what is dropped is recorded with the contact.
        """
        reason = await Audience(connection).objection(
            row.id, channels=self.channels, contacted_since=now - CONTACT_CAP
        )
        if reason is not None:
            return await self._drop(connection, row, reason, now)
        customer = await self._customer(connection, row)
        day = next_daytime(now, zone(customer.time_zone, self.shop_time_zone))
        if day != now:
            return Wait(day)
        product = await self._product(connection, row, now)
        if product is None:
            return await self._drop(connection, row, "nothing_to_say", now)
        return await self._written(connection, row, customer, product, now)

    async def not_sent(self, connection: AsyncConnection, row: OutboxRow) -> None:
        """Withdraw what it offered: nobody has seen the code."""
        await Campaigns(connection).withdraw_offer(row.id, self.clock())

    async def _drop(self, connection: AsyncConnection, row: OutboxRow, reason: str, now: datetime) -> Drop:
        await Campaigns(connection).drop(row.id, reason, now)
        return Drop(reason)

    async def _customer(self, connection: AsyncConnection, row: OutboxRow) -> Customer:
        customer = await Customers(connection).get(row.customer_id or "")
        if customer is None:
            raise NotFound(f"message {row.id} is to nobody")
        return customer

    async def _product(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Product | None:
        """What was planned, while it can be bought; else what suits the customer now, if anything does."""
        planned = await _on_sale(connection, await Campaigns(connection).planned_product(row.id))
        if planned is not None:
            return planned
        instead = await self.decisions.recommend(
            connection, customer_id=row.customer_id, n=1, now=now, allow_repeats=True
        )
        return await _on_sale(connection, instead[0].product) if instead else None

    async def _written(
        self, connection: AsyncConnection, row: OutboxRow, customer: Customer, product: Product, now: datetime
    ) -> Verdict:
        campaign = await Campaigns(connection).of_message(row.id)
        offer = await self.decisions.offer(
            connection,
            customer_id=customer.id,
            product_id=product.id,
            reason="win_back",
            now=now,
            campaign=campaign,
        )
        stored = made = None
        if offer.personal:
            stored = await self.decisions.reserve(
                connection, offer, reason="win_back", now=now, campaign=campaign
            )
            if stored.created_at == now:
                made = stored.id
            elif stored.valid_until - now < _TIME_TO_USE_IT:
                # It was made in a conversation, and nobody gets two prices for a product.
                return Wait(stored.valid_until)
        await Campaigns(connection).note_content(row.id, product.id, made)
        return Leave(dump_reply(self.write(customer, product, offer, stored)))


async def _on_sale(connection: AsyncConnection, product_id: str | None) -> Product | None:
    product = await Catalogue(connection).get(product_id) if product_id else None
    return product if product is not None and product.active and product.stock > 0 else None


Writer: TypeAlias = Callable[[Customer, Product, Offer, StoredOffer | None], Reply]
"""Puts a message into the customer's language; without a reserved offer the price is the one for everybody."""

# Longer names are cut: a greeting is no place for them.
_NAME = 40


class WinBackWriter:
    """Writes in the customer's language: a greeting, one product, its price, how to stop this."""

    def __init__(self, texts: Texts, shop_names: Mapping[str, str], shop_time_zone: str) -> None:
        self._texts = texts
        self._shop_names = shop_names
        self._shop_time_zone = shop_time_zone

    def __call__(
        self, customer: Customer, product: Product, offer: Offer, stored: StoredOffer | None
    ) -> Reply:
        language = "zh" if customer.language.startswith("zh") else "en"
        hello = self._texts.say(
            language,
            "outreach-hello",
            name=customer.name[:_NAME],
            shop=self._shop_names.get(language, ""),
        )
        # One card and nothing else: a campaign's message is one message on every wire.
        card = Card(
            product_id=product.id,
            title=product.name(language),
            text=f"{hello}\n{self._price(language, customer, product, offer, stored)}",
            picture=product.picture,
            buttons=(
                Button(label=self._texts.say(language, "outreach-look"), action=f"product:show:{product.id}"),
                Button(label=self._texts.say(language, "outreach-stop"), action="news:off"),
            ),
        )
        return Reply(cards=(card,), language=language)

    def _price(
        self, language: str, customer: Customer, product: Product, offer: Offer, stored: StoredOffer | None
    ) -> str:
        everybodys = wording.money(offer.list_price.minor, offer.list_price.currency)
        if stored is None:
            was = wording.money(product.list_price, product.currency)
            on_sale = offer.list_price.minor < product.list_price
            return (
                self._texts.say(language, "price-on-sale", price=everybodys, was=was)
                if on_sale
                else everybodys
            )
        where = wording.zone(customer.time_zone, self._shop_time_zone)
        price = self._texts.say(
            language,
            "outreach-price",
            price=wording.money(stored.price, stored.currency),
            list=everybodys,
            code=stored.code,
            until=wording.moment(stored.valid_until, language, where),
        )
        basis = price_rules.basis(partial(self._texts.say, language), stored.reasons)
        return f"{price}\n{self._texts.say(language, 'offer-disclosure', basis=basis)}"
