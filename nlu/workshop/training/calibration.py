"""From a trained network to the heads that ship: n-grams beside the vectors, calibration, thresholds, and the scope.

Everything is fitted on vectors of the exported 8-bit encoder, since those are what the bot will meet.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, SGDClassifier

from kernel.arrays import Bools, Floats, Floats32
from nlu.encoder import LARGEST_BATCH, Encoder, batches_by_length
from nlu.heads import HeadOutputs, Heads, sigmoid
from nlu.intents import INTENTS, OUT_OF_SCOPE, SENTIMENTS
from nlu.ngrams import BUCKETS, ngrams_of
from nlu.normalise import encoder_text
from nlu.workshop.datasets import Example
from nlu.workshop.training.augmentation import augment
from nlu.workshop.training.network import Reader
from nlu.workshop.training.parallel import cores
from nlu.workshop.training_data import SentimentTexts

DIRECTIONS = 96
"""Directions of the vector space that the Mahalanobis distance looks at."""
IN_SCOPE_KEPT = 0.965
"""Share of development messages within the scope that must count as understood."""
MOST_CENTRES_FROM = 20_000
"""Messages, drawn from all that are trained on."""
INTENT_PENALTY, SENTIMENT_PENALTY = 2e-6, 1e-5
"""Of the n-grams' weights."""
PASSES = 10
SENTIMENT_STRENGTH = 0.003
"""Inverse of the penalty of the sentiment head on standardised vectors."""


def calibrate(
    reader: Reader,
    encoder: Encoder,
    train: Sequence[Example],
    development: Sequence[Example],
    sentiment: SentimentTexts,
    seed: int,
) -> Heads:
    """The trained heads with n-grams, calibration, thresholds and scope; see `TrainingData` for the messages."""
    labelled = drawn(train, seed)
    heads = _trained(reader, vectors(encoder, labelled), labelled)
    known = [example for example in development if example.intents]
    known_vectors = vectors(encoder, known)
    heads = _with_intent_ngrams(heads, train, known, known_vectors, seed)
    heads = calibrated(heads, known, known_vectors)
    heads = fit_sentiment(heads, encoder, train, sentiment, known, seed)
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


def vectors(encoder: Encoder, examples: Sequence[Example]) -> Floats32:
    """Pooled vectors, shape (examples, d); a thread for each core, since the encoder has one a call."""
    texts = [encoder_text(example.text) for example in examples]
    # The encoder's own batches, since messages of one share a step: vectors do not hang on the number of cores.
    groups = list(batches_by_length(texts, LARGEST_BATCH))

    def read(group: list[int]) -> Floats32:
        return np.stack([encoded.pooled for encoded in encoder.encode([texts[row] for row in group])])

    with ThreadPoolExecutor(cores()) as pool:
        found = np.concatenate(list(pool.map(read, groups)))
    rows = np.empty_like(found)
    rows[np.concatenate(groups)] = found
    return rows


def _trained(reader: Reader, train_vectors: Floats32, labelled: Sequence[Example]) -> Heads:
    weights: dict[str, Floats32] = {}
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


def _geometry(train_vectors: Floats32, labelled: Sequence[Example]) -> tuple[Floats32, Floats32, Floats32]:
    """Mean, whitening and class centres (Lee et al. 2018, with the shared covariance cut to its main directions)."""
    names = np.array([example.intent for example in labelled])
    mean = train_vectors.mean(0)
    groups = [train_vectors[names == name] for name in sorted(set(names) - {OUT_OF_SCOPE})]
    within = np.concatenate([group - group.mean(0) for group in groups])
    values, directions = np.linalg.eigh(np.cov(within.T).astype(np.float64))
    whitening = directions[:, -DIRECTIONS:] / np.sqrt(values[-DIRECTIONS:] + 1e-6)
    centres = np.stack([(group.mean(0) - mean) @ whitening for group in groups])
    return mean.astype(np.float32), whitening.astype(np.float32), centres.astype(np.float32)


def _with_intent_ngrams(
    heads: Heads, train: Sequence[Example], known: Sequence[Example], pooled: Floats32, seed: int
) -> Heads:
    """With n-grams for the intents; our own messages are read twice, as they stand and written another way."""
    rng = random.Random(seed)
    labelled = [example for example in train if example.intents]
    rows = [*labelled, *(augment(one, rng) for one in labelled if one.source.startswith("corpus/"))]
    wanted = [INTENTS.index(example.intent) for example in rows]
    weight, scale, bias = fit_ngrams(rows, wanted, len(INTENTS), INTENT_PENALTY, seed)
    heads = replace(heads, spelling_weight=weight, spelling_scale=scale, spelling_bias=bias)
    by_vector = pooled @ heads.intent_weight.T + heads.intent_bias
    by_ngrams = _logits(heads, known, pooled) - by_vector
    share = ngram_share(by_vector, by_ngrams, [INTENTS.index(one.intent) for one in known], _sources(known))
    return replace(
        heads, spelling_scale=heads.spelling_scale * share, spelling_bias=heads.spelling_bias * share
    )


def ngram_features(texts: Sequence[str]) -> scipy.sparse.csr_matrix:
    """Rows of n-gram values, shape (texts, BUCKETS)."""
    rows = [ngrams_of(encoder_text(text)) for text in texts]
    values = np.concatenate([np.full(len(row.buckets), row.value, np.float32) for row in rows])
    starts = np.cumsum([0, *(len(row.buckets) for row in rows)])
    return scipy.sparse.csr_matrix(
        (values, np.concatenate([row.buckets for row in rows]), starts), shape=(len(texts), BUCKETS)
    )


def fit_ngrams(
    rows: Sequence[Example], wanted: Sequence[int], classes: int, penalty: float, seed: int
) -> tuple[npt.NDArray[np.int8], Floats32, Floats32]:
    """One logistic regression a class on n-grams, by averaged SGD.

    Returns:
        Weights in 8 bits, shape (BUCKETS, classes); the scale of each column and the bias, shape (classes,).
    """
    model = SGDClassifier(
        loss="log_loss", alpha=penalty, max_iter=PASSES, tol=None, average=True, random_state=seed
    )
    model.fit(
        ngram_features([example.text for example in rows]),
        np.array(wanted),
        sample_weight=[example.weight for example in rows],
    )
    weight, bias = np.zeros((BUCKETS, classes), np.float32), np.zeros(classes, np.float32)
    weight[:, model.classes_] = model.coef_.T
    bias[model.classes_] = model.intercept_
    scale = np.maximum(np.abs(weight).max(0), 1e-6) / 127
    return np.round(weight / scale).astype(np.int8), scale.astype(np.float32), bias


def ngram_share(
    by_vector: Floats32, by_ngrams: Floats32, wanted: Sequence[int], sets: Sequence[str]
) -> np.float32:
    """How much the n-grams' logits should count where the vector's count 1, both of shape (messages, classes).

    It makes the wanted classes likeliest; no set of messages counts more for being larger.
    """
    each = np.array([1.0 / sets.count(name) for name in sets])
    rows = np.arange(len(wanted))

    def loss(weights: Floats) -> float:
        logits = weights[0] * by_vector + weights[1] * by_ngrams
        return float((each * (np.logaddexp.reduce(logits, axis=1) - logits[rows, wanted])).sum())

    vector, ngrams = minimize(loss, np.array([1.0, 0.5]), bounds=[(0.1, 5.0), (0.0, 5.0)]).x
    return np.float32(ngrams / vector)


def _said(heads: Heads, examples: Sequence[Example], pooled: Floats32) -> list[HeadOutputs]:
    return [
        heads.read(vector, ngrams_of(encoder_text(example.text)))
        for example, vector in zip(examples, pooled, strict=True)
    ]


def _logits(heads: Heads, examples: Sequence[Example], pooled: Floats32) -> Floats32:
    """What speaks for each intent, shape (messages, intents)."""
    return np.stack([said.logits for said in _said(heads, examples, pooled)])


def _sentiment_logits(heads: Heads, examples: Sequence[Example], pooled: Floats32) -> Floats32:
    """What speaks for each sentiment, shape (messages, 3)."""
    return np.stack([said.sentiment for said in _said(heads, examples, pooled)])


def calibrated(heads: Heads, known: Sequence[Example], pooled: Floats32) -> Heads:
    """Platt scaling of the best intents' logits: of those called 80 % likely, 80 % are right."""
    logits = _logits(heads, known, pooled)
    best = np.argsort(-logits, axis=1)[:, :3]
    scores = np.take_along_axis(logits, best, 1).ravel()
    right = [
        INTENTS[i] in (example.intents or ()) for row, example in zip(best, known, strict=True) for i in row
    ]
    fitted = LogisticRegression(C=1e6).fit(scores[:, None], np.array(right))
    return replace(
        heads,
        intent_slope=np.array(fitted.coef_[0, 0], np.float32),
        intent_offset=np.array(fitted.intercept_[0], np.float32),
    )


def fit_sentiment(
    heads: Heads,
    encoder: Encoder,
    train: Sequence[Example],
    sentiment: SentimentTexts,
    development: Sequence[Example],
    seed: int,
) -> Heads:
    """The heads with the one of the sentiment learned anew, from texts of any length, by vectors and by n-grams.

    Training met few texts longer than a message, and long texts' vectors lie elsewhere.
    """
    known = [example for example in development if example.sentiment]
    if not known:
        return heads
    known_vectors = vectors(encoder, known)
    if sentiment.learned:
        ours = [example for example in train if example.source.startswith("corpus/") and example.sentiment]
        learned = [*ours, *sentiment.learned]
        pooled = vectors(encoder, learned)
        centre, spread = pooled[: len(ours)].mean(0), pooled[: len(ours)].std(0) + 1e-3
        standard = (pooled - centre) / spread
        fitted = LogisticRegression(C=SENTIMENT_STRENGTH, max_iter=300).fit(standard, _sentiments(learned))
        by_vector = fitted.coef_ / spread
        weight, scale, bias = fit_ngrams(
            learned, _sentiments(learned), len(SENTIMENTS), SENTIMENT_PENALTY, seed
        )
        heads = replace(
            heads,
            sentiment_weight=by_vector.astype(np.float32),
            sentiment_bias=(fitted.intercept_ - by_vector @ centre).astype(np.float32),
            felt_weight=weight,
            felt_scale=scale,
            felt_bias=bias,
        )
        apart = [*known, *sentiment.apart]
        pooled = np.concatenate([known_vectors, vectors(encoder, sentiment.apart)])
        said = pooled @ heads.sentiment_weight.T + heads.sentiment_bias
        share = ngram_share(
            said, _sentiment_logits(heads, apart, pooled) - said, _sentiments(apart), _sources(apart)
        )
        heads = replace(heads, felt_scale=heads.felt_scale * share, felt_bias=heads.felt_bias * share)
    return with_temperature(heads, known, known_vectors)


def with_temperature(heads: Heads, known: Sequence[Example], pooled: Floats32) -> Heads:
    """With the temperature at which the sentiment head is as sure of known messages as it is right; (n, d) vectors."""
    # In float64: the optimiser's steps are too small for float32 to tell apart.
    logits = _sentiment_logits(heads, known, pooled).astype(np.float64)
    wanted = _sentiments(known)

    def loss(temperature: Floats) -> float:
        scaled = logits / max(float(temperature[0]), 0.05)
        chosen = scaled[np.arange(len(known)), wanted]
        return float((np.logaddexp.reduce(scaled, axis=1) - chosen).mean())

    found = minimize(loss, np.array([1.0]), bounds=[(0.2, 5.0)])
    return replace(heads, sentiment_temperature=np.array(found.x[0], np.float32))


def _sources(examples: Sequence[Example]) -> list[str]:
    return [example.source for example in examples]


def _sentiments(examples: Sequence[Example]) -> list[int]:
    return [SENTIMENTS.index(str(example.sentiment)) for example in examples]


def _choose_threshold(head: str, heads: Heads, known: Sequence[Example], pooled: Floats32) -> Heads:
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
    changed: dict[str, Any] = {f"{head}_threshold": best}
    return replace(heads, **changed)


def _f1(said: Bools, wanted: Bools) -> float:
    return 2.0 * float((said & wanted).sum()) / max(1.0, float(said.sum() + wanted.sum()))


def _learn_scope(heads: Heads, known: Sequence[Example], pooled: Floats32) -> Heads:
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
