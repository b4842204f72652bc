"""What belongs to the customer: points, reviews, and the data kept about them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import filed, ownership, phrases, tasks, waiting
from bot.conversation import made as made_requests
from bot.conversation.answer import Answer, Rows, row
from bot.conversation.skills import linking, order_match, pages, which_order, wished_in_words
from bot.conversation.turn import Asked, RequestKind, Skill, Task, Turn
from bot.messages import Button
from storage.consents import MARKETING
from storage.customers import Consents, Customers
from storage.escalations import Escalations
from storage.events import Events, StoredEvent
from storage.known_orders import KnownOrders
from storage.orders import Order, Orders
from storage.points import PointChange, Points
from storage.requests import UNDECIDED, WITHDRAWN, Request

_STARS = 5
_CHANGES_SHOWN = 5
_TOLD = 3
_deletes = phrases.word_test("删 清除 清空 抹掉 注销", "delete erase remove wipe get_rid_of forget_me")
_copies = phrases.word_test("导出 一份 副本 拷贝 发我 发给我", "a_copy export send_me download")
_how = phrases.word_test("怎么 如何 多久", "how where")
"""What is to become of what is kept of somebody, where they speak of that."""


async def _points(turn: Turn) -> Answer:
    passage = await pages.passage_for(turn)
    rules = pages.passage_text(turn, passage) if passage is not None else ""
    memory = turn.memory.settled() if passage is None else pages.having_told(turn, passage)
    if turn.customer_id is None:
        if rules:
            return Answer(
                text=rules,
                buttons=row(turn.button("button-link", "link:start")),
                memory=memory,
            )
        return linking.ask(turn)
    tier = (
        turn.say(f"tier-{turn.contact.tier}")
        if turn.contact.tier in ("standard", "silver", "gold", "platinum")
        else turn.contact.tier
    )
    points = Points(turn.connection)
    balance = await points.balance(turn.customer_id, turn.now)
    latest = await points.latest(turn.customer_id, turn.now, limit=_CHANGES_SHOWN)
    lines = [turn.say("points", points=str(balance), tier=tier)]
    if latest:
        orders = await _orders_named(turn, [one.order_id for one in latest if one.order_id is not None])
        lines += [turn.say("points-latest"), *(_change(turn, one, orders) for one in latest)]
    return Answer(text="\n".join([*lines, rules]).strip(), memory=memory)


def _change(turn: Turn, change: PointChange, orders: Mapping[str, str]) -> str:
    """A line of the history of points."""
    number = orders.get(change.order_id or "")
    why = change.reason(turn.language) or (turn.say("points-of-order", number=number) if number else "")
    values = {"day": turn.day(change.at), "change": f"{change.change:+d}"}
    return turn.say("points-change-why", why=why, **values) if why else turn.say("points-change", **values)


async def _orders_named(turn: Turn, names: Collection[str]) -> dict[str, str]:
    """The numbers of those orders of theirs that are named by an id or a number."""
    orders = KnownOrders(turn.connection)
    found = {**await orders.by_numbers(names), **await orders.by_ids(names)}
    return {name: one.number for name, one in found.items() if one.customer_id == turn.customer_id}


async def _requests(turn: Turn) -> Answer:
    """How what was asked of the shop stands: what the message names of it, else the latest here, else what is open."""
    made = await _made(turn)
    case = await _case(turn, made)
    if case is not None:
        return case
    if not made:
        return await waiting.told(turn) if turn.in_queue else await _nothing_asked(turn)
    named = await _named(turn, made)
    here = [one for one in made if one.conversation_id == turn.contact.conversation.id]
    open_ones = [one for one in made if one.state in UNDECIDED]
    told = named or here[:1] or open_ones or made[:1]
    lines = [made_requests.request_text(turn, f"request-{one.state}", one) for one in told[:_TOLD]]
    lines += [turn.say("decision-note", note=one.note) for one in told[:1] if one.note]
    return Answer(text="\n".join(lines), memory=turn.memory.settled())


async def _case(turn: Turn, made: Sequence[Request]) -> Answer | None:
    """How what was handed to people stands: the case that the message names, else the latest where it asks for none of
    the requests."""
    number = ownership.case_named(turn.text)
    if number is None and (
        not wished_in_words.asks_for_case(turn.text) or any(one.kind == "complaint" for one in made)
    ):
        return None
    cases = await Escalations(turn.connection).of_person(turn.contact.conversation.id, turn.customer_id)
    found = next((one for one in cases if number in (None, one.id)), None)
    if found is None:
        # The same words whether the number is somebody else's or nobody's.
        return (
            None if number is None else Answer(text=turn.say("case-none", case=ownership.case_number(number)))
        )
    values = {"case": ownership.case_number(found.id), "when": turn.moment(found.opened_at)}
    if found.state == "waiting":
        return replace(await waiting.case_told(turn, found, values), memory=turn.memory)
    ended = found.ended_at or turn.now
    text = turn.say(f"case-{found.state}", **values, ended=turn.moment(ended))
    return Answer(
        text=text, buttons=() if found.state == "taken" else turn.human, memory=turn.memory.settled()
    )


async def _made(turn: Turn) -> list[Request]:
    return [one for one in await made_requests.theirs(turn) if one.note != WITHDRAWN]


async def _named(turn: Turn, made: Sequence[Request]) -> list[Request]:
    """Those that the message names by their number, their order, what is in it, or what they are."""
    said = turn.text.casefold()
    numbered = [one for one in made if one.number.casefold() in said]
    if numbered:
        return numbered
    orders = await Orders(turn.connection).by_ids({one.order_id for one in made if one.order_id is not None})
    fitting = {order.id for order in order_match.told_apart(turn, list(orders.values()))}
    of_orders = [one for one in made if one.order_id in fitting] or list(made)
    called = {one.kind: _called(turn, one.kind) for one in made}
    of_kind = [
        one
        for one in of_orders
        if any(
            word in said and all(word not in words for kind, words in called.items() if kind != one.kind)
            for word in called[one.kind]
        )
    ]
    return of_kind or (of_orders if fitting else [])


def _called(turn: Turn, kind: str) -> frozenset[str]:
    """Words, in Chinese pairs of characters, of what a kind of request is called."""
    called = turn.say(f"decision-kind-{kind}", order="", product="").casefold()
    if turn.language == "zh":
        return frozenset(pair for pair in map("".join, pairwise(called)) if " " not in pair)
    return frozenset(called.split())


async def _nothing_asked(turn: Turn) -> Answer:
    """That nothing is open, and how the order stands that is named or spoken of."""
    nothing = turn.say("requests-none")
    known = [] if turn.customer_id is None else await Orders(turn.connection).by_customer(turn.customer_id)
    if not order_match.told_apart(turn, known) and which_order.spoken_in(turn, known) is None:
        return Answer(text=nothing)
    told = await turn.skills.by_intent["order_status"].answer(replace(turn, intent="order_status"))
    return replace(told, text=f"{nothing}\n{told.text}")


async def _review(turn: Turn) -> Answer:
    if turn.intent.isdigit():
        return await _rated(turn, int(turn.intent))
    if turn.customer_id is None:
        passage = await pages.passage_for(turn)
        return await pages.answer(turn) if passage is not None else linking.ask(turn)
    found = await which_order.find(turn, lambda order: order.status == "delivered", "review:ask", insist=True)
    if isinstance(found, Answer):
        return found
    memory = turn.memory.about_order(found.id)
    if found.status != "delivered" or not found.lines:
        return Answer(text=turn.say("review-too-early", number=found.number), memory=memory)
    stars = [Button(label="★" * count, action=f"review:{count}:{found.id}") for count in range(_STARS, 0, -1)]
    text = turn.say("review-stars", name=found.lines[0].name(turn.language))
    return Answer(text=text, buttons=(*row(*stars[:3]), *row(*stars[3:])), memory=memory)


async def _rated(turn: Turn, stars: int) -> Answer:
    """Keep the stars of an order's first product; pressing again changes nothing."""
    order = await Orders(turn.connection).get(turn.argument)
    customer_id = turn.customer_id
    unfit = order is None or customer_id is None or order.customer_id != customer_id or not order.lines
    if unfit or order is None or customer_id is None or not 1 <= stars <= _STARS:
        return Answer(text=turn.say("button-stale"))
    event = StoredEvent(
        id=f"review:{order.id}:{order.lines[0].product_id}",
        kind="rating",
        customer_id=customer_id,
        product_id=order.lines[0].product_id,
        order_id=order.id,
        at=turn.now,
        value=float(stars),
        channel=turn.incoming.channel,
    )

    async def keep(connection: AsyncConnection) -> None:
        await Events(connection).append([event])

    text = turn.say("review-thanks" if stars > 2 else "review-sorry")
    buttons = () if stars > 2 else turn.human
    return Answer(text=text, buttons=buttons, effects=(keep,), memory=turn.memory.settled())


def _wishes(turn: Turn, says: Callable[[str], bool]) -> bool:
    """Whether what is said of what is kept says that, and is no question and no refusal."""
    return says(turn.text) and not (phrases.asks(turn.text) or wished_in_words.refuses(turn.text))


async def _data(turn: Turn) -> Answer:
    match turn.intent:
        case "export":
            return await tasks.file(turn, EXPORT, None)
        case "erase":
            return await tasks.begin(turn, ERASURE)
        case "erase-yes":
            return await tasks.file(turn, ERASURE, None)
        case "keep":
            memory = turn.memory.settled().without_task(ERASURE.name)
            return Answer(text=turn.say("cancel-kept"), memory=memory)
        case _ if wished_in_words.erases(turn.text) or _wishes(turn, _deletes):
            return await tasks.begin(turn, ERASURE)
        case _ if _copies(turn.text) and not _how(turn.text):
            return await tasks.file(turn, EXPORT, None)
        case _:
            return await _held(turn)


async def _held(turn: Turn) -> Answer:
    """What is kept, in a sentence, and what can be done about it."""
    account_id = turn.contact.conversation.account_id
    agreed = await Consents(turn.connection).granted(
        MARKETING, customer_id=turn.customer_id, account_id=account_id, channel=turn.incoming.channel
    )
    news = turn.say("data-news-on" if agreed else "data-news-off")
    known = None if turn.customer_id is None else await Customers(turn.connection).get(turn.customer_id)
    if known is None:
        text = turn.say("data-unlinked", news=news)
    else:
        orders = await Orders(turn.connection).by_customer(known.id, limit=500)
        points = await Points(turn.connection).balance(known.id, turn.now)
        text = turn.say(
            "data-linked",
            orders=len(orders),
            points=str(points),
            addresses=len(known.addresses),
            birthday="no" if known.birthday is None else "yes",
            news=news,
        )
    buttons = (
        *row(turn.button("button-export", "data:export"), turn.button("button-erase", "data:erase")),
        *(row(turn.button("button-prices", "prices:show")) if turn.customer_id is not None else ()),
    )
    return Answer(text=text, buttons=buttons, memory=turn.memory.settled())


def _erase_buttons(turn: Turn, _order: Order | None) -> Rows:
    return row(turn.button("button-erase-yes", "data:erase-yes"), turn.button("button-erase-no", "data:keep"))


EXPORT = Task(name="data_export", request="data_export", filed="data-export-asked", while_waiting=True)
ERASURE = Task(
    name="delete_data",
    request="data_erasure",
    confirm="data-erase-confirm",
    buttons=_erase_buttons,
    filed="data-erasure-asked",
)

SKILLS = (
    Skill(
        name="requests",
        only_tells=True,
        answer=_requests,
        intents=("request_status",),
        questions={"withdraw": Asked(kind="confirm")},
        resume=filed.withdraw_answered,
    ),
    Skill(name="membership", only_tells=True, answer=_points, intents=("membership_points",)),
    Skill(name="review", answer=_review, intents=("leave_review",), actions=("review",)),
    Skill(
        name="my_data",
        answer=_data,
        intents=("my_data",),
        actions=("data",),
        commands=("data",),
        always=True,
        tasks=(EXPORT, ERASURE),
        requests=(RequestKind(name="data_export"), RequestKind(name="data_erasure")),
    ),
)
