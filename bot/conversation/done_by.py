"""What is asked about can be done, too: the task that belongs to an answer which only tells.

Who says, of the order that is spoken of, what the courier is to do, or that it is to be repaired or sent back, and asks
nothing, wishes it done: it is asked about. Below the answer to a question stands a button that does it, and a yes means
that button.
"""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import phrases
from bot.conversation.answer import Answer, row
from bot.conversation.routing import Reading
from bot.conversation.skills import which_order
from bot.conversation.turn import Task, Turn
from nlu.acts import Act
from nlu.context.negation import refused_in
from storage.orders import Order

_TASKS = {
    "return_policy": "return_request",
    "warranty_repair": "repair_request",
    "shipping_options": "delivery_note",
}
_OFFERED = frozenset({"return_policy", "warranty_repair"})
"""What may be done once all of it is told; the rest has to be said first."""
_PLAINLY = 0.8


async def wished(turn: Turn, reading: Reading) -> Turn | None:
    """The wish of a message that says what is to be done with the order spoken of, in words of which the reader only
    knows what they are about; None where it asks or refuses something, or that can't be done."""
    whole = reading.whole
    told = {} if whole is None else {one.intent: one.probability for one in whole.acts.wishes}
    told |= {} if whole is None else {one.intent: one.probability for one in whole.intents[:1]}
    wish = next((_TASKS[one] for one, chance in told.items() if one in _TASKS and chance >= _PLAINLY), None)
    if wish is None:
        return None
    name = _task(turn, wish).name
    if _waits_for_else(turn, name) or any(one.task == name for one in turn.memory.filed):
        return None
    if phrases.asks(turn.text) or refused_in(turn.text) or turn.does(Act.WAITS):
        return None
    order = await which_order.spoken_of(turn)
    if order is None or not await _can_be(turn, _task(turn, wish), order):
        return None
    return replace(turn, intent=wish, guessed=not _is_asked(turn, name))


async def offered(turn: Turn, intent: str, answer: Answer) -> Answer:
    """An answer to a question, with the button that does for the customer's order what it was asked about."""
    wish = intent if intent in turn.skills.tasks_of else _TASKS[intent] if intent in _OFFERED else ""
    memory = answer.memory or turn.memory
    asks_back = memory.pending is not None or memory.tasks or answer.buttons or answer.effects
    if not wish or asks_back or turn.customer_id is None or not phrases.asks(turn.text):
        return answer
    task, skill = _task(turn, wish), turn.skills.by_intent[wish]
    found = await task.order(replace(turn, intent=wish)) if task.order is not None else None
    if not isinstance(found, Order) or not skill.actions or not await _can_be(turn, task, found):
        return answer
    button = turn.button(f"ask-{wish}", f"{skill.actions[0]}:{task.wished_by[-1]}:{found.id}")
    return replace(answer, buttons=row(button), memory=replace(memory, order=found.id))


def _waits_for_else(turn: Turn, wished: str) -> bool:
    """Whether the bot waits for an answer, and not just to hear whether a trouble shall be reported, or the task that
    is `wished` be asked for."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    troubles = {kind.name for kind in turn.skills.requests if kind.trouble}
    return pending is not None and (task is None or (task.request not in troubles and task.name != wished))


def _is_asked(turn: Turn, task: str) -> bool:
    """Whether the bot has just asked whether to do that: who says it again says yes."""
    pending = turn.memory.pending
    return pending is not None and pending.kind == "task-confirm" and pending.data.get("task") == task


def _task(turn: Turn, wish: str) -> Task:
    return turn.skills.tasks[turn.skills.tasks_of[wish]]


async def _can_be(turn: Turn, task: Task, order: Order) -> bool:
    return task.unfit is None or await task.unfit(turn, order) is None
