"""What the shop's pages say of postage, and the sum from which an order goes without."""

from __future__ import annotations

import re

from bot.conversation.phrases import word_test
from bot.conversation.skills import pages
from bot.conversation.turn import Turn
from kernel.money import decimals
from nlu.entities.amounts import amounts
from nlu.entities.spans import without_overlaps

_first_sentence = re.compile(r"(?<=[。！])|(?<=[.!])\s").split
_clauses = re.compile(r"[,;:，；：、。]|\.\s").split
_free = word_test("包邮 免邮 免运费 免费配送 免配送费", "free free_of_charge post-free")
_from = word_test("满 以上 起 达到 超过", "from over above of_at_least or_more at_least")


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
