"""What the store holds, as the values that retention decides by, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from retention.types import LiveOffer, LiveStep, Money, Offer, ProductState, Recommendation
from storage.budgets import Held
from storage.offers import Impression, TierOffer
from storage.prices import price_at
from storage.schema import product

STATE = select(
    product.c.id,
    product.c.code,
    product.c.list_price,
    product.c.sale_price,
    product.c.sale_from,
    product.c.sale_until,
    product.c.group_id,
    product.c.cost,
    product.c.currency,
    product.c.stock,
    product.c.category_id,
    product.c.active,
    product.c.created_at,
)

STATE_OF = STATE.where(product.c.id == bindparam("product"))


def held_offer(item: Held) -> LiveOffer:
    return LiveOffer(
        product=item.product_id,
        price=Money(item.price, item.currency),
        code=item.code,
        valid_until=item.valid_until,
    )


def live_step(item: TierOffer) -> LiveStep:
    return LiveStep(
        tier=item.tier,
        price=Money(item.price, item.currency),
        list_price=Money(item.list_price, item.currency),
        valid_until=item.valid_until,
    )


def product_state(row: Any, margin: float | None, now: datetime) -> ProductState:
    known = row.cost is not None or margin is not None
    cost = row.cost if row.cost is not None else round(row.list_price * (1 - (margin or 0.0)))
    return ProductState(
        product=row.id,
        list_price=Money(price_at(row, now), row.currency),
        cost=Money(cost, row.currency),
        cost_known=known,
        stock=row.stock,
        category=row.category_id or "",
        group=row.group_id or "",
        active=row.active,
        created_at=row.created_at,
    )


def impression(shown: Recommendation | Offer) -> Impression:
    return Impression(
        kind="offer" if isinstance(shown, Offer) else "recommendation",
        product_id=shown.product,
        position=0 if isinstance(shown, Offer) else shown.position,
        policy=shown.policy,
        probability=shown.probability,
        score=float(shown.price.minor) if isinstance(shown, Offer) else shown.score,
        reasons=[asdict(reason) for reason in shown.reasons],
        eligible=_eligible(shown) if isinstance(shown, Offer) else None,
        valid_until=shown.valid_until if isinstance(shown, Offer) else None,
    )


def _eligible(offer: Offer) -> list[dict[str, Any]]:
    """What could have been chosen: the price for everybody always, without a chance where there was no choice."""
    chances = {offer.list_price.minor: 0.0}
    for price, chance in [(one.price, one.probability) for one in offer.eligible] or [(offer.price, 1.0)]:
        chances[price.minor] = chances.get(price.minor, 0.0) + chance
    return [{"price": price, "probability": chance} for price, chance in chances.items()]
