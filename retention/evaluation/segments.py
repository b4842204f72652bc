"""How a log's customers fall into RFM segments and clusters of behaviour, and how firm the clusters are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from retention.checks import Checked
from retention.churn.windows import buyers, choose_horizon, rhythm_of, usual_gap
from retention.features.expressions import Shop
from retention.segments import clusters, rfm
from retention.segments.clusters import Clusters
from retention.segments.rfm import Segment
from retention.times import DAY, to_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmentation:
    """Everybody who has bought, divided in two ways."""

    customers: int
    recent_days: int
    """Bought within so many days: lately."""
    sizes: Mapping[Segment, int]
    clusters: Clusters | None
    """With how good each number of clusters would be; None with too few customers."""
    cluster_sizes: tuple[int, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What there was too little data for."""
        if self.clusters is not None:
            return []
        least = clusters.LEAST_CUSTOMERS
        return [f"{self.customers} customers who bought; clusters need {least}: left out"]


def segment(checked: Checked, *, seed: int, horizon_days: int | None = None) -> Segmentation:
    """Divide the customers as of `checked.now`.

    Args:
        horizon_days: what `lately` is; None takes it from the shop's own gaps between purchases.
    """
    now = to_micros(checked.now)
    first, gaps = rhythm_of(checked)
    days = horizon_days or choose_horizon(gaps, (now - first) / DAY if first else 0.0)
    with threadpool_limits(1):
        table = buyers(Shop(checked.history), now).values
        found = clusters.fit(table, usual_gap=usual_gap(gaps), seed=seed)
    sizes = Counter(rfm.fit(table, days).segments(table))
    members = Counter(found.assign(table).tolist()) if found is not None else Counter[int]()
    return Segmentation(
        customers=len(table),
        recent_days=days,
        sizes={one: sizes[one] for one in Segment},
        clusters=found,
        cluster_sizes=tuple(members[one] for one in range(len(found.centres))) if found is not None else (),
    )
