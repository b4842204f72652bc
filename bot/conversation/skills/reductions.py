"""What is reduced by rule, for whom, and what is reduced now: told where somebody asks for a discount, before it is
bargained."""

from __future__ import annotations

import re

from bot.conversation.phrases import word_test
from bot.conversation.skills import bargain_words, pages, variants, which_product
from bot.conversation.turn import Turn
from nlu.types import Passage
from storage.catalogue import Product

TOLD = "rule"
"""In what was answered to bargaining."""
_large = word_test("批量 团购 批发 大量", "bulk wholesale large_order* large_quantit* pieces quantit*")
_share_kept = re.compile(r"\d\s?折").search
_share = re.compile(r"\d\s?[%％]").search
_less = re.compile(r"\boff\b|discount|reduc|cheaper|折扣|优惠|减", re.IGNORECASE).search
_from_many = re.compile(
    r"\bfrom \d|\b\d{1,6} or more\b|(?<!\d)\d{1,6}\s?[个件份盒套双只条]?(?:起|以上)|满\s?\d{1,6}\s?[个件份盒套双只条]",
    re.IGNORECASE,
).search
_for_somebody = word_test(
    "公司 企业 单位 行业 团购 批量", "trade firm* company business* compan* tradespeople bulk"
)


def _reduces(text: str) -> bool:
    """Whether an entry states by how much something is reduced."""
    return bool(_share_kept(text) or (_share(text) and _less(text)))


async def told(turn: Turn, product: Product) -> list[str]:
    """What the pages state of a reduction that a message asks of, and versions of the product that cost less for now,
    once."""
    ruled = await _ruled(turn)
    return ruled if TOLD in turn.memory.bargain else [*ruled, *await _reduced(turn, product)]


async def for_many(turn: Turn) -> list[str]:
    """What the pages state of many pieces at once."""
    ruled = await _ruled(turn)
    said = "" if ruled else await pages.that_says(turn, turn.say("page-ask-bulk"), _of_many)
    return [*ruled, *([said] if said else [])]


async def _ruled(turn: Turn) -> list[str]:
    """What the pages state of a reduction that a message asks of, such as for firms or for many."""
    asks = (
        bargain_words.of_offers(turn.text) or bargain_words.of_a_group(turn.text) or _for_somebody(turn.text)
    )
    if not asks:
        return []
    found = [one for one in await pages.may_be_about(turn, pages.NEAR) if _reduces(_whole(one))]
    return [pages.passage_text(turn, found[0])] if found else []


async def _reduced(turn: Turn, product: Product) -> list[str]:
    """Other versions of a product that cost less for now, told once."""
    own = turn.prices.of(product).amount
    lines = [
        turn.say(
            "reduced-line",
            name=one.name(turn.language),
            price=turn.price(one),
            stock=which_product.stock(turn, one),
        )
        for one in await variants.in_order(turn, product)
        if one.stock > 0 and (price := turn.prices.of(one)).on_sale and price.amount < own
    ]
    return [turn.say("reduced-now"), *lines] if lines else []


def _of_many(passage: Passage) -> bool:
    whole = _whole(passage)
    return _large(whole) or bool(_reduces(whole) and _from_many(whole))


def _whole(passage: Passage) -> str:
    return f"{passage.title}\n{passage.text}"
