"""One turn of a dialogue: what a skill may look at, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import wording
from bot.conversation.hours import ALWAYS, OpeningHours
from bot.conversation.memory import Memory
from bot.conversation.messages import Button, Card, Incoming
from bot.conversation.texts import Texts
from bot.linking import Linker
from nlu.types import EntityKind, PageIndex, Sentiment, Understanding
from retention.types import Offer, Recommendation
from storage.conversations import Contact
from storage.offers import StoredOffer

_CLEARLY = 0.4
ACTION_BYTES = 64
"""The longest action a button may carry: Telegram's limit."""

Effect = Callable[[AsyncConnection], Awaitable[None]]
"""Something a skill writes, inside the turn's transaction."""

Rows = tuple[tuple[Button, ...], ...]


OfferReason = Literal["asked", "recommended", "win_back"]


class Deciding(Protocol):
    """What skills ask of retention; `bot.decisions.Decisions` is the real one."""

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
        """At most `n` products that are in stock, best first; `among` leaves no others to choose from."""
        ...

    async def offer(
        self,
        connection: AsyncConnection,
        *,
        customer_id: str,
        product_id: str,
        reason: OfferReason,
        now: datetime,
    ) -> Offer:
        """The price of a product for this customer now."""
        ...

    async def reserve(
        self, connection: AsyncConnection, offer: Offer, *, reason: OfferReason, now: datetime
    ) -> StoredOffer:
        """Keep an offer with its code; raises Conflict when something changed since it was decided."""
        ...

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
        """Keep what was shown, with its position, policy and probability."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What the bot says about the shop itself."""

    names: dict[str, str]
    """Name by language."""
    time_zone: str = "Asia/Shanghai"
    demo: bool = False
    hours: OpeningHours = ALWAYS
    """When people answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What skills work with besides the store."""

    texts: Texts
    shop: Shop
    decisions: Deciding
    linker: Linker
    pages: PageIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a skill may look at."""

    incoming: Incoming
    contact: Contact
    memory: Memory
    language: str
    now: datetime
    connection: AsyncConnection
    """For reading; inside `Answer.then` it is the transaction's."""
    services: Services
    intent: str = ""
    """The intent or the button's verb that led here."""
    argument: str = ""
    """What a button carried; as untrusted as text."""
    text: str = ""
    """The words to be answered: the message, or the part of it that is this wish."""
    understanding: Understanding | None = None
    read: Callable[[str], Understanding | None] = field(default=lambda _text: None, repr=False)
    """What other words of theirs mean, such as those said before an order was chosen."""

    @property
    def customer_id(self) -> str | None:
        """The customer this account is linked to."""
        return self.contact.customer_id

    @property
    def zone(self) -> ZoneInfo:
        """The customer's time zone, else the shop's."""
        return wording.zone(self.contact.time_zone, self.services.shop.time_zone)

    @property
    def negative(self) -> bool:
        """Whether the message feels bad."""
        return self.understanding is not None and self.understanding.sentiment is Sentiment.NEGATIVE

    @property
    def affirms(self) -> bool:
        """Whether the message says yes."""
        return self._says("affirm")

    @property
    def denies(self) -> bool:
        """Whether the message says no."""
        return self._says("deny")

    def _says(self, intent: str) -> bool:
        whole = self.understanding
        return (
            whole is not None
            and whole.understood
            and whole.intent == intent
            and whole.probability >= _CLEARLY
        )

    def say(self, text_id: str, **values: str | int) -> str:
        """A text in the customer's language."""
        return self.services.texts.say(self.language, text_id, **values)

    def named(self, kind: EntityKind) -> str | None:
        """The normalised value of the first entity of a kind in the message."""
        entity = self.understanding.first(kind) if self.understanding is not None else None
        return entity.value if entity is not None else None

    def money(self, minor: int, currency: str) -> str:
        """An amount as this customer reads it."""
        return wording.money(minor, currency)

    def day(self, at: datetime) -> str:
        """A day as this customer reads it."""
        return wording.day(at, self.language, self.zone)

    def near_day(self, at: datetime) -> str:
        """A day, with today and tomorrow by name."""
        return wording.near_day(at, self.language, self.zone, self.now)

    def near_moment(self, at: datetime) -> str:
        """A day and time, with today and tomorrow by name."""
        return wording.near_moment(at, self.language, self.zone, self.now)

    def moment(self, at: datetime) -> str:
        """A day and time as this customer reads it."""
        return wording.moment(at, self.language, self.zone)

    def button(self, text_id: str, action: str, **values: str | int) -> Button:
        """A button whose label is a text."""
        return Button(label=self.say(text_id, **values), action=action)

    def remembering(self, memory: Memory) -> Turn:
        """The same turn with another memory."""
        return replace(self, memory=memory)

    def about(self, text: str) -> Turn:
        """The same turn for words said before this message: they are what is answered now."""
        return replace(self, text=text, understanding=self.read(text)) if text else replace(self, text=text)

    def within(self, connection: AsyncConnection) -> Turn:
        """The same turn inside the transaction."""
        return replace(self, connection=connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The conversation should go to a person."""

    reason: str
    priority: int = 1
    """0 is the most urgent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a skill gives back."""

    text: str = ""
    buttons: Rows = ()
    cards: tuple[Card, ...] = ()
    memory: Memory | None = None
    """The memory afterwards; None leaves it as it was."""
    language: str | None = None
    """Set when the customer chose another language."""
    effects: tuple[Effect, ...] = ()
    hand_over: HandOver | None = None
    then: Callable[[AsyncConnection], Awaitable[Answer]] | None = None
    """For what only the transaction can know (a code, a proof): run there, its answer replaces this one."""


AnswerTurn = Callable[[Turn], Awaitable[Answer]]

ResumeTurn = Callable[[Turn], Awaitable[Answer | None]]
"""Takes the answer to a skill's own question; None when the words are no answer to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One thing a customer comes for."""

    name: str
    """As in its switch, in reports and in tests."""
    answer: AnswerTurn
    intents: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    """First words of the button actions it answers."""
    commands: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    """Kinds of questions whose answers it takes, through `resume`."""
    resume: ResumeTurn | None = None
    consoles: bool = False
    """Its answers find the words for a bad experience themselves."""
    always: bool = False
    """It can't be switched off: a person, and being left alone, are never refused."""


def row(*buttons: Button) -> Rows:
    """One row of buttons; one whose action is too long for a channel is left out."""
    fitting = tuple(item for item in buttons if item.url or len(item.action.encode()) <= ACTION_BYTES)
    return (fitting,) if fitting else ()


def column(*buttons: Button) -> Rows:
    """One button a row."""
    return tuple(line for item in buttons for line in row(item))
