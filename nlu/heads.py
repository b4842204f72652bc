"""What is read off the sentence vector: linear heads, their calibration, and the distance from the known."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.errors import ModelDamaged

Floats = npt.NDArray[np.float32]


def sigmoid(values: Floats) -> Floats:
    """The logistic function."""
    result: Floats = (1.0 / (1.0 + np.exp(-np.clip(values, -40.0, 40.0)))).astype(np.float32)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Weights for vectors of d numbers and k intents."""

    intents: tuple[str, ...]
    intent_weight: Floats
    """Shape (k, d)."""
    intent_bias: Floats
    """Shape (k,)."""
    intent_slope: Floats
    """Calibration: probability = sigmoid(slope · logit + offset); shape ()."""
    intent_offset: Floats
    sentiment_weight: Floats
    """Shape (3, d); negative, neutral, positive."""
    sentiment_bias: Floats
    sentiment_temperature: Floats
    urgent_weight: Floats
    """Shape (1, d)."""
    urgent_bias: Floats
    urgent_threshold: Floats
    offensive_weight: Floats
    offensive_bias: Floats
    offensive_threshold: Floats
    centres: Floats
    """Mean vector of each intent of the shop's, shape (c, d), in the whitened space."""
    whitening: Floats
    """Shape (d, r): centred vectors times this have unit covariance within an intent."""
    mean: Floats
    """Shape (d,)."""
    scope_weights: Floats
    """Shape (4,): of the margin of the class out_of_scope, the energy, the distance, and 1."""
    scope_threshold: Floats

    def scope(self, pooled: Floats, logits: Floats) -> float:
        """How far outside the model's scope, above 0; 0.5 where the features balance."""
        return float(sigmoid(self.scope_features(pooled, logits) @ self.scope_weights))

    def scope_features(self, pooled: Floats, logits: Floats) -> Floats:
        """Margin of the class out_of_scope, negative energy, Mahalanobis distance to the nearest intent, 1."""
        outside = self.intents.index("out_of_scope") if "out_of_scope" in self.intents else None
        inside = np.delete(logits, outside) if outside is not None else logits
        margin = logits[outside] - inside.max() if outside is not None else -inside.max()
        energy = -np.logaddexp.reduce(inside)
        projected = (pooled - self.mean) @ self.whitening
        distance = np.sqrt(((self.centres - projected) ** 2).sum(1).min())
        return np.array([margin, energy, distance, 1.0], np.float32)

    def save(self, path: Path) -> None:
        """Write as .npz."""
        arrays = {f.name: _storable(getattr(self, f.name)) for f in fields(self)}
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> Heads:
        """Read what `save` wrote.

        Raises:
            ModelDamaged: the file is absent, cut short or of another shape.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {f.name: stored[f.name] for f in fields(cls)}
        except Exception as broken:
            raise ModelDamaged(
                f"{path} cannot be read ({broken}): build or fetch the model again."
            ) from broken
        intents = tuple(str(name) for name in arrays.pop("intents"))
        heads = cls(intents=intents, **{name: values.astype(np.float32) for name, values in arrays.items()})
        if heads.intent_weight.shape != (len(intents), heads.mean.shape[0]):
            raise ModelDamaged(
                f"{path} does not fit together: {len(intents)} intents, weights {heads.intent_weight.shape}."
            )
        return heads


def _storable(values: Floats | tuple[str, ...]) -> npt.NDArray[np.generic]:
    if isinstance(values, tuple):
        return np.array(values)
    return values.astype(np.float16) if values.size > 1000 else values
