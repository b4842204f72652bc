"""Which of a customer's orders a message means that names no number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.conversation import phrases
from bot.conversation.read_message import sentences_of
from bot.conversation.skills import order_asked, order_days, order_match, orders_called
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import Turn
from storage.orders import Order

NOT_SHIPPED = frozenset({"placed", "paid", "packed"})
ON_ITS_WAY = NOT_SHIPPED | {"shipped"}
LISTED = 3
_RECENT = 6
_SENTENCES = 6
# An order this new is meant when it is the only one: people seldom write about last month's.
_FRESH = timedelta(days=14)


class Choice:
    """Which of a customer's orders, newest first, a message means that names no number."""

    def __init__(
        self,
        turn: Turn,
        known: Sequence[Order],
        relevant: Callable[[Order], bool],
        *,
        insist: bool,
        reading: bool,
        early: bool,
        rather: Callable[[Order], int],
    ) -> None:
        if not reading:
            turn = _without_questions(turn)
        self.turn, self.known, self.relevant = turn, known, relevant
        self.insist, self.reading, self.early = insist, reading, early
        self.rather = rather
        self.spoken = next((order for order in known if order.id == turn.memory.order), None)
        # Of several wishes of one message it isn't known which one points; what names an order says so itself.
        pointed = turn.pointed_at if turn.text.strip() == turn.said.strip() else ()
        self.pointed = [order for order in known if order.id in pointed]
        # What else is in it is asked of the same order.
        wants_others = turn.wants_others and not order_asked.facts(turn)
        self.others = (wants_others or orders_called.other(turn.text)) and not self._of_another_parcel()
        self.together = reading and order_asked.together(turn.text)
        self.of_several = reading and (
            order_asked.of_several(turn.text) or (self.together and len(self.pointed) > 1)
        )

    def made(self) -> list[Order]:
        """The orders meant, at least one; several where that is open or where several are spoken of."""
        meant = self._meant()
        rather = [] if self.of_several else self._rather(meant)
        return rather if len(rather) == 1 else meant

    def _rather(self, orders: Sequence[Order]) -> list[Order]:
        """Those that the wish is likeliest for; none where it is for none of them."""
        most = max((self.rather(order) for order in orders), default=0)
        return [order for order in orders if self.rather(order) == most] if most else []

    def _meant(self) -> list[Order]:
        left = [order for order in self.known if not (self.others and order is self.spoken)] or list(
            self.known
        )
        named = self._named(left)
        if named:
            return self._of_named(named)
        if self.of_several:
            return self._several(left)
        counted = [] if len(self.turn.memory.orders) > 1 else self._counted(self.known)
        if counted:
            return counted
        if orders_called.the_one_before(self.turn.text) and self.spoken is not None:
            return [*self.known[self.known.index(self.spoken) + 1 :], self.spoken][:1]
        if orders_called.newest(self.turn.text):
            return (self._fitting(left) or left)[:1]
        if self.others and self.spoken is not None:
            return self._other(left)
        if len(self.pointed) == 1 and not (self.reading and self._strays(self.pointed[0])):
            return self.pointed
        if self.spoken is not None and not (self.insist and self.reading and not self.relevant(self.spoken)):
            return [self.spoken]
        seen = [
            one
            for one in self._fitting(left)
            if self.turn.memory.product in {it.product_id for it in one.lines}
        ]
        return seen if len(seen) == 1 else self._likely(left[:_RECENT])

    def _of_another_parcel(self) -> bool:
        """Whether the other that is spoken of may be another parcel of the order spoken of."""
        order = self.spoken
        parted = order is not None and order.status == "shipped" and len(order.sent) > 1
        return parted and not orders_called.of_orders(self.turn.text)

    def _several(self, left: Sequence[Order]) -> list[Order]:
        """As many as are spoken of: those pointed at, on their way or shown; else the first that give two."""
        shown = [order for order in self.known if order.id in self.turn.memory.orders]
        under_way = [order for order in self.known if order.status in ON_ITS_WAY]
        count = order_asked.how_many(self.turn.text)
        sent = [order for order in under_way if order.status == "shipped"]
        some = [under_way, sent, self.pointed, shown] if count else [self.pointed, under_way, shown]
        if count:
            return next(
                (one for one in some if len(one) == count),
                (shown if len(shown) >= count else list(left))[:count],
            )
        return next((one for one in some if len(one) > 1), self._fitting(left[:_RECENT]) or list(left[:1]))

    def _named(self, left: Sequence[Order]) -> list[Order]:
        """Those that the message's words tell apart."""
        turn = self.turn
        fitting = self._fitting(left)
        if turn.intent == "change_order" and not order_asked.of_an_order(turn.text):
            # What somebody wants to have instead or besides is in none of their orders, or in another.
            # Of another one than is spoken of it may say when it was ordered.
            apart = order_days.by_day if self.spoken is not None else order_match.told_apart
            fits = apart(turn, fitting)
            if self.spoken is None and turn.told("item") and turn.told("size", "colour", "version"):
                # Who names the thing and its other version means the thing that they have.
                held = order_match.by_items(turn, self._fresh(left))
                if held and not self._fitting(held):
                    return held
            return fits if len(fits) < len(fitting) else []
        named = order_match.told_apart(turn, left, by_state=self.reading)
        # What somebody names is meant even when it is too late for what they wish.
        if self.reading:
            if not named and Fact.RECORD in order_asked.facts(turn):
                named = order_match.by_scan(turn, left)
            return named
        fitting = self._fitting(named)
        if (
            self.early
            and named
            and not fitting
            and not self._fresh(named)
            and self._fresh(self._fitting(left))
        ):
            # What came long ago is not what may still be done with a new one, which may have another name for it.
            return []
        to_be_sent = [order for order in named if order.status in NOT_SHIPPED]
        fits = self._fresh(fitting) or (to_be_sent if self.early else []) or fitting or to_be_sent
        # A word that an old order happens to have doesn't outweigh the one that is spoken of and pointed at.
        meant = self.spoken is not None and self.pointed == [self.spoken] and self.relevant(self.spoken)
        return fits or ([] if meant else named)

    def _counted(self, orders: Sequence[Order], *, named: bool = False) -> list[Order]:
        """The one whose place among these the message says: the first, the second."""
        place = orders_called.place(self.turn.text, named=named) if self.reading else 0
        return [orders[-place]] if 0 < place <= len(orders) else []

    def _of_named(self, named: list[Order]) -> list[Order]:
        """Of those that fit the words, the one spoken of, the one pointed at, else the likeliest."""
        counted = [] if order_asked.of_several(self.turn.text) else self._counted(named, named=True)
        if len(named) > 1 and counted:
            return counted
        if self.together and len(named) > 1:
            self.of_several = True
            return named
        if orders_called.newest(self.turn.text):
            return named[:1]
        if self.spoken in named:
            return [order for order in named if order is self.spoken]
        if len(self.pointed) == 1 and self.pointed[0] in named:
            return self.pointed
        if self.reading:
            asks = order_asked.facts(self.turn) & order_asked.OF_DELIVERY
            stated = [] if asks else order_match.by_state_of(self.turn, named)
            if stated:
                return stated[:1]
            open_ones = self._fitting(named) or named
            return open_ones if _many_open(open_ones) else open_ones[:1]
        return self._likely(named)

    def _strays(self, order: Order) -> bool:
        """Whether what a reader takes to be pointed at can't be asked so, and that spoken of or another can."""
        other = self.insist or (self.spoken is not None and self.relevant(self.spoken))
        return other and not self.relevant(order)

    def _other(self, left: Sequence[Order]) -> list[Order]:
        """Not the one spoken of, but the other of those shown, else of those that the wish makes sense for."""
        away = [order for order in self.pointed if order is not self.spoken]
        shown = [order for order in left if order.id in self.turn.memory.orders]
        for some in (away, shown, self._fitting(left[:_RECENT])):
            if len(some) == 1 or (some and some is not away):
                return some[:LISTED]
        return list(left[:1])

    def _fitting(self, orders: Sequence[Order]) -> list[Order]:
        return [order for order in orders if self.relevant(order)]

    def _fresh(self, orders: Sequence[Order]) -> list[Order]:
        return [order for order in orders if self.turn.now - order.placed_at < _FRESH]

    def _likely(self, recent: Sequence[Order]) -> list[Order]:
        fitting = self._fitting(recent)
        fresh = self._fresh(fitting)
        likeliest = self._rather(fitting)
        if len(likeliest) == 1:
            return likeliest
        to_be_sent = [order for order in recent if order.status in NOT_SHIPPED]
        if self.early and not fresh and to_be_sent:
            # Nobody waits for weeks to say that they would rather have something else.
            return to_be_sent
        if len(fitting) <= 1:
            return fitting or list(recent[:1])
        # Who asks for what is on its way may ask for that which should have come long ago.
        return fitting if len(fresh) != 1 or (self.reading and _many_open(fitting)) else fresh


def _without_questions(turn: Turn) -> Turn:
    """A wish without the questions that follow it in sentences of their own: "chase it. And the kettle?"."""
    whole = turn.text
    first, *others = sentences_of(whole)[:_SENTENCES] or [whole]
    asked = [one for one in others if phrases.asks(whole[whole.rfind(one) :][: len(one) + 1])]
    if not asked or phrases.asks(first):
        return turn
    text = whole[: whole.find(asked[0])].strip()
    read = turn.understanding
    if read is not None:
        words = tuple(word for word in read.words if word in text)
        entities = tuple(one for one in read.entities if one.text in text)
        slots = tuple(one for one in read.acts.slots if one.text in text)
        read = replace(read, words=words, entities=entities, acts=replace(read.acts, slots=slots))
    return replace(turn, text=text, understanding=read)


def may_be_awaited(turn: Turn, order: Order) -> bool:
    """Whether somebody may still ask of the way of an order: it is on its way, or new."""
    return order.status in ON_ITS_WAY or turn.now - order.placed_at < _FRESH


def _many_open(orders: Sequence[Order]) -> bool:
    return sum(order.status in ON_ITS_WAY for order in orders) > 1


async def allowed(turn: Turn, orders: Sequence[Order]) -> Sequence[Order]:
    """Of orders that may be meant those for which the wish can still be done; all where it can be for none."""
    task = turn.skills.tasks.get(turn.skills.tasks_of.get(turn.intent, ""))
    if task is None or task.unfit is None:
        return orders
    return [order for order in orders if await task.unfit(turn, order) is None] or orders
