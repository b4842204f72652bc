"""Baselines with a transformer: multilingual-e5-small, all 12 layers, in PyTorch, frozen and fine-tuned."""

from __future__ import annotations

import hashlib
import math
import random
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import BertModel

from kernel.arrays import Floats32
from kernel.console import Progress
from kernel.files import replacing
from nlu.workshop.baselines import VERSION
from nlu.workshop.classifier import Predictions, at_most_so_many_steps, predictions
from nlu.workshop.training import network, pretrained
from nlu.workshop.training.finetuning import train
from nlu.workshop.training.network import batches
from nlu.workshop.training.optimising import save

PASSES = 5
ENCODER_RATE = 5e-5
HEAD_RATE = 1e-3
TOKENS = 64


class _E5(nn.Module):
    """The encoder with a linear head on its mean token vector."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encoder = full_encoder()
        self.head = nn.Linear(self.encoder.config.hidden_size, classes)
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, classes)."""
        # Vectors of unit length are what this encoder was trained for; times 20 they are of the size of logits.
        vectors = functional.normalize(network.mean_vectors(self.encoder, ids, mask), dim=1)
        logits: torch.Tensor = self.head(self.dropout(20.0 * vectors))
        return logits


def full_encoder() -> BertModel:
    """All layers and the whole vocabulary.

    Raises:
        ModelDamaged: the package with the weights is not there.
    """
    stored = pretrained.load()
    return network.build_encoder(stored, range(len(stored.pieces.texts)), range(stored.sizes.layers))


@cache
def _tokenizer() -> Tokenizer:
    tokenizer = pretrained.full_tokenizer(pretrained.load().pieces)
    tokenizer.enable_truncation(TOKENS)
    return tokenizer


class FrozenE5:
    """Its sentence vectors, standardised, with logistic regression."""

    def __init__(self, store: Path, progress: Progress) -> None:
        self._store, self._progress = store, progress

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> FrozenE5:
        """Learn; vectors that an earlier run has made are read from the store."""
        # Even then: the first message that is timed must not wait for them.
        self._encoder, self._tokenizer = full_encoder().train(False), _tokenizer()
        self._model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
        with at_most_so_many_steps():
            self._model.fit(self._vectors(texts), list(labels))
        self.labels = tuple(str(label) for label in self._model.classes_)
        return self

    def predict(self, texts: Sequence[str]) -> Predictions:
        """What it says."""
        logits = self._model.decision_function(self._vectors(texts)).astype(np.float32)
        return predictions(self.labels, logits)

    def _vectors(self, texts: Sequence[str]) -> Floats32:
        """Kept where there are many; one message is always encoded, so that its latency is a true one."""
        kept = self._store / f"e5-{_fingerprint(texts)}.npy"
        if len(texts) > 1 and kept.exists():
            stored: Floats32 = np.load(kept)
            return stored
        rows = np.zeros((len(texts), self._encoder.config.hidden_size), np.float32)
        done = 0
        with torch.inference_mode():
            for group, ids, mask in batches(self._tokenizer, _prefixed(texts), random.Random(0)):
                rows[group] = functional.normalize(
                    network.mean_vectors(self._encoder, ids, mask), dim=1
                ).numpy()
                done += len(group)
                if len(texts) > 1:
                    self._progress("e5, 12 layers: vectors", done / len(texts))
        if len(texts) > 1:
            with replacing(kept) as fresh:
                np.save(fresh, rows)
        return rows


class FinetunedE5:
    """The same, trained on as a whole."""

    def __init__(self, store: Path, progress: Progress, seed: int = 0) -> None:
        self._store, self._progress, self._seed = store, progress, seed

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> FinetunedE5:
        """Learn; weights that an earlier run has learned from the same, by the same recipe, are read from the store."""
        self.labels = tuple(sorted(set(labels)))
        numbers = {label: number for number, label in enumerate(self.labels)}
        targets = torch.tensor([numbers[label] for label in labels])
        torch.manual_seed(self._seed)
        self._net, self._tokenizer = _E5(len(self.labels)), _tokenizer()
        self._net.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        learned_from = _fingerprint([VERSION, str(self._seed), *texts, *labels])
        kept = self._store / f"e5-tuned-{learned_from}.pt"
        if not self._restored(kept):
            self._train(_prefixed(texts), targets)
            save({n: p.detach() for n, p in self._net.named_parameters() if p.requires_grad}, kept)
        self._net.train(False)
        return self

    def predict(self, texts: Sequence[str]) -> Predictions:
        """What it says."""
        logits = np.zeros((len(texts), len(self.labels)), np.float32)
        with torch.inference_mode():
            for group, ids, mask in batches(self._tokenizer, _prefixed(texts), random.Random(0)):
                logits[group] = self._net(ids, mask).numpy()
        return predictions(self.labels, logits)

    def _restored(self, kept: Path) -> bool:
        if not kept.exists():
            return False
        try:
            self._net.load_state_dict(torch.load(kept, weights_only=True), strict=False)
        except (RuntimeError, zipfile.BadZipFile, EOFError):
            return False
        return True

    def _train(self, texts: Sequence[str], targets: torch.Tensor) -> None:
        def loss(group: list[int], ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return functional.cross_entropy(self._net(ids, mask), targets[group])

        train(
            self._net,
            self._tokenizer,
            texts,
            loss,
            passes=max(PASSES, math.ceil(6_000 / len(texts))),
            seed=self._seed,
            progress=self._progress,
            encoder_rate=ENCODER_RATE,
            head_rate=HEAD_RATE,
            what="e5, 12 layers: fine-tuning",
        )


def _prefixed(texts: Sequence[str]) -> list[str]:
    return [f"query: {text}" for text in texts]


def _fingerprint(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:20]
