"""What is said of an order's parcels: where each was seen, as of when, what is in it, and what is not sent yet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.conversation.phrases import word_test
from bot.conversation.skills import orders_called, product_words
from bot.conversation.turn import Turn
from nlu.types import EntityKind
from storage.orders import Order, Parcel

_HAS_COME = word_test(
    "到的那 已到 已经到 到了的 收到的 送到的",
    "that_came that_arrived which_came which_arrived already_came already_arrived already_here that_got_here",
)
_HAS_NOT_COME = word_test(
    "没到 还没 未到 没收到 没来 不见 另一 另外",
    "not_arrived hasn't haven't didn't still_to_come the_other other_one t'other missing the_rest not_here",
)
_SOME_CAME = word_test(
    "到了 收到 来了 到一 拿到", "came arrived got_here is_here turned_up showed_up got_one one_came received"
)
_SOME_MISSING = word_test(
    "呢 没 哪 只 另 剩",
    "where* not didn't hasn't haven't never only other rest missing still one_came t'other",
)
_COME_OR_NOT = re.compile(r"了?没有?(?=[吗么呢啊呀\s？?]*$)")
"""收到了没 asks of one thing, and says of no other that it has not come."""
# A carrier usually scans a parcel every day; after that its last word is called old.
_OLD = timedelta(hours=36)
_SCANS = 8


def meant(turn: Turn, order: Order) -> tuple[Parcel, ...]:
    """The parcels to the customer that a message is about: those with what it names, as far as that is known."""
    named = _named(turn, order)
    if misses_the_rest(turn.text) or not named or any(box.lines is None for box in order.sent):
        return _in_state(turn, order.sent)
    holding = [box for box in order.sent if any(line.product_id in named for line in box.lines or ())]
    return tuple(holding) if holding or named & _unsent(order).keys() else order.sent


def misses_the_rest(text: str) -> bool:
    """Whether words say that a part has come, and that something else has not."""
    return _SOME_CAME(text) and _SOME_MISSING(_COME_OR_NOT.sub("", text))


def _in_state(turn: Turn, boxes: tuple[Parcel, ...]) -> tuple[Parcel, ...]:
    """Of several parcels those that have come, or those that have not, where a message speaks of these alone."""
    come, missing = _HAS_COME(turn.text), _HAS_NOT_COME(turn.text)
    if come == missing:
        return boxes
    return tuple(box for box in boxes if (box.status == "delivered") == come) or boxes


def of_order(turn: Turn, order: Order) -> str:
    """Where the parcels that a message is about are, with what is in them where that isn't everything."""
    boxes, named = meant(turn, order), _named(turn, order)
    unsent = _unsent(order)
    missing = {name: count for name, count in unsent.items() if not named or name in named}
    if not boxes:
        return turn.say("order-part-unsent", number=order.number, items=_items(turn, order, missing))
    lines: list[str] = []
    if unsent and not named:
        lines.append(turn.say("order-part-sent", number=order.number))
    elif len(boxes) > 1:
        lines.append(turn.say("order-parcels", number=order.number, count=len(boxes)))
    for box in boxes:
        lines.append(where(turn, order, box))
        if box.lines is not None and (unsent or len(order.sent) > 1):
            lines.append(turn.say("parcel-holds", items=_items(turn, order, _contents(order, box))))
    if missing:
        lines.append(turn.say("parcels-unsent", items=_items(turn, order, missing)))
    return "\n".join(lines)


def sent_back(turn: Turn, boxes: Sequence[Parcel]) -> list[str]:
    """Where the parcels of a return are."""
    lines = []
    for box in boxes:
        status = "in_transit" if box.status == "out_for_delivery" else box.status
        when = turn.moment(box.delivered_at or box.updated_at)
        lines.append(turn.say(f"return-parcel-{status}", **carried(turn, box), when=when))
        lines += [*_scan(turn, box), *_dated(turn, box)] if status in ("in_transit", "exception") else []
    return lines


def carried(turn: Turn, parcel: Parcel) -> dict[str, str]:
    """By whom, and under which number."""
    return {
        "carrier": parcel.carrier or turn.say("parcel-carrier"),
        "tracking": parcel.tracking_number or turn.say("parcel-untracked"),
    }


def where(turn: Turn, order: Order, parcel: Parcel) -> str:
    """Where a parcel is, as of when, and when it is expected."""
    values = {"number": order.number, **carried(turn, parcel)}
    if parcel.status == "delivered":
        at = parcel.delivered_at or parcel.updated_at
        scan = parcel.last_scan
        text = scan.text(turn.language).rstrip("。.") if scan is not None and scan.at >= at else ""
        return "\n".join(
            [
                turn.say("parcel-delivered", **values, when=turn.moment(at)),
                *([turn.say("parcel-note", text=text)] if text else []),
            ]
        )
    return "\n".join(
        [
            turn.say(f"parcel-{parcel.status}", **values),
            *_scan(turn, parcel),
            *_arrival(turn, parcel),
            *_dated(turn, parcel),
        ]
    )


def record(turn: Turn, order: Order, boxes: Sequence[Parcel]) -> str:
    """All that the carriers have said of some parcels, newest first; where they are where that is nothing."""
    lines: list[str] = []
    for box in boxes:
        scans = [
            turn.say(
                "record-line" if scan.place else "record-line-placeless",
                text=scan.text(turn.language).rstrip("。."),
                place=scan.place,
                when=turn.moment(scan.at),
            )
            for scan in reversed(box.scans[-_SCANS:])
        ]
        head = turn.say("record", number=order.number, **carried(turn, box))
        lines += [head, *scans] if scans else [where(turn, order, box)]
    return "\n".join(lines)


def is_late(turn: Turn, parcel: Parcel) -> bool:
    """Whether the day it was promised for is over."""
    if parcel.estimated_at is None or parcel.status == "delivered":
        return False
    promised = parcel.estimated_at.astimezone(turn.zone).date()
    return promised < turn.now.astimezone(turn.zone).date()


def _named(turn: Turn, order: Order) -> set[str]:
    """The products of an order that a message names, where those are not all of it; none where they name the order,
    or the other part of it is meant."""
    if orders_called.called_by_goods(turn.text) or orders_called.other(turn.text):
        return set()
    names = {line.product_id: f"{line.name_zh} {line.name_en}" for line in order.lines}
    fits = {product: len(product_words.words_in_name(turn, name)) for product, name in names.items()}
    most = max(fits.values(), default=0)
    named = {product for product, fit in fits.items() if fit == most} if most else set()
    named = named or {product for product in names if product == turn.named(EntityKind.PRODUCT)}
    return named if len(named) < len(names) else set()


def _unsent(order: Order) -> Mapping[str, int]:
    """How many of which product are in no parcel yet; whoever says that all arrived knows better."""
    return order.unsent() if order.status == "shipped" else {}


def _contents(order: Order, box: Parcel) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in box.lines or ():
        ordered = sum(line.quantity for line in order.lines if line.product_id == item.product_id)
        count = ordered if item.quantity is None else item.quantity
        found[item.product_id] = found.get(item.product_id, 0) + count
    return found


def _items(turn: Turn, order: Order, counts: Mapping[str, int]) -> str:
    """Names with how many; what the order doesn't have has no name here."""
    names = {line.product_id: line.name(turn.language) for line in order.lines}
    shown = [
        names[product] if count == 1 else f"{names[product]} × {count}"
        for product, count in counts.items()
        if product in names
    ]
    return turn.say("items-comma").join(shown)


def _scan(turn: Turn, parcel: Parcel) -> list[str]:
    """Where it was seen last."""
    scan = parcel.last_scan
    if scan is None:
        return []
    return [
        turn.say(
            "parcel-scan" if scan.place else "parcel-scan-placeless",
            text=scan.text(turn.language).rstrip("。."),
            place=scan.place,
            when=turn.moment(scan.at),
        )
    ]


def _arrival(turn: Turn, parcel: Parcel) -> list[str]:
    if parcel.estimated_at is None:
        return []
    if is_late(turn, parcel):
        return [late(turn, parcel.estimated_at)]
    return [turn.say("parcel-expected", day=turn.near_day(parcel.estimated_at))]


def late(turn: Turn, promised: datetime) -> str:
    """That a parcel was due on a day that is over, and for how many days."""
    today = turn.now.astimezone(turn.zone).date()
    days = (today - promised.astimezone(turn.zone).date()).days
    return turn.say("parcel-late", day=turn.day(promised), days=days)


def _dated(turn: Turn, parcel: Parcel) -> list[str]:
    """As of when that is: the scan has said it already, unless it is so long ago that it needs saying."""
    scan = parcel.last_scan
    return (
        []
        if scan is not None and scan.at == parcel.updated_at and not _is_old(turn, parcel)
        else [_as_of(turn, parcel)]
    )


def old_news(turn: Turn, parcel: Parcel) -> list[str]:
    """That what is known of a parcel is old, where it is."""
    return [_as_of(turn, parcel)] if _is_old(turn, parcel) else []


def _is_old(turn: Turn, parcel: Parcel) -> bool:
    return turn.now - parcel.updated_at > _OLD


def _as_of(turn: Turn, parcel: Parcel) -> str:
    text_id = "parcel-old" if _is_old(turn, parcel) else "parcel-as-of"
    return turn.say(text_id, when=turn.moment(parcel.updated_at))
