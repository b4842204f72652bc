"""Cancel an order, change it, send it elsewhere or pay it another way; and where the account's parcels go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.conversation import filed, tasks
from bot.conversation import made as made_requests
from bot.conversation.answer import Answer, Rows, column, row
from bot.conversation.memory import OpenTask
from bot.conversation.skills import (
    addresses,
    line_words,
    linking,
    order_asked,
    order_lines,
    order_rules,
    order_words,
    ways_to_pay,
    which_order,
)
from bot.conversation.slot_values import NONE
from bot.conversation.turn import Facts, RequestKind, Skill, Slot, Task, Turn
from bot.messages import Button
from nlu.acts import Act
from nlu.entities.address_parts import (
    corrected,
    is_town_alone,
    lacking,
    may_answer,
    may_be_address,
    may_be_part,
)
from nlu.entities.corrections import is_phone, with_end
from nlu.entities.numbers import quantities
from storage.orders import Order

_TO_BE_SENT = which_order.in_status(which_order.NOT_SHIPPED)
_address_stays = order_rules.changing("change_address", "address")
"""Why an order can't be sent elsewhere any more."""
_SEVERAL = 2
_DIGITS = 7
_MORE = order_words.words("加|多|再|more|another|extra|add|additional|fewer|less|少")
_OTHERWISE = ("version", "size", "colour", "quantity")
"""What may be changed of a thing that stays."""
_TO = "to-"
"""Begins the verb of a button with an address; its mark follows."""
_ADDRESSES_SHOWN = 3


def _where_it_goes(turn: Turn, order: Order, told: tuple[str, ...] = ()) -> str:
    """Where an order goes as it stands; empty for who tells of a town, which is somewhere else."""
    return "" if any(map(is_town_alone, told)) else addresses.place(order.ship_to, turn.language)


def _other_number(before: str, told: str, _old: str) -> str:
    return with_end(before, told)


def _may_be_phone(value: str) -> bool:
    """Whether there are more digits than in a postcode."""
    return sum(one.isdecimal() for one in value) >= _DIGITS


def _stays_there(turn: Turn, order: Order, opened: OpenTask) -> str:
    """Where an order goes, for who tells whom it goes to and leaves the rest; empty where that isn't plain."""
    if opened.values.get("address") or turn.told("address", "address_part"):
        return ""
    pending = turn.memory.pending
    asked = pending is not None and pending.data.get("task") == CHANGE_ADDRESS.name
    name, phone = turn.told("name"), is_phone(turn.told("phone"))
    told = name or phone or any(opened.values.get(one) for one in ("name", "phone"))
    plain = phone or (name and (turn.surely(Act.CORRECTS) or not asked))
    plain = plain or (told and asked and addresses.some_stays(turn, order, opened))
    there = _where_it_goes(turn, order)
    return (NONE if lacking(there) else there) if plain else ""


_WHERE = (
    Slot(
        name="address",
        told_by=("address", "address_part"),
        question="address-which",
        kept=_stays_there,
        counts=may_be_part,
        spares=addresses.some_stays,
        words=True,
        fits=may_answer,
        join=corrected,
        grown=addresses.told,
        holds=_where_it_goes,
        whole=lambda address: address == NONE or not lacking(address),
        again="address-again",
    ),
    Slot(name="name", told_by=("name",)),
    Slot(
        name="phone",
        told_by=("phone",),
        words=True,
        fits=is_phone,
        counts=_may_be_phone,
        join=_other_number,
        whole=is_phone,
        again="phone-again",
    ),
)


async def _change(turn: Turn) -> Answer:
    if turn.intent == "cancel-yes":
        return await _confirmed(turn)
    if turn.intent == "keep":
        return await _kept(turn)
    if turn.intent.startswith(_TO):
        return await _to_known_address(turn)
    task = turn.skills.own_task("changes", turn.intent)
    if task is None:
        return Answer(text=turn.say("button-stale"))
    if task is ACCOUNT_ADDRESS and turn.customer_id is None:
        return linking.ask(turn)
    sent = await _sent_already(turn) if task is CHANGE_ADDRESS else None
    if sent is not None:
        return sent
    answer = await tasks.begin(turn, task)
    return await _with_own_addresses(turn, answer) if task is CHANGE_ADDRESS else answer


async def _sent_already(turn: Turn) -> Answer | None:
    """The question for an address in the account, where one is to be changed and no order is named or can be sent
    there; what can be done about one on its way stands before it."""
    named = turn.argument or turn.order_number or turn.told("item") or turn.memory.order
    if named or turn.customer_id is None:
        return None
    found = await _order(turn, "change:address")
    if not isinstance(found, Order) or found.status in which_order.NOT_SHIPPED:
        return None
    if _rather_redirected(turn, found):
        return None
    asked = await tasks.begin(turn, ACCOUNT_ADDRESS)
    late = await _address_stays(turn, found) if found.status == "shipped" else None
    if late is None:
        return asked
    return replace(asked, text=f"{late.text}\n\n{asked.text}", buttons=(*late.buttons, *asked.buttons))


async def _with_own_addresses(turn: Turn, answer: Answer) -> Answer:
    """The question where to send an order, with the customer's other addresses to choose from."""
    asked = answer.memory.pending if answer.memory is not None else None
    found = await which_order.own(turn, answer.memory.order or "") if answer.memory is not None else None
    if asked is None or asked.data.get("task") != CHANGE_ADDRESS.name or found is None:
        return answer
    there = addresses.written(found.ship_to, turn.language)
    others = [one for one in await addresses.of_customer(turn) if one.words != there]
    buttons = column(
        *(
            Button(label=one.label, action=f"change:{_TO}{one.mark}:{found.id}")
            for one in others[:_ADDRESSES_SHOWN]
        )
    )
    return replace(answer, buttons=(*answer.buttons, *buttons))


async def _to_known_address(turn: Turn) -> Answer:
    """An address that they have was pressed; it may have changed since the button was shown."""
    found = await _order(turn, f"change:{turn.intent}")
    if isinstance(found, Answer):
        return found
    late = await _address_stays(turn, found)
    if late is not None:
        return late
    mark = turn.intent.removeprefix(_TO)
    chosen = next((one for one in await addresses.of_customer(turn) if one.mark == mark), None)
    if chosen is None:
        return await _with_own_addresses(turn, await tasks.begin(turn, CHANGE_ADDRESS))
    return await tasks.file(turn, CHANGE_ADDRESS, found, {"address": chosen.words})


async def _confirmed(turn: Turn) -> Answer:
    """The button below the question whether to cancel."""
    found = await _order(turn, "change:cancel")
    if isinstance(found, Answer):
        return found
    return await tasks.confirmed(turn, CANCEL, found)


async def _kept(turn: Turn) -> Answer:
    """The button that leaves an order as it is: what was asked for already is taken back."""
    found = await _order(turn, "change:keep")
    if isinstance(found, Answer):
        return found
    known = await made_requests.open_request(turn, CANCEL.request, found)
    if known is not None and known.customer_id == turn.customer_id:
        return filed.withdrawing(turn, known)
    return Answer(
        text=turn.say("cancel-kept"), memory=turn.memory.about_order(found.id).without_task(CANCEL.name)
    )


async def _order(turn: Turn, action: str) -> Order | Answer:
    return await which_order.find(turn, _TO_BE_SENT, action)


def _cancel_buttons(turn: Turn, order: Order | None) -> Rows:
    place = order.id if order is not None else ""
    return row(
        turn.button("button-cancel-yes", f"change:cancel-yes:{place}"),
        turn.button("button-cancel-no", f"change:keep:{place}"),
    )


def _cancelled(turn: Turn, order: Order | None, _opened: OpenTask) -> Mapping[str, str]:
    if order is None:
        return {}
    return {"items": which_order.items(turn, order), "total": turn.money(order.total, order.currency)}


def _sent_to(turn: Turn, order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    told = [opened.values.get(name, "") for name in ("name", "phone", "address")]
    if order is not None and told[-1] in (NONE, _where_it_goes(turn, order)):
        told[-1] = turn.say("address-stays", address=_where_it_goes(turn, order))
    return {"address": "\n".join(value for value in told if value)}


def _told(name: str) -> Facts:
    return lambda _turn, _order, opened: {"told": opened.values.get(name, "")}


def _changed(turn: Turn, order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    """What is to be changed; of several things in an order, with which."""
    ids = opened.values.get("items", "").split("\n")
    wanted = opened.values.get("wanted", "")
    # How many there shall be says nothing by itself.
    named = order is not None and (len(order.lines) >= _SEVERAL or wanted.isdecimal())
    lines = order.lines if order is not None and named else ()
    names = turn.say("items-comma").join(line.name(turn.language) for line in lines if line.product_id in ids)
    added = opened.values.get(order_lines.ADDED.name, "").split("\n")
    wanted = turn.say("items-comma").join(
        one for one in (*added, wanted) if one and (one == wanted or one not in wanted)
    )
    return {"told": turn.say("change-of", items=names, wanted=wanted) if names else wanted}


def _rather_meant(turn: Turn, order: Order | None) -> str:
    """What has arrived can only be exchanged; who tells an address wants the order sent there."""
    if order is not None and order.status == "delivered":
        return "exchange"
    if may_be_address(turn.told("address")):
        return "change_address"
    alone = order is not None and len(order.lines) < _SEVERAL
    # Without the only thing in it nothing is left of an order.
    return "cancel_order" if alone and line_words.takes_out(turn.text) and not turn.told(*_OTHERWISE) else ""


def _rather_redirected(turn: Turn, order: Order | None) -> str:
    """Who tells another address for what is on its way wants that to go there."""
    told = order is not None and order.status == "shipped" and may_be_address(turn.told("address"))
    return "redirect" if told else ""


def _part_cancelled(turn: Turn, order: Order | None) -> str:
    """Of an order with several things some are left out where just these are meant."""
    if order is None or len(order.lines) < _SEVERAL:
        return ""
    asked = turn.memory.pending is not None and turn.memory.pending.data.get("task") == CANCEL.name
    # Who is asked about all and asks something about one of them has chosen none.
    chooses = not asked or turn.does(Act.CORRECTS) or turn.does(Act.GIVES) or line_words.takes_out(turn.text)
    chooses = chooses or bool(line_words.staying(turn.text, order.lines))
    return "change_items" if chooses and line_words.of_a_part(turn.text, order.lines) else ""


def _says_what(turn: Turn, order: Order | None) -> bool:
    """Whether a message says what is to be changed, or wants things of an order to be left out, named or not yet."""
    if turn.told("old") or line_words.says_what_instead(turn.text):
        return True
    if order is None or len(order.lines) < _SEVERAL:
        return False
    stays = bool(line_words.staying(turn.text, order.lines))
    takes_out = line_words.takes_out(turn.text) and not turn.told(*_OTHERWISE)
    return stays or (takes_out and line_words.of_a_part(turn.text, order.lines))


def _another_number(turn: Turn, order: Order) -> bool:
    """Whether a change tells more than how many there are."""
    if turn.told(*_OTHERWISE[:-1]) or order_asked.says(turn.text, _MORE):
        return True
    held = {str(line.quantity) for line in order.lines}
    told = [
        next((span.value for span in quantities(one.text)), one.text)
        for one in turn.acts.slots
        if one.slot == "quantity"
    ]
    return any(number not in held for number in told)


CANCEL = Task(
    name="cancel_order",
    request="cancel_order",
    wished_by=("cancel_order", "cancel"),
    slots=(Slot(name="reason", told_by=("reason",), free=True),),
    order=partial(_order, action="change:cancel"),
    own_order=which_order.own,
    unfit=order_rules.changing("cancel_order", "cancel"),
    confirm="cancel-confirm",
    buttons=_cancel_buttons,
    filed="cancel-asked",
    ends=("change_items", "change_address", "change_payment", "refund"),
    facts=_cancelled,
    becomes=_part_cancelled,
)
CHANGE_ITEMS = Task(
    name="change_items",
    request="change_order",
    wished_by=("change_order", "items"),
    slots=(
        order_lines.ADDED,
        order_lines.CHANGED,
        Slot(
            name="wanted",
            told_by=_OTHERWISE,
            question="items-which",
            needed=lambda opened: not opened.values.get(order_lines.ADDED.name),
            words=True,
            sentence=True,
            free=True,
            by_wish=_says_what,
            is_new=_another_number,
            is_own=order_lines.is_own,
            refused=order_lines.not_to_be_had,
        ),
        order_lines.PAID_BY,
    ),
    order=partial(_order, action="change:items"),
    own_order=which_order.own,
    unfit=order_rules.changing("change_order", "items"),
    spoken=order_lines.spoken_version,
    filed="items-asked",
    beside=order_lines.versions_wanted,
    facts=_changed,
    becomes=_rather_meant,
)
CHANGE_ADDRESS = Task(
    name="change_address",
    request="change_address",
    wished_by=("change_address", "address"),
    slots=_WHERE,
    order=partial(_order, action="change:address"),
    own_order=which_order.own,
    unfit=_address_stays,
    filed="address-asked",
    facts=_sent_to,
    becomes=_rather_redirected,
)
ACCOUNT_ADDRESS = Task(
    name="account_address",
    request="account_address",
    wished_by=("account_address",),
    slots=(replace(_WHERE[0], question="account-address-which", kept=None), *_WHERE[1:]),
    filed="account-address-asked",
    facts=_sent_to,
)
CHANGE_PAYMENT = Task(
    name="change_payment",
    request="change_payment",
    wished_by=("payment_change",),
    slots=(
        Slot(
            name="payment_method",
            told_by=("payment_method",),
            question="payment-which",
            words=True,
            refused=ways_to_pay.not_named,
        ),
    ),
    order=partial(_order, action="change:payment"),
    own_order=which_order.own,
    unfit=ways_to_pay.chosen_later,
    filed="payment-asked",
    facts=_told("payment_method"),
)

SKILLS = (
    Skill(
        name="changes",
        answer=_change,
        intents=("cancel_order", "change_order", "change_address", "account_address", "payment_change"),
        actions=("change",),
        about_order=True,
        tasks=(CANCEL, CHANGE_ITEMS, CHANGE_ADDRESS, ACCOUNT_ADDRESS, CHANGE_PAYMENT),
        requests=(
            RequestKind(name="cancel_order"),
            RequestKind(name="change_order"),
            RequestKind(name="change_address"),
            RequestKind(name="account_address"),
            RequestKind(name="change_payment"),
        ),
    ),
)
