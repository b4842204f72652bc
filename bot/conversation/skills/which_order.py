"""Which order is meant: named, pressed, spoken of before, the only one it can be, or asked for.

The one place where orders are read for a conversation, so that ownership is checked in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.conversation.answer import Answer, column
from bot.conversation.memory import Pending
from bot.conversation.skills import linking, product_words
from bot.conversation.turn import Asked, Skill, Turn
from bot.messages import Button
from nlu.acts import Act
from nlu.types import Entity, EntityKind
from storage.orders import Order, Orders

_RECENT = 6
_LISTED = 3
# An order this new is meant when it is the only one: people seldom write about last month's.
_FRESH = timedelta(days=14)
# Nobody reports after this long that something came broken or didn't come.
_LATELY = timedelta(days=30)
# A number that is found with less may be a price, a house or a year.
_A_NUMBER = 0.7
# What was said while the bot waited to hear which order.
_KEPT = 300
_WITH_A_CHOICE = (EntityKind.ADDRESS, EntityKind.SIZE, EntityKind.COLOUR)

_another = re.compile(
    r"另(外)?(一|的|那)?(个|单)|别的|其他|其它|最新|最近|上一?(单|次)|所有|全部|都有哪些|哪些订单"
    r"|\b(other|another|latest|newest|most recent|last|all|orders)\b",
    re.IGNORECASE,
).search

_other = re.compile(r"另(外)?(一|的|那)?(个|单)|别的|其他|其它|\b(other|another)\b", re.IGNORECASE).search
_newest = re.compile(
    r"最新(的|一)?(个|单|订单)|最近(的|那)?一?(个|单)|上一?(个|单|次)|刚刚?(买|下)的?"
    r"|\b(latest|newest|most recent|last) (order|purchase)|\bthe (latest|newest|most recent)\b",
    re.IGNORECASE,
).search

_all_of_them = re.compile(
    r"(订单|购买|购物|下单)(列表|记录|历史|查询)|(历史|全部|所有|近期|最近)的?订单"
    r"|(都买|都订|都下|买过|订过|下过)(过|了)?(些)?(什么|啥|哪些)|买了些什么"
    r"|(查看?|看看?|翻翻?|打开|点开|显示|列出?|调出)(一下|下)?(我的)?订单\W*$|^\W*我的?订单\W*$"
    r"|\b(my|all|recent|past|previous|earlier)\b.{0,12}\b(orders|purchases)\b|\b(order|purchase) (history|list)\b"
    r"|\borders? (on|in) my account\b|\bwhat (have|did) i (ordered|bought|order|buy)\b(?! (last|latest))"
    r"|^\W*((show|list|view|see|display|open)( me)? )?orders\W*$",
    re.IGNORECASE,
).search
_of_their_state = re.compile(
    r"催|尽快|加急|追踪|跟踪|到(了|哪|没)|发货|发了|签收|什么时候|多久|为(什么|啥)|还没"
    r"|\b(track|ship|arriv|deliver|coming|come|status|why|not|when|late\b|still|yet)|cancel|refund|return",
    re.IGNORECASE,
).search
_several = re.compile(
    r"全部|所有|历史|列表|记录|都|哪些|\b(orders|purchases|history|list)\b", re.IGNORECASE
).search
_where = re.compile(r"哪(?!些)|怎么|\b(where|how)\b", re.IGNORECASE).search
_looked_up = re.compile(r"看|查|找|\b(see|view|find|check|look|get to)\b", re.IGNORECASE).search
_BRIEF = 60
# What somebody wants to have besides or instead, and not what they ordered.
_other_products = re.compile(r"换成|改成|再加|加(上|一|个|件|两)|\b(add|instead)\b", re.IGNORECASE).search
_before_tax_number = re.compile(
    r"(\b(vat|tax|tin|ein|gst)\s?(id|no\.?|number|code|reg\w{0,12})?|税号|税务?.{0,3}号码?|识别号|信用代码)"
    r"\s?(is|是|为|:|：|#)?\s?$|\b(vat|tin|ein|gst)[\s-]?$",
    re.IGNORECASE,
).search
_TAX_NUMBER = re.compile(r"(vat|tin|ein|gst)", re.IGNORECASE)
_LOOKED_BACK = 40

NOT_SHIPPED = frozenset({"placed", "paid", "packed"})
ON_ITS_WAY = frozenset({"placed", "paid", "packed", "shipped"})
ARRIVED = frozenset({"shipped", "delivered"})


def names_all(text: str) -> bool:
    """Whether words ask to see all orders, and not what has become of one."""
    if len(text) > _BRIEF or not _all_of_them(text) or _of_their_state(text):
        return False
    return not _where(text) or _looked_up(text) is not None


def wants_all(turn: Turn) -> bool:
    """Whether somebody wants to see their orders."""
    pressed = turn.argument and not turn.argument.startswith("#")
    if turn.intent != "order_status" or pressed or named_number(turn) is not None:
        return False
    # Who has just named one to prove who they are wants that one, unless they said several.
    return names_all(turn.text) and (not turn.argument or _several(turn.text) is not None)


def in_status(statuses: frozenset[str]) -> Callable[[Order], bool]:
    """Orders with one of these statuses."""
    return lambda order: order.status in statuses


def lately(turn: Turn, relevant: Callable[[Order], bool]) -> Callable[[Order], bool]:
    """Of these orders, those of the last weeks."""
    return lambda order: relevant(order) and turn.now - order.placed_at < _LATELY


async def find(
    turn: Turn, relevant: Callable[[Order], bool], action: str, *, insist: bool = False
) -> Order | Answer:
    """The customer's order that a message is about, or the answer that asks for what is missing.

    Args:
        turn: its argument may name an order: an id from a button, or `#` and a number.
        relevant: which orders the wish makes sense for; used to choose when none is named.
        action: of the buttons below a list, such as `order:show`.
        insist: pass over the order spoken of before when the wish makes no sense for it.
    """
    if turn.customer_id is None:
        return linking.ask(turn)
    named = turn.argument.removeprefix("#") if turn.argument.startswith("#") else named_number(turn)
    if turn.argument and not turn.argument.startswith("#"):
        return await own(turn, turn.argument) or Answer(text=turn.say("button-stale"))
    if named:
        order = _own(turn, await Orders(turn.connection).by_number(named))
        return order or await _not_found(turn, named, action)
    guessed = await _guessed_number(turn)
    if guessed is not None:
        return guessed
    pointed = [one for thing in turn.pointed_at if (one := await own(turn, thing)) is not None]
    if len(pointed) == 1:
        return pointed[0]
    if turn.memory.order is not None and not (turn.wants_others or _another(turn.text)):
        spoken = await spoken_of(turn)
        if spoken is not None and await others_named(turn, spoken):
            return await _likely(turn, relevant, action)
        if spoken is not None and (relevant(spoken) or not insist):
            return spoken
    return await _likely(turn, relevant, action)


async def own(turn: Turn, order_id: str) -> Order | None:
    """The order of that id, if it is the customer's."""
    return _own(turn, await Orders(turn.connection).get(order_id))


async def spoken_of(turn: Turn) -> Order | None:
    """The customer's order that was spoken of before."""
    known = turn.memory.order if turn.customer_id is not None else None
    return await own(turn, known) if known is not None else None


def named_number(turn: Turn) -> str | None:
    """The order number in a message, if it is one for sure: no tax number, and nothing that may be a price."""
    entity = _number(turn)
    return entity.value if entity is not None and entity.score >= _A_NUMBER else None


def _number(turn: Turn) -> Entity | None:
    entity = turn.understanding.first(EntityKind.ORDER_NUMBER) if turn.understanding is not None else None
    if entity is None or turn.understanding is None:
        return None
    before, found, _ = turn.understanding.text.partition(entity.text.lstrip("#"))
    of_tax = found and _before_tax_number(before[-_LOOKED_BACK:])
    return None if of_tax or _TAX_NUMBER.match(entity.text) else entity


async def _guessed_number(turn: Turn) -> Order | None:
    """The order of what may be a number: one only where the customer has such an order."""
    entity = _number(turn)
    return None if entity is None else _own(turn, await Orders(turn.connection).by_number(entity.value))


async def others_named(turn: Turn, spoken: Order) -> list[Order]:
    """The customer's orders that hold what the message names, where the one spoken of doesn't."""
    if not product_words.naming_words(turn) or _other_products(turn.text):
        return []
    recent = await Orders(turn.connection).by_customer(turn.customer_id or "", limit=_RECENT)
    called = _called(turn, [spoken, *(order for order in recent if order.id != spoken.id)])
    return [] if spoken in called else called


def _called(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Of these orders those in which the products are that a message names: the best fit by words, else by name."""
    fits = {order.id: _words_for(turn, order) for order in orders}
    most = max(fits.values(), default=0)
    if most:
        return [order for order in orders if fits[order.id] == most]
    return [order for order in orders if _holds(order, turn.named(EntityKind.PRODUCT))]


def _words_for(turn: Turn, order: Order) -> int:
    """How many words of a message stand in the names of what was ordered."""
    names = [f"{line.name_zh} {line.name_en}" for line in order.lines]
    return max((product_words.in_name(turn, name) for name in names), default=0)


async def _likely(turn: Turn, relevant: Callable[[Order], bool], action: str) -> Order | Answer:
    recent = await Orders(turn.connection).by_customer(turn.customer_id or "", limit=_RECENT)
    if not recent:
        return Answer(text=turn.say("orders-none"), memory=turn.memory.settled())
    said = turn.text.casefold()
    named = [order for order in recent if order.number.casefold() in said]
    if len(named) == 1:
        return named[0]
    fitting = [order for order in recent if relevant(order)]
    if (turn.wants_others or _other(turn.text)) and len(fitting) > 1:
        fitting = [order for order in fitting if order.id != turn.memory.order]
    if _newest(turn.text):
        return (fitting or recent)[0]
    if not _other_products(turn.text):
        # What somebody names is meant even when it is too late for what they wish.
        called = _called(turn, fitting) or _called(turn, recent)
        if len(called) == 1:
            return called[0]
        fitting = called or fitting
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        return recent[0]
    fresh = [order for order in fitting if turn.now - order.placed_at < _FRESH]
    if len(fresh) == 1:
        return fresh[0]
    return ask_which(turn, fitting[:_LISTED], action)


def ask_which(turn: Turn, orders: Sequence[Order], action: str) -> Answer:
    """List orders with a button each and wait for one of them."""
    lines = [one_line(turn, order) for order in orders]
    task = turn.skills.tasks_of.get(turn.intent, "")
    ids = "\n".join(order.id for order in orders)
    kept = {"intent": turn.intent, "action": action, "ids": ids, "task": task}
    return Answer(
        text="\n".join([turn.say("order-which"), *lines]),
        buttons=buttons(turn, orders, action),
        memory=turn.memory.asking("order", **kept, text=turn.text[:_KEPT]),
    )


def buttons(turn: Turn, orders: Sequence[Order], action: str) -> tuple[tuple[Button, ...], ...]:
    """One button an order."""
    return column(
        *(
            Button(label=turn.say("button-order", number=order.number), action=f"{action}:{order.id}")
            for order in orders
        )
    )


def one_line(turn: Turn, order: Order) -> str:
    """An order in a list."""
    return turn.say(
        "order-line",
        number=order.number,
        items=items(turn, order),
        status=turn.say(f"status-{order.status}"),
        day=turn.day(order.placed_at),
    )


def items(turn: Turn, order: Order) -> str:
    """What is in it, as short as a chat needs it."""
    if not order.lines:
        return turn.money(order.total, order.currency)
    first = order.lines[0].name(turn.language)
    count = len(order.lines)
    return turn.say("items-more", first=first, count=count) if count > 1 else first


def _own(turn: Turn, order: Order | None) -> Order | None:
    return order if order is not None and order.customer_id == turn.customer_id else None


def _holds(order: Order, product_id: str | None) -> bool:
    return product_id is not None and any(line.product_id == product_id for line in order.lines)


async def _not_found(turn: Turn, number: str, action: str) -> Answer:
    """The same words whether the number is somebody else's or nobody's."""
    recent = await Orders(turn.connection).by_customer(turn.customer_id or "", limit=3)
    text = turn.say("order-not-found", number=number[:40])
    if not recent:
        return Answer(text=text, memory=turn.memory.settled())
    asked = ask_which(turn, recent, action)
    lines = "\n".join(one_line(turn, order) for order in recent)
    return replace(asked, text=f"{text}\n{turn.say('order-yours')}\n{lines}")


def said_before(turn: Turn, action: str, chosen: str) -> str | None:
    """What the customer who pressed an order of the list had said before, and while the list stood there."""
    pending = turn.memory.pending
    if pending is None or pending.kind != "order" or pending.data.get("action") != action:
        return None
    return pending.data.get("text", "") if chosen in pending.data.get("ids", "").split("\n") else None


async def _resume(turn: Turn) -> Answer | None:
    """The answer to "which one?": a place in the list, a number, or a product in it."""
    pending = turn.memory.pending
    if pending is None:
        return None
    if turn.denies or turn.does(Act.WITHDRAWS):
        return Answer(text=turn.say("cancel-kept"), memory=turn.memory.settled())
    ids = pending.data.get("ids", "").split("\n")
    chosen = await _chosen(turn, ids)
    first = pending.data.get("action", "").partition(":")[0]
    skill = turn.skills.by_intent.get(pending.data.get("intent", "")) or turn.skills.by_action.get(first)
    if skill is None:
        return None
    if chosen is None:
        return None if _moved_on(turn, skill) or pending.tries else await _once_more(turn, pending, ids)
    verb = pending.data.get("intent") or pending.data.get("action", "").partition(":")[2]
    heard = turn.memory.settled().heard(pending.data.get("intent"))
    wished = await turn.about(_with_choice(turn, pending.data.get("text", "")))
    return await skill.answer(replace(wished, memory=heard, intent=verb, argument=chosen))


def _with_choice(turn: Turn, before: str) -> str:
    """What was said before an order was chosen, and the choice where it says what is to be changed, too."""
    more = before and any(turn.named(kind) for kind in _WITH_A_CHOICE)
    return f"{before}\n{turn.text}" if more else before


def _moved_on(turn: Turn, skill: Skill) -> bool:
    """Whether the message is a wish of its own, or names another order, instead of an answer."""
    if named_number(turn) is not None or names_all(turn.text):
        return True
    return turn.does(Act.ASIDE) and any(wish.intent not in skill.intents for wish in turn.acts.wishes)


async def _once_more(turn: Turn, pending: Pending, ids: Sequence[str]) -> Answer:
    """What else was said is kept for the wish; the list is not read out a second time."""
    listed = [order for order_id in ids if (order := await own(turn, order_id)) is not None]
    text = f"{pending.data.get('text', '')}\n{turn.text}".strip()[:_KEPT]
    photo = turn.incoming.media is not None
    return Answer(
        text=turn.say("order-which-photo" if photo else "order-which-again"),
        buttons=buttons(turn, listed, pending.data.get("action", "")),
        memory=turn.memory.asking("order", **{**pending.data, "text": text}),
    )


async def picture_of(turn: Turn) -> Answer | None:
    """A picture that comes while the bot waits to hear which order is meant; None when it doesn't wait."""
    pending = turn.memory.pending
    if pending is None or pending.kind != "order":
        return None
    return await _once_more(turn, pending, pending.data.get("ids", "").split("\n"))


async def _chosen(turn: Turn, ids: Sequence[str]) -> str | None:
    pointed = [thing for thing in turn.pointed_at if thing in ids]
    if len(pointed) == 1:
        return pointed[0]
    if _newest(turn.text) and ids:
        return ids[0]
    guessed = await _guessed_number(turn)
    if guessed is not None:
        return guessed.id
    listed = [order for order_id in ids if (order := await own(turn, order_id)) is not None]
    said = turn.text.strip().lstrip("#＃").casefold()
    number = (named_number(turn) or said).casefold()
    for order in listed:
        short = len(said) >= 3 and said.isalnum() and order.number.casefold().endswith(said)
        if order.number.casefold() == number or short:
            return order.id
    called = _called(turn, listed)
    return called[0].id if len(called) == 1 else None


async def _list(turn: Turn) -> Answer:
    found = await find(turn, lambda order: True, "order:show")
    return found if isinstance(found, Answer) else Answer(text=one_line(turn, found))


SKILLS = (
    Skill(
        name="which_order",
        answer=_list,
        questions={"order": Asked(kind="choice", slot="order")},
        resume=_resume,
        always=True,
    ),
)
