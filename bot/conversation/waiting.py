"""While a conversation waits for a person: what the bot goes on with, and what it leaves to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.conversation import ownership, wording
from bot.conversation.answer import Answer, HandOver, Rows, row
from bot.conversation.turn import Turn
from nlu.acts import Act
from storage.escalations import Escalation, Escalations

_PERSON = "human_agent"
_MINUTE = timedelta(minutes=1)
_ADDED = (Act.ADDS, Act.CORRECTS, Act.GIVES)


async def taken_up(turn: Turn) -> Answer | None:
    """What a message does to the wait itself; None where it does nothing to it."""
    no = turn.does(Act.WITHDRAWS) or turn.denies
    if no and (turn.memory.pending is None or any(one.intent == _PERSON for one in turn.acts.wishes)):
        return await left(turn)
    if turn.acts.wishes or turn.memory.filed:
        return None
    if turn.does(Act.ASKS_STATE):
        return await told(turn)
    return await noted(turn) if any(turn.does(act) for act in _ADDED) else None


async def left(turn: Turn) -> Answer:
    """The customer doesn't want a person any more; what was dangerous stays with people."""
    case = await _case(turn)
    if case is None or case.priority == ownership.DANGER:
        return replace(await told(turn), buttons=())
    return Answer(
        text=turn.say("waiting-left"), buttons=turn.human, memory=turn.memory.settled(), leaves_queue=True
    )


async def told(turn: Turn) -> Answer:
    """When somebody answers."""
    return Answer(text=await _wait(turn), buttons=_leaving(turn), memory=turn.memory)


async def case_told(turn: Turn, case: Escalation, values: Mapping[str, str]) -> Answer:
    """How a case stands that waits: since when, and by when somebody answers."""
    overdue = case.due_at <= turn.now
    text = turn.say(
        "case-waiting", **values, late="yes" if overdue else "no", due=turn.near_moment(case.due_at)
    )
    return Answer(text=text, buttons=_leaving(turn) if turn.in_queue else ())


async def noted(turn: Turn) -> Answer:
    """People read what was added; once a case in full, later with how long it still takes."""
    case = await _case(turn)
    if case is None:
        return await told(turn)
    if turn.memory.noted_in == case.id:
        return Answer(text=f"{turn.say('waiting-added-too')}{await _wait(turn)}", memory=turn.memory)
    return Answer(text=turn.say("waiting-added"), memory=replace(turn.memory, noted_in=case.id))


async def left_to_people(turn: Turn) -> Answer:
    """A wish that people may be about to see to, or to speak of: they are told, and nothing is asked or filed."""
    if turn.intent not in turn.skills.by_intent:
        return await noted(turn)
    wish = turn.say(f"ask-{turn.intent}")
    return Answer(text=turn.say("waiting-wish", wish=wish), memory=turn.memory)


async def fitted(turn: Turn, answer: Answer) -> Answer:
    """An answer to somebody who waits: nobody is offered whom they wait for already, and what was asked before
    stays open."""
    wait = await _wait(turn, answer.hand_over)

    def fit(given: Answer) -> Answer:
        passed_on = given.hand_over is not None and not given.hand_over.told
        text = "\n\n".join(part for part in (given.text, wait if passed_on else "") if part)
        memory = given.memory or turn.memory
        if memory.pending is None and not given.leaves_queue:
            memory = replace(memory, pending=turn.memory.pending)
        buttons = given.buttons if given.leaves_queue else _without_person(given.buttons)
        return replace(
            given, text=text, memory=memory, buttons=(*buttons, *(_leaving(turn) if passed_on else ()))
        )

    return answer.changed(fit)


async def _wait(turn: Turn, over: HandOver | None = None) -> str:
    """When somebody answers, also where a further hand-over makes it more urgent."""
    case = await _case(turn)
    hours = turn.services.shop.hours
    opens = hours.next_open(turn.now)
    if case is None:
        return turn.say("waiting-long")
    if opens > turn.now:
        return turn.say("waiting-closed", opens=turn.near_moment(opens))
    due = case.due_at
    if over is not None:
        due = min(due, hours.after(turn.now, ownership.FIRST_ANSWER[over.priority]))
    if due <= turn.now:
        return turn.say("waiting-long")
    if due > hours.closes(turn.now):
        return turn.say("waiting-until", at=turn.near_moment(due))
    within = max(due - turn.now, _MINUTE)
    return turn.say("waiting-within", within=wording.duration(within, turn.language))


async def _case(turn: Turn) -> Escalation | None:
    return await Escalations(turn.connection).open_of(turn.contact.conversation.id)


def _leaving(turn: Turn) -> Rows:
    return row(turn.button("button-no-human", "human:leave"))


def _without_person(buttons: Rows) -> Rows:
    rows = (tuple(button for button in line if button.action != "human:ask") for line in buttons)
    return tuple(line for line in rows if line)
