"""A question below which one button stands is answered by words, too: a yes presses it."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.turn import Asked, Skill, Turn
from nlu.acts import Act

_OFFERED = "offered"
_ASKS = ("?", "？")


def waiting(turn: Turn, answer: Answer) -> Answer:
    """An answer that waits for the yes to what it offers, where it asks and waits for nothing yet."""
    memory = answer.memory or turn.memory
    actions = {button.action for line in answer.buttons for button in line if button.action} - {"human:ask"}
    if len(actions) != 1 or memory.pending is not None or not answer.text.rstrip().endswith(_ASKS):
        return answer
    return replace(answer, memory=memory.asking(_OFFERED, action=actions.pop()))


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
