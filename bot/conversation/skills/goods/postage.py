"""What the shop's pages say of postage, and the sum from which an order goes without."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.conversation.phrases import word_test
from bot.conversation.skills import pages
from bot.conversation.turn import Turn
from bot.shop.goods import goods_of
from kernel.money import decimals
from nlu.entities.amounts import amounts
from nlu.entities.spans import without_overlaps
from nlu.products import places
from nlu.products.lexicon import forms
from storage.catalogue import Product

_first_sentence = re.compile(r"(?<=[。！])|(?<=[.!])\s").split
_clauses = re.compile(r"[,;:，；：、。]|\.\s").split
_stretches = re.compile(r"(?<=[。；;！!])|(?<=\.)\s|\n").split
_free = word_test("包邮 免邮 免运费 免费配送 免配送费", "free free_of_charge post-free")
_from = word_test("满 以上 起 达到 超过", "from over above of_at_least or_more at_least")

_threshold = re.compile(
    r"(?:\b(?:from|over|above|at least|orders of)|满|达到|超过)\s?$", re.IGNORECASE
).search
"""What stands before the sum from which sending costs nothing."""
_more = word_test("另加 加收 每单加 多加", "adds add extra more surcharge on_top")
_elsewhere = word_test("其他 其余 其它", "other rest elsewhere")
_these = word_test("这些 均 都", "these both")
"""Where a stretch tells from which sum on sending costs nothing: it holds for those before it, too."""
_PLAIN = frozenset((
    "a", "an", "the", "with", "order", "orders", "of", "for", "once", "per", "cost", "costs", "or", "and", "any",
    "goods", "item", "items", "each", "to", "in",
))  # fmt: skip
"""Words that say of no goods what they are."""
_ENTRIES = 3
_FAR = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What is paid for sending an order, by the sentences of the pages that say it."""

    minor: int
    said: str
    open: bool = False
    """The pages say of goods that may be these that sending them costs more."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a stretch of a page says that sending costs, minor units."""

    said: str
    fee: int
    free: int | None
    """The sum from which on it costs nothing."""


asked = word_test(
    "运费 邮费 寄 快递费 配送费",
    "postage post posted shipping shipped delivery delivered sent send everything_included all_in",
)
"""Whether a text speaks of sending, or of all that is to be paid."""


async def sentence(turn: Turn) -> str:
    """The first sentence of what the pages say of postage; empty where they say nothing in the customer's language."""
    passage = await pages.passage_for(turn, turn.say("page-question-shipping_fee"))
    if passage is None or passage.language != turn.language:
        return ""
    first = _first_sentence(pages.shortened(passage.text))[0].strip()
    turn.sources.passage(passage, first)
    return first


def free_from(said: str, currency: str) -> int | None:
    """The sum, minor units, from which that sentence says an order goes without postage; None where it says none
    plainly: one clause has to name one sum, and that it is free from there."""
    found = [
        float(sums[0].value)
        for clause in _clauses(said)
        if _free(clause) and _from(clause) and len(sums := without_overlaps(amounts(clause))) == 1
    ]
    return round(found[0] * 10 ** decimals(currency)) if len(found) == 1 else None


async def charged(turn: Turn, products: Sequence[Product], whole: int, place: str) -> Charge | None:
    """What sending some goods costs by what the pages say of a place, else of where they send first; None where they
    don't plainly say it.

    Args:
        turn: of the message.
        products: that are sent together.
        whole: what they cost, minor units.
        place: as the customer calls it; empty: told none.
    """
    currency, region = products[0].currency, places.region(place)
    question = turn.say("page-question-shipping_fee")
    questions = [
        question,
        turn.say("postage-more-question"),
        *([f"{question} {place}"] if place else []),
    ]
    entries = [one for each in questions for one in await pages.likely(turn, each, _ENTRIES, _FAR)]
    stretches = list(dict.fromkeys(part for one in entries for part in _stretches(one.text) if part.strip()))
    known = told(stretches, currency)
    of_place = [one for one in known if region and places.speaks_of(one.said, region)]
    # Where the pages name no region of it, the first that they tell holds, unless that is for another.
    first = [one for one in known[:1] if not (region and _of_another(one.said, region))]
    # What holds for other provinces holds for those that no rule names.
    rest = [one for one in known if region in places.PROVINCES and _elsewhere(one.said)]
    rule = next(iter((*of_place, *first, *rest)), None)
    if rule is None:
        return None
    fee = 0 if rule.free is not None and whole >= rule.free else rule.fee
    said, open_ = [rule.said], False
    for part in (one for one in stretches if _more(one)):
        for more in rules(part, currency):
            if _is_of(part, products):
                fee, said = fee + more.fee, [*said, part.strip()]
            else:
                open_ = True
    return Charge(minor=fee, said=" ".join(dict.fromkeys(said)), open=open_)


def told(stretches: Sequence[str], currency: str) -> list[Rule]:
    """The rules that stretches of pages tell; from which sum on there is no fee may be told behind several of them."""
    found: list[Rule] = []
    for part in (one for one in stretches if not _more(one)):
        if _free(part) and _these(part):
            least = _least(part, currency)
            found = [replace(one, free=one.free or least) for one in found]
        found += rules(part, currency)
    return found


def _least(part: str, currency: str) -> int | None:
    """The sum that stands behind "from" in a stretch of a page, minor units."""
    sums = [one for one in without_overlaps(amounts(part)) if _threshold(part[: one.start]) is not None]
    return round(float(sums[0].value) * 10 ** decimals(currency)) if sums else None


def rules(part: str, currency: str) -> Iterator[Rule]:
    """The fee that a stretch of a page tells first, and from which sum on there is none."""
    unit = 10 ** decimals(currency)
    found = [
        (_threshold(part[: one.start]) is not None, round(float(one.value) * unit))
        for one in without_overlaps(amounts(part))
    ]
    fee = next((value for least, value in found if not least), None)
    free = next((value for least, value in found if least), None) if _free(part) else None
    if fee is not None:
        yield Rule(part.strip(), fee, free)


def _of_another(said: str, region: str) -> bool:
    return bool(places.named(said)) and not places.speaks_of(said, region)


def _is_of(said: str, products: Sequence[Product]) -> bool:
    """Whether a sentence that tells of goods which cost more to send tells of some of these."""
    first = next(iter(without_overlaps(amounts(said))), None)
    told = forms(said[: first.start] if first is not None else said)
    subject = {word for word in told if not word[0].isdecimal()} - _PLAIN
    known = [set(forms(goods_of(one, None).all)) for one in products]
    return bool(subject) and any(len(subject & words) >= len(subject) / 2 for words in known)
