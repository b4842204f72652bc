"""What may not be shown while a need is being met: above its sum, for others than it is for, sold out, or not stated to
be free of what somebody must not have. Whatever shows goods that were not asked for by name looks here first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.skills import fitting, needed, qualities
from bot.conversation.turn import Turn
from bot.shop.goods import goods_of
from nlu.products import measures
from nlu.products.against import against
from nlu.products.needs import Need
from storage.catalogue import Catalogue, Product

PRICE, GONE, UNSTATED = "price", "gone", "unstated"
_NEVER = frozenset({"pet", "age", "whom", "allergy", "unwanted", "owned", UNSTATED})
"""Of what speaks against goods, what holds of those, too, that are asked for by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Some goods, and what speaks against them for the need that is being met."""

    need: Need | None
    """None: nothing is looked for, and nothing speaks against anything."""
    products: tuple[Product, ...] = ()
    """Those that may be shown."""
    against: tuple[tuple[Product, str], ...] = ()
    """The others, and why: `price`, `gone`, `unstated`, or as in `nlu.products.goods.against`."""


def _standing(turn: Turn, *, named: bool) -> Need | None:
    """What is needed by this message and those before; None where nothing was told."""
    need = turn.memory.need
    if turn.text and qualities.in_question(turn.text):
        # What is asked limits nothing; what somebody must not have holds all the same.
        need = needed.kept(turn, of_goods=True)
    elif turn.text and (need is not None or not named):
        need = needed.needed(turn, needed.told(turn))
    return need if need is not None and (need.limits or need.people) else None


async def checked(turn: Turn, products: Sequence[Product], *, named: bool = False) -> Checked:
    """Which of some goods may be shown for what is needed.

    Args:
        turn: of the message.
        products: in the order in which they would be shown.
        named: the customer asks for these: of what they only wish for otherwise, nothing speaks against them.
    """
    need = _standing(turn, named=named)
    if need is None:
        return Checked(need=None, products=tuple(products))
    names = {one.id: one for one in await Catalogue(turn.connection).categories()}
    goods = {one.id: goods_of(one, names.get(one.category_id or "")) for one in products}
    found = {one.id: _breaks(turn, need, one, against(need, goods[one.id]), named=named) for one in products}
    may = {one.id: goods[one.id].facts for one in products if not found[one.id]}
    nearest = may.keys() if named else measures.nearest(need.said, may)
    found |= {one: "stated" for one in may if one not in nearest}
    return Checked(
        need=need,
        products=tuple(one for one in products if not found[one.id]),
        against=tuple((one, found[one.id]) for one in products if found[one.id]),
    )


def _breaks(turn: Turn, need: Need, product: Product, reason: str, *, named: bool) -> str:
    """Why a product, with what speaks against it, may not be shown for a need; empty: it may."""
    if reason in _NEVER or (reason and not named):
        return reason
    if fitting.off(turn, need, product):
        return PRICE
    waits = need.waits and product.restock_at is not None
    return "" if product.active and (product.stock > 0 or waits) else GONE
