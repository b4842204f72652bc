"""In-memory stand-ins for the ports that the conversation works with."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions
from nlu.acts import Act, Acts, Danger, DialogueState, Pointing, SlotValue, Wish
from nlu.context.alone import acts_alone
from nlu.products.needs import Need
from nlu.products.searching import Found
from nlu.types import (
    CatalogueEntry,
    DialogueContext,
    Entity,
    EntityKind,
    IntentScore,
    Language,
    PageIndex,
    Passage,
    Sentiment,
    Understander,
    Understanding,
)
from retention.types import Money, Offer, Reason, Recommendation
from storage.catalogue import Catalogue
from storage.offers import NewOffer, Offers, StoredOffer

_COLOUR = re.compile(r"[黑白红]色|\b(black|white|navy)\b")
_ORDER_NUMBER = re.compile(r"(?<![A-Za-z0-9])[A-Z]\d{4}(?!\d)")


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a scripted text means."""

    intents: tuple[tuple[str, float], ...]
    sentiment: Sentiment = Sentiment.NEUTRAL
    urgent: bool = False
    address: str | None = None
    understood: bool = True
    acts: Mapping[Act, float] | None = None
    """What it does in its conversation; None: as far as the intent alone tells it."""
    wishes: tuple[tuple[str, str], ...] | None = None
    """Intents with their stretches; None: the intent alone."""
    slots: tuple[tuple[str, str], ...] = ()
    """What it tells besides what its entities tell."""
    points: tuple[int, ...] = ()
    """Places of what is meant among the things shown."""
    others: bool = False
    """Others than those shown are wanted."""
    danger: Danger | None = None
    day: tuple[str, str] | None = None
    """A stretch that names a day, and the day, ISO."""


def means(
    intent: str, *, negative: bool = False, urgent: bool = False, address: str | None = None
) -> Meaning:
    """One clear intent."""
    return Meaning(
        intents=((intent, 0.9), ("chitchat", 0.02)),
        sentiment=Sentiment.NEGATIVE if negative else Sentiment.NEUTRAL,
        urgent=urgent,
        address=address,
    )


def does(*acts: Act, intent: str = "", **told: Any) -> Meaning:
    """What a message does in its conversation, and what it tells (`wishes`, `slots`, `points`,
    `others`)."""
    wishes = told.pop("wishes", ())
    intent = intent or ("affirm" if Act.YES in acts else "chitchat")
    return Meaning(intents=((intent, 0.3),), acts=dict.fromkeys(acts, 0.9), wishes=wishes, **told)


@dataclass(frozen=True)
class InProcess:
    """A reader and its pages in this process, as the conversation asks for them."""

    understander: Understander
    pages: PageIndex

    async def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        return self.understander.understand(texts, dialogue)

    async def search(
        self, question: str, language: Language, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        return self.pages.search(question, language, n, before, at_least)

    async def read_lines(self, question: str, lines: Sequence[str]) -> list[float]:
        """None of them answers, save one whose label the question holds."""
        return [float(line.split(":")[0].split("：")[0].lower() in question.lower()) for line in lines]

    async def search_goods(self, need: Need, language: Language, n: int) -> list[Found] | None:
        return None


@dataclass
class ScriptedUnderstander:
    """Knows the texts it was told of; recognises order numbers such as A1024 and product names by itself."""

    script: dict[str, Meaning] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)

    def understand(
        self, texts: Sequence[str], dialogue: DialogueContext | None = None
    ) -> list[Understanding]:
        return [self._one(text, dialogue) for text in texts]

    def set_catalogue(self, entries: Sequence[CatalogueEntry]) -> None:
        self.products = {name: entry.product_id for entry in entries for name in entry.names}

    def _one(self, text: str, dialogue: DialogueContext | None) -> Understanding:
        meaning = self.script.get(text.strip())
        chinese = any("\u4e00" <= character <= "\u9fff" for character in text)
        letters = any(character.isalpha() for character in text)
        known: Language = dialogue.language if dialogue is not None and dialogue.language else "zh"
        scores = tuple(
            IntentScore(intent=name, probability=p) for name, p in (meaning.intents if meaning else ())
        )
        entities = tuple(self._entities(text, meaning))
        state = dialogue.state if dialogue is not None else DialogueState()
        return Understanding(
            acts=_acts(text, scores, entities, state, meaning),
            text=text.strip(),
            language="zh" if chinese else "en" if letters else known,
            intents=scores,
            sentiment=meaning.sentiment if meaning is not None else Sentiment.NEUTRAL,
            sentiment_strength=0.9 if meaning is not None and meaning.sentiment != "neutral" else 0.0,
            urgent=meaning is not None and meaning.urgent,
            out_of_scope=0.0 if meaning is not None else 1.0,
            understood=meaning is not None and meaning.understood,
            entities=entities,
            words=tuple(text.split()),
        )

    def _entities(self, text: str, meaning: Meaning | None) -> list[Entity]:
        found = [
            Entity(
                kind=EntityKind.ORDER_NUMBER,
                text=match.group(),
                value=match.group(),
                start=match.start(),
                end=match.end(),
            )
            for match in _ORDER_NUMBER.finditer(text)
        ]
        found += [
            Entity(
                kind=EntityKind.COLOUR,
                text=match.group(),
                value=match.group(),
                start=match.start(),
                end=match.end(),
            )
            for match in _COLOUR.finditer(text)
        ]
        if meaning is not None and meaning.day is not None:
            said, day = meaning.day
            start = text.find(said)
            found.append(
                Entity(kind=EntityKind.DATE, text=said, value=day, start=start, end=start + len(said))
            )
        for name, product_id in self.products.items():
            start = text.lower().find(name.lower())
            if start >= 0:
                end = start + len(name)
                found.append(
                    Entity(
                        kind=EntityKind.PRODUCT,
                        text=text[start:end],
                        value=product_id,
                        start=start,
                        end=end,
                    )
                )
        if meaning is not None and meaning.address is not None:
            address = meaning.address
            start = text.find(address)
            found.append(
                Entity(
                    kind=EntityKind.ADDRESS,
                    text=address,
                    value=address,
                    start=start,
                    end=start + len(address),
                )
            )
        return found


def _acts(
    text: str,
    intents: Sequence[IntentScore],
    entities: Sequence[Entity],
    state: DialogueState,
    meaning: Meaning | None,
) -> Acts:
    """As a reader without a model tells it, with what the script says."""
    acts = acts_alone(text, intents, entities, state)
    if meaning is None:
        return acts
    slots = [
        SlotValue(
            slot=slot, probability=0.9, text=value, start=text.find(value), end=text.find(value) + len(value)
        )
        for slot, value in meaning.slots
    ]
    shown = tuple(float(place in meaning.points) for place in range(len(state.shown)))
    acts = replace(
        acts,
        slots=(*acts.slots, *slots),
        pointing=Pointing(shown=shown, other=float(meaning.others)),
        danger=meaning.danger,
    )
    if meaning.acts is not None:
        acts = replace(acts, acts=meaning.acts)
    if meaning.wishes is not None:
        wishes = tuple(
            Wish(
                intent=intent,
                probability=0.9,
                text=words,
                start=text.find(words),
                end=text.find(words) + len(words),
            )
            for intent, words in meaning.wishes
        )
        acts = replace(acts, wishes=wishes)
    return acts


@dataclass
class FakePages:
    """Answers the questions it was given."""

    passages: dict[str, str] = field(default_factory=dict)

    def search(
        self,
        question: str,
        language: Language,
        n: int = 3,
        before: str = "",
        at_least: float | None = None,
    ) -> list[Passage]:
        return [
            Passage(page="page", title=key, text=text, language=language, score=0.9)
            for key, text in self.passages.items()
            if key.lower() in question.lower()
        ][:n]


@dataclass
class FakeDecisions(Decisions):
    """Recommends what is in stock in the order of ids, and gives a fixed share off."""

    discount: float = 0.1
    shown: list[str] = field(default_factory=list)
    _prices = None

    async def recommend(
        self,
        connection: AsyncConnection,
        *,
        customer_id: str | None,
        n: int,
        now: datetime,
        words: Sequence[str] = (),
        category: str | None = None,
        among: Collection[str] | None = None,
        exclude: Collection[str] = frozenset(),
        allow_repeats: bool = False,
    ) -> list[Recommendation]:
        products = await Catalogue(connection).active(category_id=category)
        products = [item for item in products if among is None or item.id in among]
        chosen = [item for item in products if item.stock > 0 and item.id not in exclude][:n]
        return [
            Recommendation(
                product=item.id,
                position=place,
                score=1.0 - place / 10,
                policy="fake/1",
                probability=1.0,
                reasons=(Reason(code="popular"),),
            )
            for place, item in enumerate(chosen)
        ]

    async def offer(
        self,
        connection: AsyncConnection,
        *,
        customer_id: str,
        product_id: str,
        reason: str,
        now: datetime,
        campaign: str | None = None,
    ) -> Offer:
        product = await Catalogue(connection).get(product_id)
        assert product is not None
        live = await Offers(connection).live(customer_id, now, product_id)
        price = live[0].price if live else round(product.list_price * (1 - self.discount))
        return Offer(
            customer=customer_id,
            product=product_id,
            price=Money(price, product.currency),
            list_price=Money(product.list_price, product.currency),
            floor=Money(product.cost, product.currency),
            valid_until=live[0].valid_until if live else now + timedelta(hours=72),
            personal=price < product.list_price,
            policy="fake/1",
            probability=1.0,
            reasons=(Reason(code="loyalty", value=self.discount),),
        )

    async def reserve(
        self,
        connection: AsyncConnection,
        offer: Offer,
        *,
        reason: str,
        now: datetime,
        campaign: str | None = None,
    ) -> StoredOffer:
        live = await Offers(connection).live(offer.customer, now, offer.product)
        if live:
            return live[0]
        return await Offers(connection).reserve(
            NewOffer(
                code=f"LK{len(self.shown):04d}{offer.product[-2:].upper()}",
                customer_id=offer.customer,
                product_id=offer.product,
                price=offer.price.minor,
                list_price=offer.list_price.minor,
                floor=offer.floor.minor,
                currency=offer.price.currency,
                reason=reason,
                reasons=[],
                policy=offer.policy,
                probability=1.0,
                valid_until=offer.valid_until,
            ),
            now,
        )

    async def record_shown(
        self,
        connection: AsyncConnection,
        what: Sequence[Recommendation] | Offer,
        *,
        customer_id: str | None,
        account_id: int | None,
        conversation_id: int | None,
        now: datetime,
    ) -> None:
        self.shown += [what.product] if isinstance(what, Offer) else [item.product for item in what]
