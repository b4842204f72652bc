"""Every recommender of the registry keeps the contract of all."""

from __future__ import annotations

from tests.contracts.item_model import ItemModelContract


class TestAuto(ItemModelContract):
    name = "auto"


class TestPopularity(ItemModelContract):
    name = "popularity"


class TestOwnPurchases(ItemModelContract):
    name = "own"


class TestUserKNN(ItemModelContract):
    name = "user_knn"


class TestItemKNN(ItemModelContract):
    name = "item_knn"


class TestContent(ItemModelContract):
    name = "content"


class TestEase(ItemModelContract):
    name = "ease"


class TestLinear(ItemModelContract):
    name = "linear"


class TestTwoTower(ItemModelContract):
    name = "two_tower"


def test_all_are_covered() -> None:
    from retention.recommenders.registry import MODELS

    assert {one.name for one in ItemModelContract.__subclasses__()} == set(MODELS)
