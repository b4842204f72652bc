"""What Telegram lets through, as buckets.

Telegram says "about": 30 messages a second for the whole bot, one a second in a chat, 20 a minute in a group
(Bot FAQ, "My bot is hitting limits"). It doesn't mind a few at once in a private chat, which is what a reply
with pictures is. Other channels have no limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from storage.limits import Demand, Limit
from storage.outbox import OutboxRow

PACED_CHANNEL = "telegram"
_CAMPAIGN_SHARE = 25 / 28
"""Of the whole bot's rate; the rest is left for replies."""

_CHAT_INTERVAL = timedelta(seconds=1)
_CHAT_BURST = 3
# At most burst + 60 s / interval = 20 in any minute.
_GROUP_INTERVAL = timedelta(seconds=4)
_GROUP_BURST = 5


class Pacing:
    """The limits that a row falls under."""

    def __init__(self, rate: float) -> None:
        """Take messages a second for the whole bot; 0 lifts every limit.

        Raises:
            ValueError: the rate is negative.
        """
        if rate < 0:
            raise ValueError(f"a rate can't be negative: {rate}")
        self.rate = rate

    def paces(self, channel: str) -> bool:
        """Whether a channel has limits at all."""
        return self.rate > 0 and channel == PACED_CHANNEL

    def demand(self, row: OutboxRow) -> Demand:
        """The places a row needs in the buckets."""
        limits = [self.whole_bot(), self.chat(row.address)]
        if row.address.startswith("-"):
            limits.append(_group(row.address))
        if row.kind == "campaign":
            limits.append(self.campaigns())
        return Demand(limits=tuple(limits), cost=parts(row.payload))

    def whole_bot(self) -> Limit:
        """Everything the bot sends."""
        return Limit(key=f"{PACED_CHANNEL}:bot", interval=timedelta(seconds=1 / self.rate))

    def chat(self, address: str) -> Limit:
        """Everything in one chat."""
        return Limit(key=f"{PACED_CHANNEL}:chat:{address}", interval=_CHAT_INTERVAL, burst=_CHAT_BURST)

    def campaigns(self) -> Limit:
        """Everything campaigns send."""
        interval = timedelta(seconds=1 / (self.rate * _CAMPAIGN_SHARE))
        return Limit(key=f"{PACED_CHANNEL}:campaigns", interval=interval)


def parts(reply: Mapping[str, Any]) -> int:
    """How many messages of the channel a dumped reply becomes: its text and each card."""
    return max(1, bool(reply.get("text")) + len(reply.get("cards", ())))


def _group(address: str) -> Limit:
    return Limit(key=f"{PACED_CHANNEL}:group:{address}", interval=_GROUP_INTERVAL, burst=_GROUP_BURST)
