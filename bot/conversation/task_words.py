"""What a task asks for, reads back and says once it was asked of the shop."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.memory import Memory, OpenTask
from bot.conversation.turn import Slot, Task, Turn
from storage.orders import Order


def asking(turn: Turn, task: Task, opened: OpenTask, order: Order | None, slot: Slot, text_id: str) -> Answer:
    """The question for a slot's value."""
    told = {"told": opened.values.get(slot.name, "")}
    return Answer(
        text=turn.say(text_id, **{**facts(turn, task, order, opened), **told}),
        buttons=slot.buttons(turn, order) if slot.buttons is not None else (),
        memory=waiting(about(turn.memory, order).busy_with(opened.being_asked()), task, opened, slot),
    )


async def asking_anew(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer | None:
    """Why something that was told can't be had, and the question for it once more; None where all can."""
    for slot in task.slots:
        if slot.refused is None or not opened.values.get(slot.name):
            continue
        why = await slot.refused(turn, order, opened)
        if why:
            left = {name: value for name, value in opened.values.items() if name != slot.name}
            asked = asking(turn, task, replace(opened, values=left), order, slot, slot.question)
            return replace(asked, text=f"{why}\n{asked.text}", buttons=(*asked.buttons, *turn.human))
    return None


def reading_back(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    """The question whether it is to be done."""
    number = order.number if order is not None else ""
    what = turn.part(f"decision-kind-{task.request}", order=number, product="")
    text = (
        turn.say(task.confirm, **facts(turn, task, order, opened))
        if task.confirm
        else "\n".join([turn.say("task-confirm", what=what), *_told(turn, task, opened)])
    )
    memory = waiting(about(turn.memory, order).busy_with(opened.being_asked()), task, opened, None)
    before, now = turn.memory.pending, memory.pending
    if now is not None and before is not None and (before.kind, before.data) == (now.kind, now.data):
        memory = replace(memory, pending=replace(now, tries=before.tries + 1))
    buttons = task.buttons(turn, order) if task.buttons is not None else ()
    return Answer(text=text, buttons=buttons, memory=memory)


def _told(turn: Turn, task: Task, opened: OpenTask) -> list[str]:
    """What was told so far, as it would be asked of the shop; not which things of an order it is about."""
    slots = [slot for slot in task.slots if slot.resolve is None and opened.values.get(slot.name)]
    told = [(slot, opened.values[slot.name]) for slot in slots]
    said = [value if slot.shown is None else slot.shown(turn, value) for slot, value in told]
    return [one for one in said if not any(one != other and one in other for other in said)]


def waiting(memory: Memory, task: Task, opened: OpenTask, slot: Slot | None) -> Memory:
    """The memory that waits for a slot's value, or for a yes."""
    if slot is None:
        return memory.asking("task-confirm", task=task.name)
    listed = {"lines": opened.order} if slot.lists_lines and opened.order is not None else {}
    return memory.asking("task-value", task=task.name, slot=slot.name, **listed)


def about(memory: Memory, order: Order | None) -> Memory:
    """The memory that speaks of the task's order, and waits for nothing."""
    return memory.about_order(order.id) if order is not None else memory.settled()


def facts(turn: Turn, task: Task, order: Order | None, opened: OpenTask) -> dict[str, str | int]:
    """What its texts name."""
    own = task.facts(turn, order, opened) if task.facts is not None else {}
    of_order = {} if order is None else {"number": order.number, "lines": _lines(turn, order)}
    return {**of_order, **own}


def _lines(turn: Turn, order: Order) -> str:
    return "\n".join(
        f"{place}. {line.name(turn.language)}" for place, line in enumerate(order.lines, start=1)
    )


async def beside(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> str:
    """What is said below, of what was told; empty for nothing."""
    return await task.beside(turn, order, opened) if task.beside is not None and order is not None else ""


async def explained(turn: Turn) -> Answer:
    """What the open question is for, said in other words."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    text_id = f"about-{task.name}" if task is not None else "about-question"
    return Answer(text=turn.say(text_id), buttons=turn.human, memory=turn.memory)


def without_those_meant_as(turn: Turn, task: Task, order: Order | None) -> Memory:
    """The memory without what is under way for the order and turns out to be this task."""
    memory = turn.memory
    for one in memory.tasks:
        other = turn.skills.tasks.get(one.name)
        meant = other.becomes(turn, order) if other is not None and other.becomes is not None else ""
        if order is not None and one.order == order.id and meant == task.name:
            asked = memory.pending is not None and memory.pending.data.get("task") == one.name
            memory = (memory.settled() if asked else memory).without_task(one.name)
    return memory
