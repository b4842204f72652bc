"""Trains the neural recommenders in PyTorch, which is imported here and nowhere else in the room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retention.recommenders.base import Goods
from retention.recommenders.interactions import Interactions
from retention.recommenders.models.neural import Linear, TwoTower
from retention.recommenders.models.popular import Popularity
from retention.recommenders.profile import PURCHASE
from retention.report import Readiness
from retention.times import DAY

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
"""As `profile.INTEREST_HALF_LIFE`: the towers learn from what they will be asked with."""
RATE = 5e-3
DECAY = 1e-6

Ints = NDArray[np.int64]


class _NotFiniteError(ArithmeticError):
    """The training ran away: the loss or a weight is no finite number."""


def linear(interactions: Interactions, goods: Goods, seed: int) -> Linear | Popularity:
    """Learned to tell what was bought from products drawn at random, by logistic loss.

    Returns:
        What is popular where the training ran away; its readiness says so.

    Raises:
        ImportError: PyTorch is not installed.
    """
    try:
        return _linear(interactions, goods, seed)
    except _NotFiniteError:
        return _what_is_popular(Linear.name, goods)


def two_tower(interactions: Interactions, goods: Goods, seed: int) -> TwoTower | Popularity:
    """Learned to find the other half of a customer's products from one half of them, by softmax over products.

    Returns:
        What is popular where the training ran away; its readiness says so.

    Raises:
        ImportError: PyTorch is not installed.
    """
    try:
        return _two_tower(interactions, goods, seed)
    except _NotFiniteError:
        return _what_is_popular(TwoTower.name, goods)


def _what_is_popular(name: str, goods: Goods) -> Popularity:
    word = Readiness(
        model=f"recommend.{name}",
        enough=False,
        found="a training whose loss or weights became no finite numbers",
        needed="a training that converges",
        fallback="what is popular",
    )
    return Popularity(goods, (word,))


def _linear(interactions: Interactions, goods: Goods, seed: int) -> Linear:
    torch = _torch(seed)
    users, items = _pairs(interactions)
    sizes = max(interactions.customers, 1), max(len(goods.products), 1)
    people, things = (torch.nn.Embedding(size, WIDTH) for size in sizes)
    layer = torch.nn.Linear(2 * WIDTH, 1)
    parameters = [*people.parameters(), *things.parameters(), *layer.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=RATE, weight_decay=DECAY)
    draw = np.random.default_rng(seed)
    for rows in _batches(len(users), LINEAR_BATCH, LINEAR_EPOCHS, draw):
        who = np.tile(users[rows], 1 + NEGATIVES)
        what = np.concatenate([items[rows], draw.integers(0, sizes[1], NEGATIVES * len(rows))])
        label = torch.cat([torch.ones(len(rows)), torch.zeros(NEGATIVES * len(rows))])
        both = torch.cat([people(torch.from_numpy(who)), things(torch.from_numpy(what))], dim=1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(layer(both).squeeze(1), label)
        _step(optimiser, loss)
    return Linear(
        goods,
        (),
        customers=_array(people.weight)[: interactions.customers],
        products=_array(things.weight)[: len(goods.products)],
        weights=_array(layer.weight).ravel(),
        bias=float(_array(layer.bias)[0]),
    )


def _two_tower(interactions: Interactions, goods: Goods, seed: int) -> TwoTower:
    torch = _torch(seed)
    users, items, weight = _interests(interactions)
    size = max(len(goods.products), 1)
    inputs, outputs = (torch.nn.Embedding(size, WIDTH) for _ in range(2))
    for table in (inputs, outputs):
        torch.nn.init.normal_(table.weight, std=0.1)
    layer, biases = torch.nn.Linear(WIDTH, WIDTH), torch.nn.Parameter(torch.zeros(size))
    parameters = [*inputs.parameters(), *outputs.parameters(), *layer.parameters(), biases]
    optimiser = torch.optim.Adam(parameters, lr=RATE, weight_decay=DECAY)
    draw = np.random.default_rng(seed)
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
    known = len(goods.products)
    return TwoTower(
        goods,
        (),
        inputs=_array(inputs.weight)[:known],
        layer=_array(layer.weight),
        shift=_array(layer.bias),
        outputs=_array(outputs.weight)[:known],
        biases=_array(biases)[:known],
    )


def _torch(seed: int) -> Any:
    try:
        import torch
    except ImportError as error:
        raise ImportError("it takes PyTorch: install liuke[train]", name="torch") from error
    torch.manual_seed(seed)
    # As in every fit of the room: threads that wait for one another on busy cores take longer than one alone.
    torch.set_num_threads(1)
    return torch


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


def _array(tensor: Any) -> NDArray[np.float32]:
    """The weights of a trained tensor.

    Raises:
        _NotFiniteError: the last step led to no finite numbers.
    """
    found = np.array(tensor.detach().numpy(), np.float32)
    if not np.isfinite(found).all():
        raise _NotFiniteError
    return found


def _pairs(interactions: Interactions) -> tuple[Ints, Ints]:
    """Customers and the products they bought, each pair once."""
    bought = interactions.only(PURCHASE)
    size = max(len(interactions.products), 1)
    pairs = np.unique(bought.users * size + bought.items)
    return pairs // size, pairs % size


def _interests(interactions: Interactions) -> tuple[Ints, Ints, NDArray[np.float32]]:
    """The same pairs with their decayed weight, at most 1."""
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
    weight: NDArray[np.float32],
    draw: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of a random half of each customer's products, and of the rest, shape (customers, products) both."""
    seen = np.zeros((len(which), size), np.float32)
    sought = np.zeros_like(seen)
    for row, number in enumerate(which.tolist()):
        order = starts[number] + draw.permutation(int(starts[number + 1] - starts[number]))
        half = (len(order) + 1) // 2
        seen[row, items[order[:half]]] = weight[order[:half]]
        sought[row, items[order[half:]]] = weight[order[half:]]
    return seen, sought


def _negatives(sought: NDArray[np.float32], size: int, draw: np.random.Generator) -> Ints:
    """The products over which the softmax runs: all, or the sought and some drawn ones."""
    if size <= TOWER_MOST_PRODUCTS:
        return np.arange(size)
    some = draw.choice(size, TOWER_MOST_PRODUCTS, replace=False)
    return np.union1d(some, np.flatnonzero(sought.any(axis=0)))
