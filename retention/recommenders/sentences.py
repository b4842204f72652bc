"""Reasons as English sentences, for tables that people read. (The bot has its own words, in two languages.)"""

from __future__ import annotations

from collections.abc import Mapping

from retention.types import ProductId, Reason

_SENTENCES = {
    "bought_together": "because you bought {product}",
    "viewed_together": "because you looked at {product}",
    "similar_content": "because it is like {product}",
    "similar_customers": "because {count} customers with purchases like yours bought it",
    "buy_again": "because you bought it {days} ago",
    "popular": "because many buy it at present",
    "new_product": "because it is new",
    "matches_words": "because it matches your words",
    "pinned": "because the shop puts it first",
}


def sentence(reason: Reason, names: Mapping[ProductId, str]) -> str:
    """A reason in words.

    Args:
        reason: of a recommendation.
        names: what products are called; the id stands for those without a name.
    """
    product = reason.product or ""
    days = round(reason.value or 0)
    return _SENTENCES[reason.code].format(
        product=names.get(product) or product,
        count=f"{reason.value or 0:.0f}",
        days=f"{days} day{'' if days == 1 else 's'}",
    )
