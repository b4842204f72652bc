"""Things only the shop can do: the bot asks for them, once, and never says that they are done.

A change of mind about what was just asked for takes it back, puts it right, or is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.memory import Memory, Pending
from bot.conversation.skills import which_order
from bot.conversation.turn import Answer, Turn, row
from nlu.types import EntityKind
from storage.orders import Order
from storage.requests import WITHDRAWN, NewRequest, Request, Requests, new_number

_SHORT = 60
_A_MOMENT = timedelta(hours=24)
_rather = re.compile(
    r"换(个|一个|一件|一台|货|新)|(不想|不要|不用)(退|换)|(想要?|要|给我|还是)(退钱|退款)"
    r"|\b(rather|prefer|instead)\b.{0,40}\b(new|another|replacement|exchange|money|refund)\b"
    r"|\b(new one|replacement|money back)\b",
    re.IGNORECASE,
).search
_LOOKED_AT = 10
_TEXT_KEPT = 2_000
"""Characters, the latest; all that was said is in the conversation."""
_done_yet = re.compile(
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
).search
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
_lets_go = re.compile(
    r"^\W*((oh|ok(ay)?|actually|well|no|哦|那|嗯|呃|还是)\W*)*"
    r"(nvm|never\s?mind|forget (it|that|about it)|scrap that|算了)(\W*(then|吧|不\w{1,3}了|吧?不\w{1,3}了))?\W*$",
    re.IGNORECASE,
).search
# Only where the message says no anyway.
_regrets = re.compile(
    r"\b(don['’]?t|do not)\b(?! (worry|know|think|mind))|\bnvm\b|\bnever ?mind\b|\bforget it\b|\bmistake\b|\boops\b"
    r"|\bnot (this|that)( one)?\b|\bwrong (one|button|order|item)\b|\btake (it|that) back\b"
    r"|手滑|[点按选弄搞发]错|不是(这|那)[个件单]|先别|别[取改换退弄动]|算了|不(取消|[改换退])|撤回|撤销",
    re.IGNORECASE,
).search
_undo = re.compile(r"撤回|撤销|\btake (it|that) back\b|\bwithdraw\b", re.IGNORECASE).search
_not_undo = re.compile(
    r"(不|别)(用|要|必)?撤|\b(don['’]?t|do not|no need to) (take|withdraw)\b", re.IGNORECASE
).search
_counted = re.compile(
    r"\d|[一二两三四五六七八九十][个件包盒瓶双套条份台]|\b(two|three|four|five|six|seven|eight|nine|ten|dozen)\b",
    re.IGNORECASE,
).search
_DETAILED = frozenset({EntityKind.SIZE, EntityKind.COLOUR, EntityKind.QUANTITY})


def ask_shop(
    turn: Turn, kind: str, order: Order | None, details: Mapping[str, str], text_id: str, **values: str | int
) -> Answer:
    """Make a request and say that it has been asked for, with its number.

    One that is open already is named instead of a second one; new details of it are added.
    """

    async def ask(connection: AsyncConnection) -> Answer:
        order_id = order.id if order is not None else None
        memory = turn.memory.about_order(order.id) if order is not None else turn.memory.settled()
        same_thing = await _just_asked(turn.within(connection), kind, order)
        if same_thing is not None:
            return await _added(turn.within(connection), same_thing, details, memory)
        known = await open_of(turn.within(connection), kind, order_id)
        if known is not None:
            if known.state == "asked" and _with(known, details) != known.details:
                return await _added(turn.within(connection), known, details, memory)
            return Answer(text=request_text(turn, "request-known", known), memory=memory)
        number = new_number(turn.now)
        await Requests(connection).add(
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

    return Answer(effects=(ask,))


async def open_of(turn: Turn, kind: str, order_id: str | None) -> Request | None:
    """The undecided request of a kind, by `Requests.open_of`."""
    return await Requests(turn.connection).open_of(
        kind,
        conversation_id=turn.contact.conversation.id,
        customer_id=turn.customer_id,
        order_id=order_id,
    )


def request_text(turn: Turn, text_id: str, request: Request) -> str:
    """A text about a request: its number, that of its order, and when it was made."""
    return turn.say(
        text_id,
        request=request.number,
        number=request.order_number or "",
        when=turn.moment(request.created_at),
    )


async def _just_asked(turn: Turn, kind: str, order: Order | None) -> Request | None:
    """The trouble reported a moment ago that a picture belongs to."""
    troubles = _troubles(turn)
    if turn.incoming.media is None or order is None or kind not in troubles:
        return None
    return await _undecided(turn, order.id, troubles)


def _troubles(turn: Turn) -> set[str]:
    """Kinds of requests that report something that went wrong."""
    return {kind.name for kind in turn.skills.requests if kind.trouble}


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
    if order_id is None or len(turn.text) > _SHORT or not _rather(turn.text):
        return None
    known = await _undecided(turn, order_id, _troubles(turn))
    if known is None:
        return None
    request, details = known, {"text": turn.text.strip()[:500]}

    async def add(connection: AsyncConnection) -> Answer:
        return await _added(turn.within(connection), request, details, turn.memory.settled())

    return Answer(effects=(add,))


async def progress(turn: Turn) -> Answer | None:
    """What became of a request made here or for the order spoken of, when the words ask that and nothing else."""
    if len(turn.text) > _SHORT or not _done_yet(turn.text):
        return None
    requests = Requests(turn.connection)
    made = await requests.of_conversation(turn.contact.conversation.id, limit=_LOOKED_AT)
    if turn.memory.order is not None and turn.customer_id is not None:
        made += await requests.of_order(turn.memory.order, limit=_LOOKED_AT)
    kinds = {kind.name for kind in turn.skills.requests if kind.words and kind.words.search(turn.text)}
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
    memory = turn.memory.settled()
    text = request_text(turn, f"request-{latest.state}", latest)
    return Answer(text=text, memory=memory.about_order(latest.order_id) if latest.order_id else memory)


def takes_back(text: str, kind: str) -> bool:
    """Whether the words alone say that a request of this kind, or the wish for one, no longer holds."""
    return _TAKES_BACK[kind].search(text) is not None


def says_no(turn: Turn) -> bool:
    """Whether a message that answers no question says no to what was asked for last."""
    kind = _asked_last(turn)
    if kind is None or turn.memory.pending is not None:
        return False
    return turn.denies or _lets_go(turn.text) is not None or takes_back(turn.text, kind)


async def second_thoughts(turn: Turn) -> Answer | None:
    """What a "no" does to the request just made; None when nothing is open."""
    kind, order_id = _asked_last(turn), turn.memory.order
    return None if kind is None or order_id is None else await no_to(turn, kind, order_id)


async def no_to(turn: Turn, kind: str, order_id: str) -> Answer | None:
    """Take an open request back where that is plainly meant, add a correction, else ask; None when none is open."""
    known = await open_request(turn, kind, order_id)
    if known is None:
        return None
    if known.state != "asked" or takes_back(turn.text, kind) or _lets_go(turn.text):
        return withdrawing(turn, kind, order_id, known.order_number or "")
    if _corrects(turn, kind):
        return await _corrected(turn, kind, order_id)
    if _regrets(turn.text):
        return withdrawing(turn, kind, order_id, known.order_number or "")
    return _ask(turn, known, order_id)


async def open_request(turn: Turn, kind: str, order_id: str) -> Request | None:
    """The customer's own undecided or accepted request of a kind for an order."""
    if turn.customer_id is None:
        return None
    known = await open_of(turn, kind, order_id)
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
                buttons=turn.human,
                memory=memory,
            )
        await Requests(connection).withdraw(known.id, turn.now)
        return Answer(text=turn.say("cancel-withdrawn", number=number), memory=memory)

    return Answer(effects=(withdraw,))


async def resume_undo(turn: Turn, pending: Pending) -> Answer | None:
    """The answer to "shall I take it back?"."""
    kind, order_id = pending.data.get("for_", ""), pending.data.get("order", "")
    known = await open_request(turn, kind, order_id)
    if known is None or kind not in _TAKES_BACK:
        return None
    stays = _not_undo(turn.text)
    if not stays and (turn.affirms or _undo(turn.text) or takes_back(turn.text, kind)):
        return withdrawing(turn, kind, order_id, known.order_number or "")
    if stays or turn.denies:
        return _stays(turn, known, order_id)
    return None


async def pressed_undo(turn: Turn, order_id: str, number: str) -> Answer:
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
    detailed = any(entity.kind in _DETAILED for entity in entities) or _counted(turn.text) is not None
    return kind == "change_order" and detailed


async def _corrected(turn: Turn, kind: str, order_id: str) -> Answer | None:
    order = await which_order.own(turn, order_id)
    if order is None:
        return None
    address = turn.named(EntityKind.ADDRESS) if kind == "change_address" else None
    details = {"text": turn.text.strip()[:500], **({"address": address[:200]} if address else {})}
    return ask_shop(turn, kind, order, details, "items-asked", number=order.number)


def _ask(turn: Turn, known: Request, order_id: str) -> Answer:
    buttons = row(
        turn.button("button-take-back", f"change:back-{known.kind}:{order_id}"),
        turn.button("button-leave-it", f"change:stay-{known.kind}:{order_id}"),
    )
    return Answer(
        text=request_text(turn, "request-take-back", known),
        buttons=buttons,
        memory=turn.memory.asking("undo", order=order_id, for_=known.kind),
    )


def _stays(turn: Turn, known: Request, order_id: str) -> Answer:
    return Answer(
        text=request_text(turn, f"request-{known.state}", known), memory=turn.memory.about_order(order_id)
    )
