"""Plans a campaign's messages: who gets one, with which product and price, when, and who is left alone.

Those with the most at stake come first and get what is left of the budget for discounts. Each customer is
decided once a campaign, in one transaction: the arm, the offer with its code, and the row in the outbox. A run
can be stopped anywhere and goes on from its cursor; two replicas that plan the same slot cannot decide for the
same customer twice.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.codec import dump_reply
from bot.conversation.messages import Reply
from bot.conversation.wording import zone
from bot.decisions import Decisions
from bot.outreach.calendar import next_daytime
from retention.types import Offer, Recommendation
from storage import Conflict, Store
from storage.audience import Audience, Candidate
from storage.campaigns import Campaign, CampaignRun, Campaigns
from storage.catalogue import Catalogue, Product
from storage.offers import StoredOffer
from storage.outbox import Outbox

log = logging.getLogger(__name__)

MESSAGE = "message"
HOLDOUT = "holdout"

# Nobody gets two campaign messages within this time, whatever campaigns run.
CONTACT_CAP = timedelta(days=14)
_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WinBack:
    """What a win-back message says."""

    recommendation: Recommendation
    offer: Offer
    stored: StoredOffer | None
    """The reserved offer; None where the price is the list price."""


Writer = Callable[[Candidate, Product, WinBack], Reply]
"""Puts a message into the customer's language."""


def arm_of(campaign: Campaign, customer_id: str) -> str:
    """The customer's arm: a coin that is fair, seeded and the same whenever it is tossed."""
    digest = hashlib.sha256(f"{campaign.seed}:{campaign.id}:{customer_id}".encode()).digest()
    toss = int.from_bytes(digest[:8], "big") / 2**64
    return HOLDOUT if toss < campaign.holdout else MESSAGE


class Planner:
    """Turns a campaign into planned messages."""

    def __init__(self, store: Store, decisions: Decisions, write: Writer, shop_time_zone: str) -> None:
        self._store = store
        self._decisions = decisions
        self._write = write
        self._shop_time_zone = shop_time_zone

    async def run(self, campaign: Campaign, slot: str, now: datetime) -> Counter[str]:
        """Work through the audience of one slot; returns how many were decided which way."""
        run = await self._store.write(
            lambda connection: Campaigns(connection).start_run(campaign.id, slot, now)
        )
        totals: Counter[str] = Counter(run.counts)
        while run.finished_at is None:
            async with self._store.read() as connection:
                chunk = await Audience(connection).candidates(
                    campaign.id,
                    after=run.cursor,
                    limit=_CHUNK,
                    now=now,
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
        await self._store.write(
            lambda connection: Campaigns(connection).advance(run, cursor, totals, finished)
        )
        return await self._store.write(
            lambda connection: Campaigns(connection).start_run(run.campaign_id, run.slot, now)
        )

    async def _decide(self, campaign: Campaign, run: CampaignRun, candidate: Candidate, now: datetime) -> str:
        """Decide for one customer; again when the offer's budget or a live offer came in between."""
        for _ in range(3):
            try:
                return await self._store.write(
                    lambda connection: self._record(connection, campaign, run, candidate, now)
                )
            except Conflict:
                continue
        return "conflict"

    async def _record(
        self,
        connection: AsyncConnection,
        campaign: Campaign,
        run: CampaignRun,
        candidate: Candidate,
        now: datetime,
    ) -> str:
        products = await self._decisions.recommend(
            connection, customer_id=candidate.customer_id, n=1, now=now, allow_repeats=True
        )
        if not products:
            # Asked before the arm, so that both arms hold customers of the same kind.
            return "nothing_to_say"
        arm = arm_of(campaign, candidate.customer_id)
        win_back = await self._offer(connection, candidate, products[0], now) if arm == MESSAGE else None
        outbox_id = await self._put(connection, campaign, candidate, win_back, now) if win_back else None
        if arm == MESSAGE and outbox_id is None:
            return "already_planned"
        added = await Campaigns(connection).add_contact(
            candidate,
            campaign_id=campaign.id,
            run_id=run.id,
            arm=arm,
            probability=campaign.holdout if arm == HOLDOUT else 1 - campaign.holdout,
            now=now,
            product_id=products[0].product,
            offer_id=win_back.stored.id if win_back and win_back.stored else None,
            outbox_id=outbox_id,
        )
        if not added:
            raise Conflict("another process decided for this customer first")
        return arm

    async def _offer(
        self, connection: AsyncConnection, candidate: Candidate, product: Recommendation, now: datetime
    ) -> WinBack:
        offer = await self._decisions.offer(
            connection,
            customer_id=candidate.customer_id,
            product_id=product.product,
            reason="win_back",
            now=now,
        )
        stored = None
        if offer.personal:
            stored = await self._decisions.reserve(connection, offer, reason="win_back", now=now)
        return WinBack(recommendation=product, offer=offer, stored=stored)

    async def _put(
        self,
        connection: AsyncConnection,
        campaign: Campaign,
        candidate: Candidate,
        win_back: WinBack,
        now: datetime,
    ) -> int | None:
        product = await Catalogue(connection).get(win_back.recommendation.product)
        if product is None:
            raise Conflict("the product has gone")
        where = zone(candidate.time_zone, self._shop_time_zone)
        return await Outbox(connection).put(
            channel=candidate.channel,
            address=candidate.address,
            kind="campaign",
            policy="once",
            reply=dump_reply(self._write(candidate, product, win_back)),
            now=now,
            customer_id=candidate.customer_id,
            dedupe_key=f"campaign:{campaign.id}:{candidate.customer_id}",
            not_before=next_daytime(now, where),
        )
