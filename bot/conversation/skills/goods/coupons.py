"""Coupons in words, which of them hold for a product, and which takes most off."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation import wording
from bot.conversation.turn import Turn
from storage.catalogue import Catalogue, Product
from storage.coupons import Coupon, Coupons

_SHOWN = 3


async def fitting(turn: Turn, product: Product) -> list[Coupon]:
    """The coupons of now that may hold for a product: those of others don't."""
    found = await Coupons(turn.connection).holding(turn.customer_id, turn.now)
    return [coupon for coupon in found if _is_for(coupon, product)]


def _is_for(coupon: Coupon, product: Product) -> bool:
    of_category = coupon.category_id in (None, product.category_id)
    return of_category and (coupon.product_ids is None or product.id in coupon.product_ids)


async def best(turn: Turn, wanted: Sequence[tuple[Product, int]]) -> tuple[int, Coupon] | None:
    """The coupon that takes most off so many pieces of some products at everybody's prices, and what that is; None
    where none holds."""
    goods = [(product, turn.prices.of(product).everybody * count) for product, count in wanted]
    currency = wanted[0][0].currency
    found: tuple[int, Coupon] | None = None
    for coupon in await Coupons(turn.connection).holding(turn.customer_id, turn.now):
        fit = sum(price for product, price in goods if _is_for(coupon, product))
        off = _off(coupon, fit) if coupon.currency == currency else 0
        if off and (found is None or off > found[0]):
            found = off, coupon
    return found


def _off(coupon: Coupon, goods: int) -> int:
    if not goods or goods < coupon.min_spend:
        return 0
    off = coupon.amount if coupon.amount is not None else round(goods * (coupon.percent or 0.0) / 100)
    return min(off, goods)


async def line(turn: Turn, item: Coupon) -> str:
    """What a coupon is worth, its code, and until when."""
    words = await worth(turn, item)
    if item.valid_until is None:
        return turn.say("coupon-line-always", text=words, code=item.code)
    return turn.say("coupon-line", text=words, code=item.code, until=turn.day(item.valid_until))


async def worth(turn: Turn, item: Coupon) -> str:
    """What a coupon is worth, in the shop's words; where it has none in this language, by its rules."""
    said = item.text_zh if turn.language == "zh" else item.text_en
    if said:
        return said
    values = {"least": _brief(turn, item.min_spend, item.currency)}
    if item.amount is not None:
        values["off"] = _brief(turn, item.amount, item.currency)
    else:
        values["off"] = wording.share_off(item.percent or 0.0, turn.language)
    kind = "percent" if item.amount is None else "amount"
    text = turn.say(f"coupon-{kind}-from" if item.min_spend else f"coupon-{kind}", **values)
    only = await _only_for(turn, item)
    return turn.say("coupon-only", text=text, only=only) if only else text


async def _only_for(turn: Turn, item: Coupon) -> str:
    """The category or the products that a coupon is for, if it isn't for all."""
    catalogue = Catalogue(turn.connection)
    if item.product_ids is not None:
        products = await catalogue.by_ids(item.product_ids[:_SHOWN])
        names = [products[one].name(turn.language) for one in item.product_ids if one in products]
        more = len(item.product_ids) > len(names)
        listed = turn.say("items-comma").join(names)
        return turn.say("coupon-some-of", names=listed) if more else listed
    if item.category_id is None:
        return ""
    category = (await catalogue.named_categories([item.category_id]))[item.category_id]
    return category.name_zh if turn.language == "zh" else category.name_en


def _brief(turn: Turn, minor: int, currency: str) -> str:
    """An amount without decimals where they are all 0."""
    written = turn.money(minor, currency)
    whole, point, rest = written.rpartition(".")
    return whole if point and not rest.strip("0") else written
