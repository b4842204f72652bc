"""The night's scores of all customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.bulk import upsert
from storage.schema import score

_KEPT = [column for column in score.c if column.name != "at_stake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a model said of a customer in the night."""

    customer_id: str
    kind: str
    value: float
    band: str
    reasons: Sequence[Mapping[str, Any]]
    policy: str
    as_of: datetime
    expected_value: int | None = None
    """What they are expected to spend within the horizon, minor units; None where that is unknown."""
    currency: str | None = None

    @property
    def at_stake(self) -> int:
        """The chance of losing what they would spend, times it; minor units, 0 where it is unknown."""
        return round(self.value * (self.expected_value or 0))


class Scores:
    """Scores by customer and kind; the newest replaces the one before."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def replace(self, scores: Sequence[Score]) -> None:
        """Keep these scores in place of older ones of the same customers."""
        await upsert(
            self._connection,
            score,
            [
                {
                    "customer_id": item.customer_id,
                    "kind": item.kind,
                    "value": item.value,
                    "band": item.band,
                    "reasons": [dict(reason) for reason in item.reasons],
                    "policy": item.policy,
                    "expected_value": item.expected_value,
                    "at_stake": item.at_stake,
                    "currency": item.currency,
                    "as_of": item.as_of,
                }
                for item in scores
            ],
        )

    async def get(self, customer_id: str, kind: str) -> Score | None:
        """The score of one customer."""
        row = (
            await self._connection.execute(
                select(*_KEPT).where(score.c.customer_id == customer_id, score.c.kind == kind)
            )
        ).one_or_none()
        return None if row is None else Score(**row._mapping)

    async def band_of_each(self, kind: str) -> dict[str, str]:
        """The band of every customer with a score."""
        rows = await self._connection.execute(
            select(score.c.customer_id, score.c.band).where(score.c.kind == kind)
        )
        return {row.customer_id: row.band for row in rows}

    async def top(self, kind: str, n: int) -> list[Score]:
        """The customers with the highest scores."""
        rows = await self._connection.execute(
            select(*_KEPT).where(score.c.kind == kind).order_by(score.c.value.desc()).limit(n)
        )
        return [Score(**row._mapping) for row in rows]

    async def bands(self, kind: str) -> dict[str, int]:
        """How many customers are in each band."""
        rows = await self._connection.execute(
            select(score.c.band, func.count().label("number"))
            .where(score.c.kind == kind)
            .group_by(score.c.band)
        )
        return {row.band: row.number for row in rows}
