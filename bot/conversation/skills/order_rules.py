"""What may still be asked of an order: by its state, by what the shop's pages state of that, and by what was decided.

Tasks refuse by it, the buttons that offer them are shown by it, and "can I still …?" is answered by it. What no page
states is as the order's state alone allows.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.answer import Answer, Rows, row
from bot.conversation.memory import OpenTask
from bot.conversation.phrases import word_test
from bot.conversation.skills import line_words, order_lines, pages, refunds, which_order, wished_in_words
from bot.conversation.turn import Turn
from bot.messages import Button
from nlu.entities.numerals import NUMERAL_ZH, NUMERALS_EN, chinese_number, english_number
from nlu.types import Language, Passage
from storage.orders import Order, OrderLine, Refund

_PACKED = "packed"
_OF_THE_ADDRESS = "change_address"
_LOOKED_AT = 8
_MAY_BE = 0.1
"""Chance of an entry that may be about a question of the bot's own."""
_ends_with_packing = word_test(
    "打包前 打包之前 打包以前 打包后 打包之后 打包以后 未打包 没打包 还没打包 打包好 打包完 已打包",
    "until…packed before…packed once…packed after…packed unless…packed while…not_packed before_packing"
    " not_yet_packed not_packed_yet isn't_packed hasn't_been_packed",
)
_ends_with_dispatch = word_test(
    "发货前 发货之前 发出前 发出之前 出库前 寄出前 发货后 发出后 出库后 未发货 没发货",
    "until…dispatched before…dispatched once…dispatched until…shipped before…shipped once…shipped before_dispatch"
    " before_shipping until_dispatch until…leaves before…leaves once…left",
)
_packed_is_fine = word_test(
    "打包了也 打包好也 打包后也 打包好了也",
    "even_when_packed even_if_packed even_once_packed even_after_packing",
)
_PERIOD = re.compile(
    rf"(?:(?P<digits>(?<!\d)\d{{1,3}})|(?P<zh>{NUMERAL_ZH}{{1,4}})|\b(?P<en>an?|{'|'.join(NUMERALS_EN)})\b)"
    r"[\s-]?个?(?P<working>工作|working\s|business\s)?(?:calendar\s)?"
    r"(?P<unit>[天日周月]|星期|礼拜|days?\b|weeks?\b|months?\b)",
    re.IGNORECASE,
)
_DAYS = {"天": 1, "日": 1, "d": 1, "周": 7, "星": 7, "礼": 7, "w": 7, "月": 31, "m": 31}
"""At most, by the first sign of a unit."""
_WORKING = 2
"""Days of a calendar that a working day takes at most, with weekends and holidays."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A button that wishes something of an order: it is shown where that may be asked."""

    label: str
    """The text on it."""
    action: str
    """What it does, without the order."""
    task: str


CANCEL = Offer("button-cancel", "change:cancel", "cancel_order")
ADDRESS = Offer("button-address", "change:address", _OF_THE_ADDRESS)
RETURN = Offer("button-return", "return:start", "return")


async def buttons(turn: Turn, order: Order, *offers: Offer, beside: Sequence[Button] = ()) -> Rows:
    """Those of some buttons that may be offered for an order, in one row, with others beside them."""
    shown: list[Button] = []
    for one in offers:
        unfit = turn.skills.tasks[one.task].unfit
        if unfit is None or await unfit(turn, order) is None:
            shown.append(turn.button(one.label, f"{one.action}:{order.id}"))
    return row(*shown, *beside)


def changing(wish: str, what: str) -> Callable[[Turn, Order], Awaitable[Answer | None]]:
    """Why an order can't be cancelled or changed any more.

    Args:
        wish: the task's name, whose rule is asked for by the text `rule-question-` and it.
        what: cancel, items or address, in the names of texts.
    """

    async def unfit(turn: Turn, order: Order) -> Answer | None:
        if order.status not in which_order.NOT_SHIPPED:
            return await _left_already(turn, order, what)
        rule = await _until_packed(turn, wish) if order.status == _PACKED else None
        return None if rule is None else _packed_already(turn, order, what, rule)

    return unfit


async def _until_packed(turn: Turn, wish: str) -> Passage | None:
    """The entry by which nothing is changed once an order is packed; None where the pages state no such thing."""
    found = await pages.entry_that_says(turn, turn.say(f"rule-question-{wish}"), _says_until_when, _MAY_BE)
    fine = wish == _OF_THE_ADDRESS and found is not None and _packed_is_fine(found.text)
    return found if found is not None and _ends_with_packing(found.text) and not fine else None


def _says_until_when(passage: Passage) -> bool:
    return _ends_with_packing(passage.text) or _ends_with_dispatch(passage.text)


def _packed_already(turn: Turn, order: Order, what: str, rule: Passage) -> Answer:
    text = "\n".join(
        [turn.say(f"too-late-packed-{what}", number=order.number), pages.passage_text(turn, rule)]
    )
    memory = pages.having_told(turn, rule, turn.memory.about_order(order.id))
    return Answer(text=text, buttons=turn.human, memory=memory)


async def _left_already(turn: Turn, order: Order, what: str) -> Answer:
    values = {"number": order.number, "status": turn.say(f"status-{order.status}")}
    memory = turn.memory.about_order(order.id)
    arrived = what == "address" and order.status == "delivered"
    if arrived or order.status in ("cancelled", "returned"):
        return Answer(text=turn.say("too-late-over", **values), memory=memory)
    redirect = turn.button("button-redirect", f"check:redirect:{order.id}")
    human = turn.button("button-human", "human:ask")
    shown = await buttons(turn, order, RETURN, beside=(human,))
    shown = ((redirect, *shown[0]), *shown[1:]) if what == "address" else shown
    text_id = f"too-late-{what}-arrived" if order.status == "delivered" else f"too-late-{what}"
    return Answer(text=turn.say(text_id, **values), buttons=shown, memory=memory)


def giving_back(wish: str = "") -> Callable[[Turn, Order], Awaitable[Answer | None]]:
    """Why nothing of an order can be returned, exchanged or paid back, or no trouble with it be reported.

    Args:
        wish: return or exchange, where it has to be asked for within the days that the pages state; money where only
            that is wanted.
    """

    async def unfit(turn: Turn, order: Order) -> Answer | None:
        memory = turn.memory.about_order(order.id)
        if order.status in which_order.NOT_SHIPPED:
            return await _not_sent(turn, order)
        refund = order.refunds[-1] if order.refunds else None
        if order.status in ("cancelled", "returned") and wish != "money":
            status = turn.say(f"status-{order.status}")
            text = turn.say("too-late-over", number=order.number, status=status)
            return Answer(text=text if refund is None else refunds.money(turn, order, refund), memory=memory)
        if refund is not None and not _of_others(turn, order, refund):
            declined = refund.status == "declined"
            return Answer(
                text=refunds.money(turn, order, refund), buttons=turn.human if declined else (), memory=memory
            )
        return await _too_long_ago(turn, order, wish) if wish in ("return", "exchange") else None

    return unfit


async def _not_sent(turn: Turn, order: Order) -> Answer:
    """What hasn't left is cancelled rather than sent back, as long as that may be asked."""
    cancels = await buttons(turn, order, CANCEL)
    memory = turn.memory.about_order(order.id)
    text = turn.say("return-not-shipped" if cancels else "return-not-yet", number=order.number)
    return Answer(text=text, buttons=cancels or turn.human, memory=memory)


def _of_others(turn: Turn, order: Order, refund: Refund) -> bool:
    """Whether a message names things of an order, and none of those that a refund is for."""
    paid_back = {line.product_id for line in _paid_back(order, refund)}
    named = set(order_lines.meant(turn, order, OpenTask(name="")).split("\n")) - {""}
    return bool(paid_back and named) and not paid_back & named


def _paid_back(order: Order, refund: Refund) -> list[OrderLine]:
    """The lines that a refund is for, by its sum or its reason; none where that can't be told."""
    by_sum = refunds.lines_of_its_sum(order, refund)
    return by_sum if len(by_sum) == 1 else line_words.named(refund.reason, order.lines)


async def _too_long_ago(turn: Turn, order: Order, wish: str) -> Answer | None:
    """That an order arrived more days ago than any rule for returns allows. A fault is another matter."""
    arrived = _arrived_at(order)
    if arrived is None or wished_in_words.names_fault(turn.said):
        return None
    days = (turn.now - arrived).days
    language: Language = "zh" if turn.language == "zh" else "en"
    asked = turn.say(f"rule-question-{wish}")
    found = await turn.services.reader.search(asked, language, _LOOKED_AT, "", _MAY_BE)
    rules = [one for one in found if _days(one)]
    allowed = max((_days(one) for one in rules if one.page == rules[0].page), default=days)
    if days <= allowed:
        return None
    too_late = turn.say("return-too-late", number=order.number, day=turn.day(arrived), days=days)
    lines = [too_late, pages.passage_text(turn, rules[0])]
    memory = pages.having_told(turn, rules[0], turn.memory.about_order(order.id))
    return Answer(text="\n".join([*lines, turn.say("return-if-faulty")]), buttons=turn.human, memory=memory)


def _days(passage: Passage) -> int:
    """The most days that an entry speaks of, in whatever unit, rather too many; 0 where it speaks of none."""
    return max(map(_longest, _PERIOD.finditer(passage.text)), default=0)


def _longest(period: re.Match[str]) -> int:
    if period["digits"]:
        number = int(period["digits"])
    elif period["zh"]:
        number = chinese_number(period["zh"]) or 0
    else:
        number = 1 if period["en"].casefold() in ("a", "an") else english_number(period["en"]) or 0
    return number * _DAYS[period["unit"][0].casefold()] * (_WORKING if period["working"] else 1)


def _arrived_at(order: Order) -> datetime | None:
    """When the last of its parcels arrived, where all have."""
    arrived = [box.delivered_at for box in order.sent]
    return max((at for at in arrived if at is not None), default=None) if None not in arrived else None
