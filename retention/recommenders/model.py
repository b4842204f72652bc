"""The recommender as it is served: two stages over NumPy arrays, no refit for a new event."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from retention.recommenders import candidates, features, profile, words
from retention.recommenders.crowd import Crowd
from retention.recommenders.explain import explain
from retention.recommenders.features import SIMILARITIES, STATIC, Catalogue
from retention.recommenders.profile import Profile
from retention.times import to_micros
from retention.types import EventKind, ProductId, ProductState, Reason, Recommendation, RecommendContext

NEW_FOR = timedelta(days=30)
"""A product counts as new for so long after it was created, and while the model doesn't know it."""
EXPLORE = 0.10
"""The chance that the last place of a list goes to a new product, drawn evenly among them."""
EXPLORE_FROM = 3
"""Shorter lists have no place to spare."""
WORDS_WEIGHT = 6.0
"""What a product that has all the words of the message gains; more than any other feature moves."""
WORDS_LEAST = 0.34
"""Products with less of the words (by weight, of the best match) are not taken as matching."""

RANKER, POPULARITY = "ranker", "popularity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How lists are made: `new` products only, or `any`."""

    policy: str
    """`ranker`, or `popularity` where the ranker did no better on the shop's own last weeks."""
    weights: NDArray[np.float64]
    """Of `features.NAMES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommender:
    """Products, what is known of them, and how to rank them."""

    products: tuple[ProductId, ...]
    catalogue: Catalogue
    popular: NDArray[np.int32]
    """Products by popularity with half-lives of 30 and of 7 days, best first; shape (2, products)."""
    created: NDArray[np.int64]
    """Microseconds since 1970; 0 when unknown."""
    category_names: tuple[str, ...]
    postings: Mapping[str, tuple[NDArray[np.int32], NDArray[np.float32]]]
    """Word to the products that have it and its weight in each."""
    new: Mode
    any: Mode
    index: Mapping[ProductId, int] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Recommender:
        """Knows no product yet; recommends what was bought before and the newest."""
        nothing = (np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
        catalogue = Catalogue(
            neighbours=dict.fromkeys(SIMILARITIES, nothing),
            crowd=Crowd.of_nobody(0),
            static=np.zeros((0, len(STATIC))),
            gap=np.zeros(0),
            category=np.zeros(0, np.int32),
            categories=0,
        )
        mode = Mode(policy=POPULARITY, weights=np.zeros(len(features.NAMES)))
        return cls(
            products=(),
            catalogue=catalogue,
            popular=np.zeros((2, 0), np.int32),
            created=np.zeros(0, np.int64),
            category_names=(),
            postings={},
            new=mode,
            any=mode,
        )

    def recommend(self, n: int, context: RecommendContext, *, version: str) -> list[Recommendation]:
        """At most `n` products that may be shown, best first; see `RetentionCore.recommend`."""
        if n <= 0:
            return []
        return _Request(self, n, context, version).answer()

    def rank(
        self, profile: Profile, *, repeats: bool, hidden: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """A customer's candidates in no order, and their scores, shape (candidates,) both.

        Args:
            profile: somebody with no product at all has no candidates.
            repeats: by which weights, and may the customer's own be among them?
            hidden: products to leave out.
        """
        if not len(profile.items):
            return np.zeros(0, np.int64), np.zeros(0)
        allowed = np.ones(len(self.products), dtype=bool)
        allowed[hidden] = False
        mode = self.any if repeats else self.new
        scores = features.source_scores(self.catalogue, profile)
        items = candidates.choose(scores, self.popular, profile, allowed)
        return items, self.judged(mode, profile, scores, items)

    def judged(
        self,
        mode: Mode,
        profile: Profile,
        scores: Mapping[str, NDArray[np.float64]],
        items: NDArray[np.int64],
    ) -> NDArray[np.float64]:
        """The candidates' scores by the mode's policy."""
        if mode.policy == POPULARITY:
            popular: NDArray[np.float64] = self.catalogue.static[items, STATIC.index("popular_30")]
            return popular
        rows = features.rows(self.catalogue, profile, scores, items)
        # Not `@`: BLAS wakes its threads for this little, and on busy cores that takes milliseconds.
        ranked: NDArray[np.float64] = np.einsum("ij,j->i", rows, mode.weights)
        return ranked

    def matching(self, asked: list[str]) -> NDArray[np.float64]:
        """How much of the asked words' weight each product has, relative to the best; shape (products,)."""
        score = np.zeros(len(self.products))
        for word in set(asked):
            if word in self.postings:
                places, weights = self.postings[word]
                score[places] += weights
        best = score.max(initial=0.0)
        return score / best if best > 0 else score


@dataclass(frozen=True, slots=True)
class _Pick:
    product: ProductId
    item: int | None
    """Index in the model; None when the model doesn't know the product."""
    score: float
    policy: str
    probability: float = 1.0


class _Request:
    """One list being made."""

    def __init__(self, model: Recommender, n: int, context: RecommendContext, version: str) -> None:
        self.model, self.n, self.context, self.version = model, n, context, version
        self.mode = model.any if context.allow_repeats else model.new
        past = [event for event in context.events if event.at < context.now]
        self.profile = profile.of_events(past, model.index, context.now)
        self.owned = frozenset(
            event.product for event in past if event.kind is EventKind.PURCHASE and event.product is not None
        )
        self.hidden = context.exclude if context.allow_repeats else context.exclude | self.owned
        self.past = past
        asked = [token for word in context.words for token in words.tokens(word)]
        self.matches = model.matching(asked) if asked else None
        self.scores: Mapping[str, NDArray[np.float64]] = {}

    def answer(self) -> list[Recommendation]:
        picks = self._varied(self._in_order())
        picks = self._explored(picks)
        return [
            Recommendation(
                product=pick.product,
                position=position,
                score=round(pick.score, 6),
                policy=f"{pick.policy}/{self.version}",
                probability=pick.probability,
                reasons=self._reasons(pick),
            )
            for position, pick in enumerate(picks)
        ]

    # --- which, and in what order -------------------------------------------------------------------------

    def _in_order(self) -> Iterator[_Pick]:
        """All that may be shown, best first; the later parts are only worked out when they are reached."""
        given: set[ProductId] = set()
        for pick in self._all():
            if pick.product not in given and self._may_show(pick.product):
                given.add(pick.product)
                yield pick

    def _all(self) -> Iterator[_Pick]:
        yield from self._ranked()
        if self.context.allow_repeats:
            yield from self._bought_before()
        static = self.model.catalogue.static[:, STATIC.index("popular_30")]
        for item in self.model.popular[0].tolist():
            yield _Pick(self.model.products[item], item, float(static[item]), POPULARITY)
        for product in sorted(self.context.stock, key=self._newest_first):
            yield _Pick(product, self.model.index.get(product), 0.0, "newest")

    def _ranked(self) -> Iterator[_Pick]:
        """What fits the customer's events and words; nothing for somebody of whom nothing is known."""
        known = len(self.profile.items) > 0
        if not known and self.matches is None:
            return
        items, score, policy = self._personal() if known else self._by_words()
        if self.matches is not None:
            score = score + WORDS_WEIGHT * self.matches[items] * (self.matches[items] >= WORDS_LEAST)
        for place in np.lexsort((items, -score)).tolist():
            item = int(items[place])
            yield _Pick(self.model.products[item], item, float(score[place]), policy)

    def _personal(self) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
        catalogue = self.model.catalogue
        self.scores = features.source_scores(catalogue, self.profile)
        allowed = self._allowed()
        items = candidates.choose(self.scores, self.model.popular, self.profile, allowed)
        if self.matches is not None:
            items = np.union1d(items, np.flatnonzero(allowed & (self.matches >= WORDS_LEAST)))
        policy = POPULARITY if self.mode.policy == POPULARITY else RANKER
        return items, self.model.judged(self.mode, self.profile, self.scores, items), policy

    def _by_words(self) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
        if self.matches is None:
            return np.zeros(0, np.int64), np.zeros(0), POPULARITY
        items = np.flatnonzero(self._allowed() & (self.matches >= WORDS_LEAST))
        return items, self.model.catalogue.static[items, STATIC.index("popular_30")], "words"

    def _allowed(self) -> NDArray[np.bool_]:
        allowed = np.ones(len(self.model.products), dtype=bool)
        allowed[[self.model.index[one] for one in self.hidden if one in self.model.index]] = False
        if self.context.category is not None:
            names = self.model.category_names
            code = names.index(self.context.category) if self.context.category in names else -2
            allowed &= self.model.catalogue.category == code
        return allowed

    def _bought_before(self) -> Iterator[_Pick]:
        """What was bought before that the model doesn't know, the latest first."""
        for event in reversed(self.past):
            product = event.product
            if event.kind is EventKind.PURCHASE and product is not None and product not in self.model.index:
                yield _Pick(product, None, 0.0, "own_history")

    def _newest_first(self, product: ProductId) -> tuple[float, ProductId]:
        return -self._created(product), product

    def _created(self, product: ProductId) -> float:
        state = self.context.stock[product]
        if state.created_at is not None:
            return float(to_micros(state.created_at))
        item = self.model.index.get(product)
        return float(self.model.created[item]) if item is not None else 0.0

    def _may_show(self, product: ProductId) -> bool:
        state = self.context.stock.get(product)
        return state is not None and product not in self.hidden and self._sellable(state)

    def _sellable(self, state: ProductState) -> bool:
        return state.active and state.stock > 0 and self.context.category in (None, state.category)

    def _varied(self, picks: Iterator[_Pick]) -> list[_Pick]:
        """The best `n`, at most half of them (rounded up) from one category unless nothing else is left."""
        most = self.n if self._one_wish() else (self.n + 1) // 2
        taken: list[_Pick] = []
        spare: list[_Pick] = []
        seen: dict[str, int] = {}
        for pick in picks:
            category = self.context.stock[pick.product].category
            if category and seen.get(category, 0) >= most:
                spare.append(pick)
            else:
                seen[category] = seen.get(category, 0) + 1
                taken.append(pick)
            if len(taken) == self.n or len(spare) > 10 * self.n:
                break
        return (taken + spare)[: self.n]

    def _one_wish(self) -> bool:
        return self.context.category is not None or bool(self.context.words)

    # --- a place for new products -------------------------------------------------------------------------

    def _explored(self, picks: list[_Pick]) -> list[_Pick]:
        """Give the last place to a new product now and then, and say with which chance each was placed."""
        if len(picks) < max(EXPLORE_FROM, self.n) or self.context.words:
            return picks
        pool = self._new_products(frozenset(pick.product for pick in picks))
        if not pool:
            return picks
        draw = random.Random(self.context.seed)
        *others, last = picks
        if draw.random() >= EXPLORE:
            return [*others, _Pick(last.product, last.item, last.score, last.policy, 1 - EXPLORE)]
        product = draw.choice(pool)
        chance = EXPLORE / len(pool)
        return [*others, _Pick(product, self.model.index.get(product), 0.0, "explore_new", chance)]

    def _new_products(self, shown: frozenset[ProductId]) -> list[ProductId]:
        """New products that may be shown and aren't yet, in a fixed order."""
        since = to_micros(self.context.now - NEW_FOR)
        recent = [self.model.products[item] for item in np.flatnonzero(self.model.created > since).tolist()]
        unknown: set[ProductId] = set()
        if self.model.products and not self.context.stock.keys() <= self.model.index.keys():
            unknown = self.context.stock.keys() - self.model.index.keys()
        return sorted(one for one in unknown.union(recent) if one not in shown and self._may_show(one))

    # --- why ----------------------------------------------------------------------------------------------

    def _reasons(self, pick: _Pick) -> tuple[Reason, ...]:
        match = 0.0
        if self.matches is not None and pick.item is not None:
            match = float(self.matches[pick.item])
        found: list[Reason] = []
        if match >= WORDS_LEAST:
            found.append(Reason(code="matches_words", value=round(match, 4), weight=WORDS_WEIGHT * match))
        if pick.policy in ("explore_new", "newest") or (pick.item is None and pick.policy != "own_history"):
            found.append(Reason(code="new_product", product=None, weight=0.0))
        elif pick.product in self.owned:
            found.append(self._again(pick.product))
        elif pick.item is not None:
            found += explain(self.model, self.profile, pick.item, personal=pick.policy == RANKER)
        return tuple(found)

    def _again(self, product: ProductId) -> Reason:
        """Bought before; the value is the days since."""
        last = max(
            event.at for event in self.past if event.product == product and event.kind is EventKind.PURCHASE
        )
        return Reason(
            code="buy_again",
            product=product,
            value=round((self.context.now - last) / timedelta(days=1), 2),
            weight=1.0,
        )
