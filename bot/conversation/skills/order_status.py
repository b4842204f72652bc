"""Where is my order: what happened to it, where the parcel was seen, and as of when."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation.answer import Answer, Rows, row
from bot.conversation.skills import linking, pages, parcel_words, which_order
from bot.conversation.turn import Skill, Turn
from bot.messages import Button
from nlu.types import EntityKind
from storage.orders import Order, Orders

_LIST = 5
_who_carries = re.compile(
    r"(什么|哪个|哪家|谁家?).{0,3}(快递|物流)|快递公司|\b(which|what|who)\b.{0,16}(carrier|courier|deliver|shipp?)",
    re.IGNORECASE,
).search
_BOUGHT_LAST = re.compile(
    r"(上次|上回|上一次|最近一次|最后一次|最近)(都)?(买|下单|订)(了|的)?(是)?(什么|啥|哪些)"
    r"|\b(what|which)\b.{0,12}\bi (order(ed)?|buy|bought|purchased?)\b.{0,12}\b(last|latest|recently)\b",
    re.IGNORECASE,
)
_WHERE_MINE = re.compile(r"\bwhere('s|s| is| are|'re) my\b|我的?.{1,12}(到哪|在哪|送到哪)", re.IGNORECASE)
_BRIEF = 60


def asks_for_last(text: str) -> bool:
    """Whether somebody wants to know what they bought last."""
    return len(text) <= _BRIEF and _BOUGHT_LAST.search(text) is not None


def asks_where(text: str) -> bool:
    """Whether somebody asks where something that is theirs is."""
    return len(text) <= _BRIEF and _WHERE_MINE.search(text) is not None


async def _status(turn: Turn) -> Answer:
    if turn.intent in ("list", "orders") or which_order.wants_all(turn):
        return await _list(turn)
    if turn.customer_id is not None and asks_for_last(turn.text):
        return await _bought_last(turn, turn.customer_id)
    found = await which_order.find(turn, which_order.in_status(which_order.ON_ITS_WAY), "order:show")
    if isinstance(found, Answer):
        return found
    brief = _when_only(turn, found) if turn.intent == "delivery_time" else ""
    return Answer(
        text=brief or _words(turn, found),
        buttons=_buttons(turn, found),
        memory=turn.memory.about_order(found.id),
    )


async def _bought_last(turn: Turn, customer_id: str) -> Answer:
    newest = await Orders(turn.connection).by_customer(customer_id, limit=1)
    if not newest:
        return Answer(text=turn.say("orders-none"), memory=turn.memory.settled())
    (order,) = newest
    head = turn.say(
        "order-newest",
        number=order.number,
        day=turn.day(order.placed_at),
        total=turn.money(order.total, order.currency),
        status=turn.say(f"status-{order.status}"),
    )
    lines = [f"· {line.name(turn.language)} × {line.quantity}" for line in order.lines]
    return Answer(
        text="\n".join([head, *lines]),
        buttons=_buttons(turn, order),
        memory=turn.memory.about_order(order.id),
    )


async def _list(turn: Turn) -> Answer:
    if turn.customer_id is None:
        return linking.ask(replace(turn, intent="order_status"))
    recent = await Orders(turn.connection).by_customer(turn.customer_id, limit=_LIST)
    if not recent:
        return Answer(text=turn.say("orders-none"), memory=turn.memory.settled())
    if len(recent) == 1:
        return await _status(replace(turn, intent="show", argument=recent[0].id))
    lines = [which_order.one_line(turn, order) for order in recent]
    asked = which_order.ask_which(replace(turn, intent="order_status"), recent, "order:show")
    return replace(asked, text="\n".join([turn.say("orders-recent"), *lines]))


async def _time(turn: Turn) -> Answer:
    """When an order of theirs will come, else how long it takes in general."""
    about_order = turn.named(EntityKind.ORDER_NUMBER) is not None or turn.memory.order is not None
    if turn.customer_id is not None:
        if not about_order:
            recent = await Orders(turn.connection).by_customer(turn.customer_id, limit=_LIST)
            about_order = any(order.status in which_order.ON_ITS_WAY for order in recent)
        if about_order:
            return await _status(turn)
    if about_order:
        return linking.ask(turn)
    return await pages.answer(turn)


async def _carrier(turn: Turn) -> Answer:
    """Who carries the order spoken of, else how the shop ships."""
    order = await which_order.spoken_of(turn) if _who_carries(turn.text) else None
    if order is None or not order.sent:
        return await pages.answer(turn)
    lines = [
        turn.say("order-carrier", number=order.number, **parcel_words.carried(turn, parcel))
        for parcel in order.sent
    ]
    return Answer(text="\n".join(lines), memory=turn.memory.about_order(order.id))


def awaited(turn: Turn, order: Order) -> Answer:
    """Where a parcel is that somebody misses, with what can be done about it."""
    links = [line for line in _buttons(turn, order) if all(button.url for button in line)]
    help_ = row(
        turn.button("button-chase", f"parcel:chase:{order.id}"), turn.button("button-human", "human:ask")
    )
    return Answer(
        text=f"{turn.say('sorry-first')}{_words(turn, order)}",
        buttons=(*links, *help_),
        memory=turn.memory.about_order(order.id),
    )


def _words(turn: Turn, order: Order) -> str:
    if order.status in ("shipped", "delivered") and order.sent:
        return parcel_words.of_order(turn, order)
    lines = [summary(turn, order)]
    refund = order.refunds[-1] if order.refunds else None
    if order.status in ("cancelled", "returned"):
        if refund is not None:
            amount = turn.money(refund.amount, refund.currency)
            lines[0] += f" {turn.say(f'refund-short-{refund.status}', amount=amount)}"
        lines += parcel_words.sent_back(turn, order.sent_back)
    return "\n".join(lines)


def _when_only(turn: Turn, order: Order) -> str:
    """The day alone, where one parcel is meant, is on its way and on time."""
    boxes = parcel_words.meant(turn, order)
    if order.status != "shipped" or len(boxes) != 1 or parcel_words.awaits_more(order):
        return ""
    return parcel_words.expected(turn, boxes[0], order.number)


def summary(turn: Turn, order: Order) -> str:
    """An order in a sentence, without its parcels."""
    return turn.say(
        f"order-{order.status}",
        number=order.number,
        items=which_order.items(turn, order),
        total=turn.money(order.total, order.currency),
    )


def _buttons(turn: Turn, order: Order) -> Rows:
    links = [
        Button(
            label=turn.say("button-track", carrier=parcel_words.carried(turn, parcel)["carrier"]),
            url=parcel.tracking_url,
        )
        for parcel in parcel_words.meant(turn, order)
        if parcel.tracking_url and parcel.tracking_url.startswith("https://") and parcel.status != "delivered"
    ][:2]
    rows = row(*links)
    if any(parcel_words.is_late(turn, parcel) for parcel in order.sent):
        return (*rows, *row(turn.button("button-chase", f"parcel:chase:{order.id}")))
    if order.status == "delivered":
        return row(
            turn.button("button-return", f"return:start:{order.id}"),
            turn.button("button-missing", f"parcel:missing:{order.id}"),
        )
    if order.status in which_order.NOT_SHIPPED:
        return row(
            turn.button("button-cancel", f"change:cancel:{order.id}"),
            turn.button("button-address", f"change:address:{order.id}"),
        )
    return rows


SKILLS = (
    Skill(
        name="order_status",
        only_tells=True,
        answer=_status,
        intents=("order_status",),
        actions=("order",),
        commands=("orders", "order"),
        about_order=True,
    ),
    Skill(name="shipping", only_tells=True, answer=_carrier, intents=("shipping_options",)),
    Skill(name="delivery_time", only_tells=True, answer=_time, intents=("delivery_time",), about_order=True),
)
