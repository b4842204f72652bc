"""The way to an order: a link into the shop's basket with the code in it, else to the product's own page."""

from __future__ import annotations

from bot.conversation.answer import Rows, row
from bot.conversation.turn import Turn
from bot.messages import Button
from storage.catalogue import Product

_WEB = ("http://", "https://")


def button(turn: Turn, product: Product, *, count: int = 1, code: str = "") -> Button | None:
    """The link that puts so many of a product into the basket, or to its page; None where neither is known, or there is
    none to be had."""
    if not product.active or product.stock <= 0:
        return None
    template = turn.services.shop.basket
    if template is not None:
        url = template.link(product=product.id, code=product.code, quantity=count, coupon=code)
        several = count > 1 and template.counts
        label = turn.say("button-basket-several", count=count) if several else turn.say("button-basket")
        return Button(label=label, url=url)
    if product.url is not None and product.url.startswith(_WEB):
        return Button(label=turn.say("button-page"), url=product.url)
    return None


def rows(turn: Turn, product: Product, *, count: int = 1, code: str = "") -> Rows:
    """That button in a row; () where there is none."""
    link = button(turn, product, count=count, code=code)
    return () if link is None else row(link)
