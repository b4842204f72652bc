"""What is in an order, how many, for how much and since when: the fact that was asked for comes first."""

from __future__ import annotations

from collections.abc import Collection

from bot.conversation.answer import Answer
from bot.conversation.skills import product_words, which_order
from bot.conversation.turn import Skill, Turn
from nlu.types import EntityKind
from storage.orders import Order, OrderLine

_TOTAL = (
    "多少钱",
    "总价",
    "总额",
    "总共花",
    "金额",
    "付了多少",
    "how much",
    "total",
    "cost",
    "price",
    "paid",
    "pay",
)
_WHEN = ("什么时候", "啥时候", "几号", "哪天", "日期", "几时", "when", "what day", "which day", "date")
_COUNT = ("几件", "几个", "几样", "多少件", "多少个", "数量", "how many", "quantity", "number of")


async def _facts(turn: Turn) -> Answer:
    found = await which_order.find(turn, lambda _order: True, "order:show")
    if isinstance(found, Answer):
        return found
    return Answer(text=words(turn, found), memory=turn.memory.about_order(found.id))


def words(turn: Turn, order: Order) -> str:
    """The facts that a message asks for; what is in it, where it names none."""
    meant = [line for line in order.lines if _is_named(turn, line)] or list(order.lines)
    facts: list[str] = []
    if _asks(turn, _COUNT) and meant:
        count = sum(line.quantity for line in meant)
        facts.append(turn.say("order-fact-count", number=order.number, count=count))
    if _asks(turn, _TOTAL) or not order.lines:
        total = turn.money(order.total, order.currency)
        facts.append(turn.say("order-fact-total", number=order.number, total=total))
    if _asks(turn, _WHEN):
        facts.append(turn.say("order-fact-placed", number=order.number, day=turn.day(order.placed_at)))
    if facts and not _asks(turn, _COUNT):
        return "\n".join(facts)
    head = [] if facts else [turn.say("order-fact-lines", number=order.number)]
    return "\n".join([*facts, *head, *(_line(turn, order, line) for line in meant)])


def _is_named(turn: Turn, line: OrderLine) -> bool:
    product = turn.named(EntityKind.PRODUCT)
    return line.product_id == product or product_words.in_name(turn, f"{line.name_zh} {line.name_en}") > 0


def _line(turn: Turn, order: Order, line: OrderLine) -> str:
    price = turn.money(line.unit_price, order.currency)
    return turn.say("order-fact-line", name=line.name(turn.language), count=line.quantity, price=price)


def _asks(turn: Turn, said: Collection[str]) -> bool:
    text = turn.text.casefold()
    return any(word in text for word in said)


SKILLS = (
    Skill(name="order_facts", only_tells=True, answer=_facts, intents=("order_facts",), about_order=True),
)
