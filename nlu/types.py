"""The values and the port of the understanding room: text in, meaning out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from kernel.arrays import Floats32
from nlu.acts import Acts, DialogueState

Language = Literal["zh", "en"]


class Sentiment(StrEnum):
    """How a message feels; a plain question is neutral."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class EntityKind(StrEnum):
    """What a stretch of text names."""

    ORDER_NUMBER = "order_number"
    PRODUCT = "product"
    QUANTITY = "quantity"
    SIZE = "size"
    COLOUR = "colour"
    AMOUNT = "amount"
    DATE = "date"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One thing that a message names."""

    kind: EntityKind
    text: str
    """As the customer wrote it."""
    value: str
    """Normalised: an order number without `#`, an ISO date, an amount as a decimal string, a product id."""
    start: int
    """First character in the message as received."""
    end: int
    """One past the last character."""
    score: float = 1.0
    """0 to 1; below 1 where the match is fuzzy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentScore:
    """An intent and its calibrated probability."""

    intent: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingWord:
    """A word and how much it spoke for (above 0) or against (below 0) the first intent."""

    word: str
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueContext:
    """What the understanding of a message may draw on besides its words."""

    language: Language | None = None
    """The language the customer chose or last wrote in; decides for messages such as `1024` or `ok`."""
    previous_intents: tuple[str, ...] = ()
    """Latest first."""
    now: datetime | None = None
    """Aware; resolves relative dates such as 后天."""
    time_zone: str | None = None
    """IANA name of the customer's time zone."""
    state: DialogueState = field(default_factory=DialogueState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What a message means and how it feels."""

    text: str
    """Normalised: NFKC, white space folded, control and zero-width characters removed."""
    language: Language
    intents: tuple[IntentScore, ...]
    """Best first, at most five; empty when the text holds nothing that could be read."""
    sentiment: Sentiment
    sentiment_strength: float
    """0 (none) to 1 (as strong as it gets)."""
    urgent: bool
    out_of_scope: float
    """Higher is further from anything the model was taught; compare with `understood`, not with a number."""
    understood: bool
    """False for gibberish, emoji alone, other languages and what lies outside the model's scope."""
    entities: tuple[Entity, ...] = ()
    words: tuple[str, ...] = ()
    """jieba's words, or the white-space words of English."""
    deciding_words: tuple[DecidingWord, ...] = ()
    """Strongest first: why the first intent was chosen."""
    offensive: bool = False
    acts: Acts = field(default_factory=Acts)
    """What the message does where it is said; for the first of several texts alone, the others being parts of it."""
    vector: Floats32 | None = field(default=None, compare=False, repr=False)
    """Sentence vector, unit length, shape (d,)."""

    @property
    def intent(self) -> str | None:
        """The best intent, whether or not it is likely enough to act on."""
        return self.intents[0].intent if self.intents else None

    @property
    def probability(self) -> float:
        """The probability of the best intent, 0 when there is none."""
        return self.intents[0].probability if self.intents else 0.0

    def first(self, kind: EntityKind) -> Entity | None:
        """The first entity of a kind, or None."""
        return next((entity for entity in self.entities if entity.kind is kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A product as the product recogniser needs it."""

    product_id: str
    names: tuple[str, ...]
    """Its names and codes in every language the shop has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of the shop's own pages that answers a question."""

    page: str
    title: str
    text: str
    language: Language
    score: float
    """The chance that it answers, and no less than the search asked for: `at_least`, or else the model's threshold."""
    answer: str = ""
    """The sentence of the text that answers, or a few, one a line where others stand between; empty: it may be any."""
    stated: bool = True
    """Whether one of its sentences answers; where none does, it is of the same matter all the same."""
    placed: bool = False
    """Its answer is what it says of the place asked of; the rest is of others."""


@runtime_checkable
class Understander(Protocol):
    """Reads customer messages. Implementations are safe to call from several threads."""

    def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        """Read a batch; one result a text, in order. Never raises for any text."""
        ...

    def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None:
        """Replace the products that can be recognised; their names enter jieba's dictionary."""
        ...


@runtime_checkable
class PageIndex(Protocol):
    """Finds the passages of the shop's own pages that answer a question."""

    def search(
        self,
        question: str,
        language: Language,
        n: int = 3,
        before: str = "",
        at_least: float | None = None,
    ) -> list[Passage]:
        """The best passages above a threshold, best first; pages in the other language stand in.

        Args:
            question: in either language.
            language: that the answer should be in.
            n: no more than so many.
            before: the customer's message before, which a short question may go on from.
            at_least: the score that a passage needs, for who knows more of the question than its words: whether it
                is one for the pages at all. The model's own threshold by default, which supposes nothing.
        """
        ...
