"""One file per thing a customer comes for, and the registry that finds them."""

from bot.conversation.skills import (
    billing,
    changes,
    consent,
    language,
    linking,
    mine,
    order_status,
    pages,
    people,
    pricing,
    products,
    recommending,
    returns,
    talk,
    which_order,
)
from bot.conversation.skills.registry import Registry

REGISTRY = Registry(
    (
        talk.GREETING,
        talk.MENU,
        talk.SMALL_TALK,
        order_status.ORDER_STATUS,
        order_status.DELIVERY_TIME,
        order_status.SHIPPING,
        which_order.WHICH_ORDER,
        changes.CHANGES,
        returns.RETURNS,
        returns.REFUND_STATUS,
        returns.DELIVERY_PROBLEM,
        products.PRODUCT,
        products.SEARCH,
        products.STOCK,
        products.PRICE,
        recommending.RECOMMEND,
        pricing.PRICING,
        pricing.COUPON,
        billing.INVOICE,
        billing.PAYMENT,
        billing.PROTECTION,
        pages.POLICY,
        pages.STORE,
        pages.ACCOUNT,
        pages.OWN,
        mine.POINTS,
        mine.REVIEW,
        mine.DATA,
        people.HUMAN,
        people.COMPLAINT,
        consent.NEWS,
        consent.PERSONAL_PRICES,
        language.LANGUAGE,
        linking.LINKING,
    )
)
"""Every skill of the bot."""

__all__ = ["REGISTRY", "Registry"]
