"""Danger comes before everything else: what to do now, and a case above all others.

It sells nothing, files nothing and asks nothing. What was asked and what is under way stays for later.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import emergency, ownership
from bot.conversation.answer import Answer, HandOver
from bot.conversation.turn import Skill, Turn
from kernel.times import from_micros, to_micros
from nlu.acts import Danger
from nlu.context.dangers import befalls_an_animal, danger_in, is_breathed_in, names_nobody
from storage.warnings import Alarms

ALARM = REASON = "danger"
_STILL_READ = timedelta(minutes=10)
"""So long the advice is on the customer's screen and not said again."""
_WHERE_NUMBERS_ARE = frozenset({"poison", "poison-air", "allergy", "fire", "injury", "self_harm", "again"})
"""Advice that says whom to call."""
_FOR_A_VET = frozenset({Danger.POISON, Danger.ALLERGY, Danger.INJURY})
_STILL_IN_IT = timedelta(hours=2)
"""So long "what do I do?" is asked of the danger."""


def _advice(turn: Turn, name: str) -> str:
    """A text on a danger, with whom to call where the customer is, or where the shop is if that isn't known."""
    numbers = emergency.numbers_in(turn.zone.key)
    # Not by `turn.say`: each is a value of the advice, and no answer of its own.
    say = partial(turn.services.texts.say, turn.language)
    called = {
        whom: say("emergency-number", number=number)
        if number
        else say("emergency-crisis" if whom == "crisis" else "emergency-unknown")
        for whom, number in dataclasses.asdict(numbers).items()
    }
    text = turn.say(f"danger-{name}", **called)
    elsewhere = numbers.ambulance and not turn.contact.time_zone and name in _WHERE_NUMBERS_ARE
    if not elsewhere:
        return text
    return _joined(turn, text, turn.say("emergency-elsewhere"))


def _joined(turn: Turn, *sentences: str) -> str:
    return ("" if turn.language == "zh" else " ").join(sentences)


def _named(turn: Turn, kind: Danger) -> str:
    """Which advice fits: for an animal, and where something is breathed in, it is another than for what a person
    swallowed; that is no wound, though the reader may take it for one."""
    if kind is Danger.INJURY and danger_in(turn.said) is Danger.POISON:
        kind = Danger.POISON
    if kind in _FOR_A_VET and befalls_an_animal(turn.said):
        return "animal"
    return "poison-air" if kind is Danger.POISON and is_breathed_in(turn.said) else kind.value


def _may_be_an_animal(turn: Turn) -> bool:
    """Whether the message names nobody, and the one before it an animal: "he swallowed the sachet"."""
    before = turn.memory.before[-2] if len(turn.memory.before) > 1 else ""
    return names_nobody(turn.said) and befalls_an_animal(before)


async def _advise(turn: Turn) -> Answer:
    kind = turn.acts.danger
    if kind is None:
        return Answer(memory=turn.memory)
    name = _named(turn, kind)
    before = turn.memory.advised.get(name)
    again = before is not None and turn.now - from_micros(before) < _STILL_READ
    memory = turn.memory
    if not again:
        memory = replace(memory, advised={**memory.advised, name: to_micros(turn.now)})

    async def alarm(connection: AsyncConnection) -> None:
        await Alarms(connection).sound(ALARM, turn.now, {"kind": kind.value})

    text = _advice(turn, "again" if again else name)
    if name == Danger.POISON and not again and _may_be_an_animal(turn):
        maybe = turn.say("danger-poison-maybe-animal")
        text = "\n\n".join([text, _joined(turn, maybe, _advice(turn, "animal"))])
    return Answer(
        text=text,
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
        name: at for name, at in turn.memory.advised.items() if turn.now - from_micros(at) < _STILL_IN_IT
    }
    if not lately:
        return None
    return Answer(text=_advice(turn, max(lately, key=lately.__getitem__)), memory=turn.memory)


SKILLS = (Skill(name="danger", answer=_advise, regrets=False, always=True),)
