"""Trains the choice of the sentence that answers within an entry, on the encoder's vectors as they are."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from nlu.pages.model import MOST, QUESTION, TEXT
from nlu.pages.parts import sentences_of
from nlu.pages.sentences import SHARPNESS, TURNED, sentence_of_each, set_size
from nlu.workshop.passages.corpus import PagesOfShop
from nlu.workshop.passages.encoding import Texts
from nlu.workshop.passages.network import FAR, HIDDEN, LAYERS
from nlu.workshop.passages.training import Report
from nlu.workshop.training.descent import Descent

_WIDTH = 64
_RATE = 2e-3
_AT_ONCE = 48
_OTHERS = 0.4
"""Questions that are read besides with an entry that another question was asked of."""
HELD, REFUSED = 0.95, 0.02
"""Share of the questions of shops apart whose sentence has to be among those that are said, and of those that may be
told that the entry doesn't state what it states."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A question and an entry in its language: it answers, is the nearest where none does, or is another."""

    question: str
    text: str
    sentences: tuple[tuple[int, int], ...]
    right: int
    """The place of the sentence in which the answer begins; -1 where none answers."""


class SentenceChooser(nn.Module):
    """How well each sentence of an entry answers a question.

    By its words: each token of the question looks for its likest in the sentence, as in the search for entries. By its
    kind: the question as a whole says what an answer looks like ("how many days"), and each token of the sentence
    whether it looks like one ("5–7 days").
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.match = nn.Linear(LAYERS * HIDDEN, _WIDTH)
        self.asks = nn.Linear(LAYERS * HIDDEN, _WIDTH)
        self.tells = nn.Linear(LAYERS * HIDDEN, _WIDTH)
        self.counts = nn.Linear(LAYERS * HIDDEN, 2)
        """What each token of the question counts, for the words and for the kind."""
        self.shares = nn.Parameter(torch.tensor([8.0, 4.0]))
        self.none = nn.Parameter(torch.tensor([6.0]))
        """The score that no sentence answers."""
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, question: torch.Tensor, asks: torch.Tensor, text: torch.Tensor, within: torch.Tensor
    ) -> torch.Tensor:
        """A score of each sentence and, last, that none answers, (b, sentences + 1).

        Args:
            question: vectors of its tokens, (b, q, LAYERS · d).
            asks: which of them there are, (b, q).
            text: vectors of the entry's tokens, (b, t, LAYERS · d).
            within: which of them lie in which sentence, (b, sentences, t).
        """
        question, text = self.dropout(question), self.dropout(text)
        counts = (self.counts(question) + ((asks - 1.0) * FAR)[..., None]).softmax(1)
        outside = (within - 1.0) * FAR
        near = functional.normalize(self.match(question), dim=-1) @ functional.normalize(
            self.match(text), dim=-1
        ).transpose(1, 2)
        words = (near[:, None] + outside[:, :, None]).amax(-1)
        kind = functional.normalize((self.asks(question) * counts[..., 1:]).sum(1), dim=-1)
        like = (functional.normalize(self.tells(text), dim=-1) @ kind[..., None]).squeeze(-1)
        kinds = (SHARPNESS * like[:, None] + outside).logsumexp(-1) / SHARPNESS
        none_there = (within.amax(-1) - 1.0) * FAR
        of_words = (words * counts[:, None, :, 0]).sum(-1)
        scores = self.shares[0] * of_words + self.shares[1] * kinds + none_there
        return torch.cat([scores, self.none.expand(len(scores), 1)], 1)


def choices(shops: Sequence[PagesOfShop], texts: Texts) -> list[Choice]:
    """What is asked of the shops' entries of more than one sentence, where the answer lies in one or in none."""
    found = []
    for shop in shops:
        texts.shop(shop)
        for asked in shop.asked:
            place = asked.entry if asked.entry >= 0 else asked.near
            entry = next(one for one in shop.entries if (one.language, one.number) == (asked.language, place))
            sentences = tuple(sentences_of(entry.text))
            begins = entry.text.find(asked.answer) if asked.answer else -1
            right = [number for number, (start, end) in enumerate(sentences) if start <= begins < end]
            if len(sentences) > 1 and (right or asked.entry < 0):
                found.append(Choice(asked.text, entry.text, sentences, right[0] if right else -1))
    return found


def _with_others(several: Sequence[Choice], rng: random.Random) -> list[Choice]:
    """Besides, some of the questions with an entry that has nothing to do with them."""
    drawn = [one for one in several if one.right >= 0 and rng.random() < _OTHERS]
    others = rng.choices(several, k=len(drawn))
    return [
        *several,
        *(
            Choice(one.question, other.text, other.sentences, -1)
            for one, other in zip(drawn, others, strict=True)
            if other.text != one.text
        ),
    ]


def train_chooser(
    network: SentenceChooser, several: Sequence[Choice], texts: Texts, seed: int, passes: int, report: Report
) -> None:
    """Learn to choose the sentence."""
    rng = random.Random(seed)
    learned = list[Choice]()
    for _ in range(passes):
        drawn = _with_others(several, rng)
        rng.shuffle(drawn)
        learned += drawn
    groups = [learned[start : start + _AT_ONCE] for start in range(0, len(learned), _AT_ONCE)]
    descent = Descent([(list(network.parameters()), _RATE)], len(groups))
    network.train()
    for group in groups:
        scores = network(*_given(group, texts))
        right = torch.tensor([one.right % scores.shape[1] for one in group])
        done = descent.step(functional.cross_entropy(scores, right))
        report("learning to choose sentences", done)
    network.eval()


@torch.no_grad()
def measured(
    network: SentenceChooser, several: Sequence[Choice], texts: Texts
) -> tuple[dict[str, float], dict[str, float]]:
    """From questions of shops apart: the chance that sentences said need to hold together, and the one from which on
    nothing answers; and what comes of them."""
    scores = [network(*_given([one], texts))[0].softmax(0).numpy() for one in several]
    answered = [
        (one[:-1] / one[:-1].sum(), of) for one, of in zip(scores, several, strict=True) if of.right >= 0
    ]
    lacks = [
        np.array([one[-1] for one, of in zip(scores, several, strict=True) if (of.right >= 0) is known])
        for known in (True, False)
    ]
    before = [float(chances[chances > chances[of.right]].sum()) for chances, of in answered]
    enough, lacking = float(np.quantile(before, HELD)), float(np.quantile(lacks[0], 1.0 - REFUSED))
    said = [set_size(chances, enough) / len(chances) for chances, _ in answered]
    return {"enough": enough, "lacking": lacking}, {
        "sentence is right": float(np.mean([chances.argmax() == of.right for chances, of in answered])),
        "share of an entry's sentences said": float(np.mean(said)),
        "known to be lacking": float((lacks[1] > lacking).mean()),
    }


def _given(group: Sequence[Choice], texts: Texts) -> tuple[torch.Tensor, ...]:
    question, asks, _ = texts.batch([[(one.question, QUESTION)] for one in group])
    text, _, _ = texts.batch([[(one.text, TEXT)] for one in group])
    within = np.zeros((len(group), max(len(one.sentences) for one in group), text.shape[1]), np.float32)
    for row, one in enumerate(group):
        lies = sentence_of_each(texts[one.text].spans[: MOST[TEXT]], one.sentences)
        for token, sentence in enumerate(lies.tolist()):
            if sentence >= 0:
                within[row, sentence, token] = 1.0
    return question, asks, text, torch.from_numpy(within)


def export_chooser(network: SentenceChooser, levels: Mapping[str, float], path: Path) -> None:
    """Write its weights in 16 bits."""
    arrays = {
        f"{name}_{part}": getattr(getattr(network, name), part)
        for name in TURNED
        for part in ("weight", "bias")
    }
    kept = {name: values.detach().numpy().astype(np.float16) for name, values in arrays.items()}
    np.savez(
        path,
        allow_pickle=False,
        **kept,
        shares=network.shares.detach().numpy(),
        none=network.none.detach().numpy(),
        **{name: np.asarray(value, np.float32) for name, value in levels.items()},
    )
