"""A person please, and complaints."""

from __future__ import annotations

from bot.conversation.turn import Answer, HandOver, Skill, Turn


async def _human(turn: Turn) -> Answer:
    urgent = turn.understanding is not None and turn.understanding.urgent
    priority = 0 if urgent and turn.negative else 1
    return Answer(memory=turn.memory.settled(), hand_over=HandOver(reason="asked", priority=priority))


async def _complaint(turn: Turn) -> Answer:
    return Answer(
        text=turn.say("complaint"),
        memory=turn.memory.settled(),
        hand_over=HandOver(reason="complaint", priority=0),
    )


HUMAN = Skill(
    name="human",
    answer=_human,
    intents=("human_agent",),
    actions=("human",),
    commands=("human", "agent"),
    consoles=True,
    always=True,
)
COMPLAINT = Skill(name="complaint", answer=_complaint, intents=("complaint",), consoles=True)
