"""What people are told after a back-up was restored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.house.archive import Manifest
from bot.outreach.planner import CONTACT_CAP
from storage.restored import Restoration


def was_restored(manifest: Manifest, restoration: Restoration) -> str:
    """What is there again, and what is left alone."""
    return (
        f"{sum(manifest.counts.values()):,} rows and {len(manifest.files) - 1:,} files as they were at "
        f"{_shown(restoration.made_at)}. {restoration.messages:,} messages that were on their way then are not sent, "
        f"and {restoration.updates:,} that waited for an answer are not answered: they may have been since."
    )


def since_restored(restoration: Restoration) -> Iterator[str]:
    """That outreach is paused, why, and how it goes on."""
    if not restoration.campaigns:
        return
    yield (
        f"Outreach is paused since a back-up of {_shown(restoration.made_at)} was restored: whom Liuke wrote to "
        "after it, and who has said stop, is not known here. Wait until "
        f"{restoration.restored_at + CONTACT_CAP:%Y-%m-%d}, and nobody gets two messages within 14 days."
    )
    for name in restoration.campaigns:
        yield f"`liuke outreach resume {name}`, or *Go on* on the console's page Outreach, starts it again."


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
