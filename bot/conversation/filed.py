"""What a message does to what was asked of the shop in this conversation: its state told, put right, taken back."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import heard, phrases, tasks
from bot.conversation import made as made_requests
from bot.conversation.answer import Answer
from bot.conversation.read_message import parts_of
from bot.conversation.turn import Task, Turn
from nlu.acts import Act
from storage.requests import UNDECIDED, Request, Requests

# Slots of tasks: what says more of a request whatever the message asks. A colour or a size may be asked about.
_TELLING = frozenset(("reason", "payment_method", "name", "phone", "email", "address", "tax_number", "title"))
_MONEY = frozenset({"refund_request", "refund_status"})
_PLAIN = 0.8
_LIKELY = 0.4


async def touched(turn: Turn) -> Answer | None:
    """The answer to a message about a request; None where it is about none."""
    made = _spoken_of(turn, await _made(turn))
    if turn.does(Act.ASKS_STATE) and made:
        known, _ = made[0]
        text = made_requests.request_text(turn, f"request-{known.state}", known)
        return Answer(text=text, memory=turn.memory.settled())
    made = [(known, task) for known, task in made if known.state in UNDECIDED]
    if not made:
        return None
    told = [(pair, set(await tasks.told_for(turn, pair[1], pair[0]))) for pair in made]
    (known, task), values = next((one for one in told if one[1]), told[0])
    whole = not turn.acts.wishes or len(parts_of(turn.text)) == 1
    left_out = whole and await tasks.leaves_out(turn, task, known)
    if not left_out and turn.does(Act.WITHDRAWS) and (turn.surely(Act.WITHDRAWS) or not values - {"reason"}):
        return withdrawing(turn, known) if turn.surely(Act.WITHDRAWS) else _asks_first(turn, known)
    if not left_out and heard.wishes_of_others(turn, task, by_words=not values):
        return None
    does = any(turn.does(act) for act in (Act.CORRECTS, Act.ADDS, Act.WITHDRAWS))
    tells = bool(_TELLING & values) or (bool(values) and _tells_only(turn, task))
    if left_out or does or (tells and turn.memory.pending is None and _wishes_nothing_else(turn, task)):
        return await tasks.amended(turn, task, known) if known.state == "asked" else _decided(turn, known)
    return None


def _spoken_of(turn: Turn, made: list[tuple[Request, Task]]) -> list[tuple[Request, Task]]:
    """Of several requests those whose wish the words name, where they name one."""
    scores = turn.understanding.intents if turn.understanding is not None else ()
    named = {score.intent for score in scores if score.probability >= _PLAIN}
    return [pair for pair in made if named & set(pair[1].wished_by)] or made


def _tells_only(turn: Turn, task: Task) -> bool:
    """Whether a message asks nothing and by its own words wishes nothing but that task, if anything."""
    alone = turn.understanding.intents if turn.understanding is not None else ()
    likely = {score.intent for score in alone if score.probability >= _LIKELY}
    return not phrases.asks(turn.text) and likely <= {*task.wished_by}


def _wishes_nothing_else(turn: Turn, task: Task) -> bool:
    wished = {wish.intent for wish in turn.acts.wishes if wish.probability >= _PLAIN}
    # Words such as "in total" make a question of what asks nothing.
    seeming = set() if phrases.asks(turn.text) else turn.skills.about_orders - turn.skills.tasks_of.keys()
    return wished <= {*task.wished_by, *_MONEY, *seeming}


async def of_another_order(turn: Turn) -> tuple[Request, Task] | None:
    """The latest request and its task, where the message plainly says that another order was meant."""
    number = turn.told("order").lstrip("#＃").casefold()
    if not number or not turn.surely(Act.CORRECTS) or not turn.memory.filed:
        return None
    latest = turn.memory.filed[0]
    known = await _numbered(turn, latest.request)
    task = turn.skills.tasks.get(latest.task)
    if known is None or task is None or task.order is None:
        return None
    other = known.order_number is not None and known.order_number.casefold() != number
    return (known, task) if other and known.state == "asked" else None


async def _numbered(turn: Turn, number: str) -> Request | None:
    return next((one for one in await made_requests.theirs(turn) if one.number == number), None)


def _asks_first(turn: Turn, known: Request) -> Answer:
    """Whether it is to be taken back, where the words leave it open."""
    return Answer(
        text=made_requests.request_text(turn, "withdraw-confirm", known),
        memory=turn.memory.asking("withdraw", request=known.number),
    )


async def withdraw_answered(turn: Turn) -> Answer | None:
    """The answer to the question whether a request is to be taken back."""
    pending = turn.memory.pending
    known = await _numbered(turn, pending.data.get("request", "")) if pending is not None else None
    if known is None:
        return None
    if turn.affirms or turn.does(Act.WITHDRAWS):
        return withdrawing(turn, known)
    return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled()) if turn.denies else None


async def _made(turn: Turn) -> list[tuple[Request, Task]]:
    """The requests of this conversation with their tasks, the latest first; of an order that is named, its own."""
    numbers = {filed.request: filed.task for filed in turn.memory.filed}
    if not numbers:
        return []
    ours = [
        (one, turn.skills.tasks[numbers[one.number]])
        for one in await made_requests.theirs(turn)
        if numbers.get(one.number) in turn.skills.tasks
    ]
    named = turn.told("order").lstrip("#＃").casefold()
    return [pair for pair in ours if not named or (pair[0].order_number or "").casefold() == named]


def withdrawing(turn: Turn, known: Request) -> Answer:
    """Take a request back that nobody has acted on yet."""
    others = tuple(one for one in turn.memory.filed if one.request != known.number)
    kept = replace(turn.memory.settled(), filed=others)

    async def withdraw(connection: AsyncConnection) -> Answer:
        now = await Requests(connection).get(known.id)
        if now.state != "asked":
            return _decided(turn, known)
        await Requests(connection).withdraw(known.id, turn.now)
        task = next((one for one in turn.skills.tasks.values() if one.request == known.kind), None)
        if task is not None and task.withdrawn is not None:
            await task.withdrawn(turn, connection, known)
        return Answer(text=made_requests.request_text(turn, "cancel-withdrawn", known), memory=kept)

    return Answer(effects=(withdraw,), memory=kept)


def _decided(turn: Turn, known: Request) -> Answer:
    """It can't be changed from here any more."""
    text = made_requests.request_text(turn, "cancel-accepted-already", known)
    return Answer(text=text, buttons=turn.human, memory=turn.memory.settled())
