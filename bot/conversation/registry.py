"""Every skill of the bot."""

from __future__ import annotations

from bot.conversation.skills import (
    back_in_stock,
    billing,
    call_back,
    changes,
    consent,
    danger,
    delivery_notes,
    fallback,
    language,
    linking,
    mine,
    offered,
    order_checks,
    order_status,
    ordering,
    pages,
    pricing,
    products,
    quotes,
    recommending,
    refunds,
    reordering,
    returns,
    talk,
    which_order,
)
from bot.conversation.turn import Registry

# A module's place here is its skills' place on the staff's page.
REGISTRY = Registry(
    skill
    for module in (
        talk,
        order_status,
        which_order,
        changes,
        delivery_notes,
        order_checks,
        returns,
        refunds,
        products,
        back_in_stock,
        recommending,
        reordering,
        pricing,
        ordering,
        quotes,
        billing,
        pages,
        mine,
        danger,
        fallback,
        offered,
        call_back,
        consent,
        language,
        linking,
    )
    for skill in module.SKILLS
)
