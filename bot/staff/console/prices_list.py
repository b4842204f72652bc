"""Draws list prices that were proposed: what each would earn and why, to be approved, declined or undone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from nicegui import ui

from bot.shop.prices import FILE
from bot.staff.console import list_words
from bot.staff.console.frame import small_button
from bot.staff.console.widgets import heading
from bot.staff.console.words import Words
from bot.staff.list_outcome import Outcome
from storage.catalogue import Product
from storage.price_proposals import PROPOSED, RULE, StoredProposal

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


def draw_earned(words: Words, outcome: Outcome) -> None:
    """What approved prices earned, and what became of their substitutes."""
    with ui.card().classes("w-full p-4 gap-1").mark("earned"):
        for said in list_words.earned(words, outcome):
            ui.label(said).classes("text-sm figure")


def _draw(words: Words, one: StoredProposal, product: Product | None, decide: Decide | None) -> None:
    with ui.card().classes("w-full p-4 gap-1").mark(f"proposal-{one.id}"):
        with ui.row().classes("w-full items-center gap-x-3 gap-y-1"):
            name = one.product_id if product is None else product.name(words.language)
            ui.label(name).classes("font-medium")
            ui.label(one.product_id if product is None else product.code).classes("text-xs soft code")
            ui.label(words("list-number", number=one.id)).classes("text-xs soft")
            if one.decided_by == RULE:
                ui.label(words("list-by-rule", file=FILE)).classes("chip")
        ui.label(list_words.change(words, one)).classes("text-lg figure")
        ui.label(list_words.gain(words, one)).classes("text-sm figure")
        ui.label(list_words.because(words, one)).classes("text-sm soft")
        if decide is not None:
            with ui.row().classes("w-full gap-2 pt-1"):
                for what in ("approve", "decline") if one.state == PROPOSED else ("undo",):
                    color = "negative" if what == "decline" else "primary"
                    small_button(words(f"list-{what}"), partial(decide, what, one), color=color).mark(
                        f"{what}-{one.id}"
                    )
