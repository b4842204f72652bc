"""Draws list prices that were proposed: what each would earn and why, to be approved, declined or undone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from nicegui import ui

from bot.conversation.wording import money
from bot.staff.console.frame import small_button
from bot.staff.console.offer_words import proposed
from bot.staff.console.widgets import heading
from bot.staff.console.words import Words
from storage.catalogue import Product
from storage.price_proposals import PROPOSED, StoredProposal

_SHOWN = 50

Decide = Callable[[str, StoredProposal], Awaitable[None]]
"""Told what to do, approve, decline or undo, and with which."""


def draw_proposals(
    words: Words,
    proposals: Sequence[StoredProposal],
    products: Mapping[str, Product],
    decide: Decide | None,
) -> None:
    """Open ones and approved ones; None for `decide`: this member may only look."""
    ui.label(words("list-what-for")).classes("text-sm soft lead")
    waiting = sorted((one for one in proposals if one.state == PROPOSED), key=lambda one: -one.gain)
    approved = [one for one in proposals if one.state != PROPOSED]
    if not waiting:
        ui.label(words("list-none", command="liuke prices propose")).classes("soft p-4")
    if waiting and decide is None:
        ui.label(words("list-look")).classes("text-sm soft")
    for one in waiting[:_SHOWN]:
        _draw(words, one, products.get(one.product_id), decide)
    if len(waiting) > _SHOWN:
        ui.label(words("list-more", number=len(waiting) - _SHOWN)).classes("text-sm soft")
    if approved:
        heading(words("list-approved"))
    for one in approved:
        _draw(words, one, products.get(one.product_id), decide)


def _draw(words: Words, one: StoredProposal, product: Product | None, decide: Decide | None) -> None:
    before, after, gain, low, high = (
        money(round(amount), one.currency)
        for amount in (one.old_price, one.new_price, one.gain, one.low, one.high)
    )
    change = f"{100 * (one.new_price / one.old_price - 1):+.1f}" if one.old_price else ""
    with ui.card().classes("w-full p-4 gap-1").mark(f"proposal-{one.id}"):
        with ui.row().classes("w-full items-center gap-x-3 gap-y-1"):
            name = one.product_id if product is None else product.name(words.language)
            ui.label(name).classes("font-medium")
            ui.label(one.product_id if product is None else product.code).classes("text-xs soft code")
            ui.label(words("list-number", number=one.id)).classes("text-xs soft")
        ui.label(words("list-change", before=before, after=after, percent=change)).classes("text-lg figure")
        ui.label(words("list-gain", gain=gain, low=low, high=high)).classes("text-sm figure")
        reasons = words("comma").join(proposed(words, one.reasons, one.currency))
        ui.label(words("because", reasons=reasons)).classes("text-sm soft")
        if decide is not None:
            with ui.row().classes("w-full gap-2 pt-1"):
                for what in ("approve", "decline") if one.state == PROPOSED else ("undo",):
                    color = "negative" if what == "decline" else "primary"
                    small_button(words(f"list-{what}"), partial(decide, what, one), color=color).mark(
                        f"{what}-{one.id}"
                    )
