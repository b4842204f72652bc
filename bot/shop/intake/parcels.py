"""The parcels and refunds of an order after a record has spoken of them: added to, never taken away one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.shop.intake.merging import filled
from bot.shop.intake.records import OrderRecord, ParcelRecord, RefundRecord
from storage.orders import Order, Parcel, Refund, Scan

_WAY = ("", "label", "in_transit", "out_for_delivery", "delivered")
_LEFT = frozenset({"shipped", "delivered", "returned"})
_CLEARED: Mapping[str, Any] = {"reason": "", "paid_to": ""}


def parcels_of(record: OrderRecord, item: Order) -> tuple[Parcel, ...]:
    """The parcels of an order.

    Args:
        item: the order as it is known otherwise.
    """
    boxes = {box.id: box for box in item.parcels}
    for told in record.parcels or ():
        known = _known(told, boxes)
        box = _parcel(told, known, item, len(boxes))
        boxes[box.id] = box
    return tuple(boxes.values())


def _known(told: ParcelRecord, boxes: Mapping[str, Parcel]) -> Parcel | None:
    if "id" in told.model_fields_set:
        return boxes.get(told.id)
    return next((box for box in boxes.values() if box.tracking_number == told.tracking_number), None)


def _parcel(told: ParcelRecord, known: Parcel | None, item: Order, there: int) -> Parcel:
    said = told.said("id", "scans", "updated_at")
    at = told.updated_at
    if known is None:
        number = told.tracking_number or ""
        known = Parcel(
            id=told.id or f"{item.id}-{there + 1}",
            carrier="",
            tracking_number=number,
            status="",
            updated_at=at or said.get("delivered_at") or said.get("shipped_at") or item.placed_at,
        )
    elif at is not None and at < known.updated_at:
        # What is older says only what nobody has said since.
        said = {name: value for name, value in said.items() if not getattr(known, name)}
    box = replace(known, **said)
    further = {Scan(**one.model_dump()) for one in told.scans or ()} - {*box.scans}
    scans = sorted({*box.scans, *further}, key=_by_time) if further else box.scans
    status = box.status if told.status is not None else _further(box.status, _status(box, item))
    at = max(known.updated_at, at) if at is not None else known.updated_at
    return replace(box, scans=tuple(scans), status=status, updated_at=at)


def _by_time(scan: Scan) -> tuple[datetime, str, str, str]:
    return scan.at, scan.place, scan.text_zh, scan.text_en


def _further(said: str, known: str) -> str:
    """The further of two places on the way; an exception is what somebody said."""
    return said if said not in _WAY or _WAY.index(said) > _WAY.index(known) else known


def _status(box: Parcel, item: Order) -> str:
    """How far one has come of which nobody says it; with its order it has left, even if nobody says when."""
    if box.delivered_at is not None or item.status == "delivered":
        return "delivered"
    return "in_transit" if box.shipped_at is not None or item.status in _LEFT else "label"


def refunds_of(record: OrderRecord, item: Order, now: datetime) -> tuple[Refund, ...]:
    """The refunds of an order."""
    refunds = {one.id: one for one in item.refunds}
    for told in record.refunds or ():
        refund_id = told.id or f"{item.id}-refund"
        refunds[refund_id] = _refund(refund_id, told, refunds.get(refund_id), item, now)
    return tuple(refunds.values())


def _refund(refund_id: str, told: RefundRecord, known: Refund | None, item: Order, now: datetime) -> Refund:
    said = filled(told.said("id"), _CLEARED)
    if known is None:
        asked = said.get("requested_at") or said.get("paid_at") or item.paid_at or item.placed_at
        known = Refund(
            id=refund_id, amount=0, currency=item.currency, status="paid", requested_at=min(asked, now)
        )
    return replace(known, **said)
