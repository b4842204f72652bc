"""Money that goes back, and goods that come back: how they stand, when and why that was decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

from bot.conversation.answer import Answer, row
from bot.conversation.made import request_text
from bot.conversation.skills import (
    offered,
    order_asked,
    order_facts,
    order_match,
    order_words,
    pages,
    parcel_words,
    quoted,
    which_order,
)
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import Skill, Turn
from nlu.acts import Act
from storage.orders import Order, OrderLine, Orders, Refund
from storage.requests import Request, Requests

_SENT_BACK = ("return", "exchange", "item_problem")
_OF_MONEY = ("refund", "return", "cancel_order", "item_problem")
_OPEN = ("requested", "approved")
_TO_WHERE = order_words.words(
    "退到|退哪|原路|哪张卡|哪个账|原来的卡|去哪了|to my card|my card|my account|my bank|which card"
    "|which account|the card|does it go|did it go|it went|that money go|the money go|it go to|money come back"
    "|money end up"
)
"""What asks where money goes, once a refund is spoken of."""
_SENDING = order_words.words("寄|邮|地址|接下来|下一步|send|post|mail|ship|address|next")
"""What asks where goods go, once a return was asked for."""
_DECIDED = order_words.words(
    "拒|驳回|没通过|没有通过|不通过|不批|没批|不给退|不让退|不同意|declined|decline|refused|rejected"
    "|denied|turned down|not approved|didn't approve"
)
_GOT = order_words.words("收到|到了|got my|get my|receive my|received my|got the|get the")
_MONEY = order_words.words("钱|款|money")
_IN_DAYS = order_words.words("几天|how many days")
_LONG = order_words.words("天了|多少天|工作日|个星期|个礼拜|周了|days|weeks")
"""What speaks of how long one that is still to be paid takes."""
_WHEN = frozenset({Fact.ARRIVAL, Fact.ARRIVED, Fact.DAY})
"""When the money comes: as long as it hasn't been paid the pages tell how long that takes."""
_REFUND = order_words.words("退|refund|refunded|back")
_REFUNDS = order_words.words("refunds|都退|哪些退款|所有退款|几笔")
_BACK = order_words.words("退|扣|refund|refunded|back|deducted|kept")
_OF_SUMS = frozenset({Fact.COSTS, Fact.TOTAL})
_BRIEF = 60
_LISTED = 3
_KNOWN = 100


async def by_the_way(turn: Turn) -> Answer | None:
    """What is asked of money or goods that go back, whatever else is open."""
    if turn.customer_id is None:
        return None
    return await on_its_way_back(turn) or await _sent_to(turn) or await _why(turn) or await _paid_to(turn)


async def on_its_way_back(turn: Turn) -> Answer | None:
    """Where the parcel of a return is, where one of theirs is on its way back or has come."""
    moves = order_asked.asked_in(turn.text) & {Fact.WHERE, Fact.ARRIVED, Fact.ARRIVAL} or order_asked.says(
        turn.text, _GOT
    )
    if turn.customer_id is None or not moves or not order_asked.of_the_way_back(turn.text):
        return None
    back = [order for order in await _known(turn) if order.sent_back]
    order = _spoken_first(turn, back)
    if order is None or order_asked.says(turn.text, _MONEY):
        return None
    lines = parcel_words.sent_back(turn, order.sent_back)
    if order.refunds:
        lines.append(_refund(turn, order, order.refunds[-1]))
    return Answer(text="\n".join(lines), memory=turn.memory.about_order(order.id))


async def _why(turn: Turn) -> Answer | None:
    """Why a refund was declined, where one of theirs was."""
    asked = order_asked.asked_in(turn.text)
    known = await _known(turn) if Fact.WHY in asked else []
    declined = [order for order in known if _of_state(order, "declined")]
    named = order_match.told_apart(turn, known)
    meant = [order for order in named if order in declined]
    if not order_asked.says(turn.text, _DECIDED):
        # Without a word for it, the goods or the sum that weren't paid back have to be named.
        back = bool(order_match.by_refund(turn, meant)) or order_asked.says(turn.text, _REFUND)
        declined = meant if back or asked == {Fact.WHY} else []
    order = _spoken_first(turn, [one for one in meant if one in declined] or declined)
    return None if order is None else _told(turn, [order], frozenset({Fact.WHY}))


async def _paid_to(turn: Turn) -> Answer | None:
    """Where the money of a refund just spoken of goes."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    money = last in ("refund_status", "refund_request", "return_request") or turn.told("payment_method")
    if not money or not order_asked.says(turn.text, _TO_WHERE) or turn.told("payment_method"):
        return None
    order = await which_order.spoken_of(turn)
    known = order.refunds[-1].paid_to if order is not None and order.refunds else None
    to = quoted.in_its_words(turn, known) if known else turn.say("refund-same-way")
    return Answer(text=turn.say("refund-goes", to=to), memory=turn.memory)


async def _known(turn: Turn) -> list[Order]:
    return await Orders(turn.connection).by_customer(turn.customer_id or "", limit=_KNOWN)


def _spoken_first(turn: Turn, orders: Sequence[Order]) -> Order | None:
    """Of these orders that which is named or spoken of, else the newest."""
    number = which_order.named_number(turn)
    if number is not None:
        return next((order for order in orders if order.number == number), None)
    spoken = [order for order in orders if order.id == turn.memory.order]
    return next(iter(spoken or orders), None)


def _of_state(order: Order, *states: str) -> bool:
    return any(refund.status in states for refund in order.refunds)


async def _sent_to(turn: Turn) -> Answer | None:
    """Where products go that come back, once a return of the order spoken of was asked for, or is just being."""
    pending = turn.memory.pending
    asking = turn.memory.task("return") is not None
    if (pending is not None and not asking) or not _asks_of_sending(turn):
        return None
    order = await which_order.spoken_of(turn)
    known = await _underway(turn, order) if order is not None else None
    if order is not None and known is not None:
        return _return_progress(turn, order, known)
    return Answer(text=turn.say("return-send-later"), memory=turn.memory) if asking else None


def _asks_of_sending(turn: Turn) -> bool:
    """Whether the message asks how goods are sent and gives no address or reason."""
    gives = any(turn.does(act) for act in (Act.GIVES, Act.CORRECTS, Act.ADDS, Act.YES))
    wished = {turn.skills.tasks_of.get(wish.intent, "return") for wish in turn.acts.wishes}
    wishes = bool(wished.difference(_SENT_BACK))
    return not (gives or wishes) and len(turn.text) <= _BRIEF and order_asked.says(turn.text, _SENDING)


async def _underway(turn: Turn, order: Order, kinds: Collection[str] = _SENT_BACK) -> Request | None:
    """What was asked for of an order, may have to be sent back, and isn't over."""
    made = await Requests(turn.connection).of_order(order.id)
    fitting = (
        item
        for item in made
        if item.customer_id == turn.customer_id and item.kind in kinds and item.state in ("asked", "accepted")
    )
    return next(fitting, None)


def _return_progress(turn: Turn, order: Order, known: Request) -> Answer:
    """How far a return is; what a colleague wrote of it may hold the address."""
    fresh = known.kind == "return" and known.state == "asked"
    lines = [request_text(turn, "return-asked" if fresh else f"request-{known.state}", known)]
    if known.note:
        lines.append(turn.say("decision-note", note=known.note))
    lines += parcel_words.sent_back(turn, order.sent_back)
    # It says how far it is, and nothing of what is asked of the way there.
    lacks = len(lines) == 1 and not fresh
    return Answer(text="\n".join(lines), memory=turn.memory.about_order(order.id), lacks=lacks)


async def _status(turn: Turn) -> Answer:
    """Where the money is: what the books say, and what was asked for here."""
    asked = order_asked.asked_in(turn.text)
    if turn.customer_id is not None and not turn.argument and which_order.named_number(turn) is None:
        chosen = _chosen(turn, await _known(turn))
        if chosen:
            return await _with_rule(turn, chosen, _told(turn, chosen, asked))
    found = await which_order.find(
        turn, lambda order: bool(order.refunds or order.sent_back), "refund:status"
    )
    if isinstance(found, Answer):
        return found
    if not found.refunds:
        return await _without(turn, found)
    return await _with_rule(turn, [found], _told(turn, [found], asked))


async def _with_rule(turn: Turn, orders: Sequence[Order], told: Answer) -> Answer:
    """What is told of refunds, where it wasn't told before; first how long one takes, where that is asked and one is
    still to be paid."""
    coming = any(_of_state(order, *_OPEN) for order in orders)
    rule = await _rule(turn, order_asked.says(turn.text, _LONG)) if coming else []
    stands = [] if rule and told.mark in turn.memory.said else [told.text]
    return replace(told, text="\n".join([*rule, *stands]))


def _chosen(turn: Turn, known: Sequence[Order]) -> list[Order]:
    """The orders with refunds that are meant: by the message's words, that spoken of, those still open, the newest."""
    paid_back = [order for order in known if order.refunds]
    spoken = [order for order in known if order.id == turn.memory.order]
    if order_match.by_refund(turn, spoken):
        return spoken
    named = order_match.told_apart(turn, known, by_state=True)
    if named:
        return [order for order in named if order.refunds][:1]
    every = order_asked.together(turn.text) and order_asked.says(turn.text, _REFUND)
    if len(paid_back) > 1 and (every or order_asked.says(turn.text, _REFUNDS)):
        return paid_back
    asked_here = any(one.order == turn.memory.order for one in turn.memory.filed)
    if spoken and (spoken[0].refunds or asked_here or turn.memory.intents[:1] != ("refund_status",)):
        return [order for order in spoken if order.refunds]
    return [order for order in paid_back if _of_state(order, *_OPEN)] or paid_back[:1]


def _told(turn: Turn, orders: Sequence[Order], asked: frozenset[Fact]) -> Answer:
    """How the refunds of these orders stand; of several what they make together, too."""
    newest = orders[0]
    memory = turn.memory.about_order(newest.id)
    refunds = [(order, refund) for order in orders for refund in order.refunds]
    lines: list[str] = []
    if len(refunds) > 1:
        if Fact.TOTAL in asked:
            lines += _sums(turn, [refund for _, refund in refunds])
        lines = lines or [_short(turn, order, refund) for order, refund in refunds[:_LISTED]]
    else:
        if Fact.CONTENTS in asked:
            names = turn.say("items-comma").join(line.name(turn.language) for line in newest.lines)
            lines.append(turn.say("refund-of", number=newest.number, items=names))
        lines.append(money(turn, *refunds[0], why=Fact.WHY in asked))
        if asked & (_OF_SUMS | {Fact.WHY}) and (Fact.WHY not in asked or refunds[0][1].status == "paid"):
            lines += _of_the_whole(turn, *refunds[0])
    declined = any(refund.status == "declined" for _, refund in refunds)
    return Answer(text="\n".join(lines), buttons=turn.human if declined else (), memory=memory)


def _of_the_whole(turn: Turn, order: Order, refund: Refund) -> list[str]:
    """How much of what an order cost comes back: all of it, with its shipping, or how much less."""
    total = turn.money(order.total, order.currency)
    shipping = turn.money(order.shipping_fee, order.currency)
    if refund.amount == order.total:
        return [turn.say("refund-all", shipping=shipping)] if order.shipping_fee else []
    if order.status not in ("cancelled", "returned"):
        return [order_facts.costs(turn, order)]
    kept = turn.money(order.total - refund.amount, order.currency)
    return [turn.say("refund-kept", kept=kept, total=total), order_facts.costs(turn, order)]


def asks_how_much(turn: Turn) -> bool:
    """Whether a message asks how much goes back, or is kept, of what was paid."""
    return bool(order_asked.asked_in(turn.text) & _OF_SUMS) and order_asked.says(turn.text, _BACK)


def how_much(turn: Turn, order: Order) -> Answer:
    """How much of an order's money goes back, where some does."""
    return _told(turn, [order], order_asked.asked_in(turn.text))


def _sums(turn: Turn, refunds: Sequence[Refund]) -> list[str]:
    """What was paid back, and what is still to come."""
    sums: Counter[tuple[str, str]] = Counter()
    for refund in refunds:
        state = "coming" if refund.status in _OPEN else refund.status
        sums[state, refund.currency] += refund.amount
    return [
        turn.say(f"refund-sum-{state}", total=turn.money(sum_, currency))
        for (state, currency), sum_ in sorted(sums.items())
        if state != "declined"
    ]


def _short(turn: Turn, order: Order, refund: Refund) -> str:
    """A refund in a list."""
    state = turn.say(f"refund-short-{refund.status}", amount=turn.money(refund.amount, refund.currency))
    values = {"number": order.number, "items": which_order.items(turn, order), "state": state}
    if refund.status == "declined" and refund.decision_reason:
        reason = quoted.in_its_words(turn, refund.decision_reason)
        return turn.say("refund-line-why", reason=reason, **values)
    return turn.say("refund-line", **values)


async def _without(turn: Turn, order: Order) -> Answer:
    """Of an order without a refund: the parcel of its return, and what was asked for here."""
    memory = turn.memory.about_order(order.id)
    back = parcel_words.sent_back(turn, order.sent_back)
    asked = [item for item in await Requests(turn.connection).of_order(order.id) if item.kind in _OF_MONEY]
    rule = await _rule(turn)
    if asked:
        text = request_text(turn, f"request-{asked[0].state}", asked[0])
        return Answer(text="\n".join([text, *rule, *back]), memory=memory, lacks=not back)
    button = turn.button("button-refund", f"return:refund:{order.id}")
    text = turn.say("refund-none", number=order.number)
    if turn.memory.pending is None and not turn.memory.tasks:
        # What is under way is asked for before that.
        memory = offered.offering(memory, button)
    return Answer(text="\n".join([*back, *rule, text]), buttons=row(button), memory=memory, lacks=not back)


async def _rule(turn: Turn, asked: bool = False) -> list[str]:
    """How long a refund takes, where that is asked and the pages say it."""
    if not (asked or order_asked.asked_in(turn.text) & _WHEN or order_asked.says(turn.text, _IN_DAYS)):
        return []
    passage = await pages.passage_for(turn, turn.say("rule-question-refund_status"), pages.NEAR)
    return [] if passage is None else [pages.passage_text(turn, passage)]


def lines_of_its_sum(order: Order, refund: Refund) -> list[OrderLine]:
    """The lines of which some pieces cost what a refund is of, with their share of the order's discount or without."""
    goods = sum(line.unit_price * line.quantity for line in order.lines)
    shares = (Decimal(1), Decimal(goods - order.discount) / goods if goods else Decimal(1))
    return [
        line
        for line in order.lines
        if any(
            abs(line.unit_price * count * share - refund.amount) < 1
            for count in range(1, line.quantity + 1)
            for share in shares
        )
    ]


def money(turn: Turn, order: Order, refund: Refund, *, why: bool = False) -> str:
    """How a refund stands, and where the goods are that came back for it; the reason first where that is asked."""
    back = [box for box in order.sent_back if box.refund_id in (None, refund.id)]
    return "\n".join([_refund(turn, order, refund, why=why), *parcel_words.sent_back(turn, back)])


def _refund(turn: Turn, order: Order, refund: Refund, *, why: bool = False) -> str:
    """How it stands, with why and since when; of one declined, what can be done."""
    values = {
        "number": order.number,
        "amount": turn.money(refund.amount, refund.currency),
        "asked": turn.day(refund.requested_at),
    }
    dated = refund.decided_at is not None and refund.status in ("approved", "declined")
    if refund.decided_at is not None and dated:
        lines = [turn.say(f"refund-{refund.status}-on", **values, decided=turn.day(refund.decided_at))]
    elif refund.status == "paid":
        paid = refund.paid_at or refund.requested_at
        paid_to = quoted.in_its_words(turn, refund.paid_to) if refund.paid_to else turn.say("refund-same-way")
        lines = [turn.say("refund-paid", **values, paid=turn.day(paid), to=paid_to)]
    else:
        lines = [turn.say(f"refund-{refund.status}", **values)]
    if refund.decision_reason:
        reason = turn.say("refund-decision", reason=quoted.in_its_words(turn, refund.decision_reason))
        lines = [reason, *lines] if why else [*lines, reason]
    elif refund.reason:
        lines.append(turn.say("refund-asked-because", reason=quoted.in_its_words(turn, refund.reason)))
    if refund.status == "declined":
        lines.append(turn.say("refund-appeal"))
    return "\n".join(lines)


SKILLS = (
    Skill(
        name="refund_status",
        only_tells=True,
        answer=_status,
        intents=("refund_status",),
        actions=("refund",),
        about_order=True,
    ),
)
