"""The risks of all customers of a log as a table: the numbers and words of `ChurnModel.risks`, many at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from kernel.arrays import Floats, Ints
from kernel.times import DAY
from retention.churn.model import CONCEPTS_OF_PARTS, LEAST_WEIGHT, MOST_REASONS, SHOWN, ChurnModel
from retention.features.raw import NAMES as RAW
from retention.types import Reason, RiskContext

_CHUNK = 20_000
_PURCHASE_DAYS, _RECENCY = RAW.index("purchase_days"), RAW.index("recency")


def listed(
    model: ChurnModel, customers: Sequence[str], raw: Ints, nothing_known: RiskContext
) -> tuple[pa.Table, Floats, int]:
    """`customer, probability, reasons, expected_loss`, a row each; what is at stake; and how many are still active.

    Args:
        raw: shape (customers, raw.NAMES). Who has bought nothing has the base rate.
        nothing_known: of a customer without any event; it names the moment and the horizon asked for.
    """
    horizon = nothing_known.horizon_days
    base = model.risk("", nothing_known, version="")
    bought = raw[:, _PURCHASE_DAYS] > 0
    scored = np.flatnonzero(bought) if model.fitted else np.zeros(0, np.int64)
    chance, stake = np.full(len(raw), base.probability), np.zeros(len(raw))
    words = [in_words(base.reasons)] * len(raw)
    loss: list[float | None] = [None] * len(raw)
    for start in range(0, len(scored), _CHUNK):
        places = scored[start : start + _CHUNK]
        rows = raw[places]
        own, asked, parts = model.chances_and_parts(rows, horizon)
        chance[places], stake[places] = asked, model.stakes(rows, own)
        lost = model.losses(rows, asked, horizon)
        for place, said, one in zip(places.tolist(), _in_words(parts, rows), lost.tolist(), strict=True):
            words[place] = said
            loss[place] = round(one) / 100 if model.currency is not None else None
    active = int((bought & (raw[:, _RECENCY] <= model.horizon_days * DAY)).sum())
    table = pa.table(
        {
            "customer": pa.array(customers, pa.string()),
            "probability": chance,
            "reasons": pa.array(words, pa.string()),
            "expected_loss": pa.array(loss, pa.float64()),
        }
    )
    return table, stake, active


# --- words ------------------------------------------------------------------------------------------------


def in_words(reasons: Sequence[Reason]) -> str:
    """`recency 45 (+0.62); frequency 3 (-0.40)`: what, its number, and by how much it moves the log-odds."""
    return "; ".join(named(one, _shown(one)) for one in reasons)


def _shown(reason: Reason) -> str | None:
    return None if reason.value is None else _number(reason.code, reason.value)


def _number(concept: str, value: float) -> str:
    return f"{value / 100:.2f}" if concept == "money" else f"{value:g}"


def named(reason: Reason, value: str | None) -> str:
    """A reason with the number that is shown beside it."""
    shown = reason.code if value is None else f"{reason.code} {value}"
    return f"{shown} ({reason.weight:+.2f})" if reason.weight else shown


def _in_words(parts: Floats, raw: Ints) -> list[str]:
    """As `in_words` of the reasons of `ChurnModel.risks`, for customers with these parts of their log-odds."""
    concepts = sorted(set(CONCEPTS_OF_PARTS))
    weights = np.zeros((len(parts), len(concepts)))
    for column, concept in enumerate(CONCEPTS_OF_PARTS):
        weights[:, concepts.index(concept)] += parts[:, column]
    order = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :MOST_REASONS]
    numbers = [_numbers(concept, raw) for concept in concepts]
    found = []
    strengths = np.take_along_axis(weights, order, axis=1)
    for row, (which, strong) in enumerate(zip(order.tolist(), strengths.tolist(), strict=True)):
        found.append(
            "; ".join(
                f"{numbers[one][row]} ({round(weight, 4):+.2f})"
                for one, weight in zip(which, strong, strict=True)
                if abs(weight) >= LEAST_WEIGHT
            )
        )
    return found


def _numbers(concept: str, raw: Ints) -> list[str]:
    """The concept with each customer's number, where one is shown."""
    if concept not in SHOWN:
        return [concept] * len(raw)
    name, divisor = SHOWN[concept]
    values, places = np.unique((raw[:, RAW.index(name)] / divisor).round(2), return_inverse=True)
    said = [f"{concept} {_number(concept, value)}" for value in values.tolist()]
    return [said[place] for place in places.tolist()]
