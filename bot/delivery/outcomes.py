"""What becomes of a message after an attempt to deliver it."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from bot.conversation.codec import load_reply
from bot.conversation.messages import Delivery, DeliveryStatus, Outgoing
from storage.outbox import Finish, OutboxRow

_FIRST_DELAY = timedelta(seconds=1)
_LONGEST_DELAY = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=24)
"""An answer that is a day late helps nobody; the row then says `failed`."""

_FLOOD_WINDOW = timedelta(seconds=1)
_FLOODED_CHATS = 3


def outgoing(row: OutboxRow) -> Outgoing:
    """What a channel is given. Raises KeyError, TypeError or ValueError where the row can't be read."""
    return Outgoing(
        outbox_id=row.id,
        channel=row.channel,
        address=row.address,
        reply=load_reply(row.payload),
        callback_ref=row.callback_ref,
        author=row.author,
        message_id=row.message_id,
        parts_sent=tuple(row.message_refs),
    )


def outcome(row: OutboxRow, delivery: Delivery, now: datetime) -> Finish:
    """How an attempt changes its row.

    Only what is known not to have arrived is tried again by itself, except that a reply (`retry`) is also
    tried again when nobody knows: a customer would rather read it twice than never.
    """
    refs = delivery.message_refs or tuple(row.message_refs)
    reason = delivery.reason or delivery.status.value
    match delivery.status:
        case DeliveryStatus.SENT:
            return Finish(row=row, state="sent", message_refs=refs)
        case DeliveryStatus.REFUSED:
            return Finish(row=row, state="failed", message_refs=refs, error=reason)
        case DeliveryStatus.UNKNOWN if row.policy == "once":
            return Finish(row=row, state="unknown", message_refs=refs, error=reason)
    if row.policy == "retry" and now - row.created_at > GIVE_UP_AFTER:
        return Finish(row=row, state="failed", message_refs=refs, error=f"gave up: {reason}")
    return Finish(
        row=row, state="ready", message_refs=refs, error=reason, not_before=now + _delay(row, delivery)
    )


def _delay(row: OutboxRow, delivery: Delivery) -> timedelta:
    if delivery.retry_after is not None:
        return timedelta(seconds=delivery.retry_after)
    return min(_FIRST_DELAY * (1 << min(row.attempts - 1, 10)), _LONGEST_DELAY)


class Floods:
    """Tells a chat that was written to too fast from a bot that writes too fast.

    Telegram's answer to both is the same; but when several chats get it within a second, it is the bot.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, str]] = deque()

    def is_general(self, address: str, now: datetime) -> bool:
        """Note that a chat was told to wait; whether all of them should."""
        self._seen.append((now, address))
        while self._seen[0][0] < now - _FLOOD_WINDOW:
            self._seen.popleft()
        return len({seen for _, seen in self._seen}) >= _FLOODED_CHATS
