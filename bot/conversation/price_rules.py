"""The rules for personal prices in a customer's language, and what is said beside such a price.

Both follow from the rules in force. A page of the shop's writes `{price-rules}` and `{price-hours}` where they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from nlu.types import Passage
from retention.types import PricePolicy

RULES, HOURS = "{price-rules}", "{price-hours}"
_BASES = ("loyalty", "bought_before", "overstock", "win_back", "live_step")
"""Reasons of an offer that say what it is based on, in the order in which they are said."""


class Say(Protocol):
    """Gives a text in a customer's language."""

    def __call__(self, text_id: str, **values: str | int) -> str: ...


def published(say: Say, policy: PricePolicy) -> str:
    """Who is offered how much, and why; for everybody to read."""
    return say("price-rules-join").join(_published(say, policy))


def _published(say: Say, policy: PricePolicy) -> Iterator[str]:
    if not policy.enabled:
        yield say("price-rules-off")
        return
    comma = say("price-rules-comma")
    if policy.learn:
        yield say("price-rules-learned", days=comma.join(str(days) for days, _ in policy.loyalty))
    elif policy.loyalty:
        steps = [say("price-rules-days", off=percent(off), days=days) for days, off in policy.loyalty]
        yield say("price-rules-loyalty", steps=comma.join(steps))
    if policy.bought_before and not policy.learn:
        yield say("price-rules-bought", off=percent(policy.bought_before))
    if policy.overstock and not policy.learn:
        steps = [
            say("price-rules-cover", off=percent(off), days=f"{days:g}") for days, off in policy.overstock
        ]
        yield say("price-rules-overstock", steps=comma.join(steps))
    if policy.win_back_most:
        least, most = percent(policy.win_back_least), percent(policy.win_back_most)
        yield say("price-rules-win-back", least=least, most=most)
    yield say("price-rules-most", most=percent(round(policy.max_discount * 10_000)))


def basis(say: Say, reasons: Iterable[Mapping[str, Any]]) -> str:
    """What a personal price is based on, for `offer-disclosure`; an estimate of a risk is named where one was used.

    Args:
        reasons: of the offer, as they are stored.
    """
    codes = {str(one["code"]) for one in reasons}
    found = [say(f"price-basis-{code}") for code in _BASES if code in codes]
    return say("price-rules-comma").join(found or [say("price-basis-loyalty")])


def filled(say: Say, policy: PricePolicy, passage: Passage) -> Passage:
    """An entry of the shop's pages with the rules in force where it leaves room for them."""
    if "{price-" not in passage.text:
        return passage

    def put(text: str) -> str:
        if RULES in text:
            text = text.replace(RULES, published(say, policy))
        return text.replace(HOURS, str(policy.validity_hours))

    return replace(passage, text=put(passage.text), answer=put(passage.answer))


def percent(points: int) -> str:
    """Basis points as a number of percent."""
    return f"{points / 100:g}"
