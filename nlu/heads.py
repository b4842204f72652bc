"""What is read off the sentence vector: linear heads, their calibration, and the distance from the known."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.errors import ModelDamaged
from nlu.spelling import Spelt

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
    spelling_weight: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 0), np.int8))
    """Shape (buckets, j): of character n-grams, for the first j intents; a shop's own have none."""
    spelling_scale: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """Shape (j,)."""
    spelling_bias: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    felt_weight: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 3), np.int8))
    """Shape (buckets, 3): what character n-grams say of the feeling; no rows where they have no say."""
    felt_scale: Floats = field(default_factory=lambda: np.zeros(3, np.float32))
    """Shape (3,)."""
    felt_bias: Floats = field(default_factory=lambda: np.zeros(3, np.float32))

    def logits(self, pooled: Floats, spelt: Spelt) -> Floats:
        """What speaks for each intent, shape (k,)."""
        logits: Floats = self.intent_weight @ pooled + self.intent_bias + self.spelling(spelt)
        return logits

    def spelling(self, spelt: Spelt) -> Floats:
        """The part of the logits that the vector has no say in, shape (k,)."""
        part = np.zeros(len(self.intents), np.float32)
        part[: len(self.spelling_bias)] = self.spelled(spelt).sum(0) + self.spelling_bias
        return part

    def spelled(self, spelt: Spelt) -> Floats:
        """What each n-gram says for each of the first j intents, shape (n, j)."""
        parts = self.spelling_weight[spelt.buckets] if self.spelling_weight.size else np.zeros((0, 0))
        result: Floats = (parts * (self.spelling_scale * spelt.value)).astype(np.float32)
        return result

    def feelings(self, pooled: Floats, spelt: Spelt) -> Floats:
        """What speaks for negative, neutral and positive, shape (3,); not yet divided by the temperature."""
        logits: Floats = self.sentiment_weight @ pooled + self.sentiment_bias + self.felt_bias
        if self.felt_weight.size:
            said = self.felt_weight[spelt.buckets].sum(0, dtype=np.int32)
            logits = logits + said.astype(np.float32) * (self.felt_scale * np.float32(spelt.value))
        return logits

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
                arrays = {
                    f.name: stored[f.name] for f in fields(cls) if f.name in stored or f.name in _NEEDED
                }
        except Exception as broken:
            raise ModelDamaged(
                f"{path} cannot be read ({broken}): build or fetch the model again."
            ) from broken
        intents = tuple(str(name) for name in arrays.pop("intents"))
        heads = cls(intents=intents, **{n: _usable(v) for n, v in arrays.items()})  # type: ignore[arg-type]
        if heads.intent_weight.shape != (len(intents), heads.mean.shape[0]):
            raise ModelDamaged(
                f"{path} does not fit together: {len(intents)} intents, weights {heads.intent_weight.shape}."
            )
        return heads


_OPTIONAL = {f"{what}_{part}" for what in ("spelling", "felt") for part in ("weight", "scale", "bias")}
_NEEDED = frozenset(f.name for f in fields(Heads)) - _OPTIONAL


def _usable(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return values if values.dtype == np.int8 else values.astype(np.float32)


def _storable(values: npt.NDArray[np.generic] | tuple[str, ...]) -> npt.NDArray[np.generic]:
    if isinstance(values, tuple):
        return np.array(values)
    return values.astype(np.float16) if values.size > 1000 and values.dtype != np.int8 else values
