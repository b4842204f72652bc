"""The cheapest, lightest or warmest of a kind of goods, of those shown, or of all: by price or what the shop states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.skills import (
    fitting,
    needed,
    order_asked,
    product_words,
    qualities,
    recommending,
    sound,
    which_product,
)
from bot.conversation.skills.goods import comparing
from bot.conversation.skills.goods.comparing import Measured
from bot.conversation.skills.qualities import Superlative, Wanted
from bot.conversation.turn import Turn
from nlu.products.concepts import concepts
from nlu.products.needs import Need
from storage.catalogue import Catalogue, Product, each_once

_SHOWN = 3
_PLAIN = 0.5
_WHOLE = ("shop", "store", "店里", "全店", "你家", "你们家")
_ONE_KIND = 2
"""From so many on there is something to compare."""


async def answered(turn: Turn) -> Answer | None:
    """What has most or least of what a message wants most or least of; None where it wants nothing so, or speaks of
    something else than goods."""
    wanted = qualities.superlatives(turn.text)
    if not wanted or turn.argument or order_asked.names_orders(turn.text) or not _of_goods(turn):
        return None
    now = needed.told(turn)
    if concepts(now.words, now.said):
        return await _of_kind(turn, wanted, _need(turn, now))
    if product_words.says(turn.text, _WHOLE):
        return await _of_all(turn, wanted, now)
    shown = await which_product.by_ids(turn, turn.memory.products)
    if len(shown) >= _ONE_KIND:
        compared = comparing.compared(turn, shown, wanted)
        return compared if compared is not None else comparing.not_comparable(turn, shown)
    before = turn.memory.need
    if before is not None and before.known:
        return await _of_kind(turn, wanted, needed.needed(turn, now))
    return None if now.words or turn.memory.product is not None else await _of_all(turn, wanted, now)


async def more_than_shown(turn: Turn) -> Answer | None:
    """What of the kind looked for has more or less of something than all that is on the screen: "a bigger one"."""
    before, wanted = turn.memory.need, qualities.compared(turn.text)
    now = needed.told(turn)
    price = any(one.quality.name == qualities.PRICE for one in wanted)
    if before is None or not wanted or price or qualities.chooses(turn.text) or not _of_goods(turn):
        return None
    shown = await which_product.by_ids(turn, turn.memory.products)
    if len(shown) < _ONE_KIND or now.limits or needed.kinds(now):
        return None
    need = needed.needed(turn, now)
    found = (
        await fitting.fit(
            turn, replace(before, cheaper=False, dearer=False, extent=""), seen=(), by_meaning=False
        )
    ).fitting
    turn = turn.remembering(replace(turn.memory, need=replace(need, words=before.words, said=before.said)))
    for one in wanted:
        known = _alike([comparing.measured(turn, product, one.quality) for product in shown])
        if not known:
            continue
        better = each_once(comparing.beyond(turn, found, one, _most(known, one)))
        if better:
            return await _listed(turn, turn.say("search-found"), better[:_SHOWN])
        words = one.quality.said.get(turn.language)
        if words:
            return Answer(
                text=turn.say("others-none-shown", word=words[one.more]), memory=turn.memory.settled()
            )
    return comparing.not_comparable(turn, shown)


def _of_goods(turn: Turn) -> bool:
    """Whether a message isn't plainly about something else: the cheapest shipping is none of the goods."""
    wished = {wish.intent for wish in turn.acts.wishes}
    read = turn.understanding
    likely = {read.intent} if read is not None and read.understood and read.probability >= _PLAIN else set()
    return (wished or likely) <= needed.MAY_TELL


def _need(turn: Turn, now: Need) -> Need:
    """What is needed after a message that names goods: where they are others than before, they begin anew."""
    before = turn.memory.need
    if before is None:
        return now
    same = {
        one for concept in concepts(before.words, before.said) for one in (*concept.words, *concept.kinds)
    }
    told = {one for concept in concepts(now.words, now.said) for one in (*concept.words, *concept.kinds)}
    narrows = not any(word in now.words for word in product_words.naming_words(turn))
    return before.then(now, anew=not (same & told or narrows))


async def _of_kind(turn: Turn, wanted: Sequence[Superlative], need: Need) -> Answer | None:
    """Over all goods of the kind that is looked for, which what was told holds of."""
    need = replace(need, cheaper=False, dearer=False, extent="")
    found = await fitting.fit(turn, need, seen=(), by_meaning=False)
    if not found.fitting:
        known = need.limits and (found.named or found.unstated or found.nearest is not None)
        return await recommending.nothing(turn, need, found) if known else None
    turn = turn.remembering(replace(turn.memory, need=need))
    return await _best_of(turn, found.fitting, wanted)


async def _of_all(turn: Turn, wanted: Sequence[Superlative], now: Need) -> Answer | None:
    """Over all goods of the shop, of which price alone can be compared."""
    of_price = next((one for one in wanted if one.quality.name == qualities.PRICE), None)
    if of_price is None:
        return None
    turn = turn.remembering(replace(turn.memory, need=needed.needed(turn, now)))
    found = (await sound.checked(turn, await _ends(turn, dearest=of_price.more))).products
    return await _best_of(turn, found, [of_price], whole=True) if found else None


async def _ends(turn: Turn, *, dearest: bool) -> list[Product]:
    """What is cheapest or dearest of all that is in stock, by what this customer pays."""
    catalogue, offers = Catalogue(turn.connection), turn.prices.offers
    # As many more as offers may move away from the end.
    ends = await catalogue.ends(now=turn.now, dearest=dearest, limit=_SHOWN * 8 + len(offers))
    offered = (await catalogue.by_ids(offers)).values() if offers else ()
    known = {one.id: one for one in [*ends, *offered] if one.active and one.stock > 0}
    return sorted(known.values(), key=lambda one: turn.prices.of(one).amount, reverse=dearest)


async def _best_of(
    turn: Turn, products: Sequence[Product], wanted: Sequence[Superlative], *, whole: bool = False
) -> Answer:
    tables = [
        (one, [comparing.measured(turn, product, one.quality) for product in products]) for one in wanted
    ]
    one, table = max(tables, key=lambda pair: sum(item.rank is not None for item in pair[1]))
    known = _alike(table)
    if not known:
        return await _not_stated(turn, products, one)
    first = _most(known, one)
    best = each_once(item.product for item in known if item.rank == first.rank)
    others = len(each_once(products)) - len(each_once(item.product for item in known))
    lines = [_heading(turn, one, first, best, 0 if whole else len(each_once(products)))]
    lines += [turn.say("best-unstated", count=others)] if others > 0 else []
    return await _listed(turn, "\n".join(lines), best[:_SHOWN])


def _alike(table: Sequence[Measured]) -> list[Measured]:
    """What can be put in order: what is stated in the unit that most of them are stated in."""
    # A share of something is no more or less of a quality: 90 % down is not warmer than 300 g of wool.
    units = [item.unit for item in table if item.rank is not None and item.unit != "%"]
    unit = max(sorted(set(units)), key=units.count, default=None)
    return [item for item in table if item.rank is not None and item.unit == unit]


def _most(known: Sequence[Measured], wanted: Wanted) -> Measured:
    return (max if wanted.more else min)(known, key=lambda item: item.rank or 0)


async def _listed(turn: Turn, text: str, products: Sequence[Product]) -> Answer:
    memory = turn.memory.showing(tuple(product.id for product in products))
    return Answer(text=text, cards=await which_product.cards(turn, products), memory=memory)


def _heading(turn: Turn, one: Superlative, first: Measured, best: Sequence[Product], count: int) -> str:
    text_id = "best-tied" if len(best) > 1 else "best-of" if count > 1 else "best"
    label, value = comparing.label(turn, best, one.quality), first.words
    if len(best) > 1 and one.quality.name == qualities.PRICE:
        # By an offer or a sale that only one of them may have; the cards say which.
        value = turn.money(turn.prices.of(first.product).amount, first.product.currency)
    return turn.say(text_id, word=_word(turn, one), label=label, value=value, count=count, tied=len(best))


def _word(turn: Turn, one: Superlative) -> str:
    """What was asked for, in the customer's words where they are in the language of the answer."""
    said = one.quality.said.get(turn.language, ("", ""))[one.more]
    return one.word if (turn.language == "zh") != one.word.isascii() else said


async def _not_stated(turn: Turn, products: Sequence[Product], one: Superlative) -> Answer:
    """That it isn't stated of any of them, and some of them."""
    some = each_once(products)[:_SHOWN]
    return await _listed(turn, turn.say("best-not-stated", word=_word(turn, one)), some)
