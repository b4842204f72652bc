"""Plans a campaign's messages: who gets one, about which product, when, and who is left alone.

Those with the most at stake come first, and of those whose day it is they leave first and get what is left of the
budget for discounts. Each customer is decided once a campaign, in one transaction: the arm and the row in the outbox.
Its words and its price are decided when it leaves (`bot.outreach.last_look`). A run can be stopped anywhere and
goes on from its cursor; two replicas that plan the same slot cannot decide for the same customer twice.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.wording import zone
from bot.models.decisions import Decisions
from storage import Conflict, NotFound, Store
from storage.audience import Audience, Candidate
from storage.campaigns import Campaign, CampaignRun, Campaigns
from storage.outbox import Outbox
from storage.responses import Responses
from storage.settings import SettingStore
from storage.shop import Shop, ShopKind

MESSAGE = "message"
HOLDOUT = "holdout"

# Nobody gets two campaign messages within this time, whatever campaigns run.
CONTACT_CAP = timedelta(days=14)
_CHUNK = 200

# Of the customer: between these hours they may be written to unasked.
DAY_BEGINS = time(10, 0)
DAY_ENDS = time(20, 0)

WIN_BACK = "win-back"
HOLDOUT_SHARE = 0.1


def arm_of(campaign: Campaign, customer_id: str) -> str:
    """The customer's arm: a coin that is fair, seeded and the same whenever it is tossed."""
    digest = hashlib.sha256(f"{campaign.seed}:{campaign.id}:{customer_id}".encode()).digest()
    toss = int.from_bytes(digest[:8], "big") / 2**64
    return HOLDOUT if toss < campaign.holdout else MESSAGE


@dataclass(frozen=True, slots=True)
class Planner:
    """Turns a campaign into planned messages."""

    store: Store
    decisions: Decisions
    shop_time_zone: str
    channels: Sequence[str] = field(kw_only=True)
    """Those through which customers may be written to first."""

    async def run_active(self, now: datetime) -> dict[str, dict[str, int]]:
        """Note who has answered, and plan what every active campaign has to say now.

        Returns how many customers of each campaign were decided which way.
        """
        await note_answers(self.store, now)
        await self.store.write(lambda connection: ensure_win_back(connection, now))
        async with self.store.read() as connection:
            campaigns = await Campaigns(connection).active()
        slot = now.strftime("%Y%m%dT%H%M")
        return {campaign.name: dict(await self.run(campaign, slot, now)) for campaign in campaigns}

    async def left_out(self, campaign: Campaign, now: datetime) -> dict[str, int]:
        """Why customers are passed over, and how many for each reason; see `Audience.left_out`."""
        async with self.store.read(long=True) as connection:
            return await Audience(connection).left_out(
                campaign.id, channels=self.channels, contacted_since=now - CONTACT_CAP
            )

    async def run(self, campaign: Campaign, slot: str, now: datetime) -> Counter[str]:
        """Work through the audience of one slot; returns how many were decided which way."""
        run = await self.store.write(
            lambda connection: Campaigns(connection).start_run(campaign.id, slot, now)
        )
        totals: Counter[str] = Counter(run.counts)
        while run.finished_at is None:
            async with self.store.read() as connection:
                chunk = await Audience(connection).candidates(
                    campaign.id,
                    channels=self.channels,
                    after=run.cursor,
                    limit=_CHUNK,
                    contacted_since=now - CONTACT_CAP,
                )
            for candidate in chunk:
                totals[await self._decide(campaign, run, candidate, now)] += 1
            run = await self._advance(run, chunk, totals, now)
        return totals

    async def _advance(
        self, run: CampaignRun, chunk: list[Candidate], totals: Counter[str], now: datetime
    ) -> CampaignRun:
        cursor = chunk[-1].place if chunk else run.cursor
        finished = now if len(chunk) < _CHUNK else None
        await self.store.write(
            lambda connection: Campaigns(connection).advance(run, cursor, totals, finished)
        )
        return await self.store.write(
            lambda connection: Campaigns(connection).start_run(run.campaign_id, run.slot, now)
        )

    async def _decide(self, campaign: Campaign, run: CampaignRun, candidate: Candidate, now: datetime) -> str:
        """Decide for one customer, if no other process is faster."""
        try:
            return await self.store.write(
                lambda connection: self._record(connection, campaign, run, candidate, now)
            )
        except Conflict:
            return "conflict"

    async def _record(
        self,
        connection: AsyncConnection,
        campaign: Campaign,
        run: CampaignRun,
        candidate: Candidate,
        now: datetime,
    ) -> str:
        campaigns = Campaigns(connection)
        if not await campaigns.is_active(campaign.id):
            return "campaign_paused"
        products = await self.decisions.recommend(
            connection, customer_id=candidate.customer_id, n=1, now=now, allow_repeats=True
        )
        if not products:
            # Asked before the arm, so that both arms hold customers of the same kind.
            return "nothing_to_say"
        arm = arm_of(campaign, candidate.customer_id)
        outbox_id = await self._put(connection, campaign, candidate, now) if arm == MESSAGE else None
        if arm == MESSAGE and outbox_id is None:
            return "already_planned"
        added = await campaigns.add_contact(
            candidate,
            campaign_id=campaign.id,
            run_id=run.id,
            arm=arm,
            probability=campaign.holdout if arm == HOLDOUT else 1 - campaign.holdout,
            now=now,
            product_id=products[0].product,
            outbox_id=outbox_id,
        )
        if not added:
            raise Conflict("another process decided for this customer first")
        return arm

    async def _put(
        self, connection: AsyncConnection, campaign: Campaign, candidate: Candidate, now: datetime
    ) -> int | None:
        """Let a message wait for the customer's daytime: a new one, or the one that was dropped."""
        outbox = Outbox(connection)
        key = f"campaign:{campaign.id}:{candidate.customer_id}"
        channel, address = candidate.channel, candidate.address
        leaves = next_daytime(now, zone(candidate.time_zone, self.shop_time_zone))
        put = await outbox.put(
            channel=channel,
            address=address,
            kind="campaign",
            policy="once",
            reply={},
            now=now,
            customer_id=candidate.customer_id,
            dedupe_key=key,
            not_before=leaves,
        )
        return put or await outbox.put_again(
            key, channel=channel, address=address, now=now, not_before=leaves
        )


def is_daytime(now: datetime, where: ZoneInfo) -> bool:
    """Whether it is between 10:00 and 20:00 there."""
    return DAY_BEGINS <= now.astimezone(where).time() < DAY_ENDS


def next_daytime(now: datetime, where: ZoneInfo) -> datetime:
    """`now` when it is daytime there, else the moment the next day begins; aware, in the zone of `now`."""
    if is_daytime(now, where):
        return now
    local = now.astimezone(where)
    day = local.date() if local.time() < DAY_BEGINS else local.date() + timedelta(days=1)
    return datetime.combine(day, DAY_BEGINS, where).astimezone(now.tzinfo)


async def ensure_win_back(connection: AsyncConnection, now: datetime) -> None:
    """Make the campaign where there is a shop and no campaign yet: active in the demo, not started in a real shop.

    A shop decides itself when its customers are written to for the first time.
    """
    try:
        await Campaigns(connection).named(WIN_BACK)
    except NotFound:
        pass
    else:
        return
    kind = await Shop(connection).kind()
    if kind is ShopKind.EMPTY:
        return
    await Campaigns(connection).ensure(
        WIN_BACK,
        "win_back",
        state="active" if kind is ShopKind.DEMO else "paused",
        holdout=HOLDOUT_SHARE,
        settings={},
        seed=await installation_seed(connection),
        now=now,
    )


async def installation_seed(connection: AsyncConnection) -> int:
    """The seed of everything that is drawn by lot in this installation, made at first use."""
    return int(await SettingStore(connection).get_or_create("seed", secrets.randbelow(2**31)))


async def note_answers(store: Store, now: datetime) -> int:
    """Find the answers that aren't noted yet and note them; returns how many there were.

    Looking for them may take long, so it holds up nobody who writes.
    """
    async with store.read(long=True) as connection:
        answers = await Responses(connection).unnoted(now)
    if answers:
        await store.write(lambda connection: Responses(connection).note(answers))
    return len(answers)
