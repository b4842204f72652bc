"""What may not be shown while a need is being met: above its sum, for others than it is for, sold out, or not stated to
be free of what somebody must not have. Whatever shows goods that were not asked for by name looks here first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.skills import fitting, needed
from bot.conversation.turn import Turn
from bot.shop.goods import goods_of
from nlu.products.goods import against
from nlu.products.needs import Need
from storage.catalogue import Catalogue, Product

PRICE, GONE, UNSTATED = "price", "gone", "unstated"
_NEVER = frozenset({"pet", "age", "whom", "allergy", "unwanted", UNSTATED})
"""Of what speaks against goods, what holds whatever else is wished for later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Some goods, and what speaks against them for the need that is being met."""

    need: Need | None
    """None: nothing is looked for, and nothing speaks against anything."""
    products: tuple[Product, ...] = ()
    """Those that may be shown."""
    against: tuple[tuple[Product, str], ...] = ()
    """The others, and why: `price`, `gone`, `unstated`, or as in `nlu.products.goods.against`."""


def _standing(turn: Turn) -> Need | None:
    """What is needed by this message and those before; None where nothing was told."""
    if turn.memory.need is None:
        return None
    need = needed.needed(turn, needed.told(turn)) if turn.text else turn.memory.need
    return need if need.limits or need.people else None


async def checked(turn: Turn, products: Sequence[Product]) -> Checked:
    """Which of some goods may be shown for what is needed."""
    need = _standing(turn)
    if need is None:
        return Checked(need=None, products=tuple(products))
    names = {one.id: one for one in await Catalogue(turn.connection).categories()}
    found = {
        one.id: _breaks(turn, need, one, against(need, goods_of(one, names.get(one.category_id or ""))))
        for one in products
    }
    return Checked(
        need=need,
        products=tuple(one for one in products if not found[one.id]),
        against=tuple((one, found[one.id]) for one in products if found[one.id]),
    )


def _breaks(turn: Turn, need: Need, product: Product, reason: str) -> str:
    """Why a product, with what speaks against it, may not be shown for a need; empty: it may."""
    if reason in _NEVER:
        return reason
    if fitting.off(turn, need, product):
        return PRICE
    return "" if product.active and product.stock > 0 else GONE
