"""What a channel that limits its senders lets through, as buckets, and what shuts them for a while.

The figures are Telegram's, which says "about": 30 messages a second for the whole bot, one a second in a chat, 20 a
minute in a group (Bot FAQ, "My bot is hitting limits"). It doesn't mind a few at once in a private chat, which is
what a reply with pictures is. Which channels have limits, and how many messages a second each lets through in all,
they say themselves (`bot.channels.registry`).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.delivery.clock import Clock
from bot.messages import Delivery, DeliveryStatus
from storage.limits import Demand, Limit, Reservation
from storage.outbox import Finish, OutboxRow

log = logging.getLogger(__name__)

_CAMPAIGN_SHARE = 25 / 28
"""Of the whole bot's rate; the rest is left for replies."""

_CHAT_INTERVAL = timedelta(seconds=1)
_CHAT_BURST = 3
# At most burst + 60 s / interval = 20 in any minute.
_GROUP_INTERVAL = timedelta(seconds=4)
_GROUP_BURST = 5

_FLOOD_WINDOW = timedelta(seconds=1)
_FLOODED_CHATS = 3


@dataclass(frozen=True, slots=True)
class Departures:
    """Which rows may leave, and what becomes of the others."""

    times: Mapping[int, datetime]
    """Row id to when it leaves."""
    put_off: Mapping[int, datetime]
    """Those held up by their own chat: not looked at before these times."""
    next_look: datetime | None
    """When another may leave; None where all may."""


class Pacing:
    """A channel's limits as one process sees them."""

    def __init__(self, channel: str, rate: float, clock: Clock) -> None:
        """Take a channel's name, messages a second for the whole bot, and the time.

        Raises:
            ValueError: the rate is not positive.
        """
        if rate <= 0:
            raise ValueError(f"a rate can't be negative or 0: {rate}")
        self._channel = channel
        self._rate = rate
        self._clock = clock
        self._told_to_wait: deque[tuple[datetime, str]] = deque()
        self._shut_until: datetime | None = None

    def shut_for(self, now: datetime) -> float:
        """Seconds for which nothing leaves through the channel at all."""
        return 0.0 if self._shut_until is None else max((self._shut_until - now).total_seconds(), 0.0)

    def departures(self, rows: Sequence[OutboxRow], reservations: Sequence[Reservation]) -> Departures:
        """What the answers to the rows' demands mean for them."""
        whole_bot, campaigns = self.whole_bot().key, self.campaigns().key
        times: dict[int, datetime] = {}
        put_off: dict[int, datetime] = {}
        waits: list[datetime] = []
        for row, reservation in zip(rows, reservations, strict=True):
            if reservation.granted:
                times[row.id] = reservation.at
                continue
            waits.append(reservation.at)
            if reservation.by == whole_bot:
                self._shut_until = reservation.at
            elif reservation.by != campaigns:
                put_off[row.id] = reservation.at
        return Departures(times, put_off, min(waits, default=None))

    def pauses(self, row: OutboxRow, delivery: Delivery, finish: Finish) -> tuple[Limit, ...]:
        """The limits that stay shut for a while because the channel asked for it."""
        if delivery.status is not DeliveryStatus.RETRY or delivery.retry_after is None:
            return ()
        if not self._is_flood(row.address):
            return (self.chat(row.address),)
        self._shut_until = finish.not_before
        log.warning("%s asked the whole bot to wait %.0f s", row.channel, delivery.retry_after)
        return (self.chat(row.address), self.whole_bot())

    def _is_flood(self, address: str) -> bool:
        """Note that a chat was told to wait; whether all of them should.

        Telegram's answer to a chat that was written to too fast and to a bot that writes too fast is the same; but
        when several chats get it within a second, it is the bot.
        """
        now, seen = self._clock(), self._told_to_wait
        seen.append((now, address))
        while seen[0][0] < now - _FLOOD_WINDOW:
            seen.popleft()
        return len({chat for _, chat in seen}) >= _FLOODED_CHATS

    def demand(self, row: OutboxRow) -> Demand:
        """The places a row needs in the buckets."""
        limits = [self.whole_bot(), self.chat(row.address)]
        if row.address.startswith("-"):
            limits.append(self._group(row.address))
        if row.kind in ("campaign", "restock"):
            limits.append(self.campaigns())
        return Demand(limits=tuple(limits), cost=parts(row.payload))

    def whole_bot(self) -> Limit:
        """Everything the bot sends."""
        return Limit(key=f"{self._channel}:bot", interval=timedelta(seconds=1 / self._rate))

    def chat(self, address: str) -> Limit:
        """Everything in one chat."""
        return Limit(key=f"{self._channel}:chat:{address}", interval=_CHAT_INTERVAL, burst=_CHAT_BURST)

    def campaigns(self) -> Limit:
        """Everything that is sent to many at once."""
        interval = timedelta(seconds=1 / (self._rate * _CAMPAIGN_SHARE))
        return Limit(key=f"{self._channel}:campaigns", interval=interval)

    def _group(self, address: str) -> Limit:
        return Limit(key=f"{self._channel}:group:{address}", interval=_GROUP_INTERVAL, burst=_GROUP_BURST)


def parts(reply: Mapping[str, Any]) -> int:
    """How many messages of the channel a dumped reply becomes: its text and each card."""
    return max(1, bool(reply.get("text")) + len(reply.get("cards", ())))
