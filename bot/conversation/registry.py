"""Every skill of the bot."""

from __future__ import annotations

from bot.conversation.skills import (
    billing,
    changes,
    consent,
    danger,
    fallback,
    language,
    linking,
    mine,
    order_status,
    pages,
    pricing,
    products,
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
        returns,
        refunds,
        products,
        recommending,
        reordering,
        pricing,
        billing,
        pages,
        mine,
        danger,
        fallback,
        consent,
        language,
        linking,
    )
    for skill in module.SKILLS
)
