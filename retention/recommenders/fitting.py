"""Fits the recommender: the facts about products, then the ranker on what customers of this shop went on to buy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from kernel.arrays import Floats
from kernel.times import DAY
from retention.recommenders import candidates, features
from retention.recommenders.facts import ProductFacts, Ways
from retention.recommenders.interactions import PURCHASE, Interactions
from retention.recommenders.model import POPULARITY, RANKER, Mode, Recommender
from retention.recommenders.ranker import Choice, fit_choices
from retention.recommenders.similarity import FallbackWarning, Table
from retention.recommenders.words import Vocabulary
from retention.report import Fitted, Readiness

LAST_SHARE = 0.2
LAST_LEAST, LAST_MOST = 7 * DAY, 60 * DAY
"""A window to learn from is the last fifth of the history, at least 7 and at most 60 days."""
WINDOWS = 2
"""So many windows, one before the other, as far as the history reaches."""
RIDGES = (30.0, 100.0)
"""How strongly the ranker's weights are held to the prior ones; the shop's last window decides."""
MOST_CHOICES = 2_000
LEAST_CHOICES = 50
"""With fewer customers to learn from, prior weights are used."""
SELECTION_LEAST = 20
"""With fewer customers to compare on, the ranker is used without a comparison."""

PRIOR_NEW = {
    "taste_log": 0.05, "taste_recent_log": 0.05, "session_log": 0.05, "ease_log": 0.1, "ease_recent_log": 0.15,
    "crowd_log": 0.25, "crowd_recent_log": 0.1, "content_log": 0.1, "popular_7": 0.2, "popular_14": 0.1,
    "popular_30": 0.05, "category_share": 0.5, "buyers_apart": 0.3, "viewed": 0.8, "carted": 1.5,
}  # fmt: skip
PRIOR_ANY = {**PRIOR_NEW, "own": 0.8, "own_count": 0.5, "own_120": 0.8, "own_repeated": 0.4}
"""Rough weights, of the order that larger shops' fits came to."""
PRIORS: Mapping[str, Mapping[str, float]] = {"new": PRIOR_NEW, "any": PRIOR_ANY}

PLAIN: Mapping[str, Mapping[str, float]] = {
    "popularity": {"popular_30": 1.0},
    "own": {"own_count": 1.0, "popular_30": 1e-3},
    **{source: {f"{source}_log": 1.0, "popular_30": 1e-3} for source in candidates.SOURCES},
}
"""The plain methods as weights, in case that one of them is better in this shop: the own list of every source."""


def fit(interactions: Interactions, *, seed: int) -> Fitted[Recommender]:
    """Fit on all interactions before `interactions.now`.

    The ranker learns from what customers bought in the last windows, from candidates as of each window's begin. How it
    is fitted, and whether a plain order is better in this shop, is decided on both windows, on each by weights from the
    other one. Where there is only one window, halves of its customers take turns.
    """
    vocabulary = Vocabulary.of(interactions)
    content = vocabulary.similar_products()
    times = _windows(interactions)
    modes: dict[str, Mode] = {}
    metrics: dict[str, float] = {}
    readiness: list[Readiness] = []
    with fallback_notes() as notes:
        ways = Ways.chosen(interactions, times[0][0], seed) if times else Ways()
        windows = [make_choices(interactions.before(end), begin, content, ways, seed) for begin, end in times]
        choices = {name: [window[name] for window in windows] for name in PRIORS}
        found = {name: _mode(choices[name], _vector(prior)) for name, prior in PRIORS.items()}
    for name, (mode, results, unfitted) in found.items():
        count = len(choices[name][0]) if windows else 0
        metrics[f"{name}_customers"] = float(count)
        readiness.append(_readiness(name, count))
        modes[name] = mode
        notes += _of_unfitted(name, unfitted)
        metrics |= {f"ndcg_{name}{suffix}": value for suffix, value in results.items()}
        if modes[name].policy == POPULARITY:
            notes.append(f"recommender ({name}): popularity did better on the last weeks and is used")
    # The choices are most of a fit's memory.
    del choices, windows
    with fallback_notes() as more_notes:
        facts = ProductFacts.of(interactions, content, ways)
    model = Recommender(
        products=interactions.products,
        facts=facts,
        popular=facts.by_popularity(),
        created=interactions.created,
        category_names=interactions.category_names,
        postings=vocabulary.postings(),
        new=modes["new"],
        any=modes["any"],
    )
    return Fitted(model=model, metrics=metrics, notes=(*notes, *more_notes), readiness=tuple(readiness))


@contextmanager
def fallback_notes() -> Iterator[list[str]]:
    """Takes what tables of neighbours fell back to inside the block as notes; they are there after it."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FallbackWarning)
        yield notes
    for one in caught:
        if not issubclass(one.category, FallbackWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        elif (note := f"recommender: {one.message}") not in notes:
            notes.append(note)


def _of_unfitted(name: str, ridges: list[float]) -> list[str]:
    """What to say of strengths with which the ranker's weights could not be learned."""
    if not ridges:
        return []
    tried = " and ".join(f"{ridge:.0f}" for ridge in ridges)
    instead = "prior weights or a plain order are" if len(ridges) == len(RIDGES) else "another way is"
    return [
        f"recommender ({name}): with a ridge of {tried} the ranker had nothing to learn from or did not converge; "
        f"{instead} used"
    ]


def _mode(windows: list[list[Choice]], prior: Floats) -> tuple[Mode, dict[str, float], list[float]]:
    """The best way to make lists, the NDCG of it and of popularity on the last window, and the ridges with which
    no weights could be learned."""
    fallback = Mode(policy=RANKER, weights=prior)
    last = windows[0] if windows else []
    if len(last) < SELECTION_LEAST:
        return fallback, {}, []
    parts = _parts(windows)
    judged = [choice for part in parts for choice in part]
    orders = [prior, *map(_vector, PLAIN.values())]
    of_prior, *of_plain = _ndcg_of_each(judged, orders)
    plain = dict(zip(PLAIN, zip(orders[1:], of_plain, strict=True), strict=True))
    weights, reached = prior, of_prior
    everything = [choice for window in windows for choice in window]
    validated = {
        ridge: _validated(parts, prior, ridge) for ridge in (RIDGES if len(last) >= LEAST_CHOICES else ())
    }
    unfitted = [ridge for ridge, found in validated.items() if found is None]
    learned = {ridge: found for ridge, found in validated.items() if found is not None}
    for ridge in sorted(learned, key=lambda one: -learned[one].mean()):
        if learned[ridge].mean() <= of_prior.mean():
            break
        # On all choices only the one that did best is fitted.
        fitted = fit_choices(everything, prior, ridge)
        if fitted is not None:
            weights, reached = fitted, learned[ridge]
            break
        unfitted.append(ridge)
    rival = max(plain, key=lambda name: plain[name][1].mean())
    lead = plain[rival][1] - reached
    policy = RANKER
    # One of several plain methods leads by luck now and then.
    if lead.mean() > lead.std() / np.sqrt(len(lead)):
        weights, reached = plain[rival]
        policy = POPULARITY if rival == "popularity" else RANKER
    mine = _of_last(parts, last)
    results = {"": float(reached[mine].mean()), "_popularity": float(plain["popularity"][1][mine].mean())}
    return Mode(policy=policy, weights=weights), results, unfitted


def _parts(windows: list[list[Choice]]) -> list[list[Choice]]:
    """The choices in two parts, each of which is judged by weights from the other: both windows, the last one first
    or, where one of them has too few, halves of the last."""
    last, *earlier = windows
    before = [choice for window in earlier for choice in window]
    return [last, before] if min(len(last), len(before)) >= LEAST_CHOICES else [last[::2], last[1::2]]


def _of_last(parts: list[list[Choice]], last: list[Choice]) -> slice:
    """Which of the judged choices are the last window's."""
    return slice(len(last)) if len(parts[0]) == len(last) else slice(None)


def _validated(parts: list[list[Choice]], prior: Floats, ridge: float) -> Floats | None:
    """NDCG@10 of every choice of both parts by weights that have not seen what was bought in it; None where there
    are no such weights."""
    found = []
    for part, other in (parts, parts[::-1]):
        weights = fit_choices(other, prior, ridge)
        if weights is None:
            return None
        found.append(_ndcg(part, weights))
    return np.concatenate(found)


def _vector(named: Mapping[str, float]) -> Floats:
    return np.array([named.get(name, 0.0) for name in features.NAMES])


def _ndcg(choices: list[Choice], by: Floats) -> Floats:
    """NDCG@10 of each choice, ranked by the weights."""
    found: Floats = _ndcg_of_each(choices, [by])[0]
    return found


def _ndcg_of_each(choices: list[Choice], orders: list[Floats]) -> Floats:
    """The same by several weights, shape (orders, choices); see `metrics.ndcg`."""
    every = np.column_stack(orders)
    found = np.empty((len(orders), len(choices)))
    worth = 1 / np.log2(np.arange(2.0, 12.0))
    for place, one in enumerate(choices):
        best = np.argsort(-(one.rows @ every), axis=0, kind="stable")[:10]
        found[:, place] = worth[: len(best)] @ one.bought[best] / worth[: len(one.truth)].sum()
    return found


def _readiness(name: str, have: int) -> Readiness:
    """Whether the mode's weights could be learned."""
    enough = have >= LEAST_CHOICES
    return Readiness(
        model=f"recommend.{name}",
        enough=enough,
        found=f"{have} customers who came back in the last weeks",
        needed=f"{LEAST_CHOICES} customers who came back in the last weeks",
        fallback="" if enough else "weights that other shops came to, or popularity where it does better",
    )


def make_choices(
    interactions: Interactions, cut: int, content: Table, ways: Ways, seed: int
) -> dict[str, list[Choice]]:
    """Candidates of customers as of the moment `cut`, and what they bought since, by mode."""
    before = interactions.before(cut)
    after = interactions.after(cut).only(PURCHASE)
    returning = before.came_back(after, MOST_CHOICES, seed)
    found: dict[str, list[Choice]] = {"new": [], "any": []}
    if not returning:
        return found
    facts = ProductFacts.of(before, content, ways)
    popular = facts.by_popularity()
    past, future = before.by_user(), after.by_user()
    for user in returning:
        profile = before.profile(past[user])
        bought = frozenset(np.unique(after.items[future[user]]).tolist())
        scores = candidates.source_scores(facts, profile)
        owned = profile.items[profile.bought]
        chosen = {}
        for name, hidden in (("new", owned), ("any", owned[:0])):
            if truth := bought - frozenset(hidden.tolist()):
                allowed = np.ones(len(facts), dtype=bool)
                allowed[hidden] = False
                chosen[name] = truth, candidates.choose(scores, popular, profile, allowed)
        items = np.unique(np.concatenate([items for _, items in chosen.values()]))
        rows = features.rows(facts, profile, scores, items).astype(np.float32)
        for name, (truth, mine) in chosen.items():
            found[name].append(
                Choice(mine, rows, np.isin(mine, list(truth)), truth, np.searchsorted(items, mine))
            )
    return found


def _windows(interactions: Interactions) -> list[tuple[int, int]]:
    """Begin and end of the windows, the last one first; as much history as a window is long lies before each."""
    if not len(interactions.at):
        return []
    first, end = int(interactions.at.min()), interactions.now
    length = int(np.clip((end - first) * LAST_SHARE, LAST_LEAST, LAST_MOST))
    windows = [(end - (back + 1) * length, end - back * length) for back in range(WINDOWS)]
    return [window for window in windows if window[0] - length >= first] or windows[:1]
