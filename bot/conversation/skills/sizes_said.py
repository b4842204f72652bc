"""Which of a product's sizes is said by "the large one", or by "one size up" from the one spoken of."""

from __future__ import annotations

from bot.conversation.skills import product_words
from bot.shop import options

_LARGE = ("large", "big", *(f"大{kind}" for kind in "号包的瓶罐盒份袋杯壶个只"))
_SMALL = ("small", "little", *(f"小{kind}" for kind in "号包的瓶罐盒份袋杯壶个只"))
_LARGER = ("larger", "bigger", "大一号", "大一点", "大点")
_SMALLER = ("smaller", "小一号", "小一点", "小点")
_SIZE_UP = (
    "size up",
    "size larger",
    "size bigger",
    "next size up",
    "larger size",
    "bigger size",
    "大一号",
    "大一码",
    "大1号",
)
_SIZE_DOWN = ("size down", "size smaller", "next size down", "smaller size", "小一号", "小一码", "小1号")
WORDS = (*_LARGE, *_LARGER, *_SMALL, *_SMALLER)
"""Words that say a size."""

Value = tuple[str, ...]
"""An option's value in every language that it is known in."""


def extreme(said: str, values: set[Value]) -> Value | None:
    """The least or most of values that are amounts of one unit, where a message says no more than small or large, or of
    two smaller or larger."""
    of_two = len(values) == 2
    large = product_words.says(said, (*_LARGE, *_LARGER) if of_two else _LARGE)
    small = product_words.says(said, (*_SMALL, *_SMALLER) if of_two else _SMALL)
    if large == small:
        return None
    amounts = {value: next(options.amounts(value[0]), ("", ""))[1] for value in values}
    if not all(amounts.values()) or len({one.lstrip("0123456789.") for one in amounts.values()}) != 1:
        return None
    ranked = options.in_order(amounts.values())
    return next((value for value in values if amounts[value] == ranked[-1 if large else 0]), None)


def next_to(said: str, values: set[Value], base: Value) -> Value | None:
    """The value next above or below that of the product spoken of, where a message says one size larger or smaller."""
    larger, smaller = (product_words.says(said, words) for words in (_SIZE_UP, _SIZE_DOWN))
    sizes = {value[0]: value for value in values if value}
    ranked = options.in_order(sizes)
    known = all(options.size(one) is not None for one in ranked) or all(
        map(any, map(options.amounts, ranked))
    )
    if larger == smaller or not base or base not in values or not known:
        return None
    place = ranked.index(base[0]) + (1 if larger else -1)
    return sizes[ranked[place]] if 0 <= place < len(ranked) else None
