"""The 12-layer encoder's sentence vectors, kept beside their texts, so that more texts can be added later."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from kernel.console import Progress
from kernel.files import replacing
from nlu.workshop.training import pretrained
from nlu.workshop.training.network import batches, build_encoder, mean_vectors
from nlu.workshop.training.optimising import fastest_precision
from nlu.workshop.training.parallel import cores, run_parallel

READING_PROCESSES = 2
"""Processes that read side by side; each holds the 12-layer encoder, some 300 MB."""


class Teacher:
    """Unit vectors of texts as `encoder_text` gives them, without the common part of all vectors."""

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
    known: list[str] = []
    vectors = np.zeros((0, hidden), np.float16)
    if store.exists():
        with np.load(store) as stored:
            known, vectors = json.loads(stored["texts"].tobytes()), stored["vectors"]
    missing = sorted(set(texts) - set(known))
    if missing:
        vectors = np.concatenate([vectors, _teach(missing, progress)])
        known += missing
        # Both in one file, whole or not at all: a vector that stands beside another text would teach nonsense.
        with replacing(store) as fresh:
            listed = json.dumps(known, ensure_ascii=False).encode()
            np.savez(fresh, texts=np.frombuffer(listed, np.uint8), vectors=vectors)
    # Of these alone: where the vectors' middle is must not depend on what other builds have read.
    wanted = set(texts)
    rows = [row for row, text in enumerate(known) if text in wanted]
    return Teacher([known[row] for row in rows], vectors[rows])


def _teach(texts: Sequence[str], progress: Progress) -> npt.NDArray[np.float16]:
    count = min(READING_PROCESSES, cores(), len(texts))
    vectors = run_parallel(_read, [list(texts[number::count]) for number in range(count)], progress)
    result = np.zeros((len(texts), vectors[0].shape[1]), np.float16)
    for number, found in enumerate(vectors):
        result[number::count] = found
    return result


def _read(texts: list[str], progress: Progress) -> npt.NDArray[np.float16]:
    """The texts that one process reads."""
    weights = pretrained.load()
    encoder = build_encoder(weights, range(len(weights.pieces.texts)), range(weights.sizes.layers))
    encoder.train(False)
    nn.Module.to(encoder, fastest_precision())
    tokenizer = pretrained.full_tokenizer(weights.pieces)
    vectors = np.zeros((len(texts), weights.sizes.hidden), np.float16)
    done = 0
    with torch.inference_mode():
        for group, ids, mask in batches(tokenizer, [f"query: {text}" for text in texts], random.Random(0)):
            pooled = functional.normalize(mean_vectors(encoder, ids, mask), dim=1)
            vectors[group] = pooled.numpy().astype(np.float16)
            done += len(group)
            progress(f"teacher's vectors of {len(texts)} texts", done / len(texts))
    return vectors
