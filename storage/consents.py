"""What holds of the ledger of consent, for a purpose and a channel.

A word concerns one channel (an e-mail address's newsletter, messages in Telegram) or all of them. Of the words that
concern a channel the latest holds, of two at one moment the no. Beyond that, a no to a channel is only lifted by a yes
to that channel: who agrees in general does not take back what they refused in particular.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, func, or_, select

from storage.schema import consent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWord:
    """A yes or no in the ledger."""

    id: int
    channel: str | None
    """None: all of them."""
    granted: bool
    source: str
    at: datetime


MARKETING = "marketing"
PROFILING = "profiling"


def agreed(
    purpose: str, concerns: ColumnElement[bool], *outer: FromClause, channel: Any = None
) -> ColumnElement[bool]:
    """Whether somebody agreed to a purpose on a channel; silence is a no.

    Args:
        concerns: which rows of the ledger are theirs.
        outer: tables of the statement around it that `concerns` and `channel` speak of.
        channel: its name, or a column with it; None: what they said of all channels counts alone.
    """
    general = consent.c.channel.is_(None)
    if channel is None:
        return func.coalesce(latest_word(purpose, concerns, *outer, where=general), False).is_(True)
    own = consent.c.channel == channel
    latest = latest_word(purpose, concerns, *outer, where=or_(general, own))
    of_its_own = latest_word(purpose, concerns, *outer, where=own)
    return and_(func.coalesce(latest, False).is_(True), func.coalesce(of_its_own, True).is_(True))


def latest_word(
    purpose: str, concerns: ColumnElement[bool], *outer: FromClause, where: ColumnElement[bool]
) -> Any:
    """What was said last about a purpose in some rows of the ledger, of two words at one moment the no; NULL: nothing.

    Args:
        concerns, outer: as in `agreed`.
        where: which rows.
    """
    return (
        select(consent.c.granted)
        .where(consent.c.purpose == purpose, concerns, where)
        .order_by(consent.c.at.desc(), consent.c.granted, consent.c.id.desc())
        .limit(1)
        .correlate(*outer)
        .scalar_subquery()
    )
