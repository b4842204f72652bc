"""Things only the shop can do: the bot asks for them, once, and never says that they are done."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.memory import Memory
from bot.conversation.turn import Answer, Turn
from storage.orders import Order
from storage.requests import WITHDRAWN, NewRequest, Request, Requests, new_number

_SHORT = 60
_A_MOMENT = timedelta(hours=24)
_TROUBLES = frozenset({"delivery_problem", "item_problem"})
_RATHER = re.compile(
    r"换(个|一个|一件|一台|货|新)|(不想|不要|不用)(退|换)|(想要?|要|给我|还是)(退钱|退款)"
    r"|\b(rather|prefer|instead)\b.{0,40}\b(new|another|replacement|exchange|money|refund)\b"
    r"|\b(new one|replacement|money back)\b",
    re.IGNORECASE,
)
_LOOKED_AT = 10
_TEXT_KEPT = 2_000
"""Characters, the latest; all that was said is in the conversation."""
_DONE_YET = re.compile(
    r"(改|取消|退|换|办|弄|处理|审核|通过|申请|开)(好|成功|完|掉|到)?了(吗|么|嘛|没)|还没(改|取消|退|换|办|处理|审核|开)(好|完)"
    r"|申请.{0,6}(怎么样|进展|结果|通过|到哪|进度)|有(结果|进展|消息)了?(吗|么|没)"
    r"|\b(is|are|was|were|has|have|did)\b.{0,24}"
    r"\b(changed|cancell?ed|updated|done|processed|approved|accepted|exchanged|go(ne)? through)\b"
    r"|(取消|[改换退])了?没有?\W*$|(什么时候|啥时候|多久|几时)(才|能|可以|会){0,2}(改|办|弄|处理|审核|开)(好|完|出来|下来)"
    r"|\bwhen (will|would|is) (it|that|this|the invoice|my (request|invoice)) (going to )?be (ready|done|processed)\b"
    r"|\bdid (you|they|u) (already |actually |really )?(cancel|change|update|process|approve|exchange)\b"
    r"(?!.{0,12}\b(polic|price|terms|hours))"
    r"|\b(news|update|progress|happen(ed|ing)?)\b.{0,20}\b(request|change|cancellation|return|exchange|invoice)\b"
    r"|\b(status|state) of my request\b",
    re.IGNORECASE,
)
_KINDS = (
    (re.compile(r"改|chang|updat", re.I), "change_order"),
    (re.compile(r"改|地址|chang|updat|address", re.I), "change_address"),
    (re.compile(r"取消|cancel", re.I), "cancel_order"),
    (re.compile(r"发票|invoice", re.I), "invoice"),
    (re.compile(r"退|refund", re.I), "refund"),
    (re.compile(r"退|换|return|exchang", re.I), "return"),
    (re.compile(r"换|exchang", re.I), "item_problem"),
)


def ask_shop(
    turn: Turn, kind: str, order: Order | None, details: Mapping[str, str], text_id: str, **values: str | int
) -> Answer:
    """Make a request and say that it has been asked for, with its number.

    One that is open already is named instead of a second one; new details of it are added.
    """

    async def ask(connection: AsyncConnection) -> Answer:
        requests = Requests(connection)
        order_id = order.id if order is not None else None
        memory = turn.memory.about_order(order.id) if order is not None else turn.memory.settled()
        same_thing = await _just_asked(turn.within(connection), kind, order)
        if same_thing is not None:
            return await _added(turn.within(connection), same_thing, details, memory)
        known = await requests.open_of(kind, customer_id=turn.customer_id, order_id=order_id)
        same_conversation = known is not None and (
            turn.customer_id is not None or known.conversation_id == turn.contact.conversation.id
        )
        if known is not None and same_conversation:
            if known.state == "asked" and _with(known, details) != known.details:
                return await _added(turn.within(connection), known, details, memory)
            told = {"request": known.number, "when": turn.moment(known.created_at)}
            return Answer(text=turn.say("request-known", **told), memory=memory)
        number = new_number(turn.now)
        await requests.add(
            NewRequest(
                number=number,
                kind=kind,
                conversation_id=turn.contact.conversation.id,
                customer_id=turn.customer_id,
                order_id=order_id,
                details=details,
            ),
            turn.now,
        )
        return Answer(text=turn.say(text_id, request=number, **values), memory=memory)

    return Answer(then=ask)


async def _just_asked(turn: Turn, kind: str, order: Order | None) -> Request | None:
    """The trouble reported a moment ago that a picture belongs to."""
    if turn.incoming.media is None or order is None or kind not in _TROUBLES:
        return None
    return await _undecided(turn, order.id, _TROUBLES)


async def _undecided(turn: Turn, order_id: str, kinds: Collection[str]) -> Request | None:
    made = await Requests(turn.connection).of_conversation(turn.contact.conversation.id, limit=_LOOKED_AT)
    fitting = (
        item
        for item in made
        if item.order_id == order_id
        and item.customer_id == turn.customer_id
        and item.kind in kinds
        and item.state == "asked"
        and turn.now - item.created_at <= _A_MOMENT
    )
    return next(fitting, None)


async def _added(turn: Turn, known: Request, details: Mapping[str, str], memory: Memory) -> Answer:
    await Requests(turn.connection).amend(known.id, _with(known, details))
    return Answer(text=turn.say("request-added", request=known.number), memory=memory)


def _with(known: Request, details: Mapping[str, str]) -> dict[str, str]:
    """A request's details and what is told now; of two texts both are kept, save what was just said already."""
    before, now = known.details.get("text", ""), details.get("text", "")
    if not now or before == now or before.endswith(f"\n{now}"):
        return {**known.details, **details, **({"text": before} if before else {})}
    said = f"{before}\n{now}" if before else now
    return {**known.details, **details, "text": said[-_TEXT_KEPT:]}


async def preference(turn: Turn) -> Answer | None:
    """What somebody would rather have for the trouble just reported: noted with the request."""
    order_id = turn.memory.order
    if order_id is None or len(turn.text) > _SHORT or not _RATHER.search(turn.text):
        return None
    known = await _undecided(turn, order_id, _TROUBLES)
    if known is None:
        return None
    request, details = known, {"text": turn.text.strip()[:500]}

    async def add(connection: AsyncConnection) -> Answer:
        return await _added(turn.within(connection), request, details, turn.memory.settled())

    return Answer(then=add)


async def progress(turn: Turn) -> Answer | None:
    """What became of a request made here or for the order spoken of, when the words ask that and nothing else."""
    if len(turn.text) > _SHORT or not _DONE_YET.search(turn.text):
        return None
    requests = Requests(turn.connection)
    made = await requests.of_conversation(turn.contact.conversation.id, limit=_LOOKED_AT)
    if turn.memory.order is not None and turn.customer_id is not None:
        made += await requests.of_order(turn.memory.order, limit=_LOOKED_AT)
    kinds = {kind for words, kind in _KINDS if words.search(turn.text)}
    about = [
        item
        for item in made
        if item.order_number is not None
        and item.customer_id == turn.customer_id
        and item.note != WITHDRAWN
        and (not kinds or item.kind in kinds)
    ]
    if not about:
        return None
    latest = max(about, key=lambda item: item.id)
    told = {"request": latest.number, "number": latest.order_number or ""}
    text = turn.say(f"request-{latest.state}", **told, when=turn.moment(latest.created_at))
    memory = turn.memory.settled()
    return Answer(text=text, memory=memory.about_order(latest.order_id) if latest.order_id else memory)
