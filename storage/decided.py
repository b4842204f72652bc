"""What was decided about prices, and what was bought after it: what policies are judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage.repository import Repository
from storage.schema import customer, order, order_line, product, shown

OFFER = "offer"
_NO_SALE = ("cancelled", "returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A price that a customer was told, the price for everybody included."""

    id: int
    customer_id: str
    product_id: str
    policy: str
    price: int
    """Minor units of the product's currency."""
    eligible: Sequence[Mapping[str, Any]]
    """`price` and `probability` of each that could have been chosen."""
    reasons: Sequence[Mapping[str, Any]]
    at: datetime
    valid_until: datetime
    list_price: int
    """Of the product now; as of then it is the highest of `eligible`."""
    cost: int | None
    currency: str
    language: str
    """Of the customer."""
    tier: str
    conversation_id: int | None
    """Where the customer asked; None of a win-back message."""

    @property
    def purchase_days(self) -> int:
        """Of the customer in the year before, as the rules counted them; 0 where none of them gave anything."""
        said = (one.get("value") for one in self.reasons if one.get("code") == "loyalty")
        return int(next(said, None) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A line of an order that lies within the validity of a decision about its customer and product."""

    decided: int
    """The decision's id."""
    order_id: str
    line: int
    placed_at: datetime
    quantity: int
    unit_price: int


class OfferLog(Repository):
    """Decisions about prices that have run out, and the purchases within them."""

    async def decided(self, now: datetime, *, since: datetime) -> list[Decided]:
        """Decisions from a moment on whose time is over, oldest first."""
        return await self._list(
            Decided,
            select(
                shown.c.id,
                shown.c.customer_id,
                shown.c.product_id,
                shown.c.policy,
                shown.c.score.label("price"),
                shown.c.eligible,
                shown.c.reasons,
                shown.c.at,
                shown.c.valid_until,
                product.c.list_price,
                product.c.cost,
                product.c.currency,
                customer.c.language,
                customer.c.tier,
                shown.c.conversation_id,
            )
            .join(product, product.c.id == shown.c.product_id)
            .join(customer, customer.c.id == shown.c.customer_id)
            .where(*_over(now, since))
            .order_by(shown.c.at, shown.c.id),
        )

    async def bought(self, now: datetime, *, since: datetime) -> list[Bought]:
        """What was bought within those decisions; a line once for each that it lies within."""
        return await self._list(
            Bought,
            select(
                shown.c.id.label("decided"),
                order.c.id.label("order_id"),
                order_line.c.line,
                order.c.placed_at,
                order_line.c.quantity,
                order_line.c.unit_price,
            )
            .join(order, order.c.customer_id == shown.c.customer_id)
            .join(
                order_line,
                (order_line.c.order_id == order.c.id) & (order_line.c.product_id == shown.c.product_id),
            )
            .join(product, product.c.id == shown.c.product_id)
            .where(*_over(now, since), order.c.placed_at.between(shown.c.at, shown.c.valid_until))
            .where(order.c.currency == product.c.currency, order.c.status.not_in(_NO_SALE))
            .order_by(order.c.placed_at, order.c.id, order_line.c.line),
        )


def _over(now: datetime, since: datetime) -> tuple[Any, ...]:
    return (
        shown.c.kind == OFFER,
        shown.c.customer_id.is_not(None),
        shown.c.eligible.is_not(None),
        shown.c.at >= since,
        shown.c.valid_until <= now,
    )
