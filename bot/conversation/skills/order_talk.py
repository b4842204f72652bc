"""What a message asks that is about the order spoken of, though it says so in few words or by itself means another
thing: "and the lip balm?", "total of both?", "is it late?"."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from bot.conversation import phrases
from bot.conversation.skills import order_asked, order_choice, order_match, product_words, which_product
from bot.conversation.skills.order_asked import Fact
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Turn
from nlu.acts import Act, Wish
from storage.orders import Order, Orders

_READS = frozenset({"order_status", "delivery_time", "order_facts", "refund_status"})
_MAY_BE_ABOUT_GOODS = frozenset(
    {
        "price_question", "product_question", "product_search", "stock_question", "shipping_fee", "shipping_options",
        "product_compare", "recommend_request", "payment_methods", "place_order", "repeat",
        "request_status", "store_info", "discount_request",
    }
)  # fmt: skip
_BEYOND = "out_of_scope"
_ENDED = order_asked.words("取消的|取消那|取消了|不付|没付|cancelled|canceled|don't pay")
_GIVEN_BACK = order_asked.words(
    "退了多少|退了没|给我退了|退我多少|give me back|gave me back|given back|paid back|pay me back|refunded"
)
_OF_GOODS = _MAY_BE_ABOUT_GOODS - {
    "shipping_fee", "shipping_options", "payment_methods", "place_order", "request_status", "store_info",
    "discount_request",
}  # fmt: skip
_SHORT_ANSWERS = frozenset({"affirm", "deny"})
_RATHER = 0.5
_SURE = 0.7
_LIKELY = 0.3
_TWICE = 2
"""One question that is read as two is answered once."""
_SHORT = 60
_KNOWN = 100
_OF_MONEY = frozenset({Fact.TOTAL, Fact.WHY, Fact.CONTENTS, Fact.ARRIVAL, Fact.DAY})
"""What may be asked on of a refund that was spoken of."""
_NOT_OF_GOODS = (order_asked.OF_DELIVERY | order_asked.OF_ALL | {Fact.PLACED, Fact.PAID_WITH, Fact.COSTS}) - {
    Fact.WHERE
}
_MONEY_BACK = ("refund_status", "refund_request")


async def follow_up(turn: Turn) -> tuple[Turn, str] | None:
    """The wish that a message has about orders, and the turn to answer it in; None where it has none, or one that needs
    no such help: mostly where the last one was about orders, else where what is asked is of something they bought."""
    last = turn.memory.intents[0] if turn.memory.intents else ""
    spoken = turn.memory.order is not None and last in turn.skills.about_orders
    asked = order_asked.facts(turn)
    pending = turn.memory.pending
    # Who is asked which product is meant may ask on of an order instead.
    waits = pending is not None and pending.kind not in ("clarify", *(("product",) if asked else ()))
    if turn.customer_id is None or waits or turn.in_queue or _wishes_else(turn):
        return None
    wished = [wish for wish in turn.acts.wishes if wish.probability >= _RATHER]
    if len({wish.text for wish in wished}) > 1:
        return None
    by_chance = sorted(wished, key=lambda wish: -wish.probability)
    reads = [wish.intent for wish in by_chance if wish.intent in _READS]
    goods = bool(_of(wished) - _said_by_facts(turn))
    known = await Orders(turn.connection).by_customer(turn.customer_id, limit=_KNOWN)
    # "No, the steamer" names another order; a mere yes or no is about none.
    if not (wished or asked) and _sure(turn) & _SHORT_ANSWERS and not order_match.told_apart(turn, known):
        return None
    if not reads:
        if "refund_status" not in _of(wished) and _paid_back(turn, known):
            return turn, "refund_status"
        if not (
            _about(turn, known, asked, of_goods=goods)
            if spoken
            else await _bought(turn, known, asked, of_goods=goods)
        ):
            return None
    elif not spoken and len(wished) < _TWICE:
        return None
    if not asked and not reads:
        # What was asked last is asked of another.
        before = turn.memory.before[-2] if len(turn.memory.before) > 1 and spoken else ""
        return replace(turn, asked_before=before), last if last in _READS else "order_status"
    return turn, await _wish(turn, last, reads, asked)


def _of(wished: list[Wish]) -> set[str]:
    return {wish.intent for wish in wished}


async def _bought(turn: Turn, known: list[Order], asked: frozenset[Fact], *, of_goods: bool) -> bool:
    """Whether something is asked of what a customer has bought, though no order was spoken of."""
    if len(turn.text) > _SHORT or turn.understanding is None or not known:
        return False
    if Fact.UNPAID in asked and any(order.status == "placed" for order in known):
        return True
    if asked & {Fact.COSTS, Fact.WHY} and order_match.by_part_of_sum(turn, known):
        return True
    own = order_asked.of_an_own_order(turn.text) or order_asked.newest(turn.text)
    if own and (asked or not (of_goods or turn.understanding.understood)):
        return True
    awaited = any(order.status in order_choice.ON_ITS_WAY for order in known)
    if asked & {Fact.ARRIVAL} and awaited and await _of_nothing_named(turn):
        return True
    if of_goods:
        return False
    if asked and order_asked.says(turn.text, _ENDED) and order_match.told_apart(turn, known, by_state=True):
        return True
    if Fact.RECORD in asked and any(order.sent for order in known):
        return True
    # What it costs is asked of what is to be bought, too.
    mine = order_asked.mine(turn.text) and not turn.understanding.understood
    may_be = mine or bool(asked & (_NOT_OF_GOODS | {Fact.WHERE}))
    under_way = bool(asked & order_asked.OF_DELIVERY - {Fact.WHERE}) and awaited
    return may_be and (under_way or bool(order_match.by_items(turn, known)))


async def _of_nothing_named(turn: Turn) -> bool:
    """Whether a message asks of stock and names no product, and none is spoken of: "when does it arrive?"."""
    of_stock = _of([wish for wish in turn.acts.wishes if wish.probability >= _RATHER]) == {"stock_question"}
    if not of_stock or turn.memory.product is not None or turn.memory.products:
        return False
    return not (await which_product.meant(turn)).products and not await product_words.find(turn, limit=1)


def _paid_back(turn: Turn, known: list[Order]) -> bool:
    """Whether a message speaks of money that was paid back, and some was."""
    return order_asked.says(turn.text, _GIVEN_BACK) and any(order.refunds for order in known)


def _wishes_else(turn: Turn) -> bool:
    """Whether the message plainly does or wishes something that is no question about orders or goods."""
    of_requests = (Act.ADDS, Act.CORRECTS, Act.ASKS_STATE, Act.YES, Act.NO)
    open_ones = bool(turn.memory.filed or turn.memory.tasks)
    if any(turn.does(act) for act in (Act.WAITS, Act.WITHDRAWS, *(of_requests if open_ones else ()))):
        return True
    if open_ones and _tells_of_requests(turn):
        return True
    if _tells_for_a_task(turn):
        return True
    wished = {wish.intent for wish in turn.acts.wishes if wish.probability >= _RATHER}
    asks = order_asked.facts(turn) and turn.pointed_at
    sure = set() if wished or asks else _sure(turn) - _SHORT_ANSWERS
    return bool((wished | sure) - _READS - _MAY_BE_ABOUT_GOODS - _said_by_facts(turn)) or bool(sure & TALK)


def _sure(turn: Turn) -> set[str]:
    """What the message by itself surely means."""
    alone = turn.understanding.intents[:1] if turn.understanding is not None else ()
    return {score.intent for score in alone if score.probability >= _SURE}


def _tells_of_requests(turn: Turn) -> bool:
    """Whether the message asks nothing and tells something of what is under way or was asked of the shop."""
    names = (one.task for one in turn.memory.filed), (one.name for one in turn.memory.tasks)
    open_ones = [task for name in chain(*names) if (task := turn.skills.tasks.get(name)) is not None]
    told_by = {name for task in open_ones for slot in task.slots for name in slot.told_by}
    return bool(turn.told(*told_by)) and not phrases.asks(turn.text)


def _tells_for_a_task(turn: Turn) -> bool:
    """Whether the words by themselves plainly wish something and tell what it needs, such as an address."""
    best = turn.understanding.intents[:1] if turn.understanding is not None else ()
    names = [turn.skills.tasks_of.get(one.intent, "") for one in best if one.probability >= _SURE]
    tasks = [task for name in names if (task := turn.skills.tasks.get(name)) is not None]
    return bool(turn.told(*(name for task in tasks for slot in task.slots for name in slot.told_by)))


def _said_by_facts(turn: Turn) -> set[str]:
    """Wishes that a message only seems to have: it asks for a fact of what is over."""
    asked = order_asked.facts(turn)
    none = {_BEYOND} if asked else set()
    if Fact.ARRIVAL in asked:
        none.add("store_info")
    if Fact.RECORD in asked:
        none.add("delivery_problem")
    if Fact.CONTENTS in asked and any(wish.intent == "order_facts" for wish in turn.acts.wishes):
        none.add("item_problem")
    if asked & {Fact.CONTENTS, Fact.COUNT, Fact.TOTAL, Fact.UNPAID, Fact.WHY} and order_asked.says(
        turn.text, _ENDED
    ):
        none |= {"cancel_order", "return_policy"}
    return none


def _about(turn: Turn, known: list[Order], asked: frozenset[Fact], *, of_goods: bool) -> bool:
    """Whether a message without a wish about orders is about them all the same."""
    ids = {order.id for order in known}
    pointed = bool(ids.intersection(turn.pointed_at)) or order_asked.together(turn.text)
    if asked & _NOT_OF_GOODS:
        return True
    named = order_match.told_apart(turn, known)
    if asked:
        return pointed or bool(named) if of_goods else True
    elsewhere = ids.intersection(turn.pointed_at) - {turn.memory.order}
    words = (order_asked.other, order_asked.the_one_before, order_asked.newest)
    other = elsewhere or any(means(turn.text) for means in words)
    alone = turn.understanding.intents[:1] if turn.understanding is not None else ()
    likely = any(one.intent in _OF_GOODS and one.probability >= _LIKELY for one in alone)
    return len(turn.text) <= _SHORT and not of_goods and bool(named or (other and not likely))


async def _wish(turn: Turn, last: str, reads: list[str], asked: frozenset[Fact]) -> str:
    """Which of the wishes about orders is answered."""
    if reads[:1] == ["refund_status"]:
        return "refund_status"
    if (
        last in _MONEY_BACK
        and asked <= _OF_MONEY
        and set(reads) <= {"order_facts"}
        and await _of_a_refund(turn, asked)
    ):
        return "refund_status"
    if reads:
        return reads[0]
    return "order_status" if asked & order_asked.OF_DELIVERY else "order_facts"


async def _of_a_refund(turn: Turn, asked: frozenset[Fact]) -> bool:
    """Whether what is asked after a refund is asked of a refund: what is named was paid back, or nothing is named."""
    known = await Orders(turn.connection).by_customer(turn.customer_id or "", limit=_KNOWN)
    named = order_match.told_apart(turn, known)
    return any(order.refunds for order in named) and not asked if named else True
