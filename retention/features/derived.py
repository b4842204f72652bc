"""From raw integers to the numbers a model takes: finite floats, logarithms of what has long tails."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kernel.arrays import Floats, Ints
from kernel.times import DAY
from retention.features.raw import NAMES as RAW

_COLUMN = {name: place for place, name in enumerate(RAW)}

CONCEPTS: Mapping[str, str] = {
    "recency": "recency",
    "recency_squared": "recency",
    "frequency": "frequency",
    "frequency_squared": "frequency",
    "recency_by_frequency": "recency",
    "only_once": "frequency",
    "money": "money",
    "spend": "money",
    "tenure": "tenure",
    "rate": "frequency",
    "overdue": "overdue",
    "overdue_by_frequency": "overdue",
    "gap": "gap",
    "gap_variation": "gap_variation",
    "gap_trend": "gap_trend",
    "purchases_30": "recent_purchases",
    "purchases_90": "recent_purchases",
    "purchases_365": "recent_purchases",
    "money_90": "recent_purchases",
    "units": "units",
    "rows": "units",
    "returns": "returns",
    "silence": "silence",
    "views_30": "views",
    "views_90": "views",
    "searches_30": "searches",
    "searches_90": "searches",
    "carts_30": "carts",
    "carts_90": "carts",
    "categories": "categories",
    "discounts": "discounts",
    "stars": "ratings",
    "rated": "ratings",
    "complaints": "complaints",
    "complaints_90": "complaints",
    "messages_90": "messages",
    "mood_90": "mood",
    "contacts_ignored": "contacts_ignored",
}
"""The model's features, each with the concept under which it is explained."""

NAMES = tuple(CONCEPTS)


def derive(raw: Ints, usual_gap: float) -> Floats:
    """The features of customers, shape (customers, len(NAMES)); always finite.

    Args:
        raw: shape (customers, len(raw.NAMES)).
        usual_gap: the shop's usual days between purchases; it stands for one gap of everybody's, so that
            someone who bought once has a rhythm too.
    """

    def of(name: str) -> Floats:
        result: Floats = raw[:, _COLUMN[name]].astype(np.float64)
        return result

    def log(name: str) -> Floats:
        result: Floats = np.log1p(np.maximum(of(name), 0.0))
        return result

    days, rows = of("purchase_days"), np.maximum(of("purchase_rows"), 1.0)
    recency, tenure = of("recency") / DAY, of("tenure") / DAY
    gaps = np.maximum(days - 1, 0.0)
    gap = (of("gap_days") + usual_gap) / (gaps + 1)
    spread = np.maximum((of("gap_squares") + usual_gap**2) / (gaps + 1) - gap**2, 0.0)
    recent_gap = (of("recent_gap_days") + usual_gap) / (of("recent_gaps") + 1)
    recency_log, frequency_log = np.log1p(recency), np.log(np.maximum(days, 1.0))
    overdue = np.log((recency + 1) / (gap + 1))
    money = np.maximum(of("money"), 0.0)
    columns = {
        "recency": recency_log,
        "recency_squared": recency_log**2,
        "frequency": frequency_log,
        "frequency_squared": frequency_log**2,
        "recency_by_frequency": recency_log * frequency_log,
        "only_once": (days <= 1) * 1.0,
        "money": np.log1p(money / np.maximum(days, 1.0)),
        "spend": np.log1p(money),
        "tenure": np.log1p(tenure),
        "rate": np.log((days + 0.5) / (tenure + 30.0)),
        "overdue": overdue,
        "overdue_by_frequency": overdue * frequency_log,
        "gap": np.log1p(gap),
        "gap_variation": np.sqrt(spread) / (gap + 1),
        "gap_trend": np.log((recent_gap + 1) / (gap + 1)),
        "purchases_30": log("purchase_days_30"),
        "purchases_90": log("purchase_days_90"),
        "purchases_365": log("purchase_days_365"),
        "money_90": log("money_90"),
        "units": np.log1p(np.maximum(of("units"), 0.0) / rows),
        "rows": np.log1p(rows / np.maximum(days, 1.0)),
        "returns": of("returns") / rows,
        "silence": np.log1p(of("silence") / DAY),
        "views_30": log("views_30"),
        "views_90": log("views_90"),
        "searches_30": log("searches_30"),
        "searches_90": log("searches_90"),
        "carts_30": log("carts_30"),
        "carts_90": log("carts_90"),
        "categories": log("categories"),
        "discounts": of("discounted") / rows,
        "stars": (of("stars_hundredths") / 100 + 4.0) / (of("ratings") + 1),
        "rated": log("ratings"),
        "complaints": log("complaints"),
        "complaints_90": log("complaints_90"),
        "messages_90": log("messages_90"),
        "mood_90": of("mood_thousandths_90") / 1000 / (of("moods_90") + 1),
        "contacts_ignored": np.log1p(np.maximum(of("contacts_90") - of("responses_90"), 0.0)),
    }
    return np.stack([columns[name] for name in NAMES], axis=1)
