"""What a message does to what was asked of the shop in this conversation: its state told, put right, taken back."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import tasks
from bot.conversation.turn import Answer, Task, Turn
from nlu.acts import Act
from storage.requests import UNDECIDED, Request, Requests


async def touched(turn: Turn) -> Answer | None:
    """The answer to a message about a request; None where it is about none."""
    made = await _made(turn)
    if turn.does(Act.ASKS_STATE) and made:
        known, _ = made[0]
        text = tasks.request_text(turn, f"request-{known.state}", known)
        return Answer(text=text, memory=turn.memory.settled())
    made = [(known, task) for known, task in made if known.state in UNDECIDED]
    if not made:
        return None
    known, task = made[0]
    # A no alone answers a question, and none was asked about a request.
    if turn.does(Act.WITHDRAWS):
        return withdrawing(turn, known)
    if turn.does(Act.CORRECTS) or turn.does(Act.ADDS):
        return _amending(turn, task, known)
    return None


async def _made(turn: Turn) -> list[tuple[Request, Task]]:
    """The requests of this conversation with their tasks, the latest first; of an order that is named, its own."""
    numbers = {filed.request: filed.task for filed in turn.memory.filed}
    if not numbers:
        return []
    made = await Requests(turn.connection).of_conversation(turn.contact.conversation.id, limit=10)
    ours = [
        (one, turn.skills.tasks[numbers[one.number]])
        for one in made
        if numbers.get(one.number) in turn.skills.tasks and one.customer_id == turn.customer_id
    ]
    named = turn.told("order").lstrip("#＃").casefold()
    return [pair for pair in ours if not named or (pair[0].order_number or "").casefold() == named]


def _amending(turn: Turn, task: Task, known: Request) -> Answer:
    """Put a request right, or add to it, as long as nobody has decided."""
    if known.state != "asked":
        return _decided(turn, known)
    told = tasks.values_told(turn, task, known)
    merged = tasks.merged_details(known.details, {**told, "text": turn.text.strip()})

    async def amend(connection: AsyncConnection) -> Answer:
        await Requests(connection).amend(known.id, merged)
        new = "\n".join(told.values())
        if new and turn.does(Act.CORRECTS):
            text = turn.say("request-corrected", request=known.number, told=new)
        else:
            text = turn.say("request-added", request=known.number)
        return Answer(text=text, memory=turn.memory.settled())

    return Answer(effects=(amend,), memory=turn.memory.settled())


def withdrawing(turn: Turn, known: Request) -> Answer:
    """Take a request back that nobody has acted on yet."""
    others = tuple(one for one in turn.memory.filed if one.request != known.number)
    kept = replace(turn.memory.settled(), filed=others)

    async def withdraw(connection: AsyncConnection) -> Answer:
        now = await Requests(connection).get(known.id)
        if now.state != "asked":
            return _decided(turn, known)
        await Requests(connection).withdraw(known.id, turn.now)
        return Answer(text=tasks.request_text(turn, "cancel-withdrawn", known), memory=kept)

    return Answer(effects=(withdraw,), memory=kept)


def _decided(turn: Turn, known: Request) -> Answer:
    """It can't be changed from here any more."""
    text = tasks.request_text(turn, "cancel-accepted-already", known)
    return Answer(text=text, buttons=turn.human, memory=turn.memory.settled())
