"""Whether the shop takes a way to pay, by what its pages name."""

from __future__ import annotations

from bot.conversation.answer import Answer
from bot.conversation.memory import OpenTask
from bot.conversation.skills import order_rules, pages, product_words
from bot.conversation.turn import Turn
from nlu.normalise import simplify
from nlu.types import Passage
from storage.orders import Order

_CARDS = ("visa", "mastercard", "amex", "maestro", "unionpay", "银联")
_PARTICLES = "啰啦喇呀吧呢哦啊嘛的"
_CARD = ("card", "银行卡", "信用卡")
_changed = order_rules.changing("change_order", "items")


async def chosen_later(turn: Turn, order: Order) -> Answer | None:
    """Why the way to pay for an order can't be changed, or need not be: nobody has chosen one yet."""
    if order.status != "placed" or order.payment_method:
        return await _changed(turn, order)
    rule = await _rule(turn, pages.NEAR)
    ways = [pages.passage_text(turn, rule)] if rule is not None else []
    memory = turn.memory.about_order(order.id)
    return Answer(text="\n".join([turn.say("payment-open", number=order.number), *ways]), memory=memory)


async def _rule(turn: Turn, at_least: float) -> Passage | None:
    """What the pages say of the ways to pay."""
    question = turn.say("page-question-payment_methods")
    return await pages.entry_that_says(turn, question, lambda one: one.score >= at_least and one.stated)


async def not_named(turn: Turn, _order: Order | None, opened: OpenTask) -> str:
    """That the pages name no such way to pay, and those that they name; empty where they do, or name none."""
    told = opened.values.get("payment_method", "")
    # Only an entry that surely tells the ways tells which there are not.
    rule = await _rule(turn, pages.SURE)
    if rule is None or any(word in simplify(rule.text).casefold() for word in _said_of(told)):
        return ""
    return f"{turn.say('payment-not-named', told=told)}\n{pages.passage_text(turn, rule)}"


def _said_of(told: str) -> list[str]:
    """The words of a way to pay that tell it from others; of a card also that it is one."""
    said = simplify(told).casefold().strip().rstrip(_PARTICLES)
    latin = [word for word in product_words.latin(said) if product_words.means_something(word)]
    return [*(latin or [said]), *(_CARD if any(name in said for name in _CARDS) else ())]
