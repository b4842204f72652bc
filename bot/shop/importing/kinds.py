"""The kinds of import by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing import fields
from bot.shop.importing.customers import CustomerImport
from bot.shop.importing.events import EventImport
from bot.shop.importing.fields import Field
from bot.shop.importing.options import Options
from bot.shop.importing.orders import OrderImport
from bot.shop.importing.orders_log import LogImport
from bot.shop.importing.products import ProductImport
from bot.shop.importing.written import Refusal, Written


class RowImport(Protocol):
    """Takes parsed rows and writes them; what is written twice changes nothing."""

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        """Accept a row for the next `flush`.

        Raises:
            BadRow: why it can't be taken.
        """
        ...

    async def flush(self, connection: AsyncConnection, last: bool) -> tuple[Written, list[Refusal]]:
        """Write what was taken, all of it if it was the last; return what changed, and rows refused after all.

        May be called again with the same rows if the transaction around it failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of import."""

    fields: Callable[[Options], Mapping[str, Field]]
    start: Callable[[Options], RowImport]


KINDS: Mapping[str, Kind] = {
    "customers": Kind(fields.customer_fields, CustomerImport),
    "products": Kind(fields.product_fields, ProductImport),
    "orders": Kind(fields.order_fields, OrderImport),
    "events": Kind(fields.event_fields, EventImport),
    "orders-log": Kind(fields.log_fields, LogImport),
}
