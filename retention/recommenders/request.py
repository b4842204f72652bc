"""One list for one customer: what the model ranks, within the rules of the shop, with a place for what is new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retention.recommenders import candidates, features, profile, words
from retention.recommenders.explain import Evidence, explain
from retention.recommenders.features import STATIC
from retention.recommenders.model import POPULARITY, RANKER
from retention.recommenders.rerank import EXPLORE, NEW_FOR, PINNED, Pick, Wanted, rerank
from retention.times import to_micros
from retention.types import EventKind, ProductId, ProductState, Reason, Recommendation, RecommendContext

if TYPE_CHECKING:
    from retention.recommenders.model import Recommender
    from retention.recommenders.nightly import Prepared


class Request:
    """One list being made."""

    def __init__(
        self,
        model: Recommender,
        n: int,
        context: RecommendContext,
        version: str,
        prepared: Prepared | None = None,
        *,
        variety: bool = True,
    ) -> None:
        self.prepared, self.variety = prepared, variety
        self.model, self.n, self.context, self.version = model, n, context, version
        self.mode = model.any if context.allow_repeats else model.new
        past = [event for event in context.events if event.at < context.now]
        self.owned = frozenset(
            event.product for event in past if event.kind is EventKind.PURCHASE and event.product is not None
        )
        self.hidden = context.exclude if context.allow_repeats else context.exclude | self.owned
        self.past = past
        self.matches = model.matching(context.words)

    @cached_property
    def profile(self) -> profile.Profile:
        """The customer as of now; not needed where a list was made ahead."""
        return profile.of_events(self.past, self.model.index, self.context.now)

    @cached_property
    def evidence(self) -> Evidence:
        """What speaks for the products."""
        return Evidence(self.model, self.profile)

    def answer(self) -> list[Recommendation]:
        wanted = Wanted(
            n=self.n,
            rules=self.context.rules,
            may_show=self._may_show,
            category=self._category,
            fresh=self._fresh,
            index=self.model.index,
            is_asked_for=self._is_asked_for,
            one_wish=self._one_wish(),
            words=bool(self.context.words),
            variety=self.variety,
            seed=self.context.seed,
        )
        return [
            Recommendation(
                product=pick.product,
                position=position,
                score=round(pick.score, 6),
                policy=f"{pick.policy}/{self.version}",
                probability=pick.probability,
                reasons=self._reasons(pick),
            )
            for position, pick in enumerate(rerank(self._all(), wanted))
        ]

    # --- which, and in what order -------------------------------------------------------------------------

    def _is_asked_for(self, product: ProductId) -> bool:
        if self.matches is None or not (self.matches >= words.LEAST).any():
            return True
        item = self.model.index.get(product)
        return item is not None and bool(self.matches[item] >= words.LEAST)

    def _all(self) -> Iterator[Pick]:
        yield from self._ranked()
        if self.context.allow_repeats:
            yield from self._bought_before()
        static = self.model.catalogue.static[:, STATIC.index("popular_30")]
        for item in self.model.popular[0].tolist():
            yield Pick(self.model.products[item], item, float(static[item]), POPULARITY)
        for product in sorted(self.context.stock, key=self._newest_first):
            yield Pick(product, self.model.index.get(product), 0.0, "newest")

    def _ranked(self) -> Iterator[Pick]:
        """What fits the customer's events and words; nothing for somebody of whom nothing is known."""
        if self.prepared is not None:
            for known_item, known_score in zip(self.prepared.items, self.prepared.scores, strict=True):
                yield Pick(self.model.products[known_item], known_item, known_score, self.mode.policy)
            return
        known = len(self.profile.items) > 0
        if not known and self.matches is None:
            return
        items, score, policy = self._personal() if known else self._by_words()
        if self.matches is not None:
            score = score + words.WEIGHT * self.matches[items] * (self.matches[items] >= words.LEAST)
        for place in np.lexsort((items, -score)).tolist():
            item = int(items[place])
            yield Pick(self.model.products[item], item, float(score[place]), policy)

    def _personal(self) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
        catalogue = self.model.catalogue
        scores = features.source_scores(catalogue, self.profile)
        allowed = self._allowed()
        items = candidates.choose(scores, self.model.popular, self.profile, allowed)
        if self.matches is not None:
            items = np.union1d(items, np.flatnonzero(allowed & (self.matches >= words.LEAST)))
        policy = POPULARITY if self.mode.policy == POPULARITY else RANKER
        return items, self.model.judged(self.mode, self.profile, scores, items), policy

    def _by_words(self) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
        if self.matches is None:
            return np.zeros(0, np.int64), np.zeros(0), POPULARITY
        items = np.flatnonzero(self._allowed() & (self.matches >= words.LEAST))
        return items, self.model.catalogue.static[items, STATIC.index("popular_30")], "words"

    def _allowed(self) -> NDArray[np.bool_]:
        allowed = np.ones(len(self.model.products), dtype=bool)
        allowed[[self.model.index[one] for one in self.hidden if one in self.model.index]] = False
        if self.context.category is not None:
            names = self.model.category_names
            code = names.index(self.context.category) if self.context.category in names else -2
            allowed &= self.model.catalogue.category == code
        return allowed

    def _bought_before(self) -> Iterator[Pick]:
        """What was bought before that the model doesn't know, the latest first."""
        for event in reversed(self.past):
            product = event.product
            if event.kind is EventKind.PURCHASE and product is not None and product not in self.model.index:
                yield Pick(product, None, 0.0, "own_history")

    def _newest_first(self, product: ProductId) -> tuple[float, ProductId]:
        return -self._created(product), product

    def _created(self, product: ProductId) -> float:
        state = self.context.stock[product]
        if state.created_at is not None:
            return float(to_micros(state.created_at))
        item = self.model.index.get(product)
        return float(self.model.created[item]) if item is not None else 0.0

    def _category(self, product: ProductId) -> str:
        return self.context.stock[product].category

    def _fresh(self) -> Iterator[ProductId]:
        """What the model knows to be new; then what it doesn't know, for which the whole shelf is looked through."""
        since = to_micros(self.context.now - NEW_FOR)
        yield from (self.model.products[item] for item in np.flatnonzero(self.model.created > since).tolist())
        if self.model.products and not self.context.stock.keys() <= self.model.index.keys():
            yield from self.context.stock.keys() - self.model.index.keys()

    def _may_show(self, product: ProductId) -> bool:
        state = self.context.stock.get(product)
        return state is not None and product not in self.hidden and self._sellable(state)

    def _sellable(self, state: ProductState) -> bool:
        return state.active and state.stock > 0 and self.context.category in (None, state.category)

    def _one_wish(self) -> bool:
        return self.context.category is not None or bool(self.context.words)

    # --- why ----------------------------------------------------------------------------------------------

    def _reasons(self, pick: Pick) -> tuple[Reason, ...]:
        match = 0.0
        if self.matches is not None and pick.item is not None:
            match = float(self.matches[pick.item])
        found: list[Reason] = []
        if match >= words.LEAST:
            found.append(Reason(code="matches_words", value=round(match, 4), weight=words.WEIGHT * match))
        if pick.policy == PINNED:
            found.append(Reason(code="pinned", weight=1.0))
        if pick.policy in (EXPLORE, "newest") or (pick.item is None and pick.policy != "own_history"):
            found.append(Reason(code="new_product", product=None, weight=0.0))
        elif pick.product in self.owned:
            found.append(self._again(pick.product))
        elif (told := self._told(pick)) is not None:
            found.append(told)
        elif pick.item is not None:
            personal = pick.policy in (RANKER, PINNED)
            found += explain(self.evidence, pick.item, personal=personal)
        return tuple(found)

    def _told(self, pick: Pick) -> Reason | None:
        """The reason that was found when the list was made ahead."""
        return self.prepared.reason(pick.item) if self.prepared and pick.item is not None else None

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
