"""On small logs of several shapes `auto` is not below the best of its candidates' own lists by more than noise."""

from __future__ import annotations

import numpy as np
import pytest

from retention.choices import Mode
from retention.recommenders import ease
from retention.recommenders.interactions import Interactions
from retention.recommenders.models.two_stage import TwoStage
from retention.recommenders.registry import fit_model
from retention.workshop.recommendation import Split, cut_at
from tests.benchmarks.made_up_log import Shop
from tests.benchmarks.retention_shapes import END, Lists, Row, made_up
from tests.benchmarks.whole_ease import WholeEase
from tests.contracts.item_model import interactions, purchases

SHOPS = {
    "sparse": Shop(customers=2_500, products=2_000, purchases=18_000, days=1_500, fades=700.0),
    "one year": Shop(customers=1_500, products=900, purchases=12_000, days=400, series=0.5, tail=0.5),
    "repeats": Shop(customers=500, products=200, purchases=10_000, days=400, again=0.5),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOPS)
def test_auto_is_not_below_its_best_candidate(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "RANKED_MOST_PRODUCTS", 500)
    monkeypatch.setattr(ease, "HEAD", 300)
    history = made_up(SHOPS[name])
    split = Split.of(history, END, cut_at(history, END, 0.8))
    auto = fit_model("auto", split.interactions, seed=1)
    assert isinstance(auto, TwoStage)
    lists = Lists(split, auto, np.arange(len(split.customers)))
    for mode in Mode:
        row = Row(log=name, mode=mode, **lists.judged(mode))
        assert row.ratio > 0.98 or row.lead.high > 0, (row.best, row.lead)


def small() -> Interactions:
    draw = np.random.default_rng(1)
    pairs = [
        (f"c{number}", f"p{draw.integers(0, 40)}", 5.0 + place) for number in range(150) for place in range(4)
    ]
    return interactions(purchases(pairs))


def test_the_yardstick_is_ease() -> None:
    """Solved for each customer, it gives the scores of the inverted matrix, up to its diagonal's approximation."""
    log = small()
    profiles = [log.profile(rows) for rows in list(log.by_user().values())[:20]]
    found = WholeEase.of(log, 50.0).scores(profiles)
    ratings = log.ratings().toarray()
    inverse = np.linalg.inv(ratings.T @ ratings + 50.0 * np.eye(ratings.shape[1]))
    for profile, scores in zip(profiles, found, strict=True):
        wanted = -(inverse[:, profile.items] @ profile.ever) / np.diag(inverse)
        wanted[profile.items] = 0.0
        assert np.corrcoef(scores, wanted)[0, 1] > 0.99
