"""Neural recommenders as they are served: arrays of weights that PyTorch learned, asked with NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.base import Arrays, Facts, Floats, Goods, ItemModel
from retention.recommenders.profile import Profile
from retention.report import Readiness
from retention.types import Reason

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Linear(ItemModel):
    """Embeddings of customer and product, concatenated, into one linear layer: `s_ui = w·[p_u, q_i] + b`.

    The layer falls into a part of the customer and a part of the product, `w_p·p_u + w_q·q_i + b`, so every customer
    gets the same order, and the customer's part only says how much they buy at all. It is here to be compared with:
    `two_tower` multiplies the two sides and can personalise.
    """

    name = "linear"

    goods: Goods
    readiness: tuple[Readiness, ...]
    customers: Weights
    """`p`, shape (customers of the fit, d)."""
    products: Weights
    """`q`, shape (products, d)."""
    weights: Weights
    """`w`, shape (2 d,)."""
    bias: float

    def scores(self, profile: Profile) -> Floats:
        """For a customer with the mean of all embeddings: another one's would add the same to every product."""
        if not len(profile.items):
            return np.zeros(len(self.goods.products))
        size = self.products.shape[1]
        mine = float(self.customers.mean(axis=0) @ self.weights[:size]) if len(self.customers) else 0.0
        return (self.products @ self.weights[size:]).astype(np.float64) + mine + self.bias

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """None: nothing of the customer's speaks for a product here."""
        return []

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The weights."""
        arrays = {name: getattr(self, name) for name in ("customers", "products", "weights")}
        return {"bias": self.bias}, arrays

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        return cls(
            goods, readiness, arrays["customers"], arrays["products"], arrays["weights"], facts["bias"]
        )


@dataclass(frozen=True, slots=True)
class TwoTower(ItemModel):
    """A tower for customers and one for products, multiplied: `s_ui = tanh(W Σ_j x_j e_j / Σ_j x_j + c)·f_i + b_i`.

    The customer's side is made of what they touched (`x`, their decayed interest), so that a new event counts at once
    and a customer whom the fit never saw is served like any other.

    Source: the two-tower retrieval of Covington et al., "Deep neural networks for YouTube recommendations",
    RecSys 2016.
    """

    name = "two_tower"

    goods: Goods
    readiness: tuple[Readiness, ...]
    inputs: Weights
    """`e`, shape (products, d)."""
    layer: Weights
    """`W`, shape (d, d)."""
    shift: Weights
    """`c`, shape (d,)."""
    outputs: Weights
    """`f`, shape (products, d)."""
    biases: Weights
    """`b`, shape (products,)."""

    def scores(self, profile: Profile) -> Floats:
        """See the class."""
        total = float(profile.interest.sum())
        if total <= 0:
            return np.zeros(len(self.goods.products))
        mean = (profile.interest / total).astype(np.float32) @ self.inputs[profile.items]
        tower = np.tanh(self.layer @ mean + self.shift)
        return (self.outputs @ tower + self.biases).astype(np.float64)

    def reasons(self, profile: Profile, item: int) -> list[Reason]:
        """The customer's product whose input lies nearest to the product's, by cosine, where it is above 0."""
        if not len(profile.items):
            return []
        mine, other = self.inputs[profile.items], self.inputs[item]
        below = np.linalg.norm(mine, axis=1) * np.linalg.norm(other)
        cosine = np.divide(mine @ other, below, out=np.zeros(len(mine), np.float32), where=below > 0)
        best = int(np.argmax(cosine * (profile.interest > 0)))
        if cosine[best] <= 0:
            return []
        code = "bought_together" if profile.bought[best] else "viewed_together"
        product = self.goods.products[int(profile.items[best])]
        value = round(float(cosine[best]), 4)
        return [Reason(code=code, product=product, value=value, weight=value)]

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The weights."""
        names = ("inputs", "layer", "shift", "outputs", "biases")
        return {}, {name: getattr(self, name) for name in names}

    @classmethod
    def from_parts(cls, goods: Goods, readiness: tuple[Readiness, ...], facts: Facts, arrays: Arrays) -> Self:
        """See `ItemModel`."""
        names = ("inputs", "layer", "shift", "outputs", "biases")
        return cls(goods, readiness, *(arrays[name] for name in names))
