"""One recommender fitted, with what its fit measured and has to say, for the commands and the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from retention.recommenders.base import ItemModel
from retention.recommenders.registry import Progress, fit_model

if TYPE_CHECKING:
    from datetime import datetime

    from retention.recommenders.interactions import Interactions

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A recommender that has been fitted."""

    model: ItemModel
    metrics: Mapping[str, float] = field(default_factory=dict)
    """As the fit measured them on the last weeks it learned from; empty for a model that measures nothing."""
    notes: tuple[str, ...] = ()
    """What was chosen, and what there was too little data for."""

    def save(self, directory: Path, *, at: datetime, seed: int, data_hash: str) -> None:
        """Write the model with its measures and notes in the manifest, whole or not at all.

        Args:
            at: aware UTC; the moment up to which it has learned.

        Raises:
            FileExistsError: the folder holds something already.
        """
        self.model.save(
            directory, at=at, seed=seed, data_hash=data_hash, metrics=self.metrics, notes=self.notes
        )


def fit_with_notes(
    name: str,
    interactions: Interactions,
    *,
    seed: int = 0,
    progress: Progress = lambda step, share: None,
) -> FittedModel:
    """As `fit_model`, keeping what the fit measured and had to say; `auto` takes any number of customers.

    Raises:
        KeyError: there is no such model.
        ImportError: the model's optional dependencies are not installed.
    """
    from retention.recommenders.fitting import two_stage
    from retention.recommenders.learning import noted

    with noted() as said:
        if name == AUTO:
            progress(f"fitting {AUTO}", 0.0)
            model, metrics, notes = two_stage(interactions, seed)
            progress(f"fitting {AUTO}", 1.0)
            fitted = FittedModel(model, metrics, notes)
        else:
            fitted = FittedModel(fit_model(name, interactions, seed=seed, progress=progress))
    lacking = [str(one) for one in fitted.model.readiness if not one.enough]
    return FittedModel(fitted.model, fitted.metrics, (*fitted.notes, *said, *lacking))
