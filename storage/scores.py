"""The night's scores of all customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storage.repository import Repository, columns_of
from storage.schema import score
from storage.upsert import upsert


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


class Scores(Repository):
    """Scores by customer and kind; the newest replaces the one before."""

    async def replace(self, scores: Sequence[Score]) -> None:
        """Keep these scores in place of older ones of the same customers."""
        rows = [
            {column.name: getattr(item, column.name) for column in score.c}
            | {"reasons": [dict(one) for one in item.reasons]}
            for item in scores
        ]
        await upsert(self._connection, score, rows)

    async def get(self, customer_id: str, kind: str) -> Score | None:
        """The score of one customer."""
        this = select(*columns_of(score, Score)).where(score.c.customer_id == customer_id)
        return await self._one(Score, this.where(score.c.kind == kind))

    async def band_of_each(self, kind: str) -> dict[str, str]:
        """The band of every customer with a score."""
        return await self._pairs(select(score.c.customer_id, score.c.band).where(score.c.kind == kind))

    async def bands(self, kind: str) -> dict[str, int]:
        """How many customers are in each band."""
        return await self._pairs(
            select(score.c.band, func.count()).where(score.c.kind == kind).group_by(score.c.band)
        )

    async def latest(self, kind: str) -> datetime | None:
        """When customers were last scored; None where they never were."""
        found = await self._connection.execute(select(func.max(score.c.as_of)).where(score.c.kind == kind))
        moment: datetime | None = found.scalar_one()
        return moment
