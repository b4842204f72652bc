"""What the sources say is kept of the products they speak for alone; sums and rankings are as if it were of all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from kernel.times import DAY, to_micros
from retention.core import Core
from retention.recommenders import candidates, features, neighbourhood
from retention.recommenders.candidates import (
    CLOSEST,
    TABLES,
    Scores,
    source_scores,
)
from retention.recommenders.features import NAMES
from retention.recommenders.interactions import Profile, profile_of_rows
from tests.contracts.retention_core import NOW

Floats = NDArray[np.float64]


def _customer(items: list[int]) -> Profile:
    products = np.array(items, np.int64)
    at = to_micros(NOW) - np.arange(1, len(items) + 1) * int(DAY)
    return profile_of_rows(products, np.zeros_like(products), at, np.full(len(items), 3.0), to_micros(NOW))


def _of_all(scores: Scores, size: int) -> dict[str, Floats]:
    found = {}
    for source, values in scores.of.items():
        found[source] = np.zeros(size)
        found[source][scores.items] = values
    return found


@pytest.fixture(params=["small", "large"], autouse=True)
def size_of_shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once as a small shop, where all products are looked at, once as a large one."""
    if request.param == "large":
        monkeypatch.setattr(candidates, "SMALL", 0)


@pytest.mark.parametrize("items", [[0], [1, 4, 9], [2, 3, 5, 7, 11, 13, 17]])
def test_they_are_the_weighted_sums_of_the_neighbours(fitted: Core, items: list[int]) -> None:
    facts, profile = fitted.recommender.facts, _customer(items)
    found = _of_all(source_scores(facts, profile), len(facts))
    for source, (table, weight) in TABLES.items():
        places, values = facts.neighbours[table]
        wanted = np.zeros(len(facts))
        for item, much in zip(profile.items, getattr(profile, weight), strict=True):
            np.add.at(wanted, places[item], values[item] * much)
        assert found[source] == pytest.approx(wanted)
    customers = facts.customers
    who, alike = customers.similar(profile.items, profile.interest, neighbourhood.MOST_ASKED)
    close = alike**facts.closeness
    assert found["crowd"] == pytest.approx(customers.weighted_sum(who, close, customers.ratings))
    lately = customers.weighted_sum(who[:CLOSEST], close[:CLOSEST], customers.recent)
    assert found["crowd_recent"] == pytest.approx(lately)


def test_candidates_and_their_numbers_are_those_of_scores_for_all(fitted: Core) -> None:
    model = fitted.recommender
    size, profile = len(model.products), _customer([1, 4, 9])
    scores = source_scores(model.facts, profile)
    # Fewer neighbours, so that there are products of which nothing is said.
    kept = np.arange(0, len(scores.items), 3)
    few = Scores(scores.items[kept], {name: values[kept] for name, values in scores.of.items()})
    of_all = Scores(np.arange(size), _of_all(few, size))
    allowed = np.ones(size, bool)
    allowed[[3, 6]] = False
    chosen = candidates.choose(few, model.popular, profile, allowed)
    assert chosen.tolist() == candidates.choose(of_all, model.popular, profile, allowed).tolist()
    assert not {3, 6} & set(chosen.tolist())
    every = np.arange(size)
    assert features.rows(model.facts, profile, few, every) == pytest.approx(
        features.rows(model.facts, profile, of_all, every)
    )


def test_nothing_said_is_no_number_missing(fitted: Core) -> None:
    facts, nobody = fitted.recommender.facts, _customer([])
    empty = source_scores(facts, nobody)
    rows = features.rows(facts, nobody, empty, np.arange(len(facts)))
    assert rows.shape == (len(facts), len(NAMES))
    assert np.isfinite(rows).all()


def test_the_popular_are_found_behind_those_that_may_not_be_shown(fitted: Core) -> None:
    model, profile = fitted.recommender, _customer([1])
    scores = source_scores(model.facts, profile)
    silent = replace(scores, of={name: np.zeros(len(scores.items)) for name in scores.of})
    order = model.popular[0]
    allowed = np.zeros(len(order), bool)
    allowed[order[-2:]] = True
    assert set(candidates.choose(silent, model.popular, profile, allowed).tolist()) == set(
        order[-2:].tolist()
    )
