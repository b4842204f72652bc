"""Which of a customer's orders words call without naming it: the newest, the other, the second, with the kettle."""

from __future__ import annotations

from bot.conversation.skills.order_asked import of_the_past, says
from bot.conversation.skills.order_words import words

_NEWEST = words(
    "最新|最近一|最近那|最近买|最后一单|最后一个订单|最后一笔|最后买|最后一次买|最后一次下|上一单|上一个|上一次|上次|上回|上单|刚刚|刚买|刚下|latest"
    "|新单|新订单|new order|newest|most recent|last order|last purchase|order last|ordered last|buy last|bought last"
    "|last thing|last time|last bought|just ordered|just bought|just placed"
)
_OTHER = words(
    "另一|另外一|另外那|另外的|另外两|另个|别的|其他|其它|the other|other one|other order|another|others"
)
_BEFORE = words(
    "再上一|再前一|上上|前一单|前一个|before that|before this|before it|previous one"
    "|previous order|one before|order before"
)
_CALLED_BY_GOODS = words("那单|这单|那个订单|the one with|order with")
_COUNTED_FROM_FIRST = {
    1: words("第一|头一|最早|first|earliest|oldest|1st"),
    2: words("第二|second|2nd"),
    3: words("第三|third|3rd"),
}
_A_PARCEL = words("个包裹|件包裹|parcel|package|box")
_AN_ORDER = words("单|订单|order|orders")


def of_orders(text: str) -> bool:
    """Whether words have an order in them."""
    return says(text, _AN_ORDER)


def called_by_goods(text: str) -> bool:
    """Whether words name all of an order by what is in it, and not a part of it."""
    return says(text, _CALLED_BY_GOODS)


def place(text: str, *, named: bool) -> int:
    """Which of all their orders, or of those that are `named` by what is in them, words mean, counted from the first;
    0 where they don't say."""
    if says(text, _A_PARCEL) or not (named or of_orders(text) or of_the_past(text)):
        return 0
    return next((count for count, called in _COUNTED_FROM_FIRST.items() if says(text, called)), 0)


def newest(text: str) -> bool:
    """Whether words mean what was ordered last."""
    return says(text, _NEWEST) and not the_one_before(text)


def the_one_before(text: str) -> bool:
    """Whether words mean what was ordered before that."""
    return says(text, _BEFORE)


def other(text: str) -> bool:
    """Whether words mean another than the one spoken of."""
    return says(text, _OTHER)
