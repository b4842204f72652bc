"""One list for one customer: what the model ranks, within the rules of the shop, with a place for what is new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property

import numpy as np

from kernel.times import to_micros
from retention.recommenders import words
from retention.recommenders.explanation import Evidence
from retention.recommenders.interactions import profile_of_events
from retention.recommenders.model import POPULARITY, RANKER, Recommender
from retention.recommenders.nightly import Prepared
from retention.recommenders.rerank import EXPLORE, NEW_FOR, PINNED, Constraints, Pick, rerank
from retention.types import EventKind, ProductId, Reason, Recommendation, RecommendContext


def recommend(
    model: Recommender,
    n: int,
    context: RecommendContext,
    *,
    version: str,
    prepared: Prepared | None = None,
    variety: bool = True,
) -> list[Recommendation]:
    """At most `n` products that may be shown, best first; see `RetentionCore.recommend`.

    Args:
        model: that ranks them.
        n: how many.
        context: what is known now.
        version: of the model, for the policy's name.
        prepared: the customer's list as it was ranked ahead; what comes after it is what is popular.
        variety: at most half of a list from one category; without it for measuring what it costs.
    """
    return _Request(model, context, prepared).answer(n, version, variety=variety) if n > 0 else []


class _Request:
    """One list being made."""

    def __init__(self, model: Recommender, context: RecommendContext, prepared: Prepared | None) -> None:
        self.model, self.context, self.prepared = model, context, prepared
        self.past = [event for event in context.events if event.at < context.now]
        self.owned = frozenset(
            event.product
            for event in self.past
            if event.kind is EventKind.PURCHASE and event.product is not None
        )
        self.hidden = context.exclude if context.allow_repeats else context.exclude | self.owned
        excluded = (context.stock[one].group for one in context.exclude if one in context.stock)
        self.hidden_groups = frozenset(filter(None, excluded))
        self.matches = words.matching(model.postings, context.words, len(model.products))
        self.hits = self.matches >= words.LEAST if self.matches is not None else None

    @cached_property
    def evidence(self) -> Evidence:
        """What the customer's products say as of now; not needed where a list was made ahead."""
        return Evidence(self.model, profile_of_events(self.past, self.model.index, self.context.now))

    def answer(self, n: int, version: str, *, variety: bool) -> list[Recommendation]:
        context = self.context
        constraints = Constraints(
            n=n,
            rules=context.rules,
            may_show=self._may_show,
            category=lambda product: context.stock[product].category,
            group=lambda product: context.stock[product].group,
            new_products=self._new_products,
            index=self.model.index,
            answers=self._answers,
            variety=variety and context.category is None and not context.words,
            explore=not context.words,
            seed=context.seed,
        )
        return [
            Recommendation(
                product=pick.product,
                position=position,
                score=round(pick.score, 6),
                policy=f"{pick.policy}/{version}",
                probability=pick.probability,
                reasons=tuple(self._reasons(pick)),
            )
            for position, pick in enumerate(rerank(self._all(), constraints))
        ]

    # --- which, and in what order -------------------------------------------------------------------------

    def _answers(self, product: ProductId) -> bool:
        """Whether the product has the words that are asked for; all do where no product has them."""
        if self.hits is None or not self.hits.any():
            return True
        item = self.model.index.get(product)
        return item is not None and bool(self.hits[item])

    def _all(self) -> Iterator[Pick]:
        model = self.model
        yield from self._ranked()
        if self.context.allow_repeats:
            # What was bought before that the model doesn't know, the latest first.
            for event in reversed(self.past):
                product = event.product
                if event.kind is EventKind.PURCHASE and product is not None and product not in model.index:
                    yield Pick(product, None, 0.0, "own_history")
        popularity = model.facts.column("popular_30")
        for item in model.popular[0].tolist():
            yield Pick(model.products[item], item, float(popularity[item]), POPULARITY)
        for product in sorted(self.context.stock, key=lambda one: (-self._created(one), one)):
            yield Pick(product, model.index.get(product), 0.0, "newest")

    def _ranked(self) -> Iterator[Pick]:
        """What fits the customer's events and words; nothing for somebody of whom nothing is known."""
        model, hits, repeats = self.model, self.hits, self.context.allow_repeats
        policy = model.mode(repeats=repeats).policy
        if self.prepared is not None:
            for item, score in zip(self.prepared.items, self.prepared.scores, strict=True):
                yield Pick(model.products[item], item, score, policy)
            return
        allowed = model.allowed(self.hidden, self.context.category)
        if len(self.evidence.profile.items):
            items, scores = model.rank(self.evidence.profile, repeats=repeats, allowed=allowed, also=hits)
        elif hits is not None:
            items = np.flatnonzero(allowed & hits)
            scores, policy = model.facts.column("popular_30")[items], "words"
        else:
            return
        if self.matches is not None and hits is not None:
            scores = scores + words.WEIGHT * self.matches[items] * hits[items]
        for place in np.lexsort((items, -scores)).tolist():
            item = int(items[place])
            yield Pick(model.products[item], item, float(scores[place]), policy)

    def _created(self, product: ProductId) -> float:
        created_at = self.context.stock[product].created_at
        if created_at is not None:
            return float(to_micros(created_at))
        item = self.model.index.get(product)
        return float(self.model.created[item]) if item is not None else 0.0

    def _new_products(self) -> Iterator[ProductId]:
        """What the model knows to be new; then what it doesn't know, for which all products on sale are looked at."""
        since = to_micros(self.context.now - NEW_FOR)
        yield from (self.model.products[item] for item in np.flatnonzero(self.model.created > since).tolist())
        if self.model.products and not self.context.stock.keys() <= self.model.index.keys():
            yield from self.context.stock.keys() - self.model.index.keys()

    def _may_show(self, product: ProductId) -> bool:
        state = self.context.stock.get(product)
        return (
            state is not None
            and product not in self.hidden
            and state.group not in self.hidden_groups
            and state.active
            and state.stock > 0
            and self.context.category in (None, state.category)
        )

    # --- why ----------------------------------------------------------------------------------------------

    def _reasons(self, pick: Pick) -> Iterator[Reason]:
        if (
            self.matches is not None
            and self.hits is not None
            and pick.item is not None
            and self.hits[pick.item]
        ):
            match = float(self.matches[pick.item])
            yield Reason(code="matches_words", value=round(match, 4), weight=words.WEIGHT * match)
        if pick.policy == PINNED:
            yield Reason(code="pinned", weight=1.0)
        if pick.policy in (EXPLORE, "newest") or (pick.item is None and pick.policy != "own_history"):
            yield Reason(code="new_product", product=None, weight=0.0)
        elif pick.product in self.owned:
            yield self._bought_again(pick.product)
        elif pick.item is not None:
            made_ahead = self.prepared.reason(pick.item) if self.prepared else None
            if made_ahead is not None:
                yield made_ahead
            else:
                yield from self.evidence.reasons(pick.item, personal=pick.policy in (RANKER, PINNED))

    def _bought_again(self, product: ProductId) -> Reason:
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
