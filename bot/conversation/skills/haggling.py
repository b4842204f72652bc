"""Answers to bargaining over one product: the best that the rules give, then the last word, then the way to an order.

Each answer is said once: a rival's price and one that the customer names are answered beside it, what more of it would
cost is reckoned, and cheaper goods are shown to whoever leaves. No price is below what `Decisions.offer` or a coupon's
rules give, whoever asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import price_rules
from bot.conversation.answer import Answer, row
from bot.conversation.memory import Memory
from bot.conversation.phrases import word_test
from bot.conversation.skills import (
    bargain_words,
    bargaining,
    basket,
    pages,
    qualities,
    reductions,
    sound,
    which_product,
)
from bot.conversation.skills.bargaining import Move, Sum
from bot.conversation.skills.goods import coupons, others, paying, postage
from bot.conversation.turn import Turn
from nlu.types import Passage
from retention.types import Offer
from storage.catalogue import Product
from storage.coupons import Coupon

_SHOWN = 3
_LOOKED_AT = 40
"""Goods of a kind of which some fit what is needed."""
_MORE = 2
"""So many more pieces may be named to reach a coupon or free postage."""
_MANY = 10
"""From so many on the pages are asked what they say of large quantities."""
_gifts = word_test("赠品 附赠 满赠 赠送", "free_gift* gift_with freebie* gifts_with complimentary")
_returns = word_test("退 换货 包装", "return* send_back exchange* wrap*")
_PRICE = qualities.named(qualities.PRICE)
_ASKED = ("first", "last", "order", "later", "still", "end")
"""What is answered to the first, second, third asking and on; to any further one the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The lowest price of one piece that the shop's rules give."""

    price: int
    everybody: int
    """What it costs without offer and coupon."""
    offer: Offer | None = None
    coupon: Coupon | None = None
    refused: Offer | None = None
    """What was decided where no personal price is told: it is logged, too."""


async def best(turn: Turn, product: Product) -> Best:
    """What a product costs this customer at best: by a personal price, or by a coupon where that takes more off."""
    everybody = turn.prices.of(product).everybody
    known = await paying.to_pay(turn, [(product, 1)])
    if turn.customer_id is not None:
        offer = await turn.services.decisions.offer(
            turn.connection, customer_id=turn.customer_id, product_id=product.id, reason="asked", now=turn.now
        )
        if offer.personal and offer.price.minor < everybody and offer.price.minor <= known.total:
            return Best(price=offer.price.minor, everybody=everybody, offer=offer)
        turn.sources.price(offer, turn.price(product))
        refused = None if offer.personal else offer
        return Best(price=known.total, everybody=everybody, coupon=known.coupon, refused=refused)
    return Best(price=known.total, everybody=everybody, coupon=known.coupon)


async def answered(turn: Turn, product: Product, move: Move | None) -> Answer:
    """The answer to somebody who wants a product for less."""
    found = await best(turn, product)
    memory = turn.memory.about_product(product.id)
    said = bargaining.named_sum(turn) if move in (Move.RIVAL, Move.BID) else None
    named = said.price(found.everybody, product.currency) if said is not None else None
    if named is not None and named >= found.price:
        first = [turn.say("bargain-enough", price=turn.money(found.price, product.currency))]
    elif move is Move.RIVAL:
        first = await _of_rival(turn, memory, said, named, product)
        memory = memory.bargaining("rival")
    elif move is Move.BID and said is not None:
        words = _sum(turn, said, named, product)
        first = [] if f"bid-{words}" in memory.bargain else [turn.say("bargain-bid", sum=words)]
        memory = memory.bargaining(f"bid-{words}")
    elif move is Move.GIFT:
        first, memory = [await _of_gifts(turn)], memory.bargaining("gift")
    else:
        first = await _beside(turn)
        memory = memory.bargaining("beside") if first else memory
    ruled = await reductions.told(turn, product) if move in (None, Move.LESS) else []
    if ruled and found.offer is None and found.coupon is None:
        # What is reduced, and for whom, is told, and that nothing else is would contradict it.
        name, stock = product.name(turn.language), which_product.stock(turn, product)
        price = turn.say("price-answer", name=name, price=turn.price(product), stock=stock)
        return Answer(text="\n".join([*ruled, price]), memory=memory.bargaining(reductions.TOLD))
    step = _step(memory)
    turn = turn.remembering(memory.bargaining(step))
    if step == "end":
        # No price is named, so none is kept.
        text = "\n".join([*first, turn.say("bargain-end")])
        return Answer(text=text, buttons=turn.human, memory=turn.memory)
    if found.offer is None:
        return await _by_rules(turn, product, found, step, first)
    return Answer(effects=(partial(_reserved, turn, product, found.offer, step, first),))


async def agreed(turn: Turn, product: Product) -> str:
    """That a sum which the customer names is enough, where the best price that is known to them is no higher."""
    said, found = bargaining.named_sum(turn), await best(turn, product)
    named = said.price(found.everybody, product.currency) if said is not None else None
    known = found.offer is None or turn.prices.of(product).offer is not None
    if named is None or named < found.price or not known:
        return ""
    return turn.say("bargain-enough", price=turn.money(found.price, product.currency))


async def _beside(turn: Turn) -> list[str]:
    """What the pages say, once, of a discount for students or members or of postage, where a message asks for that."""
    if not turn.text or "beside" in turn.memory.bargain:
        return []
    if bargain_words.of_postage(turn.text):
        said = await postage.sentence(turn)
        return [turn.say("total-postage", text=said)] if said else []
    asked = bargain_words.of_a_group(turn.text)
    passage = await pages.passage_for(turn, at_least=pages.NEAR) if asked else None
    return [] if passage is None else [pages.passage_text(turn, passage)]


def _step(memory: Memory) -> str:
    return _ASKED[min(sum(one in _ASKED for one in memory.bargain), len(_ASKED) - 1)]


async def _reserved(
    turn: Turn, product: Product, offer: Offer, step: str, first: Sequence[str], connection: AsyncConnection
) -> Answer:
    """Keep the offer inside the transaction, where its code is made."""
    stored = await turn.services.decisions.reserve(connection, offer, reason="asked", now=turn.now)
    await turn.record_shown(offer, connection)
    turn = replace(turn.within(connection), prices=turn.prices.having(stored))
    offered = turn.say(f"offer-{step}", name=product.name(turn.language), **turn.of_offer(product))
    lines = [*first, offered]
    # How the price came about is said the first time.
    if step == "first":
        lines.append(turn.say("offer-disclosure", basis=price_rules.basis(turn.part, stored.reasons)))
    lines += await _of_more(turn, product, step, stored.price)
    return await _closed(turn, product, step, lines, stored.code)


async def _by_rules(turn: Turn, product: Product, found: Best, step: str, first: Sequence[str]) -> Answer:
    """The price as it is, and the coupon that takes most off."""
    lines = [*first, await _price_by_rules(turn, product, found, step)]
    lines += await _of_more(turn, product, step, found.price)
    stranger = turn.customer_id is None and step == "first"
    if stranger:
        lines.append(turn.say("offer-link-first"))
    answer = await _closed(turn, product, step, lines, None if found.coupon is None else found.coupon.code)
    known = row(turn.button("button-link", "link:start")) if stranger else ()
    logged = () if found.refused is None else (partial(turn.record_shown, found.refused),)
    return replace(answer, buttons=(*answer.buttons, *known), effects=(*answer.effects, *logged))


async def _price_by_rules(turn: Turn, product: Product, found: Best, step: str) -> str:
    name, own = product.name(turn.language), turn.prices.of(product)
    if found.coupon is None and own.offer is not None:
        return turn.say(f"offer-{step}", name=name, **turn.of_offer(product))
    values = {"name": name, "price": turn.price(product)}
    ending = "" if step == "first" else f"-{step}"
    if found.coupon is None:
        kind = "best" if turn.customer_id is not None or step != "first" else "public"
        return turn.say(f"price-{kind}{ending}", **values)
    values |= {"left": turn.money(found.price, product.currency), "code": found.coupon.code}
    if own.offer is not None and step == "last":
        values["price"] = turn.money(own.amount, own.currency)
        return turn.say("price-coupon-last-offer", **values)
    return turn.say(f"price-coupon{ending}", text=await coupons.worth(turn, found.coupon), **values)


async def _closed(turn: Turn, product: Product, step: str, lines: Sequence[str], code: str | None) -> Answer:
    buttons = basket.rows(turn, product, code=code)
    if step == "order" and not buttons and product.stock > 0:
        said = await pages.passage_for(turn, turn.say("page-question-place_order"))
        lines = [*lines, pages.passage_text(turn, said)] if said is not None else lines
    if step == "later":
        buttons = (*buttons, *row(turn.button("button-cheaper", f"offer:cheaper:{product.id}")))
    return Answer(text="\n".join(lines), buttons=buttons, memory=turn.memory)


def _sum(turn: Turn, said: Sum, named: int | None, product: Product) -> str:
    return said.words if named is None else turn.money(named, product.currency)


async def _of_rival(
    turn: Turn, memory: Memory, said: Sum | None, named: int | None, product: Product
) -> list[str]:
    """What the shop's rule says of another shop's price; the second time, of that price alone."""
    if "rival" in memory.bargain:
        return [turn.say("bargain-bid", sum=_sum(turn, said, named, product))] if said is not None else []
    return [await rule_for_rivals(turn, _sum(turn, said, named, product) if said is not None else "")]


async def rule_for_rivals(turn: Turn, named: str = "") -> str:
    """What the pages say of other shops' prices; where they say nothing of them, that the shop doesn't match them."""
    said = await pages.that_says(
        turn, turn.say("page-ask-price_match"), lambda one: bargaining.speaks_of_rivals(_whole(one))
    )
    if said:
        return said
    return turn.say("bargain-rival-sum", sum=named) if named else turn.say("bargain-rival")


async def _of_gifts(turn: Turn) -> str:
    """What the pages say of gifts with an order; where they say nothing of it, that none can be promised."""
    said = await pages.that_says(
        turn, turn.say("page-ask-gift"), lambda one: _gifts(_whole(one)) and not _returns(one.title)
    )
    return said or turn.say("bargain-gift")


def _whole(passage: Passage) -> str:
    return f"{passage.title}\n{passage.text}"


async def _of_more(turn: Turn, product: Product, step: str, apiece: int) -> list[str]:
    """What one or two more would bring, told once and with the last word."""
    if step != "last" or "more" in turn.memory.bargain:
        return []
    return await _reached(turn, product, 1, apiece)


async def _reached(turn: Turn, product: Product, count: int, apiece: int) -> list[str]:
    """The fewest pieces more with which a coupon makes each cheaper than so much, or that go post-free."""
    now = (await paying.to_pay(turn, [(product, count)])).total
    least = postage.free_from(await postage.sentence(turn), product.currency)
    coupon_told, lines = False, []
    for more in range(count + 1, min(count + _MORE, product.stock) + 1):
        bill = await paying.to_pay(turn, [(product, more)])
        sum_ = bill.whole if bill.offered is None else bill.total
        values: dict[str, str | int] = {"count": more, "sum": turn.money(sum_, product.currency)}
        if bill.coupon is not None and not coupon_told and bill.total < apiece * more:
            text = await coupons.worth(turn, bill.coupon)
            left = turn.money(bill.total, product.currency)
            lines.append(turn.say("more-coupon", **values, left=left, code=bill.code, text=text))
            coupon_told = True
        if least is not None and now < least <= bill.total:
            lines.append(turn.say("more-postage", **values, least=turn.money(least, product.currency)))
            break
    return lines


async def several(turn: Turn, product: Product, count: int) -> Answer:
    """What so many cost by the rules that there are: each costs the same but for the one piece that an offer is for,
    coupons and postage go by the sum."""
    memory = turn.memory.about_product(product.id)
    lines: list[str] = []
    if count >= _MANY or (count == 1 and bargaining.wants_several(turn)):
        lines += await reductions.for_many(turn)
    name, bill = product.name(turn.language), await paying.to_pay(turn, [(product, count)])
    if count == 1:
        if not lines:
            lines.append(_same_however_many(turn, product))
        lines += await _reached(turn, product, 1, bill.total)
        buttons = basket.rows(turn, product)
        return Answer(text="\n".join(lines), buttons=buttons, memory=memory.bargaining("more"))
    lines += _of_their_sum(turn, product, bill.whole, bill.total)
    lines.append(paying.so_many(turn, product, count, bill))
    if product.stock < count:
        lines.append(turn.say("total-short", name=name, stock=product.stock))
    lines += await paying.with_coupon(turn, bill, product.currency)
    said = await postage.sentence(turn)
    least = postage.free_from(said, product.currency)
    if least is not None and bill.total >= least:
        lines.append(turn.say("more-free", least=turn.money(least, product.currency)))
    elif said:
        lines.append(turn.say("total-postage", text=said))
    lines += await _reached(turn, product, count, bill.total // count)
    buttons = basket.rows(turn, product, count=count, code=bill.code) if product.stock >= count else ()
    memory = memory.bargaining("more", f"{bargaining.COUNTED}{count}")
    return Answer(text="\n".join(lines), buttons=buttons, memory=memory)


def _same_however_many(turn: Turn, product: Product) -> str:
    """That each of it costs the same; of one piece that an offer is for, what that is."""
    name = product.name(turn.language)
    if turn.prices.of(product).offer is None:
        return turn.say("more-same", name=name, price=turn.price(product))
    return turn.say("more-same-offer", name=name, **turn.of_offer(product))


def _of_their_sum(turn: Turn, product: Product, total: int, left: int) -> list[str]:
    """What is said to a sum that the customer names for so many, which cost so much without and with a coupon."""
    said = bargaining.named_sum(turn)
    if said is None or said.less:
        return []
    named = said.price(total, product.currency)
    if named is None:
        return []
    if named >= left:
        return [turn.say("bargain-enough", price=turn.money(left, product.currency))]
    return [turn.say("bargain-bid", sum=turn.money(named, product.currency))]


async def each(turn: Turn, products: Sequence[Product], move: Move | None) -> Answer:
    """Where it was left open which of some products is meant: what each costs at best, said once, and the
    rule for rivals' prices."""
    told = "each" in turn.memory.bargain
    lines = [await rule_for_rivals(turn)] if move is Move.RIVAL and "rival" not in turn.memory.bargain else []
    lines.append(turn.say("bargain-each-again" if told else "bargain-each"))
    for product in products[: 0 if told else _SHOWN]:
        bill = await paying.to_pay(turn, [(product, 1)])
        values = {"name": product.name(turn.language), "price": turn.price(product)}
        if bill.coupon is None:
            lines.append(turn.say("bargain-each-line", **values))
            continue
        with_it = turn.money(bill.total, product.currency)
        lines.append(turn.say("bargain-each-coupon", **values, left=with_it, code=bill.code))
    answered_ = ("each", "rival") if move is Move.RIVAL else ("each",)
    return Answer(text="\n".join(lines), memory=turn.memory.settled().bargaining(*answered_))


async def thinks(turn: Turn, product: Product | None) -> Answer:
    """No hurry; until when the code holds that was told."""
    known = None if product is None else await paying.to_pay(turn, [(product, 1)])
    if known is not None and known.until is not None:
        text = turn.say("bargain-think-until", code=known.code, until=turn.moment(known.until))
    else:
        text = turn.say("bargain-think")
    return Answer(text=text, memory=turn.memory.settled())


async def _cheaper(turn: Turn, product: Product) -> tuple[Product, ...]:
    """Cheaper goods of a product's kind that are in stock and fit what is needed, the nearest first."""
    found = await others.found(turn, product, qualities.Wanted(_PRICE, more=False), _LOOKED_AT)
    # What is bid for one product is no limit for others.
    return (await sound.checked(turn, found, named=True)).products[:_SHOWN]


async def left(turn: Turn, product: Product | None) -> Answer:
    """A friendly end; once with what is cheaper and of the same kind."""
    found = await _cheaper(turn, product) if product is not None and "left" not in turn.memory.bargain else ()
    if product is None or not found:
        return Answer(text=turn.say("bargain-left"), memory=turn.memory.settled().bargaining("left"))
    memory = turn.memory.showing(tuple(one.id for one in found)).bargaining("left")
    cards = await which_product.cards(turn, found)
    return Answer(text=turn.say("bargain-left-cheaper"), cards=cards, memory=memory)


async def only_cheaper(turn: Turn, product: Product) -> Answer:
    """Cheaper goods of a product's kind; that there are none is said."""
    found = await _cheaper(turn, product)
    name = product.name(turn.language)
    if not found:
        return Answer(text=turn.say("bargain-none-cheaper", name=name), memory=turn.memory)
    text = turn.say("others", name=name, word=_PRICE.said[turn.language][False])
    memory = turn.memory.showing(tuple(one.id for one in found))
    return Answer(text=text, cards=await which_product.cards(turn, found), memory=memory)
