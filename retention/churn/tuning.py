"""How deep trees grow and how many there are, by cross-validation, with an eye on the loss of each held-out fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kernel.arrays import Bools, Floats, Ints
from retention.churn import trees
from retention.churn.logistic import FOLDS, losses_of
from retention.churn.trees import Setting, Trees

LEAST = Setting(trees=800, depth=2, rate=0.1, leaf=5, ridge=1.0, rows=400, of_a_label=40)
DEPTHS = (2, 3, 5, 8)
"""From a few interactions to trees that tell nearly every row from its neighbours."""
HOPELESS = 2.0
"""Standard errors of the paired difference of loss beyond which a setting is not tried on further folds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The setting that did best on rows that its trees had not seen."""

    setting: Setting
    """With as many trees as did best."""
    unseen: Floats
    """Log-odds of every row by trees without its fold, as many as did best on the other folds, shape (rows,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A setting's trees without each fold, up to the number that did best on it."""

    setting: Setting
    fitted: tuple[Trees, ...]
    losses: Floats
    """Of every row by the trees without its fold; NaN in folds not tried yet, shape (rows,)."""

    @property
    def mean(self) -> float:
        """The mean loss of the folds that were tried."""
        return float(np.nanmean(self.losses))


def choose(rows: Floats, label: Bools, folds: Ints, *, kinds: Bools, seed: int) -> Choice | None:
    """The depth that does best, and then whether more variety among the trees or slower learning does better still.

    Args:
        rows: as `trees.fit` takes them.
        folds: below `FOLDS`, shape (rows,).

    Returns:
        None where there are too few rows for trees, or they can't be taken out of the library.
    """
    if not trees.enough(label, LEAST):
        return None
    best = _best([replace(LEAST, depth=one) for one in DEPTHS], rows, label, folds, kinds, seed)
    if best is None:
        return None
    found = best.setting
    varied = [replace(found, columns=0.5), replace(found, rate=found.rate / 2, trees=2 * found.trees)]
    best = _best(varied, rows, label, folds, kinds, seed, against=best) or best
    counts = [len(one.feature) for one in best.fitted]
    unseen = np.zeros(len(label))
    for fold, fitted in enumerate(best.fitted):
        mine = folds == fold
        others = [count for place, count in enumerate(counts) if place != fold]
        unseen[mine] = fitted.first(round(float(np.mean(others)))).predict(rows[mine])
    return Choice(setting=replace(best.setting, trees=round(float(np.mean(counts)))), unseen=unseen)


def _best(
    settings: Sequence[Setting],
    rows: Floats,
    label: Bools,
    folds: Ints,
    kinds: Bools,
    seed: int,
    against: Tried | None = None,
) -> Tried | None:
    """The setting with the least loss, fold by fold without those that are hopeless by then; None where trees can't be
    taken out of the library."""
    racing = [Tried(setting=one, fitted=(), losses=np.full(len(label), np.nan)) for one in settings]
    known = [against] if against else []
    for fold in range(FOLDS):
        further = [_further(one, fold, rows, label, folds, kinds, seed) for one in racing]
        if any(one is None for one in further):
            return None
        racing = _hopeful([one for one in further if one is not None], known, folds <= fold)
    return min([*known, *racing], key=lambda one: one.mean)


def _further(
    tried: Tried, fold: int, rows: Floats, label: Bools, folds: Ints, kinds: Bools, seed: int
) -> Tried | None:
    mine = folds == fold
    fitted = trees.fit(
        rows[~mine],
        label[~mine],
        seed=seed,
        setting=replace(tried.setting, rows=0, of_a_label=1),  # what is needed of all rows is there
        kinds=kinds,
        watched=(rows[mine], label[mine]),
    )
    if fitted is None:
        return None
    losses = tried.losses.copy()
    losses[mine] = losses_of(label[mine], fitted.predict(rows[mine]))
    return replace(tried, fitted=(*tried.fitted, fitted), losses=losses)


def _hopeful(racing: list[Tried], known: list[Tried], so_far: Bools) -> list[Tried]:
    """Without those whose loss is clearly above the least."""
    least = min([*racing, *known], key=lambda one: float(one.losses[so_far].mean())).losses[so_far]
    kept = []
    for one in racing:
        worse = one.losses[so_far] - least
        if worse.mean() <= HOPELESS * worse.std() / np.sqrt(len(worse)):
            kept.append(one)
    return kept
