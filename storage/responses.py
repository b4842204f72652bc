"""What came of a campaign: who answered, who bought again, who wants no more of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, exists, func, select, type_coerce, update

from storage.columns import UtcMicros
from storage.consents import MARKETING
from storage.repository import Repository
from storage.schema import account, campaign_contact, consent, customer, event, outbox
from storage.signals import ANSWERED_WITHIN, first_answer_after

RETURNED_WITHIN = timedelta(days=30)
"""A purchase so soon after the decision counts as a return, in either arm."""
# A shop's orders may be imported days after they were placed.
_LATE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """What came of one arm of a campaign."""

    arm: str
    customers: int
    sent: int
    responded: int
    """Wrote or bought within `ANSWERED_WITHIN` of being sent a message."""
    returned: int
    """Bought within `RETURNED_WITHIN` of the decision, sent a message or not."""
    stopped: int
    """Wanted no more such messages within `ANSWERED_WITHIN` of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    """A customer whom a campaign has decided about, and why."""

    customer_id: str
    name: str
    arm: str
    risk: float
    expected_value: int | None
    at_stake: int
    currency: str | None
    reasons: Sequence[Mapping[str, Any]]
    decided_at: datetime
    state: str | None
    """Of the message in the outbox; None where none was planned."""
    dropped: str | None
    """Why it was not sent after all."""
    responded_at: datetime | None


class Responses(Repository):
    """Finds out what a campaign's messages led to."""

    async def unnoted(self, now: datetime) -> dict[int, datetime]:
        """When contacts first answered of whom it isn't noted yet, by the contact's id.

        An answer is a message or a purchase within `ANSWERED_WITHIN` of the message's leaving. It looks at every
        contact of the last weeks: read it outside of any transaction that writes.
        """
        first = first_answer_after(outbox.c.finished_at)
        unanswered = (
            select(campaign_contact.c.id, first.label("at"))
            .select_from(_with_message())
            .where(campaign_contact.c.responded_at.is_(None), _sent())
            .where(outbox.c.finished_at >= now - ANSWERED_WITHIN - _LATE)
            .subquery()
        )
        at = type_coerce(unanswered.c.at, UtcMicros)
        return await self._pairs(select(unanswered.c.id, at).where(unanswered.c.at.is_not(None)))

    async def note(self, answers: Mapping[int, datetime]) -> None:
        """Note when contacts first answered; what is noted already stays."""
        if not answers:
            return
        await self._connection.execute(
            update(campaign_contact)
            .where(campaign_contact.c.id == bindparam("contact"), campaign_contact.c.responded_at.is_(None))
            .values(responded_at=bindparam("answered")),
            [{"contact": contact, "answered": at} for contact, at in answers.items()],
        )

    async def results(self, campaign_id: int) -> list[ArmResult]:
        """Each arm in figures, those left alone first. `note` must have been called for `responded`."""
        return await self._list(
            ArmResult,
            select(
                campaign_contact.c.arm,
                func.count().label("customers"),
                func.count().filter(_sent()).label("sent"),
                func.count(campaign_contact.c.responded_at).label("responded"),
                func.count().filter(_returned()).label("returned"),
                func.count().filter(_sent(), _stopped()).label("stopped"),
            )
            .select_from(_with_message())
            .where(campaign_contact.c.campaign_id == campaign_id)
            .group_by(campaign_contact.c.arm)
            .order_by(campaign_contact.c.arm),
        )

    async def contacts(self, campaign_id: int, *, limit: int = 50) -> list[Contacted]:
        """The customers decided about last; among those of one moment, the most at stake first."""
        return await self._list(
            Contacted,
            select(
                *(campaign_contact.c[name] for name in _SHOWN),
                customer.c.name,
                outbox.c.state,
            )
            .select_from(_with_message().join(customer, customer.c.id == campaign_contact.c.customer_id))
            .where(campaign_contact.c.campaign_id == campaign_id)
            .order_by(
                campaign_contact.c.decided_at.desc(),
                campaign_contact.c.at_stake.desc(),
                campaign_contact.c.customer_id,
            )
            .limit(limit),
        )


_SHOWN = (
    "customer_id", "arm", "risk", "expected_value", "at_stake", "currency", "reasons", "decided_at",
    "dropped", "responded_at",
)  # fmt: skip


def _with_message() -> Any:
    return campaign_contact.outerjoin(outbox, outbox.c.id == campaign_contact.c.outbox_id)


def _sent() -> ColumnElement[bool]:
    return (outbox.c.state == "sent") & outbox.c.finished_at.is_not(None)


def _returned() -> ColumnElement[bool]:
    return exists().where(
        event.c.customer_id == campaign_contact.c.customer_id,
        event.c.kind == "purchase",
        _soon(event.c.at, campaign_contact.c.decided_at, RETURNED_WITHIN),
    )


def _stopped() -> ColumnElement[bool]:
    own = account.alias("stopping")
    theirs = select(own.c.id).where(own.c.customer_id == campaign_contact.c.customer_id)
    return exists().where(
        consent.c.purpose == MARKETING,
        consent.c.granted.is_(False),
        consent.c.channel.is_(None) | (consent.c.channel == outbox.c.channel),
        (consent.c.customer_id == campaign_contact.c.customer_id)
        | consent.c.account_id.in_(theirs.correlate(campaign_contact)),
        _soon(consent.c.at, outbox.c.finished_at, ANSWERED_WITHIN),
    )


def _soon(at: Any, moment: Any, within: timedelta) -> ColumnElement[bool]:
    began = type_coerce(moment, BigInteger)
    return type_coerce(at, BigInteger).between(began + 1, began + within // timedelta(microseconds=1))
