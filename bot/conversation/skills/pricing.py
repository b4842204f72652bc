"""Cheaper? Personal prices, coupons, haggling, and codes that don't work."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation import price_rules
from bot.conversation.answer import Answer, row
from bot.conversation.phrases import word_test
from bot.conversation.skills import (
    bargain_words,
    bargaining,
    haggling,
    naming,
    ordering,
    pages,
    qualities,
    which_product,
)
from bot.conversation.skills.bargaining import Move
from bot.conversation.skills.goods import comparing, coupons, several, totals
from bot.conversation.turn import Asked, Skill, Turn
from storage.catalogue import Catalogue, Product
from storage.codes import Codes
from storage.coupons import Coupon, Coupons
from storage.offers import Offers

_SHOWN = 3
# A passage about coupons in general must be this near to the question.
_NEAR = 0.5
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?=[0-9-]{0,19}+[A-Za-z])(?=[A-Za-z-]{0,19}+\d)[A-Za-z0-9-]{5,20}(?![A-Za-z0-9])"
)
_WORDS = re.compile(r"[A-Za-z0-9_-]{4,40}")
_LOOKED_AT = 20
_OF_SUMS = (Move.RIVAL, Move.BID, Move.LEAVES)


async def _discount(turn: Turn) -> Answer:
    if bargain_words.for_nothing(turn.text):
        return await _not_for_nothing(turn)
    move = None if turn.argument else bargaining.move(turn)
    meant = await which_product.dealt_over(turn, exactly=move in _OF_SUMS)
    if move is Move.LEAVES and (meant.one is not None or bargaining.under_way(turn)):
        return await haggling.left(turn, meant.one)
    if move is Move.THINKS:
        return await haggling.thinks(turn, meant.one)
    others = await _others(turn, meant, move) or await _with_the_one(turn, meant)
    if others is not None:
        return others
    if len(meant.products) > 1 and not meant.open:
        return await totals.answered(turn, [totals.Item(one, 1) for one in meant.products])
    if meant.one is not None:
        return await _of_one(turn, meant.one, move)
    if turn.argument:
        return Answer(text=turn.say("product-gone"))
    return await _of_several(turn, meant, move) if meant.open else await _in_general(turn, move)


_of_codes = word_test("优惠码 折扣码 优惠券 券码 兑换码", "code codes coupon* voucher*")


async def _of_one(turn: Turn, product: Product, move: Move | None) -> Answer:
    if not product.active:
        return Answer(text=turn.say("product-gone"), memory=turn.memory.settled())
    enough = await haggling.agreed(turn, product) if move is Move.BID and product.stock > 0 else ""
    if enough:
        taken = await ordering.taken(turn, product, 1)
        return replace(taken, text=f"{enough}\n{taken.text}")
    if move is Move.SEVERAL:
        return await haggling.several(turn, product, bargaining.several_of(turn))
    return await haggling.answered(turn, product, move)


async def _others(turn: Turn, meant: which_product.Meant, move: Move | None) -> Answer | None:
    """Cheaper goods of its kind, where those are looked for and not a lower price."""
    plainly = bargaining.wants_others(turn.text)
    spoken = turn.memory.product if turn.memory.version_open else None
    one = meant.one or next((one for one in meant.products if one.id == spoken), None)
    if plainly and one is not None and not meant.parts:
        return await haggling.only_cheaper(turn, one)
    maybe = plainly or (several.may_want_others(turn) and move is not Move.RIVAL)
    return await several.others_than(turn, meant) if maybe else None


async def _with_the_one(turn: Turn, meant: which_product.Meant) -> Answer | None:
    """What the product spoken of costs together with another that a message joins to it."""
    if not meant.parts or meant.one is None or not (naming.joins(turn) or totals.together(turn)):
        return None
    focus = await which_product.spoken_of(turn)
    if focus is None or naming.line(focus) == naming.line(meant.one):
        return None
    return await totals.answered(turn, [totals.Item(focus, 1), totals.Item(meant.one, 1)])


async def _of_several(turn: Turn, meant: which_product.Meant, move: Move | None) -> Answer:
    """Which of them is meant, asked once; then what each of them costs."""
    wanted = qualities.compared(turn.text) if qualities.chooses(turn.text) else []
    best = comparing.best(turn, list(meant.products), wanted)
    if best is not None:
        return await _of_one(turn, best, move)
    if "which" in turn.memory.bargain:
        return await haggling.each(turn, meant.products, move)
    asked = await ordering.which_first(turn, meant)
    if move is not Move.RIVAL or asked.memory is None:
        return asked
    text = f"{await haggling.rule_for_rivals(turn)}\n{asked.text}"
    return replace(asked, text=text, memory=asked.memory.bargaining("rival"))


async def _in_general(turn: Turn, move: Move | None) -> Answer:
    """What is on offer, after what a page says of it, such as of students' discounts, or of rivals' prices."""
    pending = turn.memory.pending
    asked = pending is not None and pending.data.get("intent") == turn.intent
    if move in (Move.LESS, Move.BID) and asked and not bargain_words.of_offers(turn.text):
        # What is on offer was told with the question.
        memory = turn.memory.asking("product", intent=turn.intent)
        return Answer(text=turn.say("bargain-name"), memory=memory)
    offers = await _coupons(turn)
    if move is Move.RIVAL:
        return replace(offers, text=f"{await haggling.rule_for_rivals(turn)}\n\n{offers.text}")
    least = pages.NEAR if offers.tells_nothing else pages.SURE
    told = await pages.before(turn, offers, least) if turn.text else None
    return told or offers


async def _not_for_nothing(turn: Turn) -> Answer:
    product = (await which_product.dealt_over(turn)).one
    text = turn.say("not-for-nothing")
    if product is None:
        return Answer(text=text, buttons=row(turn.button("button-offers", "offer:list")))
    button = turn.button("button-best-price", f"offer:ask:{product.id}")
    return Answer(text=text, buttons=row(button), memory=turn.memory.about_product(product.id))


async def _cheaper(turn: Turn) -> Answer:
    product = await Catalogue(turn.connection).get(turn.argument)
    if product is None:
        return Answer(text=turn.say("product-gone"))
    return await haggling.only_cheaper(turn, product)


async def _coupons(turn: Turn) -> Answer:
    """What is on offer now, without a product in mind."""
    holding = await Coupons(turn.connection).holding(turn.customer_id, turn.now)
    lines = [await coupons.line(turn, item) for item in holding[:_SHOWN]]
    goods = await which_product.by_ids(turn, turn.prices.offers)
    live = [one for one in goods if turn.prices.of(one).offer is not None][:_SHOWN]
    lines += [turn.say("offer-line", name=one.name(turn.language), **turn.of_offer(one)) for one in live]
    if live:
        reasons = [reason for one in live for reason in turn.prices.offers[one.id].reasons]
        lines.append(turn.say("offer-disclosure", basis=price_rules.basis(turn.part, reasons)))
    text = (
        "\n".join([turn.say("coupons-now"), *lines, turn.say("coupons-ask")])
        if lines
        else turn.say("coupons-none")
    )
    memory = turn.memory.asking("product", intent="discount_request")
    return Answer(text=text, memory=memory, tells_nothing=not lines)


async def _code(turn: Turn) -> Answer:
    """Why a code does not work, as far as it is this customer's to know."""
    code = await _named_code(turn)
    if code is None and qualities.in_question(turn.text):
        found = [
            one for one in await pages.may_be_about(turn, pages.FAR) if _of_codes(f"{one.title}\n{one.text}")
        ]
        if found:
            return pages.said_of(turn, found[:1])
    if code is None:
        passage = await pages.passage_for(turn, at_least=_NEAR) if turn.intent == "coupon_problem" else None
        known = "" if passage is None else f"{pages.passage_text(turn, passage)}\n\n"
        text_id = "code-which" if passage is None else "code-look"
        return Answer(text=f"{known}{turn.say(text_id)}", memory=turn.memory.asking("code"))
    memory = turn.memory.settled()
    offers = Offers(turn.connection)
    own = (
        [item for item in await offers.live(turn.customer_id, turn.now) if item.code == code]
        if turn.customer_id
        else []
    )
    if own:
        product = await Catalogue(turn.connection).get(own[0].product_id)
        name = product.name(turn.language) if product is not None else ""
        return Answer(
            text=turn.say("code-personal", code=code, name=name, until=turn.moment(own[0].valid_until)),
            memory=memory,
        )
    coupon = await Coupons(turn.connection).get(code)
    if coupon is None or coupon.customer_id not in (None, turn.customer_id):
        return Answer(text=turn.say("code-unknown", code=code), buttons=turn.human, memory=memory)
    return Answer(text=await _coupon_state(turn, coupon), buttons=turn.human, memory=memory)


async def _coupon_state(turn: Turn, coupon: Coupon) -> str:
    if coupon.used_at is not None:
        return turn.say("code-used", code=coupon.code, when=turn.day(coupon.used_at))
    end = coupon.valid_until
    if end is not None and end <= turn.now:
        return turn.say("code-expired", code=coupon.code, when=turn.day(end))
    if coupon.valid_from > turn.now:
        return turn.say("code-early", code=coupon.code, when=turn.day(coupon.valid_from))
    spent = await Coupons(turn.connection).spent(coupon, turn.customer_id)
    if spent is not None:
        return turn.say("code-used-up" if spent == "used_up" else "code-used-by-you", code=coupon.code)
    by_rules = not (coupon.text_zh if turn.language == "zh" else coupon.text_en)
    text_id = "code-valid" if by_rules or not coupon.min_spend else "code-valid-from"
    return turn.say(
        text_id if end is not None else f"{text_id}-always",
        code=coupon.code,
        text=await coupons.worth(turn, coupon),
        least=turn.money(coupon.min_spend, coupon.currency),
        until="" if end is None else turn.day(end),
    )


async def _resume(turn: Turn) -> Answer | None:
    return await _code(turn) if await _named_code(turn) else None


async def _named_code(turn: Turn) -> str | None:
    """The code in a message: what looks like one, else a word that is a coupon's code."""
    found = _CODE.search(turn.text)
    if found is not None:
        return found.group().upper()
    words = _WORDS.findall(turn.text)[:_LOOKED_AT]
    known = await Codes(turn.connection).named(words) if words else {}
    return next((code for code, one in known.items() if one.customer_id in (None, turn.customer_id)), None)


async def _action(turn: Turn) -> Answer:
    match turn.intent:
        case "list":
            return await _coupons(turn)
        case "cheaper":
            return await _cheaper(turn)
    return await _discount(turn)


SKILLS = (
    Skill(
        name="offers",
        answer=_action,
        intents=("discount_request",),
        actions=("offer",),
        commands=("offers",),
        regrets=False,
        while_waiting=False,
    ),
    Skill(
        name="coupon_problem",
        answer=_code,
        intents=("coupon_problem",),
        questions={"code": Asked(kind="value", task="discount", slot="code")},
        resume=_resume,
        regrets=False,
    ),
)
