"""What is said of an order's way when one thing is asked of it: a verdict first, and then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.conversation.skills import order_asked, order_days, parcel_words
from bot.conversation.skills.order_words import Fact
from bot.conversation.turn import Turn
from nlu.types import Entity, EntityKind
from storage.orders import Order, Parcel

_NOT_LEFT = frozenset({"placed", "paid", "packed"})
_BEFORE_A_DAY = "before "
_BEFORE_A_DAY_ZH = ("前", "之前", "以前")


def told(turn: Turn, order: Order, asked: frozenset[Fact], summary: str) -> str:
    """The answer to what is asked of an order's way; empty where nothing is, or where it has ended otherwise.

    Args:
        turn: of the message.
        order: what is asked about.
        asked: what is asked.
        summary: the order in a sentence, for one that has not left.
    """
    if order.status in ("cancelled", "returned") or not asked & order_asked.OF_DELIVERY:
        return ""
    boxes = parcel_words.meant(turn, order)
    lines = _carriers(turn, order, boxes) if Fact.CARRIER in asked else []
    left = asked - {Fact.CARRIER}
    coming = any(box.status != "delivered" for box in boxes)
    passed = Fact.ARRIVAL in left and coming and order_asked.of_what_it_passed(turn.text)
    if (Fact.RECORD in left or passed) and boxes:
        return "\n".join([*lines, parcel_words.record(turn, order, boxes)])
    if Fact.STILL in left and order.status not in _NOT_LEFT:
        lines += _standing(turn, order, boxes)
    elif left & (order_asked.OF_DELIVERY - {Fact.WHERE}):
        reason = _reason(turn, order, boxes, summary, way=Fact.SENT in left, seen=Fact.ARRIVED in left)
        lines += _sent_on(turn, order, boxes) if Fact.SENT in left else []
        lines.append(_joined(turn, _verdict(turn, order, boxes, left), reason))
    return "\n".join(lines)


def _sent_on(turn: Turn, order: Order, boxes: Sequence[Parcel]) -> list[str]:
    """When each parcel left, where that is asked."""
    days = [box.shipped_at for box in boxes if box.shipped_at is not None]
    if not order_asked.of_a_time(turn.text):
        return []
    return [turn.say("way-sent", number=order.number, day=turn.day(day)) for day in dict.fromkeys(days)]


def _joined(turn: Turn, *sentences: str) -> str:
    return ("" if turn.language == "zh" else " ").join(filter(None, sentences))


def due(turn: Turn, order: Order) -> datetime | None:
    """When the last of what is still to come is expected."""
    days = [box.estimated_at for box in parcel_words.meant(turn, order) if box.status != "delivered"]
    return max((day for day in days if day is not None), default=None)


def short(turn: Turn, order: Order) -> str:
    """How the way of an order stands, in a few words for a list."""
    boxes = order.sent
    if boxes and all(box.status == "delivered" for box in boxes):
        return turn.say("way-delivered", day=turn.day(_arrived(boxes)))
    day = due(turn, order)
    if order.status not in ("cancelled", "returned") and day is not None:
        late = any(parcel_words.is_late(turn, box) for box in boxes)
        return turn.say("way-late" if late else "way-expected", day=turn.near_day(day))
    return turn.say(f"status-{order.status}")


def _carriers(turn: Turn, order: Order, boxes: Sequence[Parcel]) -> list[str]:
    lines = [
        turn.say("order-carrier", number=order.number, **parcel_words.carried(turn, box)) for box in boxes
    ]
    return lines or [turn.say("order-no-carrier", number=order.number)]


def _standing(turn: Turn, order: Order, boxes: Sequence[Parcel]) -> list[str]:
    """Where each parcel was seen last, and for how long nothing has come since."""
    lines = []
    for box in boxes:
        scan = box.last_scan
        if box.status == "delivered" or scan is None:
            lines.append(parcel_words.where(turn, order, box))
            continue
        values = {"text": scan.text(turn.language).rstrip("。."), "when": turn.moment(scan.at)}
        text_id = "way-seen" if scan.place else "way-seen-placeless"
        lines.append(turn.say(text_id, number=order.number, place=scan.place, **values))
        days = (turn.now - scan.at) // timedelta(days=1)
        if days:
            lines.append(turn.say("way-still", days=days))
        lines += _expected(turn, order, box)
    return lines


def _expected(turn: Turn, order: Order, box: Parcel, *, alone: bool = False) -> list[str]:
    """When it is expected; with the order's number where nothing that stands before it says it."""
    if box.estimated_at is None:
        return []
    if parcel_words.is_late(turn, box):
        return [parcel_words.late(turn, box.estimated_at)]
    day = turn.near_day(box.estimated_at)
    return [
        turn.say("order-expected", number=order.number, day=day)
        if alone
        else turn.say("parcel-expected", day=day)
    ]


def _verdict(turn: Turn, order: Order, boxes: Sequence[Parcel], asked: frozenset[Fact]) -> str:
    on_time = Fact.ON_TIME in asked
    arrived = order.status == "delivered" and all(box.status == "delivered" for box in boxes)
    entity = _day(turn)
    if arrived:
        if asked & {Fact.LATE, Fact.ON_TIME}:
            return turn.say("verdict-yes" if _came_late(turn, boxes) != on_time else "verdict-no")
        return turn.say("verdict-yes") if asked & {Fact.ARRIVED, Fact.SENT} else ""
    if entity is not None and Fact.ARRIVAL in asked:
        return _by(turn, order, boxes, entity)
    if asked & {Fact.LATE, Fact.ON_TIME} and due(turn, order) is not None:
        return turn.say("verdict-yes" if _late(turn, boxes) != on_time else "verdict-no")
    if Fact.ARRIVED in asked:
        return turn.say("verdict-not-yet")
    if Fact.SENT in asked:
        return turn.say("verdict-not-yet" if order.status in _NOT_LEFT else "verdict-yes")
    return ""


def _by(turn: Turn, order: Order, boxes: Sequence[Parcel], entity: Entity) -> str:
    """Whether it will be there by the day that is asked about."""
    day = due(turn, order)
    if day is None:
        return ""
    if _late(turn, boxes) or any(box.status == "exception" for box in boxes):
        return turn.say("verdict-unsure")
    last = order_days.span(entity)[1] - (timedelta(days=1) if _strictly(turn, entity) else timedelta())
    return turn.say("verdict-in-time" if day.astimezone(turn.zone).date() <= last else "verdict-too-late")


def _day(turn: Turn) -> Entity | None:
    """The day, of those to come, that is asked about."""
    entity = turn.understanding.first(EntityKind.DATE) if turn.understanding is not None else None
    if entity is None or date.fromisoformat(entity.value) < turn.now.astimezone(turn.zone).date():
        return None
    return entity


def _strictly(turn: Turn, entity: Entity) -> bool:
    """Whether it is to be there before that day begins."""
    _, _, after = turn.text.partition(entity.text)
    return entity.text.casefold().startswith(_BEFORE_A_DAY) or after.startswith(_BEFORE_A_DAY_ZH)


def _reason(turn: Turn, order: Order, boxes: Sequence[Parcel], summary: str, *, way: bool, seen: bool) -> str:
    """What is known of the day, of the `way` and where it was `seen`: of what has not come yet, else when it came."""
    coming = [box for box in boxes if box.status != "delivered"]
    if order.status in _NOT_LEFT or not boxes:
        day = due(turn, order)
        known = "" if day is None else turn.say("parcel-expected", day=turn.near_day(day))
        return _joined(turn, summary, known)
    if not coming:
        return "\n".join(parcel_words.where(turn, order, box) for box in boxes)
    lines = []
    for box in coming:
        expected = _expected(turn, order, box, alone=not way) or [turn.say("way-no-day", number=order.number)]
        troubled = box.status == "exception" or parcel_words.is_late(turn, box)
        old = [] if troubled else parcel_words.old_news(turn, box)
        there = [turn.say(f"parcel-{box.status}", number=order.number, **parcel_words.carried(turn, box))]
        lines += [*(there if way else []), *expected, *(_seen(turn, order, box) if troubled or seen else old)]
    return "\n".join(lines)


def _seen(turn: Turn, order: Order, box: Parcel) -> list[str]:
    return [line for line in _standing(turn, order, [box])[:2] if line not in _expected(turn, order, box)]


def _late(turn: Turn, boxes: Sequence[Parcel]) -> bool:
    return any(parcel_words.is_late(turn, box) for box in boxes)


def _arrived(boxes: Sequence[Parcel]) -> datetime:
    return max(box.delivered_at or box.updated_at for box in boxes)


def _came_late(turn: Turn, boxes: Sequence[Parcel]) -> bool:
    promised = [box.estimated_at for box in boxes if box.estimated_at is not None]
    return (
        bool(promised)
        and _arrived(boxes).astimezone(turn.zone).date() > max(promised).astimezone(turn.zone).date()
    )
