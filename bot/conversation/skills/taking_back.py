"""A change of mind about what was just asked of the shop: it is taken back, put right, or asked about."""

from __future__ import annotations

import re

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.memory import Pending
from bot.conversation.skills.requesting import ask_shop
from bot.conversation.turn import Answer, Turn, row
from nlu.types import EntityKind
from storage.orders import Orders
from storage.requests import Request, Requests

CHANGES = frozenset({"cancel_order", "change_order", "change_address"})
"""Intents that are also the kinds of the requests that they lead to."""

_REQUEST_OF = {**{kind: kind for kind in CHANGES}, "return_request": "return", "refund_request": "refund"}
_KEEP = (
    r"不取消|别取消|不用取消|取消.{0,4}(撤回|撤销|作废)|撤(回|销).{0,4}(取消|申请)|don['’]?t cancel|do not cancel|undo"
    r"|keep (the|my) order|\bkeep it\b|保留订单|(leave|keep) it as it is|withdraw (my|the|that|this) request"
    # Whoever changed their mind and names a cancellation wants one.
    r"|^(?!.*\bcancel).*changed my mind"
)
# Not 能不改吗 and 怎么还不改; 地址不改，数量改成 2 wants something after all.
_UNCHANGED = (
    r"^(?!.*([改换](成|为|到)|\bmake it\b|\b(change|switch|swap) (it |that )?to\b)).*"
    r"((?<![改换能可还么])(别|不用?|不要|先不)(再)?([改换](了|吧|啦)|[改换]\W*$)"
    r"|\b(don['’]?t|do not) (change|swap|switch)\b)"
)
_GOODS_KEPT = (
    r"(?<![退么还能可])(别|不想?|不用|不要)(退|换)(货|款)?(了|吧|啦)|\b(don['’]?t|do not) (return|refund)\b"
    r"|^\W*((no|ok(ay)?|actually|i['’]?ll|i will|let me|just)\W+)*keep (it|them)( after all| then)?\W*$"
)
_TAKES_BACK = {
    kind: re.compile(words, re.IGNORECASE)
    for kind, words in (
        ("cancel_order", _KEEP),
        ("change_order", f"{_KEEP}|{_UNCHANGED}"),
        ("change_address", f"{_KEEP}|{_UNCHANGED}"),
        ("return", _GOODS_KEPT),
        ("refund", _GOODS_KEPT),
    )
}
# The whole message; 算了取消吧 is the opposite.
_LETS_GO = re.compile(
    r"^\W*((oh|ok(ay)?|actually|well|no|哦|那|嗯|呃|还是)\W*)*"
    r"(nvm|never\s?mind|forget (it|that|about it)|scrap that|算了)(\W*(then|吧|不\w{1,3}了|吧?不\w{1,3}了))?\W*$",
    re.IGNORECASE,
)
# Only where the message says no anyway.
_REGRETS = re.compile(
    r"\b(don['’]?t|do not)\b(?! (worry|know|think|mind))|\bnvm\b|\bnever ?mind\b|\bforget it\b|\bmistake\b|\boops\b"
    r"|\bnot (this|that)( one)?\b|\bwrong (one|button|order|item)\b|\btake (it|that) back\b"
    r"|手滑|[点按选弄搞发]错|不是(这|那)[个件单]|先别|别[取改换退弄动]|算了|不(取消|[改换退])|撤回|撤销",
    re.IGNORECASE,
)
_UNDO = re.compile(r"撤回|撤销|\btake (it|that) back\b|\bwithdraw\b", re.IGNORECASE)
_NOT_UNDO = re.compile(
    r"(不|别)(用|要|必)?撤|\b(don['’]?t|do not|no need to) (take|withdraw)\b", re.IGNORECASE
)
_COUNTED = re.compile(
    r"\d|[一二两三四五六七八九十][个件包盒瓶双套条份台]|\b(two|three|four|five|six|seven|eight|nine|ten|dozen)\b",
    re.IGNORECASE,
)
_DETAILED = frozenset({EntityKind.SIZE, EntityKind.COLOUR, EntityKind.QUANTITY})


def takes_back(text: str, kind: str) -> bool:
    """Whether the words alone say that a request of this kind, or the wish for one, no longer holds."""
    return _TAKES_BACK[kind].search(text) is not None


def says_no(turn: Turn) -> bool:
    """Whether a message that answers no question says no to what was asked for last."""
    kind = _asked_last(turn)
    if kind is None or turn.memory.pending is not None:
        return False
    return turn.denies or _LETS_GO.search(turn.text) is not None or takes_back(turn.text, kind)


async def second_thoughts(turn: Turn) -> Answer | None:
    """What a "no" does to the request just made; None when nothing is open."""
    kind, order_id = _asked_last(turn), turn.memory.order
    return None if kind is None or order_id is None else await no_to(turn, kind, order_id)


async def no_to(turn: Turn, kind: str, order_id: str) -> Answer | None:
    """Take an open request back where that is plainly meant, add a correction, else ask; None when none is open."""
    known = await open_request(turn, kind, order_id)
    if known is None:
        return None
    if known.state != "asked" or takes_back(turn.text, kind) or _LETS_GO.search(turn.text):
        return withdrawing(turn, kind, order_id, known.order_number or "")
    if _corrects(turn, kind):
        return await _corrected(turn, kind, order_id)
    if _REGRETS.search(turn.text):
        return withdrawing(turn, kind, order_id, known.order_number or "")
    return _ask(turn, known, order_id)


async def open_request(turn: Turn, kind: str, order_id: str) -> Request | None:
    """The customer's own undecided or accepted request of a kind for an order."""
    if turn.customer_id is None:
        return None
    known = await Requests(turn.connection).open_of(kind, customer_id=turn.customer_id, order_id=order_id)
    return known if known is not None and known.customer_id == turn.customer_id else None


def withdrawing(turn: Turn, kind: str, order_id: str, number: str, *, none: str = "cancel-none") -> Answer:
    """Withdraw what nobody has acted on yet; `none` is said where nothing is open. The order is the customer's."""
    memory = turn.memory.about_order(order_id)

    async def withdraw(connection: AsyncConnection) -> Answer:
        known = await open_request(turn.within(connection), kind, order_id)
        if known is None:
            return Answer(text=turn.say(none, number=number), memory=memory)
        if known.state != "asked":
            return Answer(
                text=turn.say("cancel-accepted-already", number=number),
                buttons=row(turn.button("button-human", "human:ask")),
                memory=memory,
            )
        await Requests(connection).withdraw(known.id, turn.now)
        return Answer(text=turn.say("cancel-withdrawn", number=number), memory=memory)

    return Answer(then=withdraw)


async def resume(turn: Turn, pending: Pending) -> Answer | None:
    """The answer to "shall I take it back?"."""
    kind, order_id = pending.data.get("for_", ""), pending.data.get("order", "")
    known = await open_request(turn, kind, order_id)
    if known is None or kind not in _TAKES_BACK:
        return None
    stays = _NOT_UNDO.search(turn.text) is not None
    if not stays and (turn.affirms or _UNDO.search(turn.text) or takes_back(turn.text, kind)):
        return withdrawing(turn, kind, order_id, known.order_number or "")
    if stays or turn.denies:
        return _stays(turn, known, order_id)
    return None


async def pressed(turn: Turn, order_id: str, number: str) -> Answer:
    """A button below that question. The order is the customer's."""
    verb, _, kind = turn.intent.partition("-")
    known = await open_request(turn, kind, order_id)
    if verb == "stay" and known is not None:
        return _stays(turn, known, order_id)
    return withdrawing(turn, kind, order_id, number)


def _asked_last(turn: Turn) -> str | None:
    return _REQUEST_OF.get(turn.memory.intents[0]) if turn.memory.intents else None


def _corrects(turn: Turn, kind: str) -> bool:
    """Whether a "no" says how it should be instead."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    if kind == "change_address":
        return any(entity.kind is EntityKind.ADDRESS for entity in entities)
    detailed = any(entity.kind in _DETAILED for entity in entities) or _COUNTED.search(turn.text) is not None
    return kind == "change_order" and detailed


async def _corrected(turn: Turn, kind: str, order_id: str) -> Answer | None:
    order = await Orders(turn.connection).get(order_id)
    if order is None or order.customer_id != turn.customer_id:
        return None
    address = turn.named(EntityKind.ADDRESS) if kind == "change_address" else None
    details = {"text": turn.text.strip()[:500], **({"address": address[:200]} if address else {})}
    return ask_shop(turn, kind, order, details, "items-asked", number=order.number)


def _ask(turn: Turn, known: Request, order_id: str) -> Answer:
    buttons = row(
        turn.button("button-take-back", f"change:back-{known.kind}:{order_id}"),
        turn.button("button-leave-it", f"change:stay-{known.kind}:{order_id}"),
    )
    told = {"request": known.number, "number": known.order_number or ""}
    return Answer(
        text=turn.say("request-take-back", **told),
        buttons=buttons,
        memory=turn.memory.asking("undo", order=order_id, for_=known.kind),
    )


def _stays(turn: Turn, known: Request, order_id: str) -> Answer:
    told = {"request": known.number, "number": known.order_number or ""}
    return Answer(
        text=turn.say(f"request-{known.state}", **told, when=turn.moment(known.created_at)),
        memory=turn.memory.about_order(order_id),
    )
