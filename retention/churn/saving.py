"""The churn model as JSON-able facts and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from numpy.typing import NDArray

from retention.churn.logistic import Linear
from retention.churn.model import NAMES, ChurnModel
from retention.churn.rhythm import Rhythm
from retention.churn.trees import restored as trees_restored
from retention.churn.trees import saved as trees_saved
from retention.features.raw import Shelf

_LINEAR = ("weights", "means", "scales")


def saved(model: ChurnModel) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    facts: dict[str, Any] = {
        "horizon_days": model.horizon_days,
        "window_days": model.window_days,
        "base_rate": model.base_rate,
        "shares": list(model.shares),
        "slope": model.slope,
        "shift": model.shift,
        "usual_rhythm": model.usual_rhythm,
        "usual_gap": model.usual_gap,
        "bands": list(model.bands),
        "currency": model.currency,
        "features": list(NAMES),
        "category": dict(model.shelf.category),
        "list_price": dict(model.shelf.list_price),
        "rhythm": asdict(model.rhythm) if model.rhythm else None,
    }
    arrays: dict[str, NDArray[Any]] = {}
    if model.linear:
        facts["linear"] = model.linear.intercept
        arrays |= {name: getattr(model.linear, name) for name in _LINEAR}
    if model.trees:
        facts["trees"], of_trees = trees_saved(model.trees)
        arrays |= {f"trees_{name}": one for name, one in of_trees.items()}
    return facts, arrays


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ChurnModel:
    """The model from its saved form.

    Raises:
        ValueError: it was saved with other features than this program computes.
    """
    if tuple(facts["features"]) != NAMES:
        raise ValueError("the churn model was fitted on other features")
    linear = trees = None
    if "linear" in facts:
        linear = Linear(intercept=facts["linear"], **{name: arrays[name] for name in _LINEAR})
    if "trees" in facts:
        of_trees = {one.removeprefix("trees_"): arrays[one] for one in arrays if one.startswith("trees_")}
        trees = trees_restored(facts["trees"], of_trees)
    return ChurnModel(
        horizon_days=facts["horizon_days"],
        window_days=facts["window_days"],
        base_rate=facts["base_rate"],
        rhythm=Rhythm(**facts["rhythm"]) if facts["rhythm"] else None,
        linear=linear,
        trees=trees,
        shares=tuple(facts["shares"]),
        slope=facts["slope"],
        shift=facts["shift"],
        usual_rhythm=facts["usual_rhythm"],
        usual_gap=facts["usual_gap"],
        bands=(facts["bands"][0], facts["bands"][1]),
        currency=facts["currency"],
        shelf=Shelf(category=facts["category"], list_price=facts["list_price"]),
    )
