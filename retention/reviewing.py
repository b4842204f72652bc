"""Looks at a new version beside the one that is served, before it takes its place.

How they are compared is in `retention.judging`, what follows from it in `retention.promotion`; here is what moved, too.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from kernel.arrays import Floats
from kernel.times import to_micros
from retention import artifacts, drift, judging, promotion
from retention.checks import Checked, check
from retention.core import Core, load
from retention.drift import Drift
from retention.errors import ModelDamaged
from retention.features.expressions import RawTable, Shop
from retention.history import History
from retention.judging import Version
from retention.promotion import Verdict
from retention.recommenders.interactions import Interactions
from retention.recommenders.nightly import MOST as LATEST

ASKED_FOR = 200
"""Customers whose best recommendations are looked at for drift; drawn by the seed."""
SLOW = timedelta(days=30)
"""How far back the older version lies that drift is measured from, where one so old is kept."""
FIRST = "there was none before: nothing to compare it with"
UNJUDGED = "it was fitted without a backtest, so nothing says whether it is worse than the one in use"
"""Where another version was promoted while a shop's first one was fitted; the next refit is judged again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What there is to say of a new version."""

    verdict: Verdict
    drift: Drift | None
    """What has moved since the served version was fitted, and since one some weeks before; None when that can't
    be told."""


def review(served: Path | None, candidate: Path, history: History, *, now: datetime, seed: int = 0) -> Review:
    """Compare a new version with the one that is served, on a window that neither was fitted on, and look for drift.

    The rule is that of `retention.judging`. Drift is measured from the served version and from an older one beside
    the candidate (see `older_version`): what moves a little every night shows from there. Where none is served, the
    candidate is promoted, with or without a backtest; where one is that can be read, a candidate without a backtest
    is refused.

    Args:
        served: the folder of the version in use; None when there is none.
        candidate: the folder of the new one.
        history: what the candidate was fitted on.
        now: aware; of the candidate's fit.
        seed: of the customers drawn and of the bootstrap.

    Raises:
        ModelDamaged: the candidate can't be read.
    """
    new = Version.of(candidate)
    if served is None:
        return Review(verdict=_alone(FIRST, ""), drift=None)
    try:
        old = Version.of(served)
        then = reference_of(served)
    except ModelDamaged as error:
        return Review(verdict=_alone(f"the one before can't be read: {error}", served.name), drift=None)
    checked = check(history, now)
    if new.backtest is None:
        verdict = Verdict(promoted=False, reason=UNJUDGED, against=old.core.version)
    else:
        verdict = promotion.judge(old.core.version, judging.comparisons(old, new, checked, seed))
    return Review(verdict=verdict, drift=_drift(then, old.core, (served, candidate), checked, seed))


def reference_of(directory: Path) -> drift.Reference | None:
    """How the customers were when this version was fitted; None for one saved without it."""
    _, parts = artifacts.read(directory, only=("reference",))
    return drift.from_facts(parts["reference"][0]) if "reference" in parts else None


def older_version(served: Path, candidate: Path, now: datetime) -> Path | None:
    """The oldest version of the last 30 days in the candidate's folder, or else the latest before them.

    Only versions fitted before the served one count. Whether one was ever served is not looked at: what is
    compared is how the customers were when it was fitted.
    """
    before = _fitted_at(served)
    others = candidate.parent.iterdir() if before is not None else ()
    times = {one: _fitted_at(one) for one in others if one.name not in (served.name, candidate.name)}
    older = sorted((at, one) for one, at in times.items() if at is not None and before and at < before)
    recent = [one for at, one in older if at >= now - SLOW]
    if recent:
        return recent[0]
    return older[-1][1] if older else None


def _fitted_at(directory: Path) -> datetime | None:
    """None for what is no version that can be read."""
    try:
        return datetime.fromisoformat(artifacts.read_manifest(directory).fitted_at)
    except (ModelDamaged, ValueError):
        return None


def _drift(
    then: drift.Reference | None, old: Core, versions: tuple[Path, Path], checked: Checked, seed: int
) -> Drift | None:
    """From the served version, and from the older one; None where they were saved without a reference.

    Args:
        then: of the served version, which is `old`.
        versions: the folders of the served version and of the candidate.
    """
    table = RawTable.of(Shop(checked.history), to_micros(checked.now)).values

    def since(core: Core, then: drift.Reference | None, older: Drift | None = None) -> Drift | None:
        if then is None:
            return None
        best = best_scores(core, checked, seed)
        return drift.since(then, core.version, core.churn, table, best, older)

    slow, older = None, older_version(*versions, checked.now)
    if older is not None:
        with suppress(ModelDamaged):
            slow = since(load(older), reference_of(older))
    return since(old, then, slow)


def best_scores(core: Core, checked: Checked, seed: int) -> Floats:
    """What the recommender gives each customer's first product, repeats allowed; see `drift.BEST`.

    Of customers drawn from the latest to come, who are those that the fit has lists for; shape (at most
    ASKED_FOR,).
    """
    log = Interactions.of(checked, products=core.recommender.products)
    latest = log.latest_customers(LATEST)
    if len(latest) > ASKED_FOR:
        latest = np.random.default_rng(seed).choice(latest, ASKED_FOR, replace=False)
    rows = log.by_user()
    ranked = (core.recommender.rank(log.profile(rows[code]), repeats=True) for code in latest)
    return np.array([float(scores.max()) for _, scores in ranked if len(scores)], np.float64)


def _alone(reason: str, against: str) -> Verdict:
    return Verdict(promoted=True, reason=reason, against=against)
