"""Which lines of an order a customer means: the only one, those pointed at or named, or all of them."""

from __future__ import annotations

from bot.conversation.memory import OpenTask
from bot.conversation.skills import product_words
from bot.conversation.turn import Slot, Turn
from nlu.types import EntityKind
from storage.orders import Order, OrderLine

LINE = "line:"
"""Before the place of a line among the things shown."""


def meant(turn: Turn, order: Order, opened: OpenTask) -> str:
    """Ids of the products meant, one a line; empty where that can't be told."""
    lines = order.lines
    if len(lines) == 1:
        return lines[0].product_id
    pointed = [int(thing.removeprefix(LINE)) for thing in turn.pointed_at if thing.startswith(LINE)]
    if pointed:
        return _joined([lines[place] for place in pointed if place < len(lines)])
    named = _named(turn, lines)
    if named:
        return _joined(named)
    return opened.values.get("items", "")


def _named(turn: Turn, lines: tuple[OrderLine, ...]) -> list[OrderLine]:
    """The lines of the products named, else those whose names hold words of the message that not all names hold."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    products = {entity.value for entity in entities if entity.kind is EntityKind.PRODUCT}
    known = [line for line in lines if line.product_id in products]
    if known:
        return known
    fits = [product_words.in_name(turn, f"{line.name_zh} {line.name_en}") for line in lines]
    least = min(fits)
    return [line for line, fit in zip(lines, fits, strict=True) if fit > least]


def _joined(lines: list[OrderLine]) -> str:
    return "\n".join(dict.fromkeys(line.product_id for line in lines))


SLOT = Slot(name="items", resolve=meant, question="items-of-order", lists_lines=True)
"""The lines that a task is about; asked for where an order has several and none is named."""
