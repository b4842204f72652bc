"""Which of a customer's orders the words of a message tell apart: by what is in them, sums, days, places and states."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from bot.conversation.skills import line_words, order_asked, product_words
from bot.conversation.turn import Turn
from kernel.money import decimals
from nlu.types import Entity, EntityKind
from storage.orders import Order

_before_tax_number = re.compile(
    r"(\b(vat|tax|tin|ein|gst)\s?(id|no\.?|number|code|reg\w{0,12})?|税号|税务?.{0,3}号码?|识别号|信用代码)"
    r"\s?(is|是|为|:|：|#)?\s?$|\b(vat|tin|ein|gst)[\s-]?$",
    re.IGNORECASE,
).search
_TAX_NUMBER = re.compile(r"(vat|tin|ein|gst)", re.IGNORECASE)
_LOOKED_BACK = 40
_LEAST_SUM = 10
"""Major units; a smaller figure counts something."""
_LARGEST_SUM = 10**9
_WEEK = ("周", "星期", "礼拜", "week")
_MONTH = ("月", "month", *(name.casefold() for name in calendar.month_name if name))
_MONTHS = tuple(name.casefold() for name in calendar.month_name if name)
_MONTH_SIGNS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_A_MONTH = re.compile(
    rf"(?P<number>(?<!\d)(?:1[0-2]|[1-9]))\s?月(?!\s?\d)|(?P<sign>十[一二]?|[一二三四五六七八九])月(?![一二三十])"
    rf"|\b(?P<name>{'|'.join(name for name in _MONTHS if name not in ('may', 'march'))})\b(?!\s?\d)",
    re.IGNORECASE,
)
_BARE_DAY = re.compile(r"\d{1,2}\s?[号日]|(?:the )?\d{1,2}(?:st|nd|rd|th)", re.IGNORECASE)
"""A day of a month that is not named."""
_WEEKDAYS = (*_WEEK, *(name.casefold() for name in calendar.day_name))
_PARTICLES = "光那这就只单还有呢吧啊嘛的和，。？！?!, "
_FIGURE = re.compile(r"(?<![\d.,])\d{1,6}(?![\d.,])")
_FEW = 8
_FOR_ANOTHER = ("exchange_request", "change_order")
_SHARED = 2
"""So many Chinese characters of a name in a row name the product."""
_ENDED = {
    "cancelled": ("取消", "cancelled", "canceled"),
    "returned": ("退货的", "退了的", "退回的", "returned", "sent back"),
}
_ON_THE_WAY = {
    "out_for_delivery": ("派送", "派件", "out for delivery"),
    "delivered": ("送到", "到了", "已到", "收到", "签收", "delivered", "arrived"),
    "in_transit": ("路上", "on the way", "on its way", "in transit"),
    "packed": ("打包", "packed"),
    "placed": ("没付", "未付", "unpaid"),
    "": ("没发", "未发", "unshipped", "not shipped", "not sent", "hasn't shipped", "not yet shipped"),
}
"""States of parcels; those of an order without any."""
_THE_ONE = ("的那", "的这", "上那", "the one", "delivered one", "packed one", "unpaid one")
_THAT_ORDER = re.compile(
    rf"(?:{'|'.join(word for words in _ON_THE_WAY.values() for word in words if not word.isascii())})"
    r"[货出了款]{0,2}的?[那这][单个件笔]"
)
"""An order is named by its state: 没发货那单."""
_LATELY = re.compile(
    r"(?:最近|近|过去|\b(?:last|past))\s?"
    r"(?P<count>\d{1,3}|[一二两三四五六七八九十半]|two|three|four|five|six|twelve)\s?个?"
    r"(?P<unit>天|日|周|星期|礼拜|月|年|days?\b|weeks?\b|months?\b|years?\b)"
    r"|(?P<this>今年|这个月|本月|这周|本周|\bthis (?:year|month|week)\b)",
    re.IGNORECASE,
)
_COUNTS = {
    **{sign: place for place, sign in enumerate("一二三四五六七八九十", start=1)}, "两": 2, "半": 1, "two": 2,
    "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12,
}  # fmt: skip
_DAYS = {"天": 1, "日": 1, "d": 1, "周": 7, "星": 7, "礼": 7, "w": 7, "月": 30, "m": 30, "年": 365, "y": 365}


def number(turn: Turn) -> Entity | None:
    """What may be an order number in a message, and is no tax number."""
    entity = turn.understanding.first(EntityKind.ORDER_NUMBER) if turn.understanding is not None else None
    if entity is None or turn.understanding is None:
        return None
    before, found, _ = turn.understanding.text.partition(entity.text.lstrip("#"))
    if entity.text in turn.told("phone", "tax_number"):
        return None
    of_tax = found and _before_tax_number(before[-_LOOKED_BACK:])
    return None if of_tax or _TAX_NUMBER.match(entity.text) else entity


def told_apart(turn: Turn, orders: Sequence[Order], *, by_state: bool = False) -> list[Order]:
    """Of these orders those that fit what a message says of one; none where it says nothing that one of them fits.

    What fits none of those left by what stands before it is passed over.
    """
    found: list[Order] = []
    for fitting in (
        _by_number,
        by_tracking,
        by_items,
        _by_version,
        _by_sum,
        _by_day,
        _by_place,
        *((_by_state,) if by_state else ()),
    ):
        found = fitting(turn, found or orders) or found
    return found


def _by_number(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those whose number stands in the message, unless it is read as something else there."""
    read = turn.understanding.first(EntityKind.ORDER_NUMBER) if turn.understanding is not None else None
    said = turn.text.casefold() if read is None or number(turn) is not None else ""
    return [order for order in orders if order.number.casefold() in said]


def by_tracking(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those with a parcel whose tracking number stands in the message."""
    said = turn.text.casefold()
    return [
        order
        for order in orders
        if any(box.tracking_number and box.tracking_number.casefold() in said for box in order.parcels)
    ]


def by_items(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those with the products that a message names: the best fit by words, else by name."""
    fits = {order.id: _words_for(turn, order) for order in orders}
    most = max(fits.values(), default=0)
    if most:
        return [order for order in orders if fits[order.id] == most]
    named = turn.named(EntityKind.PRODUCT)
    return [order for order in orders if any(line.product_id == named for line in order.lines)]


def _by_version(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those with something in a colour or size of the message, which is none that it speaks of as the wrong one."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    kinds = (EntityKind.COLOUR, EntityKind.SIZE)
    wanted = turn.intent in _FOR_ANOTHER
    # Who wants another version speaks of that, unless it stands in what they call the thing.
    said = [
        one.text.casefold()
        for one in entities
        if one.kind in kinds
        and one.text not in turn.told("old")
        and (not wanted or one.text in turn.told("item"))
    ]
    names = {
        order.id: " ".join(f"{line.name_zh} {line.name_en}" for line in order.lines).casefold()
        for order in orders
    }
    return [order for order in orders if any(product_words.all_in(names[order.id], one) for one in said)]


def fit(turn: Turn, name_zh: str, name_en: str) -> int:
    """How well a message names a product: its words that stand in the names, else Chinese characters in a row."""
    asking = order_asked.asking_words(turn.text)
    words = product_words.words_in_name(turn, f"{name_zh} {name_en}")
    return (
        len({word for word in words if word.casefold() not in asking})
        or _shared(_naming(turn), turn.told("item"), name_zh)
        or int(bool(line_words.endings(name_zh, turn.text)))
    )


def _naming(turn: Turn) -> str:
    """The message without what only narrows down, such as a colour."""
    text = turn.text
    for entity in turn.understanding.entities if turn.understanding is not None else ():
        text = text.replace(entity.text, " ") if entity.kind in product_words.NARROWING else text
    return text


def _shared(text: str, item: str, name: str) -> int:
    """1 where a text has enough of a Chinese name in a row to name it, or the item that it tells stands in it."""
    said = item or text if len(text) <= _FEW else item
    stem = "".join(one for one in said if one not in _PARTICLES).rstrip("子儿")
    if len(stem) == 1 and not stem.isascii() and stem in name:
        return 1
    runs = (name[start : start + _SHARED] for start in range(len(name) - _SHARED + 1))
    return int(
        any(
            run in text
            and all("\u4e00" <= one <= "\u9fff" for one in run)
            and product_words.means_something(run)
            for run in runs
        )
    )


def _words_for(turn: Turn, order: Order) -> int:
    return max((fit(turn, line.name_zh, line.name_en) for line in order.lines), default=0)


def _by_sum(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that cost a sum of the message, as a whole or an item of it."""
    words = (*(turn.understanding.words if turn.understanding is not None else ()), turn.told("amount"))
    said = list(filter(None, map(_sum, words)))
    whole = [order for order in orders if order.total in _minor(said, order)]
    return whole or [
        order for order in orders if _minor(said, order) & {line.unit_price for line in order.lines}
    ]


def by_part_of_sum(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those whose shipping or discount is a sum of the message."""
    said = list(filter(None, map(_sum, _FIGURE.findall(turn.text))))
    return [order for order in orders if _minor(said, order) & {order.shipping_fee, order.discount}]


def _sum(word: str) -> Decimal | None:
    """A figure in major units that may be a sum; None where a word is none."""
    try:
        figure = Decimal(word.strip("¥￥$£€₩元块円원,，?？!！").replace(",", ""))
    except InvalidOperation:
        return None
    return figure if figure.is_finite() and _LEAST_SUM <= figure <= _LARGEST_SUM else None


def _minor(said: Iterable[Decimal], order: Order) -> set[int]:
    """Sums in minor units of the currency of an order."""
    return {round(one * 10 ** decimals(order.currency)) for one in said}


def _by_day(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those placed, else delivered, in a time that has begun before today."""
    today = turn.now.astimezone(turn.zone).date()
    entity = turn.understanding.first(EntityKind.DATE) if turn.understanding is not None else None
    first, last = (
        lately(turn.text, today)
        or _past(turn.text, entity, today)
        or _month_called(turn.text, today)
        or (today, today)
    )
    if first >= today:
        return []

    def within(at: datetime | None) -> bool:
        return at is not None and first <= at.astimezone(turn.zone).date() <= last

    placed = [order for order in orders if within(order.placed_at)]
    return placed or [order for order in orders if any(within(box.delivered_at) for box in order.sent)]


def _past(text: str, entity: Entity | None, today: date) -> tuple[date, date] | None:
    """The time that a text names; a coming day of the week is the last one where an order of that day is meant."""
    if entity is None:
        return None
    first, last = span(entity)
    if first > today and order_asked.of_the_past(text) and _BARE_DAY.fullmatch(entity.text.strip()):
        month = today if first.day <= today.day else today.replace(day=1) - timedelta(days=1)
        return (month.replace(day=first.day),) * 2 if first.day <= month.day else None
    weekday = any(name in entity.text.casefold() for name in _WEEKDAYS)
    back = timedelta(days=7 if weekday and order_asked.of_the_past(text) else 0)
    return (first - back, last - back) if first > today else (first, last)


def _month_called(text: str, today: date) -> tuple[date, date] | None:
    """The last month of the name that a text has, where an order of that month is meant."""
    found = _A_MONTH.search(text) if order_asked.of_the_past(text) else None
    if found is None:
        return None
    said = found["number"] or found["sign"]
    month = (
        _MONTHS.index(found["name"].casefold()) + 1
        if found["name"]
        else int(said)
        if said.isdecimal()
        else _MONTH_SIGNS.index(said) + 1
    )
    year = today.year - (month > today.month)
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def lately(text: str, today: date) -> tuple[date, date] | None:
    """From when to today, where a text speaks of the last so many days, or of this week, month or year."""
    found = _LATELY.search(text)
    if found is None:
        return None
    if found["this"]:
        said = found["this"].casefold()
        if said.endswith(("年", "year")):
            return today.replace(month=1, day=1), today
        week = said.endswith(_WEEK)
        return (today - timedelta(days=today.weekday()) if week else today.replace(day=1)), today
    count = int(found["count"]) if found["count"].isdecimal() else _COUNTS[found["count"].casefold()]
    return today - timedelta(days=count * _DAYS[found["unit"][0].casefold()]), today


def span(entity: Entity) -> tuple[date, date]:
    """The first and the last day of a time that is named by its first."""
    first = date.fromisoformat(entity.value)
    said = entity.text.casefold()
    if first.weekday() == 0 and said.endswith(_WEEK):
        return first, first + timedelta(days=6)
    if first.day == 1 and any(month in said for month in _MONTH) and not _has_day(said):
        return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return first, first


def _has_day(said: str) -> bool:
    """Whether a day of a month is said, such as 8月1日 or 1 August."""
    return any(sign in said for sign in "日号底末") or (
        said.isascii() and any(sign.isdigit() for sign in said)
    )


def _by_place(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that go to a place or a person of the message, where not all do."""
    if turn.named(EntityKind.ADDRESS) or turn.told("address", "address_part", "name"):
        return []  # where it shall go, and not where it goes
    fields = ("city", "country", "recipient")
    there = [
        order
        for order in orders
        if any(product_words.all_in(turn.text, order.ship_to.get(name, "")) for name in fields)
    ]
    return there if len(there) < len(orders) else []


def _by_state(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that have ended as the message says."""
    said = {state for state, words in _ENDED.items() if product_words.says(turn.text, words)}
    if not said and (product_words.says(turn.text, _THE_ONE) or _THAT_ORDER.search(turn.text)):
        said = {state for state, words in _ON_THE_WAY.items() if product_words.says(turn.text, words)}
    return [order for order in orders if said & {order.status, *_ways(order)}]


def _ways(order: Order) -> set[str]:
    return {box.status for box in order.sent} if order.status in ("shipped", "delivered") else {""}
