"""Danger comes before everything else: what to do now, and a case above all others.

It sells nothing, files nothing and asks nothing. What was asked and what is under way stays for later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from bot.conversation.answer import Answer, HandOver
from bot.conversation.turn import Skill, Turn
from kernel.times import from_micros, to_micros
from nlu.acts import Danger
from storage.warnings import Alarms

ALARM = REASON = "danger"
_STILL_READ = timedelta(minutes=10)
"""So long the advice is on the customer's screen and not said again."""
_STILL_IN_IT = timedelta(hours=2)
_ADVICE: Mapping[Danger, str] = {
    Danger.POISON: "danger-poison",
    Danger.ALLERGY: "danger-allergy",
    Danger.FIRE: "danger-fire",
    Danger.INJURY: "danger-injury",
    Danger.SELF_HARM: "danger-self_harm",
    Danger.FRAUD: "danger-fraud",
    Danger.DOUBLE_CHARGE: "danger-double_charge",
    Danger.LEGAL: "danger-legal",
}


async def _advise(turn: Turn) -> Answer:
    kind = turn.acts.danger
    if kind is None:
        return Answer(memory=turn.memory)
    before = turn.memory.advised.get(kind)
    again = before is not None and turn.now - from_micros(before) < _STILL_READ
    memory = turn.memory
    if not again:
        memory = replace(memory, advised={**memory.advised, kind.value: to_micros(turn.now)})

    async def alarm(connection: AsyncConnection) -> None:
        await Alarms(connection).sound(ALARM, turn.now, {"kind": kind.value})

    return Answer(
        text=turn.say("danger-again" if again else _ADVICE[kind]),
        memory=memory,
        # A person who has the case is there already.
        hand_over=HandOver(
            reason=REASON,
            priority=ownership.DANGER,
            told=again or turn.contact.conversation.owner == "person",
        ),
        effects=(alarm,),
    )


def once_more(turn: Turn) -> Answer | None:
    """The advice on the danger told last, while its case waits: whoever asks what to do is in it. None where none was
    told lately."""
    lately = {
        kind: at for kind, at in turn.memory.advised.items() if turn.now - from_micros(at) < _STILL_IN_IT
    }
    if not lately:
        return None
    kind = Danger(max(lately, key=lambda one: lately[one]))
    return Answer(text=turn.say(_ADVICE[kind]), memory=turn.memory)


SKILLS = (Skill(name="danger", answer=_advise, regrets=False, always=True),)
