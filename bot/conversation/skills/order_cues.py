"""What the words of a message point to of an order: a part of it that is missing, money or goods that went back, what a
carrier has recorded."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.phrases import word_test
from bot.conversation.skills import order_asked, order_match, parcel_words
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import Turn
from storage.orders import Order

_LONG = 120
given_back = word_test(
    "退了多少 退了没 给我退了 退我多少 到手 到账 补偿 赔给我 赔我 赔了 钱回来 钱退了 钱退没 钱到没 钱到了",
    "give…back gave…back given…back pay…back paid…back get…back got…back come_back came_back money…back cash_back"
    " refunded i_get_the_money i_got_the_money get_my_money got_my_money",
)
"""Whether words speak of money that comes or came back."""
_WENT_BACK = word_test("退", "return* refund* sent…back send…back posted…back")


def lacks_a_part(turn: Turn, known: list[Order]) -> Order | None:
    """The order that a message says a part has come of, and misses the rest of, which is still on its way."""
    if not parcel_words.misses_the_rest(turn.text) or len(turn.text) > _LONG:
        return None
    shipped = [order for order in order_match.by_items(turn, known) if order.status == "shipped"]
    states = {order.id: {box.status == "delivered" for box in order.sent} for order in shipped}
    return next((order for order in shipped if len(states[order.id]) > 1), None)


def asks_why_it_went_back(turn: Turn) -> bool:
    """Whether a message asks why something was sent or paid back."""
    return Fact.WHY in order_asked.facts(turn) and _WENT_BACK(turn.text)


def on_the_record(turn: Turn, asked: frozenset[Fact]) -> Turn:
    """The turn, with what was said before it where that asked what a carrier has recorded, and this asks on of it: who
    signed, and when?"""
    before = turn.memory.before[-2] if len(turn.memory.before) > 1 else ""
    goes_on = asked and asked <= {Fact.DAY, Fact.WHERE} and Fact.RECORD in order_asked.asked_in(before)
    return replace(turn, text=f"{before}\n{turn.text}") if goes_on else turn
