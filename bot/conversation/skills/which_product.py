"""Which product is meant: named, pressed, a place in the list on the screen, or spoken of before; and in which
colour or size: "and the white one?", "黑色的呢", "do they come in navy?".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.conversation.answer import row
from bot.conversation.skills import (
    basket,
    naming,
    ordinals,
    owned,
    product_words,
    variants,
    which_order,
)
from bot.conversation.skills.naming import Part
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
_EXACT = 0.9
_COMPARED = 4
_CHOOSES_ANEW = ("item", "colour", "size", "version")
"""Slots without which the one chosen from a list before is still spoken of."""
_LIKELY = 0.3
_AHEAD = 2.0
_PLAINLY = 0.8
"""Of several on the screen one is bargained over from this chance on; else it is asked which."""


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
    memory = turn.memory
    focus = (memory.product,) if memory.product is not None else memory.products
    return await by_ids(turn, _pointed(turn) or focus)


async def by_ids(turn: Turn, ids: Iterable[str]) -> list[Product]:
    """Those products of some ids that exist, in the same order."""
    once = dict.fromkeys(ids)
    found = await Catalogue(turn.connection).by_ids(once)
    return [found[one] for one in once if one in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The goods that a message is about."""

    products: tuple[Product, ...] = ()
    """Each in the version that the message names, if it names one."""
    parts: tuple[Part, ...] = ()
    """The stretches of the message that name them; () where it points at them, or is about those spoken of."""
    open: bool = False
    """One of them is meant, and the message leaves open which."""

    @property
    def one(self) -> Product | None:
        """The product, where it is one alone."""
        return self.products[0] if len(self.products) == 1 else None


async def meant(turn: Turn) -> Meant:
    """What a message is about: what it names, what it points at, what is in the order or was spoken of last.

    Inactive products count: that they are gone is worth saying.
    """
    catalogue = Catalogue(turn.connection)
    if turn.argument:
        product = await catalogue.get(turn.argument)
        return Meant(products=(product,) if product is not None else ())
    named = await _named(turn)
    several_named = named is not None and not named.open and len(named.products) > 1
    theirs = None if several_named else await owned.thing(turn, named.products if named is not None else ())
    if theirs is not None:
        return Meant(products=(theirs,), parts=named.parts if named is not None else ())
    if named is not None:
        return named
    bought = await _bought(turn) if _order_last(turn) and not _pointed(turn) else []
    if bought:
        fit = bought if len(bought) == 1 else product_words.fitting(turn, bought)
        chosen = [await variants.other_of(turn, one) for one in (fit if len(fit) == 1 else bought)]
        return Meant(products=tuple(chosen), open=len(chosen) > 1)
    several = await _several(turn)
    if several:
        return Meant(products=several)
    spoken = await spoken_of(turn)
    if spoken is not None:
        return Meant(products=(spoken,))
    shown = await on_screen(turn)
    fit = product_words.fitting(turn, shown)
    products = fit if len(fit) == 1 else shown
    return Meant(products=tuple(products), open=len(products) > 1)


async def dealt_over(turn: Turn, *, exactly: bool = False) -> Meant:
    """What a message bargains over or takes: what it names, else what was spoken of last, whatever else is on the
    screen; of several cards, all. What was bought before only where no goods were spoken of since.

    Args:
        turn: of the message.
        exactly: where goods are spoken of, words that may name others don't: it speaks of other shops, or of sums.
    """
    memory, shown = turn.memory, turn.memory.products
    if turn.argument or not (memory.product is not None or shown):
        return await meant(turn)
    whole = turn.understanding
    exact = whole is not None and whole.first(EntityKind.PRODUCT) is not None
    named = await _named(turn) if exact or not exactly else None
    if named is not None:
        focus = [one for one in named.products if named.open and one.id == memory.product]
        return replace(named, products=tuple(focus), open=False) if focus else named
    several = await _several(turn)
    if several:
        return Meant(products=several)
    chances = zip(turn.shown, turn.acts.pointing.shown, strict=False)
    chosen = any(chance >= _PLAINLY and one in shown for one, chance in chances)
    if ordinals.places(turn.text, len(shown)) or (
        chosen and (memory.product is None or turn.told(*_CHOOSES_ANEW))
    ):
        spoken = await spoken_of(turn)
    elif memory.product is not None:
        spoken = await _in_version(turn, memory.product)
        if spoken is not None and memory.version_open and not await variants.names_one(turn, spoken):
            versions = [one for one in await variants.in_order(turn, spoken) if one.active and one.stock > 0]
            return Meant(products=tuple(versions), open=len(versions) > 1)
    else:
        spoken = None
    if spoken is not None:
        return Meant(products=(spoken,))
    goods = await by_ids(turn, shown)
    fit = product_words.fitting(turn, goods)
    products = fit if len(fit) == 1 else goods
    return Meant(products=tuple(products), open=len(products) > 1)


async def _in_version(turn: Turn, product_id: str) -> Product | None:
    """A product in the colour or size that a message tells; "a little better" tells none."""
    product = await Catalogue(turn.connection).get(product_id)
    named = turn.named(EntityKind.COLOUR) or turn.named(EntityKind.SIZE) or turn.told(*_CHOOSES_ANEW)
    tells = bool(named) or turn.memory.version_open
    return await variants.other_of(turn, product) if product is not None and tells else product


async def _named(turn: Turn) -> Meant | None:
    """The goods that the words of a message name. A word that may name many things, such as the camera that a lock has
    or hasn't, names none where the message points back."""
    parts = [part for part in await naming.parts(turn) if turn.text.strip()]
    naming_ = [part for part in parts if part.products]
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    exact = (
        await Catalogue(turn.connection).get(entity.value)
        if entity is not None and entity.score >= _CLEAR_SCORE
        else None
    )
    if exact is not None and len(naming_) < 2:
        other = naming_ and naming.line(exact) not in map(naming.line, naming_[0].products)
        if not other or (entity is not None and entity.score >= _EXACT):
            return Meant(products=(await variants.other_of(turn, exact),), parts=tuple(parts))
    in_focus = turn.memory.product is not None or bool(turn.memory.products)
    plain = any(part.plain for part in naming_) or bool(turn.told("item"))
    if not naming_ or (in_focus and not plain and product_words.points_back(turn)):
        return None
    open_ = len(naming_) == 1 and len(naming_[0].products) > 1
    if len(naming_) == 1 and not open_:
        return Meant(products=(await variants.other_of(turn, naming_[0].products[0]),), parts=tuple(parts))
    products = [
        await variants.other_of(replace(turn, text=part.text), one)
        for part in naming_
        for one in part.products
    ]
    return Meant(products=tuple(products), parts=tuple(parts), open=open_)


async def spoken_of(turn: Turn) -> Product | None:
    """The one product that a message points at or that was spoken of last, or None."""
    catalogue = Catalogue(turn.connection)
    pointed = _pointed(turn)
    if len(pointed) == 1:
        spoken = await catalogue.get(pointed[0])
    elif turn.memory.product is not None:
        spoken = await catalogue.get(turn.memory.product)
    else:
        return None
    if spoken is None:
        return None
    listed = await _version_in_place(turn, spoken)
    return listed or await variants.other_of(turn, spoken)


async def _version_in_place(turn: Turn, product: Product) -> Product | None:
    """The second of the versions that a single card lists, for "the second one"."""
    named = ordinals.places(turn.text, variants.MOST_LISTED)
    if len(named) != 1 or len(turn.memory.products) > 1:
        return None
    versions = await variants.in_order(turn, product)
    return versions[named[0]] if named[0] < len(versions) else None


async def _several(turn: Turn) -> tuple[Product, ...]:
    """Several of the products on the screen: as many as the message says, or all that it points at."""
    ids = turn.memory.products
    if len(ids) < 2:
        return ()
    chances = dict(zip(turn.shown, turn.acts.pointing.shown, strict=False))
    pointed = [one for one in ids if one in turn.pointed_at and turn.memory.product is None]
    named, count = ordinals.places(turn.text, len(ids)), ordinals.how_many(turn.text, len(ids))
    if len(named) > 1:
        pointed = [ids[place] for place in named]
    elif count is not None and 1 < count <= len(ids):
        best = sorted(ids, key=lambda one: -chances.get(one, 0.0))[:count]
        pointed = [one for one in ids if one in best]
    return tuple(await by_ids(turn, pointed)) if len(pointed) > 1 else ()


async def comparable(turn: Turn, about: Meant) -> list[Product]:
    """What a message compares: the goods that it names or points at, else the versions of the one that it is about."""
    if len(about.products) > 1:
        return list(about.products[:_COMPARED])
    if about.one is None:
        return []
    versions = await variants.named_or_all(turn, about.one)
    several = len(versions) > 1 and await variants.names_several(turn, about.one)
    focus = await spoken_of(turn) if about.parts and not several else None
    if focus is not None and naming.line(focus) != naming.line(about.one) and naming.joins(turn):
        return [focus, about.one]
    shown = turn.memory.products
    in_list = len(shown) > 1 and turn.memory.product in (None, *shown)
    if about.parts or not in_list or await variants.speaks_of_options(turn, about.one):
        return versions
    return (await by_ids(turn, shown))[:_COMPARED]


def _pointed(turn: Turn) -> tuple[str, ...]:
    """Ids of the products on the screen that the message points at, else of the one that it likeliest does: to tell of
    another costs nothing."""
    chosen, shown = turn.memory.product, turn.memory.products
    if (
        len(shown) > 1
        and chosen in shown
        and not (turn.told(*_CHOOSES_ANEW) or ordinals.places(turn.text, len(shown)))
    ):
        return ()
    on_screen = {*shown, chosen}
    sure = tuple(thing for thing in turn.pointed_at if thing in on_screen)
    chances = [
        (chance, thing)
        for thing, chance in zip(turn.shown, turn.acts.pointing.shown, strict=False)
        if thing in on_screen
    ]
    first, *others = sorted(chances, reverse=True) or [(0.0, "")]
    ahead = first[0] >= _LIKELY and first[0] >= _AHEAD * max((chance for chance, _ in others), default=0.0)
    pointed = sure or ((first[1],) if ahead else ())
    placed = ordinals.places(turn.text, len(shown))
    # Which is the first of those shown is no matter of chance.
    said = len(placed) == 1 and (bool(pointed) or product_words.points_back(turn))
    return (shown[placed[0]],) if said else pointed


async def on_screen(turn: Turn) -> list[Product]:
    """The products just shown, where the message may be about them and names no other goods."""
    if _order_last(turn) or not turn.memory.products:
        return []
    shown = await by_ids(turn, turn.memory.products)
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
    other = turn.named(EntityKind.COLOUR) or turn.named(EntityKind.SIZE)
    about_it = (turn.memory.order in turn.pointed_at and not other) or product_words.points_back(turn)
    order = await which_order.spoken_of(turn) if about_it else None
    return await by_ids(turn, (line.product_id for line in order.lines)) if order is not None else []


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
    """A product to look at: price, stock, and some lines more; the code of an offer where no link carries it."""
    first = turn.price(product) + turn.say("separator") + stock(turn, product)
    link = basket.button(turn, product)
    code = basket.code_to_enter(turn, product)
    coded = turn.say("card-code", code=code) if code else ""
    return Card(
        product_id=product.id,
        title=product.name(turn.language),
        text="\n".join(filter(None, (first, coded, *lines))),
        picture=product.picture,
        more_pictures=tuple(product.more_pictures[:_PICTURES]),
        buttons=(
            *(button for line in product_buttons(turn, product) for button in line),
            *((link,) if link else ()),
        ),
    )


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
