"""The form in which a shop's history comes in: three Arrow tables, and nothing else.

`events`, one row per thing that happened:

| column | type | meaning |
|---|---|---|
| `id` | string | unique; the same id twice is the same event |
| `kind` | string | a value of `retention.EventKind` |
| `customer` | string | who |
| `product` | string, null | of what |
| `order` | string, null | in which order |
| `at` | int64 | microseconds since 1970, UTC |
| `quantity` | int64, null | units; null is 1 |
| `amount` | int64, null | minor units for the whole row; negative for a return |
| `currency` | string, null | ISO 4217 |
| `value` | float64, null | stars of a rating (1 to 5); sentiment of a message (-1 to 1) |
| `text` | string, null | words of a search |
| `channel` | string, null | where it happened |

`products`: `product` string, `category` string null, `list_price` and `cost` int64 null (minor units),
`currency` string null, `stock` int64 null, `active` bool null, `created_at` int64 null (microseconds, UTC),
`name_zh`, `name_en`, `brand`, `attributes` string null (free text: its words describe the product).

`customers`: `customer` string, `created_at` int64 null (microseconds, UTC), `language`, `tier` string null.

A time column may also be an Arrow timestamp with a time zone; a naive timestamp is refused, since nobody can
say which moment it means.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from retention.errors import MissingColumn, WrongType

EVENTS: pa.Schema = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("customer", pa.string(), nullable=False),
        pa.field("product", pa.string()),
        pa.field("order", pa.string()),
        pa.field("at", pa.int64(), nullable=False),
        pa.field("quantity", pa.int64()),
        pa.field("amount", pa.int64()),
        pa.field("currency", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("channel", pa.string()),
    ]
)

PRODUCTS: pa.Schema = pa.schema(
    [
        pa.field("product", pa.string(), nullable=False),
        pa.field("category", pa.string()),
        pa.field("list_price", pa.int64()),
        pa.field("cost", pa.int64()),
        pa.field("currency", pa.string()),
        pa.field("stock", pa.int64()),
        pa.field("active", pa.bool_()),
        pa.field("created_at", pa.int64()),
        pa.field("name_zh", pa.string()),
        pa.field("name_en", pa.string()),
        pa.field("brand", pa.string()),
        pa.field("attributes", pa.string()),
    ]
)

CUSTOMERS: pa.Schema = pa.schema(
    [
        pa.field("customer", pa.string(), nullable=False),
        pa.field("created_at", pa.int64()),
        pa.field("language", pa.string()),
        pa.field("tier", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A shop's events, products and customers, in the schemas of this module.

    Build it with `History.of`, which casts and checks the columns; rows are judged later, by
    `retention.checks.check`, because that needs a moment.
    """

    events: pa.Table
    products: pa.Table
    customers: pa.Table

    @classmethod
    def of(
        cls,
        events: Any = None,
        products: Any = None,
        customers: Any = None,
    ) -> History:
        """A history from Arrow tables (or record batch readers); a table left out is empty.

        Columns beyond the schema are ignored, integers and strings of other widths are cast, and so are
        timestamps with a time zone.

        Raises:
            MissingColumn: a table lacks a column.
            WrongType: a column cannot be cast without loss.
        """
        return cls(
            events=_conform("events", events, EVENTS),
            products=_conform("products", products, PRODUCTS),
            customers=_conform("customers", customers, CUSTOMERS),
        )

    @classmethod
    def from_rows(
        cls,
        events: Iterable[dict[str, Any]] = (),
        products: Iterable[dict[str, Any]] = (),
        customers: Iterable[dict[str, Any]] = (),
    ) -> History:
        """A history from dictionaries; keys left out are null. For small shops, tools and tests."""
        return cls.of(
            pa.Table.from_pylist(list(events), schema=_loose(EVENTS)),
            pa.Table.from_pylist(list(products), schema=_loose(PRODUCTS)),
            pa.Table.from_pylist(list(customers), schema=_loose(CUSTOMERS)),
        )

    def before(self, moment: int) -> History:
        """What was known at a moment (microseconds); a product that nobody had seen and that was not yet made is left
        out."""
        events = self.events.filter(pc.less(self.events.column("at"), moment))
        seen = pc.is_in(self.products.column("product"), value_set=pc.unique(events.column("product")))
        made = pc.fill_null(pc.less(self.products.column("created_at"), moment), False)
        return History(
            events=events, products=self.products.filter(pc.or_(seen, made)), customers=self.customers
        )

    def fingerprint(self) -> str:
        """SHA-256 over all rows in their order, 64 hex digits: names the data that a model was fitted on."""
        digest = hashlib.sha256()
        for table in (self.events, self.products, self.customers):
            sink = _HashSink(digest)
            with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), table.schema) as writer:
                writer.write_table(table.combine_chunks(), max_chunksize=65_536)
        return digest.hexdigest()


class _HashSink(io.RawIOBase):
    """A file that only remembers the hash of what was written to it."""

    def __init__(self, digest: Any) -> None:
        self._digest = digest

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._digest.update(data)
        return len(data)


def _loose(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in schema])


def _conform(name: str, table: Any, schema: pa.Schema) -> pa.Table:
    """The table with exactly the schema's columns, cast."""
    if table is None:
        return _loose(schema).empty_table()
    if isinstance(table, pa.RecordBatchReader):
        table = table.read_all()
    missing = [field.name for field in schema if field.name not in table.column_names]
    if missing:
        raise MissingColumn(name, missing)
    columns = [_cast(name, field, table.column(field.name)) for field in schema]
    return pa.table(columns, schema=_loose(schema))


def _cast(table: str, field: pa.Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type == field.type:
        return column
    try:
        if pa.types.is_timestamp(column.type):
            if column.type.tz is None or field.type != pa.int64():
                raise WrongType(table, field.name, f"{column.type} without a time zone", str(field.type))
            # Sub-microsecond digits carry no meaning here, so losing them is no loss.
            column = pc.cast(column, pa.timestamp("us", tz="UTC"), safe=False)
        return column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise WrongType(table, field.name, str(column.type), str(field.type)) from error
