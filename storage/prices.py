"""What a product costs everybody at a moment: its sale price while that holds, else its list price."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, and_, case, or_

from storage.schema import product


class Priced(Protocol):
    """Something with a list price, and perhaps a sale price for a time. Minor units."""

    @property
    def list_price(self) -> int: ...
    @property
    def sale_price(self) -> int | None: ...
    @property
    def sale_from(self) -> datetime | None: ...
    @property
    def sale_until(self) -> datetime | None: ...


def price_at(item: Priced, now: datetime) -> int:
    """The price for everybody: a sale price counts from its beginning, until its end, and below the list price."""
    if item.sale_price is None or item.sale_price >= item.list_price:
        return item.list_price
    begun = item.sale_from is None or item.sale_from <= now
    over = item.sale_until is not None and item.sale_until <= now
    return item.sale_price if begun and not over else item.list_price


def price_now(now: datetime) -> ColumnElement[int]:
    """The same of the rows of `product`."""
    column = product.c
    holds = and_(
        column.sale_price < column.list_price,
        or_(column.sale_from.is_(None), column.sale_from <= now),
        or_(column.sale_until.is_(None), column.sale_until > now),
    )
    return case((holds, column.sale_price), else_=column.list_price)
