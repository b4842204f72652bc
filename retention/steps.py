"""What a shop has learned of its offers: the chance of a purchase by loyalty tier and discount."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.arrays import Floats

VERSION = "thompson/1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepModel:
    """Chances to buy, by draw, tier and step. One is the same as itself alone: what was worked out with it is kept."""

    steps: tuple[int, ...]
    """Basis points off, rising; the first is 0."""
    tiers: tuple[str, ...]
    """The lowest first."""
    rules: tuple[int, ...]
    """What the published rules give each tier, basis points."""
    chances: Floats
    """To buy, shape (draws, tiers, steps); the first is at the posterior's mode, and no draw."""
    missing: tuple[str, ...]
    """What is lacking before steps can be learned; the rules decide where it isn't empty."""
    version: str = VERSION
