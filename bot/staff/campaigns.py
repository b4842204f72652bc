"""Looking at campaigns and stopping them, for the console and the command line alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outreach.planner import HOLDOUT, MESSAGE, note_answers
from bot.staff.roles import CAMPAIGNING, permitted
from kernel.intervals import wilson
from kernel.times import utc_now
from storage import Conflict, Store
from storage.audit import Audit
from storage.campaigns import Campaign, Campaigns
from storage.links import Links, Reach
from storage.responses import ArmResult, Contacted, Responses
from storage.restored import Restoration, Restorations
from storage.staff import StaffMember

ACTIVE, PAUSED, ENDED = "active", "paused", "ended"
_NOBODY = ArmResult(arm="", customers=0, sent=0, responded=0, returned=0, stopped=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignReport:
    """A campaign and what came of it so far."""

    campaign: Campaign
    arms: Mapping[str, ArmResult]
    """By name: `message` for those written to, `holdout` for those left alone."""

    @property
    def started(self) -> bool:
        """Whether it was ever let loose: a real shop's waits until somebody starts it."""
        return self.campaign.started or self.campaign.state != PAUSED

    @property
    def written_to(self) -> ArmResult:
        """Those who get a message."""
        return self.arms.get(MESSAGE, _NOBODY)

    @property
    def left_alone(self) -> ArmResult:
        """The holdout."""
        return self.arms.get(HOLDOUT, _NOBODY)

    @property
    def lift(self) -> Lift | None:
        """By how much more of those written to came back than of those left alone; None before both are there."""
        return lift(returned(self.written_to), returned(self.left_alone))


def returned(arm: ArmResult) -> Share:
    """The share of an arm that bought again: all who were chosen for it, whether their message left or not."""
    return Share(hits=arm.returned, count=arm.customers)


class CampaignService:
    """Campaigns as staff see them."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def reports(self) -> list[CampaignReport]:
        """Every campaign with its figures as of now, oldest first."""
        await note_answers(self._store, self._clock())
        async with self._store.read(long=True) as connection:
            responses = Responses(connection)
            return [
                CampaignReport(
                    campaign=campaign,
                    arms={arm.arm: arm for arm in await responses.results(campaign.id)},
                )
                for campaign in await Campaigns(connection).all()
            ]

    async def waiting_since_restored(self) -> Restoration | None:
        """The restoration of a back-up whose campaigns nobody has let go on yet."""
        async with self._store.read() as connection:
            return await Restorations(connection).waiting()

    async def reach(self) -> Reach:
        """How many customers could be written to in a messenger at all, being linked to one."""
        async with self._store.read(long=True) as connection:
            return await Links(connection).reach()

    async def contacts(self, name: str, *, limit: int = 50) -> list[Contacted]:
        """Whom a campaign chose last, and why.

        Raises:
            storage.NotFound: there is no such campaign.
        """
        async with self._store.read() as connection:
            campaign = await Campaigns(connection).named(name)
            return await Responses(connection).contacts(campaign.id, limit=limit)

    async def set_state(self, member: StaffMember, name: str, state: str) -> int:
        """Start a campaign or let it go on, pause it, or end it for good; return how many messages that drops.

        While it is not active nothing is planned, and what was planned is dropped: going on doesn't bring it back,
        but whom it was for may be chosen again. What is being sent at that moment goes on.

        Raises:
            NotAllowed: the member's role is another.
            storage.NotFound: there is no such campaign.
            storage.Conflict: it has ended.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            campaigns = Campaigns(connection)
            campaign = await campaigns.named(name)
            if campaign.state == ENDED:
                raise Conflict(f"the campaign {name!r} has ended")
            if campaign.state == state:
                return 0
            dropped = await campaigns.set_state(campaign.id, state, now)
            await Restorations(connection).decided(name)
            await Audit(connection).add(
                f"staff:{member.id}", f"campaign_{state}", f"campaign:{campaign.id}", {"name": name}, now
            )
            return dropped

        return await self._store.write(permitted(member, CAMPAIGNING, work))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, and where the true share lies with 95 % confidence."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """The share itself; 0 when nobody was counted."""
        return self.hits / self.count if self.count else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, from and to; (0, 1) when nobody was counted."""
        return wilson(self.hits, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """By how much the share of those written to is above that of those left alone, with 95 % confidence."""

    value: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether it can be told from no difference at all."""
        return self.low > 0 or self.high < 0


def lift(written_to: Share, left_alone: Share) -> Lift | None:
    """The difference of two shares; None while an arm is empty.

    Source: Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17, 1998, method 10.
    """
    if not written_to.count or not left_alone.count:
        return None
    value = written_to.value - left_alone.value
    (low, high), (other_low, other_high) = written_to.interval, left_alone.interval
    return Lift(
        value=value,
        low=value - math.hypot(written_to.value - low, other_high - left_alone.value),
        high=value + math.hypot(high - written_to.value, left_alone.value - other_low),
    )
