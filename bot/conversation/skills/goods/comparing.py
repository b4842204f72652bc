"""Which of several goods, or of one product's versions, has more or less of what is asked; else how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.conversation.answer import Answer
from bot.conversation.memory import Memory
from bot.conversation.skills import naming, qualities, variants
from bot.conversation.skills.goods import units, values
from bot.conversation.skills.qualities import Quality, Wanted
from bot.conversation.turn import Turn
from storage.catalogue import Product

MOST = 4
"""So many are set beside each other."""
_LABELS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """One of the goods, and what it has of a quality."""

    product: Product
    words: str
    """Empty where the shop doesn't state it."""
    rank: Decimal | None
    unit: str = ""


def compared(turn: Turn, products: Sequence[Product], wanted: Sequence[Wanted]) -> Answer | None:
    """The answer first: which of them is cheaper, lighter or longer, and what the others have; without a quality, how
    they differ. None where nothing is stated of the qualities."""
    memory = _memory(turn, products)
    tables = [(one, [measured(turn, product, one.quality) for product in products]) for one in wanted]
    told = [(one, table) for one, table in tables if any(item.words for item in table)]
    # What can be put in order says more than what can't, and a quality in which they differ more than one they share.
    told.sort(
        key=lambda pair: (any(item.rank is None for item in pair[1]), -len({item.words for item in pair[1]}))
    )
    if not told:
        return None if wanted else Answer(text=_differing(turn, products), memory=memory)
    one, table = told[0]
    first, *others = _ordered(table, one)
    unlike = any(item.rank is None or item.unit != first.unit for item in table) or len(table) < 2
    same = all(item.rank == first.rank for item in others)
    if unlike or (same and _cost_otherwise(table, one)):
        # Not all are stated, or not in one unit, or one costs the same by an offer: they are said and left to the
        # customer.
        lines = [_line(turn, item) for item in table]
        return Answer(text="\n".join([label(turn, products, one.quality), *lines]), memory=memory)
    if same:
        names = _names(turn, products)
        return Answer(
            text=turn.say(
                "compare-same", names=names, label=label(turn, products, one.quality), value=first.words
            ),
            memory=memory,
        )
    memory = replace(memory, product=first.product.id)
    return Answer(text=_first_of(turn, one, first, others), memory=memory)


def _cost_otherwise(table: Sequence[Measured], wanted: Wanted) -> bool:
    """Whether what costs the same does so by an offer or a sale that only some of them have."""
    return wanted.quality.name == qualities.PRICE and len({item.words for item in table}) > 1


def _memory(turn: Turn, products: Sequence[Product]) -> Memory:
    memory = turn.memory.showing(tuple(product.id for product in products))
    of_one = len({naming.line(product) for product in products}) == 1
    return replace(memory, product=products[0].id) if of_one else memory


def best(turn: Turn, products: Sequence[Product], wanted: Sequence[Wanted]) -> Product | None:
    """The one that has most, or least, of the first quality that all of them state; None where none stands out."""
    for one in wanted if products else ():
        table = [measured(turn, product, one.quality) for product in products]
        first, *others = _ordered(table, one)
        ranked = all(item.rank is not None and item.unit == first.unit for item in table)
        if ranked and others and all(item.rank != first.rank for item in others):
            return first.product
    return None


def beyond(turn: Turn, products: Sequence[Product], wanted: Wanted, than: Measured) -> list[Product]:
    """Those that have more, or less, of a quality than another, the nearest first."""
    table = [measured(turn, product, wanted.quality) for product in products]
    apart = [
        (item.rank - than.rank, item.product)
        for item in table
        if item.rank is not None and than.rank is not None and item.unit == than.unit
    ]
    fit = [(abs(by), product) for by, product in apart if by and (by > 0) == wanted.more]
    return [product for _, product in sorted(fit, key=lambda pair: pair[0])]


def _first_of(turn: Turn, wanted: Wanted, first: Measured, others: Sequence[Measured]) -> str:
    said = wanted.quality.said.get(turn.language, ())
    all_ = [first.product, *(item.product for item in others)]
    rest = [item for item in others if item.rank != first.rank][: MOST - 1]
    against = turn.say("compare-comma").join(
        item.words
        if item.words == _called(turn, item.product, all_)
        else turn.say("compare-item", name=_called(turn, item.product, all_), value=item.words)
        for item in rest
    )
    text = turn.say(
        "compare-first" if said else "compare-most",
        name=_called(turn, first.product, all_),
        word=said[wanted.more] if said else "",
        label=label(turn, all_, wanted.quality),
        value=first.words,
        others=against,
        count=len(all_),
    )
    if wanted.quality.name != qualities.PRICE or len(others) > 1:
        return text
    of = turn.prices.of
    by = abs(of(others[0].product).amount - of(first.product).amount)
    return f"{text}{turn.say('compare-by', amount=turn.money(by, first.product.currency))}"


def _ordered(table: Sequence[Measured], wanted: Wanted) -> list[Measured]:
    known = [item for item in table if item.rank is not None]
    rest = [item for item in table if item.rank is None]
    return sorted(known, key=lambda item: item.rank or 0, reverse=wanted.more) + rest


def measured(turn: Turn, product: Product, quality: Quality) -> Measured:
    """What a product has of a quality, in words and as what it is ordered by."""
    if quality.name == qualities.PRICE:
        price = turn.prices.of(product)
        return Measured(product, turn.price(product), Decimal(price.amount), product.currency)
    if quality.name == qualities.VALUE:
        worth = units.unit_price(turn, product, quality)
        return (
            Measured(product, worth.words, worth.minor, worth.unit) if worth else Measured(product, "", None)
        )
    fact = next((one for one in qualities.facts_of(product, turn.language) if one.has(quality)), None)
    if fact is None:
        return Measured(product, "", None)
    rank = next(filter(None, map(values.rank, fact.values)), None)
    return Measured(product, fact.value, rank.high if rank else None, rank.unit if rank else "")


def _line(turn: Turn, item: Measured) -> str:
    value = item.words or turn.say("not-stated")
    return turn.say("compare-line", name=item.product.name(turn.language), value=value)


def label(turn: Turn, products: Sequence[Product], quality: Quality) -> str:
    """What a quality is called by those of some goods that state it."""
    if quality.name == qualities.VALUE:
        return turn.say("label-value")
    if quality.name == qualities.PRICE:
        return turn.say("label-price")
    return next(
        (
            fact.label
            for product in products
            for fact in qualities.facts_of(product, turn.language)
            if fact.has(quality)
        ),
        "",
    )


def not_comparable(turn: Turn, products: Sequence[Product]) -> Answer:
    """That nothing is stated by which they could be compared."""
    names = turn.say("compare-comma").join(
        dict.fromkeys(variants.title(one, turn.language) for one in products)
    )
    memory = turn.memory.showing(tuple(one.id for one in products))
    return Answer(text=turn.say("compare-not-stated", names=names), memory=memory)


def _called(turn: Turn, product: Product, among: Sequence[Product]) -> str:
    """A name, and of versions of one product what tells them apart."""
    if len({naming.line(one) for one in among}) > 1:
        return product.name(turn.language)
    return variants.version(product, turn.language) or product.name(turn.language)


def _names(turn: Turn, products: Sequence[Product]) -> str:
    return turn.say("compare-comma").join(_called(turn, product, products) for product in products)


def _differing(turn: Turn, products: Sequence[Product]) -> str:
    """Prices, and the attributes that not all of them share, a line each."""
    told = [{fact.label: fact.value for fact in qualities.facts_of(one, turn.language)} for one in products]
    labels = dict.fromkeys(label for facts in told for label in facts)
    rows = [(turn.say("label-price"), [turn.price(product) for product in products])]
    rows += [(label, [facts.get(label, "") for facts in told]) for label in labels]
    # What several of them state can be compared; what differs goes first.
    differ = [(label, row) for label, row in rows if len(set(row)) > 1]
    differ.sort(key=lambda pair: -sum(1 for value in pair[1] if value))
    lines = [
        turn.say(
            "compare-row",
            label=label,
            values=turn.say("compare-between").join(value or turn.say("not-stated") for value in row),
        )
        for label, row in differ[:_LABELS]
    ]
    heading = turn.say("compare-between").join(_called(turn, product, products) for product in products)
    return "\n".join([heading, *lines]) if lines else turn.say("compare-alike", names=_names(turn, products))
