"""What is asked of goods in words that mean one thing, whatever else a message may be taken for: answered first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.skills import needed, product_words, recommending, superlatives, which_product
from bot.conversation.skills.goods import arriving, several, sizing
from bot.conversation.turn import Turn
from bot.shop.goods import goods_of

_IT = ("it", "its", "this", "它", "这个", "这款", "这件", "那款", "那个", "那件")
_OPEN = frozenset({"clarify", "product", "measures"})
"""Questions of the bot's that what is asked here may leave open."""
_OF_GOODS = frozenset({"product", "search", "recommend"})


async def answered(turn: Turn, modes: Mapping[str, str]) -> tuple[str, Answer] | None:
    """The skill that answers, and its answer; None where a message says no such thing, or answers a question."""
    if not _may_stay_open(turn):
        return None
    if modes.get("product", "on") == "on":
        size = await sizing.answered(turn)
        if size is not None:
            return "product", size
        total = await several.with_postage(turn)
        if total is not None:
            return "price", _heard(turn, total, "price_question")
        compared = await several.worth_most(turn) or await several.picked_out(turn)
        if compared is not None:
            return "product", _heard(turn, compared, "product_compare")
    if modes.get("search", "on") == "on":
        again = await arriving.asked_again(turn)
        if again is not None:
            return "search", _heard(turn, again, "product_search")
        others = await _other_goods(turn)
        if others is not None:
            return "search", _heard(turn, others, "product_search")
        best = await superlatives.answered(turn)
        best = best if best is not None else await superlatives.more_than_shown(turn)
        if best is not None:
            return "search", _heard(turn, best, "product_search")
    return None


def _may_stay_open(turn: Turn) -> bool:
    """Whether the bot has asked nothing, or what it asked may wait; which product a discount is wanted for may not."""
    pending = turn.memory.pending
    if pending is None:
        return True
    wanted = turn.skills.by_intent.get(pending.data.get("intent", ""))
    return pending.kind in _OPEN and (wanted is None or wanted.name in _OF_GOODS)


async def _other_goods(turn: Turn) -> Answer | None:
    """Goods of another kind than what is spoken of, of which a message asks whether there are any."""
    wished = {wish.intent for wish in turn.acts.wishes}
    asks = needed.asks_whether_there_is(turn.text) and not product_words.says(turn.text, _IT)
    if not asks or not wished <= needed.MAY_TELL:
        return None
    spoken = await which_product.spoken_of(turn)
    shown = [spoken] if spoken is not None else await which_product.on_screen(turn)
    asked = needed.kinds(needed.told(turn))
    known = [goods_of(one, None) for one in shown]
    if not (shown and asked) or any(
        one.is_of(kind, one.name + one.options + one.values) for one in known for kind in asked
    ):
        return None
    before = turn.memory.need
    if before is not None:
        turn = turn.remembering(replace(turn.memory, need=before.for_other_goods()))
    return await recommending.by_words(turn)


def _heard(turn: Turn, answer: Answer, intent: str) -> Answer:
    return replace(answer, memory=(answer.memory or turn.memory).heard(intent))
