"""Cancel an order, change it, or send it elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation.memory import Pending
from bot.conversation.skills import addresses, pages, requesting, which_order
from bot.conversation.skills.requesting import ask_shop, request_text
from bot.conversation.turn import Answer, RequestKind, Skill, Turn, column, row
from bot.messages import Button
from nlu.normalise import folded
from nlu.types import EntityKind, Understanding
from storage.orders import Order

_ASKED_FOR = {"address": "change_address", "items": "change_order"}
_OPEN_BEFORE_SHIPPING = which_order.in_status(which_order.NOT_SHIPPED)
_DETAILED = frozenset({EntityKind.SIZE, EntityKind.COLOUR, EntityKind.QUANTITY})
_LONG_ENOUGH = 6
_BEYOND = 0.5
_place = re.compile(
    r"\d|省|市(?!场)|区|县|镇|乡|村|路(?![上过])|街|大道|巷|弄|胡同|大厦|公寓|花园|广场|栋|幢|单元|室|楼"
    r"|\b(street|st|road|rd|avenue|ave|lane|ln|terrace|cottage|flat|apartment|apt|suite|floor|p\.? ?o\.? box)\b",
    re.IGNORECASE,
).search
_WORDS_KEPT = 500
_ADDRESS_KEPT = 200
_TO = "to-"
"""Begins the verb of a button with an address; its mark follows."""
_ADDRESSES_SHOWN = 3


async def _change(turn: Turn) -> Answer:
    if turn.intent in requesting.CHANGES and requesting.takes_back(turn.text, turn.intent):
        return await _take_back(turn, turn.intent)
    match turn.intent:
        case "cancel_order" | "cancel":
            return await _cancel(turn)
        case "cancel-yes":
            return await _cancel_confirmed(turn)
        case "keep":
            return await _take_back(turn, "cancel_order", none="cancel-kept")
        case "change_address" | "address":
            return await _address(turn)
        case verb if verb.startswith(("back-", "stay-")):
            return await _pressed(turn)
        case verb if verb.startswith(_TO):
            return await _known_address(turn)
        case _:
            return await _items(turn)


async def _cancel(turn: Turn) -> Answer:
    found = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, "change:cancel")
    if isinstance(found, Answer):
        return found
    if found.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, found, "cancel")
    known = await requesting.open_request(turn, "cancel_order", found.id)
    if known is not None:
        text = request_text(turn, "request-known", known)
        return Answer(text=text, memory=turn.memory.about_order(found.id))
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
    noted = _noting(turn, "cancel_order")
    return ask_shop(noted, "cancel_order", found, {}, "cancel-asked", number=found.number)


def _noting(turn: Turn, kind: str) -> Turn:
    """Remember a wish that came by a button, so that a "no" after it means its request."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    return turn if last == kind else turn.remembering(turn.memory.heard(kind))


async def _take_back(turn: Turn, kind: str, *, none: str = "cancel-none") -> Answer:
    order = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, f"change:back-{kind}")
    if isinstance(order, Answer):
        return order
    return requesting.withdrawing(turn, kind, order.id, order.number, none=none)


async def _pressed(turn: Turn) -> Answer:
    order = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, f"change:{turn.intent}")
    return order if isinstance(order, Answer) else await requesting.pressed_undo(turn, order.id, order.number)


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
    return await _which_address(turn, found)


async def _which_address(turn: Turn, found: Order) -> Answer:
    """Ask where to, with the customer's other addresses to choose from."""
    memory = replace(turn.memory.asking("address", order=found.id), order=found.id)
    there = addresses.written(found.ship_to, turn.language)
    others = [one for one in await addresses.of_customer(turn) if one.words != there]
    buttons = column(
        *(
            Button(label=one.label, action=f"change:{_TO}{one.mark}:{found.id}")
            for one in others[:_ADDRESSES_SHOWN]
        )
    )
    return Answer(text=turn.say("address-which", number=found.number), buttons=buttons, memory=memory)


async def _known_address(turn: Turn) -> Answer:
    """An address that they have was pressed; it may have changed since the button was shown."""
    found = await which_order.find(turn, _OPEN_BEFORE_SHIPPING, f"change:{turn.intent}")
    if isinstance(found, Answer):
        return found
    if found.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, found, "address")
    mark = turn.intent.removeprefix(_TO)
    chosen = next((one for one in await addresses.of_customer(turn) if one.mark == mark), None)
    if chosen is None:
        return await _which_address(turn, found)
    return _ask_address(_noting(turn, "change_address"), found, chosen.words)


def _ask_address(turn: Turn, order: Order, address: str) -> Answer:
    """The address as it was recognised and, where the customer wrote more, all their words: staff need both."""
    short, words = address.strip()[:_ADDRESS_KEPT], _words(turn)[:_WORDS_KEPT]
    more = bool(words) and words != short
    return ask_shop(
        turn,
        "change_address",
        order,
        {"address": short, "text": words} if more else {"address": short},
        "address-asked-in-full" if more else "address-asked",
        number=order.number,
        address=short,
    )


def _words(turn: Turn) -> str:
    """The whole message; what chose an order from a list is not the one that told the wish."""
    own = folded(turn.incoming.text)
    return turn.text.strip() if turn.argument or not own else own


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
    details = {"text": text.strip()[:_WORDS_KEPT]}
    return ask_shop(turn, "change_order", order, details, "items-asked", number=order.number)


async def _resume(turn: Turn) -> Answer | None:
    pending = turn.memory.pending
    if pending is None:
        return None
    if pending.kind == "undo":
        return await requesting.resume_undo(turn, pending)
    order_id = pending.data.get("order", "")
    if pending.kind == "cancel":
        return await _resume_cancel(turn, order_id)
    kind = _ASKED_FOR[pending.kind]
    if turn.denies or requesting.takes_back(turn.text, kind):
        return await _left(turn, kind, order_id)
    order = await which_order.own(turn, order_id)
    return None if order is None else await _take_detail(turn, pending, order)


async def _take_detail(turn: Turn, pending: Pending, order: Order) -> Answer | None:
    if not _is_detail(turn, pending.kind):
        again = pending.kind == "address" and not pending.tries and await _meant_for_address(turn)
        return await _which_address(turn, order) if again else None
    if order.status not in which_order.NOT_SHIPPED:
        return _too_late(turn, order, pending.kind)
    noted = _noting(turn, _ASKED_FOR[pending.kind])
    if pending.kind == "address":
        return _ask_address(noted, order, turn.text)
    return _ask_items(noted, order, turn.text)


async def _left(turn: Turn, kind: str, order_id: str) -> Answer:
    """Nothing is asked for now; what was asked for before is not passed over."""
    kept = Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    return await requesting.no_to(turn, kind, order_id) or kept


async def _resume_cancel(turn: Turn, order_id: str) -> Answer | None:
    if turn.denies or requesting.takes_back(turn.text, "cancel_order"):
        return await _left(turn, "cancel_order", order_id)
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
    if kind == "address" and whole.first(EntityKind.ADDRESS) is not None:
        return True
    other = whole.understood and whole.intent != _ASKED_FOR[kind] and whole.probability >= 0.7
    return not other and (kind != "address" or _names_a_place(whole))


def _names_a_place(whole: Understanding) -> bool:
    """Whether words in which no address was recognised may be one all the same."""
    beyond = whole.intent == "out_of_scope" and whole.probability >= _BEYOND
    return not beyond and _place(whole.text) is not None


async def _meant_for_address(turn: Turn) -> bool:
    """Whether words that are no address are no wish of their own either: the address is asked for once more."""
    whole = turn.understanding
    if whole is None or turn.negative or len(turn.text.strip()) < _LONG_ENOUGH:
        return False
    own = not whole.understood or whole.intent == "change_address"
    return own and await pages.passage_for(turn, at_least=pages.SURE) is None


SKILLS = (
    Skill(
        name="changes",
        answer=_change,
        intents=("cancel_order", "change_order", "change_address"),
        actions=("change",),
        pending=("cancel", "address", "items", "undo"),
        resume=_resume,
        about_order=True,
        requests=(
            RequestKind(name="cancel_order", words=re.compile(r"取消|cancel", re.I)),
            RequestKind(name="change_order", words=re.compile(r"改|chang|updat", re.I)),
            RequestKind(name="change_address", words=re.compile(r"改|地址|chang|updat|address", re.I)),
        ),
    ),
)
