"""The last look before a campaign's message leaves, in the transaction that claims it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.wording import zone
from bot.outreach.calendar import next_daytime
from bot.outreach.planner import CONTACT_CAP
from storage.audience import Audience
from storage.campaigns import Campaigns
from storage.customers import Customers
from storage.outbox import OutboxRow


class LastLook:
    """Drops a message that must not go out after all, and puts one off that the night has caught up with."""

    def __init__(self, shop_time_zone: str) -> None:
        self._shop_time_zone = shop_time_zone

    async def __call__(
        self, connection: AsyncConnection, row: OutboxRow, now: datetime
    ) -> str | datetime | None:
        """A reason to drop it (recorded with the contact), a time to put it off to, or None to let it go.

        Consent, an open case, a purchase since the decision, the cap over all campaigns, and quiet hours.
        """
        reason = await Audience(connection).objection(row.id, now=now, contacted_since=now - CONTACT_CAP)
        if reason is not None:
            await Campaigns(connection).drop(row.id, reason)
            return reason
        customer = await Customers(connection).get(row.customer_id) if row.customer_id else None
        where = zone(customer.time_zone if customer else None, self._shop_time_zone)
        day = next_daytime(now, where)
        return None if day == now else day
