"""Imports orders: a row a line of an order. What is true of the whole order is read from its first row that says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.shop.importing.presets.statuses import SHOPIFY_MONEY, TAOBAO, WOOCOMMERCE, YOUZAN, meanings
from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Write
from bot.shop.importing.told import Refused, Row, Told, record_of
from bot.shop.importing.values import minor
from bot.shop.importing.writing import write_all
from bot.shop.intake.records import OrderRecord
from kernel.columns import folded
from kernel.sentence import Sentence, about
from storage.known_orders import KnownOrders
from storage.orders import STATUSES
from storage.trial import Writes

_STATUSES = {
    **SHOPIFY_MONEY, **TAOBAO, **YOUZAN, **{said: status for said, status in WOOCOMMERCE.items() if status},
    **{folded(status): status for status in STATUSES},
    **meanings(
        ("placed", "new|未付款"), ("paid", "confirmed"), ("shipped", "in transit|sent"), ("returned", "已退货")
    ),
}  # fmt: skip
_NAMES = {
    "order": "number",
    "customer": "customer_id",
    "time": "placed_at",
    "paid": "paid_at",
    "coupon": "coupon_code",
    "buyer_phone": "phone",
}
_OF_THE_ORDER = ("order", "customer", "email", "buyer_phone", "time", "paid", "payment_method", "coupon")
_AMOUNTS = ("discount", "shipping_fee", "tax", "total")
_OF_A_PARCEL = {
    "tracking_number": "tracking_number", "carrier": "carrier", "shipped": "shipped_at", "delivered": "delivered_at"
}  # fmt: skip
_OF_A_RETURN = {
    "return_tracking_number": "tracking_number", "return_carrier": "carrier", "return_shipped": "shipped_at",
    "return_delivered": "delivered_at",
}  # fmt: skip
_OF_A_REFUND = {
    "refund_reason": "reason", "refund_requested": "requested_at", "refund_decided": "decided_at",
    "decision_reason": "decision_reason", "refund_paid": "paid_at",
}  # fmt: skip
_NO_REFUND = ""
_REFUND_STATUSES = meanings(
    (_NO_REFUND, "none|no|无|无退款|未退款|没有申请退款"),
    ("requested", "requested|pending|open|申请中|待审核|审核中|退款中|处理中|买家已经申请退款，等待卖家同意"),
    ("approved", "approved|accepted|同意|已同意|已通过|审核通过|待打款"),
    ("paid", "paid|refunded|completed|done|已退款|退款成功|退款完成|已打款|已完成"),
    ("declined", "declined|rejected|refused|denied|拒绝|已拒绝|拒绝退款|已驳回|驳回|审核不通过|未通过"),
)
_ADDRESS = ("recipient", "phone", "country", "city", "line", "postcode")


@dataclass(slots=True)
class _Gathered:
    """The rows of one order."""

    rows: list[Row] = field(default_factory=list)
    fields: list[Mapping[str, Any]] = field(default_factory=list)
    bad: tuple[Row, BadRow] | None = None
    """The first row that could not be read: with it, none of them is taken."""

    def whole(self) -> dict[str, Any]:
        """What the first row that says it says of the whole order, by field."""
        return _whole(self.fields)


class OrderImport(RowImport):
    """Adds orders with their lines, parcels, refunds and purchases, and brings them up to date."""

    def __init__(self, options: Options, scattered: frozenset[str] = frozenset()) -> None:
        """Prepare.

        Args:
            scattered: numbers of orders whose rows don't stand together: they are complete at the end alone.
        """
        super().__init__(options)
        self._scattered = scattered
        self._gathered: dict[str, _Gathered] = {}
        self._latest: str | None = None

    def take(self, row: Row, fields: Mapping[str, Any], bad: BadRow | None) -> Refused | None:
        number = fields.get("order")
        if number is None:
            return Refused((row,), str(bad), bad.field) if bad is not None else None
        gathered = self._gathered.setdefault(number, _Gathered())
        gathered.rows.append(row)
        gathered.fields.append(fields)
        if bad is not None and gathered.bad is None:
            gathered.bad = (row, bad)
        self._latest = number
        return None

    def take_broken(self, row: Row, why: str, order: str | None) -> Refused | None:
        """It may be a line of the order that it names, and where that is cut off, of the one above."""
        above = self._latest
        number = order or above
        if number is None:
            return Refused((row,), why)
        self._gathered.setdefault(number, _Gathered()).rows.append(row)
        cut_off = above is not None and above.startswith(order or "")
        for one in {number, above} if cut_off else {number}:
            spoilt = self._gathered.get(one or "")
            if spoilt is not None and spoilt.bad is None:
                spoilt.bad = (row, BadRow(why))
        if not cut_off:
            self._latest = number
        return None

    def complete(self, last: bool) -> Write:
        """All orders but those whose rows may go on in the next portion."""
        going_on = frozenset() if last else self._scattered | {self._latest}
        numbers = [number for number in self._gathered if number not in going_on]
        return partial(self._write, {number: self._gathered.pop(number) for number in numbers})

    async def _write(self, orders: Mapping[str, _Gathered], store: Writes) -> Flushed:
        known = await store.write(lambda connection: KnownOrders(connection).by_numbers(orders))
        currencies = {number: one.currency for number, one in known.items()}
        told = [self._told(one, currencies.get(number)) for number, one in orders.items()]
        return await write_all(store, told, self._options)

    def _told(self, gathered: _Gathered, known: str | None) -> Told[OrderRecord] | Refused:
        rows = tuple(gathered.rows)
        if gathered.bad is not None:
            row, bad = gathered.bad
            return Refused(rows, str(bad), bad.field, row)
        whole = gathered.whole()
        currency = whole.get("currency") or self._options.currency
        counted = currency or known or self._options.defaults.currency
        try:
            _require_one(gathered.fields, "currency")
            said = _said(whole, gathered.fields, counted, self._options.statuses)
        except BadRow as bad:
            return Refused(rows, str(bad), bad.field)
        if currency is not None or known is None:
            said["currency"] = counted
        return record_of(OrderRecord, said, rows)


def _whole(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the first of the rows that says it says, by field."""
    return {name: value for fields in reversed(rows) for name, value in fields.items() if value is not None}


def _require_one(rows: Sequence[Mapping[str, Any]], name: str) -> None:
    said = sorted({str(fields[name]) for fields in rows if fields.get(name) is not None})
    if len(said) > 1:
        raise BadRow(
            Sentence("an order has one {name}, and its rows say {said}", name=name, said=", ".join(said)),
            name,
        )


def _said(
    whole: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], currency: str, statuses: Mapping[str, str]
) -> dict[str, Any]:
    said = {_NAMES.get(name, name): whole[name] for name in _OF_THE_ORDER if name in whole}
    said |= {name: abs(minor(whole[name], currency, name)) for name in _AMOUNTS if name in whole}
    lines = [_line(fields, currency) for fields in rows if fields.get("item") is not None]
    if lines:
        said["lines"] = lines
    if address := {name: whole[name] for name in _ADDRESS if name in whole}:
        said["ship_to"] = address
    if "status" in whole:
        said["status"] = _status(whole["status"], statuses)
    if boxes := [*_parcels(whole, rows), *_return(whole)]:
        said["parcels"] = boxes
    if refund := _refund(whole, currency):
        said["refunds"] = [refund]
    return said


def _line(fields: Mapping[str, Any], currency: str) -> dict[str, Any]:
    line = {"product_id": fields["item"]}
    if fields.get("quantity") is not None:
        line["quantity"] = fields["quantity"]
    if fields.get("price") is not None:
        line["unit_price"] = minor(fields["price"], currency, "price")
    return line


def _status(said: str, statuses: Mapping[str, str]) -> str:
    status = statuses.get(folded(said)) or _STATUSES.get(folded(said))
    if status is None:
        raise BadRow(
            about(
                said,
                Sentence(
                    "is no status that is known; say which of {known} it is with --statuses",
                    known=", ".join(STATUSES),
                ),
            ),
            "status",
        )
    return status


def _refund(whole: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Money that was paid back, unless the rows say how far that is."""
    said, refunded = whole.get("refund_status"), whole.get("refunded")
    status = _refund_status(said) if said is not None else "paid" if refunded else _NO_REFUND
    if status == _NO_REFUND:
        return {}
    refund = {_OF_A_REFUND[name]: whole[name] for name in _OF_A_REFUND if name in whole}
    if refunded is not None:
        refund["amount"] = abs(minor(refunded, currency, "refunded"))
    return {**refund, "status": status}


def _refund_status(said: str) -> str:
    status = _REFUND_STATUSES.get(folded(said))
    if status is None:
        known = ", ".join(one for one in dict.fromkeys(_REFUND_STATUSES.values()) if one)
        raise BadRow(
            about(said, Sentence("is no status of a refund; there are {known}", known=known)), "refund_status"
        )
    return status


def _return(whole: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parcel that comes back."""
    if "return_tracking_number" not in whole:
        return []
    return [
        {"direction": "return"} | {_OF_A_RETURN[name]: whole[name] for name in _OF_A_RETURN if name in whole}
    ]


def _parcels(whole: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The order's parcel; where its rows name several, each with the lines of the rows that name it."""
    numbers = dict.fromkeys(fields["tracking_number"] for fields in rows if fields.get("tracking_number"))
    if len(numbers) < 2:
        return [_parcel(whole)] if numbers else []
    boxes = []
    for number in numbers:
        own = [fields for fields in rows if fields.get("tracking_number") == number]
        within = [
            {"product_id": fields["item"], "quantity": fields.get("quantity") or 1}
            for fields in own
            if fields.get("item") is not None
        ]
        boxes.append({**_parcel(_whole(own)), **({"lines": within} if within else {})})
    return boxes


def _parcel(whole: Mapping[str, Any]) -> dict[str, Any]:
    parcel = {_OF_A_PARCEL[name]: whole[name] for name in _OF_A_PARCEL if name in whole}
    if (url := _web_address(whole.get("tracking_url"))) is not None:
        parcel["tracking_url"] = url
    return parcel


def _web_address(url: str | None) -> str | None:
    return url if url is not None and url.startswith(("https://", "http://")) else None
