"""Who leaves, what they want next, and at what price: tables in, decisions out.

Serving needs `load` or `unfitted` and the values of `retention.types`, and imports NumPy alone. Fitting needs
`fit` and `retention.history`, which import Arrow, DuckDB and scikit-learn when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retention.churn.warning import Warned, crossings, settled
from retention.core import Core, load, unfitted
from retention.errors import HistoryError, MissingColumn, ModelDamaged, RetentionError, WrongType
from retention.report import FitReport, Problem, Readiness
from retention.types import (
    CustomerId,
    Event,
    EventKind,
    LiveOffer,
    Money,
    Offer,
    OfferContext,
    PricePolicy,
    ProductId,
    ProductState,
    Reason,
    Recommendation,
    RecommendContext,
    RetentionCore,
    Risk,
    RiskBand,
    RiskContext,
    ShopRules,
)

if TYPE_CHECKING:
    from retention.history import History
    from retention.reviewing import Review


def fit(
    history: History,
    out: Path,
    *,
    now: datetime,
    seed: int = 0,
    progress: Callable[[str, float], None] = lambda step, share: None,
    previous: Path | None = None,
    judged: bool = True,
) -> FitReport:
    """Fit everything on a shop's history and write one model version to `out`.

    Meant for a child process: it imports Arrow, DuckDB and scikit-learn and takes seconds. What there is too
    little data for is left out, and the report's `notes` say so; an empty history gives a working model.

    The models are fitted twice: on everything, to serve, and on what lies before the last window, to be judged there
    by `review`. A shop's first version has nothing to be compared with and can do without the second (`judged`).

    Args:
        history: build it with `retention.history.History.of`.
        out: the folder of this version, such as `models/retention/20261124T020000`; it must be absent or
            empty. It appears whole or not at all. The version is the folder's name.
        now: aware; events after it are refused as coming from the future.
        seed: of every random choice; the same history, moment and seed give the same files.
        progress: called with the step's name and the share done, 0 to 1.
        previous: the folder of the version in use, whose segments and clusters keep their names; what can't be read
            there is taken as absent.
        judged: whether to fit what `review` judges the version by, too. It takes nearly as long again; without it the
            version is never promoted over one that can be read.

    Raises:
        FileExistsError: `out` holds something already.
        HistoryError: a table is not in the documented form.
    """
    from retention.fitting import fit_all

    return fit_all(history, out, now=now, seed=seed, progress=progress, previous=previous, judged=judged)


def score_customers(directory: Path, history: History, *, now: datetime) -> Iterator[Risk]:
    """The risk of every customer who ever bought, in the order of their ids, from the model in `directory`.

    The same numbers that `RetentionCore.risk` gives one by one, computed for all at once; for the child
    process that has just fitted.

    Raises:
        ModelDamaged: the model cannot be read.
    """
    from retention.fitting import score_all

    return score_all(directory, history, now)


def review(served: Path | None, candidate: Path, history: History, *, now: datetime, seed: int = 0) -> Review:
    """Compare a new version with the one that is served, on a window that neither was fitted on, and look for drift.

    The rule is that of `retention.judging`.

    Args:
        served: the folder of the version in use; None when there is none.
        candidate: the folder of the new one.
        history: what the candidate was fitted on.
        now: aware; of the candidate's fit.
        seed: of the customers drawn and of the bootstrap.

    Returns:
        Whether the candidate may be served, with the numbers; and what has moved since the served one's fit.

    Raises:
        ModelDamaged: the candidate can't be read.
    """
    from retention.reviewing import review as look

    return look(served, candidate, history, now=now, seed=seed)


__all__ = [
    "Core",
    "CustomerId",
    "Event",
    "EventKind",
    "FitReport",
    "HistoryError",
    "LiveOffer",
    "MissingColumn",
    "ModelDamaged",
    "Money",
    "Offer",
    "OfferContext",
    "PricePolicy",
    "Problem",
    "ProductId",
    "ProductState",
    "Readiness",
    "Reason",
    "RecommendContext",
    "Recommendation",
    "RetentionCore",
    "RetentionError",
    "Risk",
    "RiskBand",
    "RiskContext",
    "ShopRules",
    "Warned",
    "WrongType",
    "crossings",
    "fit",
    "load",
    "review",
    "score_customers",
    "settled",
    "unfitted",
]
