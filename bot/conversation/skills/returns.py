"""Returns, refunds, and goods that arrived wrong."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation.skills import order_status, pages, which_order
from bot.conversation.skills.requesting import ask_shop
from bot.conversation.turn import Answer, Skill, Turn, row
from nlu.types import EntityKind
from storage.orders import Order, Orders, Refund
from storage.requests import Requests

_KIND = {
    "return_request": "return",
    "refund_request": "refund",
    "item_problem": "item_problem",
    "start": "return",
    "refund": "refund",
}
_LONG_ENOUGH = 4
_NONE_OF_OURS = 0.5
_TOLD_ALREADY = 10
_TOLD_WHICH = 18
_AFTER_SHIPPING = which_order.in_status(which_order.ARRIVED)
_DELIVERED = which_order.in_status(frozenset({"delivered"}))
_WHERE_TO = re.compile(
    r"(退|返|到|回).{0,6}(卡|账户|帐户|账号|支付宝|微信|零钱|余额|哪)|原路|原来的卡"
    r"|\b(to|on|onto|into|in) (my|the|which|a)\b.{0,16}\b(card|account|bank|wallet|alipay|wechat|paypal)\b"
    r"|\bwhere (does|will|do) (it|the money|my money|the refund) go\b",
    re.IGNORECASE,
)
_BRIEF = 60


async def paid_to(turn: Turn) -> Answer | None:
    """Where the money of a refund just spoken of goes; a question by the way, whatever else is open."""
    last = turn.memory.intents[0] if turn.memory.intents else None
    money = last in ("refund_status", "refund_request", "return_request")
    if not money or len(turn.text) > _BRIEF or not _WHERE_TO.search(turn.text):
        return None
    order = await Orders(turn.connection).get(turn.memory.order) if turn.memory.order else None
    own = order is not None and order.customer_id == turn.customer_id and order.refunds
    known = order.refunds[-1].paid_to if order is not None and own else None
    return Answer(text=turn.say("refund-goes", to=known or turn.say("refund-same-way")), memory=turn.memory)


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
    if _tells_enough(turn.text, found, kind):
        return _submit(turn, found, kind, turn.text)
    memory = replace(turn.memory.asking("return", order=found.id, for_=kind), order=found.id)
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
        return Answer(text=text if refund is None else _refund(turn, order, refund), memory=memory)
    if order.refunds and order.refunds[-1].status != "declined":
        return Answer(text=_refund(turn, order, order.refunds[-1]), memory=memory)
    return None


def _submit(turn: Turn, order: Order, kind: str, text: str) -> Answer:
    details = {"text": text.strip()[:500]}
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
    order = await Orders(turn.connection).get(pending.data.get("order", ""))
    if order is None or order.customer_id != turn.customer_id:
        return None
    return _submit(turn, order, pending.data.get("for_", "return"), turn.text)


async def _status(turn: Turn) -> Answer:
    """Where the money is: what the books say, and what was asked for here; to a stranger, how long it takes."""
    found = await which_order.find(turn, lambda order: bool(order.refunds), "refund:status")
    if isinstance(found, Answer):
        return found if turn.customer_id is not None else _usually(turn, found)
    memory = turn.memory.about_order(found.id)
    if found.refunds:
        return Answer(text=_refund(turn, found, found.refunds[-1]), memory=memory)
    asked = [
        item
        for item in await Requests(turn.connection).of_order(found.id)
        if item.kind in ("refund", "return", "cancel_order", "item_problem")
    ]
    if asked:
        latest = asked[0]
        values = {"request": latest.number, "number": found.number, "when": turn.moment(latest.created_at)}
        return Answer(text=turn.say(f"request-{latest.state}", **values), memory=memory)
    button = turn.button("button-refund", f"return:refund:{found.id}")
    return Answer(text=turn.say("refund-none", number=found.number), buttons=row(button), memory=memory)


def _usually(turn: Turn, asked: Answer) -> Answer:
    """What the pages say of refunds, before asking who it is."""
    passage = pages.passage_for(turn, turn.say("refund-how-long"))
    if passage is None or turn.named(EntityKind.ORDER_NUMBER) is not None:
        return asked
    return replace(asked, text=f"{pages.told(turn, passage)}\n\n{asked.text}")


def _refund(turn: Turn, order: Order, refund: Refund) -> str:
    values = {
        "number": order.number,
        "amount": turn.money(refund.amount, refund.currency),
        "asked": turn.day(refund.requested_at),
    }
    if refund.status == "paid":
        paid = refund.paid_at or refund.requested_at
        paid_to = refund.paid_to or turn.say("refund-same-way")
        return turn.say("refund-paid", **values, paid=turn.day(paid), to=paid_to)
    return turn.say(f"refund-{refund.status}", **values)


async def _missing(turn: Turn) -> Answer:
    """A parcel that is lost, shown as delivered but not here, or late: have it looked into."""
    recent = which_order.lately(turn, _AFTER_SHIPPING)
    found = await which_order.find(turn, recent, "parcel:missing")
    if isinstance(found, Answer):
        return _sorry(turn, found) if turn.intent == "delivery_problem" else found
    memory = turn.memory.about_order(found.id)
    if found.status in which_order.NOT_SHIPPED:
        return Answer(text=order_status.told(turn, found), memory=memory)
    if turn.intent == "delivery_problem" and found.status == "shipped" and turn.memory.order != found.id:
        return order_status.awaited(turn, found)
    kind = "chase_parcel" if turn.intent == "chase" else "delivery_problem"
    details = {"text": turn.text.strip()[:500]} if turn.text.strip() else {}
    text_id = "chase-asked" if kind == "chase_parcel" else "delivery-problem-asked"
    return ask_shop(turn, kind, found, details, text_id, number=found.number)


RETURNS = Skill(
    name="returns",
    answer=_ask,
    intents=("return_request", "refund_request", "item_problem"),
    actions=("return",),
    pending=("return",),
    resume=_resume,
    consoles=True,
)
REFUND_STATUS = Skill(name="refund_status", answer=_status, intents=("refund_status",), actions=("refund",))
DELIVERY_PROBLEM = Skill(
    name="delivery_problem",
    answer=_missing,
    intents=("delivery_problem",),
    actions=("parcel",),
    consoles=True,
)
