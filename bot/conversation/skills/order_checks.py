"""What the shop looks into for one order: a payment that doesn't show, points that are missing, a repair, a parcel to
be sent elsewhere on its way, or one whose tracking stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.conversation import tasks
from bot.conversation.answer import Answer, row
from bot.conversation.memory import OpenTask
from bot.conversation.skills import order_lines, parcel_words, which_order, wished_in_words
from bot.conversation.turn import RequestKind, Skill, Slot, Task, Turn
from nlu.entities.address_parts import lacking, may_answer
from nlu.types import EntityKind
from storage.orders import Order, Orders

STANDS_STILL = timedelta(hours=72)
"""After that the carrier is asked."""
_UNPAID = frozenset({"placed"})
_UNPACKED = frozenset({"placed", "paid"})
_SHIPPED = frozenset({"shipped"})
_ANY = frozenset({"paid", "packed", "shipped", "delivered"})


async def _unpacked(turn: Turn) -> Order | Answer:
    """The first of the orders that a message names, else the newest that is not packed: the request has all words."""
    known = (
        await Orders(turn.connection).by_customer(turn.customer_id) if turn.customer_id is not None else []
    )
    named = [order for order in known if order.number.casefold() in turn.text.casefold()]
    fitting = named or [order for order in known if order.status in _UNPACKED]
    if fitting and not turn.argument:
        return fitting[0]
    return await which_order.find(turn, which_order.in_status(_UNPACKED), "check:parcels", insist=True)


def _left_already(turn: Turn, order: Order) -> str:
    """That the order has left, for who wished its address changed."""
    if turn.intent != "change_address":
        return ""
    return turn.say("too-late-address", number=order.number, status=turn.say(f"status-{order.status}"))


def _rather_changed(_turn: Turn, order: Order | None) -> str:
    """What hasn't left yet is sent there at once."""
    return "change_address" if order is not None and order.status in which_order.NOT_SHIPPED else ""


def _day(turn: Turn, _before: str) -> str:
    """The words of a day or time; the request keeps all of the message beside it."""
    entity = turn.understanding.first(EntityKind.DATE) if turn.understanding is not None else None
    return entity.text if entity is not None else ""


def _told(_turn: Turn, _order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    told = (opened.values.get(name, "") for name in ("name", "phone", "address"))
    return {"told": "\n".join(value for value in told if value)}


PAYMENT = Task(
    name="payment_check",
    request="payment_check",
    wished_by=("payment_check", "payment"),
    slots=(Slot(name="date", read=_day), Slot(name="amount", told_by=("amount",))),
    order=partial(
        which_order.find, relevant=which_order.in_status(_UNPAID), action="check:payment", insist=True
    ),
    own_order=which_order.own,
    unfit=which_order.only_in(_UNPAID, "payment-shows"),
    filed="payment-check-asked",
    while_waiting=True,
)
POINTS = Task(
    name="points_check",
    request="points_check",
    wished_by=("points_check", "points"),
    order=partial(which_order.find, relevant=which_order.in_status(_ANY), action="check:points"),
    own_order=which_order.own,
    filed="points-check-asked",
    while_waiting=True,
)


def _names_what(turn: Turn, _order: Order | None) -> bool:
    """Whether the wish names the thing that is to be repaired."""
    return bool(turn.told("item"))


REPAIR = Task(
    name="repair",
    request="repair",
    wished_by=("repair_request", "repair"),
    slots=(
        Slot(
            name="reason",
            told_by=("reason",),
            question="repair-why",
            words=True,
            free=True,
            plain=wished_in_words.words_if(wished_in_words.names_fault),
            by_wish=_names_what,
        ),
        order_lines.SLOT,
    ),
    order=partial(
        which_order.find, relevant=which_order.in_status(frozenset({"delivered"})), action="check:repair"
    ),
    own_order=which_order.own,
    unfit=which_order.only_in(which_order.ARRIVED, "repair-not-yet"),
    filed="repair-asked",
    ends=("item_problem",),
)
REDIRECT = Task(
    name="redirect",
    request="redirect",
    wished_by=("redirect",),
    slots=(
        Slot(
            name="address",
            told_by=("address", "address_part"),
            question="redirect-where",
            words=True,
            fits=may_answer,
            whole=lambda address: lacking(address) != "street",
            again="address-again",
        ),
        Slot(name="name", told_by=("name",)),
        Slot(name="phone", told_by=("phone",)),
    ),
    order=partial(
        which_order.find,
        relevant=which_order.in_status(which_order.ON_ITS_WAY),
        action="check:redirect",
        insist=True,
    ),
    own_order=which_order.own,
    unfit=which_order.only_in(_SHIPPED, "too-late-over"),
    doubted=_left_already,
    filed="redirect-asked",
    facts=_told,
    becomes=_rather_changed,
)

PARCELS = Task(
    name="parcels",
    request="parcels",
    wished_by=("parcels",),
    slots=(
        Slot(
            name="wanted",
            question="parcels-how",
            words=True,
            free=True,
            plain=wished_in_words.words_if(wished_in_words.shares_parcels),
        ),
    ),
    order=_unpacked,
    own_order=which_order.own,
    unfit=which_order.only_in(_UNPACKED, "parcels-too-late"),
    filed="parcels-asked",
    facts=lambda _turn, _order, opened: {"told": opened.values.get("wanted", "")},
)


async def _check(turn: Turn) -> Answer:
    if turn.intent in ("still", "stands_still"):
        return await _stands_still(turn)
    task = turn.skills.own_task("order_checks", turn.intent)
    return Answer(text=turn.say("button-stale")) if task is None else await tasks.begin(turn, task)


async def _stands_still(turn: Turn) -> Answer:
    """Where a parcel was seen last; the carrier is asked once that is three days ago."""
    found = await which_order.find(turn, which_order.in_status(_SHIPPED), "check:still", insist=True)
    if isinstance(found, Answer):
        return found
    boxes = parcel_words.meant(turn, found)
    if found.status != "shipped":
        return await turn.skills.by_intent["order_status"].answer(replace(turn, intent="order_status"))
    if boxes and turn.now - max(box.updated_at for box in boxes) < STANDS_STILL:
        lines = [parcel_words.of_order(turn, found), turn.say("stands-still-not-yet")]
        button = turn.button("button-chase", f"parcel:chase:{found.id}")
        return Answer(text="\n".join(lines), buttons=row(button), memory=turn.memory.about_order(found.id))
    return await tasks.file(turn, replace(turn.skills.tasks["chase"], beside=_way), found)


async def _way(turn: Turn, order: Order, _opened: OpenTask) -> str:
    """Where the parcels are: that is asked, too."""
    return parcel_words.of_order(turn, order)


SKILLS = (
    Skill(
        name="order_checks",
        answer=_check,
        intents=("payment_check", "points_check", "repair_request", "redirect", "stands_still", "parcels"),
        actions=("check",),
        about_order=True,
        tasks=(PAYMENT, POINTS, REPAIR, REDIRECT, PARCELS),
        requests=tuple(
            RequestKind(name=name)
            for name in ("payment_check", "points_check", "repair", "redirect", "parcels")
        ),
        regrets=False,
    ),
)
