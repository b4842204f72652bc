"""Turns as the arrays that the context model learns from, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from kernel.arrays import Floats32
from nlu.acts import DialogueState
from nlu.context.inputs import FEATURES, Context, Names, context_of
from nlu.encoder import Encoded, Encoder
from nlu.heads import Heads
from nlu.ngrams import ngrams_of
from nlu.normalise import encoder_text, normalise
from nlu.workshop.dialogues import labels
from nlu.workshop.dialogues.corpus import LabelledTurn, Stretch

NAMES = Names(labels.TASKS, labels.ASKED_FOR)
UNKNOWN = -100
"""A label that nothing is learned from."""
_AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedTurn:
    """A turn, with what the encoder has read."""

    turn: LabelledTurn
    message: Encoded
    alone: Floats32
    """Probability of each intent by the message alone, shape (intents,)."""
    context: Context
    slots: tuple[tuple[int, tuple[int, ...]], ...]
    """Number of each slot told, and the tokens of its value."""
    wishes: tuple[tuple[int, tuple[int, ...]], ...]


class TurnEncoder:
    """Reads turns with the encoder, each text once."""

    def __init__(self, encoder: Encoder, heads: Heads) -> None:
        self._encoder, self._heads = encoder, heads
        self._read: dict[str, Encoded] = {}

    def encode(self, turns: Sequence[LabelledTurn]) -> list[EncodedTurn]:
        """Every turn, in order."""
        self._read_all([turn.text for turn in turns])
        self._read_all([text for turn in turns for text in _around(turn.state)])
        return [self._one(turn) for turn in turns]

    def _read_all(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            read = self._encoder.encode([encoder_text(text) for text in part])
            self._read |= {
                text: replace(one, tokens=one.tokens.astype(np.float16), inner=one.inner.astype(np.float16))
                for text, one in zip(part, read, strict=True)
            }

    def _one(self, turn: LabelledTurn) -> EncodedTurn:
        message = self._read[turn.text]
        return EncodedTurn(
            turn=turn,
            message=message,
            alone=self._alone(turn.text, message),
            context=context_of(
                turn.text, message, turn.state, NAMES, lambda texts: [self._read[text] for text in texts]
            ),
            slots=_tokens_of(turn.text, message, turn.slots, labels.SLOTS),
            wishes=_tokens_of(turn.text, message, turn.wishes, labels.WISHES),
        )

    def _alone(self, text: str, message: Encoded) -> Floats32:
        logits = self._heads.read(message.pooled, ngrams_of(encoder_text(text))).logits
        return self._heads.probabilities(logits)


def _around(state: DialogueState) -> Iterator[str]:
    yield state.question.words if state.question is not None else ""
    yield from state.before
    yield from (one.text for one in state.shown)


def _tokens_of(
    text: str, message: Encoded, stretches: Sequence[Stretch], names: Sequence[str]
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """The tokens within each stretch; none of one that lies beyond what is read."""
    form = normalise(text)
    found = []
    for stretch in stretches:
        tokens = tuple(
            place
            for place, (start, end) in enumerate(message.spans)
            if start < end and _overlap(form.original_span(start, end), stretch)
        )
        if tokens:
            found.append((names.index(stretch.label), tokens))
    return tuple(found)


def _overlap(span: tuple[int, int], stretch: Stretch) -> bool:
    return span[0] < stretch.end and span[1] > stretch.start


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded arrays of several turns: what is given, and what is to be said."""

    given: dict[str, torch.Tensor]
    wanted: dict[str, torch.Tensor]
    wishes: tuple[tuple[int, tuple[int, ...], int], ...]
    """Turn, tokens and number of each wish."""
    tags: torch.Tensor
    """1.0 where slots, pointing and wishes' words are known, shape (b,)."""


def batch_of(turns: Sequence[EncodedTurn]) -> Batch:
    """Arrays of some turns."""
    size = len(turns)
    longest = max(sum(one.context.lengths) for one in turns)
    most = max(one.context.shown for one in turns)
    hidden = turns[0].context.vectors.shape[1]
    given: dict[str, np.ndarray] = {
        "vectors": np.zeros((size, longest, hidden), np.float32),
        "mask": np.zeros((size, longest), np.float32),
        "kinds": np.zeros((size, longest), np.int64),
        "places": np.zeros((size, longest), np.int64),
        "features": np.zeros((size, 1 + most, FEATURES), np.float32),
        "asked": np.stack([one.context.asked for one in turns]),
        "tasks": np.stack([one.context.tasks for one in turns]),
        "alone": np.stack([one.alone for one in turns]),
    }
    wanted: dict[str, np.ndarray] = {
        "acts": np.zeros((size, len(labels.ACTS)), np.float32),
        "danger": np.zeros(size, np.int64),
        "wishes": np.zeros((size, len(labels.WISHES)), np.float32),
        "beyond": np.array([(one.turn.none, one.turn.other) for one in turns], np.float32),
        "points": np.zeros((size, most), np.float32),
        "pointable": np.zeros((size, most), np.float32),
        "slot_tags": np.full((size, longest), UNKNOWN),
        "wish_tags": np.full((size, longest), UNKNOWN),
    }
    for row, one in enumerate(turns):
        _give(row, one, given)
        _want(row, one, wanted)
    return Batch(
        given={name: torch.from_numpy(values) for name, values in given.items()},
        wanted={name: torch.from_numpy(values) for name, values in wanted.items()},
        wishes=tuple(
            (row, seen, wish)
            for row, one in enumerate(turns)
            for wish, tokens in one.wishes
            if (seen := tuple(place for place in tokens if place < one.context.message))
        ),
        tags=torch.tensor([float(one.turn.whole) for one in turns]),
    )


def _give(row: int, one: EncodedTurn, given: dict[str, np.ndarray]) -> None:
    context = one.context
    length = sum(context.lengths)
    given["vectors"][row, :length] = context.vectors
    given["mask"][row, :length] = 1.0
    given["kinds"][row, :length] = context.kinds
    given["places"][row, :length] = context.places
    given["features"][row, : 1 + context.shown] = context.features


def _want(row: int, one: EncodedTurn, wanted: dict[str, np.ndarray]) -> None:
    shown, tokens = one.context.shown, one.context.message
    for act in one.turn.acts:
        wanted["acts"][row, labels.ACTS.index(act)] = 1.0
    wanted["danger"][row] = 0 if one.turn.danger is None else 1 + labels.DANGERS.index(one.turn.danger)
    for stretch in one.turn.wishes:
        wanted["wishes"][row, labels.WISHES.index(stretch.label)] = 1.0
    wanted["pointable"][row, :shown] = 1.0
    wanted["points"][row, [place for place in one.turn.points if place < shown]] = 1.0
    for name, told in (
        ("slot_tags", one.slots),
        ("wish_tags", tuple((0, tokens_) for _, tokens_ in one.wishes)),
    ):
        wanted[name][row, :tokens] = 0
        for number, places in told:
            seen = [place for place in places if place < tokens]
            if seen:
                wanted[name][row, seen] = 2 + 2 * number
                wanted[name][row, seen[0]] = 1 + 2 * number
