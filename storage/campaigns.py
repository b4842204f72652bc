"""Campaigns, how far each has worked through its audience, and what was decided for each customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update

from storage.audience import DECIDED_ANEW, Candidate
from storage.offers import Offers
from storage.repository import Repository, columns_of
from storage.schema import campaign, campaign_contact, campaign_run, offer, outbox
from storage.upsert import dialect_insert, insert_ignoring_conflicts


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
    started: bool
    """Whether anybody was ever looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRun:
    """One slot of a campaign: how far its audience has been worked through."""

    id: int
    campaign_id: int
    slot: str
    cursor: str
    finished_at: datetime | None
    counts: Mapping[str, int]


class Campaigns(Repository):
    """Campaigns, their runs and their contacts."""

    async def ensure(
        self,
        name: str,
        kind: str,
        *,
        state: str = "active",
        holdout: float,
        settings: Mapping[str, Any],
        seed: int,
        now: datetime,
    ) -> Campaign:
        """The campaign of this name, made in this state and with these rules if it isn't there."""
        await self._connection.execute(
            insert_ignoring_conflicts(self._connection, campaign).values(
                name=name,
                kind=kind,
                state=state,
                holdout=holdout,
                settings=dict(settings),
                seed=seed,
                created_at=now,
            )
        )
        return await self.named(name)

    async def active(self) -> list[Campaign]:
        """Campaigns that may write, oldest first."""
        return await self._list(
            Campaign, _CAMPAIGN.where(campaign.c.state == "active").order_by(campaign.c.id)
        )

    async def all(self) -> list[Campaign]:
        """Every campaign, oldest first."""
        return await self._list(Campaign, _CAMPAIGN.order_by(campaign.c.id))

    async def named(self, name: str) -> Campaign:
        """The campaign of this name.

        Raises:
            NotFound: there is none.
        """
        return await self._found(Campaign, _CAMPAIGN.where(campaign.c.name == name), f"campaign {name!r}")

    async def is_active(self, campaign_id: int) -> bool:
        """Whether it may write; until the transaction ends nobody can change that."""
        state = await self._connection.scalar(
            select(campaign.c.state).where(campaign.c.id == campaign_id).with_for_update(read=True)
        )
        return state == "active"

    async def set_state(self, campaign_id: int, state: str, now: datetime) -> int:
        """Make a campaign active, paused or ended, and drop what it had planned; return how many messages.

        A message that is being sent goes on. Who was to get one that is dropped may be chosen again.
        """
        await self._connection.execute(
            update(campaign).where(campaign.c.id == campaign_id).values(state=state)
        )
        return await self._drop_planned(campaign_id, now)

    async def start_run(self, campaign_id: int, slot: str, now: datetime) -> CampaignRun:
        """The run of this slot: a new one, or the one somebody began."""
        await self._connection.execute(
            insert_ignoring_conflicts(self._connection, campaign_run).values(
                campaign_id=campaign_id, slot=slot, started_at=now, cursor="", counts={}
            )
        )
        runs = select(*columns_of(campaign_run, CampaignRun)).where(campaign_run.c.campaign_id == campaign_id)
        return await self._found(CampaignRun, runs.where(campaign_run.c.slot == slot), f"run {slot}")

    async def advance(
        self, run: CampaignRun, cursor: str, counts: Mapping[str, int], finished_at: datetime | None
    ) -> bool:
        """Move a run on from where it was read; False when somebody else has moved it."""
        return await self._changed(
            update(campaign_run)
            .where(
                campaign_run.c.id == run.id,
                campaign_run.c.cursor == run.cursor,
                campaign_run.c.finished_at.is_(None),
            )
            .values(cursor=cursor, counts=dict(counts), finished_at=finished_at)
        )

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
        outbox_id: int | None = None,
    ) -> bool:
        """Record what was decided for a customer, and why; False when the campaign had decided before.

        One whose message was dropped for a reason of `DECIDED_ANEW` is decided for again. Their arm and the moment
        of the first decision stay, so that both arms are measured from the toss of the coin on, whatever became
        of a message.
        """
        values = {
            "run_id": run_id,
            "risk": candidate.risk,
            "expected_value": candidate.expected_value,
            "at_stake": candidate.at_stake,
            "currency": candidate.currency,
            "reasons": [dict(reason) for reason in candidate.reasons],
            "product_id": product_id,
            "offer_id": None,
            "outbox_id": outbox_id,
        }
        added = await self._connection.execute(
            dialect_insert(self._connection, campaign_contact)
            .values(
                campaign_id=campaign_id,
                customer_id=candidate.customer_id,
                arm=arm,
                probability=probability,
                decided_at=now,
                **values,
            )
            .on_conflict_do_update(
                index_elements=[campaign_contact.c.campaign_id, campaign_contact.c.customer_id],
                set_={**values, "dropped": None},
                where=campaign_contact.c.dropped.in_(DECIDED_ANEW),
            )
            .returning(campaign_contact.c.id)
        )
        return added.scalar_one_or_none() is not None

    async def of_message(self, outbox_id: int) -> str | None:
        """The name of the campaign that a message belongs to."""
        name: str | None = await self._connection.scalar(
            select(campaign.c.name)
            .join(campaign_contact, campaign_contact.c.campaign_id == campaign.c.id)
            .where(campaign_contact.c.outbox_id == outbox_id)
        )
        return name

    async def planned_product(self, outbox_id: int) -> str | None:
        """The product that a message was planned with."""
        product_id: str | None = await self._connection.scalar(
            select(campaign_contact.c.product_id).where(campaign_contact.c.outbox_id == outbox_id)
        )
        return product_id

    async def note_content(self, outbox_id: int, product_id: str, offer_id: int | None) -> None:
        """Record what a message says: its product, and the offer that was made for it, if one was."""
        await self._connection.execute(
            update(campaign_contact)
            .where(campaign_contact.c.outbox_id == outbox_id)
            .values(product_id=product_id, offer_id=offer_id)
        )

    async def drop(self, outbox_id: int, reason: str, now: datetime) -> None:
        """Record that a planned message was not sent, and withdraw what it would have offered."""
        await self._connection.execute(
            update(campaign_contact).where(campaign_contact.c.outbox_id == outbox_id).values(dropped=reason)
        )
        await self.withdraw_offer(outbox_id, now)

    async def withdraw_offer(self, outbox_id: int, now: datetime) -> None:
        """Withdraw the offer that was made for a message which has not left: nobody has seen its code."""
        await self._withdraw_offers(now, outbox.c.id == outbox_id)

    async def _drop_planned(self, campaign_id: int, now: datetime) -> int:
        reason = "campaign_paused"
        planned = select(campaign_contact.c.outbox_id).where(campaign_contact.c.campaign_id == campaign_id)
        cancelled = await self._connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(planned), outbox.c.state.in_(("ready", "claimed")))
            .values(state="cancelled", finished_at=now, error=reason, owner=None, lease_until=None)
        )
        just_now = [outbox.c.state == "cancelled", outbox.c.error == reason, outbox.c.finished_at == now]
        await self._connection.execute(
            update(campaign_contact)
            .where(campaign_contact.c.campaign_id == campaign_id)
            .where(campaign_contact.c.outbox_id.in_(select(outbox.c.id).where(*just_now)))
            .values(dropped=reason)
        )
        await self._withdraw_offers(now, campaign_contact.c.campaign_id == campaign_id, *just_now)
        return cancelled.rowcount

    async def _withdraw_offers(self, now: datetime, *concerning: ColumnElement[bool]) -> None:
        made = await self._connection.scalars(
            select(offer.c.id)
            .join(campaign_contact, campaign_contact.c.offer_id == offer.c.id)
            .join(outbox, outbox.c.id == campaign_contact.c.outbox_id)
            .where(*concerning, outbox.c.state.not_in(("sending", "sent", "unknown")))
            .where(offer.c.state == "live", offer.c.reason == "win_back")
        )
        for offer_id in made.all():
            await Offers(self._connection).withdraw(offer_id, now)


_CAMPAIGN = select(campaign, exists().where(campaign_run.c.campaign_id == campaign.c.id).label("started"))
