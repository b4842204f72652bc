"""Requests that were made: found, told of, and what is added to their details."""

from __future__ import annotations

from collections.abc import Mapping

from bot.conversation.answer import Answer
from bot.conversation.memory import Filed, Memory, OpenTask
from bot.conversation.turn import Task, Turn
from nlu.acts import Act
from storage.orders import Order
from storage.requests import OF_THE_PROGRAM, Request, Requests

SAID = 2_000
"""Characters of the customer's words that a request keeps, the latest."""


async def open_request(turn: Turn, kind: str, order: Order | None) -> Request | None:
    """The undecided request of a kind, by `Requests.open_of`."""
    return await Requests(turn.connection).open_of(
        kind,
        conversation_id=turn.contact.conversation.id,
        customer_id=turn.customer_id,
        order_id=order.id if order is not None else None,
    )


async def theirs(turn: Turn, limit: int = 20) -> list[Request]:
    """The latest requests of a customer, of whichever conversation; of who is not known as one, those made here so."""
    requests = Requests(turn.connection)
    if turn.customer_id is not None:
        return await requests.of_customer(turn.customer_id, limit=limit)
    here = await requests.of_conversation(turn.contact.conversation.id, limit=limit)
    return [one for one in here if one.customer_id is None]


def merged_details(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """A request's details and what is told now; of two texts both are kept, save what was said already."""
    said, more = before.get("text", ""), now.get("text", "")
    text = said if not more or more in said else more if said in more else f"{said}\n{more}"
    return {**before, **now, **({"text": text[-SAID:]} if text else {})}


_OF_THE_PROGRAM = {
    "request-asked": "restock-open", "request-known": "restock-open", "request-done": "restock-told",
    "request-declined": "restock-ended",
}  # fmt: skip
"""Texts in place of those that speak of a colleague."""


def request_text(turn: Turn, text_id: str, request: Request) -> str:
    """A text about a request: what it is, its number, that of its order, and when it was made."""
    number = request.order_number or ""
    if request.kind in OF_THE_PROGRAM:
        text_id = _OF_THE_PROGRAM.get(text_id, text_id)
    return turn.say(
        text_id,
        what=turn.say(f"decision-kind-{request.kind}", order=number, product=request.product(turn.language)),
        request=request.number,
        number=number,
        when=turn.moment(request.created_at),
    )


def as_made(task: Task, made: Request) -> OpenTask:
    """The task as it was asked of the shop, so that a part that is told anew leaves the rest."""
    kept = {slot.name: made.details[slot.name] for slot in task.slots if slot.name in made.details}
    if "products" in made.details:
        kept["items"] = made.details["products"]
    return OpenTask(name=task.name, order=made.order_id, values=kept)


def details_of(turn: Turn, opened: OpenTask, order: Order | None) -> dict[str, str]:
    """What staff read: each value, the lines by name, and the customer's own words."""
    details = dict(opened.values)
    if order is not None and "items" in details:
        ids = details["items"].split("\n")
        details["products"] = details["items"]
        details["items"] = "\n".join(
            line.name(turn.language) for line in order.lines if line.product_id in ids
        )
    return {**details, **({"text": opened.said} if opened.said else {})}


async def added_to(
    turn: Turn, task: Task, known: Request, details: Mapping[str, str], memory: Memory
) -> Answer:
    """A request that is open already: what is new goes into it, as long as nobody has decided.

    What a yes confirms is no more by being said in other words, unless they add to it.
    """
    memory = memory.having_filed(Filed(task=task.name, request=known.number, order=known.order_id))
    merged = merged_details(known.details, details)
    if known.created_at == turn.now and merged == known.details:
        return Answer(text="", memory=memory)
    if known.state == "asked" and merged != known.details:
        await Requests(turn.connection).amend(known.id, merged)
        told = {**merged, "text": known.details.get("text", "")} != {"text": "", **known.details}
        if told:
            return Answer(text=now_told(turn, task, known, merged), memory=memory)
        if turn.surely(Act.ADDS) or turn.surely(Act.CORRECTS):
            return Answer(text=turn.say("request-added", request=known.number), memory=memory)
    return Answer(text=request_text(turn, "request-known", known), memory=memory)


def now_told(turn: Turn, task: Task, made: Request, merged: Mapping[str, str]) -> str:
    """That a request is another now, and all that was told for it."""
    own = [slot for slot in task.slots if slot.name in merged and not slot.lists_lines]
    values = [(slot.shown, merged[slot.name]) for slot in own]
    told = "\n".join(value if shown is None else shown(turn, value) for shown, value in values)
    text_id = "request-corrected" if turn.does(Act.CORRECTS) else "request-added-told"
    return turn.say(text_id if told else "request-added", request=made.number, told=told)


async def told_before(turn: Turn, task: Task, opened: OpenTask) -> Mapping[str, str]:
    """What was told of the same order for something else that is under way or was asked for here, where a task needs
    it, too, and the message names nothing else of the order."""
    for known in [*turn.memory.tasks, *await _asked_here(turn, opened)]:
        others = known.order != opened.order or known.name == task.name
        items = known.values.get("items", "")
        if others or opened.values.get("items", items) != items:
            continue
        return {
            slot.name: known.values[slot.name]
            for slot in task.slots
            if slot.question and slot.name in known.values and slot.name not in opened.values
        }
    return {}


async def _asked_here(turn: Turn, opened: OpenTask) -> list[OpenTask]:
    """Requests of this conversation about the same order, as tasks, the latest first."""
    tasks = {one.request: one.task for one in turn.memory.filed if one.order == opened.order}
    made = await theirs(turn) if tasks else []
    return [as_made(turn.skills.tasks[tasks[one.number]], one) for one in made if one.number in tasks]
