"""Tasks: what a customer wants done, as declarations, and the one engine that fills, reads back and files them.

A task takes what is told whenever it is told: in the first message, before it is asked for, in answer to another
question, or after the request was made. Nothing is filed on a message that waits, asks or speaks of something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import waiting
from bot.conversation.memory import Filed, Memory, OpenTask
from bot.conversation.turn import Answer, Asked, Slot, Task, Turn
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
    """Start a task with a message that wishes it, or go on with it."""
    if _is_for_people(turn, task):
        return await waiting.left_to_people(turn)
    order: Order | None = None
    if task.order is not None:
        found = await task.order(turn)
        if isinstance(found, Answer):
            return found
        order = found
    known = turn.memory.task(task.name)
    same = known is not None and known.order == (order.id if order is not None else None)
    opened = (
        known if same and known is not None else OpenTask(name=task.name, order=order.id if order else None)
    )
    opened = _resolved(turn, task, opened, order)
    return await _go_on(turn, task, _noted(turn, opened, _values(turn, task, opened)), order)


async def confirmed(turn: Turn, task: Task, order: Order) -> Answer:
    """The button that says yes to what was read back."""
    unfit = await task.unfit(turn, order) if task.unfit is not None else None
    if unfit is not None:
        return unfit
    known = turn.memory.task(task.name)
    same = (
        known if known is not None and known.order == order.id else OpenTask(name=task.name, order=order.id)
    )
    return await _file(turn, task, same, order)


async def file(turn: Turn, task: Task, order: Order | None, values: Values | None = None) -> Answer:
    """Make a request of a task that needs no answers; what the customer has written goes with it."""
    opened = OpenTask(name=task.name, order=order.id if order is not None else None, values=values or {})
    return await _file(turn, task, _noted(turn, opened, {}), order)


async def resume(turn: Turn) -> Answer | None:
    """Take the answer to the engine's own question; None when the message is none."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    opened = turn.memory.task(task.name) if task is not None else None
    if pending is None or task is None or opened is None or _is_for_people(turn, task):
        return None
    if turn.denies or turn.does(Act.WITHDRAWS):
        told = _values(turn, task, opened)
        if not (told and turn.does(Act.CORRECTS)):
            return _dropped(turn, task)
    slot = task.slot(pending.data.get("slot", ""))
    told = _values(turn, task, opened, asked=slot)
    if pending.kind == "task-confirm" and turn.affirms and not told:
        order = await _order(turn, task, opened)
        return await _file(turn, task, opened, order)
    moved = await _other_order(turn, task)
    if isinstance(moved, Answer):
        return moved
    if moved is not None:
        opened = replace(opened, order=moved.id)
    order = moved or await _order(turn, task, opened)
    meant = _resolved(turn, task, opened, order)
    if moved is None and not ((told or meant != opened) and _is_answer(turn)):
        return None
    return await _go_on(turn, task, _noted(turn, meant, told), order)


def _is_for_people(turn: Turn, task: Task) -> bool:
    return turn.in_queue and not task.while_waiting


def _is_answer(turn: Turn) -> bool:
    return any(turn.does(act) for act in (Act.GIVES, Act.ADDS, Act.CORRECTS, Act.YES))


async def _other_order(turn: Turn, task: Task) -> Order | Answer | None:
    """The order that is meant instead of the one that was, where the message says so."""
    if task.order is None or not turn.does(Act.CORRECTS):
        return None
    if turn.told("order") or turn.acts.pointing.other >= 0.5:
        return await task.order(turn.remembering(replace(turn.memory.settled(), order=None)))
    return None


async def _order(turn: Turn, task: Task, opened: OpenTask) -> Order | None:
    if opened.order is None or task.own_order is None:
        return None
    return await task.own_order(turn, opened.order)


def _values(turn: Turn, task: Task, opened: OpenTask, asked: Slot | None = None) -> dict[str, str]:
    """What the message tells of a task's slots; to a question that any words answer, the message as it is."""
    found: dict[str, str] = {}
    for slot in task.slots:
        told = turn.told(*slot.told_by)
        if told:
            before = opened.values.get(slot.name, "")
            found[slot.name] = slot.join(before, told) if slot.join is not None else told[:_VALUE]
    answers = asked is not None and asked.words and not found and _is_answer(turn)
    if answers and asked is not None and turn.text.strip():
        found[asked.name] = turn.text.strip()[:_VALUE]
    return found


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
    now = turn.text.strip()
    said = opened.said if not now or now in opened.said else f"{opened.said}\n{now}".strip()
    return replace(opened.with_values(told), said=said[-_SAID:])


async def _go_on(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    """Ask for what is missing, read it back, or file it."""
    unfit = await task.unfit(turn, order) if task.unfit is not None and order is not None else None
    if unfit is not None:
        memory = (unfit.memory or turn.memory).without_task(task.name)
        return replace(unfit, memory=memory)
    other = turn.skills.tasks.get(task.becomes(turn)) if task.becomes is not None else None
    if other is not None:
        turned = replace(opened, name=other.name)
        turned = turned.with_values(_values(turn, other, turned))
        cleared = turn.remembering(turn.memory.without_task(task.name))
        return await _go_on(cleared, other, turned, order)
    missing = next((slot for slot in task.slots if slot.question and slot.name not in opened.values), None)
    if missing is not None:
        return _asking(turn, task, opened, order, missing)
    if task.confirm:
        return _reading_back(turn, task, opened, order)
    return await _file(turn, task, opened, order)


def _asking(turn: Turn, task: Task, opened: OpenTask, order: Order | None, slot: Slot) -> Answer:
    listed = {"lines": order.id} if slot.lists_lines and order is not None else {}
    memory = _about(turn.memory, order).busy_with(opened)
    memory = memory.asking("task-value", task=task.name, slot=slot.name, **listed)
    buttons = slot.buttons(turn, order) if slot.buttons is not None else ()
    return Answer(
        text=turn.say(slot.question, **_facts(turn, task, order, opened)), buttons=buttons, memory=memory
    )


def _reading_back(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    memory = _about(turn.memory, order).busy_with(opened).asking("task-confirm", task=task.name)
    return Answer(
        text=turn.say(task.confirm, **_facts(turn, task, order, opened)),
        buttons=task.buttons(turn, order) if task.buttons is not None else (),
        memory=memory,
    )


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
    return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled().without_task(task.name))


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

    return Answer(effects=(file,))


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
    """A request that is open already: what is new goes into it, as long as nobody has decided."""
    memory = memory.having_filed(Filed(task=task.name, request=known.number, order=known.order_id))
    merged = merged_details(known.details, details)
    if known.state == "asked" and merged != known.details:
        await Requests(turn.connection).amend(known.id, merged)
        return Answer(text=turn.say("request-added", request=known.number), memory=memory)
    return Answer(text=request_text(turn, "request-known", known), memory=memory)


def merged_details(before: Mapping[str, str], now: Values) -> dict[str, str]:
    """A request's details and what is told now; of two texts both are kept, save what was said already."""
    said, more = before.get("text", ""), now.get("text", "")
    text = said if not more or more in said else more if said in more else f"{said}\n{more}"
    return {**before, **now, **({"text": text[-_SAID:]} if text else {})}


def request_text(turn: Turn, text_id: str, request: Request) -> str:
    """A text about a request: its number, that of its order, and when it was made."""
    return turn.say(
        text_id,
        request=request.number,
        number=request.order_number or "",
        when=turn.moment(request.created_at),
    )


async def after_filing(turn: Turn) -> Answer | None:
    """What a message does to what was asked of the shop in this conversation; None where it does nothing to it."""
    filed = await _latest(turn)
    if filed is None:
        return None
    known, task = filed
    if turn.does(Act.ASKS_STATE):
        return Answer(text=request_text(turn, f"request-{known.state}", known), memory=turn.memory.settled())
    if turn.does(Act.WITHDRAWS) or turn.denies:
        return withdrawing(turn, known)
    if turn.does(Act.CORRECTS) or turn.does(Act.ADDS):
        return await _amending(turn, task, known)
    return None


async def _latest(turn: Turn) -> tuple[Request, Task] | None:
    """The latest request of this conversation that is still to be decided, and its task."""
    numbers = {filed.request: filed.task for filed in turn.memory.filed}
    if not numbers:
        return None
    made = await Requests(turn.connection).of_conversation(turn.contact.conversation.id, limit=10)
    ours = [one for one in made if one.number in numbers and one.customer_id == turn.customer_id]
    for one in ours:
        task = turn.skills.tasks.get(numbers[one.number])
        if task is not None:
            return one, task
    return None


async def _amending(turn: Turn, task: Task, known: Request) -> Answer:
    """Put a request right, or add to it, as long as nobody has decided."""
    before = OpenTask(name=task.name, order=known.order_id, values=known.details)
    details = {**_values(turn, task, before), "text": turn.text.strip()[:_VALUE]}
    if known.state != "asked":
        text = turn.say("cancel-accepted-already", number=known.order_number or "")
        return Answer(text=text, buttons=turn.human, memory=turn.memory.settled())

    async def amend(connection: AsyncConnection) -> Answer:
        merged = merged_details(known.details, details)
        await Requests(connection).amend(known.id, merged)
        told = "\n".join(value for name, value in details.items() if name != "text")
        text_id = "request-corrected" if told and turn.does(Act.CORRECTS) else "request-added"
        values = {"told": told} if text_id == "request-corrected" else {}
        return Answer(text=turn.say(text_id, request=known.number, **values), memory=turn.memory.settled())

    return Answer(effects=(amend,))


def withdrawing(turn: Turn, known: Request) -> Answer:
    """Take a request back that nobody has acted on yet."""
    number = known.order_number or known.number
    kept = replace(
        turn.memory.settled(), filed=tuple(one for one in turn.memory.filed if one.request != known.number)
    )

    async def withdraw(connection: AsyncConnection) -> Answer:
        now = await Requests(connection).get(known.id)
        if now.state != "asked":
            text = turn.say("cancel-accepted-already", number=number)
            return Answer(text=text, buttons=turn.human, memory=turn.memory.settled())
        await Requests(connection).withdraw(known.id, turn.now)
        return Answer(text=turn.say("cancel-withdrawn", number=number), memory=kept)

    return Answer(effects=(withdraw,))


async def explained(turn: Turn) -> Answer:
    """What the open question is for, said in other words."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    text_id = f"about-{task.name}" if task is not None else "about-question"
    return Answer(text=turn.say(text_id), buttons=turn.human, memory=turn.memory)


def reminder(turn: Turn) -> str:
    """That something under way still waits for its answer; empty where nothing does."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    return turn.say(f"still-{task.name}") if task is not None else ""
