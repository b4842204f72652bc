"""One message in, everything about it out: normalise, words, entities, one pass of the encoder, all heads."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from kernel.arrays import Floats32
from nlu import modelfiles
from nlu.acts import Acts, DialogueState, Wish
from nlu.context.alone import acts_alone
from nlu.context.clauses import clauses_of
from nlu.context.plain_words import whole_words, with_plain_words
from nlu.context.reader import ContextReader
from nlu.encoder import Encoded, Encoder
from nlu.entities import ProductIndex, recognise
from nlu.errors import ModelDamaged
from nlu.heads import HeadOutputs, Heads, logistic
from nlu.intents import INTENTS, OUT_OF_SCOPE, SENTIMENTS
from nlu.language import detect, has_words, is_foreign
from nlu.ngrams import Ngrams, ngrams_of
from nlu.normalise import ENCODED_AT_MOST, Normalised, model_text, normalise, simplify
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
EMOJI_AT_MOST = 12
"""Characters of a message without words that may still show a sentiment: an emoji or three."""
BOTH_MEANT = 0.7
"""From this probability of the second intent on, a message is taken to hold both wishes …"""
CLOSE = 2.2
"""… unless the logit of the first leads by more than this."""
EARLIER = 0.2
"""Share of the message by which what speaks for the second must lie before what speaks for the first."""

KNOWN = 0.8
"""From this probability on the heads alone say what a message means; on development messages no more of those that are
plain are read wrongly then, and a third more of those that tell circumstances are read rightly."""
SURE_WISH = 0.7
"""From this probability on, a clause is a wish of its own …"""
LIKELY_WISH = 0.4
"""… and from this on, where the whole message may mean it, too."""
NO_WISHES = frozenset({"greeting", "thanks", "goodbye", "affirm", "deny", "chitchat", OUT_OF_SCOPE})
WHEREABOUTS = frozenset({"order_status", "delivery_time", "delivery_problem"})
"""Two of them in two sentences are one question."""
_ANSWERS = frozenset({"affirm", "deny"})
_HEARD_AT_ONCE = _ANSWERS | {"opt_out"}
"""What the heads alone hear: a wish to be left alone is no matter of likelihood."""
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
        self.folder = folder
        self.encoder = Encoder(folder / "encoder.onnx", folder / "tokenizer.json")
        self._heads = Heads.load(folder / "heads.npz")
        read, made = len(self._heads.mean), self.encoder.width
        if read != made:
            raise ModelDamaged(
                f"{folder} does not fit together: heads for vectors of {read} numbers, an encoder that makes {made}. "
                "Build or fetch the model again."
            )
        whole = all((folder / name).is_file() for name in modelfiles.CONTEXT)
        self._context = ContextReader(folder, self.encoder, self._heads.intents) if whole else None
        # A word speaks for an intent by what it adds there beyond what it adds everywhere.
        weights = self._heads.intent_weight
        self._preference = weights - weights.mean(0)
        self._slope, self._offset = float(self._heads.intent_slope), float(self._heads.intent_offset)
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
        shown = [model_text(one.text[:ENCODED_AT_MOST]) for one in normalised]
        encoded = self.encoder.encode(shown)
        return [
            self._one(text, form, seen, ngrams_of(read), dialogue, today)
            for text, form, seen, read in zip(texts, normalised, encoded, shown, strict=True)
        ]

    def _acts(
        self,
        message: str,
        form: Normalised,
        encoded: Encoded,
        said: HeadOutputs,
        intents: tuple[IntentScore, ...],
        entities: Sequence[Entity],
        state: DialogueState,
    ) -> tuple[Acts, tuple[IntentScore, ...]]:
        """What the message does in its conversation, and what its words mean by themselves.

        A message that is about nothing said before wishes what its own words wish: both readings tell what that is.
        """
        alone = acts_alone(message, intents, entities, state)
        if self._context is None or not intents:
            several = self._wishes_of_clauses(message, form, intents)
            return replace(alone, wishes=several) if several else alone, intents
        acts = self._context.read(message, form, encoded, self._heads.probabilities(said.logits), state)
        first = not (_is_about(state) or state.before)
        if first:
            intents = _by_both(intents, acts.wishes)
        orders = {one.value for one in entities if one.kind is EntityKind.ORDER_NUMBER}
        in_context = _needs_context(state, acts)
        if len(orders) > 1 or not in_context:
            heard = in_context or (first and len(acts.wishes) > 1)
            alike = acts.wishes if heard else _wished(message, intents[0])
            acts = replace(acts, wishes=self._wishes_of_clauses(message, form, intents) or alike)
        return with_plain_words(message, state, acts, alone, entities), intents

    def _wishes_of_clauses(
        self, message: str, form: Normalised, whole: Sequence[IntentScore]
    ) -> tuple[Wish, ...]:
        """The clauses that are wishes of their own; none where it is all one."""
        spans = clauses_of(form.text[:ENCODED_AT_MOST])
        shown = [model_text(form.text[start:end]) for start, end in spans]
        seen = {score.intent for score in whole}
        wishes: dict[str, Wish] = {}
        for (first, last), text, encoded in zip(spans, shown, self.encoder.encode(shown), strict=True):
            said = self._heads.read(encoded.pooled, ngrams_of(text))
            intents = self._intents(said.logits, self._first_wish_first(said.logits, encoded))
            best = intents[0]
            likely = best.probability >= (LIKELY_WISH if best.intent in seen else SURE_WISH)
            if likely and best.intent not in NO_WISHES and self._is_understood(intents, said.scope, ()):
                start, end = form.original_span(first, last)
                wish = Wish(
                    intent=best.intent,
                    probability=best.probability,
                    text=message[start:end].strip(),
                    start=start,
                    end=end,
                )
                wishes.setdefault(best.intent, wish)
        one_question = set(wishes) <= WHEREABOUTS
        return () if len(wishes) < 2 or one_question else tuple(wishes.values())

    def _one(
        self,
        message: str,
        form: Normalised,
        encoded: Encoded,
        ngrams: Ngrams,
        dialogue: DialogueContext,
        today: date,
    ) -> Understanding:
        words, products = self._shop
        text = form.text
        language: Language = detect(text, dialogue.language)
        cut = words.cut_with_starts(simplify(text))
        entities = recognise(message, form, today, products)
        said = self._heads.read(encoded.pooled, ngrams)
        order = self._first_wish_first(said.logits, encoded)
        readable = _is_readable(text)
        intents = self._intents(said.logits, order) if readable else ()
        by_heads = intents
        acts, intents = self._acts(message, form, encoded, said, intents, entities, dialogue.state)
        told_anew = intents != by_heads
        feels = readable or len(text) <= EMOJI_AT_MOST
        sentiment, strength = self._sentiment(said.sentiment) if feels else (Sentiment.NEUTRAL, 0.0)
        return Understanding(
            text=text,
            language=language,
            intents=intents,
            sentiment=sentiment,
            sentiment_strength=strength,
            urgent=readable and logistic(said.urgent) > float(self._heads.urgent_threshold),
            out_of_scope=said.scope if readable else 1.0,
            understood=readable
            and (
                (told_anew and intents[0].intent != OUT_OF_SCOPE)
                or self._is_understood(intents, said.scope, entities)
            ),
            entities=entities,
            words=tuple(text[start : start + len(word)] for word, start in cut),
            deciding_words=self._deciding(text, cut, encoded, ngrams, order[0])
            if intents and not told_anew
            else (),
            offensive=readable and logistic(said.offensive) > float(self._heads.offensive_threshold),
            acts=whole_words(
                message,
                acts,
                [form.original_span(start, start + len(word)) for word, start in cut],
            ),
            vector=_unit(encoded.pooled),
        )

    def _first_wish_first(self, logits: Floats32, encoded: Encoded) -> list[int]:
        """Places of the likeliest intents, best first; of two wishes in one message the one spoken of first leads.

        So people read it. The heads are linear in the mean of the token vectors, so the place where one wish is
        stronger than the other is where the tokens' parts of the difference lie.
        """
        heads = self._heads
        order: list[int] = np.argsort(-logits, kind="stable")[:INTENTS_SHOWN].tolist()
        first, second = order[:2]
        if float(logits[first] - logits[second]) > CLOSE or len(encoded.tokens) < 4:
            return order
        if self._probability(float(logits[second])) < BOTH_MEANT:
            return order
        if OUT_OF_SCOPE in (heads.intents[first], heads.intents[second]):
            return order
        lead = encoded.tokens[1:-1] @ (heads.intent_weight[first] - heads.intent_weight[second])
        lead = lead - lead.mean()
        if _place(np.maximum(lead, 0.0)) - _place(np.maximum(-lead, 0.0)) < EARLIER:
            return order
        return [second, first, *order[2:]]

    def _probability(self, logit: float) -> float:
        return logistic(self._slope * logit + self._offset)

    def _intents(self, logits: Floats32, order: Sequence[int]) -> tuple[IntentScore, ...]:
        # Of two that changed places each takes the other's probability: what is meant is as sure, not what leads.
        ranked = sorted((float(logits[i]) for i in order), reverse=True)
        chances = [self._probability(logit) for logit in ranked]
        return tuple(
            IntentScore(intent=self._heads.intents[i], probability=round(chance, 4))
            for place, (i, chance) in enumerate(zip(order, chances, strict=True))
            if place == 0 or chance >= LEAST_LIKELY
        )

    def _sentiment(self, said: Floats32) -> tuple[Sentiment, float]:
        """The likeliest sentiment; strength is how far its probability leads over neutral."""
        logits = (said / self._heads.sentiment_temperature).tolist()
        largest = max(logits)
        shares = [math.exp(logit - largest) for logit in logits]
        best = logits.index(largest)
        lead = (shares[best] - shares[SENTIMENTS.index("neutral")]) / sum(shares)
        return Sentiment(SENTIMENTS[best]), round(max(0.0, lead), 4)

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
        self, text: str, cut: Sequence[tuple[str, int]], encoded: Encoded, ngrams: Ngrams, best: int
    ) -> tuple[DecidingWord, ...]:
        """The heads are linear in the mean of the token vectors and in the n-grams, so each part is exact.

        Every token of a transformer carries some of the whole sentence; what counts is what a word adds beyond that.
        """
        preference = self._preference[best]
        parts = encoded.tokens @ preference / len(encoded.tokens)
        parts = parts - parts[1:-1].mean() if len(parts) > 2 else parts
        owners = [-1] * (len(text) + 1)
        for number, (word, start) in enumerate(cut):
            owners[start : start + len(word)] = [number] * len(word)
        sums = [0.0] * (len(cut) + 1)  # the last collects what lies in no word
        for part, (start, end) in zip(parts.tolist(), encoded.spans, strict=True):
            sums[next((owner for owner in owners[start:end] if owner >= 0), -1)] += part
        # An n-gram belongs to the word that it begins in; of an intent of the shop's own none says anything.
        beyond = self._heads.beyond_common(ngrams, best).tolist()
        for part, start in zip(beyond, ngrams.starts.tolist(), strict=False):
            sums[owners[start]] += part
        ranked = sorted(range(len(cut)), key=lambda i: -abs(sums[i]))
        named = [i for i in ranked if abs(sums[i]) > 1e-6 and _WORD_CHARACTER.search(cut[i][0])][:WORDS_SHOWN]
        return tuple(
            DecidingWord(word=text[cut[i][1] : cut[i][1] + len(cut[i][0])], contribution=round(sums[i], 4))
            for i in named
        )


def _place(weights: Floats32) -> float:
    """Centre of gravity along the message, from 0 to 1."""
    return float(weights @ np.linspace(0.0, 1.0, len(weights)) / max(float(weights.sum()), 1e-6))


def _needs_context(state: DialogueState, acts: Acts) -> bool:
    """Whether a message may be about something said before, or wishes what its words alone aren't known for."""
    return _is_about(state) or any(wish.intent not in INTENTS for wish in acts.wishes)


def _is_about(state: DialogueState) -> bool:
    """Whether there is something that a message may be about."""
    return state.question is not None or bool(state.tasks or state.filed or state.shown)


def _by_both(intents: tuple[IntentScore, ...], wishes: Sequence[Wish]) -> tuple[IntentScore, ...]:
    """What the words mean, where the heads don't know for sure: what the context model hears leads, which has learned
    from wishes told by circumstances."""
    best = intents[0]
    if not wishes or best.intent in _HEARD_AT_ONCE:
        return intents
    # Of several the one that is spoken of first leads.
    several = len(wishes) > 1 and wishes[0].start < wishes[1].start and wishes[0].probability >= SURE_WISH
    heard = wishes[0] if several else max(wishes, key=lambda wish: wish.probability)
    known = best.probability >= KNOWN or any(wish.intent == best.intent for wish in wishes)
    if (known and not several) or heard.intent == best.intent or heard.intent not in INTENTS:
        return intents
    others = [one for one in intents if one.intent != heard.intent]
    chances = sorted((heard.probability, *(one.probability for one in others)), reverse=True)
    names = (heard.intent, *(one.intent for one in others))
    return tuple(
        IntentScore(intent=name, probability=round(chance, 4))
        for name, chance in zip(names, chances, strict=True)
    )[:INTENTS_SHOWN]


def _wished(message: str, best: IntentScore) -> tuple[Wish, ...]:
    if best.intent in _ANSWERS:
        return ()
    return (Wish(intent=best.intent, probability=best.probability, text=message, start=0, end=len(message)),)


def _today(dialogue: DialogueContext) -> date:
    now = dialogue.now or datetime.now(UTC)
    try:
        return now.astimezone(ZoneInfo(dialogue.time_zone)).date() if dialogue.time_zone else now.date()
    except (ZoneInfoNotFoundError, ValueError, OSError):  # `America` is a folder of zones
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


def _unit(vector: Floats32) -> Floats32:
    return vector / np.float32(max(math.sqrt(float(vector @ vector)), 1e-9))
