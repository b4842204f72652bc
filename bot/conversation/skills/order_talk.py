"""What a message asks that is about the order spoken of, though it says so in few words or by itself means another
thing: "and the lip balm?", "total of both?", "is it late?"."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from bot.conversation import phrases
from bot.conversation.phrases import word_test
from bot.conversation.skills import (
    order_asked,
    order_choice,
    order_cues,
    order_days,
    order_match,
    order_words,
    orders_called,
    product_words,
    refunds,
    which_order,
    which_product,
)
from bot.conversation.skills.order_words import Fact
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
_ENDED = order_words.words("取消的|取消那|取消了|不付|没付|cancelled|canceled|don't pay")
_OF_THE_SHOP = word_test("店 你们 你家 地址", "shop store you your address open")
_OF_GOODS = _MAY_BE_ABOUT_GOODS - {
    "shipping_fee", "shipping_options", "payment_methods", "place_order", "request_status", "store_info",
    "discount_request",
}  # fmt: skip
_OF_WHAT_IT_IS = frozenset({"product_question", "product_compare", "usage_help"})
_TROUBLES = frozenset({"item_problem", "warranty_repair"})
_OVER = frozenset({"cancelled", "returned"})
_SHORT_ANSWERS = frozenset({"affirm", "deny"})
_RATHER = 0.5
_FAIRLY = 0.4
_PLAINLY = 0.8
_SURE = 0.7
_LIKELY = 0.3
_RATHER_THAN = 0.2
"""So likely has to be what is likelier than anything else."""
_TWICE = 2
"""One question that is read as two is answered once."""
_SHORT = 60
_LONG = 120
_ROUND = 50
"""Minor units that sums are asked for in."""
_KNOWN = 100
_OF_MONEY = frozenset({Fact.TOTAL, Fact.WHY, Fact.CONTENTS, Fact.ARRIVAL, Fact.DAY})
_WHERE_TO = frozenset({Fact.WHERE, Fact.ADDRESS, Fact.PAID_WITH})
"""What may be asked on of a refund that was spoken of; where to, unless the order itself is on its way."""
_OF_ITS_STATE = frozenset({Fact.PACKED, Fact.PAID})
_ONLY_OF_AN_ORDER = (order_asked.OF_DELIVERY - {Fact.WHERE}) | {
    *_OF_ITS_STATE,
    Fact.PLACED,
    Fact.PAID_WITH,
    Fact.COSTS,
    Fact.ADDRESS,
}
"""What goods can't be asked once one of them is ordered."""
_CHARGED = order_words.words("付了|花了|收了|收我|收的|was|were|did|charged|paid")
_TO_BUY = order_words.words("想买|要买|想订|要订|to buy|to order")
_NOT_OF_GOODS = (
    order_asked.OF_DELIVERY | order_asked.OF_ALL | _OF_ITS_STATE | {Fact.PLACED, Fact.PAID_WITH, Fact.COSTS}
) - {Fact.WHERE}
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
    if turn.customer_id is None or waits or turn.in_queue:
        return None
    known = await Orders(turn.connection).by_customer(turn.customer_id, limit=_KNOWN)
    lacking = order_cues.lacks_a_part(turn, known)
    if lacking is not None:
        return replace(turn, argument=lacking.id), "order_status"
    paid_back = _paid_back(turn, known, last)
    plain = paid_back or _plainly(turn, known, asked)
    if _of_what_it_is(turn, asked) or _reports_trouble(turn) or _wishes_else(turn, plain=plain):
        return None
    wished = [wish for wish in turn.acts.wishes if wish.probability >= _RATHER]
    if len({wish.text for wish in wished}) > 1:
        return None
    by_chance = sorted(wished, key=lambda wish: -wish.probability)
    reads = [wish.intent for wish in by_chance if wish.intent in _READS]
    goods = bool(_of(wished) - _said_by_facts(turn))
    # "No, the steamer" names another order; a mere yes or no is about none.
    if not (wished or asked) and _sure(turn) & _SHORT_ANSWERS and not order_match.told_apart(turn, known):
        return None
    if set(reads) <= {"order_facts", "refund_status"} and paid_back:
        return turn, "refund_status"
    if not reads:
        about = plain or (
            _about(turn, known, asked, of_goods=goods)
            if spoken
            else await _bought(turn, known, asked, of_goods=goods)
            or (last in turn.skills.of_rules and not wished and bool(order_match.told_apart(turn, known)))
        )
        if not about:
            return None
    elif (
        not spoken
        and len(wished) < _TWICE
        and not (plain or Fact.RECORD in asked or _awaits(turn, known, asked))
    ):
        return None
    if not asked and not reads and last in turn.skills.of_rules and len(turn.memory.before) > 1:
        # Whose rule was told just before is said which thing it is asked for.
        return replace(turn, text=f"{turn.memory.before[-2]}\n{turn.text}"), last
    if not asked and (not reads or _only_names_another(turn, known, last)):
        # What was asked last is asked of another.
        before = turn.memory.before[-2] if len(turn.memory.before) > 1 and spoken else ""
        return replace(turn, asked_before=before), last if last in _READS else "order_status"
    wish = await _wish(turn, last, reads, asked)
    return order_cues.on_the_record(turn, asked) if spoken else turn, wish


def _only_names_another(turn: Turn, known: list[Order], last: str) -> bool:
    """Whether a message names something bought and means little by itself, after a question about orders."""
    alone = turn.understanding.intents[:1] if turn.understanding is not None else ()
    says_more = any(one.probability >= _RATHER for one in alone)
    return last in _READS and not says_more and bool(order_match.told_apart(turn, known))


def _awaits(turn: Turn, known: list[Order], asked: frozenset[Fact]) -> bool:
    """Whether what is asked is the way of something of the customer's, and something of theirs is on its way."""
    theirs = bool(asked & order_asked.OF_DELIVERY) and order_asked.mine(turn.text)
    return theirs and any(order.status in order_choice.ON_ITS_WAY for order in known)


def _of(wished: list[Wish]) -> set[str]:
    return {wish.intent for wish in wished}


def _plainly(turn: Turn, known: list[Order], asked: frozenset[Fact]) -> bool:
    """Whether what is asked is plainly asked of an order of theirs, whatever else it may be: the words tell one apart,
    and speak of it as ordered, ask what only an order can be asked, or mean an order rather than anything else."""
    if len(turn.text) > _LONG or order_asked.says(turn.text, _TO_BUY):
        return False
    named = order_match.by_items(turn, known)
    if _likeliest(turn) and any(order_choice.may_be_awaited(turn, order) for order in named):
        return True
    if not asked:
        return False
    ordered = order_asked.of_the_past(turn.text) or order_asked.of_an_own_order(turn.text)
    if named and ordered:
        return True
    if order_days.by_day(turn, known) and (
        ordered or named or orders_called.of_orders(turn.text) or order_asked.says(turn.text, _CHARGED)
    ):
        return True
    only = asked & _ONLY_OF_AN_ORDER
    if Fact.RECORD in only and named:
        return True
    if only & order_asked.OF_DELIVERY:
        awaited = [order for order in known if order_choice.may_be_awaited(turn, order)]
        return any(order in awaited for order in named or order_match.told_apart(turn, awaited))
    return bool(only and named)


def _likeliest(turn: Turn) -> str:
    """What is likeliest asked of orders, where the words by themselves ask that rather than anything else."""
    alone = turn.understanding.intents[:1] if turn.understanding is not None else ()
    return next((one.intent for one in alone if one.intent in _READS and one.probability >= _RATHER_THAN), "")


async def _bought(turn: Turn, known: list[Order], asked: frozenset[Fact], *, of_goods: bool) -> bool:
    """Whether something is asked of what a customer has bought, though no order was spoken of."""
    if len(turn.text) > _SHORT or turn.understanding is None or not known:
        return False
    if Fact.UNPAID in asked and any(order.status == "placed" for order in known):
        return True
    if asked & {Fact.COSTS, Fact.WHY} and order_match.by_part_of_sum(turn, known):
        return True
    if orders_called.place(turn.text, named=bool(asked and order_match.by_items(turn, known))):
        return True
    own = order_asked.of_an_own_order(turn.text) or orders_called.newest(turn.text)
    if (
        asked & {Fact.TOTAL, Fact.CONTENTS}
        and orders_called.of_orders(turn.text)
        and order_asked.together(turn.text)
    ):
        return True
    if own and (asked or not (of_goods or turn.understanding.understood)):
        return True
    awaited = any(order.status in order_choice.ON_ITS_WAY for order in known)
    if Fact.COSTS in asked and awaited and order_asked.says(turn.text, _CHARGED):
        return True
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
    may_be = mine or bool(asked & (_NOT_OF_GOODS | {Fact.WHERE, Fact.ADDRESS}))
    under_way = bool(asked & _ONLY_OF_AN_ORDER) and awaited
    return may_be and (under_way or bool(order_match.by_items(turn, known)))


async def _of_nothing_named(turn: Turn) -> bool:
    """Whether a message asks of stock and names no product, and none is spoken of: "when does it arrive?"."""
    of_stock = _of([wish for wish in turn.acts.wishes if wish.probability >= _RATHER]) == {"stock_question"}
    if not of_stock or turn.memory.product is not None or turn.memory.products:
        return False
    return not (await which_product.meant(turn)).products and not await product_words.find(turn, limit=1)


def _paid_back(turn: Turn, known: list[Order], last: str) -> bool:
    """Whether a message speaks of money that was paid back, and some was; or names the sum of it: that was told, or is
    one that no price is likely to be."""
    spoken = [order for order in known if order.id == turn.memory.order and last in _MONEY_BACK]
    odd = [order for order in known if any(one.amount % _ROUND for one in order.refunds)]
    named = order_match.told_apart(turn, known, by_state=True)
    if order_match.by_refund(turn, [*spoken, *odd, *named]):
        return True
    if order_cues.given_back(turn.text) or (named and order_cues.asks_why_it_went_back(turn)):
        return any(order.refunds for order in named or known)
    meant = named or [order for order in known if order.id == turn.memory.order and order.status in _OVER]
    return refunds.asks_how_much(turn) and any(order.refunds for order in meant)


def _of_what_it_is(turn: Turn, asked: frozenset[Fact]) -> bool:
    """Whether a message by itself, and where it is said, too, asks what a product is or does, and nothing that only an
    order can be asked."""
    alone = turn.understanding.intents if turn.understanding is not None else ()
    goods = alone[:1] and alone[0].intent in _OF_WHAT_IT_IS
    plain = goods and (alone[0].probability >= _FAIRLY or _wished(turn, _OF_WHAT_IT_IS) >= _PLAINLY)
    read = any(wish.intent in _READS and wish.probability >= _RATHER for wish in turn.acts.wishes)
    return bool(plain) and not read and not asked & _ONLY_OF_AN_ORDER


def _wished(turn: Turn, intents: frozenset[str]) -> float:
    """How surely one of these is wished where the message is said."""
    return max((wish.probability for wish in turn.acts.wishes if wish.intent in intents), default=0.0)


def _reports_trouble(turn: Turn) -> bool:
    """Whether the words most likely report that something bought is broken or missing, and ask nothing."""
    alone = turn.understanding.intents[:1] if turn.understanding is not None else ()
    best = {one.intent for one in alone if one.probability >= _LIKELY}
    return bool(best & _TROUBLES) and not phrases.asks(turn.text)


def _wishes_else(turn: Turn, *, plain: bool) -> bool:
    """Whether the message plainly does or wishes something that is no question about orders or goods; where it is
    `plain` that one is asked of an order, what would only tell something else is none."""
    # Whether it is packed or paid is no state of a request.
    of_state = () if order_asked.facts(turn) & _OF_ITS_STATE else (Act.ASKS_STATE,)
    of_requests = (Act.ADDS, Act.CORRECTS, *of_state, Act.YES, Act.NO)
    open_ones = bool(turn.memory.filed or turn.memory.tasks)
    if any(turn.does(act) for act in (Act.WAITS, Act.WITHDRAWS, *(of_requests if open_ones else ()))):
        return True
    if open_ones and _tells_of_requests(turn):
        return True
    if _tells_for_a_task(turn):
        return True
    wished = {wish.intent for wish in turn.acts.wishes if wish.probability >= _RATHER}
    asked = order_asked.facts(turn)
    asks = asked and turn.pointed_at
    sure = set() if wished or asks else _sure(turn) - _SHORT_ANSWERS
    # What the words by themselves surely ask of an order is no other wish of what is spoken of.
    asks_of_orders = bool(asked and _sure(turn) & _READS)
    others = (
        set() if asks_of_orders else (wished | sure) - _READS - _MAY_BE_ABOUT_GOODS - _said_by_facts(turn)
    )
    if plain:
        skills = turn.skills.by_intent
        others = {one for one in others if one not in skills or not skills[one].only_tells}
    return bool(others) or bool(sure & TALK)


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
    if asked and not phrases.asks_for_a_person(turn.text):
        none.add("human_agent")
    if Fact.COSTS in asked:
        none.add("coupon_problem")
    if asked & {Fact.WHERE, Fact.CARRIER} and turn.memory.order is not None and not _OF_THE_SHOP(turn.text):
        none.add("store_info")
    if Fact.ARRIVAL in asked:
        none.add("store_info")
    if Fact.RECORD in asked:
        none.add("delivery_problem")
    if Fact.CONTENTS in asked and any(wish.intent == "order_facts" for wish in turn.acts.wishes):
        none.add("item_problem")
    if order_cues.given_back(turn.text) or order_cues.asks_why_it_went_back(turn):
        none |= {"cancel_order", "return_policy", "return_request", "refund_request"}
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
    if asked & order_asked.OF_MONEY and order_asked.says(turn.text, _CHARGED):
        return True
    if asked:
        return pointed or bool(named) if of_goods else True
    elsewhere = ids.intersection(turn.pointed_at) - {turn.memory.order}
    words = (orders_called.other, orders_called.the_one_before, orders_called.newest)
    other = elsewhere or any(means(turn.text) for means in words)
    alone = turn.understanding.intents[:1] if turn.understanding is not None else ()
    likely = any(one.intent in _OF_GOODS and one.probability >= _LIKELY for one in alone)
    return len(turn.text) <= _SHORT and not of_goods and bool(named or (other and not likely))


async def _wish(turn: Turn, last: str, reads: list[str], asked: frozenset[Fact]) -> str:
    """Which of the wishes about orders is answered."""
    if Fact.UNPAID in asked and not turn.memory.filed:
        return "order_facts"
    if reads[:1] == ["refund_status"]:
        return "refund_status"
    spoken = await which_order.spoken_of(turn)
    away = spoken is not None and spoken.status in order_choice.ON_ITS_WAY
    if (
        last in _MONEY_BACK
        and asked <= (_OF_MONEY if away else _OF_MONEY | _WHERE_TO)
        and set(reads) <= {"order_facts", "refund_status"}
        and await _of_a_refund(turn, asked)
    ):
        return "refund_status"
    if reads:
        return reads[0]
    plain = "" if asked else _likeliest(turn)
    return plain or ("order_status" if asked & order_asked.OF_DELIVERY else "order_facts")


async def _of_a_refund(turn: Turn, asked: frozenset[Fact]) -> bool:
    """Whether what is asked after a refund is asked of a refund: what is named was paid back, or nothing is named."""
    known = await Orders(turn.connection).by_customer(turn.customer_id or "", limit=_KNOWN)
    named = order_match.told_apart(turn, known)
    if not named or any(order.id == turn.memory.order for order in named):
        return True
    return any(order.refunds for order in named) and not asked
