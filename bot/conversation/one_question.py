"""One question at a time: what a further wish would ask waits, and what is still open is recalled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.conversation import decisions, task_words, tasks
from bot.conversation.answer import Answer
from bot.conversation.memory import Memory
from bot.conversation.registry import REGISTRY
from bot.conversation.turn import Turn
from storage.orders import Order


def kept_for_next(turn: Turn, intent: str, made: decisions.Decision) -> decisions.Decision:
    """One question at a time: what a further wish would ask is asked once the first question is answered."""
    first, memory = turn.memory.pending, made.answer.memory
    if first is None or memory is None or memory.pending is None or made.answer.effects:
        return made
    if (
        first.kind not in tasks.QUESTIONS
        or memory.pending.kind not in tasks.QUESTIONS
        or memory.pending == first
    ):
        return made
    others = tuple(replace(one, asked=False) for one in memory.tasks if one not in turn.memory.tasks)
    kept = replace(memory, pending=first, tasks=(*turn.memory.tasks, *others), order=turn.memory.order)
    text = turn.say("kept-for-next", wish=turn.say(f"ask-{intent}"))
    return replace(made, answer=replace(made.answer, text=text, buttons=(), memory=kept))


async def going_back(
    turn: Turn, done: tuple[decisions.Decision, ...], *, by_the_way: bool = True
) -> tuple[decisions.Decision, ...]:
    """After something was done or answered by the way: what is still open is recalled, unless the last answer asks
    something itself."""
    said_last = REGISTRY.by_name.get(done[-1].skill)
    if turn.in_queue or (said_last is not None and said_last.repeats):
        return done
    waiting_for = (turn.memory, *(one.answer.memory for one in done[:-1] if one.answer.memory is not None))
    if all(memory.pending is None for memory in waiting_for):
        return done
    orders = await _orders_of(turn, done[-1].answer.memory or turn.memory)

    def back(answer: Answer) -> Answer:
        memory = answer.memory or turn.memory
        kept = memory.pending == turn.memory.pending and by_the_way
        if answer.hand_over is not None or not (memory.pending is None or kept):
            return answer
        waits = _recalled(turn, memory, orders)
        if waits is None:
            return answer
        text = "\n\n".join(part for part in (answer.text, waits.text) if part)
        return replace(answer, text=text, buttons=(*answer.buttons, *waits.buttons), memory=waits.memory)

    return (*done[:-1], replace(done[-1], answer=done[-1].answer.changed(back)))


async def _orders_of(turn: Turn, memory: Memory) -> Mapping[str, Order | None]:
    """The orders that what is under way is about, by the names of the tasks."""
    known = {one.name: turn.skills.tasks.get(one.name) for one in memory.tasks}
    return {
        one.name: await tasks.order_of(turn, task, one)
        for one in memory.tasks
        if (task := known[one.name]) is not None
    }


def _recalled(turn: Turn, memory: Memory, orders: Mapping[str, Order | None]) -> Answer | None:
    """That something under way still waits for its answer, or its question, where that was not asked yet; None where
    nothing waits."""
    of_others = memory.pending is not None and memory.pending.kind not in tasks.QUESTIONS
    opened = memory.tasks[0] if memory.tasks and not of_others else None
    task = turn.skills.tasks.get(opened.name) if opened is not None else None
    if opened is None or task is None:
        return None
    missing = task.asks(opened)
    order = orders.get(opened.name)
    if not opened.asked and (order is not None or opened.order is None):
        now = turn.remembering(memory)
        return (
            task_words.asking(now, task, opened, order, *missing)
            if missing
            else task_words.reading_back(now, task, opened, order)
        )
    slot = missing[0] if missing is not None else None
    text = turn.say("still-items" if slot is not None and slot.lists_lines else f"still-{task.name}")
    return Answer(text=text, memory=task_words.waiting(memory, task, opened, slot))
