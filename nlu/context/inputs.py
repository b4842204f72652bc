"""A message and the state of its conversation as the arrays that the context model reads.

The encoder reads the message, the question's words, the customer's last messages and what is shown, each by itself; the
model reads the vectors of their tokens one after the other. What those can't tell is said by features: places, the
cheapest, the newest, a number, common words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import get_args

import numpy as np

from kernel.arrays import Floats32, Ints
from nlu.acts import Asking, DialogueState, Shown, ShownKind
from nlu.encoder import Encoded
from nlu.heads import units
from nlu.normalise import normalise, simplify

Reads = Callable[[Sequence[str]], Sequence[Encoded]]
"""Texts, as people see them, as the encoder reads them."""

ASKING: tuple[str, ...] = ("", *get_args(Asking))
PIECES = ("message", "question", "earlier", "before", *get_args(ShownKind))
"""What is read one after the other; `earlier` is the customer's message before the last."""
MOST_SHOWN = 6
MESSAGE_TOKENS = 96
"""Of a message that are read; a longer one says by then what it wants."""
_PLACES = MOST_SHOWN
_COMMON = 7
_RANKS = 5
FEATURES = 2 * _PLACES + _COMMON + _RANKS
"""Of each thing that is shown."""
_TOKENS = {"message": MESSAGE_TOKENS, "question": 16, "earlier": 12, "before": 12}
_SHOWN_TOKENS = 20
_WORD = re.compile(r"[a-z]+|\d+|[\u4e00-\u9fff]")
_NUMBER = re.compile(r"\d{3,}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_EMPTY_WORDS = frozenset(
    ("the", "a", "an", "of", "and", "or", "one", "for", "in", "to", "is", "it", "i", "my", "me", "with", "that", "this",
     "you", "order", "product", "on", "was", "be", *"的了个是我你这那在有要不和吗呢单号款件就一")
)  # fmt: skip
_MUCH_IN_COMMON = 6.0
_REMEMBERED = 4_096
"""Texts whose words are kept: what is shown stays on the screen for several messages."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the model knows by name, in the order of its numbers; of an unknown task or slot it reads the words."""

    tasks: tuple[str, ...]
    asked_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """A message and the state of its conversation in arrays."""

    asked: Ints
    """Numbers of the question's kind, task and slot, shape (3,); 0 is none or unknown."""
    tasks: Floats32
    """Which are under way and which were asked of the shop, shape (2 · tasks,)."""
    pieces: tuple[tuple[str, Encoded], ...]
    """What is read, by its name in `PIECES`; the message first, then what is said, then what is shown."""
    features: Floats32
    """Of the message, all noughts, then of each thing shown, shape (1 + shown, FEATURES)."""

    @property
    def shown(self) -> int:
        """How many things are shown."""
        return len(self.features) - 1

    @property
    def vectors(self) -> Floats32:
        """The tokens of all pieces, shape (n, 3 · d)."""
        last = self.pieces[0][1].tokens.shape[1]
        found = np.empty((sum(self.lengths), last + self.pieces[0][1].inner.shape[1]), np.float32)
        start = 0
        for length, (_, read) in zip(self.lengths, self.pieces, strict=True):
            rows = found[start : start + length]
            rows[:, :last], rows[:, last:] = read.tokens[:length], read.inner[:length]
            start += length
        return found

    @property
    def kinds(self) -> Ints:
        """Place in `PIECES` of each token, shape (n,)."""
        return np.repeat([PIECES.index(kind) for kind, _ in self.pieces], self.lengths)

    @property
    def places(self) -> Ints:
        """Of each token, the number of the thing shown, from 1, or 0, shape (n,)."""
        before = len(self.pieces) - self.shown
        return np.repeat([max(0, 1 + place - before) for place in range(len(self.pieces))], self.lengths)

    @property
    def message(self) -> int:
        """How many tokens of the message are read; they are the first."""
        return self.lengths[0]

    @property
    def lengths(self) -> list[int]:
        """How many tokens of each piece are read."""
        return [min(len(read.tokens), _length_of(kind)) for kind, read in self.pieces]


def _length_of(kind: str) -> int:
    return _TOKENS.get(kind, _SHOWN_TOKENS)


def context_of(text: str, message: Encoded, state: DialogueState, names: Names, reads: Reads) -> Context:
    """The arrays of a message in a state.

    Args:
        text: the message, normalised.
        message: what the encoder made of it.
        state: where the conversation stands.
        names: that the model knows.
        reads: the encoder, for everything else.
    """
    question = state.question
    before = state.before[-2:]
    shown = state.shown[:MOST_SHOWN]
    words = [question.words] if question is not None and question.words else []
    kinds = [
        *("question" for _ in words),
        *(("earlier", "before")[2 - len(before) :]),
        *(one.kind for one in shown),
    ]
    read = reads([*words, *before, *(one.text for one in shown)])
    features = np.zeros((1 + len(shown), FEATURES), np.float32)
    if shown:
        features[1:] = _features(text, shown, likeness(message, read[-len(shown) :]))
    asked = (
        (
            ASKING.index(question.kind),
            _number(question.task, names.tasks),
            _number(question.slot, names.asked_for),
        )
        if question is not None
        else (0, 0, 0)
    )
    return Context(
        asked=np.array(asked),
        tasks=np.array(
            [name in group for group in (state.tasks, state.filed) for name in names.tasks], np.float32
        ),
        pieces=(("message", message), *zip(kinds, read, strict=True)),
        features=features,
    )


def likeness(message: Encoded, shown: Sequence[Encoded]) -> Floats32:
    """How like words of the message are to words of each thing, shape (shown, 3).

    Of each token of the message, the likest token of a thing (ColBERT's late interaction: Khattab and Zaharia 2020):
    their mean, the most, and by how much a thing is ahead of the mean of all things at most.
    """
    said = units(message.inner[1:-1] if len(message.inner) > 2 else message.inner)
    best = np.stack([(said @ units(one.inner).T).max(1) for one in shown])
    ahead = best - best.mean(0)
    return np.stack([best.mean(1), best.max(1), ahead.max(1) * len(shown)], axis=1).astype(np.float32)


def _number(name: str, names: Sequence[str]) -> int:
    return names.index(name) + 1 if name in names else 0


def _features(text: str, shown: Sequence[Shown], alike: Floats32) -> Floats32:
    """What tells the things shown from each other, shape (shown, FEATURES)."""
    found = np.zeros((len(shown), FEATURES), np.float32)
    common = _in_common(text, shown)
    numbers = _NUMBER.findall(text)
    prices = [one.price for one in shown]
    days = [None if one.at is None else one.at.timestamp() for one in shown]
    for place, (one, row) in enumerate(zip(shown, found, strict=True)):
        row[place] = row[_PLACES + len(shown) - 1 - place] = 1.0
        best = common[place] == max(common) > 0
        row[2 * _PLACES :] = (
            min(common[place], _MUCH_IN_COMMON) / _MUCH_IN_COMMON,
            best,
            best and common.count(common[place]) == 1,
            bool(one.number) and any(one.number.endswith(number) for number in numbers),
            len(shown) / MOST_SHOWN,
            *alike[place].tolist(),
            _is_least(prices[place], prices),
            _is_least(_less(prices[place]), [_less(price) for price in prices]),
            _is_least(days[place], days),
            _is_least(_less(days[place]), [_less(day) for day in days]),
        )
    return found


def _less(value: float | None) -> float | None:
    return None if value is None else -value


def _is_least(value: float | None, values: Sequence[float | None]) -> bool:
    """Whether a value is the least of several that are known and not all the same."""
    known = {one for one in values if one is not None}
    return value is not None and len(known) > 1 and value == min(known)


def _in_common(text: str, shown: Sequence[Shown]) -> list[float]:
    """How much of a message's words stands in each thing; the more things have a word, the less it counts."""
    said = _words(text)
    there = [_words(f"{one.number} {one.text}") for one in shown]
    held = {word: sum(word in words for words in there) for words in there for word in words}
    return [sum(_length(word) / held[word] for word in said & words) for words in there]


def _length(word: str) -> int:
    return len(word) if _CHINESE.match(word) else 2


@lru_cache(_REMEMBERED)
def _words(text: str) -> frozenset[str]:
    """Words and Chinese pairs of characters, without those that say nothing."""
    found = _WORD.findall(simplify(normalise(text).text).lower())
    pairs = (a + b for a, b in pairwise(found) if _CHINESE.match(a) and _CHINESE.match(b))
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") else word
        for word in (*found, *pairs)
        if word not in _EMPTY_WORDS
    )
