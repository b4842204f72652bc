"""The first stage's facts about a shop's products: neighbours, popularity, rhythm and words."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from retention.recommenders import similarity
from retention.recommenders.buyers import Buyers
from retention.recommenders.crowd import Crowd
from retention.recommenders.features import STATIC, Catalogue
from retention.recommenders.interactions import Interactions
from retention.recommenders.local_ease import filled_up, local_ease_neighbours
from retention.recommenders.profile import PURCHASE, weights
from retention.recommenders.terms import Table, Terms
from retention.times import DAY

NEIGHBOURS = 100
SHRINKAGE, RECENT_SHRINKAGE = 5.0, 1.0
"""Of cosines over all time and over the last weeks."""
COSINE_DAYS, RECENT_DAYS = 20.0, 60.0
"""Half-lives of the last weeks' cosines and of the last months' EASE."""
COSINE_POWER, EASE_POWER, CONTENT_POWER = 2.0, 1.5, 2.0
"""What similarities are raised to; of EASE, the last months' only."""
EVEN = 0.5
"""For cosines, a customer's row is divided by the root of its length: wholesalers tell less of what goes together."""
EASE_RIDGE, RECENT_EASE_RIDGE = 500.0, 100.0
"""Of EASE on all time and on the last months."""
EASE_MOST_PRODUCTS = 10_000
"""Shops with more products get EASE within neighbourhoods."""
RANKED_EASE_MOST_PRODUCTS, RANKED_EASE_HEAD = 5_000, 3_000
"""In a ranker, where eight are fitted, shops with more products get EASE of all pairs among those that sell most, and
within neighbourhoods for the others (`docs/decisions/0012`)."""
LOCAL_NEIGHBOURS, LOCAL_RIDGE = 30, 5.0
"""Of EASE within neighbourhoods, for shops with more products."""
CROWD_HALF_LIFE, CROWD_TOLD_HALF_LIFE = 120.0, 15.0
"""Days after which an event counts half for who is alike, and for what those alike pass on."""
CROWD_MOST = 5_000
"""Customers that others are compared with: the latest to come, so that a question costs the same in any shop."""
REPEAT_PRIOR, REPEAT_SHARE = 5.0, 0.1
"""A product's share of repeat buyers starts as 10 % of 5 imagined buyers."""
POPULAR_DAYS = (7.0, 14.0, 30.0, 90.0)


def build(interactions: Interactions, terms: Terms, firmness: float) -> Catalogue:
    """Everything the first stage knows, from the events before `interactions.now`.

    Args:
        interactions: the events.
        terms: the products' words.
        firmness: what EASE's ridges are multiplied with; see `firmness.choose`.
    """
    ever, months, weeks = (ratings(interactions, half) for half in (None, RECENT_DAYS, COSINE_DAYS))
    cosines = _cosines(ever, SHRINKAGE)
    return Catalogue(
        neighbours={
            "cosine": cosines,
            "cosine_recent": _cosines(weeks, RECENT_SHRINKAGE),
            "ease": ranked_ease(ever, EASE_RIDGE * firmness, cosines),
            "ease_recent": similarity.sharpened(
                ranked_ease(months, RECENT_EASE_RIDGE * firmness, cosines), EASE_POWER
            ),
            "content": similarity.sharpened(terms.near, CONTENT_POWER),
        },
        crowd=_crowd(interactions),
        buyers=Buyers.of(interactions),
        static=_static(interactions),
        gap=_gaps(interactions),
        category=interactions.category,
        categories=len(interactions.category_names),
    )


def _cosines(matrix: Any, shrinkage: float) -> Table:
    table = similarity.neighbours(similarity.even(matrix, EVEN), NEIGHBOURS, shrinkage)
    return similarity.sharpened(table, COSINE_POWER)


def ease_table(matrix: Any, ridge: float) -> Table:
    """EASE's largest weights, from the whole Gram matrix or, where that is too large, from each product's
    neighbourhood."""
    size = matrix.shape[1]
    if not matrix.nnz:
        return np.zeros((size, 0), np.int32), np.zeros((size, 0), np.float32)
    if size <= EASE_MOST_PRODUCTS:
        return similarity.ease_neighbours(matrix, NEIGHBOURS, ridge)
    return local_ease_neighbours(matrix, LOCAL_NEIGHBOURS, LOCAL_RIDGE)


def ranked_ease(matrix: Any, ridge: float, cosines: Table | None) -> Table:
    """EASE for one of the ranker's sources: of all pairs of products or, in large shops, of all pairs of those that
    sell most, while each of the others is regressed on its neighbours with the same ridge.

    Args:
        matrix: customers by products.
        ridge: of all regressions.
        cosines: neighbours of every product, which are the neighbourhoods; without them the others go without.
    """
    size = matrix.shape[1]
    if size <= RANKED_EASE_MOST_PRODUCTS:
        return ease_table(matrix, ridge)
    order = np.argsort(-np.asarray(matrix.sum(axis=0)).ravel(), kind="stable")
    head, tail = np.sort(order[:RANKED_EASE_HEAD]), np.sort(order[RANKED_EASE_HEAD:])
    places, values = ease_table(matrix[:, head], ridge)
    parts = [_entries(head, head[places], values)]
    if cosines is not None:
        told = local_ease_neighbours(matrix, LOCAL_NEIGHBOURS, ridge, filled_up(*cosines), tail)
        parts.append(_entries(np.arange(size), *told))
    rows, columns, weights = (np.concatenate(one) for one in zip(*parts, strict=True))
    return similarity.best_of_each(rows, columns, weights, (size, NEIGHBOURS))


def _entries(
    rows: NDArray[np.int64], places: NDArray[Any], values: NDArray[np.float32]
) -> tuple[Any, Any, Any]:
    """What a table says, one array each for who speaks, for whom, and how much."""
    at, rank = np.nonzero(values > 0)
    return rows[at], places[at, rank].astype(np.int32), values[at, rank]


def ratings(interactions: Interactions, half_life: float | None) -> Any:
    """`R`, sparse, customers by products: decayed weights of all events, kept between 0 and 1."""
    one = interactions.once_a_day()
    weight = weights(one.kinds, one.values)
    if half_life is not None:
        weight = weight * np.exp2(-(one.now - one.at) / DAY / half_life)
    shape = (one.customers, len(one.products))
    matrix = sp.csr_matrix((weight, (one.users, one.items)), shape=shape, dtype=np.float32)
    matrix.data = np.clip(matrix.data, 0.0, 1.0)
    matrix.eliminate_zeros()
    return matrix


def _crowd(interactions: Interactions) -> Crowd:
    """The latest customers with what makes them alike and what they pass on."""
    taste, told = (ratings(interactions, half) for half in (CROWD_HALF_LIFE, CROWD_TOLD_HALF_LIFE))
    if taste.shape[0] > CROWD_MOST:
        last = np.zeros(taste.shape[0], np.int64)
        np.maximum.at(last, interactions.users, interactions.at)
        kept = np.sort(np.argsort(-last, kind="stable")[:CROWD_MOST])
        taste, told = taste[kept], told[kept]
    return Crowd.of(taste, told)


def _static(interactions: Interactions) -> NDArray[np.float64]:
    """The columns of `features.STATIC`."""
    bought = interactions.once_a_day().only(PURCHASE)
    size = len(interactions.products)
    age = (bought.now - bought.at) / DAY
    columns = [np.log(np.bincount(bought.items, np.exp2(-age / half), size) + 0.5) for half in POPULAR_DAYS]
    columns.append(np.log(np.bincount(bought.items, minlength=size) + 0.5))
    first, last = np.full(size, 0.0), np.full(size, 1e3)
    np.maximum.at(first, bought.items, age)
    np.minimum.at(last, bought.items, age)
    columns += [np.log1p(first), np.log1p(last)]
    pairs, days = np.unique(bought.users * size + bought.items, return_counts=True)
    buyers = np.bincount(pairs % size, minlength=size) if size else np.zeros(0)
    again = np.bincount(pairs % size, days >= 2, size) if size else np.zeros(0)
    columns.append(np.log((again + REPEAT_PRIOR * REPEAT_SHARE) / (buyers + REPEAT_PRIOR)))
    return np.stack(columns, axis=1) if size else np.zeros((0, len(STATIC)))


def _gaps(interactions: Interactions) -> NDArray[np.float64]:
    """Usual days between two purchases of a product by one customer, pulled towards the shop's median."""
    bought = interactions.once_a_day().only(PURCHASE)
    size = len(interactions.products)
    order = np.lexsort((bought.at, bought.items, bought.users))
    users, items, at = bought.users[order], bought.items[order], bought.at[order]
    same = (users[1:] == users[:-1]) & (items[1:] == items[:-1])
    gaps = ((at[1:] - at[:-1]) / DAY)[same]
    usual = float(np.median(gaps)) if len(gaps) else 30.0
    of = items[1:][same]
    total = np.bincount(of, gaps, size) + usual * REPEAT_PRIOR
    result: NDArray[np.float64] = total / (np.bincount(of, minlength=size) + REPEAT_PRIOR)
    return result


def orders(catalogue: Catalogue) -> NDArray[np.int32]:
    """Products by popularity; those never bought come last, by their index."""
    columns = [catalogue.static[:, STATIC.index(name)] for name in ("popular_30", "popular_7")]
    return np.stack([np.argsort(-column, kind="stable") for column in columns]).astype(np.int32)
