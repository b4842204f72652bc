"""Which product is meant: named, pressed, a place in the list on the screen, or spoken of before; and in which
colour or size: "and the white one?", "黑色的呢", "do they come in navy?".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from bot.conversation.answer import row
from bot.conversation.skills import product_words, variants, which_order
from bot.conversation.skills.variants import Choice, Group
from bot.conversation.turn import Turn
from bot.messages import Button, Card
from nlu.types import EntityKind
from storage.catalogue import Catalogue, Product, label_and_value

_PICTURES = 7
"""Of a product's pictures after the first."""
_which = re.compile(
    r"(别的|其他|其它|什么|哪些|哪几种|几种|几个).{0,2}颜色|颜色.{0,3}(哪些|什么|几)"
    r"|\b(other|which|what|any) colou?rs?\b",
    re.IGNORECASE,
).search
_which_sizes = re.compile(
    r"(什么|哪些|哪几个?|几个|多少个?|啥).{0,2}(尺码|码数|尺寸|码|号)(?!头)|(尺码|码数|尺寸).{0,3}(哪些|什么|几)"
    r"|\b(which|what) sizes?\b",
    re.IGNORECASE,
).search
FEW = 5
"""From here down the stock is said as a number."""
_CLEAR_SCORE = 0.6
_LIKELY = 0.3
_AHEAD = 2.0


async def choose(turn: Turn) -> Choice | None:
    """The variant of a product spoken of that a message names, or what there is; None when that isn't the question."""
    spoken = await _spoken_of(turn)
    groups = await variants.groups(turn, spoken)
    if spoken and _which_sizes(turn.text):
        return _sizes(turn, spoken[0], groups.get(spoken[0].id))
    about = [groups[base.id] for base in spoken if base.id in groups]
    about = [group for group in about if not variants.speaks_of_others(turn, group)]
    choices = [choice for group in about if (choice := variants.choose(turn, group)) is not None]
    if choices:
        return next((one for one in choices if one.variant is not None), choices[0])
    labels = variants.COLOURS if _which(turn.text) else frozenset[str]()
    return variants.asked_for_values(turn, about[0], labels) if about else None


def _sizes(turn: Turn, base: Product, group: Group | None) -> Choice | None:
    """The sizes of a product: those of its variants, or those that its description names."""
    sold = variants.asked_for_values(turn, group, variants.SIZES) if group is not None else None
    if sold is not None:
        return sold
    shown = (label_and_value(base.attributes.get(key, {}), turn.language) for key in ("sizes", "size"))
    described = next((pair[1] for pair in shown if pair is not None), "")
    return Choice(group=Group(base, ()), values={described: True}) if described else None


async def _spoken_of(turn: Turn) -> list[Product]:
    """The product spoken of, or those on the screen."""
    catalogue, memory = Catalogue(turn.connection), turn.memory
    pointed = _pointed(turn)
    if pointed:
        ids: tuple[str, ...] = pointed
    else:
        ids = (memory.product,) if memory.product is not None else memory.products
    found = await catalogue.by_ids(set(ids))
    return [found[product_id] for product_id in ids if product_id in found]


async def spoken_of(turn: Turn) -> Product | None:
    """The product a message is about, or None. Inactive ones count: that they are gone is worth saying."""
    catalogue = Catalogue(turn.connection)
    if turn.argument:
        return await catalogue.get(turn.argument)
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    if entity is not None and entity.score >= _CLEAR_SCORE:
        named = await catalogue.get(entity.value)
        if named is not None:
            return await variants.other_of(turn, named)
    pointed = _pointed(turn)
    if len(pointed) == 1:
        spoken = await catalogue.get(pointed[0])
    elif turn.memory.product is not None:
        spoken = await catalogue.get(turn.memory.product)
    else:
        return None
    return await variants.other_of(turn, spoken) if spoken is not None else None


def _pointed(turn: Turn) -> tuple[str, ...]:
    """Ids of the products on the screen that the message points at, else of the one that it likeliest does: to tell of
    another costs nothing."""
    on_screen = {*turn.memory.products, turn.memory.product}
    sure = tuple(thing for thing in turn.pointed_at if thing in on_screen)
    chances = [
        (chance, thing)
        for thing, chance in zip(turn.shown, turn.acts.pointing.shown, strict=False)
        if thing in on_screen
    ]
    first, *others = sorted(chances, reverse=True) or [(0.0, "")]
    ahead = first[0] >= _LIKELY and first[0] >= _AHEAD * max((chance for chance, _ in others), default=0.0)
    return sure or ((first[1],) if ahead else ())


async def asked_about(turn: Turn) -> Product | None:
    """The product of a question: as `spoken_of`, or the one in the order or on the screen that its words fit."""
    if turn.argument or named_in_message(turn) or len(_pointed(turn)) == 1:
        return await spoken_of(turn)
    bought = await _bought(turn) if _order_last(turn) else []
    if bought:
        meant = bought if len(bought) == 1 else product_words.fitting(turn, bought)
        return await variants.other_of(turn, meant[0]) if len(meant) == 1 else None
    product = await spoken_of(turn)
    if product is not None:
        return product
    fit = product_words.fitting(turn, await on_screen(turn))
    return fit[0] if len(fit) == 1 else None


async def at_hand(turn: Turn) -> list[Product]:
    """The products that a question may be about which names none: of the order spoken of, or on the screen."""
    return await (_bought(turn) if _order_last(turn) else on_screen(turn))


async def on_screen(turn: Turn) -> list[Product]:
    """The products just shown, where the message may be about them and names no other goods."""
    if _order_last(turn) or not turn.memory.products:
        return []
    found = await Catalogue(turn.connection).by_ids(set(turn.memory.products))
    shown = [found[product_id] for product_id in turn.memory.products if product_id in found]
    if product_words.points_back(turn):
        return shown
    elsewhere = not product_words.fitting(turn, shown) or await product_words.names_products(turn)
    return [] if elsewhere else shown


def _order_last(turn: Turn) -> bool:
    """Whether an order was spoken of later than the products on the screen."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    shown = turn.memory.products or turn.memory.product is not None
    return turn.memory.order is not None and (not shown or last in turn.skills.about_orders)


async def _bought(turn: Turn) -> list[Product]:
    """What is in the order spoken of, where the message names no other goods."""
    order = await which_order.spoken_of(turn) if product_words.points_back(turn) else None
    if order is None:
        return []
    ids = [line.product_id for line in order.lines]
    found = await Catalogue(turn.connection).by_ids(set(ids))
    return [found[product_id] for product_id in dict.fromkeys(ids) if product_id in found]


def named_in_message(turn: Turn) -> bool:
    """Whether the message itself says which product it means."""
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    return bool(turn.argument) or (entity is not None and entity.score >= _CLEAR_SCORE)


async def cards(
    turn: Turn, products: Sequence[Product], why: Callable[[Product], str] = lambda product: ""
) -> tuple[Card, ...]:
    """Products to look at: each with its price and stock, what it comes in, and why it is shown."""
    groups = await variants.groups(turn, products)
    return tuple(
        card(turn, one, (*(variants.lines(turn, groups[one.id]) if one.id in groups else ()), why(one)))
        for one in products
    )


def card(turn: Turn, product: Product, lines: Iterable[str] = ()) -> Card:
    """A product to look at: price, stock, and some lines more."""
    first = price(turn, product) + turn.say("separator") + stock(turn, product)
    return Card(
        product_id=product.id,
        title=product.name(turn.language),
        text="\n".join(filter(None, (first, *lines))),
        picture=product.picture,
        more_pictures=tuple(product.more_pictures[:_PICTURES]),
        buttons=tuple(button for line in product_buttons(turn, product) for button in line),
    )


def price(turn: Turn, product: Product) -> str:
    """What everybody pays now, and what it was before the sale if there is one."""
    now = product.price_at(turn.now)
    if now == product.list_price:
        return turn.money(now, product.currency)
    was = turn.money(product.list_price, product.currency)
    return turn.say("price-on-sale", price=turn.money(now, product.currency), was=was)


def product_buttons(turn: Turn, product: Product) -> tuple[tuple[Button, ...], ...]:
    """What one may want to know next."""
    return row(
        turn.button("button-detail", f"product:show:{product.id}"),
        turn.button("button-best-price", f"offer:ask:{product.id}"),
    )


def stock(turn: Turn, product: Product) -> str:
    """How many there are, in words; small numbers as numbers."""
    if not product.active:
        return turn.say("stock-gone")
    if product.stock <= 0:
        if product.restock_at is not None and product.restock_at > turn.now:
            return turn.say("stock-back", day=turn.day(product.restock_at))
        return turn.say("stock-out")
    return turn.say("stock-few", count=product.stock) if product.stock <= FEW else turn.say("stock-in")
