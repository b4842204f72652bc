"""The recommender as facts and arrays for `retention.artifacts`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.recommenders import features
from retention.recommenders.buyers import FIELDS as BUYERS
from retention.recommenders.buyers import Buyers
from retention.recommenders.crowd import FIELDS as CROWD
from retention.recommenders.crowd import Crowd
from retention.recommenders.features import SIMILARITIES, Catalogue
from retention.recommenders.model import Mode, Recommender


def saved(model: Recommender) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The model as JSON-able facts and arrays; `restored` is the way back."""
    terms = sorted(model.postings)
    facts = {
        "products": list(model.products),
        "category_names": list(model.category_names),
        "features": list(features.NAMES),
        "policies": {"new": model.new.policy, "any": model.any.policy},
        "terms": terms,
    }
    arrays: dict[str, NDArray[Any]] = {
        "static": model.catalogue.static,
        "gap": model.catalogue.gap,
        "category": model.catalogue.category,
        "popular": model.popular,
        "created": model.created,
        "weights_new": model.new.weights,
        "weights_any": model.any.weights,
        "posting_ends": np.cumsum([len(model.postings[term][0]) for term in terms], dtype=np.int64),
        "posting_items": _joined([model.postings[term][0] for term in terms], np.int32),
        "posting_weights": _joined([model.postings[term][1] for term in terms], np.float32),
    }
    for name in SIMILARITIES:
        arrays[f"{name}_items"], arrays[f"{name}_values"] = model.catalogue.neighbours[name]
    arrays |= {f"crowd_{name}": array for name, array in model.catalogue.crowd.arrays().items()}
    arrays |= {f"buyers_{name}": array for name, array in model.catalogue.buyers.arrays().items()}
    return facts, arrays


def _joined(parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Recommender:
    """The model from its saved form.

    Raises:
        ValueError: it was saved with other features than this program computes.
    """
    if tuple(facts["features"]) != features.NAMES:
        raise ValueError("the ranker was fitted on other features")
    products = tuple(facts["products"])
    catalogue = Catalogue(
        neighbours={name: (arrays[f"{name}_items"], arrays[f"{name}_values"]) for name in SIMILARITIES},
        crowd=Crowd(len(products), **{name: arrays[f"crowd_{name}"] for name in CROWD}),
        buyers=Buyers(**{name: arrays[f"buyers_{name}"] for name in BUYERS}),
        static=arrays["static"],
        gap=arrays["gap"],
        category=arrays["category"],
        categories=len(facts["category_names"]),
    )
    terms = facts["terms"]
    ends = arrays["posting_ends"][:-1]
    places = np.split(arrays["posting_items"], ends)
    weights = np.split(arrays["posting_weights"], ends)
    return Recommender(
        products=products,
        catalogue=catalogue,
        popular=arrays["popular"],
        created=arrays["created"],
        category_names=tuple(facts["category_names"]),
        postings={term: (places[k], weights[k]) for k, term in enumerate(terms)},
        new=Mode(policy=facts["policies"]["new"], weights=arrays["weights_new"]),
        any=Mode(policy=facts["policies"]["any"], weights=arrays["weights_any"]),
        index={product: place for place, product in enumerate(products)},
    )
