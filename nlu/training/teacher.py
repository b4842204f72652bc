"""The 12-layer encoder's sentence vectors, kept beside their texts, so that more texts can be added later."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from torch import nn
from torch.nn import functional

from nlu.training import network, vocabulary, weights
from nlu.training.batches import BATCH, batches
from nlu.training.network import mean_vectors
from nlu.training.precision import quickest
from nlu.training.processes import cores, side_by_side
from nlu.training.telling import Telling

READING_TOGETHER = 2
"""Processes that read side by side; each holds the 12-layer encoder, some 300 MB."""


class Teacher:
    """Unit vectors of texts as `readable` gives them, without the common part of all vectors."""

    def __init__(self, texts: Sequence[str], vectors: npt.NDArray[np.float16]) -> None:
        self._rows = {text: row for row, text in enumerate(texts)}
        # e5's vectors lie in a narrow cone: without its axis, what differs counts.
        self.centre = torch.from_numpy(vectors.astype(np.float32).sum(0) / max(1, len(vectors)))
        self._vectors = vectors

    @classmethod
    def of_nothing(cls, hidden: int) -> Teacher:
        """A teacher that knows no text."""
        return cls((), np.zeros((0, hidden), np.float16))

    def rows(self, texts: Sequence[str]) -> tuple[list[int], torch.Tensor]:
        """Which of the texts it knows, and their centred unit vectors, shape (known, hidden)."""
        known = [place for place, text in enumerate(texts) if text in self._rows]
        chosen = self._vectors[[self._rows[texts[place]] for place in known]].astype(np.float32)
        return known, functional.normalize(torch.from_numpy(chosen) - self.centre, dim=1)


def learn_from(folder: Path, hidden: int, texts: Sequence[str], progress: Progress) -> Teacher:
    """The teacher of the texts, with vectors of `hidden` numbers; those found in the folder are not computed again."""
    store = folder / "teacher.npz"
    known, vectors = _kept(store) if store.exists() else ([], np.zeros((0, hidden), np.float16))
    missing = sorted(set(texts) - set(known))
    if missing:
        vectors = np.concatenate([vectors, _teach(missing, progress)])
        known += missing
        _keep(store, known, vectors)
    # Of these alone: where the vectors' middle is must not depend on what other builds have read.
    wanted = set(texts)
    rows = [row for row, text in enumerate(known) if text in wanted]
    return Teacher([known[row] for row in rows], vectors[rows])


def _kept(store: Path) -> tuple[list[str], npt.NDArray[np.float16]]:
    with np.load(store) as stored:
        return json.loads(stored["texts"].tobytes()), stored["vectors"]


def _keep(store: Path, texts: Sequence[str], vectors: npt.NDArray[np.float16]) -> None:
    """Both in one file, whole or not at all: a vector that stands beside another text would teach nonsense."""
    fresh = store.with_suffix(".new.npz")
    said = json.dumps(texts, ensure_ascii=False).encode()
    np.savez(fresh, texts=np.frombuffer(said, np.uint8), vectors=vectors)
    fresh.replace(store)


@dataclass(frozen=True, slots=True)
class _Part:
    """The texts that one process reads."""

    number: int
    texts: list[str]

    @property
    def name(self) -> str:
        """One bar for all of them."""
        return "" if self.number else "teacher's vectors"


def _teach(texts: Sequence[str], progress: Progress) -> npt.NDArray[np.float16]:
    count = min(READING_TOGETHER, cores(), len(texts))
    parts = [_Part(number, list(texts[number::count])) for number in range(count)]
    vectors: list[npt.NDArray[np.float16]] = side_by_side(_read, parts, progress)
    result = np.zeros((len(texts), vectors[0].shape[1]), np.float16)
    for part, found in zip(parts, vectors, strict=True):
        result[part.number :: count] = found
    return result


def _read(part: _Part, told: Telling) -> npt.NDArray[np.float16]:
    pretrained = weights.read(weights.find())
    everything = range(len(pretrained.pieces.texts))
    encoder = network.build_encoder(pretrained, everything, range(pretrained.sizes.layers))
    encoder.train(False)
    nn.Module.to(encoder, quickest())
    tokenizer = vocabulary.full_tokenizer(pretrained.pieces)
    vectors = np.zeros((len(part.texts), pretrained.sizes.hidden), np.float16)
    told.begin(math.ceil(len(part.texts) / BATCH), 0)
    prefixed = [f"query: {text}" for text in part.texts]
    with torch.inference_mode():
        for group, ids, mask in batches(tokenizer, prefixed, random.Random(0)):
            pooled = functional.normalize(mean_vectors(encoder, ids, mask), dim=1)
            vectors[group] = pooled.numpy().astype(np.float16)
            told.step(f"{len(part.texts)} texts")
    return vectors
