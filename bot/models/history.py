"""Reads the shop's history out of the store, as the Arrow tables that retention takes.

Through ADBC, straight into Arrow: no row ever becomes a Python object. Runs in the refit's own process. Of the
conversations it takes who wrote when and in what mood, and never a word.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.engine import make_url

from retention.history import History
from storage.signals import signals_sql

# SQLite's driver takes a column's type from its first row, so each query begins with one of its own, which
# has no id and is dropped again.
_EVENTS = (
    """SELECT '' AS id, '' AS kind, '' AS customer, '' AS product, '' AS "order", 0 AS at,
              0 AS quantity, 0 AS amount, '' AS currency, 0.5 AS value, '' AS text, '' AS channel""",
    """SELECT id, kind, customer_id, product_id, order_id, at, quantity, amount, currency, value,
              text, channel
       FROM event WHERE at <= {until}""",
)
_PRODUCTS = (
    """SELECT '' AS product, '' AS category, 0 AS list_price, 0 AS cost, '' AS currency, 0 AS stock,
              0 AS active, 0 AS created_at, '' AS name_zh, '' AS name_en, '' AS brand, '' AS attributes,
              '' AS options, '' AS shelf""",
    """SELECT product.id, category_id, list_price, cost, currency, stock, CASE WHEN active THEN 1 ELSE 0 END,
              created_at, product.name_zh, product.name_en, brand, CAST(attributes AS TEXT), CAST(options AS TEXT),
              COALESCE(category.name_zh || ' ' || category.name_en, '')
       FROM product LEFT JOIN category ON category.id = product.category_id""",
)
_CUSTOMERS = (
    """SELECT '' AS customer, 0 AS created_at, '' AS language, '' AS tier""",
    # A guest without a contact is known as a customer by now, and has nothing of their own any more.
    """SELECT id, created_at, language, tier FROM customer
       WHERE erased_at IS NULL AND NOT (guest AND email IS NULL AND phone IS NULL)""",
)


def read_history(store_url: str, until_micros: int) -> History:
    """Everything up to a moment (microseconds since 1970, UTC).

    Args:
        store_url: as in `Store.open`.
        until_micros: later events are left out.
    """
    with _connect(store_url) as connection, connection.cursor() as cursor:
        first, of_the_shop = _EVENTS
        until = int(until_micros)
        of_talk = signals_sql(make_url(store_url).get_backend_name(), until)
        events = _table(cursor, (first, f"{of_the_shop.format(until=until)} UNION ALL {of_talk}"))
        products = _table(cursor, _PRODUCTS)
        customers = _table(cursor, _CUSTOMERS)
    return History.of(events, _with_words(products), customers)


def _connect(store_url: str) -> Any:
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite":
        from adbc_driver_sqlite import dbapi as sqlite

        return sqlite.connect(f"file:{url.database}?mode=ro")
    from adbc_driver_postgresql import dbapi as postgresql

    return postgresql.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))


def _table(cursor: Any, query: tuple[str, str]) -> pa.Table:
    first, rest = query
    cursor.execute(f"{first} UNION ALL {rest}")
    table = cursor.fetch_arrow_table()
    return table.filter(pc.not_equal(table.column(0), ""))


def _with_words(products: pa.Table) -> pa.Table:
    """Options, attributes and the category's names as words instead of JSON, and `active` as a truth value."""
    columns = (products.column(name).to_pylist() for name in ("options", "attributes", "shelf"))
    described = [
        " ".join(filter(None, (_words(options), _words(attributes), shelf)))
        for options, attributes, shelf in zip(*columns, strict=True)
    ]
    words = pa.array(described, type=pa.string())
    active = products.column("active").cast(pa.bool_())
    table = products.set_column(products.schema.get_field_index("attributes"), "attributes", words)
    return table.set_column(table.schema.get_field_index("active"), "active", active)


def _words(attributes: str | None) -> str:
    """Labels and values in every language, from `{"key": {"zh": [label, value], "en": [label, value]}}`."""
    if not attributes:
        return ""
    pairs = (pair for faces in json.loads(attributes).values() for pair in faces.values())
    return " ".join(str(part) for pair in pairs for part in pair)
