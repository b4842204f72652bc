"""The context model at work: what a message does in its conversation, with probabilities."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kernel.arrays import Floats32
from nlu.acts import Act, Acts, Danger, DialogueState, Pointing, SlotValue, Wish
from nlu.context.clauses import clauses_of
from nlu.context.inputs import Context, Names, context_of
from nlu.encoder import Encoded, Encoder, open_session
from nlu.errors import ModelDamaged
from nlu.heads import sigmoid
from nlu.normalise import Normalised, encoder_text

_REMEMBERED = 4_096
"""Texts beside messages whose vectors are kept: questions, products and orders are shown again and again."""
_LIKELY = 0.5
_GAP = 2
"""Tokens between two stretches of one value that are taken for a part of it."""
_FIRST_SIGN = "\u2e80"
"""From there on what is written has no spaces between words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What the model's answers stand for, in their order."""

    intents: tuple[str, ...]
    """Of the heads that read a message alone."""
    tasks: tuple[str, ...]
    asked_for: tuple[str, ...]
    acts: tuple[Act, ...]
    dangers: tuple[Danger, ...]
    wishes: tuple[str, ...]
    slots: tuple[str, ...]
    danger_threshold: float

    @classmethod
    def load(cls, path: Path) -> Labels:
        """Read what `save` wrote.

        Raises:
            ModelDamaged: the file is absent or of another shape.
        """
        try:
            kept = json.loads(path.read_text("utf-8"))
            names = {name: tuple(kept[name]) for name in ("intents", "tasks", "asked_for", "wishes", "slots")}
            return cls(
                **names,
                acts=tuple(Act(name) for name in kept["acts"]),
                dangers=tuple(Danger(name) for name in kept["dangers"]),
                danger_threshold=float(kept["danger_threshold"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as broken:
            raise ModelDamaged(
                f"{path} cannot be read ({broken}): build or fetch the model again."
            ) from broken

    def save(self, path: Path) -> None:
        """Write as JSON."""
        kept = {name: getattr(self, name) for name in self.__slots__}
        path.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")


class ContextReader:
    """Reads messages that the encoder has read, in the state of their conversation. Safe to call from threads."""

    def __init__(self, folder: Path, encoder: Encoder, intents: Sequence[str]) -> None:
        """Load.

        Args:
            folder: of the model.
            encoder: of the same model.
            intents: of the heads, in their order; a shop's own say nothing here.

        Raises:
            ModelDamaged: a file cannot be loaded.
        """
        self.labels = Labels.load(folder / "context.json")
        self._names = Names(self.labels.tasks, self.labels.asked_for)
        self._alone = [intents.index(name) for name in self.labels.intents]
        self._encoder = encoder
        self._known: OrderedDict[str, Encoded] = OrderedDict()
        try:
            self._session = open_session(str(folder / "context.onnx"))
        except Exception as broken:
            raise ModelDamaged(f"{folder} cannot be loaded ({broken}): build or fetch it again.") from broken
        self._outputs = [node.name for node in self._session.get_outputs()]

    def read(
        self, message: str, form: Normalised, encoded: Encoded, alone: Floats32, state: DialogueState
    ) -> Acts:
        """What a message does.

        Args:
            message: as received.
            form: the same, normalised.
            encoded: what the encoder made of it.
            alone: probability of each intent by the message alone, shape (intents,).
            state: where the conversation stands.
        """
        context = context_of(form.text, encoded, state, self._names, self._reads)
        said = dict(
            zip(
                self._outputs,
                self._session.run(None, _inputs(alone[self._alone], context)),
                strict=True,
            )
        )
        chances = sigmoid(said["acts"][0])
        danger, chance = self._danger(said["danger"][0])
        points = sigmoid(said["points"][0])
        none, other = sigmoid(said["beyond"][0]).tolist()
        return Acts(
            acts=dict(zip(self.labels.acts, chances.tolist(), strict=True)),
            wishes=self._wishes(message, form, encoded, said, context.message),
            slots=self._slots(message, form, encoded, said["slot_tags"][0][: context.message]),
            pointing=Pointing(shown=tuple(points.tolist()), none=none, other=other),
            danger=danger,
            danger_probability=chance,
        )

    def _reads(self, texts: Sequence[str]) -> list[Encoded]:
        found = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        if new:
            read = self._encoder.encode([encoder_text(text) for text in new])
            found |= dict(zip(new, read, strict=True))
        for text in found:
            self._known[text] = found[text]
            self._known.move_to_end(text)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return [found[text] for text in texts]

    def _danger(self, logits: Floats32) -> tuple[Danger | None, float]:
        chances = _softmax(logits)
        chance = float(1.0 - chances[0])
        if chance < self.labels.danger_threshold:
            return None, chance
        return self.labels.dangers[int(chances[1:].argmax())], chance

    def _wishes(
        self, message: str, form: Normalised, encoded: Encoded, said: dict[str, Floats32], tokens: int
    ) -> tuple[Wish, ...]:
        """What the message wishes; of several each with the clauses from the one that tells it on to the next."""
        chances = sigmoid(said["wishes"][0])
        likely = [number for number, chance in enumerate(chances.tolist()) if chance >= _LIKELY]
        clauses = clauses_of(form.text) if len(likely) > 1 else []
        if not clauses:
            places = [0] * len(likely)
            spans = [(0, len(message))]
        else:
            told = _by_clause(_softmax_of_rows(said["wish_of_tokens"][0][:tokens]), encoded, clauses)
            places = [int(told[:, number].argmax()) for number in likely]
            spans = [form.original_span(*span) for span in _from_each(clauses, sorted(set(places)))]
            places = [sorted(set(places)).index(place) for place in places]
        found = [
            Wish(
                intent=self.labels.wishes[number],
                probability=float(chances[number]),
                text=message[slice(*spans[place])].strip(),
                start=spans[place][0],
                end=spans[place][1],
            )
            for number, place in zip(likely, places, strict=True)
        ]
        return tuple(sorted(found, key=lambda wish: (wish.start, -wish.probability)))

    def _slots(
        self, message: str, form: Normalised, encoded: Encoded, logits: Floats32
    ) -> tuple[SlotValue, ...]:
        found = []
        for number, places in _joined(runs_of(logits.argmax(-1).tolist())):
            chances = [_softmax(logits[place])[1 + 2 * number : 3 + 2 * number].sum() for place in places]
            start, end = _whole_words(message, *_span(form, encoded, places))
            if message[start:end].strip():
                found.append(
                    SlotValue(
                        slot=self.labels.slots[number],
                        probability=float(np.max(chances)),
                        text=message[start:end].strip(),
                        start=start,
                        end=end,
                    )
                )
        return without_overlaps(message, found)


def without_overlaps(message: str, values: Sequence[SlotValue]) -> tuple[SlotValue, ...]:
    """Values that are parts of one put together, and of those that have grown over each other the likelier ones."""
    kept: list[SlotValue] = []
    for value in sorted(values, key=lambda one: -one.probability):
        near = next((one for one in kept if one.slot == value.slot and _meet(message, one, value)), None)
        others = [one for one in kept if one is not near]
        if near is not None:
            start, end = min(near.start, value.start), max(near.end, value.end)
            value = replace(near, text=message[start:end].strip(), start=start, end=end)
        if not any(one.start < value.end and value.start < one.end for one in others):
            kept = [*others, value]
    return tuple(sorted(kept, key=lambda one: one.start))


def _meet(message: str, one: SlotValue, other: SlotValue) -> bool:
    """Whether two values overlap, or nothing but a space stands between them."""
    return not message[min(one.end, other.end) : max(one.start, other.start)].strip()


def _by_clause(chances: Floats32, encoded: Encoded, clauses: Sequence[tuple[int, int]]) -> Floats32:
    """The most that a token of each clause speaks for each wish, shape (clauses, wishes)."""
    found = np.zeros((len(clauses), chances.shape[1]), np.float32)
    for row, (start, end) in enumerate(clauses):
        inside = [
            place
            for place, (first, last) in enumerate(encoded.spans[: len(chances)])
            if first < last and first < end and last > start
        ]
        if inside:
            found[row] = chances[inside].max(0)
    return found


def _from_each(clauses: Sequence[tuple[int, int]], chosen: Sequence[int]) -> list[tuple[int, int]]:
    """From each chosen clause on to the next; what stands before the first goes with it."""
    starts = [clauses[place][0] if place != chosen[0] else clauses[0][0] for place in chosen]
    return list(zip(starts, [*starts[1:], clauses[-1][1]], strict=True))


def _joined(runs: Sequence[tuple[int, tuple[int, ...]]]) -> list[tuple[int, tuple[int, ...]]]:
    """Runs of one slot with no more than a token or two between them are one."""
    found: list[tuple[int, tuple[int, ...]]] = []
    for number, places in runs:
        if found and found[-1][0] == number and places[0] - found[-1][1][-1] <= _GAP + 1:
            before = found.pop()[1]
            places = tuple(range(before[0], places[-1] + 1))
        found.append((number, places))
    return found


def _whole_words(message: str, start: int, end: int) -> tuple[int, int]:
    """A stretch with the rest of the Latin words that it begins or ends within."""
    while 0 < start < len(message) and _in_word(message[start - 1]) and _in_word(message[start]):
        start -= 1
    while 0 < end < len(message) and _in_word(message[end - 1]) and _in_word(message[end]):
        end += 1
    return start, end


def _in_word(character: str) -> bool:
    return character.isalnum() and character < _FIRST_SIGN


def runs_of(tags: Sequence[int]) -> list[tuple[int, tuple[int, ...]]]:
    """Label and places of each run of tags: odd begins one, the even number after it goes on."""
    found: list[tuple[int, list[int]]] = []
    last = 0
    for place, tag in enumerate(tags):
        number = (tag - 1) // 2
        if tag and tag % 2 == 0 and last and found[-1][0] == number:
            found[-1][1].append(place)
        elif tag:
            found.append((number, [place]))
        last = tag
    return [(number, tuple(places)) for number, places in found]


def _inputs(alone: Floats32, context: Context) -> dict[str, np.ndarray]:
    return {
        "vectors": context.vectors[None],
        "kinds": context.kinds[None].astype(np.int64),
        "places": context.places[None].astype(np.int64),
        "features": context.features[None],
        "asked": context.asked[None].astype(np.int64),
        "tasks": context.tasks[None],
        "alone": alone[None],
    }


def _span(form: Normalised, encoded: Encoded, places: Sequence[int]) -> tuple[int, int]:
    """Where tokens lie in the message as received."""
    lying = [encoded.spans[place] for place in places if encoded.spans[place][1] > encoded.spans[place][0]]
    if not lying:
        return 0, 0
    start, end = lying[0][0], lying[-1][1]
    while start < end - 1 and form.text[start] == " ":
        start += 1
    return form.original_span(start, end)


def _softmax_of_rows(logits: Floats32) -> Floats32:
    raised: Floats32 = np.exp(logits - logits.max(1, keepdims=True))
    shares: Floats32 = raised / raised.sum(1, keepdims=True)
    return shares


def _softmax(logits: Floats32) -> Floats32:
    raised: Floats32 = np.exp(logits - logits.max())
    shares: Floats32 = raised / raised.sum()
    return shares
