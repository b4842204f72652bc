"""The head of the feelings: learned once more from messages and reviews of any length, by meaning and by spelling."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from nlu.encoder import LARGEST_BATCH, Encoder
from nlu.heads import Floats, Heads
from nlu.intents import SENTIMENTS
from nlu.normalise import readable
from nlu.spelling import spell
from nlu.training.data import Example
from nlu.training.processes import cores
from nlu.training.spellings import fit_feelings, quantised, say_of_spelling

STRENGTH = 0.003
"""Inverse of the penalty of the head on standardised vectors."""


@dataclass(frozen=True, slots=True)
class Feelings:
    """Texts of any length with a feeling; where there are none, the head stays as it was trained."""

    learned: list[Example] = field(default_factory=list)
    apart: list[Example] = field(default_factory=list)
    """To weigh on; nothing learned from them."""


def vectors(encoder: Encoder, examples: Sequence[Example]) -> Floats:
    """Pooled vectors, shape (examples, d); a thread for each core, since the encoder has one a call."""
    texts = [readable(example.text) for example in examples]
    # The encoder's own batches, since messages of one share a step: vectors do not hang on the number of cores.
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    groups = [order[start : start + LARGEST_BATCH] for start in range(0, len(order), LARGEST_BATCH)]

    def read(group: list[int]) -> Floats:
        return np.stack([encoded.pooled for encoded in encoder.encode([texts[row] for row in group])])

    with ThreadPoolExecutor(cores()) as pool:
        found = np.concatenate(list(pool.map(read, groups)))
    rows = np.empty_like(found)
    rows[order] = found
    return rows


def learn_feelings(
    heads: Heads,
    encoder: Encoder,
    train: Sequence[Example],
    feelings: Feelings,
    development: Sequence[Example],
    seed: int,
) -> Heads:
    """The heads with the one of the feelings learned anew, and honest about how sure it is."""
    known = [example for example in development if example.sentiment]
    if not known:
        return heads
    known_vectors = vectors(encoder, known)
    if feelings.learned:
        ours = [example for example in train if example.source.startswith("corpus/") and example.sentiment]
        heads = _by_meaning(heads, encoder, ours, feelings.learned)
        heads = _by_spelling(heads, [*ours, *feelings.learned], seed)
        apart = [*known, *feelings.apart]
        heads = _mix(heads, apart, np.concatenate([known_vectors, vectors(encoder, feelings.apart)]))
    return cooled(heads, known, known_vectors)


def _by_meaning(heads: Heads, encoder: Encoder, ours: Sequence[Example], reviews: Sequence[Example]) -> Heads:
    """Training met few texts longer than a message, and long texts' vectors lie elsewhere."""
    learned = [*ours, *reviews]
    pooled = vectors(encoder, learned)
    centre, spread = pooled[: len(ours)].mean(0), pooled[: len(ours)].std(0) + 1e-3
    fitted = LogisticRegression(C=STRENGTH, max_iter=300).fit((pooled - centre) / spread, _wanted(learned))
    weight = fitted.coef_ / spread
    return replace(
        heads,
        sentiment_weight=weight.astype(np.float32),
        sentiment_bias=(fitted.intercept_ - weight @ centre).astype(np.float32),
    )


def _by_spelling(heads: Heads, learned: Sequence[Example], seed: int) -> Heads:
    weight, bias = fit_feelings(learned, seed)
    numbers, scale = quantised(weight)
    return replace(heads, felt_weight=numbers, felt_scale=scale, felt_bias=bias)


def _mix(heads: Heads, apart: Sequence[Example], pooled: Floats) -> Heads:
    meant = pooled @ heads.sentiment_weight.T + heads.sentiment_bias
    spelt = _logits(heads, apart, pooled) - meant
    share = say_of_spelling(meant, spelt, _wanted(apart), [example.source for example in apart])
    return replace(heads, felt_scale=heads.felt_scale * share, felt_bias=heads.felt_bias * share)


def cooled(heads: Heads, known: Sequence[Example], pooled: Floats) -> Heads:
    """With the temperature at which the head is as sure of the known feelings as it is right; (messages, d) vectors."""
    # In float64: the optimiser's steps are too small for float32 to tell apart.
    logits = _logits(heads, known, pooled).astype(np.float64)
    wanted = _wanted(known)

    def loss(temperature: npt.NDArray[np.float64]) -> float:
        scaled = logits / max(float(temperature[0]), 0.05)
        chosen = scaled[np.arange(len(known)), wanted]
        return float((np.logaddexp.reduce(scaled, axis=1) - chosen).mean())

    found = minimize(loss, np.array([1.0]), bounds=[(0.2, 5.0)])
    return replace(heads, sentiment_temperature=np.array(found.x[0], np.float32))


def _logits(heads: Heads, examples: Sequence[Example], pooled: Floats) -> Floats:
    rows = zip(examples, pooled, strict=True)
    return np.stack([heads.feelings(vector, spell(readable(example.text))) for example, vector in rows])


def _wanted(examples: Sequence[Example]) -> list[int]:
    return [SENTIMENTS.index(str(example.sentiment)) for example in examples]
