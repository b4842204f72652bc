"""When the limits let a message through, and what shuts them for a while."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.conversation.messages import Delivery, DeliveryStatus
from bot.delivery.clock import Clock
from bot.delivery.outcomes import Floods
from bot.delivery.pacing import Pacing
from storage.limits import Demand, Limit, Reservation
from storage.outbox import Finish, OutboxRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Places:
    """Which rows may leave, and what becomes of the others."""

    times: Mapping[int, datetime]
    """Row id to when it leaves."""
    put_off: Mapping[int, datetime]
    """Those held up by their own chat: not looked at before these times."""
    next_look: datetime | None
    """When another may leave; None where all may."""


class Gate:
    """The limits as one process sees them."""

    def __init__(self, rate: float, clock: Clock) -> None:
        """Take messages a second for the whole bot; 0 lifts every limit.

        Raises:
            ValueError: the rate is negative.
        """
        self._pacing = Pacing(rate)
        self._clock = clock
        self._floods = Floods()
        self._shut_until: datetime | None = None

    def paces(self, channel: str) -> bool:
        """Whether a channel has limits at all."""
        return self._pacing.paces(channel)

    def shut_for(self, now: datetime) -> float:
        """Seconds for which nothing leaves at all."""
        return 0.0 if self._shut_until is None else max((self._shut_until - now).total_seconds(), 0.0)

    def demands(self, rows: Sequence[OutboxRow]) -> list[Demand]:
        """The places that rows need."""
        return [self._pacing.demand(row) for row in rows]

    def places(self, rows: Sequence[OutboxRow], reservations: Sequence[Reservation]) -> Places:
        """What the answers to the rows' demands mean for them."""
        whole_bot, campaigns = self._pacing.whole_bot().key, self._pacing.campaigns().key
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
        return Places(times, put_off, min(waits, default=None))

    def pauses(self, row: OutboxRow, delivery: Delivery, finish: Finish) -> tuple[Limit, ...]:
        """The limits that stay shut for a while because the channel asked for it."""
        told_to_wait = delivery.status is DeliveryStatus.RETRY and delivery.retry_after is not None
        if not told_to_wait or not self.paces(row.channel):
            return ()
        if not self._floods.is_general(row.address, self._clock()):
            return (self._pacing.chat(row.address),)
        self._shut_until = finish.not_before
        log.warning("%s asked the whole bot to wait %.0f s", row.channel, delivery.retry_after)
        return (self._pacing.chat(row.address), self._pacing.whole_bot())
