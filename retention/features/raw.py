"""The raw features: integers about one customer, counted over the events before a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from kernel.times import DAY, to_micros
from retention.types import Event, EventKind, ProductId

NAMES = (
    "silence",
    "tenure",
    "recency",
    "purchase_days",
    "purchase_days_30",
    "purchase_days_90",
    "purchase_days_365",
    "purchase_rows",
    "units",
    "money",
    "money_90",
    "gap_days",
    "gap_squares",
    "recent_gap_days",
    "recent_gaps",
    "returns",
    "views_30",
    "views_90",
    "searches_30",
    "searches_90",
    "carts_30",
    "carts_90",
    "categories",
    "discounted",
    "ratings",
    "stars_hundredths",
    "complaints",
    "complaints_90",
    "messages_90",
    "moods_90",
    "mood_thousandths_90",
    "contacts_90",
    "responses_90",
)
"""
`silence`, `tenure`, `recency`: microseconds since the last event, the first event, the last purchase (0 if
none). `gap_*`: whole days between successive days with a purchase, their sum and sum of squares; `recent_*`:
of the last three gaps. `discounted`: purchase rows at least 3 % below the list price. `stars_hundredths`,
`mood_thousandths_90`: sums of ratings and of the sentiment of messages. A suffix is a window in days.
"""

RECENT_GAPS = 3
DISCOUNT_PERCENT = 97.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductInfo:
    """What features need to know of products: as of the fit, so that both computations see the same."""

    category: Mapping[ProductId, str]
    list_price: Mapping[ProductId, int]


def of_events(events: Sequence[Event], now: datetime, product_info: ProductInfo) -> dict[str, int] | None:
    """The raw features of one customer from their events in any order, or None without events before `now`.

    Args:
        events: later events, and events at `now` itself, are not seen.
    """
    moment = to_micros(now)
    past = sorted(
        ((to_micros(event.at), event) for event in events if to_micros(event.at) < moment),
        key=lambda pair: pair[0],
    )
    if not past:
        return None
    found = dict.fromkeys(NAMES, 0)
    found["silence"] = moment - past[-1][0]
    found["tenure"] = moment - past[0][0]
    _purchases(found, past, moment, product_info)
    _behaviour(found, past, moment)
    return found


def _purchases(
    found: dict[str, int], past: list[tuple[int, Event]], moment: int, product_info: ProductInfo
) -> None:
    days: dict[int, int] = {}
    categories: set[str] = set()
    bought: set[ProductId | None] = set()
    for at, event in past:
        if event.kind is EventKind.PURCHASE:
            bought.add(event.product)
            found["recency"] = moment - at
            days[at // DAY] = at
            amount = event.amount_minor or 0
            found["purchase_rows"] += 1
            found["units"] += event.quantity
            found["money"] += amount
            if moment - at <= 90 * DAY:
                found["money_90"] += amount
            if event.product is not None:
                if event.product in product_info.category:
                    categories.add(product_info.category[event.product])
                listed = product_info.list_price.get(event.product)
                if listed is not None and event.amount_minor is not None:
                    listed_in_all = float(event.quantity) * float(listed)
                    found["discounted"] += float(amount) * 100.0 < listed_in_all * DISCOUNT_PERCENT
        elif event.kind is EventKind.RETURN:
            # A history's check drops returns of what was never bought, so they don't count here either.
            found["returns"] += event.product in bought
    found["categories"] = len(categories)
    _rhythm(found, days, moment)


def _rhythm(found: dict[str, int], days: dict[int, int], moment: int) -> None:
    """Days with a purchase, given with the last moment of each, and the gaps between them."""
    found["purchase_days"] = len(days)
    for window in (30, 90, 365):
        found[f"purchase_days_{window}"] = sum(moment - at <= window * DAY for at in days.values())
    order = sorted(days)
    gaps = [later - earlier for earlier, later in pairwise(order)]
    found["gap_days"] = sum(gaps)
    found["gap_squares"] = sum(gap * gap for gap in gaps)
    found["recent_gap_days"] = sum(gaps[-RECENT_GAPS:])
    found["recent_gaps"] = len(gaps[-RECENT_GAPS:])


_LOOKS = {EventKind.VIEW: "views", EventKind.SEARCH: "searches", EventKind.CART: "carts"}


def _behaviour(found: dict[str, int], past: list[tuple[int, Event]], moment: int) -> None:
    for at, event in past:
        in_30, in_90 = moment - at <= 30 * DAY, moment - at <= 90 * DAY
        if event.kind in _LOOKS:
            found[f"{_LOOKS[event.kind]}_30"] += in_30
            found[f"{_LOOKS[event.kind]}_90"] += in_90
        elif event.kind is EventKind.RATING and event.value is not None:
            found["ratings"] += 1
            found["stars_hundredths"] += _rounded(event.value * 100)
        elif event.kind is EventKind.COMPLAINT:
            found["complaints"] += 1
            found["complaints_90"] += in_90
        elif event.kind is EventKind.CONTACT:
            found["contacts_90"] += in_90
        elif event.kind is EventKind.RESPONSE:
            found["responses_90"] += in_90
        elif event.kind is EventKind.MESSAGE:
            found["messages_90"] += in_90
            # A history's check blanks what is no mood.
            if event.value is not None and abs(event.value) <= 1 and in_90:
                found["moods_90"] += 1
                found["mood_thousandths_90"] += _rounded(event.value * 1000)


def _rounded(value: float) -> int:
    """To the nearest integer, halves up: what `floor(x + 0.5)` gives in SQL too."""
    return int((value + 0.5) // 1)
