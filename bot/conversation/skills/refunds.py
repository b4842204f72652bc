"""Money that goes back, and goods that come back: how they stand, when and why that was decided."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from bot.conversation.answer import Answer, row
from bot.conversation.made import request_text
from bot.conversation.skills import pages, parcel_words, which_order
from bot.conversation.turn import Skill, Turn
from nlu.types import EntityKind
from storage.orders import Order, Orders, Refund
from storage.requests import Request, Requests

_SENT_BACK = ("return", "exchange", "item_problem")
_where_to = re.compile(
    r"(退|返|到|回).{0,6}(卡|账户|帐户|账号|支付宝|微信|零钱|余额|哪)|原路|原来的卡"
    r"|\b(to|on|onto|into|in) (my|the|which|a)\b.{0,16}\b(card|account|bank|wallet|alipay|wechat|paypal)\b"
    r"|\bwhere (does|will|do) (it|the money|my money|the refund) go\b",
    re.IGNORECASE,
).search
# Goods and parcels go somewhere, too.
_NO_MONEY = re.compile(r"寄|邮(?!费)|快递|包裹|物流|(退|换)货(?!款|的?钱)")
_send_back = re.compile(
    r"(退货|退换货?|换货|寄回|退回|回寄).{0,6}(地址|哪(?!天))|地址.{0,6}(寄|退货|退换)"
    r"|寄(回|到|去|给)*(哪(?!里?了|儿了|天)|谁|什么地)|(往|到|去)哪(里|儿)?.{0,2}(寄|退货)|(怎么|咋)(样)?(寄|邮)"
    r"|\bwhere\b.{0,12}\b(i|we)\b.{0,8}\b(send|post|ship|mail|return)\b|\breturn address\b"
    r"|\bhow (do|should|can) (i|we) (send|post|ship|mail)\b|\baddress\b.{0,12}\b(send|post|return) (it|them|to)\b"
    r"|接下来|下一步|\bwhat('s| is| happens)? next\b|\bwhat (do|should) (i|we) do (now|next)\b",
    re.IGNORECASE,
).search
_their_return = re.compile(
    r"((退|寄)(货|回去?|的)|退换货?|我退的?).{0,8}(包裹|快递|物流|东西|货|件|单号)?.{0,6}"
    r"(到了?(吗|没|哪|仓|你们|你那)|收到|签收|物流|进度|在哪)"
    r"|(收到|签收).{0,8}(退|寄回)"
    r"|\b(get|got|receive|track|where|arrive|reach)\w*\b.{0,24}\b(my|the) return(ed)?\b"
    r"|\b(my|the) return(ed)?\b.{0,24}\b(arriv|receiv|reach|got|get|come|is it|track)"
    r"|\b(arriv|receiv|got|reach)\w*\b.{0,24}\b(sent|shipped|posted|mailed) back\b"
    r"|\b(sent|shipped|posted|mailed) back\b.{0,24}\b(arriv|receiv|got|reach)",
    re.IGNORECASE,
).search
_why_decided = re.compile(
    r"(为什么|为何|为啥|凭什么|怎么|什么原因|什么理由).{0,16}(拒|驳回|不(给|让|予|批|通过|同意)|没(有)?(通过|批))"
    r"|(拒|驳回|不(给|让|予|批|通过|同意)|没(有)?(通过|批)).{0,10}(为什么|为何|为啥|凭什么|原因|理由)"
    r"|\b(why|reasons?|how come)\b.{0,48}\b(declin|refus|reject|den(y|ied)|turn(ed)? (it |me )?down|approv)"
    r"|\b(declin|refus|reject|den(y|ied)|turned down)\w*\b.{0,32}\b(why|reasons?|how come)\b",
    re.IGNORECASE,
).search
_of_a_refund = re.compile(r"退|\b(refund|return|money)", re.IGNORECASE).search
_BRIEF = 60
_DECIDED = ("declined", "approved", "paid")


async def _paid_to(turn: Turn) -> Answer | None:
    """Where the money of a refund just spoken of goes; a question by the way, whatever else is open."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    money = last in ("refund_status", "refund_request", "return_request")
    asked = len(turn.text) <= _BRIEF and _where_to(turn.text) and not _NO_MONEY.search(turn.text)
    if not money or not asked:
        return None
    order = await which_order.own(turn, turn.memory.order) if turn.memory.order else None
    known = order.refunds[-1].paid_to if order is not None and order.refunds else None
    return Answer(text=turn.say("refund-goes", to=known or turn.say("refund-same-way")), memory=turn.memory)


async def _sent_back(turn: Turn) -> Answer | None:
    """Where the parcel of a return is, where one of theirs is on its way back or has come."""
    if turn.customer_id is None or len(turn.text) > _BRIEF or not _their_return(turn.text):
        return None
    order = await _of_theirs(turn, lambda order: bool(order.sent_back))
    if order is None:
        return None
    lines = parcel_words.sent_back(turn, order.sent_back)
    if order.refunds:
        lines.append(_refund(turn, order, order.refunds[-1]))
    return Answer(text="\n".join(lines), memory=turn.memory.about_order(order.id))


async def _decided(turn: Turn) -> Answer | None:
    """Why a refund was approved or declined, where the shop has decided on one."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    money = _of_a_refund(turn.text) or last in ("refund_status", "refund_request", "return_request")
    if turn.customer_id is None or len(turn.text) > _BRIEF or not money or not _why_decided(turn.text):
        return None
    order = await _of_theirs(turn, lambda order: any(one.status in _DECIDED for one in order.refunds))
    if order is None:
        return None
    refund = next(one for one in reversed(order.refunds) if one.status in _DECIDED)
    return Answer(
        text=_refund(turn, order, refund), buttons=turn.human, memory=turn.memory.about_order(order.id)
    )


async def _of_theirs(turn: Turn, fits: Callable[[Order], bool]) -> Order | None:
    """The order named or spoken of, if it fits, else the newest of theirs that does."""
    number = which_order.named_number(turn)
    if number is None:
        spoken = await which_order.spoken_of(turn)
        if spoken is not None and fits(spoken):
            return spoken
    recent = await Orders(turn.connection).by_customer(turn.customer_id or "")
    named = [order for order in recent if number in (None, order.number)]
    return next((order for order in named if fits(order)), None)


async def _sent_to(turn: Turn) -> Answer | None:
    """Where products go that come back, once a return of the order spoken of was asked for, or is just being."""
    pending = turn.memory.pending
    asking = turn.memory.task("return") is not None
    if (pending is not None and not asking) or len(turn.text) > _BRIEF or not _send_back(turn.text):
        return None
    order = await which_order.spoken_of(turn)
    known = await _underway(turn, order) if order is not None else None
    if order is not None and known is not None:
        return _return_progress(turn, order, known)
    return Answer(text=turn.say("return-send-later"), memory=turn.memory) if asking else None


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
    return Answer(text="\n".join(lines), memory=turn.memory.about_order(order.id))


async def _status(turn: Turn) -> Answer:
    """Where the money is: what the books say, and what was asked for here; to a stranger, how long it takes."""
    found = await which_order.find(
        turn, lambda order: bool(order.refunds or order.sent_back), "refund:status"
    )
    if isinstance(found, Answer):
        return found if turn.customer_id is not None else await _usually(turn, found)
    memory = turn.memory.about_order(found.id)
    if found.refunds:
        buttons = turn.human if found.refunds[-1].status == "declined" else ()
        return Answer(text=money(turn, found, found.refunds[-1]), buttons=buttons, memory=memory)
    back = parcel_words.sent_back(turn, found.sent_back)
    asked = [
        item
        for item in await Requests(turn.connection).of_order(found.id)
        if item.kind in ("refund", "return", "cancel_order", "item_problem")
    ]
    if asked:
        text = request_text(turn, f"request-{asked[0].state}", asked[0])
        return Answer(text="\n".join([text, *back]), memory=memory)
    button = turn.button("button-refund", f"return:refund:{found.id}")
    text = turn.say("refund-none", number=found.number)
    return Answer(text="\n".join([*back, text]), buttons=row(button), memory=memory)


async def _usually(turn: Turn, asked: Answer) -> Answer:
    """What the pages say of refunds, before asking who it is."""
    passage = await pages.passage_for(turn, turn.say("refund-how-long"))
    if passage is None or turn.named(EntityKind.ORDER_NUMBER) is not None:
        return asked
    return replace(asked, text=f"{pages.passage_text(turn, passage)}\n\n{asked.text}")


def money(turn: Turn, order: Order, refund: Refund) -> str:
    """How a refund stands, and where the goods are that came back for it."""
    back = [box for box in order.sent_back if box.refund_id in (None, refund.id)]
    return "\n".join([_refund(turn, order, refund), *parcel_words.sent_back(turn, back)])


def _refund(turn: Turn, order: Order, refund: Refund) -> str:
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
        paid_to = refund.paid_to or turn.say("refund-same-way")
        lines = [turn.say("refund-paid", **values, paid=turn.day(paid), to=paid_to)]
    else:
        lines = [turn.say(f"refund-{refund.status}", **values)]
    if refund.decision_reason:
        lines.append(turn.say("refund-decision", reason=refund.decision_reason))
    if refund.status == "declined":
        lines.append(turn.say("refund-appeal"))
    return "\n".join(lines)


async def by_the_way(turn: Turn) -> Answer | None:
    """What is asked of money or goods that go back, whatever else is open."""
    return await _decided(turn) or await _sent_back(turn) or await _sent_to(turn) or await _paid_to(turn)


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
