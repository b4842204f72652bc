"""Which sentence of an entry answers a question.

Each sentence is scored by its words (each token of the question looks for its likest among the sentence's: Khattab and
Zaharia 2020) and by its kind (what an answer to such a question looks like). So many of the likeliest are said that
their chances together are enough: a prediction set (Angelopoulos and Bates 2021), whose level was fitted on shops that
nothing was learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kernel.arrays import Floats32, Ints
from nlu.heads import units
from nlu.pages.parts import sentences_of

SHARPNESS = 8.0
"""How far the token that looks most like an answer stands for its sentence."""
TURNED = ("match", "asks", "tells", "counts")
"""Linear maps of tokens' vectors."""


@dataclass(frozen=True, slots=True)
class Sayings:
    """Tokens of a part of a text as questions look at them, in 16 bits."""

    match: np.ndarray
    """Unit vectors, shape (tokens, m)."""
    tells: np.ndarray
    """Unit vectors, shape (tokens, m)."""
    spans: tuple[tuple[int, int], ...]
    """Where each lies in the text."""


class SentenceModel:
    """Chooses sentences. Safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        """Load; raises what NumPy raises for a file that cannot be loaded."""
        with np.load(path, allow_pickle=False) as kept:
            self._turns: dict[str, Any] = {
                name: [kept[f"{name}_{part}"].astype(np.float32) for part in ("weight", "bias")]
                for name in TURNED
            }
            self._shares = kept["shares"].astype(np.float32)
            self._none = float(kept["none"][0])
            self.enough = float(kept["enough"])
            """The chance that the sentences said need to hold together, none answering left aside."""
            self.lacking = float(kept["lacking"])
            """The chance that none answers from which on that is said."""

    def sayings(self, vectors: Floats32, spans: Sequence[tuple[int, int]]) -> Sayings:
        """What is kept of a part of a text, from the vectors of its tokens, shape (tokens, 3 · d)."""
        match, tells = (units(self._turned(name, vectors)).astype(np.float16) for name in ("match", "tells"))
        return Sayings(match, tells, tuple(spans))

    def _turned(self, name: str, vectors: Floats32) -> Floats32:
        weight, bias = self._turns[name]
        turned: Floats32 = vectors @ weight.T + bias
        return turned

    def answer(self, question: Floats32, text: str, said: Sayings) -> tuple[str, float]:
        """The sentences of a text that answer, in its order, empty where that takes all of them; and the chance that
        none does.

        Args:
            question: vectors of its tokens, shape (tokens, 3 · d).
            text: the whole.
            said: of the part of it in which the answer lies.
        """
        sentences = sentences_of(text)
        chances, none = self.chances(question, said, sentences)
        size = set_size(chances, self.enough)
        if size >= len(sentences):
            return "", none
        chosen = sorted(np.argsort(-chances, kind="stable")[:size].tolist())
        runs: list[list[int]] = []
        for place in chosen:
            if runs and place == runs[-1][1] + 1:
                runs[-1][1] = place
            else:
                runs.append([place, place])
        said_of = [text[sentences[first][0] : sentences[last][1]] for first, last in runs]
        return "\n".join(said_of), none

    def chances(
        self, question: Floats32, said: Sayings, sentences: Sequence[tuple[int, int]]
    ) -> tuple[Floats32, float]:
        """Of each sentence the chance that it answers if one does, 0 for those outside the part, (sentences,); and the
        chance that none does."""
        counts = self._turned("counts", question)
        counts = np.exp(counts - counts.max(0))
        counts /= counts.sum(0)
        kind = units((counts[:, 1] @ self._turned("asks", question))[None])[0]
        near = units(self._turned("match", question)) @ said.match.astype(np.float32).T
        like = said.tells.astype(np.float32) @ kind
        lies = sentence_of_each(said.spans, sentences)
        scores = np.full(len(sentences), -np.inf, np.float32)
        for place in np.unique(lies[lies >= 0]).tolist():
            (inside,) = np.nonzero(lies == place)
            words = counts[:, 0] @ near[:, inside].max(1)
            of_kind = np.log(np.exp(SHARPNESS * like[inside]).sum()) / SHARPNESS
            scores[place] = self._shares[0] * words + self._shares[1] * of_kind
        raised = np.exp(scores - self._none)
        summed = float(raised.sum())
        chances: Floats32 = raised / max(summed, 1e-9)
        return chances, 1.0 / (1.0 + summed)


def sentence_of_each(spans: Sequence[tuple[int, int]], sentences: Sequence[tuple[int, int]]) -> Ints:
    """Of each token the place of the sentence that it begins in; -1 for marks and what stands between sentences."""
    starts = np.array([start for start, _ in sentences], np.intp)
    ends = np.array([end for _, end in sentences], np.intp)
    begins = np.array([start for start, _ in spans], np.intp)
    empty = np.array([start >= end for start, end in spans], bool)
    lies = np.searchsorted(starts, begins, "right") - 1
    outside = empty | (lies < 0) | (begins >= ends[np.maximum(lies, 0)])
    return np.where(outside, -1, lies)


def set_size(chances: Floats32, enough: float) -> int:
    """How many of the likeliest together hold a chance; all where that isn't known."""
    if not chances.any():
        return len(chances)
    ordered = np.sort(chances)[::-1]
    return min(int(np.searchsorted(np.cumsum(ordered), enough, "right")) + 1, len(chances))
