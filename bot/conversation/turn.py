"""One turn of a dialogue: what a skill may look at, and what it declares of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import price_words, wording
from bot.conversation.answer import Answer, Rows, row
from bot.conversation.memory import Memory, OpenTask
from bot.conversation.read_message import ReadMessage
from bot.conversation.services import Services
from bot.conversation.sources import Sources
from bot.messages import Button
from bot.shop.customer_prices import CustomerPrices
from nlu.acts import Asking, DialogueState, SlotValue
from nlu.types import Understanding
from retention.types import Offer, Recommendation
from storage.catalogue import Product
from storage.conversations import Contact
from storage.orders import Order
from storage.requests import Request


async def _unread(_text: str, _where: DialogueState) -> Understanding | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(ReadMessage):
    """What a skill may look at."""

    contact: Contact
    memory: Memory
    language: str
    now: datetime
    connection: AsyncConnection
    """For reading; in an effect it is the transaction's."""
    services: Services
    prices: CustomerPrices
    """What goods cost this customer: wherever a price is compared, added up or told, it comes from here."""
    skills: Registry
    """For skills that pass a wish on to another."""
    intent: str = ""
    """The intent or the button's verb that led here."""
    argument: str = ""
    """What a button carried; as untrusted as text."""
    guessed: bool = False
    """Only its words by themselves wish this: in its conversation the message isn't read as a wish."""
    chosen: bool = False
    """The customer has chosen this meaning among those asked about."""
    asked_before: str = ""
    """The message before, where this one only says of what else it is asked."""
    read: Callable[[str, DialogueState], Awaitable[Understanding | None]] = field(default=_unread, repr=False)
    """What other words of theirs mean where the conversation stands so, such as those said before an order was
    chosen."""
    sources: Sources = field(default_factory=Sources, repr=False)
    """What is said, and what it is taken from."""

    @property
    def customer_id(self) -> str | None:
        """The customer this account is linked to."""
        return self.contact.customer_id

    @property
    def in_queue(self) -> bool:
        """Whether the conversation waits for a person."""
        return self.contact.conversation.owner == "queue"

    @property
    def zone(self) -> ZoneInfo:
        """The customer's time zone, else the shop's."""
        return wording.zone(self.contact.time_zone, self.services.shop.time_zone)

    def say(self, text_id: str, **values: str | int) -> str:
        """A text in the customer's language."""
        words = self.services.texts.say(self.language, text_id, **values)
        self.sources.text(text_id, words, values)
        return words

    def part(self, text_id: str, **values: str | int) -> str:
        """The same of what is said inside another text, and is no fact by itself."""
        return self.services.texts.say(self.language, text_id, **values)

    def money(self, minor: int, currency: str) -> str:
        """An amount as this customer reads it."""
        return wording.money(minor, currency)

    def price(self, product: Product) -> str:
        """What one piece of a product costs this customer, beside what everybody pays, or paid before a sale."""
        return price_words.in_words(self.say, self.prices.of(product), self.last_day)

    def of_offer(self, product: Product) -> dict[str, str]:
        """What sentences with the code of their live offer name; as `price_words.of_offer`, which raises, too."""
        return price_words.of_offer(self.prices.of(product), self.moment)

    def last_day(self, at: datetime) -> str:
        """Until when something holds, in short."""
        return wording.last_day(at, self.language, self.zone, self.now)

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
        return Button(label=self.services.texts.say(self.language, text_id, **values), action=action)

    @property
    def human(self) -> Rows:
        """The button that asks for a person."""
        return row(self.button("button-human", "human:ask"))

    def remembering(self, memory: Memory) -> Turn:
        """The same turn with another memory."""
        return replace(self, memory=memory)

    async def about(self, text: str) -> Turn:
        """The same turn for words said before this message: they are what is answered now."""
        said = await self.read(text, DialogueState()) if text else self.understanding
        return replace(self, text=text, understanding=said)

    async def record_shown(self, what: Sequence[Recommendation] | Offer, connection: AsyncConnection) -> None:
        """Keep in a transaction what this customer was recommended or offered."""
        if isinstance(what, Offer):
            self.sources.price(what, self.money(what.price.minor, what.price.currency))
        else:
            self.sources.recommended(what)
        await self.services.decisions.record_shown(
            connection,
            what,
            customer_id=self.customer_id,
            account_id=self.contact.conversation.account_id,
            conversation_id=self.contact.conversation.id,
            now=self.now,
        )

    def within(self, connection: AsyncConnection) -> Turn:
        """The same turn inside the transaction."""
        return replace(self, connection=connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKind:
    """Something that a skill asks of the shop. Its name for customers is the text `decision-kind-` and its name, for
    staff the console's text `kind-` and its name."""

    name: str
    trouble: bool = False
    """It reports that something went wrong: a picture sent soon after belongs to it."""


Facts = Callable[[Turn, Order | None, OpenTask], Mapping[str, str | int]]
"""What a task's texts name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Something that is to be told for a task."""

    name: str
    """As in the request's details."""
    told_by: tuple[str, ...] = ()
    """The reader's slots that tell it; it is asked for by the name of the first."""
    question: str = ""
    """The text that asks for it; empty where it is kept if told and never asked for."""
    buttons: Callable[[Turn, Order | None], Rows] | None = None
    """Below the question."""
    words: bool = False
    """Any words will do for an answer …"""
    fits: Callable[[str], bool] | None = None
    """… that may be such a value."""
    counts: Callable[[str], bool] | None = None
    """Whether what is read as its value can be one at all."""
    sentence: bool = False
    """It is kept in the whole sentences that tell it: a message may tell it of several things."""
    free: bool = False
    """It is told in words of any kind: what is added to it is kept beside what was told before."""
    join: Callable[[str, str, str], str] | None = None
    """What it was, what is told now, and what that is to take the place of, if that is said → what it is; None: what is
    told now."""
    holds: Callable[[Turn, Order, tuple[str, ...]], str] | None = None
    """What the order has for it, which a part that is told puts right."""
    whole: Callable[[str], bool] | None = None
    """Whether a value is whole; one that isn't is asked for by `again` and not filed."""
    again: str = ""
    needed: Callable[[OpenTask], bool] | None = None
    """Whether it is asked for, by what was told of the rest; None: it is."""
    plain: Callable[[str], str] | None = None
    """The value that words of the message always mean; empty where there are none."""
    read: Callable[[Turn, str], str] | None = None
    """The value by what else the turn knows and what it was before, such as the moment that "tomorrow at three" is;
    empty where the message tells none."""
    shown: Callable[[Turn, str], str] | None = None
    """A value as the customer reads it; None: as it is kept."""
    grown: Callable[[Turn], tuple[str, ...]] | None = None
    """What a message tells of it, where more belongs to it than the reader's stretches; None: these."""
    by_wish: Callable[[Turn, Order | None], bool] | None = None
    """Whether a wish in such words tells it, too: what doesn't work is the problem."""
    by_parts: Callable[[Turn, Order | None], bool] | None = None
    """Whether such a part of a message, if it would plainly answer the question, tells it, too."""
    is_new: Callable[[Turn, Order], bool] | None = None
    """Whether what is told is another than what the order has."""
    is_own: Callable[[Turn, Order, OpenTask, SlotValue], bool] | None = None
    """Whether what is told is what the order has already: of several values it only says which thing is meant."""
    refused: Callable[[Turn, Order | None, OpenTask], Awaitable[str]] | None = None
    """Why what was told can't be had, said before it is asked for again; empty where it can."""
    optional: bool = False
    """A no to its question leaves it out."""
    resolve: Callable[[Turn, Order, OpenTask], str] | None = None
    """What the message means among what an order has; empty where it can't be told."""
    spares: Callable[[Turn, Order, OpenTask], bool] | None = None
    """Whether the message says of a part of what an order has that nothing is to be done with it, which takes nothing
    back."""
    kept: Callable[[Turn, Order, OpenTask], str] | None = None
    """What the order has for it, where the message says that this stays."""
    lists_lines: bool = False
    """Its question lists the order's lines, which can be pointed at."""

    @property
    def asked_as(self) -> Asked:
        """Its question as the reader of messages knows it."""
        if self.lists_lines:
            return Asked(kind="choice", slot="item")
        return Asked(kind="value", slot=self.told_by[0] if self.told_by else self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that customers want done and only the shop can do."""

    name: str
    """As in the reader's labels."""
    request: str
    """Kind of the request that it makes."""
    wished_by: tuple[str, ...] = ()
    """Intents and verbs of buttons."""
    slots: tuple[Slot, ...] = ()
    order: Callable[[Turn], Awaitable[Order | Answer]] | None = None
    """Finds the order that it is about, or asks for it; None: it is about none."""
    own_order: Callable[[Turn, str], Awaitable[Order | None]] | None = None
    """The customer's order of that id."""
    unfit: Callable[[Turn, Order], Awaitable[Answer | None]] | None = None
    """Why it can't be done for an order."""
    doubted: Callable[[Turn, Order], str] | None = None
    """What the shop knows that speaks against it, said before it is asked whether to do it all the same; empty for
    nothing."""
    settles: bool = False
    """It says how a trouble shall be settled: where one with the order was reported here, that is told of it."""
    confirm: str = ""
    """The text that reads it back and asks whether to do it; empty: `filed` reads it back."""
    spoken: Callable[[Turn], Awaitable[Mapping[str, str]]] | None = None
    """What is told of it by what is spoken of, such as the product on the screen."""
    buttons: Callable[[Turn, Order | None], Rows] | None = None
    """Below that question."""
    filed: str = ""
    """The text that says it was asked for."""
    beside: Callable[[Turn, Order, OpenTask], Awaitable[str]] | None = None
    """What is said below the second of them, of what was told."""
    facts: Facts | None = None
    """What those texts name, besides the order's number and the request's."""
    ends: tuple[str, ...] = ()
    """Tasks that are let go where they are under way for the same order once it is asked for."""
    while_waiting: bool = False
    """It may be asked of the shop, too, while the conversation waits for a person: nothing that they may be about to
    do. Otherwise they are told of the wish."""
    becomes: Callable[[Turn, Order | None], str] | None = None
    """The task that it turns into, by what is told or by the order's state, such as a return into an exchange; empty:
    none."""

    refuses: Callable[[Turn, OpenTask], Awaitable[Answer | None]] | None = None
    """What is said instead of asking for it, by what was told."""
    withdrawn: Callable[[Turn, AsyncConnection, Request], Awaitable[None]] | None = None
    """What else ends, in the same transaction, when its request is taken back."""

    def asks(self, opened: OpenTask) -> tuple[Slot, str] | None:
        """The next slot to be told and the text that asks for it; None where nothing is missing."""
        for slot in self.slots:
            value = opened.values.get(slot.name)
            if value is None and slot.question and (slot.needed is None or slot.needed(opened)):
                return slot, slot.question
            if value is not None and slot.whole is not None and not slot.whole(value):
                return slot, slot.again
        return None

    def slot(self, name: str) -> Slot | None:
        """One of its slots."""
        return next((slot for slot in self.slots if slot.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a question of a skill's waits for, as the reader of messages knows it.

    Where a task or slot is empty, it is that which was kept with the question, if any.
    """

    kind: Asking
    task: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One thing a customer comes for. Its name for staff is the console's text `skill-` and its name."""

    name: str
    """As in its switch, in reports and in tests."""
    answer: Callable[[Turn], Awaitable[Answer]]
    intents: tuple[str, ...] = ()
    """When asking back each is called by the text `ask-` and its name."""
    actions: tuple[str, ...] = ()
    """First words of the button actions it answers."""
    commands: tuple[str, ...] = ()
    questions: Mapping[str, Asked] = field(default_factory=dict)
    """What it asks, by the kind of `Memory.pending`; it takes the answers through `resume`."""
    resume: Callable[[Turn], Awaitable[Answer | None]] | None = None
    """Takes the answer to the skill's own question; None when the words are no answer to it."""
    tasks: tuple[Task, ...] = ()
    """What it starts and the engine in `bot.conversation.tasks` fills and files."""
    requests: tuple[RequestKind, ...] = ()
    """What it asks of the shop."""
    of_rules: bool = False
    """It tells what holds for all goods and orders."""
    about_order: bool = False
    """Its intents are about one order."""
    regrets: bool = True
    """A word of regret may stand before its answers; not where they find one themselves, or show products."""
    always: bool = False
    """It can't be switched off: a person, and being left alone, are never refused."""
    only_tells: bool = False
    """Its answer does nothing else and may be given on a guess: no task, consent, hand-over, discount or setting."""
    repeats: bool = False
    """It says again what was said, a question that is open too."""
    while_waiting: bool = True
    """It answers, too, while the conversation waits for a person. Of its tasks each says so by itself."""


class Registry:
    """Every skill by what leads to it. A name, intent, action, command or question belongs to one skill."""

    def __init__(self, skills: Iterable[Skill]) -> None:
        self.skills = tuple(skills)
        self.by_name = self._by(lambda skill: (skill.name,))
        self.by_intent = self._by(lambda skill: skill.intents)
        self.by_action = self._by(lambda skill: skill.actions)
        self.by_command = self._by(lambda skill: skill.commands)
        self.by_pending = self._by(lambda skill: skill.questions)
        self.about_orders = frozenset(name for name, skill in self.by_intent.items() if skill.about_order)
        """Intents that are about one order."""
        self.of_rules = frozenset(name for name, skill in self.by_intent.items() if skill.of_rules)
        """Intents that ask what holds for all."""
        self.by_task = self._by(lambda skill: (task.name for task in skill.tasks))
        self.tasks = {task.name: task for skill in self.skills for task in skill.tasks}
        self.tasks_of = {wish: task.name for task in self.tasks.values() for wish in task.wished_by}
        """Names of tasks by what wishes them."""
        self.requests = tuple(kind for skill in self.skills for kind in skill.requests)
        """The kinds of requests that the skills make."""

    def own_task(self, skill: str, wish: str) -> Task | None:
        """The skill's task that an intent or the verb of a button wishes; a button's words are as untrusted as text."""
        name = self.tasks_of.get(wish, "")
        return next((one for one in self.by_name[skill].tasks if one.name == name), None)

    def _by(self, keys: Callable[[Skill], Iterable[str]]) -> dict[str, Skill]:
        found: dict[str, Skill] = {}
        for skill in self.skills:
            for key in keys(skill):
                if key in found:
                    raise ValueError(f"{skill.name} and {found[key].name} both answer {key!r}")
                found[key] = skill
        return found
