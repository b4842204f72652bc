"""Campaigns, how far each has worked through its audience, and what was decided for each customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audience import Candidate
from storage.errors import NotFound
from storage.schema import campaign, campaign_contact, campaign_run
from storage.upsert import insert_ignoring_conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign and its rules."""

    id: int
    name: str
    kind: str
    state: str
    holdout: float
    settings: Mapping[str, Any]
    seed: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRun:
    """One slot of a campaign: how far its audience has been worked through."""

    id: int
    campaign_id: int
    slot: str
    cursor: str
    finished_at: datetime | None
    counts: Mapping[str, int]


class Campaigns:
    """Campaigns, their runs and their contacts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def ensure(
        self,
        name: str,
        kind: str,
        *,
        holdout: float,
        settings: Mapping[str, Any],
        seed: int,
        now: datetime,
    ) -> Campaign:
        """The campaign of this name, made with these rules if it isn't there."""
        await self._connection.execute(
            insert_ignoring_conflicts(self._connection, campaign).values(
                name=name,
                kind=kind,
                state="active",
                holdout=holdout,
                settings=dict(settings),
                seed=seed,
                created_at=now,
            )
        )
        row = (await self._connection.execute(select(campaign).where(campaign.c.name == name))).one()
        return Campaign(**row._mapping)

    async def active(self) -> list[Campaign]:
        """Campaigns that may write, oldest first."""
        rows = await self._connection.execute(
            select(campaign).where(campaign.c.state == "active").order_by(campaign.c.id)
        )
        return [Campaign(**row._mapping) for row in rows]

    async def all(self) -> list[Campaign]:
        """Every campaign, oldest first."""
        rows = await self._connection.execute(select(campaign).order_by(campaign.c.id))
        return [Campaign(**row._mapping) for row in rows]

    async def named(self, name: str) -> Campaign:
        """The campaign of this name.

        Raises:
            NotFound: there is none.
        """
        row = (await self._connection.execute(select(campaign).where(campaign.c.name == name))).one_or_none()
        if row is None:
            raise NotFound(f"there is no campaign {name!r}")
        return Campaign(**row._mapping)

    async def set_state(self, campaign_id: int, state: str) -> None:
        """Make a campaign active, paused or ended."""
        await self._connection.execute(
            update(campaign).where(campaign.c.id == campaign_id).values(state=state)
        )

    async def start_run(self, campaign_id: int, slot: str, now: datetime) -> CampaignRun:
        """The run of this slot: a new one, or the one somebody began."""
        await self._connection.execute(
            insert_ignoring_conflicts(self._connection, campaign_run).values(
                campaign_id=campaign_id, slot=slot, started_at=now, cursor="", counts={}
            )
        )
        row = (
            await self._connection.execute(
                select(campaign_run).where(
                    campaign_run.c.campaign_id == campaign_id, campaign_run.c.slot == slot
                )
            )
        ).one()
        return _run(row)

    async def advance(
        self, run: CampaignRun, cursor: str, counts: Mapping[str, int], finished_at: datetime | None
    ) -> bool:
        """Move a run on from where it was read; False when somebody else has moved it."""
        moved = await self._connection.execute(
            update(campaign_run)
            .where(
                campaign_run.c.id == run.id,
                campaign_run.c.cursor == run.cursor,
                campaign_run.c.finished_at.is_(None),
            )
            .values(cursor=cursor, counts=dict(counts), finished_at=finished_at)
        )
        return moved.rowcount == 1

    async def add_contact(
        self,
        candidate: Candidate,
        *,
        campaign_id: int,
        run_id: int,
        arm: str,
        probability: float,
        now: datetime,
        product_id: str | None = None,
        offer_id: int | None = None,
        outbox_id: int | None = None,
    ) -> bool:
        """Record what was decided for a customer, and why; False when the campaign had decided before."""
        added = await self._connection.execute(
            insert_ignoring_conflicts(self._connection, campaign_contact)
            .values(
                campaign_id=campaign_id,
                run_id=run_id,
                customer_id=candidate.customer_id,
                arm=arm,
                probability=probability,
                risk=candidate.risk,
                expected_value=candidate.expected_value,
                at_stake=candidate.at_stake,
                currency=candidate.currency,
                reasons=[dict(reason) for reason in candidate.reasons],
                decided_at=now,
                product_id=product_id,
                offer_id=offer_id,
                outbox_id=outbox_id,
            )
            .returning(campaign_contact.c.id)
        )
        return added.scalar_one_or_none() is not None

    async def drop(self, outbox_id: int, reason: str) -> None:
        """Record that a planned message was not sent."""
        await self._connection.execute(
            update(campaign_contact).where(campaign_contact.c.outbox_id == outbox_id).values(dropped=reason)
        )


def _run(row: Any) -> CampaignRun:
    return CampaignRun(
        id=row.id,
        campaign_id=row.campaign_id,
        slot=row.slot,
        cursor=row.cursor,
        finished_at=row.finished_at,
        counts=row.counts,
    )
