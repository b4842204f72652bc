"""The parcels and refunds of an order after a record has spoken of them: added to, never taken away one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from bot.shop.intake.merging import FieldTimes, filled
from bot.shop.intake.records import OrderRecord, ParcelRecord, RefundRecord
from storage.orders import Order, Parcel, ParcelLine, Refund, Scan

_WITH_ORDER = {"shipped": "in_transit", "delivered": "delivered", "returned": "delivered"}
_CLEARED: Mapping[str, Any] = {"reason": "", "paid_to": "", "decision_reason": ""}


def parcels_of(record: OrderRecord, item: Order, times: FieldTimes) -> tuple[Parcel, ...]:
    """The parcels of an order.

    Args:
        item: the order as it is known otherwise.
    """
    boxes = {box.id: box for box in item.parcels}
    for told in record.parcels or ():
        known = _known(told, boxes) or _new(told, item, boxes)
        boxes[known.id] = _parcel(told, known, times, told.updated_at or record.updated_at)
    # What is known of a parcel itself takes the place of what only says that one has left.
    stand_ins = {stand_in(item.id), stand_in(item.number)}
    if any(box.direction == "outbound" for box in boxes.values() if box.id not in stand_ins):
        boxes = {name: box for name, box in boxes.items() if name not in stand_ins}
    return tuple(boxes.values())


def stand_in(order: str) -> str:
    """The id of the parcel of an order of which it is only known that something has left."""
    return f"{order}-sent"


def _known(told: ParcelRecord, boxes: Mapping[str, Parcel]) -> Parcel | None:
    if "id" in told.model_fields_set:
        return boxes.get(told.id)
    return next((box for box in boxes.values() if box.tracking_number == told.tracking_number), None)


def _new(told: ParcelRecord, item: Order, boxes: Mapping[str, Parcel]) -> Parcel:
    """One of which nothing is known yet; as of the latest moment that is told of it."""
    moments = [told.updated_at, told.delivered_at, told.shipped_at, item.placed_at]
    return Parcel(
        id=told.id or next(name for n in count(1) if (name := f"{item.id}-{n}") not in boxes),
        carrier="",
        tracking_number=told.tracking_number or "",
        status="",
        updated_at=next(at for at in moments if at is not None),
    )


def _parcel(told: ParcelRecord, known: Parcel, times: FieldTimes, at: datetime | None) -> Parcel:
    said = times.newest(told.said("id", "scans", "updated_at"), at, f"parcels.{known.id}.")
    if said.get("lines") is not None:
        said["lines"] = tuple(ParcelLine(**one.model_dump()) for one in told.lines or ())
    said["said_status"] = said.pop("status", known.status if known.said_status is None else known.said_status)
    if further := {Scan(**one.model_dump()) for one in told.scans or ()} - {*known.scans}:
        said["scans"] = tuple(sorted({*known.scans, *further}, key=_by_time))
    if told.updated_at is not None:
        said["updated_at"] = max(known.updated_at, told.updated_at)
    return replace(known, **said)


def _by_time(scan: Scan) -> tuple[datetime, str, str, str]:
    return scan.at, scan.place, scan.text_zh, scan.text_en


def come_by_itself(box: Parcel) -> str:
    """How far a parcel has come, by what is said of it alone."""
    said = box.status if box.said_status is None else box.said_status
    if said not in ("", "label"):
        return said
    if box.delivered_at is not None:
        return "delivered"
    return "label" if box.shipped_at is None else "in_transit"


def left_with(boxes: tuple[Parcel, ...], said_status: str) -> tuple[Parcel, ...]:
    """The parcels of an order of which the shop says this: with it they have left or arrived, even if nobody says when.

    What comes back does so by itself; and that one parcel has left says nothing of another one.
    """
    with_order = _WITH_ORDER.get(said_status, "label")
    come = [(box, come_by_itself(box)) for box in boxes]
    statuses = [
        (box, with_order if (box.direction, alone) == ("outbound", "label") else alone) for box, alone in come
    ]
    return tuple(box if box.status == status else replace(box, status=status) for box, status in statuses)


def refund_id_of(told: RefundRecord, order_id: str, known: Order | None) -> str:
    """The id that a refund is kept by.

    Args:
        known: its order as it is known.
    """
    usual = f"{order_id}-refund"
    if told.id or known is None:
        return told.id or usual
    there = {one.id for one in known.refunds}
    # As it has been called since the order was known by its number alone.
    former = f"{known.number}-refund"
    nameless = former if former in there and usual not in there else usual
    same = [one.id for one in known.refunds if _same_money(told, one)]
    return same[0] if nameless not in there and len(same) == 1 else nameless


def _same_money(told: RefundRecord, known: Refund) -> bool:
    return (told.status, told.amount) == ("paid", known.amount) and known.status == "paid"


def refunds_of(record: OrderRecord, item: Order, times: FieldTimes, now: datetime) -> tuple[Refund, ...]:
    """The refunds of an order; one with an id takes the place of the sum alone that was told of the same money."""
    refunds = {one.id: one for one in item.refunds}
    sums = {refund_id_of(RefundRecord(), one, None) for one in (item.id, item.number)}
    for told in record.refunds or ():
        refund_id = refund_id_of(told, item.id, item)
        said = times.newest(told.said("id"), record.updated_at, f"refunds.{refund_id}.")
        alone = [] if refund_id in refunds else [one for one in sums & refunds.keys() if told.id]
        for name in alone:
            if _same_money(told, refunds[name]):
                del refunds[name]
        refunds[refund_id] = _refund(refund_id, said, refunds.get(refund_id), item, now)
    return tuple(refunds.values())


def _refund(
    refund_id: str, said: Mapping[str, Any], known: Refund | None, item: Order, now: datetime
) -> Refund:
    if known is None:
        # As of when the order was placed: nobody has said when.
        asked = min(item.placed_at, now)
        known = Refund(id=refund_id, amount=0, currency=item.currency, status="", requested_at=asked)
    refund = replace(known, **filled(said, _CLEARED))
    if refund.requested_at == item.placed_at and refund.paid_at is not None:
        return replace(refund, requested_at=refund.paid_at)
    return refund
