"""Fits the recommender: the tables of neighbours, then the ranker on the shop's own last weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from retention.metrics import ndcg
from retention.recommenders import candidates, features, similarity, words
from retention.recommenders.features import STATIC, Catalogue
from retention.recommenders.interactions import Interactions
from retention.recommenders.model import POPULARITY, RANKER, Mode, Recommender
from retention.recommenders.profile import PURCHASE, weights
from retention.recommenders.ranker import Choice, fit_choices
from retention.report import Readiness
from retention.times import DAY

NEIGHBOURS = 100
SHRINKAGE = 10.0
RECENT_SHRINKAGE = 2.0
RECENT_DAYS = 60.0
RIDGE = 500.0
EASE_MOST_PRODUCTS = 10_000
LOCAL_NEIGHBOURS, LOCAL_RIDGE = 30, 5.0
"""Of EASE within neighbourhoods, for shops with more products."""
CONTENT_NEIGHBOURS = 50
COMMON_WORD = 0.2
"""A word that a larger share of products has says nothing about likeness."""
REPEAT_PRIOR, REPEAT_SHARE = 5.0, 0.1
"""A product's share of repeat buyers starts as 10 % of 5 imagined buyers."""

LAST_SHARE = 0.2
LAST_LEAST, LAST_MOST = 7 * DAY, 60 * DAY
"""The ranker learns on the last fifth of the history, at least 7 and at most 60 days."""
MOST_CHOICES = 1_000
LEAST_CHOICES = 50
"""With fewer customers to learn from, prior weights are used."""
SELECTION_LEAST = 20
"""With fewer customers to compare on, the ranker is used without a comparison."""

PRIOR_NEW = {
    "taste_log": 0.4, "ease_log": 0.4, "taste_recent_relative": 1.0, "content_relative": 0.5,
    "popular_30": 0.4, "category_share": 0.5, "viewed": 0.8, "carted": 1.5,
}  # fmt: skip
PRIOR_ANY = {**PRIOR_NEW, "own": 1.5, "own_120": 1.5, "own_repeated": 0.5}
"""Rough weights, of the order that larger shops' fits came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A recommender, how it did, and what it had to do without."""

    model: Recommender
    metrics: dict[str, float]
    notes: tuple[str, ...]
    readiness: tuple[Readiness, ...] = ()


def fit(interactions: Interactions, *, seed: int) -> Fitted:
    """Fit on all interactions before `interactions.now`."""
    terms = Terms.of(interactions)
    modes, metrics, notes, readiness = _learn(interactions, terms, seed)
    catalogue = components(interactions, terms)
    model = Recommender(
        products=interactions.products,
        catalogue=catalogue,
        popular=_orders(catalogue),
        created=interactions.created,
        category_names=interactions.category_names,
        postings=terms.postings(),
        new=modes["new"],
        any=modes["any"],
        index={product: place for place, product in enumerate(interactions.products)},
    )
    return Fitted(model=model, metrics=metrics, notes=tuple(notes), readiness=tuple(readiness))


# --- the first stage --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """TF-IDF of the products' words; a product's category is one of them."""

    names: tuple[str, ...]
    matrix: Any
    """Sparse, products by words; rows of length 1."""
    rarity: NDArray[np.float32]

    @classmethod
    def of(cls, interactions: Interactions) -> Terms:
        """From the texts of all products."""
        texts = interactions.texts
        vocabulary: dict[str, int] = {}
        rows, columns = [], []
        for row, text in enumerate(texts):
            for word in sorted(set(words.tokens(text))):
                rows.append(row)
                columns.append(vocabulary.setdefault(word, len(vocabulary)))
        shape = (len(texts), len(vocabulary))
        matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
        with_word = np.asarray(matrix.sum(axis=0)).ravel()
        rarity = np.log((len(texts) + 1.0) / (with_word + 1.0)).astype(np.float32) + np.float32(0.1)
        return cls(tuple(vocabulary), matrix, rarity)

    def likeness(self) -> Any:
        """The matrix for neighbours: words by products, weighted by rarity, common words left out."""
        share = np.asarray(self.matrix.sum(axis=0)).ravel() / max(self.matrix.shape[0], 1)
        keep = self.rarity * ((share <= COMMON_WORD) | (self.matrix.shape[0] < 20))
        return self.matrix.multiply(keep[None, :]).T.tocsr()

    def postings(self) -> dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]]:
        by_word = self.matrix.tocsc()
        found = {}
        for column, name in enumerate(self.names):
            places = by_word.indices[by_word.indptr[column] : by_word.indptr[column + 1]].astype(np.int32)
            found[name] = (places, np.full(len(places), self.rarity[column], np.float32))
        return found


def components(interactions: Interactions, terms: Terms) -> Catalogue:
    """Everything the first stage knows, from the events before `interactions.now`."""
    ever = ratings(interactions, None)
    recent = ratings(interactions, RECENT_DAYS)
    return Catalogue(
        neighbours={
            "cosine": similarity.neighbours(ever, NEIGHBOURS, SHRINKAGE),
            "cosine_recent": similarity.neighbours(recent, NEIGHBOURS, RECENT_SHRINKAGE),
            "ease": ease_table(ever),
            "content": similarity.neighbours(terms.likeness(), CONTENT_NEIGHBOURS, 0.0),
        },
        static=_static(interactions),
        gap=_gaps(interactions),
        category=interactions.category,
        categories=len(interactions.category_names),
    )


def ease_table(matrix: Any) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """EASE's largest weights, from the whole Gram matrix or, where that is too large, from each product's
    neighbourhood."""
    size = matrix.shape[1]
    if not matrix.nnz:
        return np.zeros((size, 0), np.int32), np.zeros((size, 0), np.float32)
    if size <= EASE_MOST_PRODUCTS:
        return similarity.ease_neighbours(matrix, NEIGHBOURS, RIDGE)
    return similarity.local_ease_neighbours(matrix, LOCAL_NEIGHBOURS, LOCAL_RIDGE)


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


def _static(interactions: Interactions) -> NDArray[np.float64]:
    """The columns of `features.STATIC`."""
    bought = interactions.once_a_day().only(PURCHASE)
    size = len(interactions.products)
    age = (bought.now - bought.at) / DAY
    columns = [np.log(np.bincount(bought.items, np.exp2(-age / half), size) + 0.5) for half in (7.0, 30.0)]
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


def _orders(catalogue: Catalogue) -> NDArray[np.int32]:
    """Products by popularity; those never bought come last, by their index."""
    columns = [catalogue.static[:, STATIC.index(name)] for name in ("popular_30", "popular_7")]
    return np.stack([np.argsort(-column, kind="stable") for column in columns]).astype(np.int32)


# --- the second stage -------------------------------------------------------------------------------------


def _learn(
    interactions: Interactions, terms: Terms, seed: int
) -> tuple[dict[str, Mode], dict[str, float], list[str], list[Readiness]]:
    """Fit the ranker on what customers bought in the last weeks, from candidates as of the weeks' begin."""
    notes: list[str] = []
    readiness: list[Readiness] = []
    metrics: dict[str, float] = {}
    modes = {"new": _prior(PRIOR_NEW), "any": _prior(PRIOR_ANY)}
    choices = make_choices(interactions, terms, seed)
    for name, mine in choices.items():
        metrics[f"{name}_customers"] = float(len(mine))
        readiness.append(_readiness(name, len(mine)))
        if len(mine) < SELECTION_LEAST:
            notes.append(
                f"recommender ({name}): {len(mine)} customers to compare on, {SELECTION_LEAST} needed; "
                "ranked by prior weights"
            )
            continue
        prior = modes[name].weights
        learned = _cross_fitted(mine, prior)
        metrics[f"ndcg_{name}"] = float(np.mean(learned))
        metrics[f"ndcg_{name}_popularity"] = float(np.mean(_ndcg(mine, _popularity_weights())))
        fitted = fit_choices(mine) if len(mine) >= LEAST_CHOICES else None
        if fitted is None:
            notes.append(f"recommender ({name}): too few purchases to learn from; ranked by prior weights")
        policy = RANKER
        if metrics[f"ndcg_{name}"] < metrics[f"ndcg_{name}_popularity"]:
            policy = POPULARITY
            notes.append(f"recommender ({name}): popularity did better on the last weeks and is used")
        modes[name] = Mode(policy=policy, weights=prior if fitted is None else fitted)
    return modes, metrics, notes, readiness


def _readiness(name: str, have: int) -> Readiness:
    """Whether the mode's weights could be learned."""
    enough = have >= LEAST_CHOICES
    return Readiness(
        model=f"recommend.{name}",
        enough=enough,
        found=f"{have} customers who came back in the last weeks",
        needed=f"{LEAST_CHOICES} customers who came back in the last weeks",
        fallback="" if enough else "weights that other shops came to",
    )


def _prior(named: dict[str, float]) -> Mode:
    return Mode(policy=RANKER, weights=np.array([named.get(name, 0.0) for name in features.NAMES]))


def _popularity_weights() -> NDArray[np.float64]:
    return np.array([1.0 if name == "popular_30" else 0.0 for name in features.NAMES])


def _cross_fitted(choices: list[Choice], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """NDCG@10 of every customer by weights learned on the other half of the customers."""
    halves = (choices[0::2], choices[1::2])
    results = []
    for mine, other in (halves, halves[::-1]):
        fitted = fit_choices(other) if len(choices) >= LEAST_CHOICES else None
        results.append(_ndcg(mine, prior if fitted is None else fitted))
    return np.concatenate(results)


def _ndcg(choices: list[Choice], by: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(
        [
            ndcg(one.candidates[np.argsort(-(one.rows @ by), kind="stable")].tolist(), one.truth, 10)
            for one in choices
        ]
    )


def make_choices(interactions: Interactions, terms: Terms, seed: int) -> dict[str, list[Choice]]:
    """Candidates of customers as of the begin of the last weeks, and what they bought in them, by mode."""
    cut = _cut(interactions)
    before = interactions.before(cut)
    after = interactions.after(cut).only(PURCHASE)
    returning = np.intersect1d(np.unique(before.users), np.unique(after.users))
    found: dict[str, list[Choice]] = {"new": [], "any": []}
    if not len(returning):
        return found
    draw = np.random.default_rng(seed)
    if len(returning) > MOST_CHOICES:
        returning = np.sort(draw.choice(returning, MOST_CHOICES, replace=False))
    catalogue = components(before, terms)
    popular = _orders(catalogue)
    past, future = before.by_user(), after.by_user()
    for user in returning.tolist():
        profile = before.profile(past[user])
        bought = frozenset(np.unique(after.items[future[user]]).tolist())
        scores = features.source_scores(catalogue, profile)
        owned = profile.items[profile.bought]
        for name, hidden in (("new", owned), ("any", owned[:0])):
            truth = bought - frozenset(hidden.tolist())
            if not truth:
                continue
            allowed = np.ones(len(catalogue), dtype=bool)
            allowed[hidden] = False
            items = candidates.choose(scores, popular, profile, allowed)
            rows = features.rows(catalogue, profile, scores, items)
            found[name].append(Choice(items, rows, np.isin(items, list(truth)), truth))
    return found


def _cut(interactions: Interactions) -> int:
    if not len(interactions.at):
        return interactions.now
    span = interactions.now - int(interactions.at.min())
    return interactions.now - int(np.clip(span * LAST_SHARE, LAST_LEAST, LAST_MOST))
