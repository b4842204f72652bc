"""Campaigns: who was chosen, who was left alone, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import (
    account,
    campaign,
    campaign_contact,
    campaign_run,
    consent,
    conversation,
    customer,
    escalation,
    event,
    outbox,
    score,
)
from storage.upsert import insert_ignoring_conflicts

MARKETING = "marketing"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody a campaign may write to, and where."""

    customer_id: str
    name: str
    language: str
    time_zone: str
    channel: str
    address: str
    account_id: int
    risk: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """What came of one arm of a campaign."""

    arm: str
    customers: int
    sent: int
    bought: int
    responded: int


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

    async def candidates(
        self, campaign_id: int, *, after: str, limit: int, now: datetime, contacted_since: datetime
    ) -> list[Candidate]:
        """The next customers at high risk who may be written to, by customer id.

        Each has said yes to marketing, can be reached in a messenger, has no complaint open, was not erased,
        is not in this campaign yet and got no other campaign's message since `contacted_since`.
        """
        rows = await self._connection.execute(
            select(
                customer.c.id.label("customer_id"),
                customer.c.name,
                customer.c.language,
                customer.c.time_zone,
                account.c.channel,
                account.c.address,
                account.c.id.label("account_id"),
                score.c.value.label("risk"),
            )
            .join(score, and_(score.c.customer_id == customer.c.id, score.c.kind == "churn"))
            .join(account, account.c.id == _best_account())
            .where(customer.c.id > after, customer.c.erased_at.is_(None), score.c.band == "high")
            .where(~_in_campaign(campaign_id), ~_case_open(), ~_contacted(contacted_since))
            .where(_agreed())
            .order_by(customer.c.id)
            .limit(limit)
        )
        return [Candidate(**row._mapping) for row in rows]

    async def add_contact(
        self,
        *,
        campaign_id: int,
        run_id: int,
        customer_id: str,
        arm: str,
        probability: float,
        risk: float,
        now: datetime,
        product_id: str | None = None,
        offer_id: int | None = None,
        outbox_id: int | None = None,
    ) -> bool:
        """Record what was decided for a customer; False when the campaign had decided before."""
        added = await self._connection.execute(
            insert_ignoring_conflicts(self._connection, campaign_contact)
            .values(
                campaign_id=campaign_id,
                run_id=run_id,
                customer_id=customer_id,
                arm=arm,
                probability=probability,
                risk=risk,
                decided_at=now,
                product_id=product_id,
                offer_id=offer_id,
                outbox_id=outbox_id,
            )
            .returning(campaign_contact.c.id)
        )
        return added.scalar_one_or_none() is not None

    async def objection(self, outbox_id: int, *, now: datetime, contacted_since: datetime) -> str | None:
        """Why a planned message must not go out: `opted_out`, `complaint`, `bought`, `cap`, …; or None.

        Asked again at the moment of sending, in the transaction that claims the message.
        """
        row = (
            await self._connection.execute(
                select(campaign_contact.c.customer_id, campaign_contact.c.decided_at, campaign.c.state)
                .join(campaign, campaign.c.id == campaign_contact.c.campaign_id)
                .where(campaign_contact.c.outbox_id == outbox_id)
            )
        ).one_or_none()
        if row is None:
            return None
        who = customer.c.id == row.customer_id
        checks: list[tuple[str, ColumnElement[bool]]] = [
            ("opted_out", _agreed() & customer.c.erased_at.is_(None) & _best_account().is_not(None)),
            ("complaint", ~_case_open()),
            ("bought", ~_bought_since(row.decided_at)),
            ("cap", ~_contacted(contacted_since)),
        ]
        verdict = (
            await self._connection.execute(
                select(*(check.label(name) for name, check in checks)).select_from(customer).where(who)
            )
        ).one_or_none()
        if verdict is None:
            return "erased"
        if row.state != "active":
            return "campaign_paused"
        return next((name for name, _ in checks if not getattr(verdict, name)), None)

    async def case_open(self, customer_id: str) -> bool:
        """Whether a conversation of the customer is with the staff: nobody sells into that."""
        found = await self._connection.scalar(
            select(customer.c.id).where(customer.c.id == customer_id, _case_open())
        )
        return found is not None

    async def drop(self, outbox_id: int, reason: str) -> None:
        """Record that a planned message was not sent."""
        await self._connection.execute(
            update(campaign_contact).where(campaign_contact.c.outbox_id == outbox_id).values(dropped=reason)
        )

    async def results(self, campaign_id: int) -> list[ArmResult]:
        """Customers, messages sent, buyers since the decision and answers, by arm."""
        bought = exists().where(
            event.c.customer_id == campaign_contact.c.customer_id,
            event.c.kind == "purchase",
            event.c.at > campaign_contact.c.decided_at,
        )
        sent = exists().where(outbox.c.id == campaign_contact.c.outbox_id, outbox.c.state == "sent")
        rows = await self._connection.execute(
            select(
                campaign_contact.c.arm,
                func.count().label("customers"),
                func.count().filter(sent).label("sent"),
                func.count().filter(bought).label("bought"),
                func.count(campaign_contact.c.responded_at).label("responded"),
            )
            .where(campaign_contact.c.campaign_id == campaign_id)
            .group_by(campaign_contact.c.arm)
            .order_by(campaign_contact.c.arm)
        )
        return [ArmResult(**row._mapping) for row in rows]


def _run(row: Any) -> CampaignRun:
    return CampaignRun(
        id=row.id,
        campaign_id=row.campaign_id,
        slot=row.slot,
        cursor=row.cursor,
        finished_at=row.finished_at,
        counts=row.counts,
    )


def _best_account() -> Any:
    """The account that was linked last among those a message can reach unasked."""
    other = account.alias("reachable")
    return (
        select(func.max(other.c.id))
        .where(other.c.customer_id == customer.c.id, other.c.blocked.is_(False))
        .where(other.c.channel == "telegram")
        .scalar_subquery()
    )


def _agreed() -> ColumnElement[bool]:
    """The latest word on marketing, of the customer or of any account of theirs, was yes."""
    own = account.alias("own")
    theirs = select(own.c.id).where(own.c.customer_id == customer.c.id)
    concerns = (consent.c.customer_id == customer.c.id) | consent.c.account_id.in_(theirs)
    latest = (
        select(consent.c.granted)
        .where(consent.c.purpose == MARKETING, concerns)
        .order_by(consent.c.at.desc(), consent.c.granted, consent.c.id.desc())
        .limit(1)
        .correlate(customer)
        .scalar_subquery()
    )
    return func.coalesce(latest, False).is_(True)


def _in_campaign(campaign_id: int) -> ColumnElement[bool]:
    return exists().where(
        campaign_contact.c.campaign_id == campaign_id, campaign_contact.c.customer_id == customer.c.id
    )


def _contacted(since: datetime) -> ColumnElement[bool]:
    return exists().where(
        outbox.c.customer_id == customer.c.id,
        outbox.c.kind == "campaign",
        outbox.c.state.in_(("sending", "sent", "unknown")),
        func.coalesce(outbox.c.finished_at, outbox.c.not_before) >= since,
    )


def _case_open() -> ColumnElement[bool]:
    """A conversation of theirs is with the staff, for whatever reason."""
    own = account.alias("complaining")
    return exists().where(
        own.c.customer_id == customer.c.id,
        conversation.c.account_id == own.c.id,
        escalation.c.conversation_id == conversation.c.id,
        escalation.c.state.in_(("waiting", "taken")),
    )


def _bought_since(moment: datetime) -> ColumnElement[bool]:
    return exists().where(
        event.c.customer_id == customer.c.id, event.c.kind == "purchase", event.c.at > moment
    )
