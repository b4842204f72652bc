"""Cheaper? Personal prices, coupons, haggling, and codes that don't work."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.skills import pages, which_product
from bot.conversation.turn import Answer, Asked, Skill, Turn, row
from retention.types import Offer
from storage.catalogue import Catalogue, Product
from storage.offers import Coupon, Offers

_SHOWN = 3
# A passage about coupons in general must be this near to the question.
_NEAR = 0.5
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?=[0-9-]{0,19}+[A-Za-z])(?=[A-Za-z-]{0,19}+\d)[A-Za-z0-9-]{5,20}(?![A-Za-z0-9])"
)
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
    product = await which_product.spoken_of(turn)
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
    return (
        offers
        if passage is None
        else replace(offers, text=f"{pages.passage_text(turn, passage)}\n\n{offers.text}")
    )


async def _not_for_nothing(turn: Turn) -> Answer:
    product = await which_product.spoken_of(turn)
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
    if not offer.personal or offer.price.minor >= product.list_price:
        text_id = "price-is-best-again" if known.haggles else "price-is-best"
        price = turn.money(product.list_price, product.currency)
        text = turn.say(text_id, name=product.name(turn.language), price=price)
        coupons = await _fitting(turn, product, customer_id)
        lines = (
            [text, *(_coupon(turn, item) for item in coupons[:_SHOWN])]
            if coupons and not known.haggles
            else [text]
        )
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
    """A stranger gets the list price, what is public, and how to see a price of their own."""
    price = turn.money(product.list_price, product.currency)
    lines = [turn.say("price-public", name=product.name(turn.language), price=price)]
    lines += [_coupon(turn, item) for item in (await _fitting(turn, product, None))[:_SHOWN]]
    lines.append(turn.say("offer-link-first"))
    return Answer(
        text="\n".join(lines),
        buttons=row(turn.button("button-link", "link:start")),
        memory=turn.memory.about_product(product.id),
    )


async def _fitting(turn: Turn, product: Product, customer_id: str | None) -> list[Coupon]:
    """The coupons of now that may hold for a product: another category's don't."""
    found = await Offers(turn.connection).coupons(customer_id, turn.now)
    return [coupon for coupon in found if coupon.category_id in (None, product.category_id)]


async def _coupons(turn: Turn) -> Answer:
    """What is on offer now, without a product in mind."""
    offers = Offers(turn.connection)
    lines = [_coupon(turn, item) for item in (await offers.coupons(turn.customer_id, turn.now))[:_SHOWN]]
    if turn.customer_id is not None:
        live = (await offers.live(turn.customer_id, turn.now))[:_SHOWN]
        products = await Catalogue(turn.connection).by_ids({item.product_id for item in live}) if live else {}
        lines += [
            turn.say(
                "offer-line",
                name=products[item.product_id].name(turn.language),
                price=turn.money(item.price, item.currency),
                list=turn.money(item.list_price, item.currency),
                code=item.code,
                until=turn.day(item.valid_until),
            )
            for item in live
            if item.product_id in products
        ]
        if live:
            lines.append(turn.say("offer-disclosure"))
    text = (
        "\n".join([turn.say("coupons-now"), *lines, turn.say("coupons-ask")])
        if lines
        else turn.say("coupons-none")
    )
    return Answer(text=text, memory=turn.memory.asking("product", intent="discount_request"))


def _coupon(turn: Turn, item: Coupon) -> str:
    words = item.text_zh if turn.language == "zh" else item.text_en
    return turn.say("coupon-line", text=words, code=item.code, until=turn.day(item.valid_until))


async def _code(turn: Turn) -> Answer:
    """Why a code does not work, as far as it is this customer's to know."""
    found = _CODE.search(turn.text)
    if found is None:
        passage = await pages.passage_for(turn, at_least=_NEAR) if turn.intent == "coupon_problem" else None
        known = "" if passage is None else f"{pages.passage_text(turn, passage)}\n\n"
        text_id = "code-which" if passage is None else "code-look"
        return Answer(text=f"{known}{turn.say(text_id)}", memory=turn.memory.asking("code"))
    code = found.group().upper()
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
    coupon = await offers.coupon(code)
    if coupon is None or coupon.customer_id not in (None, turn.customer_id):
        return Answer(text=turn.say("code-unknown", code=code), buttons=turn.human, memory=memory)
    return Answer(text=_coupon_state(turn, coupon), buttons=turn.human, memory=memory)


def _coupon_state(turn: Turn, coupon: Coupon) -> str:
    if coupon.used_at is not None:
        return turn.say("code-used", code=coupon.code, when=turn.day(coupon.used_at))
    if coupon.valid_until <= turn.now:
        return turn.say("code-expired", code=coupon.code, when=turn.day(coupon.valid_until))
    if coupon.valid_from > turn.now:
        return turn.say("code-early", code=coupon.code, when=turn.day(coupon.valid_from))
    words = coupon.text_zh if turn.language == "zh" else coupon.text_en
    return turn.say(
        "code-valid",
        code=coupon.code,
        text=words,
        least=turn.money(coupon.min_spend, coupon.currency),
        until=turn.day(coupon.valid_until),
    )


async def _resume(turn: Turn) -> Answer | None:
    return await _code(turn) if _CODE.search(turn.text) else None


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
