"""The variants of a product: what there is, in words, and which one a message means: "in blue?", "有XL吗",
"the 500 ml one".

A variant is known by the values of its options, in either language, and by nothing else in the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from bot.conversation.skills import product_words, sizes_said
from bot.conversation.skills.sizes_said import Value
from bot.conversation.turn import Turn
from bot.shop import options
from nlu.types import EntityKind
from storage.catalogue import Attributes, Catalogue, Product, Variant, label_and_value

MOST_LISTED = 8
_LONGEST_LIST = 160
_LONGEST_VALUE = 40
_MOST_OPTIONS = 3
_LOOKED_AT = 60
"""Of the versions of a product that are put in order."""
# What is left of "it's" and "I'm" would be a size.
_contracted = re.compile(r"(?<=[a-z])['’](?:s|m|re|ve|ll|d|t)\b").sub
_sizes_in = re.compile(r"(?<![a-z0-9])\d?x{1,5}[sl](?![a-z0-9])").findall
_AROUND = " ?!.,？！。，"
_ENDS = ("码", "号", "款", "的", "色")
COLOURS = frozenset({"colour", "color", "颜色", "颜色分类", "花色"})
SIZES = frozenset({"size", "尺码", "尺寸", "码数"})
"""What shops and customers call these options."""
_ENTITIES = {EntityKind.COLOUR: COLOURS, EntityKind.SIZE: SIZES}
_NOT_ABOUT_IT = frozenset(
    {EntityKind.AMOUNT, EntityKind.DATE, EntityKind.ORDER_NUMBER, EntityKind.PHONE, EntityKind.EMAIL}
)


def value_of(of: Attributes, key: str) -> Value:
    """What an option is; empty where it isn't said."""
    return tuple(str(pair[-1]) for _, pair in sorted(of.get(key, {}).items()))


@dataclass(frozen=True)
class Group:
    """A product with its variants that can be bought."""

    base: Product
    variants: Sequence[Variant]

    @cached_property
    def different(self) -> Mapping[str, set[Value]]:
        """What each option can be, of those in which the variants differ, in the shop's order."""
        told = dict.fromkeys([*self.base.options, *(key for one in self.variants for key in one.options)])
        all_ = {key: {value_of(one.options, key) for one in self.variants} for key in told}
        return {key: values for key, values in all_.items() if len(values) > 1}

    @property
    def keys(self) -> list[str]:
        """The options in which the variants differ."""
        return list(self.different)

    def label(self, key: str, language: str) -> str:
        """What an option is called."""
        return next((shown[0] for one in self._all if (shown := _shown(one, key, language))), key)

    def labels(self, key: str) -> set[str]:
        """All that an option is called, folded."""
        said = {key} | {str(pair[0]) for one in self._all for pair in one.get(key, {}).values()}
        own = {word.casefold() for word in said}
        return own.union(*(same for same in (COLOURS, SIZES) if own & same))

    @property
    def _all(self) -> Iterator[Attributes]:
        return chain([self.base.options], (one.options for one in self.variants))

    def values(self, key: str, among: Sequence[Variant], language: str) -> dict[str, bool]:
        """What an option can be, in order, and whether there is any in stock."""
        there: dict[str, bool] = {}
        for one in among:
            shown = _shown(one.options, key, language)
            if shown is not None:
                there[shown[1]] = there.get(shown[1], False) or one.stock > 0
        return {value: there[value] for value in options.in_order(there)}

    def alike(self, besides: str) -> list[Variant]:
        """The variants that are as the base is but for one option; all where the base is none of them."""
        others = [key for key in self.keys if key != besides]
        same = [value_of(self.base.options, key) for key in others]
        found = [one for one in self.variants if [value_of(one.options, key) for key in others] == same]
        return found or list(self.variants)


def _shown(of: Attributes, key: str, language: str) -> tuple[str, str] | None:
    return label_and_value(of[key], language) if of.get(key) else None


async def groups(turn: Turn, products: Sequence[Product]) -> dict[str, Group]:
    """The groups of products by the products' ids, where there is more than one variant."""
    wanted = {product.group_id for product in products if product.group_id is not None}
    found = await Catalogue(turn.connection).variants(wanted)
    return {
        product.id: Group(product, found[product.group_id])
        for product in products
        if product.group_id is not None and len(found.get(product.group_id, ())) > 1
    }


async def in_order(turn: Turn, product: Product) -> list[Product]:
    """The versions of a product in the order in which they are listed; itself where there are no others."""
    group = (await groups(turn, [product])).get(product.id)
    if group is None:
        return [product]
    found = await Catalogue(turn.connection).by_ids({one.id for one in group.variants[:_LOOKED_AT]})
    products = [found[one.id] for one in group.variants if one.id in found]
    order = options.in_order(version(one, turn.language) for one in products)
    return sorted(products, key=lambda one: order.index(version(one, turn.language)))


async def named_or_all(turn: Turn, product: Product) -> list[Product]:
    """Those of a product's versions that a message names, where it names several; else all."""
    group = (await groups(turn, [product])).get(product.id)
    versions = await in_order(turn, product)
    named = _named(turn, group) if group is not None else {}
    fit = [
        one for one in versions if all(value_of(one.options, key) in values for key, values in named.items())
    ]
    return fit if len(fit) > 1 else versions


async def names_one(turn: Turn, product: Product) -> bool:
    """Whether a message names the value of one of a product's options."""
    group = (await groups(turn, [product])).get(product.id)
    return group is not None and bool(_named(turn, group))


async def names_several(turn: Turn, product: Product) -> bool:
    """Whether a message names several values of one of a product's options: the 100 g and the 500 g."""
    group = (await groups(turn, [product])).get(product.id)
    return group is not None and any(len(values) > 1 for values in _named(turn, group).values())


async def speaks_of_options(turn: Turn, product: Product) -> bool:
    """Whether a message calls one of the options of a product by its name, such as its colour."""
    group = (await groups(turn, [product])).get(product.id)
    labels = {label for key in group.keys for label in group.labels(key)} if group is not None else set[str]()
    return product_words.says(turn.text, [label for label in labels if len(label) > 1])


def title(product: Product, language: str) -> str:
    """A product's name without what tells its variants apart."""
    words = [part for pair in product.options.values() for face in pair.values() for part in face]
    return options.without(product.name(language), [str(word) for word in words])


def version(product: Product, language: str) -> str:
    """What tells a product from the other variants of its own; empty where nothing does."""
    shown = (label_and_value(faces, language) for faces in product.options.values() if faces)
    return " ".join(pair[1] for pair in shown if pair is not None)


def lines(turn: Turn, group: Group, *, chosen: bool = False) -> list[str]:
    """What a product comes in, a line an option, with what is sold out.

    Args:
        chosen: the variant is the one that is wanted: only what it can be changed into in one step is shown.
    """
    shown = []
    for key in group.keys[:_MOST_OPTIONS]:
        among = group.alike(key) if chosen else group.variants
        words = listed(turn, group.values(key, among, turn.language))
        shown.append(turn.say("attribute", label=group.label(key, turn.language), value=words))
    return shown


def listed(turn: Turn, values: Mapping[str, bool]) -> str:
    """Values with commas between them, a few of many."""
    words: list[str] = []
    length = 0
    for value, there in values.items():
        short = value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"
        words.append(short if there else turn.say("variant-sold-out", value=short))
        length += len(words[-1])
        if len(words) == MOST_LISTED or length > _LONGEST_LIST:
            break
    text = turn.say("variant-comma").join(words)
    left = len(values) - len(words)
    return turn.say("variant-more", values=text, count=left) if left else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a message picks out of the variants of a product."""

    group: Group
    variant: str | None = None
    """Id of the variant meant; None: it isn't made that way, or there are several."""
    wished: str = ""
    """What there isn't, in the customer's words; empty when it was asked what there is."""
    values: Mapping[str, bool] | None = None
    """What there is instead, and whether it is in stock."""


def choose(turn: Turn, group: Group) -> Choice | None:
    """What a message says of the variants of a product; None when it isn't about them."""
    named = _named(turn, group)
    if named:
        return _chosen(turn, group, named)
    for key in group.keys:
        wished = _wished(turn, group, key)
        if wished:
            return Choice(
                group=group, wished=wished, values=group.values(key, group.alike(key), turn.language)
            )
    return None


def asked_for_values(turn: Turn, group: Group, labels: frozenset[str] = frozenset()) -> Choice | None:
    """What there is of the option that a message calls by its name, or by one of some labels."""
    said = turn.text.casefold()
    for key in group.keys:
        own = group.labels(key)
        named = product_words.says(said, [word for word in own if len(word) > 1])
        if named or own & labels:
            return Choice(group=group, values=group.values(key, group.variants, turn.language))
    return None


async def other_of(turn: Turn, base: Product) -> Product:
    """The variant of a product that the message names, or the product itself."""
    group = (await groups(turn, [base])).get(base.id) if turn.text.strip() else None
    choice = choose(turn, group) if group is not None else None
    if choice is None or choice.variant in (None, base.id):
        return base
    return await Catalogue(turn.connection).get(choice.variant or "") or base


def speaks_of_others(turn: Turn, group: Group) -> bool:
    """Whether a message names something that is none of a product's words: it is about other goods."""
    base = group.base
    facts = [value for key in base.attributes for value in value_of(base.attributes, key)]
    values = {face for values in group.different.values() for value in values for face in value}
    labels = {label for key in group.keys for label in group.labels(key)}
    own = options.folded(" ".join((base.name_zh, base.name_en, *facts, *labels, *values)))
    said = {options.folded(value).strip() for value in values}
    return any(not _is_own(word, own, said) for word in product_words.naming_words(turn))


def _is_own(word: str, own: str, values: set[str]) -> bool:
    """Whether a word is one of a product's, or one of its values with a character more, such as M码, or may be one."""
    plain = options.folded(word).strip(_AROUND)
    if plain in sizes_said.WORDS:
        return True
    known = plain in own or plain.rstrip("".join(_ENDS)) in values
    return known or bool(_sizes_in(plain)) or any(options.amounts(plain))


def _chosen(turn: Turn, group: Group, named: Mapping[str, set[Value]]) -> Choice:
    """The variant with all the values that were named; where that leaves several, the one that is else as the base."""
    fitting = [one for one in group.variants if _has_all(one, named)]
    if not fitting:
        return _in_part(turn, group, named)
    others = [key for key in group.keys if key not in named]
    same = [value_of(group.base.options, key) for key in others]
    closest = [one for one in fitting if [value_of(one.options, key) for key in others] == same]
    if len(fitting) == 1 or len(closest) == 1:
        return Choice(group=group, variant=(closest or fitting)[0].id)
    # Which of several was named, or which of what nothing was said about.
    open_ = next(
        (key for key in (*others, *named) if len({value_of(f.options, key) for f in fitting}) > 1), ""
    )
    return Choice(group=group, values=group.values(open_, fitting, turn.language))


def _has_all(one: Variant, named: Mapping[str, set[Value]]) -> bool:
    """Whether a variant has all values that were named; a word that is a value of several options means one of them."""
    held = {key for key, values in named.items() if value_of(one.options, key) in values}
    return all(key in held or any(named[other] & named[key] for other in held) for key in named)


def _in_part(turn: Turn, group: Group, named: Mapping[str, set[Value]]) -> Choice:
    """Each value there is, but not together: what the first of them goes with."""
    (first, values), (second, wished), *_ = named.items()
    fitting = [one for one in group.variants if value_of(one.options, first) in values]
    words = [_in_language(group, *one, turn.language) for one in ((first, values), (second, wished))]
    return Choice(group=group, wished=" ".join(words), values=group.values(second, fitting, turn.language))


def _in_language(group: Group, key: str, values: set[Value], language: str) -> str:
    return next(
        shown[1]
        for one in group.variants
        if value_of(one.options, key) in values and (shown := _shown(one.options, key, language))
    )


def _named(turn: Turn, group: Group) -> dict[str, set[Value]]:
    """The values that stand in a message, by option: whole ones before parts of them, the longest first."""
    said = _said(turn)
    found: dict[str, set[Value]] = {}
    for key, values in group.different.items():
        hits = [
            ((whole, len(way)), value)
            for value in values
            for way, whole in _ways_to_say(value)
            # Of thousands of values few are said: only those are looked at closely.
            if way[:3] in said and product_words.says(said, (way,))
        ]
        best = max((rank for rank, _ in hits), default=None)
        extreme = sizes_said.extreme(said, values) or sizes_said.next_to(
            said, values, value_of(group.base.options, key)
        )
        if best is not None:
            found[key] = {value for rank, value in hits if rank == best}
        elif extreme is not None:
            found[key] = {extreme}
    return _of_the_called(group, found, said)


def _of_the_called(group: Group, named: Mapping[str, set[Value]], said: str) -> dict[str, set[Value]]:
    """The values that were named, of options that share one just those of the option that is called by its name."""
    called = {
        key for key in named if product_words.says(said, [one for one in group.labels(key) if len(one) > 1])
    }
    return {
        key: values
        for key, values in named.items()
        if key in called or not any(other != key and named[other] & values for other in called)
    }


def _said(turn: Turn) -> str:
    """The message without sums, dates and numbers of orders, as no size is meant by those, and with the plain names of
    its colours: 红的 is iron red, too."""
    text = turn.text
    for entity in turn.understanding.entities if turn.understanding is not None else ():
        if entity.kind in _NOT_ABOUT_IT:
            text = text.replace(entity.text, " ")
        elif entity.kind is EntityKind.COLOUR and entity.text in text:
            text = f"{text} {entity.value}"
    return _contracted("", options.folded(text))


def _ways_to_say(value: Value) -> Iterator[tuple[str, bool]]:
    """A value in any language, and whether it is said whole: sage green is also said sage or green."""
    for written in value:
        plain = options.folded(written).strip()
        head = plain.partition("(")[0].strip()
        bare = head.rstrip("码号") or head
        for whole in dict.fromkeys((plain, head, bare)):
            if whole.isascii() or len(whole) > 1:
                yield whole, True
            else:
                yield from ((f"{whole}{end}", True) for end in _ENDS)
        if plain.isascii():
            parts = [part for part in head.split() if len(part) > 2 and part.isalpha()]
            yield from ((part, False) for part in parts if product_words.means_something(part))
        elif len(head) > 1 and head.endswith("色"):
            yield f"{head[:-1]}的", False
            if len(head) > 2:
                yield from ((way, False) for way in (f"{head[:-1]}款", head[-2:]))


def _wished(turn: Turn, group: Group, key: str) -> str:
    """What a message wants an option to be that it can't be, in the customer's own words."""
    values = {face for value in group.different[key] for face in value}
    entities = turn.understanding.entities if turn.understanding is not None else ()
    labels = group.labels(key)
    for entity in entities:
        # "+1" is one size larger than something: which, the message leaves open.
        is_one = entity.value not in ("+1", "-1") and product_words.says(turn.text, (entity.text,))
        if is_one and labels & _ENTITIES.get(entity.kind, frozenset()):
            return entity.text
    units = {amount.lstrip("0123456789.") for value in values for _, amount in options.amounts(value)}
    for written, amount in options.amounts(turn.text):
        if amount.lstrip("0123456789.") in units:
            return written
    # A letter alone, such as M, may be anything; XL is a size.
    sized = values and all(options.size(value) is not None for value in values)
    return next((word.upper() for word in _sizes_in(_said(turn))), "") if sized else ""
