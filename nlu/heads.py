"""What is read off the sentence vector: linear heads, their calibration, and the distance from the known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernel.arrays import Floats32, Ints
from nlu.errors import ModelDamaged
from nlu.intents import OUT_OF_SCOPE
from nlu.ngrams import BUCKETS, Ngrams


def sigmoid(values: Floats32) -> Floats32:
    """The logistic function."""
    result: Floats32 = (1.0 / (1.0 + np.exp(-np.clip(values, -40.0, 40.0)))).astype(np.float32)
    return result


def units(vectors: Floats32) -> Floats32:
    """Vectors of unit length, by row; nought stays nought."""
    result: Floats32 = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return result


def logistic(value: float) -> float:
    """The logistic function of one number, in a tenth of the time."""
    return 1.0 / (1.0 + math.exp(-min(max(value, -40.0), 40.0)))


@dataclass(frozen=True, slots=True)
class HeadOutputs:
    """What the heads say of one message."""

    logits: Floats32
    """For each intent, shape (k,)."""
    sentiment: Floats32
    """For negative, neutral and positive, shape (3,); not yet divided by the temperature."""
    urgent: float
    """Logit."""
    offensive: float
    """Logit."""
    scope: float
    """How far outside the model's scope, from 0 to 1; 0.5 where the signs balance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Weights for vectors of d numbers and k intents."""

    intents: tuple[str, ...]
    intent_weight: Floats32
    """Shape (k, d)."""
    intent_bias: Floats32
    """Shape (k,)."""
    intent_slope: Floats32
    """Calibration: probability = sigmoid(slope · logit + offset); shape ()."""
    intent_offset: Floats32
    sentiment_weight: Floats32
    """Shape (3, d); negative, neutral, positive."""
    sentiment_bias: Floats32
    sentiment_temperature: Floats32
    urgent_weight: Floats32
    """Shape (1, d)."""
    urgent_bias: Floats32
    urgent_threshold: Floats32
    offensive_weight: Floats32
    offensive_bias: Floats32
    offensive_threshold: Floats32
    centres: Floats32
    """Mean vector of each intent of the shop's in the whitened space, shape (c, r)."""
    whitening: Floats32
    """Shape (d, r): centred vectors times this have unit covariance within an intent."""
    mean: Floats32
    """Shape (d,)."""
    scope_weights: Floats32
    """Shape (4,): of the margin of the class out_of_scope, the energy, the distance, and 1."""
    scope_threshold: Floats32
    spelling_weight: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 0), np.int8))
    """Shape (buckets, j): of character n-grams, for the first j intents; a shop's own have none."""
    spelling_scale: Floats32 = field(default_factory=lambda: np.zeros(0, np.float32))
    """Shape (j,)."""
    spelling_bias: Floats32 = field(default_factory=lambda: np.zeros(0, np.float32))
    felt_weight: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 3), np.int8))
    """Shape (buckets, 3): what character n-grams say of the sentiment; no rows where they have no say."""
    felt_scale: Floats32 = field(default_factory=lambda: np.zeros(3, np.float32))
    """Shape (3,)."""
    felt_bias: Floats32 = field(default_factory=lambda: np.zeros(3, np.float32))

    _stacked: Floats32 = field(init=False, repr=False, compare=False)
    """Every linear map of the vector in one, shape (k + 5 + r, d): intents, sentiment, urgent, offensive, whitening."""
    _added: Floats32 = field(init=False, repr=False, compare=False)
    """What is added to each, shape (k + 5 + r,)."""
    _table: npt.NDArray[np.int8] = field(init=False, repr=False, compare=False)
    """What n-grams say of intents and sentiment side by side, shape (buckets, k + 3): one look-up for both."""
    _steps: Floats32 = field(init=False, repr=False, compare=False)
    """Scale of each column of the table, shape (k + 3,)."""
    _common: Floats32 = field(init=False, repr=False, compare=False)
    """What each bucket says for all of the first j intents alike, shape (buckets,)."""
    _inside: Ints = field(init=False, repr=False, compare=False)
    """Places of all intents but out_of_scope."""
    _squared_lengths: Floats32 = field(init=False, repr=False, compare=False)
    """Squared length of each centre, shape (c,)."""

    def __post_init__(self) -> None:
        """Prepare what every message needs."""
        known = len(self.intents)
        whitening = self.whitening.astype(np.float32)
        maps = (
            self.intent_weight,
            self.sentiment_weight,
            self.urgent_weight,
            self.offensive_weight,
            whitening.T,
        )
        added = (
            self.intent_bias + _padded(self.spelling_bias, known),
            self.sentiment_bias + self.felt_bias,
            self.urgent_bias,
            self.offensive_bias,
            -(self.mean @ whitening),
        )
        table = np.zeros((max(len(self.spelling_weight), len(self.felt_weight)), known + 3), np.int8)
        table[: len(self.spelling_weight), : self.spelling_weight.shape[1]] = self.spelling_weight
        table[: len(self.felt_weight), known:] = self.felt_weight
        common = self.spelling_weight @ self.spelling_scale / np.float32(max(1, len(self.spelling_scale)))
        for name, values in (
            ("_stacked", np.ascontiguousarray(np.concatenate(maps), np.float32)),
            ("_added", np.concatenate(added).astype(np.float32)),
            ("_table", table),
            ("_steps", np.concatenate([_padded(self.spelling_scale, known), self.felt_scale])),
            ("_common", common.astype(np.float32)),
            ("_inside", np.array([i for i, name in enumerate(self.intents) if name != OUT_OF_SCOPE])),
            ("_squared_lengths", (self.centres * self.centres).sum(1)),
        ):
            object.__setattr__(self, name, values)

    def read(self, pooled: Floats32, ngrams: Ngrams) -> HeadOutputs:
        """What all heads say of one message."""
        known = len(self.intents)
        said = self._stacked @ pooled + self._added
        if self._table.size:
            counted = self._table.take(ngrams.buckets, 0).sum(0, dtype=np.int32)
            said[: known + 3] += counted * (self._steps * np.float32(ngrams.value))
        logits, sentiment, projected = said[:known], said[known : known + 3], said[known + 5 :]
        urgent, offensive = said[known + 3 : known + 5].tolist()
        signs = zip(self._signs(projected, logits), self.scope_weights.tolist(), strict=True)
        scope = logistic(sum(sign * weight for sign, weight in signs))
        return HeadOutputs(logits, sentiment, urgent, offensive, scope)

    def probabilities(self, logits: Floats32) -> Floats32:
        """Calibrated probability of each intent, shape (k,)."""
        return sigmoid(self.intent_slope * logits + self.intent_offset)

    def ngram_logits(self, ngrams: Ngrams) -> Floats32:
        """The part of the logits that the vector has no say in, shape (k,)."""
        said = self.spelling_weight[ngrams.buckets].sum(0) if self.spelling_weight.size else np.zeros(0)
        return _padded(said * self.spelling_scale * ngrams.value + self.spelling_bias, len(self.intents))

    def beyond_common(self, ngrams: Ngrams, intent: int) -> Floats32:
        """What each n-gram says for an intent beyond what it says for all, shape (n,); empty if it has no say there."""
        if intent >= len(self.spelling_scale):
            return np.zeros(0, np.float32)
        said = self.spelling_weight[ngrams.buckets, intent] * self.spelling_scale[intent]
        beyond: Floats32 = ((said - self._common[ngrams.buckets]) * ngrams.value).astype(np.float32)
        return beyond

    def scope_features(self, pooled: Floats32, logits: Floats32) -> Floats32:
        """Margin of the class out_of_scope, negative energy, Mahalanobis distance to the nearest intent, 1."""
        projected = ((pooled - self.mean) @ self.whitening).astype(np.float32)
        return np.array(self._signs(projected, logits), np.float32)

    def _signs(self, projected: Floats32, logits: Floats32) -> tuple[float, float, float, float]:
        inside = logits[self._inside]
        largest = float(inside.max())
        outside = float(logits[self.intents.index(OUT_OF_SCOPE)]) if len(inside) < len(logits) else 0.0
        energy = -(largest + math.log(float(np.exp(inside - largest).sum())))
        squared = float(
            (self._squared_lengths - 2.0 * (self.centres @ projected)).min() + projected @ projected
        )
        return outside - largest, energy, math.sqrt(max(0.0, squared)), 1.0

    def save(self, path: Path) -> None:
        """Write as .npz."""
        arrays = {f.name: _storable(getattr(self, f.name)) for f in fields(self) if f.init}
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
                    f.name: stored[f.name]
                    for f in fields(cls)
                    if f.init and (f.name in stored or f.name in _NEEDED)
                }
        except Exception as broken:
            raise ModelDamaged(
                f"{path} cannot be read ({broken}): build or fetch the model again."
            ) from broken
        intents = tuple(str(name) for name in arrays.pop("intents").ravel())
        try:
            _check_shapes(intents, arrays)
            return cls(intents=intents, **{n: _usable(v) for n, v in arrays.items()})  # type: ignore[arg-type]
        except ValueError as unlike:
            raise ModelDamaged(
                f"{path} does not fit together ({len(intents)} intents; {unlike}): build or fetch the model again."
            ) from unlike


_OPTIONAL = {f"{what}_{part}" for what in ("spelling", "felt") for part in ("weight", "scale", "bias")}
_NEEDED = frozenset(f.name for f in fields(Heads) if f.init) - _OPTIONAL
_SHAPES = {
    "intent_weight": "kd", "intent_bias": "k", "intent_slope": "", "intent_offset": "",
    "sentiment_weight": "3d", "sentiment_bias": "3", "sentiment_temperature": "",
    "urgent_weight": "1d", "urgent_bias": "1", "urgent_threshold": "",
    "offensive_weight": "1d", "offensive_bias": "1", "offensive_threshold": "",
    "centres": "cr", "whitening": "dr", "mean": "d", "scope_weights": "4", "scope_threshold": "",
    "spelling_weight": "bj", "spelling_scale": "j", "spelling_bias": "j",
    "felt_weight": "f3", "felt_scale": "3", "felt_bias": "3",
}  # fmt: skip
"""Of each array: a letter stands for one number wherever it occurs, see `Heads`."""


def _check_shapes(intents: Sequence[str], arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Make sure that no message can fail for what is stored.

    Raises:
        ValueError: an array has another shape, or there is nothing to tell apart.
    """
    sizes = {"k": len(intents)}
    for name, letters in _SHAPES.items():
        if name not in arrays or (not letters and arrays[name].size == 1):
            continue
        shape = arrays[name].shape
        sizes |= {c: n for c, n in zip(letters, shape, strict=False) if c.isalpha() and c not in sizes}
        wanted = tuple(sizes[c] if c in sizes else int(c) if c.isdigit() else -1 for c in letters)
        if shape != wanted:
            raise ValueError(f"{name} has the shape {shape}")
    if not set(intents) - {OUT_OF_SCOPE} or not sizes["c"]:
        raise ValueError("no intent within the scope")
    if len(intents) < 2:
        raise ValueError("no second intent to tell the first from")
    buckets, ngrams, felt = (sizes.get(c, 0) for c in "bjf")
    if ngrams > (len(intents) if buckets else 0) or {buckets, felt} - {0, BUCKETS}:
        raise ValueError(f"n-grams of {buckets} and {felt} buckets, not {BUCKETS}, for {ngrams} intents")


def _padded(values: npt.NDArray[np.floating], length: int) -> Floats32:
    """With noughts for the intents that n-grams do not speak for, shape (length,)."""
    padded = np.zeros(length, np.float32)
    padded[: len(values)] = values
    return padded


def _usable(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return values if values.dtype == np.int8 else values.astype(np.float32)


def _storable(values: npt.NDArray[np.generic] | tuple[str, ...]) -> npt.NDArray[np.generic]:
    if isinstance(values, tuple):
        return np.array(values)
    return values.astype(np.float16) if values.size > 1000 and values.dtype != np.int8 else values
