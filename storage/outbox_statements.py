"""The outbox's statements. Those of the hot path are built once: building one takes longer than running it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.schema import message, outbox


def state_is(*states: str) -> Any:
    """The row is in one of these states."""
    # Not `in_`, which SQLAlchemy expands for each execution and so can't use with executemany.
    return or_(*(outbox.c.state == state for state in states))


PUT = {
    dialect: insert(outbox).on_conflict_do_nothing().returning(outbox.c.id)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def _ready(*also: Any) -> Any:
    return and_(
        outbox.c.state == "ready",
        outbox.c.not_before <= bindparam("now"),
        outbox.c.channel.in_(bindparam("channels", expanding=True)),
        *also,
    )


ANY_READY = select(outbox.c.id).where(_ready(outbox.c.policy == bindparam("of_policy"))).limit(1)
# Of each conversation, the first reply that waits for its time or is in other hands.
HELD_BACK = (
    select(outbox.c.channel, outbox.c.address, func.min(outbox.c.id).label("id"))
    .where(
        outbox.c.policy == "retry",
        outbox.c.channel.in_(bindparam("channels", expanding=True)),
        or_(
            and_(outbox.c.state == "ready", outbox.c.not_before > bindparam("now")),
            and_(outbox.c.state == "claimed", outbox.c.owner != bindparam("by")),
        ),
    )
    .group_by(outbox.c.channel, outbox.c.address)
)
# SQLite leaves FOR UPDATE out; its transaction has the whole file.
_SOME_READY = select(outbox).limit(bindparam("at_most")).with_for_update(skip_locked=True)
READY_RETRY = _SOME_READY.where(
    _ready(outbox.c.policy == "retry", outbox.c.id > bindparam("after"))
).order_by(outbox.c.id)
# A campaign may have very many rows waiting: in this order the index gives the first few.
READY_ONCE = _SOME_READY.where(_ready(outbox.c.policy == "once")).order_by(outbox.c.not_before, outbox.c.id)
CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.state == "ready")
    .values(
        state="claimed",
        owner=bindparam("to_owner"),
        lease_until=bindparam("until"),
        attempts=outbox.c.attempts + 1,
    )
    .returning(outbox)
)
# The number of the attempt tells a claim from a later one by the same owner.
SAME_ATTEMPT = and_(
    outbox.c.id == bindparam("of_id"),
    outbox.c.owner == bindparam("by"),
    outbox.c.attempts == bindparam("attempt"),
)
FINISH = (
    update(outbox)
    .where(
        SAME_ATTEMPT,
        # An owner that was taken for dead and comes back knows what became of an `unknown` row.
        state_is("claimed", "sending", "unknown"),
    )
    .values(
        state=bindparam("to_state"),
        not_before=bindparam("later"),
        finished_at=bindparam("ended"),
        message_refs=bindparam("refs"),
        error=bindparam("why"),
        lease_until=None,
    )
)
REFER = update(message).where(message.c.id == bindparam("of_id")).values(channel_ref=bindparam("ref"))
