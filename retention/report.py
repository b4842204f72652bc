"""What a fit has to say about the data and about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One kind of bad rows in a history, and what was done about it."""

    code: str
    table: str
    count: int
    action: str
    """`dropped`, `blanked` (the number is taken as unknown), `left out` (of the fit) or `kept`."""
    message: str
    examples: tuple[str, ...] = ()
    """Ids of up to five of the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitReport:
    """The outcome of one fit: what to publish in `model_version`, and what to show to staff."""

    kind: str
    version: str
    directory: Path
    fitted_at: datetime
    seed: int
    data_hash: str
    """SHA-256 over the rows that were used, 64 hex digits."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """What there was too little data for, and what is used instead."""
    seconds: float = 0.0
