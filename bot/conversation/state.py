"""Where a conversation stands, as the reader of its messages is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.conversation import tasks
from bot.conversation.skills.order_lines import LINE
from bot.conversation.turn import Turn
from nlu.acts import DialogueState, Question, Shown
from storage.catalogue import Catalogue, Product
from storage.orders import Order, Orders

_MOST_SHOWN = 6
_ORDERS = 4
_READ = 2
"""So many of the last messages a reader needs."""
_LOOKING = {"recommend_request": "recommend", "product_search": "search"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The state, and what the things shown are."""

    state: DialogueState = field(default_factory=DialogueState)
    ids: tuple[str, ...] = ()
    """Of an order, a product, or the line of an order by its place; an intent's name. In the order of `state.shown`."""


async def told(turn: Turn) -> Told:
    """What the reader is told before it reads a message."""
    question = _question(turn)
    shown = await _shown(turn)
    return Told(
        state=DialogueState(
            question=question,
            tasks=(*(task.name for task in turn.memory.tasks), *_looked_for(turn)),
            filed=(*_person(turn), *(filed.task for filed in turn.memory.filed)),
            shown=tuple(one for _, one in shown),
            before=turn.memory.before[-_READ:],
        ),
        ids=tuple(thing for thing, _ in shown),
    )


def _looked_for(turn: Turn) -> tuple[str, ...]:
    """What the products on the screen were shown for."""
    if not turn.memory.products:
        return ()
    return (_LOOKING.get(turn.memory.intents[0] if turn.memory.intents else "", "show"),)


def _person(turn: Turn) -> tuple[str, ...]:
    """That a person was asked for, while one is waited for or has the conversation."""
    return ("human",) if turn.contact.conversation.owner in ("queue", "person") else ()


def _question(turn: Turn) -> Question | None:
    pending = turn.memory.pending
    if pending is None:
        return None
    skill = turn.skills.by_pending.get(pending.kind)
    asked = tasks.QUESTIONS.get(pending.kind) or (
        skill.questions[pending.kind] if skill is not None else None
    )
    if asked is None:
        return None
    kept = pending.data
    task = turn.skills.tasks.get(asked.task or kept.get("task", ""))
    slot = task.slot(kept.get("slot", "")) if task is not None else None
    if slot is not None and asked.kind == "value":
        asked = slot.asked_as
    return Question(
        kind=asked.kind, task=asked.task or kept.get("task", ""), slot=asked.slot or kept.get("slot", "")
    )


async def _shown(turn: Turn) -> list[tuple[str, Shown]]:
    """What is asked about first, then what was shown last, the order spoken of or products."""
    pending, memory = turn.memory.pending, turn.memory
    listed = pending.data.get("ids", "").split("\n") if pending is not None and "ids" in pending.data else []
    orders = listed or _spoken_of(turn)
    found = [*await _orders(turn, orders)]
    if pending is not None and "intents" in pending.data:
        found = [
            (intent, Shown(kind="meaning", text=turn.say(f"ask-{intent}")))
            for intent in pending.data["intents"].split(",")
            if intent
        ]
    if pending is not None and "lines" in pending.data:
        found = [*await _lines(turn, pending.data["lines"]), *found]
    products = await _products(
        turn, memory.products or ((memory.product,) if memory.product is not None else ())
    )
    last = memory.intents[0] if memory.intents else ""
    products_last = pending is None and last not in turn.skills.about_orders
    return [*products, *found][:_MOST_SHOWN] if products_last else [*found, *products][:_MOST_SHOWN]


def _spoken_of(turn: Turn) -> list[str]:
    """The order spoken of, and with it, as long as orders are spoken of, those spoken of or listed before."""
    memory = turn.memory
    if memory.order is None or turn.customer_id is None:
        return []
    last = memory.intents[0] if memory.intents else ""
    if memory.pending is not None or last not in turn.skills.about_orders:
        return [memory.order]
    return list(dict.fromkeys((memory.order, *memory.orders)))[:_ORDERS]


async def _orders(turn: Turn, ids: Sequence[str]) -> list[tuple[str, Shown]]:
    if not ids or turn.customer_id is None:
        return []
    known = await Orders(turn.connection).by_ids(ids)
    own = [known[one] for one in ids if one in known and known[one].customer_id == turn.customer_id]
    return [(order.id, order_shown(turn, order)) for order in own]


async def _lines(turn: Turn, order_id: str) -> list[tuple[str, Shown]]:
    known = await Orders(turn.connection).get(order_id)
    lines = known.lines if known is not None and known.customer_id == turn.customer_id else ()
    return [
        (f"{LINE}{place}", Shown(kind="line", text=f"{line.quantity} x {line.name(turn.language)}"))
        for place, line in enumerate(lines)
    ]


def order_shown(turn: Turn, order: Order) -> Shown:
    """An order as the reader knows it."""
    names = "; ".join(f"{line.quantity} x {line.name(turn.language)}" for line in order.lines[:4])
    return Shown(
        kind="order",
        text=f"{names} | {turn.say(f'status-{order.status}')} | {turn.day(order.placed_at)}",
        number=order.number,
        price=order.total,
        at=order.placed_at,
    )


async def _products(turn: Turn, ids: Sequence[str]) -> list[tuple[str, Shown]]:
    known = await Catalogue(turn.connection).by_ids(ids) if ids else {}
    return [(one, product_shown(turn, known[one])) for one in ids if one in known]


def product_shown(turn: Turn, product: Product) -> Shown:
    """A product as the reader knows it."""
    price = turn.prices.of(product)
    told = turn.money(price.amount, price.currency)
    return Shown(kind="product", text=f"{product.name(turn.language)} | {told}", price=price.amount)
