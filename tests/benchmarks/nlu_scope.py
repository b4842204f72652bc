"""Knowing that it does not know: each sign of a foreign message by itself, and all together as the model uses them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from kernel.arrays import Floats, Floats32
from nlu.encoder import Encoder
from nlu.heads import Heads
from nlu.ngrams import ngrams_of
from nlu.normalise import encoder_text
from nlu.workshop import datasets
from nlu.workshop.datasets import Example
from tests.benchmarks.report import table

NEIGHBOURS = 5
PER_INTENT = 120
DRAWS = 400

Scores = Floats


def section(folder: Path, public: Path | None) -> str:
    """The Markdown of this part."""
    encoder = Encoder(folder / "encoder.onnx", folder / "tokenizer.json")
    heads = Heads.load(folder / "heads.npz")
    test = datasets.held_out("test", *datasets.LANGUAGES)
    foreign = [e for e in test if e.intents == ("out_of_scope",)]
    if public is not None:
        foreign += datasets.public_tests(public)[1]
    ours = _read(encoder, heads, [e for e in test if e.intents != ("out_of_scope",)])
    theirs = _read(encoder, heads, foreign)
    corpus = datasets.own_corpus(*datasets.LANGUAGES)
    known, _ = _read(encoder, heads, _some_of_each(corpus))
    lines = [
        [name, *_with_interval(inside, outside)]
        for name, inside, outside in zip(
            _NAMES, _signs(heads, *ours, known), _signs(heads, *theirs, known), strict=True
        )
    ]
    return f"""### Knowing that it does not know

{len(ours[0])} held-out messages within the scope against {len(foreign)} outside it (ours and CLINC150's; no
training, threshold or weight saw them): the probability that the foreign one has the higher score. The last line is
what the model uses: the three signs before it weighed on development messages.

{table(["sign", "AUROC", "95 %"], lines)}"""


_NAMES = (
    "softmax of the intents", f"{NEIGHBOURS} nearest neighbours", "margin of the class out_of_scope", "energy",
    "Mahalanobis", "the last three together",
)  # fmt: skip


def _read(encoder: Encoder, heads: Heads, examples: Sequence[Example]) -> tuple[Floats32, Floats32]:
    """Vectors of shape (n, d) and logits of shape (n, k)."""
    texts = [encoder_text(e.text) for e in examples]
    pooled = np.stack([read.pooled for read in encoder.encode(texts)])
    logits = [heads.read(vector, ngrams_of(text)).logits for vector, text in zip(pooled, texts, strict=True)]
    return pooled, np.stack(logits)


def _some_of_each(examples: Sequence[Example]) -> list[Example]:
    counts: dict[str, int] = {}
    chosen = []
    for example in examples:
        intent = (example.intents or ("",))[0]
        counts[intent] = counts.get(intent, 0) + 1
        if intent != "out_of_scope" and counts[intent] <= PER_INTENT:
            chosen.append(example)
    return chosen


def _signs(heads: Heads, pooled: Floats32, logits: Floats32, known: Floats32) -> list[Scores]:
    inside = np.delete(logits, heads.intents.index("out_of_scope"), axis=1)
    shares = np.exp(inside - inside.max(1, keepdims=True))
    softmax = -(shares.max(1) / shares.sum(1))
    features = np.stack([heads.scope_features(*pair) for pair in zip(pooled, logits, strict=True)])
    together = features @ heads.scope_weights
    return [
        softmax.astype(float),
        _neighbours(pooled, known, heads.mean),
        *features[:, :3].T.astype(float),
        together.astype(float),
    ]


def _neighbours(pooled: Floats32, known: Floats32, mean: Floats32) -> Scores:
    """Distance to the nearest messages of the corpus (Sun et al. 2022)."""
    left, right = ((v - mean) / np.linalg.norm(v - mean, axis=1, keepdims=True) for v in (pooled, known))
    likest = np.sort(left @ right.T, axis=1)[:, -NEIGHBOURS:]
    distance: Scores = -likest.mean(1).astype(float)
    return distance


def _with_interval(inside: Scores, outside: Scores) -> tuple[str, str]:
    rng = np.random.default_rng(0)
    draws = [_area(rng.choice(inside, len(inside)), rng.choice(outside, len(outside))) for _ in range(DRAWS)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{_area(inside, outside):.3f}", f"{low:.3f}–{high:.3f}"


def _area(inside: Scores, outside: Scores) -> float:
    foreign = np.repeat([0, 1], [len(inside), len(outside)])
    return float(roc_auc_score(foreign, np.concatenate([inside, outside])))
