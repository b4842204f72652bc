"""Tasks: what a customer wants done, as declarations, and the one engine that fills, reads back and files them.

A task takes what is told whenever it is told: in the first message, before it is asked for, in answer to another
question, or after the request was made. Nothing is filed on a message that waits, asks or speaks of something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import heard, waiting
from bot.conversation.answer import Answer
from bot.conversation.memory import Filed, Memory, OpenTask
from bot.conversation.turn import Asked, Slot, Task, Turn
from nlu.acts import Act
from storage.orders import Order
from storage.requests import NewRequest, Request, Requests, new_number

QUESTIONS: Mapping[str, Asked] = {"task-value": Asked(kind="value"), "task-confirm": Asked(kind="confirm")}
"""How the engine's own questions are known to the reader."""
_SAID = 2_000
"""Characters of the customer's words that a request keeps, the latest."""
_VALUE = 500

Values = Mapping[str, str]


async def begin(turn: Turn, task: Task) -> Answer:
    """Start a task with a message that wishes it, go on with it, or add to what was asked for already."""
    if _is_for_people(turn, task):
        return await waiting.left_to_people(turn)
    order: Order | None = None
    if task.order is not None:
        found = await task.order(turn)
        if isinstance(found, Answer):
            return found
        order = found
    made = await open_request(turn, task.request, order)
    opened = _under_way(turn, task, order) if made is None else _as_made(task, made)
    opened = _noted(turn, opened, _values(turn, task, opened))
    opened = _resolved(turn, task, opened, order)
    return await (_go_on(turn, task, opened, order) if made is None else _file(turn, task, opened, order))


def _under_way(turn: Turn, task: Task, order: Order | None) -> OpenTask:
    """The task as far as it has been told for that order."""
    place = order.id if order is not None else None
    known = turn.memory.task(task.name)
    return known if known is not None and known.order == place else OpenTask(name=task.name, order=place)


def _as_made(task: Task, made: Request) -> OpenTask:
    """The task as it was asked of the shop, so that a part that is told anew leaves the rest."""
    kept = {slot.name: made.details[slot.name] for slot in task.slots if slot.name in made.details}
    if "products" in made.details:
        kept["items"] = made.details["products"]
    return OpenTask(name=task.name, order=made.order_id, values=kept)


async def confirmed(turn: Turn, task: Task, order: Order | None) -> Answer:
    """Say yes to what was read back, by a button or in words, which may tell more."""
    unfit = await task.unfit(turn, order) if task.unfit is not None and order is not None else None
    if unfit is not None:
        return _let_go(turn, task, unfit)
    opened = _under_way(turn, task, order)
    return await _file(turn, task, _noted(turn, opened, _values(turn, task, opened)), order)


async def file(turn: Turn, task: Task, order: Order | None, values: Values | None = None) -> Answer:
    """Make a request of a task that needs no answers; what the customer has written goes with it."""
    return await _file(turn, task, _noted(turn, _under_way(turn, task, order), values or {}), order)


async def resume(turn: Turn) -> Answer | None:
    """Take the answer to the engine's own question; None when the message is none."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    opened = turn.memory.task(task.name) if task is not None else None
    if pending is None or task is None or opened is None or _is_for_people(turn, task):
        return None
    if heard.wishes_another(turn) and (turn.denies or turn.does(Act.CORRECTS) or not turn.answers):
        return None
    order = await _order(turn, task, opened)
    if opened.order is not None and order is None:
        return _let_go(turn, task, Answer(text=turn.say("button-stale")))
    told = _values(turn, task, opened, asked=task.slot(pending.data.get("slot", "")))
    moved = await _other_order(turn, task, order)
    if isinstance(moved, Answer):
        return moved
    if heard.turns_down(turn) and not (told or moved):
        return _dropped(turn, task)
    if moved is not None:
        # The words that name it are no answer.
        opened, told = _of_order(task, opened, moved), _values(turn, task, opened)
    elif pending.kind == "task-confirm" and heard.agrees(turn):
        return await confirmed(turn, task, order)
    meant = _resolved(turn, task, opened, moved or order)
    if moved is None and not (
        (told or meant != opened) and (heard.is_answer(turn) or heard.wished_again(turn))
    ):
        return None
    return await _go_on(turn, task, _noted(turn, meant, told), moved or order)


def _let_go(turn: Turn, task: Task, answer: Answer) -> Answer:
    return replace(answer, memory=(answer.memory or turn.memory.settled()).without_task(task.name))


def _of_order(task: Task, opened: OpenTask, order: Order) -> OpenTask:
    """The task for another order: what was told stays, save what the first order had."""
    own = {slot.name for slot in task.slots if slot.resolve is not None}
    values = {name: value for name, value in opened.values.items() if name not in own}
    return replace(opened, order=order.id, values=values)


def _is_for_people(turn: Turn, task: Task) -> bool:
    return turn.in_queue and not task.while_waiting


async def _other_order(turn: Turn, task: Task, order: Order | None) -> Order | Answer | None:
    """The order that is meant instead of the one that was, where the message says so."""
    if task.order is None or order is None or not heard.means_another_order(turn, order):
        return None
    found = await task.order(turn.remembering(replace(turn.memory.settled(), order=order.id)))
    return None if isinstance(found, Order) and found.id == order.id else found


async def _order(turn: Turn, task: Task, opened: OpenTask) -> Order | None:
    if opened.order is None or task.own_order is None:
        return None
    return await task.own_order(turn, opened.order)


def _values(turn: Turn, task: Task, opened: OpenTask, asked: Slot | None = None) -> dict[str, str]:
    """What the message tells of a task's slots; to a question that any words answer, the message as it is."""
    found: dict[str, str] = {}
    for slot in task.slots:
        told = turn.told_each(*slot.told_by)
        if told and slot.sentence:
            found[slot.name] = turn.told_in(*slot.told_by)[:_VALUE]
        elif told:
            before = opened.values.get(slot.name, "")
            joined = reduce(slot.join, told, before) if slot.join is not None else " ".join(told)
            found[slot.name] = joined[:_VALUE]
    if asked is not None and asked.words and (asked.sentence or not found):
        found[asked.name] = _words_alone(turn, asked) or found.get(asked.name, "")
    return {name: value for name, value in found.items() if value}


def _words_alone(turn: Turn, asked: Slot) -> str:
    """The message as an answer; a yes, or the number of an order, is none."""
    gives = turn.answers and any(turn.does(act) for act in (Act.GIVES, Act.ADDS, Act.CORRECTS))
    gives = gives or heard.wished_again(turn)
    only_number = heard.only_names(turn, turn.told("order").lstrip("#＃"))
    fits = gives and not only_number and (asked.fits is None or asked.fits(turn.text))
    return turn.text.strip()[:_VALUE] if fits else ""


def _resolved(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> OpenTask:
    """The task with what the message means among what the order has."""
    if order is None:
        return opened
    for slot in task.slots:
        if slot.resolve is not None and (meant := slot.resolve(turn, order, opened)):
            opened = opened.with_values({slot.name: meant})
    return opened


def _noted(turn: Turn, opened: OpenTask, told: Values) -> OpenTask:
    """The task with what was told, and with the customer's words, each once."""
    now = turn.said.strip()
    said = opened.said if not now or now in opened.said else f"{opened.said}\n{now}".strip()
    return replace(opened.with_values(told), said=said[-_SAID:])


async def _go_on(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    """Ask for what is missing, read it back, or file it."""
    other = turn.skills.tasks.get(task.becomes(turn, order)) if task.becomes is not None else None
    if other is not None:
        turned = replace(opened, name=other.name)
        turned = turned.with_values(_values(turn, other, turned))
        cleared = turn.remembering(turn.memory.without_task(task.name))
        return await _go_on(cleared, other, turned, order)
    unfit = await task.unfit(turn, order) if task.unfit is not None and order is not None else None
    if unfit is not None:
        return _let_go(turn, task, unfit)
    missing = _missing(task, opened)
    if missing is not None:
        return _asking(turn, task, opened, order, missing)
    if task.confirm:
        return _reading_back(turn, task, opened, order)
    return await _file(turn, task, opened, order)


def _missing(task: Task, opened: OpenTask) -> Slot | None:
    return next((slot for slot in task.slots if slot.question and slot.name not in opened.values), None)


def _asking(turn: Turn, task: Task, opened: OpenTask, order: Order | None, slot: Slot) -> Answer:
    return Answer(
        text=turn.say(slot.question, **_facts(turn, task, order, opened)),
        buttons=slot.buttons(turn, order) if slot.buttons is not None else (),
        memory=_waiting(_about(turn.memory, order).busy_with(opened), task, opened, slot),
    )


def _reading_back(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    return Answer(
        text=turn.say(task.confirm, **_facts(turn, task, order, opened)),
        buttons=task.buttons(turn, order) if task.buttons is not None else (),
        memory=_waiting(_about(turn.memory, order).busy_with(opened), task, opened, None),
    )


def _waiting(memory: Memory, task: Task, opened: OpenTask, slot: Slot | None) -> Memory:
    """The memory that waits for a slot's value, or for a yes."""
    if slot is None:
        return memory.asking("task-confirm", task=task.name)
    listed = {"lines": opened.order} if slot.lists_lines and opened.order is not None else {}
    return memory.asking("task-value", task=task.name, slot=slot.name, **listed)


def _about(memory: Memory, order: Order | None) -> Memory:
    return memory.about_order(order.id) if order is not None else memory.settled()


def _facts(turn: Turn, task: Task, order: Order | None, opened: OpenTask) -> dict[str, str | int]:
    own = task.facts(turn, order, opened) if task.facts is not None else {}
    of_order = {} if order is None else {"number": order.number, "lines": _lines(turn, order)}
    return {**of_order, **own}


def _lines(turn: Turn, order: Order) -> str:
    return "\n".join(
        f"{place}. {line.name(turn.language)}" for place, line in enumerate(order.lines, start=1)
    )


def _dropped(turn: Turn, task: Task) -> Answer:
    return _let_go(turn, task, Answer(text=turn.say("cancel-kept")))


async def _file(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    """Make the request, once: one that is open already takes what is new."""
    if _is_for_people(turn, task):
        return await waiting.left_to_people(turn)
    details = _details(turn, opened, order)
    memory = _about(turn.memory, order).without_task(task.name)

    async def file(connection: AsyncConnection) -> Answer:
        known = await open_request(turn.within(connection), task.request, order)
        if known is not None:
            return await _known(turn.within(connection), task, known, details, memory)
        number = new_number(turn.now)
        await Requests(connection).add(
            NewRequest(
                number=number,
                kind=task.request,
                conversation_id=turn.contact.conversation.id,
                customer_id=turn.customer_id,
                order_id=order.id if order is not None else None,
                details=details,
            ),
            turn.now,
        )
        filed = Filed(task=task.name, request=number, order=order.id if order is not None else None)
        text = turn.say(task.filed, request=number, **_facts(turn, task, order, opened))
        return Answer(text=text, memory=memory.having_filed(filed))

    # What is answered beside it goes on from there.
    return Answer(effects=(file,), memory=memory)


def _details(turn: Turn, opened: OpenTask, order: Order | None) -> dict[str, str]:
    """What staff read: each value, the lines by name, and the customer's own words."""
    details = dict(opened.values)
    if order is not None and "items" in details:
        ids = details["items"].split("\n")
        details["products"] = details["items"]
        details["items"] = "\n".join(
            line.name(turn.language) for line in order.lines if line.product_id in ids
        )
    return {**details, **({"text": opened.said} if opened.said else {})}


async def open_request(turn: Turn, kind: str, order: Order | None) -> Request | None:
    """The undecided request of a kind, by `Requests.open_of`."""
    return await Requests(turn.connection).open_of(
        kind,
        conversation_id=turn.contact.conversation.id,
        customer_id=turn.customer_id,
        order_id=order.id if order is not None else None,
    )


async def _known(turn: Turn, task: Task, known: Request, details: Values, memory: Memory) -> Answer:
    """A request that is open already: what is new goes into it, as long as nobody has decided.

    What a yes confirms is no more by being said in other words, unless they add to it.
    """
    memory = memory.having_filed(Filed(task=task.name, request=known.number, order=known.order_id))
    merged = merged_details(known.details, details)
    if known.state == "asked" and merged != known.details:
        await Requests(turn.connection).amend(known.id, merged)
        told = {**merged, "text": known.details.get("text", "")} != {"text": "", **known.details}
        if not task.confirm or told or turn.does(Act.ADDS) or turn.does(Act.CORRECTS):
            return Answer(text=turn.say("request-added", request=known.number), memory=memory)
    return Answer(text=request_text(turn, "request-known", known), memory=memory)


def merged_details(before: Mapping[str, str], now: Values) -> dict[str, str]:
    """A request's details and what is told now; of two texts both are kept, save what was said already."""
    said, more = before.get("text", ""), now.get("text", "")
    text = said if not more or more in said else more if said in more else f"{said}\n{more}"
    return {**before, **now, **({"text": text[-_SAID:]} if text else {})}


def values_told(turn: Turn, task: Task, made: Request) -> Values:
    """What the message tells of a task's slots where it was asked for already."""
    return _values(turn, task, _as_made(task, made))


def request_text(turn: Turn, text_id: str, request: Request) -> str:
    """A text about a request: what it is, its number, that of its order, and when it was made."""
    number = request.order_number or ""
    return turn.say(
        text_id,
        what=turn.say(f"decision-kind-{request.kind}", order=number),
        request=request.number,
        number=number,
        when=turn.moment(request.created_at),
    )


async def explained(turn: Turn) -> Answer:
    """What the open question is for, said in other words."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    text_id = f"about-{task.name}" if task is not None else "about-question"
    return Answer(text=turn.say(text_id), buttons=turn.human, memory=turn.memory)


def recalled(turn: Turn, memory: Memory) -> tuple[str, Memory]:
    """That something under way still waits for its answer, and the memory that waits for it; no words where nothing
    does."""
    of_others = memory.pending is not None and memory.pending.kind not in QUESTIONS
    opened = memory.tasks[0] if memory.tasks and not of_others else None
    task = turn.skills.tasks.get(opened.name) if opened is not None else None
    if opened is None or task is None:
        return "", memory
    slot = _missing(task, opened)
    text = turn.say("still-items" if slot is not None and slot.lists_lines else f"still-{task.name}")
    return text, _waiting(memory, task, opened, slot)
