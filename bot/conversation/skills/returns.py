"""Returns, refunds, and products that arrived wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from bot.conversation.skills import order_status, pages, parcel_words, which_order
from bot.conversation.skills.requesting import ask_shop, request_text
from bot.conversation.turn import Answer, RequestKind, Skill, Turn, row
from nlu.types import EntityKind
from storage.orders import Order, Orders, Refund
from storage.requests import Request, Requests

_KIND = {
    "return_request": "return",
    "refund_request": "refund",
    "item_problem": "item_problem",
    "start": "return",
    "refund": "refund",
}
_INTENTS = {"return": "return_request", "refund": "refund_request", "item_problem": "item_problem"}
_SENT_BACK = ("return", "item_problem")
_LONG_ENOUGH = 4
# What was said before the bot asked for the reason, and the reason.
_KEPT = 300
_REASON = 500
_NONE_OF_OURS = 0.5
_TOLD_ALREADY = 10
_TOLD_WHICH = 18
_AFTER_SHIPPING = which_order.in_status(which_order.ARRIVED)
_DELIVERED = which_order.in_status(frozenset({"delivered"}))
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
_swap = re.compile(r"换|\b(swap|exchange)", re.IGNORECASE).search
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
# So few words that name other products say which order is meant.
_NO_REASON = 24
_DECIDED = ("declined", "approved", "paid")


async def paid_to(turn: Turn) -> Answer | None:
    """Where the money of a refund just spoken of goes; a question by the way, whatever else is open."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    money = last in ("refund_status", "refund_request", "return_request")
    asked = len(turn.text) <= _BRIEF and _where_to(turn.text) and not _NO_MONEY.search(turn.text)
    if not money or not asked:
        return None
    order = await which_order.own(turn, turn.memory.order) if turn.memory.order else None
    known = order.refunds[-1].paid_to if order is not None and order.refunds else None
    return Answer(text=turn.say("refund-goes", to=known or turn.say("refund-same-way")), memory=turn.memory)


async def sent_back(turn: Turn) -> Answer | None:
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


async def decided(turn: Turn) -> Answer | None:
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


async def sent_to(turn: Turn) -> Answer | None:
    """Where products go that come back, once a return of the order spoken of was asked for, or is just being."""
    pending = turn.memory.pending
    asking = pending is not None and pending.kind == "return"
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


async def _ask(turn: Turn) -> Answer:
    kind = _KIND.get(turn.intent, "return")
    # Money may be wanted back for a parcel that doesn't come; only what arrived can be returned or broken.
    refund = kind == "refund"
    relevant = _AFTER_SHIPPING if refund else _DELIVERED
    if kind == "item_problem":
        relevant = which_order.lately(turn, relevant)
    found = await which_order.find(turn, relevant, f"return:{turn.intent}", insist=not refund)
    if isinstance(found, Answer):
        return _sorry(turn, found) if kind == "item_problem" else found
    unfit = _not_possible(turn, found, kind)
    if unfit is not None:
        return unfit
    known = await _underway(turn, found, ("return",)) if kind == "return" else None
    if known is not None:
        # Asked for already: what is said now is added, and nothing is asked a second time.
        said = turn.text.strip()
        return _submit(turn, found, kind, said) if said else _return_progress(turn, found, known)
    if _tells_enough(turn.text, found, kind):
        return _submit(turn, found, kind, turn.text)
    memory = turn.memory.asking("return", order=found.id, for_=kind, text=turn.text.strip()[:_KEPT])
    memory = replace(memory, order=found.id)
    values = {"number": found.number, "items": which_order.items(turn, found)}
    return Answer(text=turn.say(f"{kind.replace('_', '-')}-why", **values), memory=memory)


def _sorry(turn: Turn, answer: Answer) -> Answer:
    """Something is broken or lost: that comes before the question which order it is."""
    if turn.argument or not turn.text.strip() or not answer.text:
        return answer
    return replace(answer, text=f"{turn.say('sorry-trouble')}{answer.text}")


def _tells_enough(text: str, order: Order, kind: str) -> bool:
    """Whether the words say already what is wrong, and with which item.

    What was added while the bot waited to hear which order counts as the reason; a Chinese character, double.
    """
    said = text.strip()
    if kind != "item_problem":
        return "\n" in said
    weight = len(said) + sum(not character.isascii() for character in said)
    return weight >= (_TOLD_ALREADY if len(order.lines) == 1 else _TOLD_WHICH)


def _not_possible(turn: Turn, order: Order, kind: str) -> Answer | None:
    values = {"number": order.number}
    memory = turn.memory.about_order(order.id)
    if order.status in which_order.NOT_SHIPPED:
        button = turn.button("button-cancel", f"change:cancel:{order.id}")
        return Answer(text=turn.say("return-not-shipped", **values), buttons=row(button), memory=memory)
    if order.status in ("cancelled", "returned") and kind != "refund":
        refund = order.refunds[-1] if order.refunds else None
        text = turn.say("too-late-over", **values, status=turn.say(f"status-{order.status}"))
        return Answer(text=text if refund is None else _money(turn, order, refund), memory=memory)
    if order.refunds and order.refunds[-1].status != "declined":
        return Answer(text=_money(turn, order, order.refunds[-1]), memory=memory)
    return None


def _submit(turn: Turn, order: Order, kind: str, text: str) -> Answer:
    details = {"text": text.strip()[: _KEPT + _REASON]}
    text_id = f"{kind.replace('_', '-')}-asked"
    return ask_shop(turn, kind, order, details, text_id, number=order.number)


async def _resume(turn: Turn) -> Answer | None:
    pending, whole = turn.memory.pending, turn.understanding
    if pending is None or whole is None:
        return None
    if turn.denies:
        return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    if turn.negative and (whole.urgent or not whole.understood):
        return None
    own = ("return_request", "refund_request", "item_problem", "product_question", "affirm")
    elsewhere = whole.understood and whole.intent not in own and whole.probability >= 0.75
    elsewhere = elsewhere or (whole.intent == "out_of_scope" and whole.probability >= _NONE_OF_OURS)
    if elsewhere or (len(turn.text.strip()) < _LONG_ENOUGH and whole.intent != "item_problem"):
        return None
    order = await which_order.own(turn, pending.data.get("order", ""))
    if order is None:
        return None
    number, kind = which_order.named_number(turn), pending.data.get("for_", "return")
    wished = whole.understood and whole.intent in own
    if number is not None and whole.understood and not wished:
        return None
    before = pending.data.get("text", "")
    reason = _joined(before, turn.text)
    if number is not None and (number.casefold() != order.number.casefold() or _is_all(turn, number)):
        said = reason if wished and not _is_all(turn, number) else before
        return await _again(replace(turn, argument=f"#{number}"), kind, said)
    others = await which_order.others_named(turn, order) if _names_at_most(turn.text) else []
    if others:
        return await _again(replace(turn, argument=others[0].id), kind, before)
    return _submit(turn, order, kind, reason)


async def _again(turn: Turn, kind: str, text: str) -> Answer:
    """Another order was named in place of the reason: what was said before is said of that one."""
    return await _ask(replace(turn, memory=turn.memory.settled(), intent=_INTENTS[kind], text=text))


def _names_at_most(text: str) -> bool:
    """Whether the words are too few for a reason, and wish for nothing in exchange."""
    return len(text) <= _NO_REASON and not _swap(text)


def _joined(before: str, now: str) -> str:
    """What was said before the bot asked, which may name the wish, and the answer; the same only once."""
    said = now.strip()[:_REASON]
    return said if before in ("", said) else f"{before}\n{said}"


def _is_all(turn: Turn, number: str) -> bool:
    return turn.text.strip(" #＃。.!！?？").casefold() == number.casefold()


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
        return Answer(text=_money(turn, found, found.refunds[-1]), buttons=buttons, memory=memory)
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


def _money(turn: Turn, order: Order, refund: Refund) -> str:
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


async def _missing(turn: Turn) -> Answer:
    """A parcel that is lost, shown as delivered but not here, or late: have it looked into."""
    recent = which_order.lately(turn, _AFTER_SHIPPING)
    found = await which_order.find(turn, recent, "parcel:missing")
    if isinstance(found, Answer):
        return _sorry(turn, found) if turn.intent == "delivery_problem" else found
    memory = turn.memory.about_order(found.id)
    if found.status in which_order.NOT_SHIPPED:
        return Answer(text=order_status.summary(turn, found), memory=memory)
    if turn.intent == "delivery_problem" and found.status == "shipped" and turn.memory.order != found.id:
        return order_status.awaited(turn, found)
    kind = "chase_parcel" if turn.intent == "chase" else "delivery_problem"
    details = {"text": turn.text.strip()[:500]} if turn.text.strip() else {}
    text_id = "chase-asked" if kind == "chase_parcel" else "delivery-problem-asked"
    return ask_shop(turn, kind, found, details, text_id, number=found.number)


SKILLS = (
    Skill(
        name="returns",
        answer=_ask,
        intents=("return_request", "refund_request", "item_problem"),
        actions=("return",),
        pending=("return",),
        resume=_resume,
        regrets=False,
        about_order=True,
        requests=(
            RequestKind(name="return", words=re.compile(r"退|换|return|exchang", re.I)),
            RequestKind(name="refund", words=re.compile(r"退|refund", re.I)),
            RequestKind(name="item_problem", words=re.compile(r"换|exchang", re.I), trouble=True),
        ),
    ),
    Skill(
        name="refund_status",
        answer=_status,
        intents=("refund_status",),
        actions=("refund",),
        about_order=True,
    ),
    Skill(
        name="delivery_problem",
        answer=_missing,
        intents=("delivery_problem",),
        actions=("parcel",),
        regrets=False,
        about_order=True,
        requests=(RequestKind(name="delivery_problem", trouble=True), RequestKind(name="chase_parcel")),
    ),
)
