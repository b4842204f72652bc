"""Which of a customer's orders the words of a message tell apart: by what is in them, sums, days, places and states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from bot.conversation.skills import (
    line_words,
    order_asked,
    order_days,
    order_words,
    parcel_words,
    product_words,
)
from bot.conversation.turn import Turn
from kernel.money import decimals
from nlu import areas
from nlu.entities.corrections import is_denied
from nlu.types import EntityKind
from storage.orders import Order, Scan

_LEAST_SUM = 10
"""Major units; a smaller figure counts something."""
_LARGEST_SUM = 10**9
_PARTICLES = "光那这就只单还有呢吧啊嘛的和，。？！?!, "
_FIGURE = re.compile(r"(?<![\d.,])\d{1,6}(?![\d.,])")
_EXACT = re.compile(r"(?<![\d.,])\d{1,6}\.\d\d(?![\d.])")
_FEW = 8
_FOR_ANOTHER = ("exchange_request", "change_order")
_FEW_SIGNS = range(2, 4)
_LEAST_SHORT = 4
_LEAST_OF_NUMBER = 4
_SCANNED = 3
_LEAST_SCANNED = 5
_SHARED = 2
"""So many Chinese characters of a name in a row name the product."""
_ENDED = {
    "cancelled": ("取消", "cancelled", "canceled"),
    "returned": ("退货的", "退了的", "退回的", "returned", "sent back"),
}
_ON_THE_WAY = {
    "late": ("晚的", "晚了", "晚点", "晚到", "迟", "超时", "延误", "late", "delayed", "overdue"),
    "out_for_delivery": ("派送", "派件", "out for delivery"),
    "delivered": ("送到", "到了", "已到", "收到", "签收", "delivered", "arrived"),
    "shipped": ("路上", "在途", "运输", "on the way", "on its way", "in transit"),
    "packed": ("打包", "packed"),
    "placed": ("没付", "未付", "unpaid"),
    "unsent": (
        "没发", "未发", "没寄", "unshipped", "unsent", "not shipped", "not sent", "hasn't shipped", "not yet shipped"
    ),
}  # fmt: skip
"""States of orders and of their parcels, by the words for them."""
_PARCELS = order_words.words("个包裹|件包裹|个箱|parcels|packages|boxes|bits")
_UNSENT = frozenset({"placed", "paid", "packed"})
_SAID = tuple(word for words in _ON_THE_WAY.values() for word in words)
_SAID_ZH, _SAID_EN = ("|".join(word for word in _SAID if word.isascii() is latin) for latin in (False, True))
_THAT_ORDER = re.compile(
    rf"(?:{_SAID_ZH})[货出了款中]{{0,2}}的?[那这]?[单个件笔]|(?:{_SAID_ZH})[货出了款中]{{0,2}}的[那这]"
    rf"|\b(?:{_SAID_EN}) (?:ones?|orders?|parcels?|packages?)\b"
    rf"|\bthe one (?:that |which |that's |which is |is |has |was ){{0,2}}(?:{_SAID_EN})\b",
    re.IGNORECASE,
)
"""An order is named by its state: 没发货那单, the late one."""


def told_apart(
    turn: Turn, orders: Sequence[Order], *, by_state: bool = False, listed: bool = False
) -> list[Order]:
    """Of these orders those that fit what a message says of one; none where it says nothing that one of them fits.

    What fits none of those left by what stands before it is passed over.

    Args:
        turn: of the message.
        orders: those that may be meant.
        by_state: that it has ended tells an order apart, too, besides what it is named by.
        listed: they are listed, and the message says which: any word of a state or of a parcel's way does.
    """
    found: list[Order] = []
    states = (by_state_of, by_scan) if listed else (_by_state,) if by_state else (_by_way,)
    for fitting in (
        _by_number,
        by_tracking,
        by_items,
        _by_version,
        _by_quantity,
        _by_sum,
        order_days.by_day,
        _by_place,
        _by_parcels,
        *states,
    ):
        found = fitting(turn, found or orders) or found
    return (_by_reason(turn, found) or found) if len(found) > 1 else found


def _by_reason(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that were paid back for what the message says, in words of the reason that name no goods."""
    words = turn.understanding.words if turn.understanding is not None else ()
    said = {word.casefold() for word in words if len(word) >= (_LEAST_SCANNED if word.isascii() else _SHARED)}
    goods = " ".join(f"{line.name_zh} {line.name_en}" for order in orders for line in order.lines).casefold()
    said = {word for word in said if word not in goods}
    fits = {
        order.id: sum(word in one.reason.casefold() for one in order.refunds for word in said)
        for order in orders
    }
    most = max(fits.values(), default=0)
    return [order for order in orders if most and fits[order.id] == most]


def _by_number(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those whose number stands in the message, unless it is read as something else there, or as not meant."""
    read = turn.understanding is not None and turn.understanding.first(EntityKind.ORDER_NUMBER) is not None
    meant = [one.value for one in turn.order_numbers] if read else [turn.text]
    whole = [order for order in orders if any(order.number.casefold() in one.casefold() for one in meant)]
    return whole or ([] if read else by_end_of_number(turn, orders))


def by_tracking(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those with a parcel whose tracking number stands in the message."""
    said = turn.text.casefold()
    return [
        order
        for order in orders
        if any(box.tracking_number and box.tracking_number.casefold() in said for box in order.parcels)
    ]


def by_end_of_number(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those whose number ends with the digits of the message: 1024 of A1024."""
    words = turn.understanding.words if turn.understanding is not None else ()
    said = [word for word in words if word.isdecimal() and len(word) >= _LEAST_OF_NUMBER]
    return [order for order in orders if any(order.number.endswith(digits) for digits in said)]


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
    said += [one for one in turn.told_each("item") if any(map(str.isdecimal, one)) and not wanted]
    names = {
        order.id: " ".join(f"{line.name_zh} {line.name_en}" for line in order.lines).casefold()
        for order in orders
    }
    return [order for order in orders if any(product_words.all_in(names[order.id], one) for one in said)]


def _by_quantity(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those with as many of something as the message says, of several that have what it names."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    counts = {one.value for one in entities if one.kind is EntityKind.QUANTITY} - {"1"}
    return [
        order
        for order in orders
        if any(str(line.quantity) in counts and fit(turn, line.name_zh, line.name_en) for line in order.lines)
    ]


def fit(turn: Turn, name_zh: str, name_en: str) -> int:
    """How well a message names a product: its words that stand in the names, else Chinese characters in a row."""
    asking = order_asked.asking_words(turn.text)
    words = product_words.words_in_name(turn, f"{name_zh} {name_en}")
    meant = {word for word in words if not is_denied(turn.text, turn.text.find(word))}
    if words and not meant:
        return 0  # "the drill, not the battery" names no battery
    return (
        len({word for word in meant if word.casefold() not in asking})
        or _shortened(turn.told("item"), name_zh, name_en)
        or _shared(_naming(turn), turn.told("item"), name_zh)
        or int(bool(line_words.endings(name_zh, turn.text)))
    )


def _shortened(item: str, name_zh: str, name_en: str) -> int:
    """1 where the item that a message tells is a name made shorter: choc of chocolate, 快充 of 快速充电器."""
    signs = {one for one in item if "\u4e00" <= one <= "\u9fff" and one not in _PARTICLES}
    if signs:
        return int(len(signs) in _FEW_SIGNS and all(one in name_zh for one in signs))
    called = product_words.latin(name_en.casefold())
    said = [word for word in product_words.latin(item.casefold()) if len(word) >= _LEAST_SHORT]
    return int(any(name.startswith(word) for word in said for name in called))


def _naming(turn: Turn) -> str:
    """The message without what only narrows down, such as a colour."""
    text = turn.text
    for entity in turn.understanding.entities if turn.understanding is not None else ():
        text = text.replace(entity.text, " ") if entity.kind in product_words.NARROWING else text
    return text


def _shared(text: str, item: str, name: str) -> int:
    """How much of a Chinese name a text has in a row where that names it, in pairs of signs; 1 where the item that it
    tells stands in the name."""
    said = item or text if len(text) <= _FEW else item
    stem = "".join(one for one in said if one not in _PARTICLES).rstrip("子儿")
    if len(stem) == 1 and not stem.isascii() and stem in name:
        return 1
    starts = range(len(name) - _SHARED + 1)
    return max((_run(text, name[start:]) // _SHARED for start in starts), default=0)


def _run(text: str, name: str) -> int:
    """How many of the first signs of a Chinese name stand in a text in a row; 0 where its first two name nothing."""
    first = name[:_SHARED]
    if not all("\u4e00" <= one <= "\u9fff" for one in first) or not product_words.means_something(first):
        return 0
    return max((end for end in range(_SHARED, len(name) + 1) if name[:end] in text), default=0)


def _words_for(turn: Turn, order: Order) -> int:
    return max((fit(turn, line.name_zh, line.name_en) for line in order.lines), default=0)


def _by_sum(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that cost a sum of the message, as a whole or an item of it."""
    words = (*(turn.understanding.words if turn.understanding is not None else ()), turn.told("amount"))
    elsewhere = " ".join(turn.told_each("address", "address_part", "phone", "tax_number")).casefold().split()
    said = [figure for word in words if word not in elsewhere and (figure := _sum(word))]
    whole = [order for order in orders if order.total in _minor(said, order)]
    return whole or [
        order for order in orders if _minor(said, order) & {line.unit_price for line in order.lines}
    ]


def by_part_of_sum(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those whose shipping or discount is a sum of the message."""
    said = _figures(turn)
    return [order for order in orders if _minor(said, order) & {order.shipping_fee, order.discount}]


def by_refund(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those of which a sum of the message was asked back."""
    said = _figures(turn)
    return [order for order in orders if _minor(said, order) & {one.amount for one in order.refunds}]


def _figures(turn: Turn) -> list[Decimal]:
    """The sums of a message, and its bare figures where they are large enough."""
    entities = turn.understanding.entities if turn.understanding is not None else ()
    read = [Decimal(one.value) for one in entities if one.kind is EntityKind.AMOUNT and _is_figure(one.value)]
    exact = [Decimal(one) for one in _EXACT.findall(turn.text)]
    return [*read, *exact, *filter(None, map(_sum, _FIGURE.findall(turn.text)))]


def _is_figure(value: str) -> bool:
    return value.replace(".", "", 1).isdecimal()


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


def _by_place(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that go to a place or a person of the message, where not all do."""
    if turn.named(EntityKind.ADDRESS) or turn.told("address", "address_part", "name"):
        return []  # where it shall go, and not where it goes
    fields = ("city", "country", "recipient")
    said = _areas(turn.text)
    there = [
        order
        for order in orders
        if any(product_words.all_in(turn.text, order.ship_to.get(name, "")) for name in fields)
        or said & _areas(order.ship_to.get("city", ""), order.ship_to.get("country", ""))
    ]
    return there if 0 < len(there) < len(orders) else _last_seen(turn, orders)


def _last_seen(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those of which a parcel on its way was seen last in a place of the message."""
    scans = {
        order.id: [
            box.last_scan for box in order.sent if box.status != "delivered" and box.last_scan is not None
        ]
        for order in orders
    }
    said = _areas(turn.text)
    return [
        order
        for order in orders
        if any(
            one.place and (product_words.all_in(turn.text, one.place) or said & _areas(one.place))
            for one in scans[order.id]
        )
    ]


def _areas(*texts: str) -> frozenset[str]:
    """The areas that texts name, in either language."""
    return frozenset().union(*(one.areas for text in texts for one in areas.named(text)))


def _by_parcels(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that were sent in as many parcels as the message says."""
    count = order_asked.how_many(turn.text) if order_asked.says(turn.text, _PARCELS) else 0
    return [order for order in orders if len(order.sent) == count] if count > 1 else []


def _by_state(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that have ended as the message says, or stand as it names them."""
    return _in_states(turn, orders, _ENDED) or _by_way(turn, orders)


def _by_way(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that stand as a message names them; "cancel it" names none that is cancelled."""
    return _in_states(turn, orders, _ON_THE_WAY) if _THAT_ORDER.search(turn.text) else []


def by_state_of(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those that stand, or have ended, as any word of the message says."""
    return _in_states(turn, orders, _ENDED) or _in_states(turn, orders, _ON_THE_WAY)


def _in_states(turn: Turn, orders: Sequence[Order], named: Mapping[str, tuple[str, ...]]) -> list[Order]:
    said = {state for state, words in named.items() if product_words.says(turn.text, words)}
    return [order for order in orders if said & _states(turn, order)]


def _states(turn: Turn, order: Order) -> set[str]:
    boxes = order.sent if order.status in ("shipped", "delivered") else ()
    late = {"late"} if any(parcel_words.is_late(turn, box) for box in boxes) else set()
    unsent = {"unsent"} if order.status in _UNSENT else set()
    return {order.status, *(box.status for box in boxes)} | late | unsent


def by_scan(turn: Turn, orders: Sequence[Order]) -> list[Order]:
    """Those of whose parcels a carrier has said most of what the message says, where that isn't all of them."""
    fits = {order.id: _of_scans(turn.text, order) for order in orders}
    most = max(fits.values(), default=0)
    found = [order for order in orders if fits[order.id] == most] if most else []
    return found if len(found) < len(orders) else []


def _of_scans(text: str, order: Order) -> int:
    """How much of one scan a text says: Chinese characters of it in a row, or words of it."""
    said = set(product_words.latin(text.casefold()))
    return max((_of_scan(text, said, scan) for box in order.sent for scan in box.scans), default=0)


def _of_scan(text: str, said: set[str], scan: Scan) -> int:
    runs = {scan.text_zh[start : start + _SCANNED] for start in range(len(scan.text_zh) - _SCANNED + 1)}
    words = said.intersection(product_words.latin(scan.text_en.casefold()))
    return sum(run in text for run in runs) or sum(len(word) >= _LEAST_SCANNED for word in words)
