"""The intents that ship. The names are stable: shops, reports and tests use them."""

from __future__ import annotations

import re

INTENTS: tuple[str, ...] = (
    # order and delivery
    "order_status", "delivery_time", "shipping_options", "shipping_fee", "delivery_problem", "change_address",
    "change_order", "cancel_order", "place_order",
    # after the sale
    "return_request", "return_policy", "refund_request", "refund_status", "item_problem", "warranty_repair",
    "usage_help",
    # products
    "product_question", "product_search", "stock_question", "recommend_request",
    # price
    "price_question", "discount_request", "price_protection", "coupon_problem",
    # payment and account
    "payment_methods", "payment_problem", "invoice_request", "account_problem", "membership_points",
    # service
    "complaint", "human_agent", "store_info", "leave_review", "opt_out", "opt_in", "my_data",
    # talk
    "greeting", "thanks", "goodbye", "affirm", "deny", "chitchat",
    # rest
    "out_of_scope",
)  # fmt: skip
OUT_OF_SCOPE = "out_of_scope"
LONGEST_NAME = 60
_NAME = re.compile(r"[^\s\"',;|{}<>]+")
SENTIMENTS: tuple[str, ...] = ("negative", "neutral", "positive")


def can_be_intent(name: str) -> bool:
    """Whether a shop may call an intent of its own so: one word."""
    return len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None
