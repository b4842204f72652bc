"""From trained heads to honest ones: probabilities that come true, thresholds, and the distance from the known.

Everything is fitted on vectors of the exported 8-bit encoder, since those are what the bot will meet.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from nlu.encoder import Encoder
from nlu.heads import Floats, Heads, sigmoid
from nlu.intents import INTENTS, OUT_OF_SCOPE
from nlu.normalise import readable
from nlu.spelling import spell
from nlu.training.data import Example
from nlu.training.feelings import Feelings, learn_feelings, vectors
from nlu.training.network import Reader
from nlu.training.spellings import fit_spelling, quantised, say_of_spelling

DIRECTIONS = 96
"""Directions of the vector space that the Mahalanobis distance looks at."""
IN_SCOPE_KEPT = 0.965
"""Share of development messages within the scope that must count as understood."""
MOST_CENTRES_FROM = 20_000
"""Messages, drawn from all that are trained on."""


def calibrate(
    reader: Reader,
    encoder: Encoder,
    train: Sequence[Example],
    development: Sequence[Example],
    feelings: Feelings,
    seed: int,
) -> Heads:
    """The trained heads with calibration, thresholds and scope; see `Material` for the messages."""
    labelled = drawn(train, seed)
    train_vectors = vectors(encoder, labelled)
    heads = _trained(reader, train_vectors, labelled)
    known = [example for example in development if example.intents]
    known_vectors = vectors(encoder, known)
    heads = _mix(_with_spelling(heads, train, seed), known, known_vectors)
    heads = calibrated(heads, known, known_vectors)
    heads = learn_feelings(heads, encoder, train, feelings, known, seed)
    heads = _choose_threshold("urgent", heads, known, known_vectors)
    swearing = [example for example in development if example.offensive is not None]
    heads = _choose_threshold(
        "offensive", heads, swearing, vectors(encoder, swearing) if swearing else known_vectors
    )
    return _learn_scope(heads, known, known_vectors)


def drawn(train: Sequence[Example], seed: int) -> list[Example]:
    """The messages that show where each intent lies; they come by language, so the first alone would be Chinese."""
    labelled = [example for example in train if example.intents]
    return random.Random(seed).sample(labelled, min(MOST_CENTRES_FROM, len(labelled)))


def _trained(reader: Reader, train_vectors: Floats, labelled: Sequence[Example]) -> Heads:
    weights: dict[str, Floats] = {}
    for name in reader.heads:
        weight, bias = reader.folded(name)
        weights |= {f"{name}_weight": weight.numpy(), f"{name}_bias": bias.numpy()}
    mean, whitening, centres = _geometry(train_vectors, labelled)
    one, half = np.array(1.0, np.float32), np.array(0.5, np.float32)
    return Heads(
        intents=INTENTS,
        **weights,  # type: ignore[arg-type]
        intent_slope=one,
        intent_offset=np.array(0.0, np.float32),
        sentiment_temperature=one,
        urgent_threshold=half,
        offensive_threshold=np.array(0.7, np.float32),
        centres=centres,
        whitening=whitening,
        mean=mean,
        scope_weights=np.array([1.0, 0.0, 0.0, 0.0], np.float32),
        scope_threshold=half,
    )


def _geometry(train_vectors: Floats, labelled: Sequence[Example]) -> tuple[Floats, Floats, Floats]:
    """Mean, whitening and class centres (Lee et al. 2018, with the shared covariance cut to its main directions)."""
    names = np.array([(example.intents or ("",))[0] for example in labelled])
    mean = train_vectors.mean(0)
    groups = [train_vectors[names == name] for name in sorted(set(names) - {OUT_OF_SCOPE})]
    within = np.concatenate([group - group.mean(0) for group in groups])
    values, directions = np.linalg.eigh(np.cov(within.T).astype(np.float64))
    whitening = directions[:, -DIRECTIONS:] / np.sqrt(values[-DIRECTIONS:] + 1e-6)
    centres = np.stack([(group.mean(0) - mean) @ whitening for group in groups])
    return mean.astype(np.float32), whitening.astype(np.float32), centres.astype(np.float32)


def _with_spelling(heads: Heads, train: Sequence[Example], seed: int) -> Heads:
    weight, bias = fit_spelling(train, seed)
    numbers, scale = quantised(weight)
    return replace(heads, spelling_weight=numbers, spelling_scale=scale, spelling_bias=bias)


def _mix(heads: Heads, known: Sequence[Example], pooled: Floats) -> Heads:
    """Give the n-grams the say that makes the development messages likeliest, beside the sentence vector."""
    meant = pooled @ heads.intent_weight.T + heads.intent_bias
    spelt = _logits(heads, known, pooled) - meant
    wanted = [INTENTS.index((example.intents or ("",))[0]) for example in known]
    share = say_of_spelling(meant, spelt, wanted, [example.source for example in known])
    return replace(
        heads, spelling_scale=heads.spelling_scale * share, spelling_bias=heads.spelling_bias * share
    )


def _logits(heads: Heads, examples: Sequence[Example], pooled: Floats) -> Floats:
    rows = zip(examples, pooled, strict=True)
    return np.stack([heads.logits(vector, spell(readable(example.text))) for example, vector in rows])


def calibrated(heads: Heads, known: Sequence[Example], pooled: Floats) -> Heads:
    """Platt scaling of the best intents' logits: of those called 80 % likely, 80 % are right."""
    logits = _logits(heads, known, pooled)
    best = np.argsort(-logits, axis=1)[:, :3]
    scores = np.take_along_axis(logits, best, 1).ravel()
    right = np.array(
        [
            [INTENTS[i] in (example.intents or ()) for i in row]
            for row, example in zip(best, known, strict=True)
        ]
    ).ravel()
    fitted = LogisticRegression(C=1e6).fit(scores[:, None], right)
    return replace(
        heads,
        intent_slope=np.array(fitted.coef_[0, 0], np.float32),
        intent_offset=np.array(fitted.intercept_[0], np.float32),
    )


def _choose_threshold(head: str, heads: Heads, known: Sequence[Example], pooled: Floats) -> Heads:
    """The threshold of a yes-or-no head with the best F1."""
    rows = [i for i, example in enumerate(known) if getattr(example, head) is not None]
    if not any(getattr(known[i], head) for i in rows):
        return heads
    wanted = np.array([bool(getattr(known[i], head)) for i in rows])
    weight, bias = getattr(heads, f"{head}_weight"), getattr(heads, f"{head}_bias")
    scores = sigmoid(pooled[rows] @ weight[0] + bias[0])
    candidates = np.linspace(0.2, 0.8, 25)
    quality = [_f1(scores > threshold, wanted) for threshold in candidates]
    best = np.array(candidates[int(np.argmax(quality))], np.float32)
    return (
        replace(heads, urgent_threshold=best)
        if head == "urgent"
        else replace(heads, offensive_threshold=best)
    )


def _f1(said: npt.NDArray[np.bool_], wanted: npt.NDArray[np.bool_]) -> float:
    return 2.0 * float((said & wanted).sum()) / max(1.0, float(said.sum() + wanted.sum()))


def _learn_scope(heads: Heads, known: Sequence[Example], pooled: Floats) -> Heads:
    """Weigh the three signs of a foreign message; set the threshold so that few of ours are turned away."""
    logits = _logits(heads, known, pooled)
    outside = np.array([OUT_OF_SCOPE in (example.intents or ()) for example in known])
    if not outside.any():
        return heads
    features = np.stack([heads.scope_features(*pair) for pair in zip(pooled, logits, strict=True)])
    scale = features[:, :3].std(0)
    fitted = LogisticRegression(class_weight="balanced").fit(features[:, :3] / scale, outside)
    weights = np.append(fitted.coef_[0] / scale, fitted.intercept_[0]).astype(np.float32)
    scores = sigmoid(features @ weights)
    threshold = max(0.5, float(np.quantile(scores[~outside], IN_SCOPE_KEPT)))
    return replace(heads, scope_weights=weights, scope_threshold=np.array(min(threshold, 0.95), np.float32))
