"""Who leaves, what they want next, and at what price: tables in, decisions out.

Serving needs `load` or `unfitted` and the values of `retention.types`, and imports NumPy alone. Fitting needs
`fit` and `retention.history`, which import Arrow, DuckDB and scikit-learn when they are called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from retention.churn.warning import Warned, crossings, settled
from retention.core import Core, load, unfitted
from retention.errors import HistoryError, MissingColumn, ModelDamaged, RetentionError, WrongType
from retention.recommenders.nightly import forget, listed
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
    from retention.fitting import fit
    from retention.reviewing import review
    from retention.scoring import score_customers


_FITTING = {"fit": "fitting", "score_customers": "scoring", "review": "reviewing"}


def __getattr__(name: str) -> Any:
    """What imports Arrow, DuckDB and scikit-learn is imported when it is asked for."""
    if name not in _FITTING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"retention.{_FITTING[name]}"), name)


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
    "forget",
    "listed",
    "load",
    "review",
    "score_customers",
    "settled",
    "unfitted",
]
