"""Neural recommenders: trained in PyTorch, which is imported only here and for a fit, and asked with NumPy."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from kernel.arrays import Floats, Floats32, Ints
from kernel.times import DAY
from retention.recommenders.base import Catalogue, ItemModel
from retention.recommenders.interactions import PURCHASE, Profile
from retention.recommenders.models.popular import Popularity
from retention.report import Readiness
from retention.types import Reason

if TYPE_CHECKING:
    from retention.recommenders.interactions import Interactions

WIDTH = 64
BATCH = 256
LINEAR_BATCH = 4_096
LINEAR_EPOCHS = 5
NEGATIVES = 4
"""Products drawn beside each that was bought."""
TOWER_EPOCHS = 40
TOWER_MOST_PRODUCTS = 5_000
"""The softmax of the towers runs over all products up to here, and over so many drawn ones beyond."""
HALF_LIFE = 120.0
"""As `interactions.INTEREST_HALF_LIFE`: the towers learn from what they will be asked with."""
RATE = 5e-3
DECAY = 1e-6


class _NotFiniteError(ArithmeticError):
    """The training ran away: the loss or a weight is no finite number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuralModel(ItemModel):
    """Weights that PyTorch learned."""

    least_customers = 50
    extra = "train"

    @classmethod
    def fit(cls, interactions: Interactions, seed: int) -> Self | Popularity:
        """Train it; what is popular comes back where the training ran away, and its readiness says so."""
        try:
            import torch
        except ImportError as error:
            raise ImportError("it takes PyTorch: install liuke[train]", name="torch") from error
        torch.manual_seed(seed)
        # As in every fit of the room: threads that wait for one another on busy cores take longer than one alone.
        torch.set_num_threads(1)
        catalogue = Catalogue.of(interactions)
        try:
            return cls.train(interactions, catalogue, torch, np.random.default_rng(seed))
        except _NotFiniteError:
            word = Readiness(
                model=f"recommend.{cls.name}",
                enough=False,
                found="a training whose loss or weights became no finite numbers",
                needed="a training that converges",
                fallback="what is popular",
            )
            return Popularity(catalogue=catalogue, readiness=(word,))

    @classmethod
    @abstractmethod
    def train(
        cls, interactions: Interactions, catalogue: Catalogue, torch: Any, draw: np.random.Generator
    ) -> Self:
        """Learn the weights.

        Raises:
            _NotFiniteError: the training ran away.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear(NeuralModel):
    """Embeddings of customer and product, concatenated, into one linear layer: `s_ui = w·[p_u, q_i] + b`.

    The layer falls into a part of the customer and a part of the product, `w_p·p_u + w_q·q_i + b`, so every customer
    gets the same order, and the customer's part only says how much they buy at all. It is here to be compared with:
    `two_tower` multiplies the two sides and can personalise.
    """

    name = "linear"
    about = "embeddings of customer and product, side by side, into one linear layer"

    customers: Floats32
    """`p`, shape (customers of the fit, d)."""
    products: Floats32
    """`q`, shape (products, d)."""
    weights: Floats32
    """`w`, shape (2 d,)."""
    bias: float

    def scores(self, profile: Profile) -> Floats:
        """For a customer with the mean of all embeddings: another one's would add the same to every product."""
        if not len(profile.items):
            return np.zeros(len(self.catalogue.products))
        size = self.products.shape[1]
        mine = float(self.customers.mean(axis=0) @ self.weights[:size]) if len(self.customers) else 0.0
        return (self.products @ self.weights[size:]).astype(np.float64) + mine + self.bias

    @classmethod
    def train(
        cls, interactions: Interactions, catalogue: Catalogue, torch: Any, draw: np.random.Generator
    ) -> Self:
        """Learn to tell what was bought from products drawn at random, by logistic loss."""
        users, items, _ = _pairs(interactions)
        sizes = max(interactions.customers, 1), max(len(catalogue.products), 1)
        people, things = (torch.nn.Embedding(size, WIDTH) for size in sizes)
        layer = torch.nn.Linear(2 * WIDTH, 1)
        parameters = [*people.parameters(), *things.parameters(), *layer.parameters()]
        optimiser = torch.optim.Adam(parameters, lr=RATE, weight_decay=DECAY)
        for rows in _batches(len(users), LINEAR_BATCH, LINEAR_EPOCHS, draw):
            who = np.tile(users[rows], 1 + NEGATIVES)
            what = np.concatenate([items[rows], draw.integers(0, sizes[1], NEGATIVES * len(rows))])
            label = torch.cat([torch.ones(len(rows)), torch.zeros(NEGATIVES * len(rows))])
            both = torch.cat([people(torch.from_numpy(who)), things(torch.from_numpy(what))], dim=1)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(layer(both).squeeze(1), label)
            _step(optimiser, loss)
        return cls(
            catalogue=catalogue,
            customers=_array(people.weight)[: interactions.customers],
            products=_array(things.weight)[: len(catalogue.products)],
            weights=_array(layer.weight).ravel(),
            bias=float(_array(layer.bias)[0]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoTower(NeuralModel):
    """A tower for customers and one for products, multiplied: `s_ui = tanh(W Σ_j x_j e_j / Σ_j x_j + c)·f_i + b_i`.

    The customer's side is made of what they touched (`x`, their decayed interest), so that a new event counts at once
    and a customer whom the fit never saw is served like any other.

    Source: the two-tower retrieval of Covington et al., "Deep neural networks for YouTube recommendations",
    RecSys 2016.
    """

    name = "two_tower"
    about = "a network that multiplies what a customer touched with each product"

    inputs: Floats32
    """`e`, shape (products, d)."""
    layer: Floats32
    """`W`, shape (d, d)."""
    shift: Floats32
    """`c`, shape (d,)."""
    outputs: Floats32
    """`f`, shape (products, d)."""
    biases: Floats32
    """`b`, shape (products,)."""

    def scores(self, profile: Profile) -> Floats:
        """See the class."""
        total = float(profile.interest.sum())
        if total <= 0:
            return np.zeros(len(self.catalogue.products))
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
        product = self.catalogue.products[int(profile.items[best])]
        value = round(float(cosine[best]), 4)
        return [Reason(code=code, product=product, value=value, weight=value)]

    @classmethod
    def train(
        cls, interactions: Interactions, catalogue: Catalogue, torch: Any, draw: np.random.Generator
    ) -> Self:
        """Learn to find the other half of a customer's products from one half of them, by softmax over products."""
        users, items, weight = _pairs(interactions)
        size = max(len(catalogue.products), 1)
        inputs, outputs = (torch.nn.Embedding(size, WIDTH) for _ in range(2))
        for table in (inputs, outputs):
            torch.nn.init.normal_(table.weight, std=0.1)
        layer, biases = torch.nn.Linear(WIDTH, WIDTH), torch.nn.Parameter(torch.zeros(size))
        parameters = [*inputs.parameters(), *outputs.parameters(), *layer.parameters(), biases]
        optimiser = torch.optim.Adam(parameters, lr=RATE, weight_decay=DECAY)
        starts = np.r_[np.flatnonzero(np.diff(users, prepend=-1)), len(users)]
        many = np.flatnonzero(np.diff(starts) >= 2)
        for rows in _batches(len(many), BATCH, TOWER_EPOCHS, draw):
            seen, sought = _halves(starts, many[rows], size, items, weight, draw)
            some = _negatives(sought, size, draw)
            total = torch.from_numpy(seen.sum(axis=1, keepdims=True))
            tower = torch.tanh(layer(torch.from_numpy(seen) @ inputs.weight / total))
            chosen = torch.from_numpy(some)
            chance = torch.log_softmax(tower @ outputs(chosen).T + biases[chosen], dim=1)
            target = torch.from_numpy(sought[:, some])
            loss = -(chance * target / target.sum(dim=1, keepdim=True)).sum(dim=1).mean()
            _step(optimiser, loss)
        known = len(catalogue.products)
        return cls(
            catalogue=catalogue,
            inputs=_array(inputs.weight)[:known],
            layer=_array(layer.weight),
            shift=_array(layer.bias),
            outputs=_array(outputs.weight)[:known],
            biases=_array(biases)[:known],
        )


def _step(optimiser: Any, loss: Any) -> None:
    """One step down the loss.

    Raises:
        _NotFiniteError: there is nothing to step down from.
    """
    if not loss.isfinite():
        raise _NotFiniteError
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _array(tensor: Any) -> Floats32:
    """The weights of a trained tensor.

    Raises:
        _NotFiniteError: the last step led to no finite numbers.
    """
    found = np.array(tensor.detach().numpy(), np.float32)
    if not np.isfinite(found).all():
        raise _NotFiniteError
    return found


def _pairs(interactions: Interactions) -> tuple[Ints, Ints, Floats32]:
    """Customers, the products they bought, each pair once, and its decayed weight, at most 1."""
    bought = interactions.once_a_day().only(PURCHASE)
    size = max(len(interactions.products), 1)
    pairs, place = np.unique(bought.users * size + bought.items, return_inverse=True)
    decay = np.exp2(-(bought.now - bought.at) / DAY / HALF_LIFE)
    weight = np.minimum(np.bincount(place, decay, len(pairs)), 1.0)
    return pairs // size, pairs % size, weight.astype(np.float32)


def _batches(size: int, batch: int, epochs: int, draw: np.random.Generator) -> Iterator[Ints]:
    for _ in range(epochs):
        order = draw.permutation(size)
        for start in range(0, size, batch):
            yield order[start : start + batch]


def _halves(
    starts: Ints,
    which: Ints,
    size: int,
    items: Ints,
    weight: Floats32,
    draw: np.random.Generator,
) -> tuple[Floats32, Floats32]:
    """The weights of a random half of each customer's products, and of the rest, shape (customers, products) both."""
    seen = np.zeros((len(which), size), np.float32)
    sought = np.zeros_like(seen)
    for row, number in enumerate(which.tolist()):
        order = starts[number] + draw.permutation(int(starts[number + 1] - starts[number]))
        half = (len(order) + 1) // 2
        seen[row, items[order[:half]]] = weight[order[:half]]
        sought[row, items[order[half:]]] = weight[order[half:]]
    return seen, sought


def _negatives(sought: Floats32, size: int, draw: np.random.Generator) -> Ints:
    """The products over which the softmax runs: all, or the sought and some drawn ones."""
    if size <= TOWER_MOST_PRODUCTS:
        return np.arange(size)
    some = draw.choice(size, TOWER_MOST_PRODUCTS, replace=False)
    return np.union1d(some, np.flatnonzero(sought.any(axis=0)))
