"""Why a product is shown, from its own facts, and what customers did only where enough of them did it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.conversation.skills import sound, which_product
from bot.conversation.skills.sound import Checked
from bot.conversation.turn import Turn
from kernel.money import decimals
from nlu.products import lexicon
from nlu.products.against import states_free
from nlu.products.concepts import Concept, wanted
from nlu.products.goods import FOR_WHOM, LISTED, Goods
from nlu.products.lexicon import field
from nlu.products.needs import Need
from retention.types import Recommendation
from storage.catalogue import Catalogue, Product
from storage.events import Events

ENOUGH = 5
"""Customers of whom something is true, so that it is said."""
_SPOKEN = ("bought_together", "viewed_together", "buy_again", "similar_content", "new_product", "popular")
_DID = {"bought_together": "purchase", "viewed_together": "view", "popular": "purchase"}
_SENTENCE = re.compile(r"[。!！?？;；\n]|\.(?=\s|$)")


async def why(
    turn: Turn,
    need: Need,
    item: Recommendation,
    products: Mapping[str, Product],
    goods: Mapping[str, Goods],
) -> str:
    """How a product meets a need; where nothing was needed, the first reason that means something to a customer."""
    known = goods.get(item.product)
    facts = _facts(turn, need, products[item.product], known) if known is not None else []
    if facts:
        return turn.say("separator").join(facts)
    return await _of_customers(turn, item)


def _facts(turn: Turn, need: Need, product: Product, goods: Goods) -> list[str]:
    found = []
    labels = product.labels(turn.language)
    if need.child or need.animal or need.age is not None:
        found += [
            turn.say("attribute", label=label, value=value)
            for label, value in labels
            if FOR_WHOM.search(label)
        ][:1]
    found += [
        turn.say("attribute", label=label, value=value)
        for label, value in labels
        if (need.allergies or need.unwanted) and states_free(need, label, value)
    ][:1]
    if need.allergies and not found:
        # Nothing is concluded of what it is made of: the whole list is told.
        found += [
            turn.say("attribute", label=label, value=value) for label, value in labels if LISTED.search(label)
        ]
    wished = (need.people and set(need.people) != {"self"}) or need.taste
    for concept in wanted(need) if wished or not found else ():
        fact = _fact(turn, concept, product, goods)
        if fact:
            wish = _wish(need, concept)
            found.append(turn.say("need-why", wish=wish, fact=fact) if wish else fact)
            break
    if need.high is not None and found and not need.cheaper:
        found.append(turn.say("need-within", sum=sums(turn, need, product.currency)))
    return found


def _wish(need: Need, concept: Concept) -> str:
    """What was wished for, in the customer's words."""
    told = field(need.taste)
    return (
        need.taste
        if need.taste and concept.met_in(told, own=True)
        else max(concept.words, key=len, default="")
    )


def _fact(turn: Turn, concept: Concept, product: Product, goods: Goods) -> str:
    """What of a product meets a wish: an attribute, a sentence of its description, its category."""
    sentences = _sentences(product.description(turn.language))
    if concept.met_in(goods.called) and sentences:
        return sentences[0]
    for label, value in product.labels(turn.language):
        if concept.met_in(field(value)):
            return turn.say("attribute", label=label, value=value)
    return next((one for one in sentences if concept.met_in(field(one))), "")


def _sentences(text: str) -> list[str]:
    return [part.strip(" .。") for part in _SENTENCE.split(text) if part.strip(" .。")]


async def _of_customers(turn: Turn, item: Recommendation) -> str:
    """What customers did, where at least `ENOUGH` of them did."""
    for reason in item.reasons:
        if reason.code not in _SPOKEN:
            continue
        if reason.code in _DID:
            count = await Events(turn.connection).customers(_DID[reason.code], item.product, reason.product)
            if count < ENOUGH:
                continue
        other = (await Catalogue(turn.connection).get(reason.product)) if reason.product else None
        if other is not None and reason.code in ("bought_together", "viewed_together", "similar_content"):
            return turn.say(f"reason-{reason.code}-of", name=other.name(turn.language))
        return turn.say(f"reason-{reason.code}")
    return ""


def sums(turn: Turn, need: Need, currency: str) -> str:
    """What something may cost, as it was said."""
    low, high = (
        None if sum is None else turn.money(round(sum * 10 ** decimals(currency)), currency)
        for sum in need.each
    )
    if low is not None and high is not None:
        return turn.say("need-between", low=low, high=high)
    return turn.say("need-at-least", sum=low) if low is not None else turn.say("need-at-most", sum=high or "")


def unfit(turn: Turn, checked: Checked) -> str:
    """What speaks against goods that were asked for, a line each."""
    return "\n".join(_unfit(turn, checked.need or Need(), one, why) for one, why in checked.against)


def _unfit(turn: Turn, need: Need, product: Product, why: str) -> str:
    name = product.name(turn.language)
    match why:
        case sound.PRICE:
            price = turn.price(product)
            return turn.say("unfit-price", name=name, price=price, sum=sums(turn, need, product.currency))
        case sound.GONE:
            return turn.say("unfit-gone", name=name, stock=which_product.stock(turn, product))
        case sound.UNSTATED:
            return turn.say("unfit-unstated", name=name, why=left_out(turn, need))
        case _:
            return turn.say("unfit-other", name=name)


def left_out(turn: Turn, need: Need) -> str:
    """That what isn't stated to be safe is not shown."""
    if need.allergies:
        return turn.say("need-unstated-allergy", what=turn.say("list-comma").join(need.allergies))
    diet = next(iter(sorted(lexicon.asks(need.said, "%"))), "")
    if diet and not need.child:
        return turn.say("need-unstated-diet", what=diet)
    return turn.say("need-unstated-age")
