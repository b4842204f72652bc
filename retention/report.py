"""What a fit has to say about the data and about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

Model = TypeVar("Model", covariant=True)


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
class Readiness:
    """Whether a model had the data it needs; where it had not, what stands in for it and what would be needed."""

    model: str
    """What it is a model of, in the words of the documentation: `churn`, `recommend.new`, …"""
    enough: bool
    found: str
    """What there was, with its numbers: `31 customers with a known outcome`."""
    needed: str
    """What it takes, with its numbers: `50 customers with a known outcome, 10 of each`."""
    fallback: str = ""
    """What is used meanwhile; empty where there was enough."""

    def __post_init__(self) -> None:
        if self.enough == bool(self.fallback):
            raise ValueError(f"{self.model}: a fallback goes with too little data, and with nothing else")

    def __str__(self) -> str:
        """One sentence for people."""
        if self.enough:
            return f"{self.model}: {self.found}; enough"
        return f"{self.model}: {self.found}; needed: {self.needed}; until then: {self.fallback}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted(Generic[Model]):
    """A model, how it did on what it had not seen, and what it had to do without."""

    model: Model
    metrics: Mapping[str, float]
    notes: tuple[str, ...]
    readiness: tuple[Readiness, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of customers."""

    kind: str
    """`segment` (RFM) or `cluster`."""
    name: str
    """The segment's, or the cluster's number; the same from night to night."""
    customers: int
    meaning: str
    """In English words."""


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
    readiness: tuple[Readiness, ...] = ()
    """A word from each model on whether it had enough."""
    groups: tuple[Group, ...] = ()
    """Every RFM segment, then every cluster."""
    choices: tuple[Mapping[str, float], ...] = ()
    """Every number of clusters that was tried: `k`, `silhouette`, `stability`."""
    seconds: float = 0.0
