"""Which lines of an order a customer means: the only one, those pointed at or named, or all of them."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation.memory import OpenTask
from bot.conversation.skills import (
    line_words,
    order_asked,
    order_words,
    product_words,
    variants,
    which_product,
)
from bot.conversation.turn import Slot, Turn
from nlu.acts import SlotValue
from nlu.types import EntityKind
from storage.catalogue import Catalogue
from storage.orders import Order, OrderLine, Orders

_VERSION = re.compile("[,，(（]")
_PARTS = re.compile("[,，()（）]")
_ADDS = order_words.words("加|再来|再要|add|adding|another|extra|additional|include|also send|throw in")
_VERSIONS = ("version", "size", "colour", "quantity")
_LOOKED_AT = 6
"""So many of a customer's orders, the newest, may have what is to be changed."""
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


async def versions_wanted(turn: Turn, order: Order, opened: OpenTask) -> str:
    """What the versions cost that are wanted in place of what was ordered, beside that, and whether there are any."""
    lines = []
    for line, wanted in _wanted_of_each(order, opened):
        product = await Catalogue(turn.connection).get(line.product_id)
        other = await variants.other_of(await turn.about(wanted), product) if product is not None else None
        if other is None or other.id == line.product_id or other.currency != order.currency:
            continue
        more = turn.prices.of(other).amount - line.unit_price
        beside = "same" if not more else "more" if more > 0 else "less"
        lines.append(
            turn.say(
                f"version-{beside}",
                name=other.name(turn.language),
                price=turn.price(other),
                difference=turn.money(abs(more), other.currency),
                stock=which_product.stock(turn, other),
            )
        )
    return "\n".join(lines)


def _wanted_of_each(order: Order, opened: OpenTask) -> list[tuple[OrderLine, str]]:
    """What is wanted in place of each thing that is to be changed, in the customer's words, where they say it."""
    ids = opened.values.get("items", "").split("\n")
    lines = [line for line in order.lines if line.product_id in ids]
    said = line_words.of_each(opened.values.get("wanted", ""), lines)
    return [(line, said[line.product_id]) for line in lines if said[line.product_id]]


def is_own(turn: Turn, order: Order, opened: OpenTask, value: SlotValue) -> bool:
    """Whether a size, a colour or another version is that which the thing in the order has."""
    ids = meant(turn, order, opened).split("\n")
    said = value.text.casefold().rstrip("码号").strip()
    names = "\n".join(_both_names(line).casefold() for line in order.lines if line.product_id in ids)
    return value.slot != "quantity" and bool(said) and _stands_alone(said, names)


async def spoken_version(turn: Turn) -> dict[str, str]:
    """The product spoken of, as what is wanted, where a message names no version and the customer has ordered another
    one of the same."""
    product = await Catalogue(turn.connection).get(turn.memory.product) if turn.memory.product else None
    if product is None or product.group_id is None or turn.customer_id is None or turn.told(*_VERSIONS):
        return {}
    orders = await Orders(turn.connection).by_customer(turn.customer_id, limit=_LOOKED_AT)
    ids = {line.product_id for order in orders for line in order.lines}
    others = (await Catalogue(turn.connection).by_ids(ids - {product.id})).values()
    known = any(one.group_id == product.group_id for one in others)
    return {"wanted": product.name(turn.language)} if known else {}


def _stands_alone(said: str, names: str) -> bool:
    """Whether a word stands in names and is no part of a longer number or Latin word there."""
    around = (
        (names[start - 1 : start], names[start + len(said) : start + len(said) + 1])
        for start in range(len(names))
        if names.startswith(said, start)
    )
    return any(not any(one.isascii() and one.isalnum() for one in sides) for sides in around)


async def not_to_be_had(turn: Turn, order: Order | None, opened: OpenTask) -> str:
    """That a version wanted in place of what was ordered is sold out or isn't made; empty where there is one, or where
    none is named."""
    wanted = (
        {line.product_id: said for line, said in _wanted_of_each(order, opened)} if order is not None else {}
    )
    products = await Catalogue(turn.connection).by_ids(set(wanted))
    groups = await variants.groups(turn, list(products.values()))
    told = []
    for product, group in groups.items():
        choice = variants.choose(await turn.about(wanted[product]), group)
        if choice is None or choice.variant == group.base.id:
            continue
        other = await Catalogue(turn.connection).get(choice.variant) if choice.variant is not None else None
        if other is not None and other.stock <= 0:
            stock = which_product.stock(turn, other)
            told.append(turn.say("version-not-there", name=other.name(turn.language), stock=stock))
        elif other is None and choice.wished:
            there = variants.listed(turn, choice.values or {})
            name = variants.title(group.base, turn.language)
            told.append(turn.say("variant-none", name=name, wished=choice.wished, values=there))
    return "\n".join(told)


def added(turn: Turn, order: Order, _opened: OpenTask) -> str:
    """What is to be sent along with an order and isn't in it, in the customer's words, one a line; empty for
    nothing."""
    if turn.understanding is None:
        return ""
    held = {line.product_id for line in order.lines}
    called = [one for one in turn.understanding.entities if one.kind is EntityKind.PRODUCT]
    told = [value.text for value in turn.surest("item")]
    besides = turn.text
    for name in (*(one.text for one in called), *told):
        # What a humidifier, 加湿器, is called adds nothing.
        besides = besides.replace(name, " ")
    of_order = any(one.value in held or line_words.named(one.text, order.lines) for one in called)
    if of_order or not order_asked.says(besides, _ADDS):
        return ""
    others = [name for name in told if not line_words.named(name, order.lines)]
    return "\n".join(dict.fromkeys([one.text for one in called] or others))


def _is_of_order(opened: OpenTask) -> bool:
    return not opened.values.get(ADDED.name)


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
ADDED = Slot(name="added", resolve=added)
"""What is to be sent along with an order."""
CHANGED = replace(SLOT, needed=_is_of_order)
"""The lines that are to be changed; none where something is only added."""
PAID_BY = Slot(name="payment_method", told_by=("payment_method",))
"""How a difference is paid, or money comes back, where the customer says so."""
