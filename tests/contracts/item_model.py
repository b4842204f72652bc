"""What every recommender promises, whatever it was fitted on.

Subclass it in a test module and give it a `name` of the registry.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from retention.checks import check
from retention.errors import ModelDamaged
from retention.history import History
from retention.recommenders.base import ItemModel
from retention.recommenders.interactions import Interactions
from retention.recommenders.registry import MODELS, fit_model, load_model
from retention.times import to_micros
from tests.contracts.retention_core import NOW, bought


def interactions(events: list[dict[str, Any]], products: list[dict[str, Any]] | None = None) -> Interactions:
    """Rows as a recommender's view of a history."""
    return Interactions.of(check(History.from_rows(events, products or []), NOW))


def purchases(pairs: list[tuple[str, str, float]]) -> list[dict[str, Any]]:
    """Rows from customers, products and days before `NOW`."""
    return [
        {
            "id": f"e{number}",
            "kind": "purchase",
            "customer": customer,
            "product": product,
            "at": to_micros(NOW - timedelta(days=days)),
            "quantity": 1,
        }
        for number, (customer, product, days) in enumerate(pairs)
    ]


BAD_LOGS: dict[str, list[tuple[str, str, float]]] = {
    "empty": [],
    "one event": [("a", "x", 3)],
    "one customer": [("a", product, day) for day, product in enumerate("xyzw", 1)],
    "one product": [(customer, "x", day) for day, customer in enumerate("abcdef", 1)],
    "all at one moment": [(customer, product, 5) for customer in "abc" for product in "xyz"],
    "all the same again and again": [("a", "x", 5.0)] * 30,
    "a customer with most events": [
        *(("a", f"x{number % 40}", number % 90 + 1) for number in range(900)),
        *((f"b{number}", f"x{number % 7}", number % 80 + 1) for number in range(150)),
    ],
}


class ItemModelContract:
    """The suite. `name` is the recommender under test."""

    name: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def log(cls, history: History) -> Interactions:
        return Interactions.of(check(history, NOW))

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, log: Interactions) -> ItemModel:
        return fit_model(cls.name, log, seed=3)

    def test_is_what_the_registry_says(self, model: ItemModel) -> None:
        assert isinstance(model, MODELS[self.name].kind)
        assert model.name == self.name
        assert model.readiness[0].model == f"recommend.{self.name}"
        assert model.readiness[0].enough

    def test_fills_the_list_with_different_products_in_order(self, model: ItemModel) -> None:
        profile = model.profile_of([bought("p0", 20), bought("p4", 9)], NOW)
        found = model.recommend(profile, 10)
        assert len({one.product for one in found}) == 10
        scores = [one.score for one in found]
        assert np.isfinite(scores).all()
        assert scores == sorted(scores, reverse=True)

    def test_hides_what_was_bought_unless_repeats_are_wanted(self, model: ItemModel) -> None:
        profile = model.profile_of([bought("p0", 20), bought("p4", 9)], NOW)
        everything = set(model.goods.products)
        assert {one.product for one in model.recommend(profile, 99)} == everything - {"p0", "p4"}
        assert {one.product for one in model.recommend(profile, 99, repeats=True)} == everything

    def test_leaves_out_what_may_not_be_shown(self, model: ItemModel) -> None:
        profile = model.profile_of([bought("p0", 20)], NOW)
        best = model.recommend(profile, 5)
        away = frozenset({best[0].product, best[3].product, "unknown"})
        shown = {one.product for one in model.recommend(profile, 99, exclude=away)}
        assert shown == set(model.goods.products) - away - {"p0"}

    def test_unknown_customers_get_what_is_popular(self, model: ItemModel) -> None:
        found = [one.product for one in model.recommend(model.profile_of([], NOW), 8)]
        order = np.argsort(-model.goods.popularity, kind="stable")
        assert found == [model.goods.products[item] for item in order[:8]]

    @pytest.mark.parametrize("n", [0, -1])
    def test_nothing_asked_nothing_given(self, model: ItemModel, n: int) -> None:
        assert model.recommend(model.profile_of([bought("p0", 20)], NOW), n) == []

    def test_every_product_has_reasons(self, model: ItemModel) -> None:
        for events in ([], [bought("p0", 20), bought("p4", 9)]):
            profile = model.profile_of(events, NOW)
            for one in model.recommend(profile, 99, repeats=True):
                reasons = model.explain(profile, one.product)
                assert reasons
                assert all(np.isfinite(reason.weight) for reason in reasons)
                again = bool(events) and one.product in ("p0", "p4")
                assert (reasons[0].code == "buy_again") == again

    def test_comes_back_from_its_files(self, model: ItemModel, tmp_path: Path) -> None:
        model.save(tmp_path / "v1", seed=3)
        back = load_model(tmp_path / "v1")
        assert back.readiness == model.readiness
        for events in ([], [bought("p0", 20), bought("p4", 9), bought("p6", 1)]):
            for repeats in (False, True):
                mine, theirs = (
                    one.recommend(one.profile_of(events, NOW), 12, repeats=repeats) for one in (model, back)
                )
                assert mine == theirs
        profile = model.profile_of([bought("p0", 20)], NOW)
        assert back.explain(profile, "p8") == model.explain(profile, "p8")

    def test_a_changed_file_is_refused(self, model: ItemModel, tmp_path: Path) -> None:
        model.save(tmp_path / "v1")
        [arrays] = (tmp_path / "v1").glob("*.npz")
        arrays.write_bytes(arrays.read_bytes()[:-9])
        with pytest.raises(ModelDamaged):
            load_model(tmp_path / "v1")

    def test_same_log_and_seed_same_lists(self, model: ItemModel, log: Interactions) -> None:
        again = fit_model(self.name, log, seed=3)
        profile = model.profile_of([bought("p0", 20), bought("p6", 1)], NOW)
        assert model.recommend(profile, 30) == again.recommend(profile, 30)

    @pytest.mark.parametrize("case", BAD_LOGS)
    def test_bad_logs_do_no_harm(self, case: str) -> None:
        log = interactions(purchases(BAD_LOGS[case]))
        model = fit_model(self.name, log, seed=0)
        for events in ([], [bought("x", 20), bought("gone", 9)]):
            profile = model.profile_of(events, NOW)
            for repeats in (False, True):
                found = model.recommend(profile, 99, repeats=repeats)
                kept = len(log.products) - (0 if repeats else int(profile.bought.sum()))
                assert len(found) == kept
                assert all(np.isfinite(one.score) for one in found)

    def test_says_when_there_is_too_little(self) -> None:
        model = fit_model(self.name, interactions(purchases([("a", "x", 3), ("b", "y", 2)])))
        lacking = [one for one in model.readiness if not one.enough]
        assert bool(lacking) == (self.name not in ("popularity", "own", "content"))
        assert all(one.fallback and one.needed for one in lacking)
