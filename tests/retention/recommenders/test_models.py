"""What single recommenders do, against sums written out by hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retention.checks import check
from retention.history import History
from retention.recommenders.base import ItemModel
from retention.recommenders.explanation import sentence
from retention.recommenders.interactions import Interactions
from retention.recommenders.models import neural as neural_models
from retention.recommenders.models.neighbours import UserKNN
from retention.recommenders.registry import MODELS, fit_model, load_model, save_model
from retention.recommenders.regressions import ease_neighbours, local_ease_neighbours
from retention.types import ProductId
from tests.contracts.item_model import best_of, interactions, profile_of, purchases
from tests.contracts.retention_core import NOW, bought

LOG = [
    ("a", "w", 40.0), ("a", "x", 30.0), ("a", "y", 30.0), ("b", "x", 20.0), ("b", "y", 25.0), ("b", "z", 10.0),
    ("c", "w", 9.0), ("c", "z", 8.0), ("d", "y", 7.0), ("e", "w", 5.0), ("e", "v", 4.0),
]  # fmt: skip
ROWS: dict[str, set[str]] = {}
for _customer, _product, _ in LOG:
    ROWS.setdefault(_customer, set()).add(_product)
# Enough others, who have nothing in common with them, that the models take the log for large enough.
OTHERS = [(f"o{number}", f"o{number}-{product}", 50.0) for number in range(60) for product in "pq"]
MINE = {"x", "w"}


def fitted(name: str) -> ItemModel:
    return fit_model(name, interactions(purchases(LOG + OTHERS)), seed=0)


def scores_of(model: ItemModel, mine: set[str]) -> dict[ProductId, float]:
    """All products that have a score."""
    events = [bought(product, 3) for product in sorted(mine)]
    found = model.scores(profile_of(model, events))
    return {model.catalogue.products[item]: found[item] for item in np.flatnonzero(found).tolist()}


def test_user_based_is_the_normalised_weighted_sum() -> None:
    similarity = {v: len(MINE & row) / np.sqrt(len(MINE) * len(row)) for v, row in ROWS.items()}
    total = sum(similarity.values())
    by_hand = {
        product: sum(similarity[v] for v, row in ROWS.items() if product in row) / total
        for product in "vwxyz"
    }
    assert scores_of(fitted("user_knn"), MINE) == pytest.approx(by_hand, abs=1e-6)


def test_user_based_listens_to_the_most_similar_only() -> None:
    model = fitted("user_knn")
    assert isinstance(model, UserKNN)
    few = replace(model, most=1)
    # `a` bought w, x and y: 2 / √6 beats `b` and `c` with 1 / √6 and 1 / 2.
    assert scores_of(few, MINE) == pytest.approx({"w": 1.0, "x": 1.0, "y": 1.0}, abs=1e-6)


def test_item_based_is_the_normalised_weighted_sum() -> None:
    def buyers(product: str) -> set[str]:
        return {v for v, row in ROWS.items() if product in row}

    def cosine(one: str, other: str) -> float:
        if one == other:
            return 0.0
        shared = len(buyers(one) & buyers(other))
        return shared / float(np.sqrt(len(buyers(one)) * len(buyers(other))))

    by_hand = {product: sum(cosine(one, product) for one in MINE) / len(MINE) for product in "vwxyz"}
    by_hand = {product: score for product, score in by_hand.items() if score}
    assert scores_of(fitted("item_knn"), MINE) == pytest.approx(by_hand, abs=1e-6)


def test_popularity_halves_in_thirty_days() -> None:
    model = fitted("popularity")
    by_hand = {p: sum(2 ** (-days / 30) for _, q, days in LOG if q == p) for p in "vwxyz"}
    found = scores_of(model, set())
    assert {p: found[p] for p in "vwxyz"} == pytest.approx(by_hand)


def test_own_purchases_count_days() -> None:
    model = fitted("own")
    events = [bought("x", 30), bought("x", 20), bought("x", 20), bought("w", 3)]
    first, second, *_ = best_of(model, profile_of(model, events), 5, repeats=True)
    assert first == ("x", 2.0)
    assert second == ("w", 1.0)


def test_content_finds_the_likest_words() -> None:
    names = {"a": "red tea pot", "b": "blue tea pot", "c": "desk lamp", "d": "desk", "e": "lamp of glass"}
    rows = [{"product": product, "name_en": name} for product, name in names.items()]
    model = fit_model("content", interactions(purchases([("u", "a", 3)]), rows))
    profile = profile_of(model, [bought("a", 3)])
    assert best_of(model, profile, 1)[0][0] == "b"
    [reason] = model.explain(profile, "b")
    assert (reason.code, reason.product) == ("similar_content", "a")
    assert sentence(reason, names) == "because it is like red tea pot"


def test_ease_within_neighbourhoods_is_ease_where_they_hold_everything() -> None:
    ratings = (np.random.default_rng(1).random((80, 8)) < 0.4) * 1.0
    places, values = ease_neighbours(ratings, 8, 3.0)
    near, strength = local_ease_neighbours(ratings, 8, 3.0)
    dense, local = np.zeros((8, 8)), np.zeros((8, 8))
    for row in range(8):
        np.add.at(dense[row], places[row], values[row])
        np.add.at(local[row], near[row], strength[row])
    assert local == pytest.approx(dense, abs=1e-4)


# --- the neural ones ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def log(history: History) -> Interactions:
    return Interactions.of(check(history, NOW))


@pytest.fixture(scope="module")
def neural(log: Interactions) -> dict[str, ItemModel]:
    return {name: fit_model(name, log, seed=1) for name in ("linear", "two_tower")}


def orders(model: ItemModel) -> set[tuple[ProductId, ...]]:
    """The orders of all products that four customers with different tastes get."""
    tastes = (("p0", "p4"), ("p1", "p5"), ("p2", "p6"), ("p3", "p7"))
    profiles = [profile_of(model, [bought(one, 20) for one in taste]) for taste in tastes]
    return {tuple(product for product, _ in best_of(model, each, 99, repeats=True)) for each in profiles}


def test_one_linear_layer_gives_everybody_the_same_order(neural: dict[str, ItemModel]) -> None:
    assert len(orders(neural["linear"])) == 1
    assert len(orders(neural["two_tower"])) == 4


@pytest.mark.parametrize("name", ["linear", "two_tower"])
def test_a_training_that_runs_away_gives_what_is_popular(
    log: Interactions, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(neural_models, "RATE", 1e30)
    model = fit_model(name, log, seed=1)
    assert model.name == "popularity"
    assert [(word.model, word.enough) for word in model.readiness] == [
        (f"recommend.{name}", True),
        (f"recommend.{name}", False),
    ]
    save_model(model, tmp_path / name)
    assert load_model(tmp_path / name).readiness == model.readiness


def test_two_towers_find_the_taste(neural: dict[str, ItemModel]) -> None:
    model = neural["two_tower"]
    for taste in range(4):
        profile = profile_of(model, [bought(f"p{taste}", 20), bought(f"p{taste + 4}", 9)])
        shown = [int(product[1:]) % 4 for product, _ in best_of(model, profile, 4)]
        assert shown.count(taste) >= 2


BLOCKED = """
import sys, pathlib
sys.modules["torch"] = None
sys.path.insert(0, sys.argv[1])
from retention.recommenders.registry import MODELS, fit_model, load_model
from tests.contracts.item_model import best_of, interactions, purchases
log = interactions(purchases([(f"c{n % 60}", f"p{(n * 7) % 11}", n % 80 + 1) for n in range(400)]))
for name, kind in MODELS.items():
    try:
        model = fit_model(name, log)
        print(name, len(best_of(model, log.profile(log.by_user()[0]), 3, repeats=True)))
    except ImportError as error:
        print(name, kind.extra, error.name)
for folder in sys.argv[2:]:
    model = load_model(pathlib.Path(folder))
    print("loaded", model.name, len(best_of(model, log.profile(log.by_user()[0]), 3, repeats=True)))
"""


@pytest.mark.slow
def test_all_work_without_torch_but_the_fit_of_two(neural: dict[str, ItemModel], tmp_path: Path) -> None:
    for name, model in neural.items():
        save_model(model, tmp_path / name)
        assert isinstance(load_model(tmp_path / name), MODELS[name])
    folders = [str(tmp_path / name) for name in neural]
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, root, *folders], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    plain = [f"{name} 3" for name, kind in MODELS.items() if kind.extra is None]
    lacking = [f"{name} train torch" for name, kind in MODELS.items() if kind.extra == "train"]
    assert lines == [*plain, *lacking, "loaded linear 3", "loaded two_tower 3"]
