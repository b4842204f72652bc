"""What a shop's data lacks, counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select

from storage.repository import Repository
from storage.schema import account, customer, event, order, parcel, product


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How many of what lack something."""

    lacking: int
    of: int


class Gaps(Repository):
    """Counts rows that lack something; each looks at a whole table."""

    async def unreachable_customers(self) -> Gap:
        """Customers with neither e-mail nor phone nor a messenger: nothing proves in a chat who they are."""
        linked = exists().where(account.c.customer_id == customer.c.id)
        lacking = customer.c.email.is_(None) & customer.c.phone.is_(None) & ~linked
        return await self._gap(customer, lacking, customer.c.erased_at.is_(None))

    async def products_with_one_name(self) -> Gap:
        """Products on sale that are called the same in both languages, or have no name in one."""
        same = product.c.name_zh == product.c.name_en
        return await self._on_sale(or_(same, product.c.name_zh == "", product.c.name_en == ""))

    async def products_without_cost(self) -> Gap:
        """Products on sale whose cost is not below their price: nobody is offered a personal price for them."""
        return await self._on_sale(or_(product.c.cost <= 0, product.c.cost >= product.c.list_price))

    async def products_without_picture(self) -> Gap:
        """Products on sale without a picture."""
        return await self._on_sale(or_(product.c.picture.is_(None), product.c.picture == ""))

    async def products_out_of_stock(self) -> Gap:
        """Products on sale of which there are none: they are not recommended."""
        return await self._on_sale(product.c.stock <= 0)

    async def orders_of_nobody(self) -> Gap:
        """Orders without a customer, but for those of people who were erased, which nobody can tell from them."""
        return await self._gap(order, order.c.customer_id.is_(None))

    async def shipped_without_parcel(self) -> Gap:
        """Orders on their way of which no parcel is known: nobody can be told where they are."""
        shipped = order.c.status == "shipped"
        return await self._gap(order, ~exists().where(parcel.c.order_id == order.c.id), shipped)

    async def latest_event(self) -> datetime | None:
        """When customers last did something in the shop."""
        latest: datetime | None = await self._connection.scalar(select(func.max(event.c.at)))
        return latest

    async def currencies(self) -> list[str]:
        """Those of products on sale and of orders."""
        found: set[str] = set()
        for statement in (select(product.c.currency).where(product.c.active), select(order.c.currency)):
            found.update((await self._connection.scalars(statement.distinct())).all())
        return sorted(found)

    async def _on_sale(self, lacking: ColumnElement[bool]) -> Gap:
        return await self._gap(product, lacking, product.c.active.is_(True))

    async def _gap(self, table: object, lacking: ColumnElement[bool], *among: ColumnElement[bool]) -> Gap:
        return Gap(lacking=await self._count(table, lacking, *among), of=await self._count(table, *among))
