"""Looking at campaigns and stopping them, for the console and the command line alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outreach.answers import note_answers
from bot.outreach.lift import Lift, Share, lift
from bot.outreach.planner import HOLDOUT, MESSAGE
from bot.staff.roles import CAMPAIGNING, require
from storage import Conflict, Store
from storage.audit import Audit
from storage.campaigns import Campaign, Campaigns
from storage.responses import ArmResult, Contacted, Responses
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


class Office:
    """Campaigns as staff see them."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
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

    async def contacts(self, name: str, *, limit: int = 50) -> list[Contacted]:
        """Whom a campaign chose last, and why.

        Raises:
            storage.NotFound: there is no such campaign.
        """
        async with self._store.read() as connection:
            campaign = await Campaigns(connection).named(name)
            return await Responses(connection).contacts(campaign.id, limit=limit)

    async def set_state(self, member: StaffMember, name: str, state: str) -> None:
        """Pause a campaign, let it go on, or end it for good.

        While it is not active, nothing is planned and what is planned does not leave.

        Raises:
            NotAllowed: the member's role is another.
            storage.NotFound: there is no such campaign.
            storage.Conflict: it has ended.
        """
        require(member, CAMPAIGNING)
        now = self._clock()

        async def work(connection: AsyncConnection) -> None:
            campaigns = Campaigns(connection)
            campaign = await campaigns.named(name)
            if campaign.state == ENDED:
                raise Conflict(f"the campaign {name!r} has ended")
            await campaigns.set_state(campaign.id, state)
            await Audit(connection).add(
                f"staff:{member.id}", f"campaign_{state}", f"campaign:{campaign.id}", {"name": name}, now
            )

        await self._store.write(work)
