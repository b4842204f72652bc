"""One message in, everything about it out: normalise, words, entities, one pass of the encoder, all heads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from nlu import modelfiles
from nlu.encoder import Encoded, Encoder
from nlu.entities import ProductIndex, recognise
from nlu.heads import Floats, Heads, sigmoid
from nlu.intents import OUT_OF_SCOPE, SENTIMENTS
from nlu.language import detect, has_words, is_foreign
from nlu.normalise import Normalised, model_text, normalise, simplify
from nlu.spelling import Spelt, spell
from nlu.types import (
    CatalogueEntry,
    DecidingWord,
    DialogueContext,
    Entity,
    EntityKind,
    IntentScore,
    Language,
    Sentiment,
    Understanding,
)
from nlu.words import Words, terms_of

INTENTS_SHOWN = 5
WORDS_SHOWN = 5
LEAST_LIKELY = 0.02
"""An intent below this probability is not worth naming."""
UNSURE = 0.2
"""Below this probability of the best intent nothing counts as understood."""
ENCODED_AT_MOST = 480
"""Characters that the encoder is given; its token limit is shorter still."""

EMOJI_AT_MOST = 12
"""Characters of a message without words that may still show a feeling: an emoji or three."""
BOTH_MEANT = 0.7
"""From this probability of the second intent on, a message is taken to hold both wishes …"""
CLOSE = 2.2
"""… unless the logit of the first leads by more than this."""
EARLIER = 0.2
"""Share of the message by which what speaks for the second must lie before what speaks for the first."""

_OF_THE_SHOP = frozenset({EntityKind.ORDER_NUMBER, EntityKind.PRODUCT})
_BLOB = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
_ONE_KEY = re.compile(r"(.)\1{5,}", re.DOTALL)
_WORD_CHARACTER = re.compile(r"\w")
_NOTHING = DialogueContext()


class TransformerUnderstander:
    """Reads messages with the model of a folder. Safe to call from several threads.

    Raises:
        ModelDamaged: the folder holds no sound model.
    """

    def __init__(self, folder: Path) -> None:
        self.manifest = modelfiles.check(folder)
        self._encoder = Encoder(folder / "encoder.onnx", folder / "tokenizer.json")
        self._heads = Heads.load(folder / "heads.npz")
        # A word speaks for an intent by what it adds there beyond what it adds everywhere.
        weights = self._heads.intent_weight
        self._preference = weights - weights.mean(0)
        # Both are replaced together by one assignment, so that a reader sees the old pair or the new one.
        self._shop = (Words(), ProductIndex(()))

    def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None:
        """Replace the products that can be recognised; their names enter jieba's dictionary."""
        names = [name for entry in entries for name in entry.names]
        self._shop = (Words(terms_of(names)), ProductIndex(entries))

    def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        """Read a batch; one result a text, in order. Never raises for any text."""
        dialogue = dialogue or _NOTHING
        today = _today(dialogue)
        normalised = [normalise(text) for text in texts]
        readable = [model_text(one.text[:ENCODED_AT_MOST]) for one in normalised]
        encoded = self._encoder.encode(readable)
        return [
            self._one(text, form, seen, spell(read), dialogue, today)
            for text, form, seen, read in zip(texts, normalised, encoded, readable, strict=True)
        ]

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Sentence vectors of unit length, shape (texts, d)."""
        prepared = [model_text(normalise(text).text[:ENCODED_AT_MOST]) for text in texts]
        if not prepared:
            return np.zeros((0, self._heads.mean.shape[0]), np.float32)
        return np.stack([_unit(encoded.pooled) for encoded in self._encoder.encode(prepared)])

    def _one(
        self,
        message: str,
        form: Normalised,
        encoded: Encoded,
        spelt: Spelt,
        dialogue: DialogueContext,
        today: date,
    ) -> Understanding:
        words, products = self._shop
        text = form.text
        language: Language = detect(text, dialogue.language)
        cut = words.cut_with_starts(simplify(text))
        entities = recognise(message, form, today, products)
        logits = self._heads.logits(encoded.pooled, spelt)
        scope = self._heads.scope(encoded.pooled, logits)
        logits = self._first_wish_first(logits, encoded)
        readable = _is_readable(text)
        intents = self._intents(logits) if readable else ()
        feels = readable or len(text) <= EMOJI_AT_MOST
        sentiment, strength = self._sentiment(encoded.pooled, spelt) if feels else (Sentiment.NEUTRAL, 0.0)
        return Understanding(
            text=text,
            language=language,
            intents=intents,
            sentiment=sentiment,
            sentiment_strength=strength,
            urgent=readable and self._above("urgent", encoded.pooled),
            out_of_scope=scope if readable else 1.0,
            understood=readable and self._is_understood(intents, scope, entities),
            entities=entities,
            words=tuple(text[start : start + len(word)] for word, start in cut),
            deciding_words=self._deciding(text, cut, encoded, spelt, int(logits.argmax())) if intents else (),
            offensive=readable and self._above("offensive", encoded.pooled),
            vector=_unit(encoded.pooled),
        )

    def _first_wish_first(self, logits: Floats, encoded: Encoded) -> Floats:
        """Of two wishes in one message the one that is spoken of first leads, as people read it.

        The heads are linear in the mean of the token vectors, so the place where one wish is stronger than the other
        is where the tokens' parts of the difference lie.
        """
        heads = self._heads
        second, first = np.argsort(logits, kind="stable")[-2:]
        chance = sigmoid(heads.intent_slope * logits[second] + heads.intent_offset)
        if chance < BOTH_MEANT or logits[first] - logits[second] > CLOSE or len(encoded.tokens) < 4:
            return logits
        if OUT_OF_SCOPE in (heads.intents[first], heads.intents[second]):
            return logits
        lead = encoded.tokens[1:-1] @ (heads.intent_weight[first] - heads.intent_weight[second])
        lead = lead - lead.mean()
        if _place(np.maximum(lead, 0.0)) - _place(np.maximum(-lead, 0.0)) < EARLIER:
            return logits
        swapped = logits.copy()
        swapped[[first, second]] = logits[[second, first]]
        return swapped

    def _intents(self, logits: Floats) -> tuple[IntentScore, ...]:
        heads = self._heads
        probabilities = sigmoid(heads.intent_slope * logits + heads.intent_offset)
        best = np.argsort(-logits, kind="stable")[:INTENTS_SHOWN]
        return tuple(
            IntentScore(intent=heads.intents[i], probability=round(float(probabilities[i]), 4))
            for place, i in enumerate(best)
            if place == 0 or probabilities[i] >= LEAST_LIKELY
        )

    def _sentiment(self, pooled: Floats, spelt: Spelt) -> tuple[Sentiment, float]:
        """The likeliest feeling; strength is how far its probability leads over neutral."""
        logits = self._heads.feelings(pooled, spelt) / self._heads.sentiment_temperature
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        neutral = SENTIMENTS.index("neutral")
        return Sentiment(SENTIMENTS[best]), round(float(max(0.0, shares[best] - shares[neutral])), 4)

    def _above(self, head: str, pooled: Floats) -> bool:
        weight, bias = getattr(self._heads, f"{head}_weight"), getattr(self._heads, f"{head}_bias")
        return bool(sigmoid(weight[0] @ pooled + bias[0]) > getattr(self._heads, f"{head}_threshold"))

    def _is_understood(
        self, intents: tuple[IntentScore, ...], scope: float, entities: tuple[Entity, ...]
    ) -> bool:
        best = intents[0]
        if best.intent == OUT_OF_SCOPE or best.probability < UNSURE:
            return False
        # A message that names an order of the shop's or a product of it is not foreign to it.
        knows = any(entity.kind in _OF_THE_SHOP for entity in entities)
        return scope <= float(self._heads.scope_threshold) or (best.probability > 0.5 and knows)

    def _deciding(
        self, text: str, cut: Sequence[tuple[str, int]], encoded: Encoded, spelt: Spelt, best: int
    ) -> tuple[DecidingWord, ...]:
        """The heads are linear in the mean of the token vectors and in the n-grams, so each part is exact.

        Every token of a transformer carries some of the whole sentence; what counts is what a word adds beyond that.
        """
        preference = self._preference[best]
        parts = encoded.tokens @ preference / len(encoded.tokens)
        parts = parts - parts[1:-1].mean() if len(parts) > 2 else parts
        owners = np.full(len(text) + 1, -1, np.int32)
        for number, (word, start) in enumerate(cut):
            owners[start : start + len(word)] = number
        sums = np.zeros(len(cut), np.float32)
        for part, (start, end) in zip(parts, encoded.spans, strict=True):
            inside = owners[start:end]
            inside = inside[inside >= 0]
            if inside.size:
                sums[inside[0]] += part
        np.add.at(sums, *self._spelled(spelt, best, owners))
        ranked = sorted(range(len(cut)), key=lambda i: -abs(float(sums[i])))
        named = [i for i in ranked if abs(sums[i]) > 1e-6 and _WORD_CHARACTER.search(cut[i][0])][:WORDS_SHOWN]
        return tuple(
            DecidingWord(
                word=text[cut[i][1] : cut[i][1] + len(cut[i][0])], contribution=round(float(sums[i]), 4)
            )
            for i in named
        )

    def _spelled(
        self, spelt: Spelt, best: int, owners: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int32], Floats]:
        """The words that the n-grams begin in, and what each says for an intent beyond what it says for all."""
        said = self._heads.spelled(spelt)
        if best >= said.shape[1]:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        words = owners[np.minimum(spelt.starts, len(owners) - 1)]
        parts: Floats = said[:, best] - said.mean(1)
        return words[words >= 0], parts[words >= 0]


def _place(weights: Floats) -> float:
    """Centre of gravity along the message, from 0 to 1."""
    return float(weights @ np.linspace(0.0, 1.0, len(weights)) / max(float(weights.sum()), 1e-6))


def _today(dialogue: DialogueContext) -> date:
    now = dialogue.now or datetime.now(UTC)
    try:
        return now.astimezone(ZoneInfo(dialogue.time_zone)).date() if dialogue.time_zone else now.date()
    except (ZoneInfoNotFoundError, ValueError):
        return now.date()


def _is_readable(text: str) -> bool:
    """Whether it is worth asking what a text means."""
    if not has_words(text) or is_foreign(text):
        return False
    without_blobs = _BLOB.sub("", text)
    return has_words(without_blobs) and not _is_one_key(text)


def _is_one_key(text: str) -> bool:
    """Whether nothing but a key held down is left: `aaaaaaaa`, `啊啊啊啊啊啊啊`."""
    return not _WORD_CHARACTER.search(_ONE_KEY.sub("", text)) and bool(_ONE_KEY.search(text))


def _unit(vector: Floats) -> Floats:
    unit: Floats = (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
    return unit
