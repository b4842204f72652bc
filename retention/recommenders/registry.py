"""All recommenders by name: fitted on a log, saved, and read back in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kernel.times import utc_now
from retention import artifacts
from retention.errors import ModelDamaged
from retention.recommenders.base import Catalogue, ItemModel
from retention.recommenders.fitting import fallback_notes
from retention.recommenders.models.neighbours import Content, Ease, ItemKNN, UserKNN
from retention.recommenders.models.neural import Linear, TwoTower
from retention.recommenders.models.popular import OwnPurchases, Popularity
from retention.recommenders.models.two_stage import TwoStage
from retention.report import Readiness

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions

MODELS: Mapping[str, type[ItemModel]] = {
    kind.name: kind
    for kind in (
        TwoStage,
        Popularity,
        OwnPurchases,
        UserKNN,
        ItemKNN,
        Content,
        Ease,
        Linear,
        TwoTower,
    )
}
"""The recommenders, `auto` first. Commands, their help and the tests of all recommenders take them from here."""

_PART = "item_model"
"""The name of a model's files in its folder."""


def fit_model(name: str, interactions: Interactions, *, seed: int = 0) -> ItemModel:
    """Fit one model on everything before `interactions.now`.

    Where there is too little data, popularity is fitted in its place; `readiness` and `notes` of the result say so.

    Args:
        name: a key of `MODELS`.
        interactions: the log.
        seed: of every random choice; the same interactions and seed give the same model.

    Raises:
        KeyError: there is no such model.
        ImportError: the model's optional dependencies are not installed.
    """
    kind = MODELS[name]
    have = _customers_with_two(interactions)
    enough = have >= kind.least_customers
    with fallback_notes() as notes:
        model = (kind if enough else Popularity).fit(interactions, seed)
    word = Readiness(
        model=f"recommend.{name}",
        enough=enough,
        found=f"{have} customers with two products",
        needed=f"{kind.least_customers} customers with two products",
        fallback="" if enough else "what is popular",
    )
    readiness = (word, *model.readiness)
    lacking = [str(one) for one in readiness if not one.enough]
    return replace(model, readiness=readiness, notes=(*model.notes, *notes, *lacking))


def _customers_with_two(interactions: Interactions) -> int:
    """Customers with two products or more: what it takes to learn that products go together."""
    size = max(len(interactions.products), 1)
    pairs = np.unique(interactions.users * size + interactions.items)
    return int((np.bincount(pairs // size, minlength=1) >= 2).sum())


def save_model(
    model: ItemModel, directory: Path, *, at: datetime | None = None, seed: int = 0, data_hash: str = ""
) -> None:
    """Write a model to a folder of its own, whole or not at all: NumPy and JSON, never a pickle.

    Args:
        model: any of `MODELS`, with what its fit measured and had to say.
        directory: absent or empty; its name is the version.
        at: aware; the moment up to which it has learned, by default now.
        seed: that it was fitted with.
        data_hash: of what it was fitted on.

    Raises:
        FileExistsError: the folder holds something already.
    """
    own, arrays = model.parts()
    values = {"model": model.name, "products": list(model.catalogue.products), "own": own}
    manifest = {
        "version": directory.name,
        "fitted_at": (at or utc_now().replace(microsecond=0)).isoformat(),
        "seed": seed,
        "data_hash": data_hash,
        "metrics": dict(model.metrics),
        "notes": list(model.notes),
        "readiness": [asdict(one) for one in model.readiness],
    }
    stored = {"goods_popularity": model.catalogue.popularity, **arrays}
    artifacts.write(directory, manifest, {_PART: (values, stored)})


def load_model(directory: Path) -> ItemModel:
    """The model that `save_model` wrote.

    Raises:
        ModelDamaged: a file is missing, changed, or of a form that this program doesn't know.
    """
    manifest, parts = artifacts.read(directory)
    try:
        values, arrays = parts[_PART]
        catalogue = Catalogue(tuple(values["products"]), arrays.pop("goods_popularity"))
        model = MODELS[values["model"]].from_parts(catalogue, values["own"], arrays)
        readiness = tuple(Readiness(**one) for one in manifest.readiness)
        return replace(model, readiness=readiness, metrics=manifest.metrics, notes=manifest.notes)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ModelDamaged(f"{directory} holds no recommender that can be used: {error!r}") from error
