"""Cheaper? Personal prices, coupons, haggling, and codes that don't work."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.answer import Answer, row
from bot.conversation.skills import pages, which_product
from bot.conversation.skills.goods import coupons, several
from bot.conversation.turn import Asked, Skill, Turn
from retention.types import Offer
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
for_nothing = re.compile(
    # 100% cotton is no price.
    r"\b(100|9\d)\s*%.{0,6}(off\b|discount|reduction|cheaper|less\b|优惠|折扣|便宜)"
    r"|(\boff\b|discount|优惠|折扣|便宜|减).{0,8}\b(100|9\d)\s*%"
    r"|\bfor free\b|\bfree of (charge|cost)\b"
    # Nor are thanks for nothing, and whoever waited for nothing wants something else.
    r"|^(?!.*\b(thank|thx|wait)).*\b(give|get|have|take|want|let|it|this|that|one|them)\b.{0,24}\bfor nothing\b"
    # Fragrance free lotion is free of something else: what may be had free is pointed at.
    r"|(^\W*|\b(it|this|that|one|them|these|those|me|is|are|be|it'?s|a|any|some|get|give|have|want|make|all|totally"
    r"|completely|absolutely|something|anything)\s+)free\b"
    r"(?!-| (ship|deliver|post|gift|return|exchange|repair|install|assembl|size|from|of (?!charge|cost)))"
    r"|免费(?!配送|送货|退|换|安装|维修|保修|上门)|白送|送我(得了|呗|吧|一个)|送(了)?得了$|送呗|送给我|不要钱"
    r"|(?<![\d.,])0\s*元|零元|(?<![\d.])[0零]\s*折",
    re.IGNORECASE,
).search
"""Somebody wants it free or all but free."""
asks_for_less = re.compile(
    r"便宜|优惠|打(个)?折|折扣|少(一)?点|砍(点|个)?价|抹(个)?零|最低|底价|太贵|贵了|有点贵|再降|降点|包个邮"
    r"|\b(cheaper|lower|lowest|discount|bargain|haggle|knock\b.{0,12}\boff|final (price|offer)|deal)\b"
    r"|\b(best|better) (price|offer|deal|you can do)\b|\b(do|any) (any )?better\b"
    r"|\d\s?(元|块钱?)?\s?(卖不卖|卖吗|卖我|行不行|行吗|成不成|成吗|能卖|出不出|可以吗)"
    r"|\btoo (expensive|pricey|dear|much)\b|\bcome down\b",
    re.IGNORECASE,
).search
"""The words haggle over a price."""


async def _discount(turn: Turn) -> Answer:
    if for_nothing(turn.text):
        return await _not_for_nothing(turn)
    meant = await which_product.meant(turn)
    others = await several.others_than(turn, meant) if several.may_want_others(turn) else None
    if others is not None:
        return others
    product = meant.one
    if product is None:
        return Answer(text=turn.say("product-gone")) if turn.argument else await _in_general(turn)
    if not product.active:
        return Answer(text=turn.say("product-gone"), memory=turn.memory.settled())
    if turn.customer_id is None:
        return await _unlinked(turn, product)
    return await _personal(turn, product, turn.customer_id)


async def _in_general(turn: Turn) -> Answer:
    """What is on offer, after what a page says of it, such as of students' discounts."""
    offers = await _coupons(turn)
    passage = await pages.passage_for(turn, at_least=pages.SURE) if turn.text else None
    if passage is None:
        return offers
    text = f"{pages.passage_text(turn, passage)}\n\n{offers.text}"
    return replace(offers, text=text, memory=pages.having_told(turn, passage, offers.memory))


async def _not_for_nothing(turn: Turn) -> Answer:
    product = (await which_product.meant(turn)).one
    text = turn.say("not-for-nothing")
    if product is None:
        return Answer(text=text, buttons=row(turn.button("button-offers", "offer:list")))
    button = turn.button("button-best-price", f"offer:ask:{product.id}")
    return Answer(text=text, buttons=row(button), memory=turn.memory.about_product(product.id))


async def _personal(turn: Turn, product: Product, customer_id: str) -> Answer:
    offer = await turn.services.decisions.offer(
        turn.connection, customer_id=customer_id, product_id=product.id, reason="asked", now=turn.now
    )
    known = turn.memory.about_product(product.id)
    memory = replace(known, haggles=known.haggles + 1)
    if not offer.personal or offer.price.minor >= product.price_at(turn.now):
        text_id = "price-is-best-again" if known.haggles else "price-is-best"
        price = which_product.price(turn, product)
        text = turn.say(text_id, name=product.name(turn.language), price=price)
        fit = [] if known.haggles else await coupons.fitting(turn, product)
        lines = [text, *[await coupons.line(turn, item) for item in fit[:_SHOWN]]]
        return Answer(text="\n".join(lines), memory=memory)
    return Answer(effects=(partial(_reserve, turn.remembering(memory), product, offer, known.haggles),))


async def _reserve(
    turn: Turn, product: Product, offer: Offer, offered_before: int, connection: AsyncConnection
) -> Answer:
    """Keep the offer inside the transaction, where its code is made."""
    stored = await turn.services.decisions.reserve(connection, offer, reason="asked", now=turn.now)
    await turn.record_shown(offer, connection)
    text = turn.say(
        ("offer-first", "offer-again", "offer-firm")[min(2, offered_before)],
        name=product.name(turn.language),
        price=turn.money(stored.price, stored.currency),
        list=turn.money(stored.list_price, stored.currency),
        saved=turn.money(stored.list_price - stored.price, stored.currency),
        code=stored.code,
        until=turn.moment(stored.valid_until),
    )
    # Each text that names the price says that it is personal; how it came about is said the first time.
    if not offered_before:
        text = f"{text}\n{turn.say('offer-disclosure')}"
    return Answer(text=text, memory=turn.memory)


async def _unlinked(turn: Turn, product: Product) -> Answer:
    """A stranger gets the price for everybody, what is public, and how to see a price of their own."""
    price = which_product.price(turn, product)
    lines = [turn.say("price-public", name=product.name(turn.language), price=price)]
    lines += [await coupons.line(turn, item) for item in (await coupons.fitting(turn, product))[:_SHOWN]]
    lines.append(turn.say("offer-link-first"))
    return Answer(
        text="\n".join(lines),
        buttons=row(turn.button("button-link", "link:start")),
        memory=turn.memory.about_product(product.id),
    )


async def _coupons(turn: Turn) -> Answer:
    """What is on offer now, without a product in mind."""
    offers = Offers(turn.connection)
    holding = await Coupons(turn.connection).holding(turn.customer_id, turn.now)
    lines = [await coupons.line(turn, item) for item in holding[:_SHOWN]]
    if turn.customer_id is not None:
        live = (await offers.live(turn.customer_id, turn.now))[:_SHOWN]
        known = await Catalogue(turn.connection).by_ids({item.product_id for item in live}) if live else {}
        lines += [
            turn.say(
                "offer-line",
                name=known[item.product_id].name(turn.language),
                price=turn.money(item.price, item.currency),
                list=turn.money(item.list_price, item.currency),
                code=item.code,
                until=turn.day(item.valid_until),
            )
            for item in live
            if item.product_id in known
        ]
        if live:
            lines.append(turn.say("offer-disclosure"))
    text = (
        "\n".join([turn.say("coupons-now"), *lines, turn.say("coupons-ask")])
        if lines
        else turn.say("coupons-none")
    )
    return Answer(text=text, memory=turn.memory.asking("product", intent="discount_request"))


async def _code(turn: Turn) -> Answer:
    """Why a code does not work, as far as it is this customer's to know."""
    code = await _named_code(turn)
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
    return await (_coupons(turn) if turn.intent == "list" else _discount(turn))


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
