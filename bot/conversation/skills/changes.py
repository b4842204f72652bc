"""Cancel an order, change it, or send it elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.skills import which_order
from bot.conversation.skills.requesting import ask_shop
from bot.conversation.turn import Answer, Skill, Turn, row
from nlu.types import EntityKind
from storage.orders import Order, Orders
from storage.requests import Requests

_KEEP = re.compile(
    r"不取消|别取消|不用取消|取消.{0,4}(撤回|撤销|作废)|撤(回|销).{0,4}取消|don'?t cancel|do not cancel|undo"
    r"|keep (the|my) order|\bkeep it\b|changed my mind|不(用)?改了|保留订单|不用换了|(leave|keep) it as it is",
    re.IGNORECASE,
)
_KINDS = {kind: kind for kind in ("cancel_order", "change_address", "change_order")}
_OPEN_BEFORE_SHIPPING = which_order.in_status(which_order.NOT_SHIPPED)
_DETAILED = frozenset({EntityKind.SIZE, EntityKind.COLOUR, EntityKind.QUANTITY})
_LONG_ENOUGH = 6


async def _change(turn: Turn) -> Answer:
    if takes_back(turn.text) and turn.intent in _KINDS:
        return await _take_back(turn, _KINDS[turn.intent])
    match turn.intent:
        case "cancel_order" | "cancel":
            return await _cancel(turn)
        case "cancel-yes":
            return await _cancel_confirmed(turn)
        case "keep":
            return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
        case "change_address" | "address":
            return await _address(turn)
        case _:
            return await _items(turn)


async def _cancel(turn: Turn) -> Answer:
    found = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, "change:cancel")
    if isinstance(found, Answer):
        return found
    if found.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, found, "cancel")
    buttons = row(
        turn.button("button-cancel-yes", f"change:cancel-yes:{found.id}"),
        turn.button("button-cancel-no", f"change:keep:{found.id}"),
    )
    values = {
        "number": found.number,
        "items": which_order.items(turn, found),
        "total": turn.money(found.total, found.currency),
    }
    memory = replace(turn.memory.asking("cancel", order=found.id), order=found.id)
    return Answer(text=turn.say("cancel-confirm", **values), buttons=buttons, memory=memory)


async def _cancel_confirmed(turn: Turn) -> Answer:
    found = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, "change:cancel")
    if isinstance(found, Answer):
        return found
    if found.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, found, "cancel")
    return ask_shop(turn, "cancel_order", found, {}, "cancel-asked", number=found.number)


def takes_back(text: str) -> bool:
    """Whether the customer has changed their mind about a change."""
    return _KEEP.search(text) is not None


async def _take_back(turn: Turn, kind: str) -> Answer:
    """A change of mind: withdraw what nobody has acted on yet."""
    order = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, "change:keep")
    if isinstance(order, Answer):
        return order

    async def withdraw(connection: AsyncConnection) -> Answer:
        requests = Requests(connection)
        memory = turn.memory.about_order(order.id)
        known = await requests.open_of(kind, customer_id=turn.customer_id, order_id=order.id)
        if known is None:
            return Answer(text=turn.say("cancel-none", number=order.number), memory=memory)
        if known.state != "asked":
            return Answer(
                text=turn.say("cancel-accepted-already", number=order.number),
                buttons=row(turn.button("button-human", "human:ask")),
                memory=memory,
            )
        await requests.withdraw(known.id, turn.now)
        return Answer(text=turn.say("cancel-withdrawn", number=order.number), memory=memory)

    return Answer(then=withdraw)


def _too_late(turn: Turn, order: Order, what: str) -> Answer:
    values = {"number": order.number, "status": turn.say(f"status-{order.status}")}
    arrived = what == "address" and order.status == "delivered"
    if arrived or order.status in ("cancelled", "returned"):
        return Answer(text=turn.say("too-late-over", **values), memory=turn.memory.about_order(order.id))
    buttons = row(
        turn.button("button-return", f"return:start:{order.id}"), turn.button("button-human", "human:ask")
    )
    text_id = f"too-late-{what}-arrived" if order.status == "delivered" else f"too-late-{what}"
    return Answer(text=turn.say(text_id, **values), buttons=buttons, memory=turn.memory.about_order(order.id))


async def _address(turn: Turn) -> Answer:
    found = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, "change:address")
    if isinstance(found, Answer):
        return found
    if found.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, found, "address")
    address = turn.named(EntityKind.ADDRESS)
    if address:
        return _ask_address(turn, found, address)
    memory = replace(turn.memory.asking("address", order=found.id), order=found.id)
    return Answer(text=turn.say("address-which", number=found.number), memory=memory)


def _ask_address(turn: Turn, order: Order, address: str) -> Answer:
    short = address.strip()[:200]
    return ask_shop(
        turn, "change_address", order, {"address": short}, "address-asked", number=order.number, address=short
    )


async def _items(turn: Turn) -> Answer:
    found = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, "change:items")
    if isinstance(found, Answer):
        return found
    if found.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, found, "items")
    entities = turn.understanding.entities if turn.understanding is not None else ()
    if any(entity.kind in _DETAILED for entity in entities):
        return _ask_items(turn, found, turn.text)
    memory = replace(turn.memory.asking("items", order=found.id), order=found.id)
    return Answer(text=turn.say("items-which", number=found.number), memory=memory)


def _ask_items(turn: Turn, order: Order, text: str) -> Answer:
    details = {"text": text.strip()[:500]}
    return ask_shop(turn, "change_order", order, details, "items-asked", number=order.number)


async def _resume(turn: Turn) -> Answer | None:
    pending = turn.memory.pending
    if pending is None:
        return None
    if pending.kind == "cancel":
        return await _resume_cancel(turn, pending.data.get("order", ""))
    if turn.denies:
        return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    if not _is_detail(turn, pending.kind):
        return None
    order = await Orders(turn.connection).get(pending.data.get("order", ""))
    if order is None or order.customer_id != turn.customer_id:
        return None
    if order.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, order, pending.kind)
    if pending.kind == "address":
        return _ask_address(turn, order, turn.text)
    return _ask_items(turn, order, turn.text)


async def _resume_cancel(turn: Turn, order_id: str) -> Answer | None:
    if turn.denies or _KEEP.search(turn.text):
        return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    whole = turn.understanding
    again = whole is not None and whole.understood and whole.intent == "cancel_order"
    if turn.affirms or (again and turn.named(EntityKind.ORDER_NUMBER) is None):
        return await _cancel_confirmed(replace(turn, argument=order_id))
    return None


def _is_detail(turn: Turn, kind: str) -> bool:
    """Whether the words are the address or the change asked for, and not a wish of another kind."""
    whole = turn.understanding
    if whole is None or len(turn.text.strip()) < _LONG_ENOUGH:
        return False
    own = {"address": "change_address", "items": "change_order"}[kind]
    if kind == "address" and whole.first(EntityKind.ADDRESS) is not None:
        return True
    other = whole.understood and whole.intent != own and whole.probability >= 0.7
    return not other


CHANGES = Skill(
    name="changes",
    answer=_change,
    intents=("cancel_order", "change_order", "change_address"),
    actions=("change",),
    pending=("cancel", "address", "items"),
    resume=_resume,
)
