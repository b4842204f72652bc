"""Goods that meet a need: found by words and meaning, none of them against what must hold, the best of them first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.conversation.skills import product_words
from bot.conversation.turn import Turn
from bot.shop.goods import goods_of
from kernel.money import decimals
from nlu.products import measures
from nlu.products.against import against, labels_asked
from nlu.products.concepts import wanted
from nlu.products.extent import MUCH
from nlu.products.goods import Goods, called_alike
from nlu.products.needs import Need
from nlu.products.searching import Found, GoodsIndex
from nlu.types import EntityKind, Language
from retention.types import Reason, Recommendation
from storage.catalogue import Catalogue, Category, Product, each_once

SHOWN = 3
LOOKED_AT = 200
_AS_GOOD, _NEAR_THE_BEST = 0.85, 0.85
"""Shares of the best score: those among which the retention core ranks, and those that are shown at all."""
_NEAR_THE_SUM = 0.6
"""From this share of a sum on a price comes near to it."""
_ENOUGH = 0.2
_AS_MUCH = 0.8
"""The share, of what the words of the best meet, that another meets to be shown beside it."""
_FAR, _GIVEN, _CHEAP = 0.7, 1.2, 0.4
_FOR_SOMEBODY = frozenset({"present", "adult", "woman", "man"})
_STILL_MEANT = frozenset({"", "unstated", "allergy", "stated", "unwanted", "owned"})
_RANKED = 24
_SAID_AT_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What was found for a need."""

    items: tuple[Recommendation, ...] = ()
    """At most three, best first."""
    products: dict[str, Product] = field(default_factory=dict)
    goods: dict[str, Goods] = field(default_factory=dict)
    nearest: Product | None = None
    """What fits but for its price, the nearest to it."""
    gone: Product | None = None
    """What fits but is sold out, the best of it, where nothing else fits."""
    unstated: int = 0
    """How many are left out since the shop doesn't state that they are safe."""
    worded: bool = True
    """Their words meet the need: it isn't only that people like them."""
    named: bool = False
    """Words of the shop's goods say what is asked for, whether or not any fit."""
    of_kind: bool = False
    """The shop's own names for its goods do."""
    fitting: tuple[Product, ...] = ()
    """All that fits, its price, too."""
    other_colours: bool = False
    """What fits is not stated to come in the colour that is asked for."""
    seen: bool = False
    """Something fits that was shown before."""
    near: float = 0.0
    """How near what is written of the best is to what was said, token by token."""


async def fit(turn: Turn, need: Need, *, seen: Sequence[str], by_meaning: bool) -> Fit:
    """Look for what meets a need.

    Args:
        turn: of the message.
        need: what must hold is never broken.
        seen: ids not to be shown again.
        by_meaning: where no words meet the need, what is near to it in meaning may, or what is liked.
    """
    names = {one.id: one for one in await Catalogue(turn.connection).categories()}
    asked = wanted(need)
    found = await _found(turn, need, names) if asked or need.said else []
    by_tokens = any(one.near for one in found)
    # Who names what it is wants nothing of another kind, whatever else that may meet.
    kin = [one for one in found if one.of_kind] or found
    called = _most_met(one for one in kin if one.worded)
    meant = {one.id: one for one in kin if (by_tokens if called else False) or one.id in called}
    worded = {one: known.score for one, known in meant.items()}
    of_kind = any(one.of_kind for one in found)
    judged = await _judged(turn, need, names, worded, seen, called, of_kind=of_kind)
    near = max((meant[one.product].near for one in judged.items), default=0.0)
    judged = replace(judged, named=bool(worded), of_kind=of_kind, near=near)
    for_them = need.child or (not worded and _FOR_SOMEBODY & set(need.people))
    if for_them and need.limits and not (judged.items or of_kind):
        # Who names no goods, but for whom they are, is shown whatever fits.
        anything = {one.id: one.score for one in found}
        judged_ = await _judged(turn, need, names, anything, seen, by_meaning=True, of_kind=True)
        return replace(judged_, worded=False) if judged_.items else judged
    if judged.items or not by_meaning or (worded and not judged.seen):
        return judged
    # Who says what they look for is not answered with what others like, unless all of it was shown.
    stated = any(one.kinds and not one.whom for one in asked) and not judged.seen
    akin = {one.id: one.score for one in kin} if stated else None
    liked = await _judged(turn, need, names, akin, seen, by_meaning=akin is not None)
    return replace(liked, worded=False)


def _most_met(found: Iterable[Found]) -> frozenset[str]:
    """Those of which words say about as much of what is asked for as of the best."""
    shares = {one.id: one.share for one in found}
    most = max(shares.values(), default=0.0)
    return frozenset(one for one, share in shares.items() if share >= _AS_MUCH * most)


async def _found(turn: Turn, need: Need, names: dict[str, Category]) -> list[Found]:
    language: Language = "zh" if turn.language == "zh" else "en"
    found = await turn.services.reader.search_goods(need, language, LOOKED_AT)
    if found is not None:
        return found
    # The index isn't there yet: the store finds what the words name.
    catalogue, products = Catalogue(turn.connection), dict[str, Product]()
    for one in wanted(need):
        words = one.names[:_SAID_AT_MOST]
        for item in await catalogue.search(words, now=turn.now, limit=LOOKED_AT):
            products[item.id] = item
    index = GoodsIndex([goods_of(item, names.get(item.category_id or "")) for item in products.values()])
    return index.search(need, LOOKED_AT)


async def _judged(
    turn: Turn,
    need: Need,
    names: dict[str, Category],
    scores: dict[str, float] | None,
    seen: Sequence[str],
    called: frozenset[str] | None = None,
    *,
    by_meaning: bool = False,
    of_kind: bool = False,
) -> Fit:
    """Of products with their scores, or, without scores, of those that are liked; `called` are those of which words
    say what is asked for, None all."""
    if scores is None:
        liked = await _recommended(turn, None, LOOKED_AT)
        scores = {item.product: 1.0 - place * 1e-4 for place, item in enumerate(liked)}
    products = await Catalogue(turn.connection).by_ids(scores) if scores else {}
    sold = [product for product in products.values() if product.active]
    goods = {product.id: goods_of(product, names.get(product.category_id or "")) for product in sold}
    reasons = {one: against(need, goods[one]) for one in goods}
    reasons = _stating_more(turn, need, sold, goods, reasons)
    others = _other_versions(turn, need, [one for one in sold if not reasons[one.id]])
    reasons |= {one.id: "stated" for one in others}
    may = {one.id: goods[one.id].facts for one in sold if not reasons[one.id]}
    among = may if called is None else {one: facts for one, facts in may.items() if one in called}
    # What is sold out still says how much of a quantity there is: less of it doesn't do.
    others_ = {one: facts for one, facts in may.items() if one not in among}
    meeting = measures.nearest(need.said, among) | measures.nearest(need.said, others_)
    sound = [one for one in sold if one.id in meeting]
    here, gone = _there(turn, need, sound)
    priced = [product for product in here if off(turn, need, product) == 0]
    # What can't be had or must not be doesn't let less of what is wished for pass for it.
    fitting = tuple(one for one in priced if called is None or one.id in called)
    meant = [one for one, reason in reasons.items() if reason in _STILL_MEANT]
    # What is of the kind that is named is meant, however far it is from the nearest.
    enough = 0.0 if of_kind else _ENOUGH * max((scores[one] for one in meant), default=0.0)
    # What words say is asked for is meant, however near something else is that doesn't do.
    said = among if called is not None else {}
    sound, gone = (
        [one for one in some if one.id in said or scores[one.id] >= enough] for some in (here, gone)
    )
    priced = [one for one in priced if one in sound]
    if any(one.id in among and off(turn, need, one) == 0 for one in gone) and not any(
        one.id in among for one in priced
    ):
        # What meets the words best is there, though sold out: what meets fewer of them is nothing like it.
        priced = []
    coloured, lacking = _in_colour(turn, priced, need), _in_colour(turn, gone, need)
    priced = coloured or (priced if not lacking else [])
    cheap = sorted(turn.prices.of(item).amount for item in priced)
    worth = {item.id: scores[item.id] * _preferred(turn, need, item, goods[item.id]) for item in priced}
    if need.cheaper:
        worth = {
            item.id: worth[item.id]
            * (1 - _CHEAP * bisect_left(cheap, turn.prices.of(item).amount) / len(cheap))
            for item in priced
        }
    fresh = sorted(
        (item for item in priced if item.id not in seen), key=lambda item: (-worth[item.id], item.id)
    )
    beyond = [one for one in sound if off(turn, need, one) > 0]
    return Fit(
        items=await _chosen(turn, each_once(fresh), worth, as_good=1.0 if by_meaning else _AS_GOOD),
        products=products,
        goods=goods,
        fitting=fitting,
        nearest=min(beyond, key=lambda item: off(turn, need, item), default=None) if not priced else None,
        gone=None if priced else _best(turn, need, lacking or gone, scores),
        unstated=sum(reasons[one.id] == "unstated" for one in sold if one.stock > 0),
        seen=bool(priced),
        other_colours=not coloured and bool(priced) and bool(_colours(turn, need)),
    )


def _stating_more(
    turn: Turn, need: Need, products: Sequence[Product], goods: Mapping[str, Goods], reasons: dict[str, str]
) -> dict[str, str]:
    """What speaks against goods, with what speaks for others: they state what a need asks of a yes, a no or a level."""
    labels = labels_asked(need, goods.values())
    unsaid = {one for one, known in goods.items() if not labels <= {label for label, _ in known.facts}}
    stating = [one for one in products if one.id not in unsaid and not reasons[one.id]]
    if not any(one.stock > 0 and off(turn, need, one) == 0 for one in stating):
        return reasons
    return reasons | {one: "stated" for one in unsaid if not reasons[one]}


def _other_versions(turn: Turn, need: Need, products: Sequence[Product]) -> list[Product]:
    """Of versions that cost the more the larger they are those that aren't the smallest, or the largest, where that is
    wished for."""
    lines: dict[tuple[str | None, str], list[Product]] = {}
    for one in products if need.extent else ():
        lines.setdefault(
            (one.category_id, one.group_id or called_alike(one.name_en or one.name_zh)), []
        ).append(one)
    pick = max if need.extent == MUCH else min
    return [
        one
        for line in lines.values()
        for one in line
        if turn.prices.of(one).amount != pick(turn.prices.of(each).amount for each in line)
    ]


def _colours(turn: Turn, need: Need) -> list[str]:
    """The colours that a message names and doesn't refuse, in its words and plainly."""
    read = turn.understanding
    found = [one for one in read.entities if one.kind is EntityKind.COLOUR] if read is not None else []
    refused = " ".join(need.unwanted).lower()
    return [
        word.lower()
        for one in found
        for word in (one.text, one.value)
        if word and one.text.lower() not in refused
    ]


def _there(turn: Turn, need: Need, products: Sequence[Product]) -> tuple[list[Product], list[Product]]:
    """What can be had, and what is sold out: who can wait can have what is expected back, and, where nothing else is
    there, so can who needs it by a later day."""
    here = [one for one in products if one.stock > 0]
    back = [
        one
        for one in products
        if one.stock <= 0 and one.restock_at is not None and one.restock_at > turn.now
        if need.waits or one.restock_at.astimezone(turn.zone).date().isoformat() < need.by
    ]
    here = [*here, *back] if need.waits else here or back
    return here, [one for one in products if one not in here]


def _best(turn: Turn, need: Need, gone: Sequence[Product], scores: Mapping[str, float]) -> Product | None:
    """The best of what is sold out and costs no more than may be spent."""
    may = [one for one in gone if off(turn, need, one) == 0]
    return max(may, key=lambda one: scores[one.id], default=None)


def _in_colour(turn: Turn, products: Sequence[Product], need: Need) -> list[Product]:
    """Those that are stated to be of a colour that a message names."""
    colours = _colours(turn, need)
    return [one for one in products if any(product_words.is_called(one, "", colour) for colour in colours)]


async def _chosen(
    turn: Turn, fresh: Sequence[Product], worth: dict[str, float], as_good: float
) -> tuple[Recommendation, ...]:
    """The best three; the retention core ranks those that meet the need about as well."""
    best = max(worth.values(), default=0.0)
    near = [item.id for item in fresh if worth[item.id] >= _NEAR_THE_BEST * best][:_RANKED]
    ranked = {item.product: item for item in await _recommended(turn, near, len(near))} if near else {}
    if turn.intent == "recommend_request":
        # What the shop doesn't recommend is found by who looks for it alone.
        near = [one for one in near if one in ranked] or near
    order = {one: place for place, one in enumerate(ranked)}
    first = sorted(
        (one for one in near if worth[one] >= as_good * best), key=lambda one: order.get(one, len(order))
    )
    chosen = [*first, *(one for one in near if one not in first)][:SHOWN]
    return tuple(
        replace(ranked[one], position=place) if one in ranked else _plain(one, place, worth[one])
        for place, one in enumerate(chosen)
    )


def alone(product: Product, found: Fit) -> tuple[Recommendation, ...]:
    """One product of those found, by itself."""
    item = next((one for one in found.items if one.product == product.id), _plain(product.id, 0, 1.0))
    return (replace(item, position=0),)


def _plain(product: str, place: int, score: float) -> Recommendation:
    reasons = (Reason(code="matches_words"),)
    return Recommendation(
        product=product, position=place, score=score, policy="need/1", probability=1.0, reasons=reasons
    )


async def _recommended(turn: Turn, among: Sequence[str] | None, n: int) -> list[Recommendation]:
    return await turn.services.decisions.recommend(
        turn.connection, customer_id=turn.customer_id, n=n, now=turn.now, among=among, allow_repeats=True
    )


def _unit(product: Product) -> int:
    """Minor units in a major one."""
    return int(10 ** decimals(product.currency))


def off(turn: Turn, need: Need, product: Product) -> int:
    """By how much a price misses what it may be, minor units; 0: it doesn't."""
    price, unit = turn.prices.of(product).amount, _unit(product)
    low, high = (None if one is None else round(one * unit) for one in need.each)
    if high is not None and price > high:
        return price - high
    return low - price if low is not None and price < low else 0


def _preferred(turn: Turn, need: Need, product: Product, goods: Goods) -> float:
    """The share of its score that a product keeps: what is made as a present, a price that comes near to a sum, and
    nothing for children unless it is for one count more."""
    share = 1.0
    _, most = need.each
    if need.about and most is not None:
        far = turn.prices.of(product).amount < _NEAR_THE_SUM * most * _unit(product)
        share *= _FAR if far else 1.0
    if "present" in need.people and goods.is_of("!gift", goods.name + goods.options):
        share *= _GIVEN
    if need.age is not None and goods.ages:
        share *= _GIVEN
    if not {"child", "baby"} & set(need.people) and not need.child and goods.is_of("@child", goods.name):
        share *= _FAR
    return share
