"""One recommender fitted, with what its fit measured and has to say, for the commands and the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from retention import artifacts
from retention.recommenders.base import Goods, ItemModel
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
        manifest = {
            "version": directory.name,
            "fitted_at": at.isoformat(),
            "seed": seed,
            "data_hash": data_hash,
            "metrics": dict(self.metrics),
            "notes": list(self.notes),
            "readiness": [asdict(one) for one in self.model.readiness],
        }
        # The model alone knows the form of its files; only the manifest is ours to fill.
        with TemporaryDirectory() as scratch:
            draft = Path(scratch) / "model"
            self.model.save(draft)
            _, parts = artifacts.read(draft)
        artifacts.write(directory, manifest, parts)


def fit_with_notes(
    name: str,
    interactions: Interactions,
    *,
    seed: int = 0,
    progress: Progress = lambda step, share: None,
) -> FittedModel:
    """As `fit_model`, keeping what the fit measured and had to say.

    Raises:
        KeyError: there is no such model.
        ImportError: the model's optional dependencies are not installed.
    """
    if name == AUTO:
        fitted = _fit_auto(interactions, seed, progress)
    else:
        fitted = FittedModel(fit_model(name, interactions, seed=seed, progress=progress))
    lacking = [str(one) for one in fitted.model.readiness if not one.enough]
    return FittedModel(fitted.model, fitted.metrics, (*fitted.notes, *lacking))


def _fit_auto(interactions: Interactions, seed: int, progress: Progress) -> FittedModel:
    """The registry's `auto` gives the model alone; here its measures and notes are wanted, too."""
    from retention.recommenders import fit
    from retention.recommenders.fitting import popularity
    from retention.recommenders.models.two_stage import TwoStage

    progress(f"fitting {AUTO}", 0.0)
    fitted = fit.fit(interactions, seed=seed)
    goods = Goods.of(interactions.products, popularity(interactions))
    progress(f"fitting {AUTO}", 1.0)
    return FittedModel(TwoStage(goods, fitted.readiness, fitted.model), fitted.metrics, fitted.notes)
