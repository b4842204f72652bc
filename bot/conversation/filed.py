"""What a message does to what was asked of the shop in this conversation: its state told, put right, taken back."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import tasks
from bot.conversation.answer import Answer
from bot.conversation.turn import Task, Turn
from nlu.acts import Act
from storage.requests import UNDECIDED, Request, Requests

# What says more of a request and asks nothing: a colour or a size may be asked about.
_TELLING = frozenset(
    ("reason", "payment_method", "name", "phone", "email", "address_part", "tax_number", "invoice_title")
)
_MONEY = frozenset({"refund_request", "refund_status"})
_PLAIN = 0.8


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
    if turn.does(Act.WITHDRAWS):
        return withdrawing(turn, known) if turn.surely(Act.WITHDRAWS) else _asks_first(turn, known)
    if turn.does(Act.CORRECTS) or turn.does(Act.ADDS) or _tells_more(turn, task):
        return _amending(turn, task, known)
    return None


async def of_another_order(turn: Turn) -> tuple[Request, Task] | None:
    """The latest request and its task, where the message plainly says that another order was meant."""
    number = turn.told("order").lstrip("#＃").casefold()
    if not number or not turn.surely(Act.CORRECTS) or not turn.memory.filed:
        return None
    latest = turn.memory.filed[0]
    known = await _numbered(turn, latest.request)
    task = turn.skills.tasks.get(latest.task)
    if known is None or task is None or task.order is None or known.customer_id != turn.customer_id:
        return None
    other = known.order_number is not None and known.order_number.casefold() != number
    return (known, task) if other and known.state == "asked" else None


async def _numbered(turn: Turn, number: str) -> Request | None:
    made = await Requests(turn.connection).of_conversation(turn.contact.conversation.id, limit=10)
    return next((one for one in made if one.number == number), None)


def _tells_more(turn: Turn, task: Task) -> bool:
    """Whether a message that plainly wishes nothing else tells what belongs to a request, such as a reason for it."""
    wished = {wish.intent for wish in turn.acts.wishes if wish.probability >= _PLAIN}
    known = set(task.wished_by) | _MONEY
    told = {
        slot.name for slot in task.slots if _TELLING.intersection(slot.told_by) and turn.told(*slot.told_by)
    }
    return bool(told) and wished <= known and turn.memory.pending is None


def _asks_first(turn: Turn, known: Request) -> Answer:
    """Whether it is to be taken back, where the words leave it open."""
    return Answer(
        text=tasks.request_text(turn, "withdraw-confirm", known),
        memory=turn.memory.asking("withdraw", request=known.number),
    )


async def withdraw_answered(turn: Turn) -> Answer | None:
    """The answer to the question whether a request is to be taken back."""
    pending = turn.memory.pending
    known = await _numbered(turn, pending.data.get("request", "")) if pending is not None else None
    if known is None or known.customer_id != turn.customer_id:
        return None
    if turn.affirms or turn.does(Act.WITHDRAWS):
        return withdrawing(turn, known)
    return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled()) if turn.denies else None


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
