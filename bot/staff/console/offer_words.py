"""What made a price, in words: of personal prices and of list prices that were proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.conversation.wording import money
from bot.staff.console.words import Words

_MONEY = frozenset(
    {"list_price", "existing_offer", "capped_by_budget", "more_margin", "paid_anyway", "limit_reached"}
)
"""Reasons whose number is an amount in minor units."""
_SHARES = frozenset({"win_back", "capped_by_margin", "chance_to_buy", "chance_without", "surprise"})
"""Those whose number is a share."""


def given(words: Words, reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rules that took something off a personal price, or cut it."""
    return [
        words.of("rule", str(reason["code"])) + (f" −{taken_off(reason)}" if reason.get("weight") else "")
        for reason in reasons
        if reason["code"] != "list_price"
    ]


def proposed(words: Words, reasons: Sequence[Mapping[str, Any]], currency: str) -> list[str]:
    """Why a list price was proposed; what it is expected to earn stands beside it."""
    return [
        words.of("proposed", str(reason["code"]), number=number(reason, currency))
        for reason in reasons
        if reason["code"] != "expected_margin"
    ]


def taken_off(reason: Mapping[str, Any]) -> str:
    """The share that a rule took off; empty where it took none."""
    return f"{100 * reason['weight']:.3g} %" if reason.get("weight") else ""


def number(reason: Mapping[str, Any], currency: str) -> str:
    """A reason's number, as what it is; empty where it has none."""
    value = reason.get("value")
    if value is None:
        return ""
    if reason["code"] in _MONEY:
        return money(round(value), currency)
    return f"{100 * value:.3g} %" if reason["code"] in _SHARES else f"{round(value, 2):g}"
