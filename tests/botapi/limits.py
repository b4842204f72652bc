"""The real limits: 30 a second in all, one a second in a chat after a burst, 20 a minute in a group."""

from __future__ import annotations

import math
import time

from tests.botapi.errors import too_many

OVERALL_PER_SECOND = 30
CHAT_PER_SECOND = 1
CHAT_BURST = 5
GROUP_PER_MINUTE = 20


class _Bucket:
    """A token bucket."""

    __slots__ = ("at", "capacity", "per_second", "tokens")

    def __init__(self, capacity: float, per_second: float, now: float) -> None:
        self.capacity = capacity
        self.per_second = per_second
        self.tokens = capacity
        self.at = now

    def wait(self, now: float) -> float:
        """Seconds until a message may pass; 0 when it may now."""
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.per_second


class Limits:
    """Counts what one bot sends. `on = False` lets everything pass, as a local server does."""

    def __init__(self, *, on: bool = True) -> None:
        self.on = on
        self.refused = 0
        self._overall = _Bucket(OVERALL_PER_SECOND, OVERALL_PER_SECOND, time.monotonic())
        self._chats: dict[int, _Bucket] = {}

    def count(self, chat_id: int) -> None:
        """Count one message to a chat.

        Raises:
            ApiError: 429; the message must not be delivered.
        """
        if not self.on:
            return
        now = time.monotonic()
        bucket = self._chats.get(chat_id)
        if bucket is None:
            bucket = self._chats[chat_id] = (
                _Bucket(CHAT_BURST, CHAT_PER_SECOND, now)
                if chat_id > 0
                else _Bucket(GROUP_PER_MINUTE, GROUP_PER_MINUTE / 60, now)
            )
        wait = max(self._overall.wait(now), bucket.wait(now))
        if wait > 0:
            self.refused += 1
            raise too_many(max(1, math.ceil(wait)))
        self._overall.tokens -= 1
        bucket.tokens -= 1
