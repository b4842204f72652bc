"""What products cost one customer now: everybody's price, or the customer's live offer where that is lower.

Every answer, list, total and message takes prices from here, so that no two of them differ. An offer has one code, is
used once, and holds for one piece; an order takes one code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.catalogue import Product
from storage.offers import Offers, StoredOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPrice:
    """What one piece of a product costs a customer at a moment, minor units of `currency`."""

    amount: int
    """What they pay."""
    everybody: int
    """What everybody pays now: the sale price while a sale lasts, else the list price."""
    list_price: int
    currency: str
    offer: StoredOffer | None = None
    """The live offer that makes it lower than for everybody."""

    @property
    def saved(self) -> int:
        """What the offer takes off one piece."""
        return self.everybody - self.amount

    @property
    def on_sale(self) -> bool:
        """Whether it costs everybody less than its list price for now."""
        return self.everybody < self.list_price

    @property
    def code(self) -> str:
        """The offer's code; empty where there is none."""
        return "" if self.offer is None else self.offer.code


@dataclass(frozen=True, slots=True)
class CustomerPrices:
    """A customer's prices at a moment; without offers those for everybody."""

    now: datetime
    offers: Mapping[str, StoredOffer] = field(default_factory=dict)
    """The live offer of each product that has one, by the product's id."""

    @classmethod
    async def load(
        cls, connection: AsyncConnection, customer_id: str | None, now: datetime, *, personal: bool
    ) -> CustomerPrices:
        """The prices of a customer, or of a stranger (None).

        Args:
            personal: the customer wants personal prices; who doesn't pays what everybody pays.
        """
        if customer_id is None or not personal:
            return cls(now)
        return cls(now).having(*await Offers(connection).live(customer_id, now))

    def having(self, *offers: StoredOffer) -> CustomerPrices:
        """The same with some live offers more; of several for a product the lowest counts."""
        best = dict(self.offers)
        for one in offers:
            known = best.get(one.product_id)
            if known is None or one.price < known.price:
                best[one.product_id] = one
        return replace(self, offers=best)

    def of(self, product: Product) -> CustomerPrice:
        """What one piece of a product costs."""
        everybody = product.price_at(self.now)
        offer = self.offers.get(product.id)
        lower = offer is not None and offer.currency == product.currency and offer.price < everybody
        return CustomerPrice(
            amount=offer.price if offer is not None and lower else everybody,
            everybody=everybody,
            list_price=product.list_price,
            currency=product.currency,
            offer=offer if lower else None,
        )
