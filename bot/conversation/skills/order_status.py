"""What customers ask of their orders: where they are, when they come, what is in them, what they cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.conversation.answer import Answer, Rows, row
from bot.conversation.made import request_text
from bot.conversation.phrases import word_test
from bot.conversation.skills import (
    delivery_words,
    linking,
    order_asked,
    order_days,
    order_facts,
    order_match,
    order_rules,
    order_words,
    pages,
    parcel_words,
    qualities,
    refunds,
    tracking,
    which_order,
)
from bot.conversation.skills.goods import facts, telling
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import Skill, Turn
from bot.messages import Button
from storage.catalogue import Catalogue
from storage.orders import STATUSES, Order, Orders
from storage.requests import UNDECIDED, Requests

_LIST = 5
_ASKED = 2
_KNOWN = 500
_PAID_FOR = which_order.ON_ITS_WAY - {"placed"}
_RATHER = 0.5
_OF_TIME = ("order_status", "delivery_time")
_OF_EACH = frozenset({Fact.CARRIER, Fact.RECORD, Fact.PAID_WITH, Fact.ADDRESS, Fact.COSTS, Fact.PLACED})
"""What is told of one order after the other where several are asked about."""
_OF_ALL_TOGETHER = frozenset({Fact.TOTAL, Fact.SPENT, Fact.COUNT})
_TILL_WHEN = frozenset({Fact.UNPAID, Fact.DAY, Fact.ARRIVAL})
"""What asks of an order that isn't paid till when it is kept: it comes on no day yet."""
_COMING = frozenset({Fact.ARRIVAL, Fact.DAY, Fact.SENT})
"""What the shop's rule answers as long as an order has no day yet."""
_WHAT_NOW = word_test(
    "说法 怎么办 咋办 处理 负责 赔 解决 查",
    "going_to_do will_you_do can_you_do do_about done_about sort_it compensat*",
)
_OF_SHIPPING = order_words.words("运费|邮费|快递费|postage|shipping|delivery|courier")
_PARCEL = order_words.words("包裹|快递|派送|parcel|package|packet|box")
_WAS_DUE = order_words.words("原定|原本|本来|本该|早该|该到|supposed|was due|should have|meant to")


async def _told(turn: Turn) -> Answer:
    """What is asked of an order, of several, or of all; how an order stands where nothing more is asked."""
    asked = order_asked.facts(turn)
    if turn.intent in ("list", "orders") or which_order.wants_all(turn):
        return await _list(turn)
    if turn.customer_id is not None:
        if asked & order_asked.OF_ALL:
            return await _of_all(turn, turn.customer_id, asked)
        back = await refunds.on_its_way_back(turn)
        if back is not None:
            return back
    any_state = frozenset({"placed"}) if Fact.UNPAID in asked else frozenset(STATUSES)
    relevant = which_order.in_status(any_state if _of_any(turn, asked) else which_order.ON_ITS_WAY)
    found = await which_order.meant(
        turn, relevant, "order:show", insist=Fact.UNPAID in asked, reading=True, rather=_likelier(turn)
    )
    if isinstance(found, Answer):
        return found
    if len(found) > 1:
        apart = asked & _OF_EACH and not asked & _OF_ALL_TOGETHER
        each = [(await _of_one(turn, order, asked)).text for order in found[:_LIST] if apart]
        text = "\n".join(each) or order_facts.of_several(turn, found, asked)
        memory = turn.memory.about_order(found[0].id).listing(tuple(order.id for order in found))
        return Answer(text=text, memory=memory)
    return await _of_one(turn, found[0], asked)


def _likelier(turn: Turn) -> Callable[[Order], int]:
    """How much of what a message says of the way of an order fits one: the day it is due, that it is brought today,
    that it is a parcel, that it is late."""
    asked = order_asked.facts(turn)
    of_late = bool(asked & {Fact.LATE, Fact.STILL}) or order_asked.says(turn.text, _WAS_DUE)
    of_the_way = bool(asked & (order_asked.OF_DELIVERY | {Fact.CONTENTS, Fact.DAY}))
    of_a_parcel = order_asked.says(turn.text, _PARCEL)

    def fits(order: Order) -> int:
        boxes = order.sent
        of_its_day = of_the_way and any(order_days.is_due_as_said(turn, box) for box in boxes)
        late = of_late and any(parcel_words.is_late(turn, box) for box in boxes)
        return 4 * of_its_day + 2 * (of_a_parcel and order.status == "shipped") + late

    return fits


async def _of_one(turn: Turn, order: Order, asked: frozenset[Fact]) -> Answer:
    """What is asked of one order."""
    if Fact.DAY in asked:
        # Of what has come or ended, no word says which day.
        asked |= {Fact.ARRIVAL} if order.status in which_order.ON_ITS_WAY else {Fact.PLACED, Fact.ARRIVAL}
    taken_off = Fact.COSTS in asked and not (order.discount or order_asked.says(turn.text, _OF_SHIPPING))
    if order.refunds and (taken_off or refunds.asks_how_much(turn)):
        return refunds.how_much(turn, order)
    if Fact.WHY in asked and order.refunds and order.status in ("cancelled", "returned"):
        return refunds.how_much(turn, order)
    if (
        Fact.WHY in asked
        and not asked & order_asked.OF_MONEY
        and (why := await _why(turn, order)) is not None
    ):
        return why
    told = [
        order_facts.of_one(turn, order, asked),
        delivery_words.told(turn, order, asked, summary(turn, order)),
    ]
    if told[0] and not told[1] and (Fact.WHERE in asked or _never_paid(order)):
        # What became of it is asked besides, or goes before a sum that nobody has paid.
        told.insert(0, _words(turn, order))
    text = "\n".join(filter(None, told))
    of_way = not told[0]
    known = bool(text)
    if not (text or asked) and (goods := await _of_its_goods(turn, order)) is not None:
        return goods
    if not text:
        of_way = turn.intent != "order_facts" or bool(asked & {Fact.WHERE, Fact.UNPAID})
        if of_way:
            text = "\n".join([_words(turn, order), *await _asked_for(turn, order)])
        else:
            text = order_facts.contents(turn, order)
    buttons = await _buttons(turn, order) if of_way else ()
    fixed = of_way and order.status == "packed" and not buttons
    text = "\n".join([text, *([turn.say("packed-fixed")] if fixed else []), *_notes(turn, order, asked)])
    rule = _rule(turn, order, asked)
    ruled = await pages.answer(replace(turn, intent=rule)) if rule else None
    if ruled is not None and not (ruled.lacks or ruled.tells_nothing):
        text = f"{text}\n\n{ruled.text}"
    text = "\n\n".join([text, *await _rules(turn, order, asked)])
    lacks = not (known or of_way or rule)
    return Answer(text=text, buttons=buttons, memory=turn.memory.about_order(order.id), lacks=lacks)


def _notes(turn: Turn, order: Order, asked: frozenset[Fact]) -> list[str]:
    """What is said below the facts: that no hour is known, or when an order was placed that waits to be paid."""
    no_hour = (
        order.status in _PAID_FOR and asked & {Fact.ARRIVAL, Fact.DAY} and order_asked.of_an_hour(turn.text)
    )
    unpaid = order.status == "placed" and asked & _TILL_WHEN
    placed = turn.say("order-placed-at", when=turn.moment(order.placed_at)) if unpaid else ""
    return [line for line in (turn.say("way-no-hour") if no_hour else "", placed) if line]


async def _of_its_goods(turn: Turn, order: Order) -> Answer | None:
    """What the shop states of the one thing of an order that is named, where a message asks that."""
    named = order_facts.named(turn, order)
    if len(named) != 1 or not qualities.in_question(turn.text):
        return None
    product = await Catalogue(turn.connection).get(named[0].product_id)
    if product is None or not (await facts.found(turn, product, by_meaning=False)).facts:
        return None
    told = await telling.about(replace(turn, intent="product_question"), product, named=False)
    return replace(told, memory=(told.memory or turn.memory).about_order(order.id))


def _never_paid(order: Order) -> bool:
    return (
        order.status == "cancelled" and order.paid_at is None and not (order.payment_method or order.refunds)
    )


async def _why(turn: Turn, order: Order) -> Answer | None:
    """Why an order isn't there yet or was cancelled, as far as that is known; None for any other."""
    memory = turn.memory.about_order(order.id)
    if order.status == "cancelled":
        if _never_paid(order):
            rule = await pages.passage_for(turn, turn.say("rule-question-unpaid"), pages.NEAR)
            rules = [pages.passage_text(turn, rule)] if rule is not None else []
            return Answer(text="\n\n".join([_words(turn, order), *rules]), buttons=turn.human, memory=memory)
        return Answer(text=turn.say("why-cancelled", number=order.number), buttons=turn.human, memory=memory)
    if order.status not in which_order.ON_ITS_WAY:
        return None
    reason = [turn.say("why-way")] if order.status == "shipped" else []
    text = "\n".join([*reason, _words(turn, order)])
    alone = turn.understanding.intents if turn.understanding is not None else ()
    of_time = any(one.intent in _OF_TIME and one.probability >= _RATHER for one in alone)
    return Answer(text=text, buttons=await _buttons(turn, order), memory=memory, lacks=not of_time)


def _rule(turn: Turn, order: Order, asked: frozenset[Fact]) -> str:
    """The intent of the pages that a fact of an order follows from, such as what its shipping cost; empty: none."""
    if order.status == "placed" and Fact.UNPAID in asked and not order_asked.of_a_time(turn.text):
        return "payment_methods"
    of_shipping = any(
        wish.intent == "shipping_fee" and wish.probability >= _RATHER for wish in turn.acts.wishes
    )
    return "shipping_fee" if of_shipping else ""


async def _rules(turn: Turn, order: Order, asked: frozenset[Fact]) -> list[str]:
    """The shop's rules that a fact of an order follows from: when one without a day leaves, how long one that isn't
    paid is kept, what may be done with one that is packed."""
    waits = order.status in which_order.NOT_SHIPPED - ({"placed"} if Fact.SENT not in asked else set())
    no_day = waits and delivery_words.due(turn, order) is None
    coming = asked & _COMING and asked <= order_asked.OF_DELIVERY | {Fact.DAY, Fact.PLACED}
    about = ["delivery_time"] if no_day and coming else []
    of_a_time = Fact.UNPAID not in asked or order_asked.of_a_time(turn.text)
    till_when = order.status == "placed" and asked & _TILL_WHEN and of_a_time
    about += ["unpaid"] if till_when else []
    late = any(parcel_words.is_late(turn, box) for box in order.sent)
    about += ["late"] if late and _WHAT_NOW(turn.text) else []
    about += ["change_order"] if order.status == "packed" and Fact.PACKED in asked else []
    found = [await pages.passage_for(turn, turn.say(f"rule-question-{one}"), pages.NEAR) for one in about]
    return [pages.passage_text(turn, one) for one in found if one is not None]


async def _asked_for(turn: Turn, order: Order) -> list[str]:
    """What is still open of what was asked of the shop for an order."""
    made = await Requests(turn.connection).of_order(order.id)
    return [
        request_text(turn, f"request-{one.state}", one)
        for one in made
        if one.state in UNDECIDED and one.customer_id == turn.customer_id
    ][:_ASKED]


def _of_any(turn: Turn, asked: frozenset[Fact]) -> bool:
    """Whether it may be asked of an order in any state, such as what it cost."""
    return turn.intent == "order_facts" or bool(asked - order_asked.OF_DELIVERY)


async def _of_all(turn: Turn, customer_id: str, asked: frozenset[Fact]) -> Answer:
    known = await Orders(turn.connection).by_customer(customer_id, limit=_KNOWN)
    if not known:
        return Answer(text=turn.say("orders-none"), memory=turn.memory.settled())
    text, order = order_facts.of_all(turn, known, asked)
    memory = turn.memory.settled() if order is None else turn.memory.about_order(order.id)
    return Answer(text=text, memory=memory)


async def _list(turn: Turn) -> Answer:
    if turn.customer_id is None:
        return linking.ask(replace(turn, intent="order_status"))
    recent = await Orders(turn.connection).by_customer(turn.customer_id, limit=_LIST)
    if not recent:
        return Answer(text=turn.say("orders-none"), memory=turn.memory.settled())
    told_apart = order_match.told_apart(turn, await Orders(turn.connection).by_customer(turn.customer_id))
    recent = told_apart[:_LIST] or recent
    if len(recent) == 1:
        return await _told(replace(turn, intent="show", argument=recent[0].id))
    lines = [which_order.one_line(turn, order) for order in recent]
    asked = which_order.ask_which(replace(turn, intent="order_status"), recent, "order:show")
    return replace(asked, text="\n".join([turn.say("orders-recent"), *lines]))


async def _time(turn: Turn) -> Answer:
    """When an order of theirs will come, else how long it takes in general."""
    about_order = which_order.named_number(turn) is not None or turn.memory.order is not None
    if turn.customer_id is not None and not about_order:
        recent = await Orders(turn.connection).by_customer(turn.customer_id, limit=_LIST)
        about_order = any(order.status in which_order.ON_ITS_WAY for order in recent)
    if about_order:
        return await _told(turn)
    theirs = turn.customer_id is None and order_asked.mine(turn.text)
    return await linking.asked(turn) if theirs else await pages.answer(turn)


async def _carrier(turn: Turn) -> Answer:
    """Who carries the order spoken of, else how the shop ships."""
    order = await which_order.spoken_of(turn) if Fact.CARRIER in order_asked.facts(turn) else None
    return await pages.answer(turn) if order is None else await _told(turn)


async def awaited(turn: Turn, order: Order) -> Answer:
    """Where a parcel is that somebody misses, with what can be done about it."""
    links = [line for line in await _buttons(turn, order) if all(button.url for button in line)]
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
    if _never_paid(order):
        lines[0] += turn.say("order-never-paid")
    day = delivery_words.due(turn, order)
    if order.status in which_order.NOT_SHIPPED and day is not None:
        lines.append(turn.say("parcel-expected", day=turn.near_day(day)))
    refund = order.refunds[-1] if order.refunds else None
    if order.status in ("cancelled", "returned"):
        if refund is not None:
            amount = turn.money(refund.amount, refund.currency)
            lines[0] += f" {turn.say(f'refund-short-{refund.status}', amount=amount)}"
        lines += parcel_words.sent_back(turn, order.sent_back)
    return "\n".join(lines)


def summary(turn: Turn, order: Order) -> str:
    """An order in a sentence, without its parcels."""
    return turn.say(
        f"order-{order.status}",
        number=order.number,
        items=which_order.items(turn, order),
        total=turn.money(order.total, order.currency),
    )


async def _buttons(turn: Turn, order: Order) -> Rows:
    links = [
        Button(label=turn.say("button-track", carrier=parcel_words.carried(turn, parcel)["carrier"]), url=url)
        for parcel in parcel_words.meant(turn, order)
        if parcel.status != "delivered" and (url := tracking.address(parcel, turn.services.shop.track_url))
    ][:2]
    rows = row(*links)
    if any(parcel_words.is_late(turn, parcel) for parcel in order.sent):
        return (*rows, *row(turn.button("button-chase", f"parcel:chase:{order.id}")))
    if order.status == "delivered":
        missing = turn.button("button-missing", f"parcel:missing:{order.id}")
        return await order_rules.buttons(turn, order, order_rules.RETURN, beside=(missing,))
    if order.status in which_order.NOT_SHIPPED:
        return await order_rules.buttons(turn, order, order_rules.CANCEL, order_rules.ADDRESS)
    return rows


SKILLS = (
    Skill(
        name="order_status",
        only_tells=True,
        answer=_told,
        intents=("order_status",),
        actions=("order",),
        commands=("orders", "order"),
        about_order=True,
    ),
    Skill(name="shipping", only_tells=True, answer=_carrier, intents=("shipping_options",)),
    Skill(name="delivery_time", only_tells=True, answer=_time, intents=("delivery_time",), about_order=True),
    Skill(name="order_facts", only_tells=True, answer=_told, intents=("order_facts",), about_order=True),
)
