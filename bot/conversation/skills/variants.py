"""The same product in another colour or size: "and the white one?", "黑色的呢", "do they come in navy?"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.conversation.skills import fallback, product_words
from bot.conversation.turn import Turn
from nlu.types import EntityKind
from storage.catalogue import Catalogue, Product

_LISTED = 8
_COLOURS = frozenset({"colour", "color"})
_AXES = _COLOURS | {"size"}
_WHICH = re.compile(
    r"(别的|其他|其它|什么|哪些|哪几种|几种|几个).{0,2}颜色|颜色.{0,3}(哪些|什么|几)"
    r"|\b(other|which|what|any) colou?rs?\b",
    re.IGNORECASE,
)
_WHICH_SIZES = re.compile(
    r"(什么|哪些|哪几个?|几个|多少个?|啥).{0,2}(尺码|码数|尺寸|码|号)(?!头)|(尺码|码数|尺寸).{0,3}(哪些|什么|几)"
    r"|\b(which|what) sizes?\b",
    re.IGNORECASE,
)


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
    if spoken and _WHICH_SIZES.search(turn.text):
        return await _sizes(turn, spoken[0])
    bases = [base for base in spoken if _nothing_else_named(turn, base)]
    for base in bases:
        chosen = _named(turn, await family(turn, base))
        if chosen is not None:
            return Choice(family=family_name(base, turn.language), product=chosen)
    wished, which = _wished(turn), _WHICH.search(turn.text) is not None
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
    place = fallback.ordinal(turn.text)
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
    """A product and its variants: the same name but for its last part, on the same shelf."""
    if base.category_id is None:
        return [base]
    shelf = await Catalogue(turn.connection).active(category_id=base.category_id)
    name = family_name(base, "en"), family_name(base, "zh")
    return [item for item in shelf if (family_name(item, "en"), family_name(item, "zh")) == name]


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
