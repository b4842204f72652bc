"""Every skill of the bot."""

from __future__ import annotations

from collections.abc import Mapping

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

HEARD_ANYWAY = frozenset({"opt_out", "human_agent"})
"""Wishes that nothing stands before."""
HOLDS: Mapping[str, frozenset[str]] = {
    "return_request": frozenset({"exchange_request"}),
    "refund_request": frozenset({"return_request", "exchange_request", "cancel_order"}),
    "refund_status": frozenset({"return_request", "exchange_request"}),
    "change_order": frozenset({"exchange_request", "cancel_order"}),
    "item_problem": frozenset({"return_request", "exchange_request", "refund_request", "repair_request"}),
    "chase_parcel": frozenset({"delivery_problem"}),
    "product_question": frozenset({"product_compare"}),
    "price_question": frozenset({"product_compare", "quote"}),
    "recommend_request": frozenset({"product_compare"}),
    "discount_request": frozenset({"quote"}),
    "stock_question": frozenset({"restock_notice"}),
    "shipping_options": frozenset({"delivery_note", "redirect"}),
    "change_address": frozenset({"redirect"}),
    "warranty_repair": frozenset({"repair_request"}),
    "payment_problem": frozenset({"payment_check"}),
    "membership_points": frozenset({"points_check"}),
    "complaint": frozenset(REGISTRY.tasks_of) | HEARD_ANYWAY,
}
"""Wishes that are part of another in the same message: whoever returns something wants the money back."""
