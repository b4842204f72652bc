"""What every recommender promises, whatever it was fitted on: `ItemModelContract` runs over the registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernel.times import to_micros
from retention.checks import check
from retention.errors import ModelDamaged
from retention.history import History
from retention.recommenders.base import ItemModel
from retention.recommenders.batch import CatalogueView, list_for, reason_for
from retention.recommenders.interactions import Interactions, Profile, profile_of_events
from retention.recommenders.registry import MODELS, fit_model, load_model, save_model
from retention.recommenders.rerank import EXPLORE
from retention.recommenders.words import Vocabulary
from retention.types import Event, ProductId, ShopRules
from tests.contracts.retention_core import NOW, bought
from tests.retention.conftest import make_products


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


def profile_of(model: ItemModel, events: Sequence[Event]) -> Profile:
    """A customer as of `NOW`."""
    return profile_of_events(events, model.catalogue.index, NOW)


def best_of(
    model: ItemModel, profile: Profile, n: int, *, repeats: bool = False, exclude: Sequence[ProductId] = ()
) -> list[tuple[ProductId, float]]:
    """The model's own list, without the shop's rules."""
    hidden = [model.catalogue.index[one] for one in exclude if one in model.catalogue.index]
    items, scores = model.ranked(profile, n, repeats=repeats, hidden=hidden)
    return [
        (model.catalogue.products[item], score) for item, score in zip(items, scores.tolist(), strict=True)
    ]


def view() -> CatalogueView:
    """The made-up shop's catalogue, and a product that no model knows."""
    return CatalogueView(
        category={one["product"]: one["category"] for one in make_products()} | {"new": "", "sold out": ""}
    )


class ItemModelContract:
    """The suite. `name` is the recommender under test: each of the registry in its turn."""

    @pytest.fixture(scope="class", params=list(MODELS))
    @classmethod
    def name(cls, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture(scope="class")
    @classmethod
    def log(cls, history: History) -> Interactions:
        return Interactions.of(check(history, NOW))

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, name: str, log: Interactions) -> ItemModel:
        return fit_model(name, log, seed=3)

    def test_is_what_the_registry_says(self, name: str, model: ItemModel) -> None:
        assert isinstance(model, MODELS[name])
        assert model.name == name
        assert model.readiness[0].model == f"recommend.{name}"
        assert model.readiness[0].enough

    def test_fills_the_list_with_different_products_in_order(self, model: ItemModel) -> None:
        profile = profile_of(model, [bought("p0", 20), bought("p4", 9)])
        found = best_of(model, profile, 10)
        assert len({product for product, _ in found}) == 10
        scores = [score for _, score in found]
        assert np.isfinite(scores).all()
        assert scores == sorted(scores, reverse=True)

    def test_hides_what_was_bought_unless_repeats_are_wanted(self, model: ItemModel) -> None:
        profile = profile_of(model, [bought("p0", 20), bought("p4", 9)])
        everything = set(model.catalogue.products)
        assert {product for product, _ in best_of(model, profile, 99)} == everything - {"p0", "p4"}
        assert {product for product, _ in best_of(model, profile, 99, repeats=True)} == everything

    def test_leaves_out_what_may_not_be_shown(self, model: ItemModel) -> None:
        profile = profile_of(model, [bought("p0", 20)])
        best = best_of(model, profile, 5)
        away = {best[0][0], best[3][0], "unknown"}
        shown = {product for product, _ in best_of(model, profile, 99, exclude=sorted(away))}
        assert shown == set(model.catalogue.products) - away - {"p0"}

    def test_unknown_customers_get_what_is_popular(self, model: ItemModel) -> None:
        found = [product for product, _ in best_of(model, profile_of(model, []), 8)]
        order = np.argsort(-model.catalogue.popularity, kind="stable")
        assert found == [model.catalogue.products[item] for item in order[:8]]

    @pytest.mark.parametrize("n", [0, -1])
    def test_nothing_asked_nothing_given(self, model: ItemModel, n: int) -> None:
        assert best_of(model, profile_of(model, [bought("p0", 20)]), n) == []

    # --- what the shop wants

    def shown(self, model: ItemModel, n: int, wanted: CatalogueView, **how: Any) -> list[str]:
        profile = profile_of(model, how.pop("events", [bought("p0", 20), bought("p4", 9)]))
        return [pick.product for pick in list_for(model, profile, n, wanted, **how)]

    def test_without_rules_a_list_is_the_models_own(self, model: ItemModel) -> None:
        for events in ([], [bought("p0", 20), bought("p4", 9)]):
            for repeats in (False, True):
                profile = profile_of(model, events)
                own = best_of(model, profile, 10, repeats=repeats)
                picks = list_for(model, profile, 10, CatalogueView(), repeats=repeats)
                assert [(one.product, one.score) for one in picks] == own
                assert {one.probability for one in picks} == {1.0}

    def test_pinned_products_lead_if_they_may_be_shown(self, model: ItemModel) -> None:
        wanted = replace(
            view(), away=frozenset({"p9"}), rules=ShopRules(pinned=("p8", "p9", "p0", "gone", "new", "p3"))
        )
        assert self.shown(model, 6, wanted)[:3] == ["p8", "new", "p3"]
        assert self.shown(model, 6, wanted, repeats=True)[:4] == ["p8", "p0", "new", "p3"]
        assert self.shown(model, 1, wanted) == self.shown(model, 1, CatalogueView())

    def test_buried_products_come_when_nothing_else_is_left(self, model: ItemModel) -> None:
        best = self.shown(model, 3, CatalogueView())
        wanted = replace(view(), rules=ShopRules(buried=frozenset(best), new_products=0))
        assert not set(best) & set(self.shown(model, 15, wanted))
        assert set(self.shown(model, 99, wanted)[-3:]) == set(best)

    def test_what_is_sold_out_is_not_shown_and_others_take_its_place(self, model: ItemModel) -> None:
        best = self.shown(model, 5, CatalogueView())
        for rules in (None, ShopRules(pinned=(best[0],), new_products=0.5)):
            wanted = replace(view(), away=frozenset(best[:3]), rules=rules)
            found = self.shown(model, 10, wanted)
            assert len(found) == 10
            assert not set(best[:3]) & set(found)

    def test_a_list_is_not_filled_from_one_category(self, model: ItemModel) -> None:
        wanted = replace(view(), rules=ShopRules(new_products=0))
        count = Counter(wanted.category[one] for one in self.shown(model, 10, wanted))
        assert max(count.values()) <= 5

    def test_caps_of_categories_hold_even_if_the_list_gets_shorter(self, model: ItemModel) -> None:
        rules = ShopRules(category_caps={"tea": 1, "cups": 0}, pinned=("p8",), new_products=0.5)
        for seed in range(20):
            found = self.shown(model, 99, replace(view(), rules=rules), seed=seed)
            count = Counter(view().category[one] for one in found)
            assert (count["tea"], count["cups"]) == (1, 0)

    def test_a_new_product_gets_the_last_place_as_often_as_the_shop_wants(self, model: ItemModel) -> None:
        profile = profile_of(model, [bought("p0", 20), bought("p4", 9)])
        wanted = replace(view(), rules=ShopRules(new_products=0.4), fresh=("new", "p0", "p39", "sold out"))
        wanted = replace(wanted, away=frozenset({"sold out"}))
        lists = [list_for(model, profile, 5, wanted, seed=seed) for seed in range(400)]
        plain = [one.product for one in list_for(model, profile, 5, replace(wanted, fresh=()))]
        # What the model shows anyway, or the customer has, takes no place of the kind.
        pool = {"new", "p39"} - set(plain)
        explored = Counter(found[-1].product for found in lists if found[-1].policy == EXPLORE)
        assert explored.keys() == pool
        assert 0.3 < explored.total() / len(lists) < 0.5
        for found in lists:
            assert [one.product for one in found[:-1]] == plain[:-1]
            chance = 0.4 / len(pool) if found[-1].policy == EXPLORE else 0.6
            assert found[-1].probability == pytest.approx(chance)
        assert (
            reason_for(model, profile, max(lists, key=lambda one: one[-1].policy == EXPLORE)[-1]).code
            == "new_product"
        )

    def test_somebody_unknown_gets_what_their_words_ask_for(
        self, model: ItemModel, log: Interactions
    ) -> None:
        wanted = replace(view(), postings=Vocabulary.of(log).postings(), rules=ShopRules(pinned=("p1", "p2")))
        profile = profile_of(model, [])
        picks = list_for(model, profile, 6, wanted, asked=["a desk LAMP please"], seed=1)
        assert picks[0].product == "p2"
        assert {wanted.category[one.product] for one in picks} == {"lamps"}
        assert [reason_for(model, profile, one).code for one in picks] == ["pinned"] + ["matches_words"] * 5
        zh = list_for(model, profile, 3, replace(wanted, rules=None), asked=["台灯"])
        assert {wanted.category[one.product] for one in zh} == {"lamps"}
        assert self.shown(
            model, 6, CatalogueView(postings=wanted.postings), events=[], asked=["zzz"]
        ) == self.shown(model, 6, CatalogueView(), events=[])
        known = [bought("p0", 20), bought("p4", 9)]
        assert self.shown(model, 6, wanted, events=known, asked=["lamp"]) == self.shown(
            model, 6, wanted, events=known
        )

    def test_every_product_has_reasons(self, model: ItemModel) -> None:
        for events in ([], [bought("p0", 20), bought("p4", 9)]):
            profile = profile_of(model, events)
            for product, _ in best_of(model, profile, 99, repeats=True):
                reasons = model.explain(profile, product)
                assert reasons
                assert all(np.isfinite(reason.weight) for reason in reasons)
                again = bool(events) and product in ("p0", "p4")
                assert (reasons[0].code == "buy_again") == again

    def test_comes_back_from_its_files(self, model: ItemModel, tmp_path: Path) -> None:
        save_model(model, tmp_path / "v1", seed=3)
        back = load_model(tmp_path / "v1")
        assert back.readiness == model.readiness
        for events in ([], [bought("p0", 20), bought("p4", 9), bought("p6", 1)]):
            for repeats in (False, True):
                mine, theirs = (
                    best_of(one, profile_of(one, events), 12, repeats=repeats) for one in (model, back)
                )
                assert mine == theirs
        profile = profile_of(model, [bought("p0", 20)])
        assert back.explain(profile, "p8") == model.explain(profile, "p8")

    def test_a_changed_file_is_refused(self, model: ItemModel, tmp_path: Path) -> None:
        save_model(model, tmp_path / "v1")
        [arrays] = (tmp_path / "v1").glob("*.npz")
        arrays.write_bytes(arrays.read_bytes()[:-9])
        with pytest.raises(ModelDamaged):
            load_model(tmp_path / "v1")

    def test_same_log_and_seed_same_lists(self, name: str, model: ItemModel, log: Interactions) -> None:
        again = fit_model(name, log, seed=3)
        profile = profile_of(model, [bought("p0", 20), bought("p6", 1)])
        assert best_of(model, profile, 30) == best_of(again, profile, 30)

    @pytest.mark.parametrize("case", BAD_LOGS)
    def test_bad_logs_do_no_harm(self, name: str, case: str) -> None:
        log = interactions(purchases(BAD_LOGS[case]))
        model = fit_model(name, log, seed=0)
        for events in ([], [bought("x", 20), bought("gone", 9)]):
            profile = profile_of(model, events)
            for repeats in (False, True):
                found = best_of(model, profile, 99, repeats=repeats)
                kept = len(log.products) - (0 if repeats else int(profile.bought.sum()))
                assert len(found) == kept
                assert all(np.isfinite(score) for _, score in found)

    def test_says_when_there_is_too_little(self, name: str) -> None:
        model = fit_model(name, interactions(purchases([("a", "x", 3), ("b", "y", 2)])))
        lacking = [one for one in model.readiness if not one.enough]
        assert bool(lacking) == (MODELS[name].least_customers > 0 or name == "auto")
        assert all(one.fallback and one.needed for one in lacking)
