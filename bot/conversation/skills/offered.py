"""A question whether to do what a button below it does is answered by words, too: a yes presses it."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.memory import Memory
from bot.conversation.turn import Asked, Skill, Turn
from bot.messages import Button
from nlu.acts import Act

_OFFERED = "offered"


def offering(memory: Memory, button: Button) -> Memory:
    """The memory after a question that a yes answers as this button below it does."""
    return memory.asking(_OFFERED, action=button.action)


async def _resume(turn: Turn) -> Answer | None:
    pending = turn.memory.pending
    if pending is None or turn.acts.wishes:
        return None
    if turn.does(Act.NO):
        return Answer(text=turn.say("deny-nothing"), memory=turn.memory.settled())
    name, _, rest = pending.data.get("action", "").partition(":")
    verb, _, argument = rest.partition(":")
    skill = turn.skills.by_action.get(name)
    if skill is None or not turn.affirms:
        return None
    # As if the button were pressed: the yes itself tells nothing of what is wished.
    pressed = replace(await turn.about(""), intent=verb, argument=argument, memory=turn.memory.settled())
    return await skill.answer(replace(pressed, understanding=None))


async def _answer(turn: Turn) -> Answer:
    return Answer(text=turn.say("button-stale"))


SKILLS = (
    Skill(
        name="offered",
        answer=_answer,
        questions={_OFFERED: Asked(kind="offer")},
        resume=_resume,
        always=True,
    ),
)
