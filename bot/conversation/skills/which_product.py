"""Which product is meant: named, pressed, a place in the list on the screen, or spoken of before; and in which
colour or size: "and the white one?", "黑色的呢", "do they come in navy?".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation import phrases
from bot.conversation.skills import product_words, which_order
from bot.conversation.turn import Turn, row
from bot.messages import Button, Card
from nlu.types import EntityKind
from storage.catalogue import Catalogue, Product

_LISTED = 8
_COLOURS = frozenset({"colour", "color"})
_AXES = _COLOURS | {"size"}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a message picks out of the variants of a product."""

    family: str
    """Name of the product without what tells its variants apart."""
    product: Product | None
    """The variant meant; None: it isn't made that way."""
    wished: str = ""
    """The colour or size that there isn't; empty when it was asked what there is."""
    values: tuple[str, ...] = ()
    """What it is made in."""


async def choose(turn: Turn) -> Choice | None:
    """The variant of a product spoken of that a message names; None when that isn't the question."""
    spoken = await _spoken_of(turn)
    if spoken and _which_sizes(turn.text):
        return await _sizes(turn, spoken[0])
    bases = [base for base in spoken if _nothing_else_named(turn, base)]
    for base in bases:
        chosen = _named(turn, await family(turn, base))
        if chosen is not None:
            return Choice(family=family_name(base, turn.language), product=chosen)
    wished, which = _wished(turn), _which(turn.text)
    variants = await family(turn, bases[0]) if bases and (wished or which) else []
    axis = _axis(turn, variants)
    # A wish for a colour where the family differs in volume is another question.
    if axis not in (_COLOURS if which and not wished else _AXES):
        return None
    return Choice(
        family=family_name(bases[0], turn.language),
        product=None,
        wished=wished,
        values=tuple(_value(turn, product, axis) for product in variants if product.active)[:_LISTED],
    )


async def _sizes(turn: Turn, base: Product) -> Choice | None:
    """The sizes of a product: those of its variants, or those that its description names."""
    name = family_name(base, turn.language)
    variants = await family(turn, base)
    if _axis(turn, variants) == "size":
        values = tuple(_value(turn, product, "size") for product in variants if product.active)
        return Choice(family=name, product=None, values=values[:_LISTED])
    described = next((value for key in ("sizes", "size") if (value := _value(turn, base, key))), "")
    return Choice(family=name, product=None, values=(described,)) if described else None


async def other_of(turn: Turn, base: Product) -> Product:
    """The variant of a product that the message names, or the product itself."""
    if not turn.text.strip():
        return base
    return _named(turn, await family(turn, base)) or base


async def _spoken_of(turn: Turn) -> list[Product]:
    """The product spoken of, or those on the screen."""
    catalogue, memory = Catalogue(turn.connection), turn.memory
    place = phrases.ordinal(turn.text)
    if place is not None and place < len(memory.products):
        ids: tuple[str, ...] = (memory.products[place],)
    else:
        ids = (memory.product,) if memory.product is not None else memory.products
    found = await catalogue.by_ids(set(ids))
    return [found[product_id] for product_id in ids if product_id in found]


def _nothing_else_named(turn: Turn, base: Product) -> bool:
    """Whether every word that could name a product is one of this product's."""
    values = [str(pair[-1]) for faces in base.attributes.values() for pair in faces.values() if pair]
    own = " ".join((base.name_zh, base.name_en, *values)).lower()
    return all(word.lower() in own for word in product_words.naming_words(turn))


async def family(turn: Turn, base: Product) -> list[Product]:
    """A product and its variants: the same name but for its last part, in the same category."""
    if base.category_id is None:
        return [base]
    products = await Catalogue(turn.connection).active(category_id=base.category_id)
    name = family_name(base, "en"), family_name(base, "zh")
    return [item for item in products if (family_name(item, "en"), family_name(item, "zh")) == name]


def family_name(product: Product, language: str) -> str:
    """The name without what tells variants apart: what follows the comma, or in Chinese the last space."""
    name = product.name(language)
    head = name.partition(",")[0] if "," in name else name.rpartition(" ")[0] if language == "zh" else ""
    return head.strip() or name


def _named(turn: Turn, variants: list[Product]) -> Product | None:
    """The one variant whose own value stands in the message; the longest value wins."""
    axis = _axis(turn, variants)
    if not axis:
        return None
    hits = [
        (len(word), product)
        for product in variants
        for word in _ways_to_say(turn, product, axis)
        if product_words.says(turn.text, (word,))
    ]
    if not hits:
        return None
    longest = max(length for length, _ in hits)
    best = {product.id: product for length, product in hits if length == longest}
    return next(iter(best.values())) if len(best) == 1 else None


def _axis(turn: Turn, variants: list[Product]) -> str:
    """The attribute in which variants differ; empty where there is none."""
    if len(variants) < 2:
        return ""
    for key in variants[0].attributes:
        values = [_value(turn, product, key) for product in variants]
        if all(values) and len(set(values)) == len(values):
            return key
    return ""


def _value(turn: Turn, product: Product, key: str) -> str:
    faces = product.attributes.get(key, {})
    pair = faces.get("zh" if turn.language == "zh" else "en") or next(iter(faces.values()), None)
    return str(pair[-1]) if pair else ""


def _ways_to_say(turn: Turn, product: Product, key: str) -> list[str]:
    """A variant's value in any language, whole or by its head: sage green is also said sage or green."""
    ways: list[str] = []
    for pair in product.attributes.get(key, {}).values():
        value = str(pair[-1]).strip()
        ways.append(value)
        if value.isascii():
            ways += [part for part in value.split() if len(part) > 2 and part.isalpha()]
        elif len(value) > 1 and value.endswith("色"):
            ways += (
                [f"{value[:-1]}的", f"{value[:-1]}款", value[-2:]] if len(value) > 2 else [f"{value[0]}的"]
            )
    return ways


def _wished(turn: Turn) -> str:
    """The colour or size that the message names, in the customer's own words."""
    if turn.understanding is None:
        return ""
    kinds = (EntityKind.COLOUR, EntityKind.SIZE)
    # "+1" is one size larger than something: which, the message leaves open.
    entities = [item for item in turn.understanding.entities if item.value not in ("+1", "-1")]
    named = [item.text for item in entities if item.kind in kinds]
    return next((text for text in named if product_words.says(turn.text, (text,))), "")


async def spoken_of(turn: Turn) -> Product | None:
    """The product a message is about, or None. Inactive ones count: that they are gone is worth saying."""
    catalogue = Catalogue(turn.connection)
    if turn.argument:
        return await catalogue.get(turn.argument)
    entity = turn.understanding.first(EntityKind.PRODUCT) if turn.understanding is not None else None
    if entity is not None and entity.score >= _CLEAR_SCORE:
        named = await catalogue.get(entity.value)
        if named is not None:
            return named
    place = phrases.ordinal(turn.text)
    if place is not None and turn.memory.products and place < len(turn.memory.products):
        spoken = await catalogue.get(turn.memory.products[place])
    elif turn.memory.product is not None:
        spoken = await catalogue.get(turn.memory.product)
    else:
        return None
    return await other_of(turn, spoken) if spoken is not None else None


async def asked_about(turn: Turn) -> Product | None:
    """The product of a question: as `spoken_of`, or the one in the order or on the screen that its words fit."""
    if turn.argument or named_in_message(turn) or phrases.ordinal(turn.text) is not None:
        return await spoken_of(turn)
    bought = await _bought(turn) if _order_last(turn) else []
    if bought:
        meant = bought if len(bought) == 1 else product_words.fitting(turn, bought)
        return await other_of(turn, meant[0]) if len(meant) == 1 else None
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


def card(turn: Turn, product: Product, why: str = "") -> Card:
    """A product to look at: price, stock, and why it is shown."""
    lines = [turn.money(product.list_price, product.currency) + turn.say("separator") + stock(turn, product)]
    if why:
        lines.append(why)
    return Card(
        product_id=product.id,
        title=product.name(turn.language),
        text="\n".join(lines),
        picture=product.picture,
        buttons=tuple(button for line in product_buttons(turn, product) for button in line),
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
