"""Fits the recommender: the facts about products, then the ranker on what customers of this shop went on to buy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from kernel.arrays import Floats
from kernel.times import DAY
from retention.metrics import ndcg
from retention.recommenders import candidates, ease, features
from retention.recommenders.facts import ProductFacts
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

PLAIN: Mapping[str, Mapping[str, float]] = {
    "popularity": {"popular_30": 1.0},
    "ease": {"ease_log": 1.0, "popular_30": 1e-3},
    "ease_recent": {"ease_recent_log": 1.0, "popular_30": 1e-3},
    "taste": {"taste_log": 1.0, "popular_30": 1e-3},
    "crowd": {"crowd_log": 1.0, "popular_30": 1e-3},
    "crowd_recent": {"crowd_recent_log": 1.0, "popular_30": 1e-3},
    "own": {"own_count": 1.0, "popular_30": 1e-3},
}
"""The plain methods as weights, in case that one of them is better in this shop."""


def fit(interactions: Interactions, *, seed: int) -> Fitted[Recommender]:
    """Fit on all interactions before `interactions.now`.

    The ranker learns from what customers bought in the last windows, from candidates as of each window's begin. How it
    is fitted, and whether a plain order is better in this shop, is decided in the order of time: by weights from the
    earlier window, on the last one. Where there is only one window, halves of its customers take turns.
    """
    vocabulary = Vocabulary.of(interactions)
    content = vocabulary.similar_products()
    times = _windows(interactions)
    modes: dict[str, Mode] = {}
    metrics: dict[str, float] = {}
    readiness: list[Readiness] = []
    with fallback_notes() as notes:
        factor = ease.choose_ridge_factor(interactions, times[0][0], seed) if times else ease.WEAK
        windows = [
            make_choices(interactions.before(end), begin, content, factor, seed) for begin, end in times
        ]
    for name, prior in (("new", PRIOR_NEW), ("any", PRIOR_ANY)):
        mine = [window[name] for window in windows]
        count = len(mine[0]) if mine else 0
        metrics[f"{name}_customers"] = float(count)
        readiness.append(_readiness(name, count))
        modes[name], results, unfitted = _mode(mine, _vector(prior))
        notes += _of_unfitted(name, unfitted)
        metrics |= {f"ndcg_{name}{suffix}": value for suffix, value in results.items()}
        if modes[name].policy == POPULARITY:
            notes.append(f"recommender ({name}): popularity did better on the last weeks and is used")
    with fallback_notes() as more_notes:
        facts = ProductFacts.of(interactions, content, factor)
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
    plain = {name: (_vector(weights), _ndcg(last, _vector(weights))) for name, weights in PLAIN.items()}
    ranked = {"prior": (prior, _ndcg(last, prior))}
    everything = [choice for window in windows for choice in window]
    unfitted = []
    for ridge in RIDGES if len(last) >= LEAST_CHOICES else ():
        fitted, validated = fit_choices(everything, prior, ridge), _validated(windows, prior, ridge)
        if fitted is None or validated is None:
            unfitted.append(ridge)
        else:
            ranked[f"ranker {ridge:.0f}"] = (fitted, validated)
    best, rival = (max(trials, key=lambda name: trials[name][1].mean()) for trials in (ranked, plain))
    weights, reached = ranked[best]
    lead = plain[rival][1] - reached
    # One of several plain methods leads by luck now and then; popularity takes no luck to be safe.
    margin = 0.0 if rival == "popularity" else lead.std() / np.sqrt(len(lead))
    policy = RANKER
    if lead.mean() > margin:
        weights, reached = plain[rival]
        policy = POPULARITY if rival == "popularity" else RANKER
    results = {"": float(reached.mean()), "_popularity": float(plain["popularity"][1].mean())}
    return Mode(policy=policy, weights=weights), results, unfitted


def _validated(windows: list[list[Choice]], prior: Floats, ridge: float) -> Floats | None:
    """NDCG@10 of every customer of the last window by weights that have not seen what they bought in it; None
    where there are no such weights."""
    last, *earlier = windows
    before = [choice for window in earlier for choice in window]
    if len(before) >= LEAST_CHOICES:
        weights = fit_choices(before, prior, ridge)
        return None if weights is None else _ndcg(last, weights)
    found = np.zeros(len(last))
    for start in (0, 1):
        weights = fit_choices(last[1 - start :: 2], prior, ridge)
        if weights is None:
            return None
        found[start::2] = _ndcg(last[start::2], weights)
    return found


def _vector(named: Mapping[str, float]) -> Floats:
    return np.array([named.get(name, 0.0) for name in features.NAMES])


def _ndcg(choices: list[Choice], by: Floats) -> Floats:
    """NDCG@10 of each choice, ranked by the weights."""
    return np.array(
        [
            ndcg(one.candidates[np.argsort(-(one.rows @ by), kind="stable")[:10]].tolist(), one.truth, 10)
            for one in choices
        ]
    )


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
    interactions: Interactions, cut: int, content: Table, ridge_factor: float, seed: int
) -> dict[str, list[Choice]]:
    """Candidates of customers as of the moment `cut`, and what they bought since, by mode."""
    before = interactions.before(cut)
    after = interactions.after(cut).only(PURCHASE)
    returning = before.came_back(after, MOST_CHOICES, seed)
    found: dict[str, list[Choice]] = {"new": [], "any": []}
    if not returning:
        return found
    facts = ProductFacts.of(before, content, ridge_factor)
    popular = facts.by_popularity()
    past, future = before.by_user(), after.by_user()
    for user in returning:
        profile = before.profile(past[user])
        bought = frozenset(np.unique(after.items[future[user]]).tolist())
        scores = candidates.source_scores(facts, profile)
        owned = profile.items[profile.bought]
        for name, hidden in (("new", owned), ("any", owned[:0])):
            truth = bought - frozenset(hidden.tolist())
            if not truth:
                continue
            allowed = np.ones(len(facts), dtype=bool)
            allowed[hidden] = False
            items = candidates.choose(scores, popular, profile, allowed)
            rows = features.rows(facts, profile, scores, items)
            found[name].append(Choice(items, rows, np.isin(items, list(truth)), truth))
    return found


def _windows(interactions: Interactions) -> list[tuple[int, int]]:
    """Begin and end of the windows, the last one first; as much history as a window is long lies before each."""
    if not len(interactions.at):
        return []
    first, end = int(interactions.at.min()), interactions.now
    length = int(np.clip((end - first) * LAST_SHARE, LAST_LEAST, LAST_MOST))
    windows = [(end - (back + 1) * length, end - back * length) for back in range(WINDOWS)]
    return [window for window in windows if window[0] - length >= first] or windows[:1]
