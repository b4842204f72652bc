"""What the ranker knows of a product for a customer: one row of numbers per candidate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Floats, Ints
from retention.recommenders.candidates import SOURCES, Scores
from retention.recommenders.facts import BREADTH, STATIC, ProductFacts
from retention.recommenders.interactions import Profile

OWN = (
    "own", "own_count", "own_30", "own_120", "own_since", "own_last_basket", "own_repeated", "own_share",
    "own_due", "viewed", "carted",
)  # fmt: skip
NAMES = (
    *(f"{source}_{form}" for source in SOURCES for form in ("relative", "log")),
    *STATIC,
    "category_share",
    *BREADTH,
    *OWN,
)
"""Saved with each model: one that was fitted on others can't be used."""
FLOOR = 0.01
"""Added to a relative score before its logarithm: no neighbour at all is 100 times worse than the best."""


def rows(facts: ProductFacts, profile: Profile, scores: Scores, candidates: Ints) -> Floats:
    """The ranker's numbers, shape (candidates, len(NAMES)), in the order of `NAMES`."""
    out = np.zeros((len(candidates), len(NAMES)))
    place, scored = _among(scores.items, candidates, len(facts))
    column = 0
    for source in SOURCES:
        whole = scores.of[source]
        relative = np.zeros(len(candidates))
        relative[scored] = whole[place] / max(whole.max(initial=0.0), 1e-9)
        out[:, column] = relative
        out[:, column + 1] = np.log(relative + FLOOR)
        column += 2
    out[:, column : column + len(STATIC)] = facts.static[candidates]
    column += len(STATIC)
    out[:, column] = _category_share(facts, profile, candidates)
    column += 1
    out[:, column : column + len(BREADTH)] = facts.breadth.columns(profile, candidates)
    column += len(BREADTH)
    if len(profile.items):
        _own(out[:, column:], facts, profile, candidates)
    return out


def _among(items: Ints, candidates: Ints, size: int) -> tuple[Ints, slice | Ints]:
    """Where the candidates are among the items, those left out that are not, and which candidates these are."""
    if len(items) == size:
        return candidates, slice(None)
    place = np.searchsorted(items, candidates)
    scored = np.flatnonzero(np.append(items, -1)[place] == candidates)
    return place[scored], scored


def _category_share(facts: ProductFacts, profile: Profile, candidates: Ints) -> Floats:
    """The share of the customer's interest that lies in the candidate's category."""
    known = facts.category[profile.items]
    shares = np.bincount(known + 1, profile.interest, facts.categories + 1)
    shares[0] = 0.0
    total = shares.sum()
    result: Floats = (
        shares[facts.category[candidates] + 1] / total if total > 0 else np.zeros(len(candidates))
    )
    return result


def _own(out: Floats, facts: ProductFacts, profile: Profile, candidates: Ints) -> None:
    """Fill in what the customer did with the candidates themselves."""
    place = np.searchsorted(profile.items, candidates)
    place[place == len(profile.items)] = 0
    touched = np.flatnonzero(profile.items[place] == candidates)
    at = place[touched]
    mine = Profile(**{name: getattr(profile, name)[at] for name in Profile.__slots__})
    for column, values in enumerate(own(facts, mine, profile.count.sum())):
        out[touched, column] = values


def own(
    facts: ProductFacts, mine: Profile, purchases: float | Floats
) -> tuple[NDArray[np.floating[Any]], ...]:
    """The columns `OWN` of products that customers have touched.

    Args:
        facts: of all products.
        mine: what a customer did with each.
        purchases: of the customer altogether.
    """
    bought = mine.bought * 1.0
    return (
        bought,
        np.log1p(mine.count),
        mine.count_30,
        np.log1p(mine.count_120),
        bought * np.log1p(mine.since),
        mine.in_last_basket * 1.0,
        bought * facts.column("repeated")[mine.items],
        mine.count / np.maximum(purchases, 1.0),
        bought * np.clip(np.log((mine.since + 1.0) / (facts.gap[mine.items] + 1.0)), -2.0, 2.0),
        np.log1p(mine.viewed),
        np.log1p(mine.carted),
    )
