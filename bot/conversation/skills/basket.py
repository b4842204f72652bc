"""The way to an order: a link into the shop's basket with the code in it, else to the product's own page."""

from __future__ import annotations

from bot.conversation.answer import Rows, row
from bot.conversation.turn import Turn
from bot.messages import Button
from storage.catalogue import Product

_WEB = ("http://", "https://")


def button(turn: Turn, product: Product, *, count: int = 1, code: str | None = None) -> Button | None:
    """The link that puts so many of a product into the basket, or to its page; None where neither is known, or there is
    none to be had.

    Args:
        turn: of the message.
        product: what is put in.
        count: how many of it.
        code: what the link carries; None: the code of the customer's live offer, if there is one.
    """
    if not _to_be_had(product):
        return None
    template = turn.services.shop.basket
    if template is not None:
        coupon = turn.prices.of(product).code if code is None else code
        url = template.link(product=product.id, code=product.code, quantity=count, coupon=coupon)
        several = count > 1 and template.counts
        label = turn.say("button-basket-several", count=count) if several else turn.say("button-basket")
        return Button(label=label, url=url)
    if product.url is not None and product.url.startswith(_WEB):
        return Button(label=turn.say("button-page"), url=product.url)
    return None


def code_to_enter(turn: Turn, product: Product) -> str:
    """The code of the customer's live offer where that link doesn't carry it; empty where it does, or there is none."""
    template = turn.services.shop.basket
    carried = template is not None and template.carries_coupon
    return turn.prices.of(product).code if _to_be_had(product) and not carried else ""


def rows(turn: Turn, product: Product, *, count: int = 1, code: str | None = None) -> Rows:
    """That button in a row; () where there is none."""
    link = button(turn, product, count=count, code=code)
    return () if link is None else row(link)


def _to_be_had(product: Product) -> bool:
    return product.active and product.stock > 0
