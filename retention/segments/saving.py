"""Divisions and clusters as the part of a saved model that holds both, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from retention.segments import clusters, rfm
from retention.segments.clusters import Clusters
from retention.segments.rfm import Rfm

PART = "segments"


def saved(divided: Rfm, found: Clusters | None) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """As JSON-able facts and arrays; `restored` is the way back."""
    facts, arrays = clusters.saved(found) if found is not None else ({}, {})
    return {"rfm": rfm.saved(divided), "clusters": facts}, arrays


def restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> tuple[Rfm, Clusters | None]:
    """From the saved form.

    Raises:
        KeyError: something is missing.
        ValueError: the clusters were saved with other features than this program computes.
    """
    found = clusters.restored(facts["clusters"], arrays) if facts["clusters"] else None
    return rfm.restored(facts["rfm"]), found
