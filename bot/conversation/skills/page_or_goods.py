"""Whether a message rather asks what the shop's pages say or is about its goods: by what it comes nearest to on either
side, its words alone, and whether it asks.

A logistic regression, fitted on the first messages of dialogues with four invented shops
(`tests.benchmarks.page_or_goods`, `docs/decisions/0033`).
"""

from __future__ import annotations

from math import exp, log

from bot.conversation import phrases
from bot.conversation.services import Reader
from bot.conversation.turn import Turn
from nlu.products.needs import Need
from nlu.types import Language, Understanding

RATHER = 0.5
"""From this chance on a message is taken for a question for the pages."""
HARDLY = 0.25
"""Below this chance a message is taken for one about goods, whatever its words alone are read as."""
_OF_GOODS = frozenset(
    {
        "product_question",
        "stock_question",
        "price_question",
        "product_search",
        "recommend_request",
        "product_compare",
    }
)
_OF_PAGES = frozenset(
    {
        "shipping_fee",
        "return_policy",
        "warranty_repair",
        "usage_help",
        "payment_methods",
        "store_info",
        "account_problem",
        "shipping_options",
        "membership_points",
        "place_order",
    }
)
_WEIGHTS = (0.62, -12.44, -2.11, 1.18, 1.38)
_CONSTANT = 6.45
_LEAST, _MOST = 0.003, 0.997
_LOOKED_AT = 5


async def of_pages(turn: Turn) -> float | None:
    """The chance that a message is for the pages, where it is for these or about goods; None where that can't be told:
    goods are found by words alone, or the words may lean on what was said before."""
    memory, whole = turn.memory, len(turn.text) == len(turn.said)
    spoken_of = memory.topic or memory.product or memory.products or memory.order or memory.pending
    if turn.understanding is None or spoken_of or not whole:
        return None
    told = await evidence(turn.services.reader, turn.understanding, _language(turn))
    if told is None:
        return None
    logit = _CONSTANT + sum(weight * one for weight, one in zip(_WEIGHTS, told, strict=True))
    return 1 / (1 + exp(-logit))


async def evidence(
    reader: Reader, read: Understanding, language: Language
) -> tuple[float, float, float, float, float] | None:
    """What is weighed: the logit of the nearest entry's chance, how near the nearest goods are, how far the words alone
    are read as about goods, how far as for the pages, and whether they ask; None where no goods are near at all.

    Args:
        reader: finds goods and entries.
        read: the message.
        language: of the message.
    """
    goods = await reader.search_goods(Need(said=read.text), language, _LOOKED_AT)
    nearest = max((one.near for one in goods or ()), default=0.0)
    if not nearest:
        return None
    entries = await reader.search(read.text, language, 1, "", 0.0)
    chance = min(max(_LEAST, *(one.score for one in entries), 0.0), _MOST)
    return (
        log(chance / (1 - chance)),
        nearest,
        sum(one.probability for one in read.intents if one.intent in _OF_GOODS),
        sum(one.probability for one in read.intents if one.intent in _OF_PAGES),
        float(phrases.asks(read.text) or phrases.asks_a_favour(read.text)),
    )


async def rather_goods(turn: Turn, intent: str | None) -> bool:
    """Whether a message that is read as a question for the pages is about goods instead."""
    if intent not in _OF_PAGES:
        return False
    chance = await of_pages(turn)
    return chance is not None and chance < HARDLY


def _language(turn: Turn) -> Language:
    return "zh" if turn.language == "zh" else "en"
