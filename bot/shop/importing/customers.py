"""Imports customers, a row each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.importing.options import Options
from bot.shop.importing.written import Refusal, Written
from storage.bulk import insert_records
from storage.columns import to_micros
from storage.customers import Customer, Customers
from storage.schema import consent

_SOURCE = "import"


class CustomerImport:
    """Adds customers and brings them up to date; what a customer has said about consent is never overruled."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._taken: dict[str, Customer] = {}
        self._marketing: dict[str, bool] = {}

    def take(self, number: int, row: Mapping[str, Any]) -> None:
        """Accept a row."""
        customer_id = row["customer"]
        self._taken[customer_id] = Customer(
            id=customer_id,
            name=(row.get("name") or "")[:200],
            language=row.get("language") or self._options.language,
            time_zone=row.get("time_zone") or self._options.zone.key,
            email=row.get("email"),
            phone=row.get("phone"),
            tier=(row.get("tier") or "standard")[:30],
            points=row.get("points") or 0,
            created_at=row.get("created") or self._options.now,
        )
        if row.get("marketing") is not None:
            self._marketing[customer_id] = row["marketing"]

    async def flush(self, connection: AsyncConnection, last: bool) -> tuple[Written, list[Refusal]]:
        """Write what was taken."""
        written = Written(customers=await Customers(connection).put_many(list(self._taken.values())))
        written["consents"] = await self._consents(connection)
        self._taken, self._marketing = {}, {}
        return written, []

    async def _consents(self, connection: AsyncConnection) -> int:
        """Only for those of whom the ledger knows nothing yet."""
        known: set[str | None] = set()
        people = list(self._marketing)
        for start in range(0, len(people), 10_000):
            known |= set(
                await connection.scalars(
                    select(consent.c.customer_id).where(
                        consent.c.purpose == "marketing",
                        consent.c.customer_id.in_(people[start : start + 10_000]),
                    )
                )
            )
        records = [
            (who, "marketing", granted, _SOURCE, to_micros(self._options.now))
            for who, granted in self._marketing.items()
            if who not in known
        ]
        return await insert_records(
            connection, consent, ("customer_id", "purpose", "granted", "source", "at"), records
        )
