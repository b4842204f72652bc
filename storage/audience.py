"""Whom a campaign may write to, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select, true

from storage.consents import MARKETING, PROFILING, agreed, latest_word
from storage.repository import Repository
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

DECIDED_ANEW = ("campaign_paused", "nothing_to_say")
"""Reasons of the shop's own for which a message was dropped: its customer may be chosen again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody a campaign may write to, where, and why."""

    customer_id: str
    time_zone: str
    channel: str
    address: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What speaks against offering a customer something."""

    personal_prices: bool
    """They want them."""
    case_open: bool
    refused_profiling: bool
    """Their last word on decisions made from what they did was a no."""


class Audience(Repository):
    """Who may be written to: asked when a message is planned, and again when it leaves."""

    async def candidates(
        self, campaign_id: int, *, channels: Sequence[str], after: str, limit: int, contacted_since: datetime
    ) -> list[Candidate]:
        """The next customers at high risk who may be written to, those with the most at stake first.

        What is at stake is the chance of losing them times what they would spend. It is small for those who
        hardly spend, and for those long gone, of whom nothing is expected any more.

        Against none of them speaks what `objection` asks about, none is in this campaign yet, and for none another
        campaign's message is under way.

        Args:
            channels: those that customers may be written to through.
            after: the `place` of the last one seen; empty for the first ones.
            contacted_since: who got a campaign's message since then is left out.
        """
        return await self._list(
            Candidate,
            select(
                customer.c.id.label("customer_id"),
                customer.c.time_zone,
                account.c.channel,
                account.c.address,
                score.c.value.label("risk"),
                score.c.expected_value,
                score.c.at_stake,
                score.c.currency,
                score.c.reasons,
            )
            .join(score, _scored())
            .join(account, account.c.id == _best_account(channels))
            .where(score.c.band == "high", _after(after), ~_in_campaign(campaign_id), ~_under_way())
            .where(*(holds for _, holds in _allowed(channels, contacted_since)))
            .order_by(score.c.at_stake.desc(), customer.c.id)
            .limit(limit),
        )

    async def left_out(
        self, campaign_id: int, *, channels: Sequence[str], contacted_since: datetime
    ) -> dict[str, int]:
        """Why customers are no candidates, and how many for each reason, by the first one that holds.

        `not_scored`, `not_at_risk`, `decided` (in the campaign already), `under_way` (another campaign's message),
        and the reasons of `objection`; `candidate` are those who are left. It looks at every customer: read it
        outside of any transaction that writes.
        """
        checks: list[tuple[str, ColumnElement[bool]]] = [
            ("not_scored", score.c.band.is_not(None)),
            ("not_at_risk", score.c.band == "high"),
            ("decided", ~_in_campaign(campaign_id)),
            *_allowed(channels, contacted_since),
            ("under_way", ~_under_way()),
        ]
        why = case(*((~holds, name) for name, holds in checks), else_="candidate").label("why")
        found = select(why).select_from(customer.outerjoin(score, _scored())).subquery()
        return await self._pairs(select(found.c.why, func.count()).group_by(found.c.why))

    async def objection(
        self, outbox_id: int, *, channels: Sequence[str], contacted_since: datetime
    ) -> str | None:
        """Why a planned message must not go out: `opted_out`, `complaint`, `bought`, `cap`, …; or None.

        To be asked in the transaction that lets it leave, after `Outbox.hold`: what was committed before is seen.
        """
        row = (
            await self._connection.execute(
                select(
                    campaign_contact.c.customer_id,
                    campaign_contact.c.decided_at,
                    campaign.c.state,
                    outbox.c.channel,
                    outbox.c.address,
                )
                .join(campaign, campaign.c.id == campaign_contact.c.campaign_id)
                .join(outbox, outbox.c.id == campaign_contact.c.outbox_id)
                .where(campaign_contact.c.outbox_id == outbox_id)
            )
        ).one_or_none()
        if row is None:
            return "erased"  # with the customer, as a demo's are
        if row.state != "active":
            return "campaign_paused"
        checks = [
            *_allowed((row.channel,), contacted_since),
            ("unreachable", _reached_at(row.channel, row.address)),
            ("bought", ~_bought_since(row.decided_at)),
        ]
        verdict = (
            await self._connection.execute(
                select(*(holds.label(f"check_{number}") for number, (_, holds) in enumerate(checks)))
                .select_from(customer)
                .where(customer.c.id == row.customer_id)
            )
        ).one()
        return next((name for (name, _), holds in zip(checks, verdict, strict=True) if not holds), None)

    async def standing(self, customer_id: str) -> Standing | None:
        """What speaks against a personal price of the customer's; None: there is no such customer."""
        return await self._one(Standing, _standing(), {"customer": customer_id})


@cache
def _standing() -> Any:
    """Asked with each price: built once."""
    refused = func.coalesce(_word_on_profiling(), True).is_(False)
    return select(
        customer.c.personal_prices, _case_open().label("case_open"), refused.label("refused_profiling")
    ).where(customer.c.id == bindparam("customer"))


def _allowed(channels: Sequence[str], contacted_since: datetime) -> list[tuple[str, ColumnElement[bool]]]:
    """What must hold of a customer for a campaign to write to them, each with the name of its failing."""
    return [
        ("erased", customer.c.erased_at.is_(None)),
        ("opted_out", _may_be_written_to(channels)),
        # A campaign chooses by risk and purchases: whoever said no to profiling said no to that.
        ("profiling", func.coalesce(_word_on_profiling(), True).is_(True)),
        ("unreachable", _best_account(channels).is_not(None)),
        ("complaint", ~_case_open()),
        ("cap", ~_contacted(contacted_since)),
    ]


def _scored() -> ColumnElement[bool]:
    return and_(score.c.customer_id == customer.c.id, score.c.kind == "churn")


def _after(place: str) -> ColumnElement[bool]:
    stake, _, customer_id = place.partition(":")
    if not customer_id:
        return true()
    less = score.c.at_stake < int(stake)
    return or_(less, and_(score.c.at_stake == int(stake), customer.c.id > customer_id))


def _best_account(channels: Sequence[str]) -> Any:
    """The account that was linked last among those a message can, and may, reach through these channels."""
    other = account.alias("reachable")
    return (
        select(func.max(other.c.id))
        .where(other.c.customer_id == customer.c.id, other.c.blocked.is_(False))
        .where(other.c.channel.in_(channels))
        .where(agreed(MARKETING, _theirs(), customer, other, channel=other.c.channel))
        .scalar_subquery()
    )


def _may_be_written_to(channels: Sequence[str]) -> ColumnElement[bool]:
    """They agreed to it on one of the channels; where there is none, in general."""
    return or_(*(agreed(MARKETING, _theirs(), customer, channel=one) for one in channels or (None,)))


def _reached_at(channel: str, address: str) -> ColumnElement[bool]:
    """The account that a message goes to is still theirs, and open."""
    other = account.alias("addressed")
    return exists().where(
        other.c.customer_id == customer.c.id,
        other.c.channel == channel,
        other.c.address == address,
        other.c.blocked.is_(False),
    )


def _theirs() -> ColumnElement[bool]:
    """What the customer, or any account of theirs, said."""
    own = account.alias("own")
    accounts = select(own.c.id).where(own.c.customer_id == customer.c.id).correlate(customer)
    return (consent.c.customer_id == customer.c.id) | consent.c.account_id.in_(accounts)


def _word_on_profiling() -> Any:
    """What they said last about it; NULL when they said nothing."""
    return latest_word(PROFILING, _theirs(), customer, where=true())


def _in_campaign(campaign_id: int) -> ColumnElement[bool]:
    return exists().where(
        campaign_contact.c.campaign_id == campaign_id,
        campaign_contact.c.customer_id == customer.c.id,
        or_(campaign_contact.c.dropped.is_(None), campaign_contact.c.dropped.not_in(DECIDED_ANEW)),
    )


def _under_way() -> ColumnElement[bool]:
    """A campaign's message to them waits to leave."""
    return exists().where(
        outbox.c.customer_id == customer.c.id,
        outbox.c.kind == "campaign",
        outbox.c.state.in_(("ready", "claimed")),
    )


def _contacted(since: datetime) -> ColumnElement[bool]:
    return exists().where(
        outbox.c.customer_id == customer.c.id,
        outbox.c.kind == "campaign",
        or_(
            outbox.c.state == "sending",
            and_(outbox.c.state.in_(("sent", "unknown")), outbox.c.finished_at >= since),
        ),
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
