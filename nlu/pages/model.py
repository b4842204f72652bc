"""The trained part of the search: where texts lie, and a closer reading of a question with what may answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kernel.arrays import Bools, Floats32, Ints
from nlu import modelfiles
from nlu.encoder import Encoder, open_session
from nlu.errors import ModelDamaged
from nlu.heads import units
from nlu.pages.parts import Part
from nlu.pages.sentences import SentenceModel

QUESTION, BEFORE, HEADING, TEXT = range(4)
"""Kinds of tokens."""
MOST = (40, 24, 24, 112)
"""Tokens read of each kind."""
KINDS = len(MOST)
FEATURES = 4
"""Of a question and a row: likeness by tokens and as a whole, words in common, and how far ahead of the others."""
_WEIGHTS = (
    "token_weight", "token_bias", "whole_weight", "whole_bias", "counts_weight", "counts_bias", "of_kind", "shares",
    "answered", "answered_in_other", "threshold", "translation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """A text, or a row, as the finder places it."""

    tokens: Floats32
    """Unit vectors, shape (n, t)."""
    counts: Floats32
    """What each token counts in a question, shape (n,)."""
    whole: Floats32
    """Unit vector, shape (w,)."""
    upper: Floats32
    """What the reader of answers reads, shape (n, d)."""
    kinds: Ints


class PagesModel:
    """Finds and reads. Safe to call from several threads."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        """Load.

        Args:
            folder: of the model.
            encoder: of the same model.

        Raises:
            ModelDamaged: a file cannot be loaded.
        """
        self.encoder = encoder
        try:
            with np.load(folder / "pages.npz", allow_pickle=False) as kept:
                self._kept: dict[str, Any] = {name: kept[name].astype(np.float32) for name in _WEIGHTS}
            self._session = open_session(str(folder / "answers.onnx"))
            self.sentences = SentenceModel(folder / "sentences.npz")
            """Which sentence of an entry answers."""
        except Exception as broken:
            raise ModelDamaged(f"{folder} cannot be loaded ({broken}): build or fetch it again.") from broken
        self.threshold = float(self._kept["threshold"])
        """The chance from which a passage is said where nothing else is known of a question."""
        self.translation = float(self._kept["translation"])
        """From this likeness on passages in two languages that are nearest to each other say the same."""

    @classmethod
    def of(cls, folder: Path, encoder: Encoder) -> PagesModel:
        """That of a model's folder, or the shipped one: a folder of an older version has none of its own.

        Raises:
            ModelDamaged: it cannot be loaded.
        """
        own = all((folder / name).is_file() for name in modelfiles.PAGES)
        return cls(folder if own else modelfiles.SHIPPED, encoder)

    def place(self, pieces: Sequence[tuple[Sequence[Part], int]]) -> Placed:
        """Where texts lie together, each with its kind; empty ones are left out."""
        vectors, upper, kinds = [], [], []
        for parts, kind in pieces:
            room = MOST[kind]
            for part in parts:
                vectors.append(part.vectors[:room])
                upper.append(part.upper[:room])
                kinds.append(np.full(len(vectors[-1]), kind))
                room -= len(vectors[-1])
        read, of_kind = np.concatenate(vectors), np.concatenate(kinds)
        kept = self._kept
        tokens = units(read @ kept["token_weight"].T + kept["token_bias"])
        counts = read @ kept["counts_weight"].T + kept["counts_bias"] + kept["of_kind"][of_kind]
        shares = np.exp(counts - counts.max(0))
        shares /= shares.sum(0)
        whole = units((shares[:, 1] @ read) @ kept["whole_weight"].T + kept["whole_bias"])
        return Placed(tokens, shares[:, 0], whole, np.concatenate(upper), of_kind)

    def scores(self, by_tokens: Floats32, as_whole: Floats32, words: Floats32) -> Floats32:
        """How near rows are."""
        shares = self._kept["shares"]
        near: Floats32 = shares[0] * by_tokens + shares[1] * as_whole + shares[2] * words
        return near

    def read(self, question: Placed, rows: Sequence[Placed], features: Floats32) -> Floats32:
        """Read a question with each row: the logit that it answers, against 0 for silence, shape (rows,).

        Args:
            question: placed.
            rows: headings and texts.
            features: of each row, shape (rows, FEATURES).
        """
        asks = len(question.kinds)
        longest = asks + max(len(row.kinds) for row in rows)
        width = question.upper.shape[1]
        vectors, mask = (
            np.zeros((len(rows), longest, width), np.float32),
            np.zeros((len(rows), longest), np.float32),
        )
        kinds, match = np.zeros((len(rows), longest), np.int64), np.zeros((len(rows), longest), np.float32)
        for place, row in enumerate(rows):
            end = asks + len(row.kinds)
            near = question.tokens @ row.tokens.T
            vectors[place, :asks], vectors[place, asks:end] = question.upper, row.upper
            kinds[place, :asks], kinds[place, asks:end] = question.kinds, row.kinds
            match[place, :asks], match[place, asks:end] = near.max(1), near.max(0)
            mask[place, :end] = 1.0
        given = {"vectors": vectors, "mask": mask, "kinds": kinds, "match": match, "features": features}
        said: Floats32 = self._session.run(["said"], given)[0]
        return said

    def chances(self, logits: Floats32, features: Floats32, in_other: Bools) -> Floats32:
        """Of each row the chance that it answers, out of all rows and silence.

        Args:
            logits: of the readings, shape (rows,).
            features: shape (rows, FEATURES).
            in_other: whether a row is in another language than the question, shape (rows,).
        """
        own, other = self._kept["answered"], self._kept["answered_in_other"]
        weights = np.where(in_other[:, None], other, own)
        combined = weights[:, 0] + weights[:, 1] * logits + (features * weights[:, 2:]).sum(1)
        raised = np.exp(np.minimum(combined, 30.0))
        shares: Floats32 = raised / (1.0 + raised.sum())
        return shares
