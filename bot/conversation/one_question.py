"""One question at a time: what a further wish would ask waits, and what is still open is recalled."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import decisions, tasks
from bot.conversation.answer import Answer
from bot.conversation.registry import REGISTRY
from bot.conversation.turn import Turn


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
    orders = await tasks.orders_of(turn, done[-1].answer.memory or turn.memory)

    def back(answer: Answer) -> Answer:
        memory = answer.memory or turn.memory
        kept = memory.pending == turn.memory.pending and by_the_way
        if answer.hand_over is not None or not (memory.pending is None or kept):
            return answer
        waits = tasks.recalled(turn, memory, orders)
        if waits is None:
            return answer
        text = "\n\n".join(part for part in (answer.text, waits.text) if part)
        return replace(answer, text=text, buttons=(*answer.buttons, *waits.buttons), memory=waits.memory)

    return (*done[:-1], replace(done[-1], answer=done[-1].answer.changed(back)))
