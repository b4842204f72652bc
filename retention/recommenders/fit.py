"""Fits the recommender: the tables of neighbours, then the ranker on the shop's own last weeks."""

from __future__ import annotations

from dataclasses import dataclass

from retention.recommenders import components
from retention.recommenders.interactions import Interactions
from retention.recommenders.learning import learn, noted
from retention.recommenders.model import Recommender
from retention.recommenders.terms import Terms
from retention.report import Readiness


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
    learned = learn(interactions, terms, seed)
    with noted() as said:
        catalogue = components.build(interactions, terms, learned.firmness)
    model = Recommender(
        products=interactions.products,
        catalogue=catalogue,
        popular=components.orders(catalogue),
        created=interactions.created,
        category_names=interactions.category_names,
        postings=terms.vocabulary.postings(),
        new=learned.modes["new"],
        any=learned.modes["any"],
        index={product: place for place, product in enumerate(interactions.products)},
    )
    return Fitted(
        model=model, metrics=learned.metrics, notes=(*learned.notes, *said), readiness=learned.readiness
    )
