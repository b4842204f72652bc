"""The last look before a campaign's message leaves, in the transaction that claims it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outreach.planner import CONTACT_CAP
from storage.campaigns import Campaigns
from storage.outbox import OutboxRow


async def objection(connection: AsyncConnection, row: OutboxRow, now: datetime) -> str | None:
    """Why a message must not go out after all, recorded with the contact; None when it may.

    Consent, an open case, a purchase since the decision, and the cap over all campaigns.
    """
    campaigns = Campaigns(connection)
    reason = await campaigns.objection(row.id, now=now, contacted_since=now - CONTACT_CAP)
    if reason is not None:
        await campaigns.drop(row.id, reason)
    return reason
