"""What the bot keeps in mind of a dialogue: the order and the products spoken of, and what it asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.messages import from_json, to_json
from kernel.times import from_micros, to_micros
from nlu import areas
from nlu.products.needs import Need

QUESTION_HOLDS = timedelta(minutes=30)
"""After that an answer such as "yes" no longer belongs to the bot's question."""

TOPIC_HOLDS = timedelta(hours=12)
"""After that "when will it come?" no longer means the order spoken of."""

_INTENTS = 3
_BEFORE = 4
_WORDS = 200
_TASKS = 4
_ORDERS = 4
_ANSWERED = 12
_SPOKEN = 3
_OFFERED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A question the bot asked and what it needs the answer for."""

    kind: str
    """link, order, address, confirm, clarify, company, details, …"""
    data: Mapping[str, str] = field(default_factory=dict)
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """Something a customer wants done, as far as it has been told."""

    name: str
    order: str | None = None
    """Id of the order that it is about."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What was told, by slot."""
    said: str = ""
    """The customer's own words, for whoever does it."""
    asked: bool = True
    """Its question was asked; otherwise it is kept for later."""

    def being_asked(self) -> OpenTask:
        """The same, and its question is asked now."""
        return replace(self, asked=True)

    def with_values(self, values: Mapping[str, str]) -> OpenTask:
        """The same, where more is told or something is told anew."""
        return replace(self, values={**self.values, **values})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A request made in this conversation."""

    task: str
    request: str
    """Its number."""
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A button that was shown."""

    label: str
    action: str
    latest: bool = True
    """With the last answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The dialogue so far. Identifiers in it are checked again before anything of theirs is shown."""

    order: str | None = None
    """Id of the order spoken of."""
    orders: tuple[str, ...] = ()
    """Ids of the orders spoken of or listed last, so that "the other one" and "both" have a meaning."""
    product: str | None = None
    """Id of the product spoken of."""
    products: tuple[str, ...] = ()
    """Ids of the products last shown, in order, so that "the second one" has a meaning."""
    version_open: bool = False
    """Versions of the product were listed at prices of their own, and none was chosen yet."""
    spoken: tuple[str, ...] = ()
    """Ids of the products spoken of one after another, the latest first, so that "which of them" has a meaning."""
    need: Need | None = None
    """What is looked for, as far as it was told."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """Of whose size is asked, by the names of `nlu.products.bodies`."""
    pending: Pending | None = None
    tasks: tuple[OpenTask, ...] = ()
    """Under way, the latest first."""
    filed: tuple[Filed, ...] = ()
    """Requests made in this conversation, the latest first."""
    before: tuple[str, ...] = ()
    """The customer's last messages, the latest last, and no more of each than a reader needs."""
    intents: tuple[str, ...] = ()
    """Latest first."""
    misses: int = 0
    """Messages in a row that were not understood."""
    negatives: int = 0
    """Messages in a row that were negative."""
    bargain: tuple[str, ...] = ()
    """What was answered to bargaining over the product spoken of, or over those on the screen, in order."""
    seen_product: tuple[str, ...] = ()
    """Products recommended in this dialogue; "another one" shows others."""
    said: tuple[int, ...] = ()
    """Check sums of the latest answers, so that none is given twice."""
    passage: int = 0
    """Check sum of the pages' entry that was told last: of the same, just what is asked now is said."""
    topic: str = ""
    """Title of that entry, while no order and no product is spoken of since: a short question is about it."""
    topic_asked: str = ""
    """The message that it was told to first."""
    place: str = ""
    """The message that named a country, a region or a city last: "how long would it take" is asked of that."""
    album: str | None = None
    """The album that was answered last."""
    advised: Mapping[str, int] = field(default_factory=dict)
    """Advice on dangers to the time at which it was given, microseconds since 1970."""
    noted_in: int = 0
    """Id of the case that the customer was told additions go to."""
    fixed_language: bool = False
    """The customer chose the language; it no longer follows each message."""
    actions: Mapping[str, str] = field(default_factory=dict)
    """What buttons with short names stand for, the latest last."""
    offered: tuple[Offered, ...] = ()
    """The buttons shown last, the latest first: their labels may be written, and a yes may mean one of them."""
    touched: int = 0
    """When it was last changed, microseconds since 1970."""

    @classmethod
    def recall(cls, raw: Mapping[str, Any], now: datetime) -> Memory:
        """Read a kept memory and forget what is too old; one that can't be read is empty."""
        try:
            memory: Memory = from_json(cls, raw)
        except (TypeError, ValueError):
            return cls()
        age = now - from_micros(memory.touched)
        if age > TOPIC_HOLDS:
            return cls(fixed_language=memory.fixed_language, album=memory.album, actions=memory.actions)
        return replace(memory, pending=None, said=()) if age > QUESTION_HOLDS else memory

    def dump(self, now: datetime) -> dict[str, Any]:
        """As kept in the store."""
        return dict(to_json(replace(self, touched=to_micros(now))))

    def about_order(self, order_id: str) -> Memory:
        """Speaking of an order now."""
        others = tuple(one for one in self.orders if one != order_id)
        return replace(self, order=order_id, orders=(order_id, *others)[:_ORDERS], pending=None, topic="")

    def listing(self, order_ids: tuple[str, ...]) -> Memory:
        """Several orders are on the screen."""
        return replace(self, orders=order_ids[:_ORDERS])

    def about_product(self, product_id: str) -> Memory:
        """Speaking of one product now."""
        return replace(
            self,
            product=product_id,
            spoken=self._spoken_of(product_id),
            version_open=False,
            bargain=self.bargain if self.product == product_id else (),
            pending=None,
            topic="",
        )

    def _spoken_of(self, product_id: str) -> tuple[str, ...]:
        return (product_id, *(one for one in self.spoken if one != product_id))[:_SPOKEN]

    def showing(self, product_ids: tuple[str, ...]) -> Memory:
        """Several products are on the screen; one alone is also the product spoken of."""
        seen = (*self.seen_product, *(item for item in product_ids if item not in self.seen_product))
        only = product_ids[0] if len(product_ids) == 1 else None
        same = only == self.product and (only is not None or product_ids == self.products)
        return replace(
            self,
            products=product_ids,
            product=only,
            version_open=False,
            spoken=self._spoken_of(only) if only is not None else (),
            seen_product=seen[-40:],
            bargain=self.bargain if same else (),
            pending=None,
            topic="",
        )

    def bargaining(self, *answered: str) -> Memory:
        """This was answered to bargaining."""
        return replace(self, bargain=(*self.bargain, *answered)[-_ANSWERED:])

    def asking(self, kind: str, **data: str) -> Memory:
        """The bot has asked something; asking the same again counts the tries."""
        again = self.pending is not None and self.pending.kind == kind
        tries = self.pending.tries + 1 if again and self.pending is not None else 0
        return replace(self, pending=Pending(kind=kind, data=data, tries=tries))

    def offering(self, buttons: Sequence[tuple[str, str]]) -> Memory:
        """An answer went out with these buttons, labels and actions."""
        latest = tuple(Offered(label=label, action=action) for label, action in buttons)
        labels = {one.label for one in latest}
        before = (replace(one, latest=False) for one in self.offered if one.label not in labels)
        return replace(self, offered=(*latest, *before)[:_OFFERED])

    def settled(self) -> Memory:
        """The bot waits for nothing."""
        return replace(self, pending=None)

    def busy_with(self, task: OpenTask) -> Memory:
        """Something is being done; it stands before what was under way."""
        others = tuple(one for one in self.tasks if one.name != task.name)
        return replace(self, tasks=(task, *others)[:_TASKS])

    def without_task(self, name: str) -> Memory:
        """Something is done, or no longer wanted."""
        return replace(self, tasks=tuple(one for one in self.tasks if one.name != name))

    def task(self, name: str) -> OpenTask | None:
        """Something under way."""
        return next((one for one in self.tasks if one.name == name), None)

    def having_filed(self, filed: Filed) -> Memory:
        """A request was made: what is asked next in few words is of that, and no longer of the pages' entry."""
        others = tuple(one for one in self.filed if one.request != filed.request)
        return replace(self, filed=(filed, *others)[:_TASKS], topic="").without_task(filed.task)

    def following(self, before: Memory) -> Memory:
        """This memory after an answer to the same message that has asked something of the shop."""
        known = {one.request for one in self.filed}
        more = tuple(one for one in before.filed if one.request not in known)
        return replace(self, filed=(*more, *self.filed)[:_TASKS])

    def having_read(self, text: str) -> Memory:
        """The customer has written this."""
        said = text[:_WORDS]
        place = said if areas.named(said) else self.place
        return replace(self, before=(*self.before, said)[-_BEFORE:], place=place)

    def heard(self, intent: str | None) -> Memory:
        """A message was understood; None when it came for nothing, such as thanks."""
        intents = self.intents if intent is None else (intent, *self.intents)[:_INTENTS]
        return replace(self, intents=intents, misses=0)

    def handed_over(self) -> Memory:
        """People have it: when it comes back, nothing of what led to them counts any more."""
        return replace(self, pending=None, misses=0, negatives=0, bargain=())
