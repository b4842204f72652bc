"""What the tables' columns are made of, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Integer, MetaData
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
