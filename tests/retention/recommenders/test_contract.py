"""Every recommender of the registry keeps the contract of all."""

from __future__ import annotations

from tests.contracts.item_model import ItemModelContract


class TestEveryRecommender(ItemModelContract):
    """A class that is added to the registry is tested with the others."""
