"""A message on its way, and how an attempt to send it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

OutboxKind = Literal["reply", "staff", "notice", "campaign"]
Policy = Literal["retry", "once"]
EndState = Literal["sent", "failed", "unknown", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message on its way.

    `retry` rows go ready → claimed → sent or failed, and back to ready until that is known. `once` rows go
    ready → claimed → sending → sent, failed or unknown; only proof that nothing was sent takes them back.
    """

    id: int
    channel: str
    address: str
    kind: str
    policy: str
    state: str
    dedupe_key: str | None
    payload: Mapping[str, Any]
    author: str
    callback_ref: str | None
    message_id: int | None
    customer_id: str | None
    created_at: datetime
    not_before: datetime
    attempts: int
    owner: str | None
    lease_until: datetime | None
    message_refs: Sequence[str]
    finished_at: datetime | None
    error: str | None

    @property
    def place(self) -> tuple[str, str]:
        """The conversation it belongs to: channel and address."""
        return self.channel, self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How an attempt ended."""

    row: OutboxRow
    state: EndState | Literal["ready"]
    """ready: to be tried again at `not_before`."""
    message_refs: Sequence[str] = ()
    error: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """Rows whose owner died."""

    ready: int
    """Nothing had been sent for sure, or the row may be sent twice."""
    unknown: int
    """May have been sent; not sent again."""
