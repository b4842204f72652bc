"""Segments and clusters of a shop, night after night: fitted anew, and called what they were called before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kernel.arrays import Ints
from retention import artifacts
from retention.errors import ModelDamaged
from retention.report import Group, Readiness
from retention.segments import clusters, rfm
from retention.segments.clusters import Clusters
from retention.segments.rfm import Rfm, Segment

PART = "segments"
"""The name of divisions and clusters in a saved version."""
KEPT_SHARE = 0.9
"""The divisions of the version in use stay while so many customers have the same segment by them as by new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmented:
    """Divisions and clusters, how they did, and who is in them."""

    rfm: Rfm
    clusters: Clusters | None
    """None with too few customers."""
    metrics: dict[str, float]
    notes: tuple[str, ...]
    readiness: tuple[Readiness, ...]
    groups: tuple[Group, ...]
    """Every segment, then every cluster."""


def fit(
    table: Ints,
    *,
    horizon_days: int,
    usual_gap: float,
    seed: int,
    previous: tuple[Rfm, Clusters | None] | None = None,
) -> Segmented:
    """Divide and cluster tonight's customers.

    Args:
        table: raw features of everybody who has bought, shape (customers, raw.NAMES).
        horizon_days: what `lately` is.
        usual_gap: days between purchases.
        previous: of the version in use; None on the first night.
    """
    fresh = rfm.fit(table, horizon_days)
    divided, notes = fresh, []
    metrics: dict[str, float] = {}
    if previous is not None and len(table):
        same = _agreement(previous[0], fresh, table)
        metrics["segments_agreement"] = same
        if same >= KEPT_SHARE:
            divided = previous[0]
        else:
            notes.append(f"segments: divided anew; {1 - same:.0%} of the customers change theirs by it")
    before = previous[1] if previous is not None else None
    found = clusters.fit(table, usual_gap=usual_gap, seed=seed, previous=before)
    if found is not None:
        metrics |= _metrics(found)
        if before is not None and found.k != before.k:
            notes.append(f"clusters: {found.k} instead of {before.k}, which are clearly better now")
    return Segmented(
        rfm=divided,
        clusters=found,
        metrics=metrics,
        notes=tuple(notes),
        readiness=(_readiness(len(table), found),),
        groups=(*_segments(divided, table), *_clusters(found, table)),
    )


def saved(divided: Rfm, found: Clusters | None) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """As JSON-able facts and arrays; `restored` is the way back."""
    facts, arrays = clusters.saved(found) if found is not None else ({}, {})
    return {"rfm": asdict(divided), "clusters": facts}, arrays


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> tuple[Rfm, Clusters | None]:
    """From the saved form.

    Raises:
        KeyError: something is missing.
        ValueError: the clusters were saved with other features than this program computes.
    """
    found = clusters.restored(facts["clusters"], arrays) if facts["clusters"] else None
    own: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in facts["rfm"].items()
    }
    return Rfm(**own), found


def in_folder(directory: Path | None) -> tuple[Rfm, Clusters | None] | None:
    """Those of a saved version; None where there is none, or none that can be read."""
    if directory is None:
        return None
    try:
        _, parts = artifacts.read(directory, only=(PART,))
        return restored(*parts[PART]) if PART in parts else None
    except (ModelDamaged, KeyError, ValueError, TypeError):
        return None


def _agreement(one: Rfm, other: Rfm, table: Ints) -> float:
    pairs = zip(one.segments(table), other.segments(table), strict=True)
    return float(np.mean([mine is theirs for mine, theirs in pairs]))


def _metrics(found: Clusters) -> dict[str, float]:
    metrics = {"clusters_k": float(found.k), "clusters_silhouette": found.silhouette}
    metrics["clusters_stability"] = next(one.stability for one in found.choices if one.k == found.k)
    if found.agreement is not None:
        metrics["clusters_agreement"] = found.agreement
    return metrics


def _segments(divided: Rfm, table: Ints) -> list[Group]:
    sizes = Counter(divided.segments(table))
    return [
        Group(kind="segment", name=one.value, customers=sizes[one], meaning=rfm.MEANING[one][1])
        for one in Segment
    ]


def _clusters(found: Clusters | None, table: Ints) -> list[Group]:
    if found is None:
        return []
    sizes = Counter(found.assign(table).tolist())
    return [
        Group(kind="cluster", name=str(one), customers=sizes[one], meaning=found.in_words(one))
        for one in found.numbers.tolist()
    ]


def _readiness(customers: int, found: Clusters | None) -> Readiness:
    return Readiness(
        model="clusters",
        enough=found is not None,
        found=f"{customers} customers who bought",
        needed=f"{clusters.LEAST_CUSTOMERS} customers who bought, at least {clusters.CHOICES[0]} of them different",
        fallback="" if found is not None else "RFM segments alone",
    )
