"""Returns, exchanges, refunds, and products that arrived wrong; parcels that don't come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.conversation import tasks
from bot.conversation.answer import Answer, row
from bot.conversation.memory import OpenTask
from bot.conversation.skills import (
    order_asked,
    order_lines,
    order_match,
    order_status,
    product_words,
    refunds,
    which_order,
)
from bot.conversation.turn import RequestKind, Skill, Slot, Task, Turn
from storage.orders import Order

_AFTER_SHIPPING = which_order.in_status(which_order.ARRIVED)
_ON_ITS_WAY = which_order.in_status(frozenset({"shipped"}))
_DELIVERED = which_order.in_status(frozenset({"delivered"}))
_VERSION = ("size", "colour", "version")
_RATHER = 0.5
_SWAPPED = order_asked.words(
    "换一台|换一个|换新|换个新|换台新|换一件|换一双|换瓶新|replacement|replace it|swap it|exchange it"
)
_ANEW = order_asked.words(
    "新的|一样的|同款|同样的|好的|没坏的"
    "|new one|new ones|replacement|replace it|the same|same one|another one|fresh one"
)
"""What is wanted is what was ordered."""


async def _ask(turn: Turn) -> Answer:
    task = turn.skills.tasks[turn.skills.tasks_of[turn.intent]]
    answer = await tasks.begin(turn, task)
    return _sorry(turn, answer) if task is ITEM_PROBLEM else answer


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
    return await which_order.find(turn, _DELIVERED, f"return:{verb}", insist=True, early=verb == "exchange")


async def _delivered_lately(turn: Turn) -> Order | Answer:
    relevant = which_order.lately(turn, _DELIVERED)
    return await which_order.find(turn, relevant, "return:problem", insist=True)


async def _sent(turn: Turn) -> Order | Answer:
    """Money may be wanted back for a parcel that doesn't come."""
    return await which_order.find(turn, _AFTER_SHIPPING, "return:refund")


async def _not_possible(turn: Turn, order: Order, *, money: bool = False) -> Answer | None:
    values = {"number": order.number}
    memory = turn.memory.about_order(order.id)
    if order.status in which_order.NOT_SHIPPED:
        button = turn.button("button-cancel", f"change:cancel:{order.id}")
        return Answer(text=turn.say("return-not-shipped", **values), buttons=row(button), memory=memory)
    if order.status in ("cancelled", "returned") and not money:
        refund = order.refunds[-1] if order.refunds else None
        text = turn.say("too-late-over", **values, status=turn.say(f"status-{order.status}"))
        return Answer(text=text if refund is None else refunds.money(turn, order, refund), memory=memory)
    if order.refunds and order.refunds[-1].status != "declined":
        return Answer(text=refunds.money(turn, order, order.refunds[-1]), memory=memory)
    return None


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
    """Whether a message names the thing that something is wrong with, and says more."""
    item = turn.told("item")
    names = order is not None and any(
        order_match.fit(turn, line.name_zh, line.name_en) for line in order.lines
    )
    rest = turn.text.replace(item, " ").split() if item else ()
    return any(product_words.means_something(word) for word in rest) if item else names


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
    unfit=_not_possible,
    filed="return-asked",
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
        ),
        order_lines.SLOT,
        Slot(name="reason", told_by=("reason",), free=True),
        order_lines.PAID_BY,
    ),
    order=partial(_delivered, verb="exchange"),
    own_order=which_order.own,
    unfit=_not_possible,
    filed="exchange-asked",
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
        order_lines.SLOT,
        Slot(name="amount", told_by=("amount",)),
        order_lines.PAID_BY,
    ),
    order=_sent,
    own_order=which_order.own,
    unfit=partial(_not_possible, money=True),
    filed="refund-asked",
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
    unfit=_not_possible,
    filed="item-problem-asked",
    facts=_items,
    becomes=_rather_changed,
)
LOST = Task(
    name="delivery_problem",
    request="delivery_problem",
    wished_by=("delivery_problem",),
    filed="delivery-problem-asked",
)
CHASE = Task(name="chase", request="chase_parcel", wished_by=("chase_parcel",), filed="chase-asked")


async def _missing(turn: Turn) -> Answer:
    """A parcel that is lost, shown as delivered but not here, or late: have it looked into."""
    recent = which_order.lately(turn, _AFTER_SHIPPING)
    found = await which_order.find(turn, recent, "parcel:missing", rather=_ON_ITS_WAY)
    if isinstance(found, Answer):
        return _sorry(turn, found) if turn.intent == "delivery_problem" else found
    memory = turn.memory.about_order(found.id)
    if found.status in which_order.NOT_SHIPPED:
        return Answer(text=order_status.summary(turn, found), memory=memory)
    if turn.intent == "delivery_problem" and found.status == "shipped" and turn.memory.order != found.id:
        return order_status.awaited(turn, found)
    chased = turn.intent in ("chase", "chase_parcel")
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
