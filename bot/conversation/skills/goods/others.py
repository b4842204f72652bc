"""Other goods of the same kind, or other versions, that are cheaper, smaller or quieter than the one spoken of."""

from __future__ import annotations

from bot.conversation.skills import product_words, variants
from bot.conversation.skills.goods import comparing
from bot.conversation.skills.qualities import Wanted
from bot.conversation.turn import Turn
from storage.catalogue import Catalogue, Product

_LOOKED_AT = 40
_KIND = 2
"""Characters at the end of a Chinese name that say what a thing is."""


async def found(turn: Turn, product: Product, wanted: Wanted, limit: int) -> list[Product]:
    """What is in stock and has more, or less, of a quality, the nearest first; () where the shop doesn't state it."""
    own = comparing.measured(turn, product, wanted.quality)
    if own.rank is None:
        return []
    akin = (*await variants.in_order(turn, product), *await _of_its_kind(turn, product))
    candidates = {one.id: one for one in akin if one.stock > 0}
    by_id = [candidates[one] for one in sorted(candidates)]
    return comparing.beyond(turn, by_id, wanted, own)[:limit]


async def _of_its_kind(turn: Turn, product: Product) -> list[Product]:
    """Goods of the same category whose name ends alike: other kettles for a kettle."""
    words, end = _kind(product)
    found_ = await Catalogue(turn.connection).search([*words[-1:], end], now=turn.now, limit=_LOOKED_AT)
    return [
        one
        for one in found_
        if one.category_id == product.category_id
        and (_kind(one)[0][-1:] == words[-1:] or _kind(one)[1] == end)
    ]


def _kind(product: Product) -> tuple[list[str], str]:
    """The Latin words of a name, and the end of the Chinese one."""
    return product_words.latin(variants.title(product, "en").lower()), variants.title(product, "zh")[-_KIND:]
