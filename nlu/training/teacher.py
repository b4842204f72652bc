"""The 12-layer encoder's sentence vectors, kept beside their texts, so that more texts can be added later."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from transformers import BertModel

from nlu.training import network, vocabulary
from nlu.training.batches import batches
from nlu.training.network import mean_vectors
from nlu.training.weights import Pretrained


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


def learn_from(folder: Path, pretrained: Pretrained, texts: Sequence[str], progress: Progress) -> Teacher:
    """The teacher of the texts; vectors found in the folder are not computed again."""
    names, numbers = folder / "teacher.json", folder / "teacher.npy"
    known: list[str] = json.loads(names.read_text("utf-8")) if names.exists() else []
    vectors = np.load(numbers) if known else np.zeros((0, pretrained.sizes.hidden), np.float16)
    missing = sorted(set(texts) - set(known))
    if missing:
        vectors = np.concatenate([vectors, _teach(pretrained, missing, progress)])
        known += missing
        np.save(numbers, vectors)
        names.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
    return Teacher(known, vectors)


def _teach(pretrained: Pretrained, texts: Sequence[str], progress: Progress) -> npt.NDArray[np.float16]:
    everything = range(len(pretrained.pieces.texts))
    encoder = network.build_encoder(pretrained, everything, range(pretrained.sizes.layers))
    nn.Module.to(encoder, torch.bfloat16)
    return _vectors(encoder, vocabulary.full_tokenizer(pretrained.pieces), texts, progress)


def _vectors(
    encoder: BertModel, tokenizer: Tokenizer, texts: Sequence[str], progress: Progress
) -> npt.NDArray[np.float16]:
    encoder.train(False)
    vectors = np.zeros((len(texts), encoder.config.hidden_size), np.float16)
    task = progress.add_task("teacher's vectors", total=len(texts))
    prefixed = [f"query: {text}" for text in texts]
    with torch.inference_mode():
        for group, ids, mask in batches(tokenizer, prefixed, random.Random(0)):
            pooled = functional.normalize(mean_vectors(encoder, ids, mask), dim=1)
            vectors[group] = pooled.numpy().astype(np.float16)
            progress.advance(task, len(group))
    return vectors
