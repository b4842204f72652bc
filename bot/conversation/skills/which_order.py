"""Which order is meant: named, pressed, spoken of before, the only one it can be, or asked for.

The one place where orders are read for a conversation, so that ownership is checked in one place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.conversation import phrases
from bot.conversation.answer import Answer, column
from bot.conversation.memory import Pending
from bot.conversation.read_message import NUMBER_SURE
from bot.conversation.skills import (
    delivery_words,
    linking,
    order_asked,
    order_choice,
    order_match,
    orders_called,
    pages,
)
from bot.conversation.turn import Asked, Skill, Turn
from bot.messages import Button
from nlu.acts import Act
from nlu.types import EntityKind
from storage.orders import Order, Orders

_KNOWN = 100
"""Of so many orders of a customer the words of a message may tell one apart."""
_LISTED = order_choice.LISTED
# Nobody reports after this long that something came broken or didn't come.
_LATELY = timedelta(days=30)
_PLAINLY = 0.8
# What was said while the bot waited to hear which order.
_KEPT = 300
_WITH_A_CHOICE = (EntityKind.ADDRESS, EntityKind.SIZE, EntityKind.COLOUR)

NOT_SHIPPED = order_choice.NOT_SHIPPED
ON_ITS_WAY = order_choice.ON_ITS_WAY
ARRIVED = frozenset({"shipped", "delivered"})


def wants_all(turn: Turn) -> bool:
    """Whether somebody wants to see their orders."""
    pressed = turn.argument and not turn.argument.startswith("#")
    if pressed or named_number(turn) is not None:
        return False
    # Who has just named one to prove who they are wants that one, unless they said several.
    return order_asked.lists_all(turn.text) and (not turn.argument or order_asked.of_several(turn.text))


def in_status(statuses: frozenset[str]) -> Callable[[Order], bool]:
    """Orders with one of these statuses."""
    return lambda order: order.status in statuses


def only_in(statuses: frozenset[str], text_id: str) -> Callable[[Turn, Order], Awaitable[Answer | None]]:
    """Tells of an order with another status why something can't be done for it any more, or yet."""

    async def unfit(turn: Turn, order: Order) -> Answer | None:
        if order.status in statuses:
            return None
        text = turn.say(text_id, number=order.number, status=turn.say(f"status-{order.status}"))
        return Answer(text=text, memory=turn.memory.about_order(order.id))

    return unfit


def _none(_order: Order) -> int:
    return 0


def lately(turn: Turn, relevant: Callable[[Order], bool]) -> Callable[[Order], bool]:
    """Of these orders, those of the last weeks."""
    return lambda order: relevant(order) and turn.now - order.placed_at < _LATELY


async def find(
    turn: Turn,
    relevant: Callable[[Order], bool],
    action: str,
    *,
    insist: bool = False,
    early: bool = False,
    rather: Callable[[Order], int] = _none,
) -> Order | Answer:
    """The customer's order that a message is about, or the answer that asks for what is missing.

    Args:
        turn: its argument may name an order: an id from a button, or `#` and a number.
        relevant: which orders the wish makes sense for; used to choose when none is named.
        action: of the buttons below a list, such as `order:show`.
        insist: pass over the order spoken of before when the wish makes no sense for it.
        rather: how likely which of several is meant, from 1 on; the likeliest is, where it is one alone.
        early: it may be wished of an order that hasn't left yet, too, where none is so new.
    """
    found = await meant(turn, relevant, action, insist=insist, early=early, rather=rather)
    return found if isinstance(found, Answer) else found[0]


async def meant(
    turn: Turn,
    relevant: Callable[[Order], bool],
    action: str,
    *,
    insist: bool = False,
    reading: bool = False,
    early: bool = False,
    rather: Callable[[Order], int] = _none,
) -> tuple[Order, ...] | Answer:
    """The customer's orders that a message is about, as `find`; several only where it is `reading` and speaks of
    several. Of what was said before the customer has not taken back a word: what is read needs no choice of theirs
    where one is likeliest.
    """
    if turn.customer_id is None:
        return await linking.asked(turn)
    named = turn.argument.removeprefix("#") if turn.argument.startswith("#") else named_number(turn)
    if turn.argument and not turn.argument.startswith("#"):
        pressed = await own(turn, turn.argument)
        return Answer(text=turn.say("button-stale")) if pressed is None else (pressed,)
    if named:
        numbers = dict.fromkeys((named, *(one.value for one in turn.order_numbers if reading)))
        found = [_own(turn, await Orders(turn.connection).by_number(number)) for number in numbers]
        orders = tuple(order for order in found if order is not None)
        if orders:
            return orders
    else:
        guessed = await _guessed_number(turn)
        if guessed is not None:
            return (guessed,)
    known = await Orders(turn.connection).by_customer(turn.customer_id, limit=_KNOWN)
    tracked = order_match.by_tracking(turn, known)
    if len(tracked) == 1:
        return (tracked[0],)
    ending = order_match.by_end_of_number(turn, known)
    if len(ending) == 1:
        return (ending[0],)
    if named:
        return await _not_found(turn, named, action)
    if not known:
        return Answer(text=turn.say("orders-none"), memory=turn.memory.settled())
    choice = order_choice.Choice(
        turn, known, relevant, insist=insist, reading=reading, early=early, rather=rather
    )
    chosen: Sequence[Order] = choice.made()
    if len(chosen) > 1 and not (reading or choice.of_several):
        chosen = await order_choice.allowed(turn, chosen)
    if len(chosen) == 1 or choice.of_several:
        return tuple(chosen)
    which = ask_which(turn, chosen[:_LISTED], action, ways=reading and turn.intent != "order_facts")
    # What may be done with an order is told before which it is; what is read of one is in the order.
    rule = None if reading else await pages.before(turn, which, pages.surely(turn))
    return rule or which


async def own(turn: Turn, order_id: str) -> Order | None:
    """The order of that id, if it is the customer's."""
    return _own(turn, await Orders(turn.connection).get(order_id))


async def spoken_of(turn: Turn) -> Order | None:
    """The customer's order that was spoken of before."""
    known = turn.memory.order if turn.customer_id is not None else None
    return await own(turn, known) if known is not None else None


async def named_in(turn: Turn) -> Sequence[Order]:
    """The customer's orders that a message names, by number, by what is in them or by their state."""
    if turn.customer_id is None:
        return ()
    theirs = await Orders(turn.connection).by_customer(turn.customer_id, limit=_KNOWN)
    named = named_number(turn)
    by_number = [order for order in theirs if order.number.upper() == named]
    return by_number or order_match.told_apart(turn, theirs, by_state=True)


def spoken_in(turn: Turn, orders: Sequence[Order]) -> Order | None:
    """The one of these orders that was spoken of before."""
    return next((order for order in orders if order.id == turn.memory.order), None)


def named_number(turn: Turn) -> str | None:
    """The order number in a message, if it is one for sure: no tax number, and nothing that may be a price."""
    return next((one.value for one in turn.order_numbers if one.score >= NUMBER_SURE), None)


async def _guessed_number(turn: Turn) -> Order | None:
    """The order of what may be a number: one only where the customer has such an order."""
    for one in turn.order_numbers[:1]:
        return _own(turn, await Orders(turn.connection).by_number(one.value))
    return None


def ask_which(turn: Turn, orders: Sequence[Order], action: str, *, ways: bool = False) -> Answer:
    """List orders with a button each, with the `ways` that they are on, and wait for one of them."""
    lines = [way_line(turn, order) if ways else one_line(turn, order) for order in orders]
    task = turn.skills.tasks_of.get(turn.intent, "")
    ids = "\n".join(order.id for order in orders)
    kept = {"intent": turn.intent, "action": action, "ids": ids, "task": task}
    memory = turn.memory.listing(tuple(order.id for order in orders))
    return Answer(
        text="\n".join([turn.say("order-which"), *lines]),
        buttons=buttons(turn, orders, action),
        memory=memory.asking("order", **kept, text=turn.text[:_KEPT]),
    )


def buttons(turn: Turn, orders: Sequence[Order], action: str) -> tuple[tuple[Button, ...], ...]:
    """One button an order."""
    return column(
        *(
            Button(label=turn.say("button-order", number=order.number), action=f"{action}:{order.id}")
            for order in orders
        )
    )


def one_line(turn: Turn, order: Order) -> str:
    """An order in a list."""
    return turn.say(
        "order-line",
        number=order.number,
        items=items(turn, order),
        status=turn.say(f"status-{order.status}"),
        day=turn.day(order.placed_at),
    )


def way_line(turn: Turn, order: Order) -> str:
    """An order in a list of what is on its way."""
    way = delivery_words.short(turn, order)
    return turn.say("orders-way-line", number=order.number, items=items(turn, order), way=way)


def items(turn: Turn, order: Order) -> str:
    """What is in it, as short as a chat needs it."""
    if not order.lines:
        return turn.money(order.total, order.currency)
    first = order.lines[0].name(turn.language)
    count = len(order.lines)
    return turn.say("items-more", first=first, count=count) if count > 1 else first


def _own(turn: Turn, order: Order | None) -> Order | None:
    return order if order is not None and order.customer_id == turn.customer_id else None


async def _not_found(turn: Turn, number: str, action: str) -> Answer:
    """The same words whether the number is somebody else's or nobody's."""
    recent = await Orders(turn.connection).by_customer(turn.customer_id or "", limit=3)
    text = turn.say("order-not-found", number=number[:40])
    if not recent:
        return Answer(text=text, memory=turn.memory.settled())
    asked = ask_which(turn, recent, action)
    lines = "\n".join(one_line(turn, order) for order in recent)
    return replace(asked, text=f"{text}\n{turn.say('order-yours')}\n{lines}")


def said_before(turn: Turn, action: str, chosen: str) -> str | None:
    """What the customer who pressed an order of the list had said before, and while the list stood there."""
    pending = turn.memory.pending
    if pending is None or pending.kind != "order" or pending.data.get("action") != action:
        return None
    return pending.data.get("text", "") if chosen in pending.data.get("ids", "").split("\n") else None


async def _resume(turn: Turn) -> Answer | None:
    """The answer to "which one?": a place in the list, a number, or a product in it."""
    pending = turn.memory.pending
    if pending is None:
        return None
    ids = pending.data.get("ids", "").split("\n")
    if _wishes_another(turn, pending):
        return None
    chosen = await _chosen(turn, ids)
    if chosen is None and (turn.denies or turn.does(Act.WITHDRAWS)):
        return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    first = pending.data.get("action", "").partition(":")[0]
    skill = turn.skills.by_intent.get(pending.data.get("intent", "")) or turn.skills.by_action.get(first)
    if skill is None:
        return None
    if chosen is None:
        return None if _moved_on(turn, skill) or pending.tries else await _once_more(turn, pending, ids)
    verb = pending.data.get("intent") or pending.data.get("action", "").partition(":")[2]
    heard = turn.memory.settled().heard(pending.data.get("intent"))
    wished = await turn.about(_with_choice(turn, skill, pending.data.get("text", "")))
    return await skill.answer(replace(wished, memory=heard, intent=verb, argument=chosen))


def _wishes_another(turn: Turn, pending: Pending) -> bool:
    """Whether the message plainly wishes another task than the one that the order is wanted for; that something is
    wrong is the reason of that one."""
    alone = turn.understanding.intents[:1] if turn.understanding is not None else ()
    plain = {turn.skills.tasks_of.get(one.intent, "") for one in alone if one.probability >= _PLAINLY}
    wished = {turn.skills.tasks_of.get(wish.intent, "") for wish in turn.acts.wishes}
    asked = turn.skills.tasks_of.get(pending.data.get("intent", ""), "")
    troubles = {kind.name for kind in turn.skills.requests if kind.trouble}
    # Where an order was only asked about, its own words are enough.
    return bool((plain & wished if asked else plain) - troubles - {asked, ""})


def _with_choice(turn: Turn, skill: Skill, before: str) -> str:
    """What was said before an order was chosen, and the choice where it says what is to be changed or asks more."""
    if skill.only_tells and order_asked.facts(turn):
        return turn.text
    more = any(turn.named(kind) for kind in _WITH_A_CHOICE)
    return f"{before}\n{turn.text}" if before and more else before


def _moved_on(turn: Turn, skill: Skill) -> bool:
    """Whether the message is a wish or a question of its own, or names another order, instead of an answer."""
    if named_number(turn) is not None or order_asked.lists_all(turn.text):
        return True
    asks = skill.only_tells and bool(order_asked.facts(turn))
    return asks or (
        turn.does(Act.ASIDE) and any(wish.intent not in skill.intents for wish in turn.acts.wishes)
    )


async def _once_more(turn: Turn, pending: Pending, ids: Sequence[str]) -> Answer:
    """What else was said is kept for the wish, what is asked of the shop's rules answered; the list is not read out a
    second time."""
    listed = await _own_of(turn, ids)
    photo = turn.incoming.media is not None
    again = turn.say("order-which-photo" if photo else "order-which-again")
    text = f"{pending.data.get('text', '')}\n{turn.text}".strip()[:_KEPT]
    told = await pages.by_the_way(turn)
    if told is not None:
        again, text = f"{told.text}\n\n{turn.say('order-which')}", pending.data.get("text", "")
    memory = turn.memory if told is None or told.memory is None else told.memory
    return Answer(
        text=again,
        buttons=buttons(turn, listed, pending.data.get("action", "")),
        memory=memory.asking("order", **{**pending.data, "text": text}),
    )


async def picture_of(turn: Turn) -> Answer | None:
    """A picture that comes while the bot waits to hear which order is meant; None when it doesn't wait."""
    pending = turn.memory.pending
    if pending is None or pending.kind != "order":
        return None
    return await _once_more(turn, pending, pending.data.get("ids", "").split("\n"))


def only_chooses(turn: Turn, said: str) -> bool:
    """Whether what is said is the whole answer to the question which order is meant, and asks nothing."""
    pending = turn.memory.pending
    whole = pending is not None and pending.kind == "order" and len(said.strip()) >= len(turn.text.strip())
    return whole and not phrases.asks(turn.text)


async def _own_of(turn: Turn, ids: Sequence[str]) -> list[Order]:
    return [order for order_id in ids if (order := await own(turn, order_id)) is not None]


async def _chosen(turn: Turn, ids: Sequence[str]) -> str | None:
    guessed = await _guessed_number(turn)
    if guessed is not None:
        return guessed.id
    listed = await _own_of(turn, ids)
    called = order_match.told_apart(turn, listed, by_state=True, listed=True)
    if len(called) == 1 and len(listed) > 1:
        return called[0].id
    pointed = [thing for thing in turn.pointed_at if thing in ids]
    if len(pointed) == 1:
        return pointed[0]
    if orders_called.newest(turn.text) and ids:
        return ids[0]
    said = turn.text.strip().lstrip("#＃").casefold()
    number = (named_number(turn) or said).casefold()
    for order in listed:
        short = len(said) >= 3 and said.isalnum() and order.number.casefold().endswith(said)
        if order.number.casefold() == number or short:
            return order.id
    if not called and turn.does(Act.GIVES) and not phrases.asks(turn.text):
        # Who answers with another of their orders than those that were listed wants that one.
        known = await Orders(turn.connection).by_customer(turn.customer_id or "", limit=_KNOWN)
        called = order_match.told_apart(turn, known, by_state=True)
    return called[0].id if len(called) == 1 else None


async def _list(turn: Turn) -> Answer:
    found = await find(turn, lambda order: True, "order:show")
    return found if isinstance(found, Answer) else Answer(text=one_line(turn, found))


SKILLS = (
    Skill(
        name="which_order",
        answer=_list,
        questions={"order": Asked(kind="choice", slot="order")},
        resume=_resume,
        always=True,
    ),
)
