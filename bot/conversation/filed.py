"""What a message does to what was asked of the shop in this conversation: its state told, put right, taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import heard, phrases, tasks
from bot.conversation import made as made_requests
from bot.conversation.answer import Answer
from bot.conversation.read_message import first_clause, parts_of
from bot.conversation.turn import Task, Turn
from nlu.acts import Act, DialogueState
from storage.orders import Order
from storage.requests import UNDECIDED, Request, Requests

# Slots of tasks: what says more of a request whatever the message asks. A colour or a size may be asked about.
_TELLING = frozenset(("reason", "payment_method", "name", "phone", "email", "address", "tax_number", "title"))
_MONEY = frozenset({"refund_request", "refund_status"})
_PLAIN = 0.8
_RATHER = 0.5


async def touched(turn: Turn) -> Answer | None:
    """The answer to a message about a request; None where it is about none."""
    made = _spoken_of(turn, await _made(turn))
    if turn.does(Act.ASKS_STATE) and made and not _asks_else(turn):
        known, _ = made[0]
        text = made_requests.request_text(turn, f"request-{known.state}", known)
        return Answer(text=text, memory=turn.memory.settled(), lacks=not turn.surely(Act.ASKS_STATE))
    made = [(known, task) for known, task in made if known.state in UNDECIDED]
    if not made:
        return None
    told = [(pair, set(await tasks.told_for(turn, pair[1], pair[0]))) for pair in made]
    (known, task), values = next((one for one in told if one[1]), told[0])
    whole = not turn.acts.wishes or len(parts_of(turn.text)) == 1
    left_out = whole and await tasks.leaves_out(turn, task, known)
    said_so = phrases.takes_back(turn.text) and not phrases.asks(turn.text)
    plain = turn.surely(Act.WITHDRAWS)
    # Who tells a number or an address anew takes nothing back.
    takes_back = (turn.does(Act.WITHDRAWS) or said_so) and not (left_out or values & heard.BY_FORM)
    if takes_back and await _says_instead(turn, task, known):
        return await tasks.amended(turn, task, known) if known.state == "asked" else _decided(turn, known)
    if takes_back and _is_all(turn, task, values) and (plain or not phrases.asks(turn.text)):
        return withdrawing(turn, known) if plain else _asks_first(turn, known)
    if not left_out and heard.wishes_of_others(turn, task, by_words=not values):
        return None
    if left_out or _says_more(turn, task, values):
        return await tasks.amended(turn, task, known) if known.state == "asked" else _decided(turn, known)
    return _asks_first(turn, known) if await _is_doubted(turn, task) else None


async def _says_instead(turn: Turn, task: Task, known: Request) -> bool:
    """Whether a clause of its own, after the one that takes back, tells how it should be instead: 算了 要两盒吧."""
    _, rest = first_clause(turn.text)
    read = await turn.read(rest, DialogueState()) if rest else None
    if read is None:
        return False
    counted = any(value.slot == "quantity" for value in read.acts.slots)
    told = await tasks.told_for(replace(turn, text=rest, understanding=read), task, known)
    return counted and bool(told) and not phrases.takes_back(rest)


async def _is_doubted(turn: Turn, task: Task) -> bool:
    """Whether a message says no, and nothing else, right after what it may be about was asked of the shop."""
    last = turn.memory.intents[0] if turn.memory.intents else ""
    whole, (_, rest) = turn.understanding, first_clause(turn.text)
    if whole is None or turn.memory.pending is not None or last not in task.wished_by:
        return False
    besides = await turn.read(rest, DialogueState()) if rest else None
    says_no = whole.intent == "deny" and whole.probability >= _PLAIN
    return says_no and (besides is None or besides.intent == "deny")


def _asks_else(turn: Turn) -> bool:
    """Whether a message wishes to be told something that is asked of no order."""
    told = {wish.intent for wish in turn.acts.wishes if wish.probability >= _RATHER}
    rules = any(_wishes(turn, one) and one not in turn.skills.tasks_of for one in told)
    return rules and not told & turn.skills.about_orders


def _wishes(turn: Turn, intent: str) -> bool:
    """Whether an intent wants something told or done, and isn't small talk."""
    skill = turn.skills.by_intent.get(intent)
    return intent in turn.skills.tasks_of or (skill is not None and skill.only_tells)


def _is_all(turn: Turn, task: Task, values: Set[str]) -> bool:
    """Whether a message that takes a request back tells nothing that it should be instead; who wishes the same in other
    words takes nothing back."""
    scores = turn.understanding.intents if turn.understanding is not None else ()
    again = any(one.intent in task.wished_by and one.probability >= _RATHER for one in scores)
    other = values - {"reason"}
    return not (other and again) if turn.surely(Act.WITHDRAWS) else not other


def _says_more(turn: Turn, task: Task, values: Set[str]) -> bool:
    """Whether a message plainly tells more of a request or puts it right: it tells a value that belongs to such a
    thing, or plainly adds and asks for nothing by its words alone."""
    asks = phrases.asks(turn.text)
    if values and any(turn.does(act) for act in (Act.CORRECTS, Act.ADDS)):
        return True
    if turn.surely(Act.ADDS) or turn.does(Act.CORRECTS):
        # What is put right has to be named, and what is asked besides is answered.
        names = turn.surely(Act.ADDS) or (task.slots and (_names_something(turn) or _follows(turn, task)))
        return bool(names) and not asks and _tells_only(turn, task)
    tells = bool(_TELLING & values) or (bool(values) and _tells_only(turn, task))
    return tells and not asks and turn.memory.pending is None and _wishes_nothing_else(turn, task)


def _follows(turn: Turn, task: Task) -> bool:
    """Whether a message with a figure that by its words alone means nothing follows right on what was asked for."""
    last = turn.memory.intents[0] if turn.memory.intents else ""
    scores = turn.understanding.intents if turn.understanding is not None else ()
    nothing = all(one.probability < _RATHER for one in scores)
    figure = any(map(str.isdigit, turn.text))
    return figure and turn.memory.pending is None and last in task.wished_by and nothing


def _names_something(turn: Turn) -> bool:
    return any(one.slot not in ("order", "date") and one.probability >= _RATHER for one in turn.acts.slots)


def _spoken_of(turn: Turn, made: list[tuple[Request, Task]]) -> list[tuple[Request, Task]]:
    """Of several requests those whose wish the words name, where they name one."""
    scores = turn.understanding.intents if turn.understanding is not None else ()
    named = {score.intent for score in scores if score.probability >= _PLAIN}
    return [pair for pair in made if named & set(pair[1].wished_by)] or made


def _tells_only(turn: Turn, task: Task) -> bool:
    """Whether a message asks nothing and by its own words rather wishes nothing but that task, if anything."""
    scores = turn.understanding.intents if turn.understanding is not None else ()
    likely = {one.intent for one in scores if one.probability >= _RATHER and _wishes(turn, one.intent)}
    return not phrases.asks(turn.text) and likely <= {*task.wished_by}


def _wishes_nothing_else(turn: Turn, task: Task) -> bool:
    wished = {wish.intent for wish in turn.acts.wishes if wish.probability >= _PLAIN}
    # Words such as "in total" make a question of what asks nothing.
    seeming = set() if phrases.asks(turn.text) else turn.skills.about_orders - turn.skills.tasks_of.keys()
    return wished <= {*task.wished_by, *_MONEY, *seeming}


async def of_another_order(turn: Turn, meant: Callable[[Turn], Awaitable[Sequence[Order]]]) -> Request | None:
    """The latest request, where the message plainly says that another order was meant.

    Args:
        turn: of the message.
        meant: the customer's orders that its words name, none where they name none.
    """
    if not turn.surely(Act.CORRECTS) or not turn.memory.filed:
        return None
    known = await _numbered(turn, turn.memory.filed[0].request)
    if known is None or known.order_id is None or known.state != "asked":
        return None
    named = [order.id for order in await meant(turn)]
    return known if named and known.order_id not in named else None


async def _numbered(turn: Turn, number: str) -> Request | None:
    return next((one for one in await made_requests.theirs(turn) if one.number == number), None)


def _asks_first(turn: Turn, known: Request) -> Answer:
    """Whether it is to be taken back, where the words leave it open."""
    return Answer(
        text=made_requests.request_text(turn, "withdraw-confirm", known),
        memory=turn.memory.asking("withdraw", request=known.number),
    )


async def refused(turn: Turn, numbers: Sequence[str], *, plainly: bool) -> Answer | None:
    """Take the first of some requests back that nobody has decided, or ask whether to; None where there is none."""
    made = {one.number: one for one in await made_requests.theirs(turn)}
    known = next((made[one] for one in numbers if one in made and made[one].state == "asked"), None)
    if known is None:
        return None
    return withdrawing(turn, known) if plainly else _asks_first(turn, known)


async def withdraw_answered(turn: Turn) -> Answer | None:
    """The answer to the question whether a request is to be taken back."""
    pending = turn.memory.pending
    known = await _numbered(turn, pending.data.get("request", "")) if pending is not None else None
    if known is None:
        return None
    if turn.denies and not turn.affirms:
        return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    takes_back = turn.does(Act.WITHDRAWS) or phrases.takes_back(turn.text)
    return withdrawing(turn, known) if turn.affirms or takes_back else None


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
    named = turn.order_number
    return [pair for pair in ours if not named or (pair[0].order_number or "").upper() == named]


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
