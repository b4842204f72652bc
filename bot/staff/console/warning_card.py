"""A customer who may be about to leave, as staff see it: how likely, how soon, why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from bot.conversation.wording import money
from bot.staff.console.words import Words
from storage.warnings import ChurnWarning

_MOST_REASONS = 3


def draw_warning(warning: ChurnWarning, words: Words, seen: Callable[[], Awaitable[None]]) -> None:
    """A card; `seen` takes the warning off the list."""
    with ui.card().classes("w-full p-3 gap-1 entry"):
        with ui.row().classes("w-full items-center justify-between no-wrap gap-2"):
            ui.label(warning.customer_name or warning.customer_id).classes("font-medium truncate")
            urgent = "urgent" if warning.band == "high" else "warm"
            ui.label(words.of("band", warning.band)).classes(f"chip {urgent}")
        ui.label(_facts(warning, words)).classes("text-sm")
        if reasons := pushing(warning.reasons, words):
            ui.label(words("because", reasons=reasons)).classes("text-sm opacity-80")
        with ui.row().classes("w-full items-center justify-between no-wrap"):
            ui.label(words("customer-linked", id=warning.customer_id)).classes("text-xs soft")
            ui.button(words("seen-to"), on_click=seen).props("dense no-caps outline padding='2px 12px'").mark(
                f"seen-{warning.id}"
            )


def _facts(warning: ChurnWarning, words: Words) -> str:
    parts = [words("leaves", percent=round(100 * warning.probability))]
    if warning.lead_days is not None:
        days = round(abs(warning.lead_days))
        parts.append(words("due-in-days" if warning.lead_days >= 0 else "overdue-days", days=days))
    if warning.expected_loss and warning.currency:
        parts.append(words("at-stake", amount=money(warning.expected_loss, warning.currency)))
    return words("comma").join(parts)


def pushing(reasons: Sequence[Mapping[str, Any]], words: Words) -> str:
    """What pushes a risk up, strongest first, in words; the scores are kept in that order."""
    up = [str(one["code"]) for one in reasons if one.get("weight", 0) > 0]
    return words("comma").join(words.of("feature", code) for code in up[:_MOST_REASONS])
