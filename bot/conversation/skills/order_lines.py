"""Which lines of an order a customer means: the only one, those pointed at or named, or all of them."""

from __future__ import annotations

import re

from bot.conversation.memory import OpenTask
from bot.conversation.skills import line_words, product_words
from bot.conversation.turn import Slot, Turn
from nlu.types import EntityKind
from storage.orders import Order, OrderLine

_VERSION = re.compile("[,，(（]")
_PARTS = re.compile("[,，()（）]")
LINE = "line:"
"""Before the place of a line among the things shown."""


def meant(turn: Turn, order: Order, opened: OpenTask) -> str:
    """Ids of the products meant, one a line; empty where that can't be told."""
    lines = order.lines
    if len(lines) == 1:
        return lines[0].product_id
    known = opened.values.get("items", "")
    stay = line_words.staying(turn.text, lines)
    places = [int(thing.removeprefix(LINE)) for thing in turn.pointed_at if thing.startswith(LINE)]
    # Once it is known which, words that stand in another's name may be those of the version wanted.
    named = (
        [lines[place] for place in places if place < len(lines)]
        or line_words.taken_out(turn.text, lines)
        or _called(turn, lines)
        or ([] if known else _fitting(turn, lines) or line_words.named(turn.text, lines))
    )
    named = [line for line in named if line not in stay]
    if stay and not named:
        ids = known.split("\n") if known else [line.product_id for line in lines]
        named = [line for line in lines if line.product_id in ids and line not in stay]
    return _joined(named) if named else known


def spares(turn: Turn, order: Order, opened: OpenTask) -> bool:
    """Whether a message says that something stays as it is which isn't all that the task is about: that takes nothing
    back."""
    stay = {line.product_id for line in line_words.staying(turn.text, order.lines)}
    known = opened.values.get("items", "")
    return bool(stay) and bool(
        set(known.split("\n") if known else [one.product_id for one in order.lines]) - stay
    )


def _called(turn: Turn, lines: tuple[OrderLine, ...]) -> list[OrderLine]:
    """The lines that a message names by all of a product's name."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    products = {entity.value for entity in entities if entity.kind is EntityKind.PRODUCT}
    called = [line for line in lines if line.product_id in products or _is_called(turn, line)]
    return _told_apart(turn, called)


def _fitting(turn: Turn, lines: tuple[OrderLine, ...]) -> list[OrderLine]:
    """The lines whose names have most of a message's words, where not all have the same."""
    fits = [(line, product_words.words_in_name(turn, _both_names(line))) for line in lines]
    return [
        line
        for line, words in fits
        if words
        and not any(words < others for _, others in fits)
        and any(others != words for _, others in fits)
    ]


def _is_called(turn: Turn, line: OrderLine) -> bool:
    """Whether all words of a product's name, without its version, stand in the message."""
    return any(product_words.all_in(turn.text, _title(name)) for name in (line.name_zh, line.name_en))


def _told_apart(turn: Turn, called: list[OrderLine]) -> list[OrderLine]:
    """Of several versions of one product, those whose own words the message has most of."""
    found = []
    for line in called:
        alike = [_own_words(turn, one) for one in called if _title(one.name_en) == _title(line.name_en)]
        if _own_words(turn, line) == max(alike):
            found.append(line)
    return found


def _own_words(turn: Turn, line: OrderLine) -> int:
    """How many parts of what tells a version apart stand in the message."""
    parts = _PARTS.split(line.name(turn.language))[1:]
    return sum(
        product_words.says(turn.text.lower(), [word]) for part in parts for word in part.lower().split()
    )


def _title(name: str) -> str:
    """A product's name without what follows the first comma or bracket: that is its version."""
    return _VERSION.split(name, maxsplit=1)[0].strip()


def _both_names(line: OrderLine) -> str:
    return f"{line.name_zh} {line.name_en}"


def _joined(lines: list[OrderLine]) -> str:
    return "\n".join(dict.fromkeys(line.product_id for line in lines))


SLOT = Slot(name="items", resolve=meant, spares=spares, question="items-of-order", lists_lines=True)
"""The lines that a task is about; asked for where an order has several and none is named."""
PAID_BY = Slot(name="payment_method", told_by=("payment_method",))
"""How a difference is paid, or money comes back, where the customer says so."""
