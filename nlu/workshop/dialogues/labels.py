"""The names that turns of conversations are labelled with."""

from __future__ import annotations

from nlu.acts import Act, Danger
from nlu.intents import INTENTS

ASKING = ("confirm", "value", "choice", "offer", "contact", "link")
TASKS = (
    "cancel_order", "change_items", "change_address", "account_address", "change_payment", "return", "exchange",
    "refund", "item_problem", "delivery_problem", "chase", "invoice", "discount", "recommend", "search",
    "size_advice", "restock_notice", "opt_in", "opt_out", "delete_data", "human", "review", "show",
    "delivery_note", "redirect", "parcels", "repair", "payment_check", "points_check", "price_protection", "quote",
    "call_back", "complaint", "data_export",
)  # fmt: skip
"""`show` stands for products on the screen that were not looked for."""
SLOTS = (
    "name", "phone", "email", "address", "address_part", "invoice_title", "tax_number", "size", "colour", "version",
    "quantity", "item", "order", "old", "budget_max", "budget_min", "recipient", "age", "occasion", "pet", "taste",
    "date", "reason", "amount", "payment_method", "height", "weight", "code", "tracking",
)  # fmt: skip
"""What a message may tell."""
ASKED_FOR = (
    *SLOTS, "items", "details", "problem", "photo", "kind", "contact", "product", "meaning", "note", "when", "wanted",
)  # fmt: skip
"""What the bot may ask for."""
WISHES = (
    *(name for name in INTENTS if name not in ("affirm", "deny")),
    "exchange_request", "product_compare", "size_advice", "payment_change", "account_address", "order_facts",
    "request_status", "chase_parcel", "repeat", "language", "delivery_note", "redirect", "parcels", "repair_request",
    "payment_check", "points_check", "restock_notice", "quote", "call_back",
)  # fmt: skip
SHOWN = ("order", "product", "version", "line", "page", "meaning")
ACTS = tuple(Act)
DANGERS = tuple(Danger)
