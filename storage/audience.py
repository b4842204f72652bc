"""Whom a campaign may write to, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import (
    account,
    campaign,
    campaign_contact,
    consent,
    conversation,
    customer,
    escalation,
    event,
    outbox,
    score,
)

MARKETING = "marketing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody a campaign may write to, where, and why."""

    customer_id: str
    name: str
    language: str
    time_zone: str
    channel: str
    address: str
    account_id: int
    risk: float
    """The chance that they buy nothing within the horizon."""
    expected_value: int | None
    """What they are expected to spend within it, minor units; None where that is unknown."""
    at_stake: int
    """The one times the other, minor units."""
    currency: str | None
    reasons: Sequence[Mapping[str, Any]]
    """What drives the risk, strongest first."""

    @property
    def place(self) -> str:
        """Where they stand in the order of candidates."""
        return f"{self.at_stake}:{self.customer_id}"


class Audience:
    """Who may be written to: asked when a message is planned, and again when it leaves."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def candidates(
        self, campaign_id: int, *, after: str, limit: int, now: datetime, contacted_since: datetime
    ) -> list[Candidate]:
        """The next customers at high risk who may be written to, those with the most at stake first.

        What is at stake is the chance of losing them times what they would spend. It is small for those who
        hardly spend, and for those long gone, of whom nothing is expected any more.

        Each has said yes to marketing, can be reached in a messenger, has no complaint open, was not erased,
        is not in this campaign yet and got no other campaign's message since `contacted_since`.

        Args:
            after: the `place` of the last one seen; empty for the first ones.
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
                score.c.expected_value,
                score.c.at_stake,
                score.c.currency,
                score.c.reasons,
            )
            .join(score, and_(score.c.customer_id == customer.c.id, score.c.kind == "churn"))
            .join(account, account.c.id == _best_account())
            .where(customer.c.erased_at.is_(None), score.c.band == "high", _after(after))
            .where(~_in_campaign(campaign_id), ~_case_open(), ~_contacted(contacted_since))
            .where(_agreed())
            .order_by(score.c.at_stake.desc(), customer.c.id)
            .limit(limit)
        )
        return [Candidate(**row._mapping) for row in rows]

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


def _after(place: str) -> ColumnElement[bool]:
    stake, _, customer_id = place.partition(":")
    if not customer_id:
        return true()
    less = score.c.at_stake < int(stake)
    return or_(less, and_(score.c.at_stake == int(stake), customer.c.id > customer_id))


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
