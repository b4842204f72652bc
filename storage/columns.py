"""What the tables' columns are made of, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Dialect, Index, Integer, MetaData, text
from sqlalchemy.types import TypeDecorator

from kernel.times import from_micros, to_micros

# SQLite gives out row ids for INTEGER PRIMARY KEY alone, so the 64-bit key has that name there.
BigKey = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> Column[int]:
    """A number given out by the database."""
    return Column("id", BigKey, primary_key=True, autoincrement=True)


def field_times() -> Column[Any]:
    """Of a thing whose fields the shop changes one by one."""
    said = "When the shop changed a field, microseconds, of those that came with a time."
    return Column("field_times", JSON(none_as_null=True), comment=said)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows of which a condition holds."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class UtcMicros(TypeDecorator[datetime]):
    """An aware datetime in UTC, stored as microseconds since 1970 in a 64-bit integer.

    One integer on both databases: it sorts, subtracts and leaves through Arrow without a cast, and no driver
    gets to guess a time zone. A naive datetime is refused.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)
