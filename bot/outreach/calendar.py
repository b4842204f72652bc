"""When somebody may be written to unasked: in the daytime of their own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_BEGINS = time(10, 0)
DAY_ENDS = time(20, 0)


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
