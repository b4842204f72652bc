"""Returns, exchanges, refunds, and products that arrived wrong; parcels that don't come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.conversation import phrases, tasks
from bot.conversation.answer import Answer
from bot.conversation.memory import OpenTask
from bot.conversation.skills import (
    order_asked,
    order_lines,
    order_match,
    order_rules,
    order_status,
    order_words,
    pages,
    parcel_words,
    product_words,
    which_order,
    wished_in_words,
)
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import RequestKind, Skill, Slot, Task, Turn
from nlu.acts import Act
from nlu.entities.corrections import is_denied
from storage.orders import Order

_AFTER_SHIPPING = which_order.in_status(which_order.ARRIVED)
_ON_ITS_WAY = which_order.in_status(frozenset({"shipped"}))
_DELIVERED = which_order.in_status(frozenset({"delivered"}))
_VERSION = ("version", "size", "colour")
_RATHER = 0.5
_LATE = 2
_GIVES_BACK = ("return", "exchange", "refund", "item_problem")
"""Of these one is enough for the same order."""
_PARTED = 2
_SWAPPED = order_words.words(
    "换一台|换一个|换新|换个新|换台新|换一件|换一双|换瓶新|replacement|replace it|swap it|exchange it"
)
_ANEW = order_words.words(
    "新的|一样的|同款|同样的|好的|没坏的"
    "|new one|new ones|replacement|replace it|the same|same one|another one|fresh one"
)
"""What is wanted is what was ordered."""


def _has_come(order: Order) -> bool:
    """Whether an order, or a parcel of it, has arrived."""
    return _DELIVERED(order) or any(box.status == "delivered" for box in order.sent)


async def _ask(turn: Turn) -> Answer:
    task = turn.skills.own_task("returns", turn.intent)
    if task is None:
        return Answer(text=turn.say("button-stale"))
    if task is ITEM_PROBLEM and (rule := await _warranty(turn)) is not None:
        return rule
    answer = await tasks.begin(turn, task)
    return _sorry(turn, answer) if task is ITEM_PROBLEM else answer


async def _warranty(turn: Turn) -> Answer | None:
    """What the shop's rules say to who asks, with the trouble, whether that is covered."""
    alone = turn.understanding.intents if turn.understanding is not None else ()
    asked = any(one.intent == "warranty_repair" and one.probability >= _RATHER for one in alone)
    passage = (
        await pages.passage_for(turn, at_least=pages.NEAR) if asked and phrases.asks(turn.text) else None
    )
    return pages.said_of(turn, [passage]) if passage is not None else None


def _sorry(turn: Turn, answer: Answer) -> Answer:
    """Something is broken or lost: that comes before a question."""
    pending = answer.memory.pending if answer.memory is not None else None
    # The question for the reason is sorry itself.
    asks_which = pending is not None and pending.data.get("slot") != "reason"
    if turn.argument or not turn.text.strip() or not answer.text or not asks_which:
        return answer
    return replace(answer, text=f"{turn.say('sorry-trouble')}{answer.text}")


async def _delivered(turn: Turn, verb: str) -> Order | Answer:
    """Only what arrived can be returned; what is to be another, and is still here, is changed before it leaves."""

    def relevant(order: Order) -> bool:
        # What is spoken of already is meant, too, while it is on its way.
        return order.status == "delivered" or (order.status == "shipped" and order.id == turn.memory.order)

    return await which_order.find(turn, relevant, f"return:{verb}", insist=True, early=verb == "exchange")


async def _delivered_lately(turn: Turn) -> Order | Answer:
    relevant = which_order.lately(turn, _has_come)
    return await which_order.find(turn, relevant, "return:problem", insist=True)


async def _sent(turn: Turn) -> Order | Answer:
    """Money may be wanted back for a parcel that doesn't come."""
    return await which_order.find(turn, _AFTER_SHIPPING, "return:refund")


def _items(turn: Turn, order: Order | None, _opened: OpenTask) -> Mapping[str, str]:
    return {} if order is None else {"items": which_order.items(turn, order)}


def _exchanged(turn: Turn, order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    return {**_items(turn, order, opened), "wanted": opened.values.get("wanted", "")}


def _wants_anew(turn: Turn, _order: Order | None) -> bool:
    """Whether the same is wanted once more, in place of what came."""
    return order_asked.says(turn.text, _ANEW)


def _says_more(turn: Turn, order: Order | None) -> bool:
    """Whether words say anything besides what is in the order."""
    lines = order.lines if order is not None else ()
    return product_words.says_more(turn, " ".join(f"{line.name_zh} {line.name_en}" for line in lines))


def _names_what(turn: Turn, order: Order | None) -> bool:
    """Whether a message names the thing that something is wrong with, and says more; "the screws, not the paint" only
    says which it is."""
    lines = order.lines if order is not None else ()
    if not (turn.told("item") or any(order_match.fit(turn, one.name_zh, one.name_en) for one in lines)):
        return False
    naming = product_words.words_in_name(turn, " ".join(f"{one.name_zh} {one.name_en}" for one in lines))
    rest = [word for word in product_words.naming_words(turn) if word not in naming]
    rest = [word for word in rest if word not in turn.told("item") and not order_asked.names_orders(word)]
    return any(not is_denied(turn.text, turn.text.find(word)) for word in rest)


async def _still_coming(turn: Turn, order: Order) -> Answer | None:
    """Where the parcel is that has what somebody misses, while another of the order has come."""
    boxes = parcel_words.meant(turn, order)
    coming = [box for box in boxes if box.status != "delivered"]
    if order.status != "shipped" or len(order.sent) < _PARTED or not coming:
        return None
    misses = len(coming) == len(boxes) or Fact.WHERE in order_asked.facts(turn)
    return await order_status.awaited(turn, order) if misses else None


async def _no_problem(turn: Turn, order: Order) -> Answer | None:
    return await _still_coming(turn, order) or await order_rules.giving_back()(turn, order)


def _all_of_it(turn: Turn, order: Order, opened: OpenTask) -> str:
    """The lines that money is wanted back for: all, where nothing of an order has arrived and none is named."""
    named = order_lines.meant(turn, order, opened)
    waits = order.status == "shipped" and all(box.delivered_at is None for box in order.sent)
    waits = waits and not phrases.asks(turn.text)
    return named or ("\n".join(dict.fromkeys(line.product_id for line in order.lines)) if waits else "")


def _not_here_yet(turn: Turn, order: Order) -> str:
    """Where the parcels are with what a message is about, if none of them has arrived."""
    boxes = parcel_words.meant(turn, order)
    waits = order.status == "shipped" and boxes and all(box.status != "delivered" for box in boxes)
    return parcel_words.of_order(turn, order) if waits else ""


def _rather_cancelled(_turn: Turn, order: Order | None) -> str:
    """Money is back soonest for what hasn't left yet where the order is cancelled."""
    return "cancel_order" if order is not None and order.status in which_order.NOT_SHIPPED else ""


def _rather_exchanged(turn: Turn, order: Order | None) -> str:
    """A return in which another version is wanted is an exchange."""
    if order is not None and order.status in which_order.NOT_SHIPPED:
        return _rather_cancelled(turn, order)
    wished = {wish.intent for wish in turn.acts.wishes}
    scores = turn.understanding.intents if turn.understanding is not None else ()
    also = {score.intent for score in scores if score.probability >= _RATHER}
    if order_asked.says(turn.text, _SWAPPED):
        return "exchange"
    if "return_request" in wished and not also & {"change_order", "exchange_request"}:
        return ""
    version = turn.told_in(*_VERSION)
    of_it = order is not None and any(
        product_words.all_in(f"{line.name_zh} {line.name_en}", version) for line in order.lines
    )
    return "exchange" if "exchange_request" in wished or (version and not of_it) else ""


def _rather_changed(_turn: Turn, order: Order | None) -> str:
    """What hasn't left yet is changed before it does."""
    return "change_items" if order is not None and order.status in which_order.NOT_SHIPPED else ""


def _rather_awaited(turn: Turn, order: Order | None) -> str:
    """What hasn't come, while a parcel of the order is on its way, is asked after."""
    boxes = order.sent if order is not None and order.status == "shipped" else ()
    coming = any(box.status != "delivered" for box in boxes)
    if coming and wished_in_words.has_not_come(turn.text):
        return CHASE.name
    return _rather_changed(turn, order)


RETURN = Task(
    name="return",
    request="return",
    wished_by=("return_request", "start"),
    slots=(
        Slot(
            name="reason",
            told_by=("reason",),
            question="return-why",
            words=True,
            free=True,
            by_parts=_says_more,
        ),
        order_lines.SLOT,
        order_lines.PAID_BY,
    ),
    order=partial(_delivered, verb="start"),
    own_order=which_order.own,
    unfit=order_rules.giving_back("return"),
    filed="return-asked",
    ends=_GIVES_BACK,
    facts=_items,
    becomes=_rather_exchanged,
)
EXCHANGE = Task(
    name="exchange",
    request="exchange",
    wished_by=("exchange_request", "exchange"),
    slots=(
        Slot(
            name="wanted",
            told_by=_VERSION,
            question="exchange-which",
            words=True,
            sentence=True,
            free=True,
            by_wish=_wants_anew,
            is_own=order_lines.is_own,
            refused=order_lines.not_to_be_had,
        ),
        order_lines.SLOT,
        Slot(name="reason", told_by=("reason",), free=True),
        order_lines.PAID_BY,
    ),
    order=partial(_delivered, verb="exchange"),
    settles=True,
    own_order=which_order.own,
    unfit=order_rules.giving_back("exchange"),
    spoken=order_lines.spoken_version,
    filed="exchange-asked",
    ends=_GIVES_BACK,
    beside=order_lines.versions_wanted,
    facts=_exchanged,
    becomes=_rather_changed,
)
REFUND = Task(
    name="refund",
    request="refund",
    wished_by=("refund_request", "refund"),
    slots=(
        Slot(
            name="reason",
            told_by=("reason",),
            question="refund-why",
            words=True,
            free=True,
            by_parts=_says_more,
        ),
        replace(order_lines.SLOT, resolve=_all_of_it),
        Slot(name="amount", told_by=("amount",)),
        order_lines.PAID_BY,
    ),
    order=_sent,
    own_order=which_order.own,
    unfit=order_rules.giving_back("money"),
    filed="refund-asked",
    ends=_GIVES_BACK,
    facts=_items,
    becomes=_rather_cancelled,
)
ITEM_PROBLEM = Task(
    name="item_problem",
    request="item_problem",
    wished_by=("item_problem", "problem"),
    slots=(
        Slot(
            name="reason",
            told_by=("reason",),
            question="item-problem-why",
            words=True,
            free=True,
            by_wish=_names_what,
        ),
        order_lines.SLOT,
    ),
    order=_delivered_lately,
    own_order=which_order.own,
    unfit=_no_problem,
    doubted=_not_here_yet,
    filed="item-problem-asked",
    facts=_items,
    becomes=_rather_awaited,
)


def _missed(turn: Turn, order: Order) -> int:
    """How likely somebody misses an order: what is late, then what is on its way."""
    late = any(parcel_words.is_late(turn, box) for box in order.sent)
    return _LATE if late else int(_ON_ITS_WAY(order))


async def _awaited(turn: Turn) -> Order | Answer:
    """The order whose parcel is missed."""
    recent = which_order.lately(turn, _AFTER_SHIPPING)
    return await which_order.find(turn, recent, "parcel:missing", rather=partial(_missed, turn))


LOST = Task(
    name="delivery_problem",
    request="delivery_problem",
    wished_by=("delivery_problem",),
    order=_awaited,
    own_order=which_order.own,
    filed="delivery-problem-asked",
)
CHASE = Task(
    name="chase",
    request="chase_parcel",
    wished_by=("chase_parcel", "chase"),
    order=_awaited,
    own_order=which_order.own,
    filed="chase-asked",
)


async def _missing(turn: Turn) -> Answer:
    """A parcel that is lost, shown as delivered but not here, or late: have it looked into."""
    found = await _awaited(turn)
    if isinstance(found, Answer):
        return _sorry(turn, found) if turn.intent == "delivery_problem" else found
    memory = turn.memory.about_order(found.id)
    if found.status in which_order.NOT_SHIPPED and turn.shown and not (turn.argument or turn.order_number):
        # Nobody misses what hasn't left: the one that should have come is meant.
        others = replace(turn, shown=(), memory=replace(turn.memory, order=None, orders=()))
        other = await _awaited(others)
        if isinstance(other, Order) and other.status == "shipped":
            return await _missing(replace(others, argument=other.id))
    if found.status in which_order.NOT_SHIPPED:
        return Answer(text=order_status.summary(turn, found), memory=memory)
    if turn.intent == "delivery_problem" and found.status == "shipped" and turn.memory.order != found.id:
        return await order_status.awaited(turn, found)
    if turn.does(Act.ADDS) and (more := await tasks.told_of_a_trouble(turn, LOST, found)) is not None:
        return more
    # What is still on its way is asked after first; what is shown as delivered, or was asked after, can be lost.
    boxes = parcel_words.meant(turn, found)
    coming = found.status == "shipped" and any(box.status != "delivered" for box in boxes)
    asked_after = any(one.task == CHASE.name and one.order == found.id for one in turn.memory.filed)
    chased = turn.intent in ("chase", "chase_parcel") or (coming and not asked_after)
    return await tasks.file(turn, CHASE if chased else LOST, found)


SKILLS = (
    Skill(
        name="returns",
        answer=_ask,
        intents=("return_request", "exchange_request", "refund_request", "item_problem"),
        actions=("return",),
        regrets=False,
        about_order=True,
        tasks=(RETURN, EXCHANGE, REFUND, ITEM_PROBLEM),
        requests=(
            RequestKind(name="return"),
            RequestKind(name="exchange"),
            RequestKind(name="refund"),
            RequestKind(name="item_problem", trouble=True),
        ),
    ),
    Skill(
        name="delivery_problem",
        answer=_missing,
        intents=("delivery_problem", "chase_parcel"),
        actions=("parcel",),
        regrets=False,
        about_order=True,
        tasks=(LOST, CHASE),
        requests=(RequestKind(name="delivery_problem", trouble=True), RequestKind(name="chase_parcel")),
    ),
)
