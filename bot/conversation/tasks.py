"""Tasks: what a customer wants done, as declarations, and the one engine that fills, reads back and files them.

A task takes what is told whenever it is told: in the first message, before it is asked for, in answer to another
question, or after the request was made. Nothing is filed on a message that waits, asks or speaks of something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import heard, phrases, task_words, waiting
from bot.conversation.answer import Answer
from bot.conversation.made import (
    SAID,
    added_to,
    as_made,
    details_of,
    merged_details,
    now_told,
    open_request,
    told_before,
)
from bot.conversation.memory import Filed, OpenTask
from bot.conversation.slot_values import (
    NONE,
    resolved,
    spares,
    told_by_parts,
    told_by_wish,
    told_earlier,
    values_in,
)
from bot.conversation.turn import Asked, Slot, Task, Turn
from bot.messages import IncomingKind
from nlu.acts import Act
from storage.orders import Order
from storage.requests import NewRequest, Request, Requests, new_number

QUESTIONS: Mapping[str, Asked] = {"task-value": Asked(kind="value"), "task-confirm": Asked(kind="confirm")}
"""How the engine's own questions are known to the reader."""

Values = Mapping[str, str]


async def begin(turn: Turn, task: Task, known: Values | None = None) -> Answer:
    """Start a task with a message that wishes it, go on with it, or add to what was asked for already.

    Args:
        turn: of the message.
        task: that it wishes.
        known: values that the skill itself has made out in the message.
    """
    if _is_for_people(turn, task):
        return await waiting.left_to_people(turn)
    order: Order | None = None
    if task.order is not None:
        found = await task.order(turn)
        if isinstance(found, Answer):
            return found
        order = found
    turn = turn.remembering(task_words.without_those_meant_as(turn, task, order))
    settled = await _more_of_a_trouble(turn, order) if task.settles else None
    if settled is not None:
        return settled
    made = await open_request(turn, task.request, order)
    opened = _under_way(turn, task, order) if made is None else as_made(task, made)
    told = values_in(turn, task, opened, order)
    spoken = await task.spoken(turn) if task.spoken is not None else {}
    told = {**told_by_wish(turn, task, opened, order), **told, **spoken, **(known or {})}
    opened = resolved(turn, task, _noted(turn, opened, told), order)
    if made is None and order is not None and not phrases.asks(turn.text):
        opened = opened.with_values(await told_before(turn, task, opened))
    if made is None:
        opened = opened.with_values(await told_earlier(turn, task, opened, order))
    if made is None or (told and task.asks(opened) is not None):
        return await _go_on(turn, task, opened, order, sure=not turn.guessed)
    return await _file(turn, task, opened, order)


def _under_way(turn: Turn, task: Task, order: Order | None) -> OpenTask:
    """The task as far as it has been told for that order."""
    place = order.id if order is not None else None
    known = turn.memory.task(task.name)
    return known if known is not None and known.order == place else OpenTask(name=task.name, order=place)


async def confirmed(turn: Turn, task: Task, order: Order | None) -> Answer:
    """Say yes to what was read back, by a button or in words, which may tell more."""
    unfit = await task.unfit(turn, order) if task.unfit is not None and order is not None else None
    if unfit is not None:
        return _let_go(turn, task, unfit)
    opened = _under_way(turn, task, order)
    return await _file(turn, task, _noted(turn, opened, values_in(turn, task, opened, order)), order)


async def file(turn: Turn, task: Task, order: Order | None, values: Values | None = None) -> Answer:
    """Make a request of a task that needs no answers; what the customer has written goes with it. It is asked about
    first where only the words by themselves wish it."""
    opened = _noted(turn, _under_way(turn, task, order), values or {})
    made = await open_request(turn, task.request, order)
    asks = made is None and turn.guessed and not _is_for_people(turn, task)
    if not asks:
        return await _file(turn, task, opened, order)
    return await told_of_a_trouble(turn, task, order) or task_words.reading_back(turn, task, opened, order)


async def told_of_a_trouble(turn: Turn, task: Task, order: Order | None) -> Answer | None:
    """Add what is told of an order to the trouble with it that was asked about here, where the task is one, too."""
    troubles = {kind.name for kind in turn.skills.requests if kind.trouble}
    return await _more_of_a_trouble(turn, order) if task.request in troubles else None


async def _more_of_a_trouble(turn: Turn, order: Order | None) -> Answer | None:
    """Add what is told of an order to the trouble with it that was asked about here: also how it shall be settled."""
    troubles = {kind.name for kind in turn.skills.requests if kind.trouble}
    if order is None:
        return None
    for filed in turn.memory.filed:
        known = turn.skills.tasks.get(filed.task)
        if known is not None and filed.order == order.id and known.request in troubles:
            made = await open_request(turn, known.request, order)
            of_it = made is not None and made.state == "asked" and _is_of(turn, known, made, order)
            return await amended(turn, known, made) if made is not None and of_it else None
    return None


def _is_of(turn: Turn, task: Task, made: Request, order: Order) -> bool:
    """Whether a message names nothing else of an order than a request is about."""
    named = resolved(turn, task, OpenTask(name=task.name), order).values.get("items", "")
    return not named or set(named.split("\n")) <= set(made.details.get("products", named).split("\n"))


async def resume(turn: Turn) -> Answer | None:
    """Take the answer to the engine's own question; None when the message is none."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    opened = turn.memory.task(task.name) if task is not None else None
    if pending is None or task is None or opened is None or _is_for_people(turn, task):
        return None
    order = await order_of(turn, task, opened)
    if await _is_of_another(turn, task, order):
        return None
    if opened.order is not None and order is None:
        return _let_go(turn, task, Answer(text=turn.say("button-stale")))
    asked = task.slot(pending.data.get("slot", ""))
    told = values_in(turn, task, opened, order, asked=asked)
    moved = await _other_order(turn, task, order)
    if isinstance(moved, Answer):
        return moved
    turns = task.becomes is not None and bool(task.becomes(turn, order))
    agrees = pending.kind == "task-confirm" and await heard.agrees_first(turn) and not turns
    left_out = turns or spares(turn, task, opened, order)
    if asked is not None and asked.optional and heard.has_none(turn) and not (told or moved):
        told = {asked.name: NONE}
    elif heard.turns_down(turn) and not (told or moved or agrees or left_out):
        of_others = await _is_said_of_others(turn, task, order)
        return await (_go_on if of_others else _turned_down)(turn, task, opened, order)
    if moved is not None:
        # The words that name it are no answer.
        opened = _of_order(task, opened, moved)
        told = {
            name: value
            for name, value in values_in(turn, task, opened, moved).items()
            if not heard.names_part_of(moved, value)
        }
    elif agrees:
        return await confirmed(turn, task, order)
    meant = resolved(turn, task, opened, moved or order)
    if moved is None and not (told or left_out) and meant == opened:
        return await _of_others(turn, task) or await _pointed_at(turn, task, opened, order)
    takes_up = moved is not None or left_out or _takes_up(turn, task, asked, told)
    return await _go_on(turn, task, _noted(turn, meant, told), moved or order) if takes_up else None


async def _pointed_at(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer | None:
    """Go on where a message only points at the order that the task is about."""
    only = order is not None and heard.only_points_at(turn, order)
    return await _go_on(turn, task, opened, order) if only else None


def _takes_up(turn: Turn, task: Task, asked: Slot | None, told: Values) -> bool:
    """Whether a message answers the question about a task, or goes on with it."""
    given = asked is not None and heard.may_give(turn, asked, task, told)
    given = given or any(slot.read is not None and slot.name in told for slot in task.slots)
    return given or heard.is_answer(turn) or heard.wished_again(turn)


async def _is_of_another(turn: Turn, task: Task, order: Order | None) -> bool:
    """Whether a message puts another wish in the place of the task, or tells of another of their orders than it is
    about: that is told of nothing here."""
    elsewhere = order is not None and heard.names_another_order(turn, order)
    # That another order is meant may sound like a wish.
    another = heard.wishes_another(turn) and (not elsewhere or heard.plainly_wishes_another(turn))
    if another and (turn.denies or turn.does(Act.CORRECTS) or not turn.answers):
        return True
    if order is None or not elsewhere or heard.means_another_order(turn, order) or heard.agrees(turn):
        return False
    return isinstance(await _named_instead(turn, task, order), Order)


async def _of_others(turn: Turn, asked: Task) -> Answer | None:
    """Go on with something else that is under way, where the message tells what is to be told for that."""
    for opened in turn.memory.tasks if heard.is_answer(turn) else ():
        task = turn.skills.tasks.get(opened.name)
        if task is None or task is asked or _is_for_people(turn, task):
            continue
        order = await order_of(turn, task, opened)
        told = values_in(turn, task, opened, order) if order is not None or opened.order is None else {}
        if told:
            return await _go_on(turn, task, _noted(turn, opened, told), order)
    return None


async def _turned_down(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    """Let go of what is under way, and begin what is plainly wished in its place."""
    if heard.contradicts(turn):
        return task_words.reading_back(turn, task, opened, order)
    wish = heard.wished_instead(turn)
    other = turn.skills.tasks.get(turn.skills.tasks_of.get(wish, ""))
    if other is None:
        return _dropped(turn, task)
    rest = turn.remembering(turn.memory.settled().without_task(task.name))
    return await begin(replace(rest, intent=wish), other)


def _let_go(turn: Turn, task: Task, answer: Answer) -> Answer:
    return replace(answer, memory=(answer.memory or turn.memory.settled()).without_task(task.name))


def _of_order(task: Task, opened: OpenTask, order: Order) -> OpenTask:
    """The task for another order: what was told stays, save what the first order had."""
    own = {slot.name for slot in task.slots if slot.resolve is not None}
    values = {name: value for name, value in opened.values.items() if name not in own}
    return replace(opened, order=order.id, values=values)


def _is_for_people(turn: Turn, task: Task) -> bool:
    return turn.in_queue and not task.while_waiting


async def _other_order(turn: Turn, task: Task, order: Order | None) -> Order | Answer | None:
    """The order that is meant instead of the one that was, where the message says so."""
    of_lines = any(slot.lists_lines for slot in task.slots)
    if order is None or not (
        heard.means_another_order(turn, order) or (heard.denies_it(turn) and not of_lines)
    ):
        return None
    return await _named_instead(turn, task, order)


async def _is_said_of_others(turn: Turn, task: Task, order: Order | None) -> bool:
    """Whether a message that seems to turn something down speaks of the things of another order, and leaves them."""
    if order is None or turn.surely(Act.WITHDRAWS) or not turn.told("item"):
        return False
    return isinstance(await _named_instead(turn, task, order), Order)


async def _named_instead(turn: Turn, task: Task, order: Order) -> Order | Answer | None:
    if task.order is None:
        return None
    found = await task.order(turn.remembering(replace(turn.memory.settled(), order=order.id)))
    return None if isinstance(found, Order) and found.id == order.id else found


async def order_of(turn: Turn, task: Task, opened: OpenTask) -> Order | None:
    """The order that something under way is about."""
    if opened.order is None or task.own_order is None:
        return None
    return await task.own_order(turn, opened.order)


def _noted(turn: Turn, opened: OpenTask, told: Values) -> OpenTask:
    """The task with what was told, and with the customer's words, each once."""
    now = turn.said.strip()
    if not (now or opened.said) and turn.incoming.kind is IncomingKind.TEXT:
        # A yes to a button wishes what was spoken of before it.
        now = "\n".join(turn.memory.before)
    said = opened.said if not now or now in opened.said else f"{opened.said}\n{now}".strip()
    return replace(opened.with_values(told), said=said[-SAID:])


async def _go_on(
    turn: Turn, task: Task, opened: OpenTask, order: Order | None, *, sure: bool = True
) -> Answer:
    """Ask for what is missing, read it back, or file it; what isn't wished for `sure` is read back."""
    other = turn.skills.tasks.get(task.becomes(turn, order)) if task.becomes is not None else None
    if other is not None:
        now = values_in(turn, task, replace(opened, values={}), order)
        kept = {name: value for name, value in opened.values.items() if now.get(name) != value}
        turned = replace(opened, name=other.name, values=kept)
        turned = turned.with_values(values_in(turn, other, turned, order))
        turned = turned.with_values(told_by_wish(turn, other, turned, order))
        turned = turned.with_values(await other.spoken(turn) if other.spoken is not None else {})
        turned = resolved(turn, other, turned, order)
        cleared = turn.remembering(turn.memory.without_task(task.name))
        return await _go_on(cleared, other, turned, order, sure=sure)
    unfit = await task.unfit(turn, order) if task.unfit is not None and order is not None else None
    if unfit is not None:
        return _let_go(turn, task, unfit)
    refused = await task.refuses(turn, opened) if task.refuses is not None else None
    if refused is not None:
        return _let_go(turn, task, refused)
    missing = task.asks(opened)
    if missing is not None and (told := await told_by_parts(turn, task, missing[0], order)):
        opened = opened.with_values({missing[0].name: told})
        missing = task.asks(opened)
    if missing is not None:
        return task_words.asking(turn, task, opened, order, *missing)
    if (anew := await task_words.asking_anew(turn, task, opened, order)) is not None:
        return anew
    doubt = task.doubted(turn, order) if task.doubted is not None and order is not None else ""
    if not sure and (more := await told_of_a_trouble(turn, task, order)) is not None:
        return more
    if task.confirm or not sure or doubt:
        asked = task_words.reading_back(turn, task, opened, order)
        return replace(asked, text=f"{doubt}\n\n{asked.text}".strip())
    return await _file(turn, task, opened, order)


def _dropped(turn: Turn, task: Task) -> Answer:
    return _let_go(turn, task, Answer(text=turn.say("cancel-kept")))


async def _file(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> Answer:
    """Make the request, once: one that is open already takes what is new."""
    if _is_for_people(turn, task):
        return await waiting.left_to_people(turn)
    details = details_of(turn, opened, order)
    memory = task_words.about(turn.memory, order).without_task(task.name)
    for other in memory.tasks:
        ended = other.order is not None and other.order == opened.order and other.name in task.ends
        memory = memory.without_task(other.name) if ended else memory
    # Read before the transaction, which others wait for.
    beside = await task_words.beside(turn, task, opened, order)

    async def file(connection: AsyncConnection) -> Answer:
        known = await open_request(turn.within(connection), task.request, order)
        if known is not None:
            return await added_to(turn.within(connection), task, known, details, memory)
        number = new_number(turn.now)
        await Requests(connection).add(
            NewRequest(
                number=number,
                kind=task.request,
                conversation_id=turn.contact.conversation.id,
                customer_id=turn.customer_id,
                order_id=order.id if order is not None else None,
                details=details,
            ),
            turn.now,
        )
        filed = Filed(task=task.name, request=number, order=order.id if order is not None else None)
        text = turn.say(task.filed, request=number, **task_words.facts(turn, task, order, opened))
        text = "\n".join(filter(None, (text, beside)))
        return Answer(text=text, memory=memory.having_filed(filed))

    # What is answered beside it goes on from there.
    return Answer(effects=(file,), memory=memory)


async def told_for(turn: Turn, task: Task, made: Request) -> Values:
    """What the message tells of the slots of a task that was asked for already."""
    opened = as_made(task, made)
    return values_in(turn, task, opened, await order_of(turn, task, opened))


async def leaves_out(turn: Turn, task: Task, made: Request) -> bool:
    """Whether the message says of a part of the order that nothing is to be done with it, and leaves the request."""
    opened = as_made(task, made)
    return spares(turn, task, opened, await order_of(turn, task, opened))


async def amended(turn: Turn, task: Task, made: Request) -> Answer:
    """Put a request right, or add to it, as long as nobody has decided; a value that isn't whole is asked for again."""
    opened = as_made(task, made)
    order = await order_of(turn, task, opened)
    told = values_in(turn, task, opened, order)
    opened = resolved(turn, task, replace(opened.with_values(told), said=turn.said.strip()[-SAID:]), order)
    missing = task.asks(opened)
    if missing is not None and told:
        return task_words.asking(turn, task, opened, order, *missing)
    other = await task_words.asking_anew(turn, task, opened, order) if told else None
    if other is not None:
        return other
    merged = merged_details(made.details, details_of(turn, opened, order))
    beside = await task_words.beside(turn, task, opened, order) if told else ""

    async def amend(connection: AsyncConnection) -> Answer:
        await Requests(connection).amend(made.id, merged)
        text = now_told(turn, task, made, merged) if told else turn.say("request-added", request=made.number)
        text = "\n".join(filter(None, (text, beside)))
        return Answer(text=text, memory=turn.memory.settled().without_task(task.name))

    return Answer(effects=(amend,), memory=turn.memory.settled())
