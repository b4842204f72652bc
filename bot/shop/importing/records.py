"""Imports of a row a record: customers with their addresses, products with their categories, events, points."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, get_args

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.fields import ATTRIBUTE, OPTION, PLACE
from bot.shop.importing.rows import BadRow, Flushed, Options, RowImport, Write
from bot.shop.importing.told import Refused, Row, Told, record_of
from bot.shop.importing.values import minor
from bot.shop.importing.writing import write_all
from bot.shop.intake.coupons import CouponRecord
from bot.shop.intake.events import EventRecord
from bot.shop.intake.people import AddressRecord, ConsentChannel, CustomerRecord, PointRecord
from bot.shop.intake.records import ProductRecord, Record
from kernel.sentence import Sentence, about
from retention.logs.columns import KINDS
from retention.types import EventKind
from storage.catalogue import Catalogue
from storage.codes import Codes, code_key
from storage.trial import Writes

Values = Mapping[str, Any]
MAIN = "main"
"""The id of an address that a file has in the row of its customer."""


class RecordImport(RowImport):
    """Makes a record of each row, and hands the records to the intake."""

    kind: type[Record]
    names: Mapping[str, str] = {}
    """What the fields of a row are called in a record, where that differs."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._rows: list[tuple[Row, Values]] = []

    def take(self, row: Row, fields: Values, bad: BadRow | None) -> Refused | None:
        if bad is not None:
            return Refused((row,), str(bad), bad.field)
        self._rows.append((row, fields))
        return None

    def complete(self, last: bool) -> Write:
        rows, self._rows = self._rows, []
        return partial(self._write, rows)

    async def _write(self, rows: Sequence[tuple[Row, Values]], store: Writes) -> Flushed:
        known = await store.write(
            lambda connection: self._look_up(connection, [fields for _, fields in rows])
        )
        told = [self._told(row, fields, known) for row, fields in rows]
        return await write_all(store, told, self._options)

    async def _look_up(self, connection: AsyncConnection, rows: Sequence[Values]) -> Mapping[str, Any]:
        """What has to be known of the store before records can be made."""
        return {}

    def _told(self, row: Row, fields: Values, known: Mapping[str, Any]) -> Told[Any] | Refused:
        try:
            said = self._fields(fields, known)
        except BadRow as bad:
            return Refused((row,), str(bad), bad.field)
        return record_of(
            self.kind, {self.names.get(name, name): value for name, value in said.items()}, (row,)
        )

    def _fields(self, fields: Values, known: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of the record, by the row's names. An empty cell says nothing."""
        return {name: value for name, value in fields.items() if value is not None}


class CustomerImport(RecordImport):
    """Adds customers and brings them up to date; what a customer has said about consent is never overruled."""

    kind = CustomerRecord
    names: Mapping[str, str] = {"customer": "id", "created": "created_at"}

    def _fields(self, fields: Values, known: Mapping[str, Any]) -> dict[str, Any]:
        said = super()._fields(fields, known)
        if consents := _consents(said):
            said["consents"] = consents
        if address := _taken(said, AddressRecord.model_fields.keys() - CustomerRecord.model_fields.keys()):
            said["addresses"] = {MAIN: address}
        return said


class AddressImport(RecordImport):
    """Adds addresses of customers and brings them up to date; a customer who isn't here yet is made."""

    kind = CustomerRecord
    names: Mapping[str, str] = {"customer": "id"}

    def _fields(self, fields: Values, known: Mapping[str, Any]) -> dict[str, Any]:
        said = super()._fields(fields, known)
        name = said.get("id") or said.get("label")
        if name is None:
            raise BadRow("an address is known by an id or a label, and this has neither", "id")
        address = _taken(said, AddressRecord.model_fields.keys())
        default = {"default_address": name} if said.get("default") else {}
        return {"customer": said["customer"], "addresses": {name: address}} | default


def _taken(said: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Take some of the fields out."""
    return {name: said.pop(name) for name in names if name in said}


def _consents(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Take out what was agreed to on each channel; a date alone says nothing."""
    found: dict[str, dict[str, Any]] = {}
    for channel in get_args(ConsentChannel):
        granted, at = said.pop(f"consent_{channel}", None), said.pop(f"consent_{channel}_at", None)
        if granted is not None:
            found[channel] = {"granted": granted, "at": at}
    return found


class ProductImport(RecordImport):
    """Adds products and brings them up to date."""

    kind = ProductRecord
    names: Mapping[str, str] = {"item": "id", "price": "list_price", "created": "created_at"}

    async def _look_up(self, connection: AsyncConnection, rows: Sequence[Values]) -> Mapping[str, str]:
        return await Catalogue(connection).currencies({fields["item"] for fields in rows})

    def _fields(self, fields: Values, known: Mapping[str, str]) -> dict[str, Any]:
        said = super()._fields(fields, known)
        item = said["item"]
        currency = said.get("currency") or self._options.currency
        if currency is not None:
            said["currency"] = currency
        elif item not in known and "price" in said:
            said["currency"] = self._options.defaults.currency
        counted = currency or known.get(item) or self._options.defaults.currency
        for name in _PRICES:
            if name in said:
                said[name] = minor(said[name], counted, name)
        if "price" in said and "sale_price" in fields:
            # Prices are told together: none for the sale means that there is none.
            said.setdefault("sale_price", None)
        places = _named(said, PLACE)
        if places:
            said["stock_by_place"] = places
        elif item not in known:
            said.setdefault("stock", self._options.stock)
        said |= _category(said)
        for name, beginning in (("attributes", ATTRIBUTE), ("options", OPTION)):
            labels = _named(said, beginning)
            if labels:
                said[name] = _in_both_languages(labels, _LONGEST[name])
        return said


def _category(said: dict[str, Any]) -> dict[str, Any]:
    zh, en = said.pop("category_zh", None), said.pop("category_en", None)
    category_id = said.pop("category", None) or en or zh
    if category_id is None:
        return {}
    names = {"name_zh": zh, "name_en": en}
    return {"category": {"id": category_id} | {name: words for name, words in names.items() if words}}


def _named(said: dict[str, Any], beginning: str) -> dict[str, Any]:
    """What the fields that begin so say, taken out, by the names that they go on with."""
    names = [name for name in said if name.startswith(beginning)]
    return {name.removeprefix(beginning).strip(): said.pop(name) for name in names}


def _in_both_languages(labels: Values, longest: int) -> dict[str, dict[str, list[str]]]:
    pairs = {label: [label, value[:longest]] for label, value in labels.items()}
    return {label.lower(): {"zh": pair, "en": pair} for label, pair in pairs.items()}


class CouponImport(RecordImport):
    """Adds coupons and brings them up to date."""

    kind = CouponRecord
    names: Mapping[str, str] = {"customer": "customer_id", "category": "category_id", "items": "product_ids"}

    async def _look_up(self, connection: AsyncConnection, rows: Sequence[Values]) -> Mapping[str, str]:
        known = await Codes(connection).named([fields["code"] for fields in rows])
        return {key: one.currency for key, one in known.items()}

    def _fields(self, fields: Values, known: Mapping[str, str]) -> dict[str, Any]:
        said = super()._fields(fields, known)
        key = code_key(said["code"])
        currency = said.get("currency") or self._options.currency
        counted = currency or known.get(key) or self._options.defaults.currency
        if currency is not None or key not in known:
            said["currency"] = counted
        for name in ("amount", "min_spend"):
            if name in said:
                said[name] = minor(said[name], counted, name)
        off = said.pop("tenths", None)
        if off:
            said["percent"] = off
        # Systems that have both write 0 for the one that it isn't.
        return {name: value for name, value in said.items() if value or name not in ("amount", "percent")}


class PointImport(RecordImport):
    """Adds changes of points; the same id, or else the same facts, are the same change."""

    kind = PointRecord
    names: Mapping[str, str] = {"customer": "customer_id", "order": "order_id", "time": "at"}


_LONGEST = {"options": 200, "attributes": 2_000}
"""Characters of a value: an attribute may hold a whole size table."""
_PRICES = ("price", "sale_price", "cost")
_OF_A_PRODUCT = frozenset({"view", "cart", "purchase", "return", "rating"})
_WITH_MONEY = frozenset({"purchase", "return"})


class EventImport(RecordImport):
    """Adds events; the same facts are the same event."""

    kind = EventRecord
    names: Mapping[str, str] = {
        "customer": "customer_id", "item": "product_id", "order": "order_id", "time": "at"
    }  # fmt: skip

    def _fields(self, fields: Values, known: Mapping[str, Any]) -> dict[str, Any]:
        said = super()._fields(fields, known)
        kind = KINDS.get(said["kind"].lower())
        if kind is None:
            none = Sentence("is no kind of event; there are {known}", known=", ".join(EventKind))
            raise BadRow(about(said["kind"], none), "kind")
        if kind in _OF_A_PRODUCT and "item" not in said:
            raise BadRow(Sentence("a {kind} names a product", kind=str(kind)), "item")
        said |= {"kind": str(kind), "quantity": abs(said.get("quantity", 1))}
        currency = self._options.currency or self._options.defaults.currency
        if "amount" in said:
            amount = minor(said["amount"], currency, "amount")
            said["amount"] = -abs(amount) if kind == "return" else amount
        if kind in _WITH_MONEY:
            said["currency"] = currency
        return said | _value(kind, said.pop("value", None))


def _value(kind: str, value: float | None) -> dict[str, float]:
    if kind == "rating":
        if value is None or not 1 <= value <= 5:
            raise BadRow("a rating is from 1 to 5 stars", "value")
        return {"value": value}
    return {} if value is None or not -1 <= value <= 1 else {"value": value}
