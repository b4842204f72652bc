"""Rows that nothing depends on any more, taken out in small portions so that nobody waits for it.

The newest row of a table stays whatever its age: SQLite would give its number out again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text, cast, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.repository import references
from storage.schema import (
    account,
    conversation,
    escalation,
    import_change,
    import_run,
    inbox,
    link_attempt,
    link_token,
    media,
    message,
    outbox,
    staff_session,
)
from storage.settings import SettingStore
from storage.store import Store

_PORTION = 200
_LOOKED_AT = "pruning.visitors"
_HANDLED = ("done", "failed")
_SENT = ("sent", "failed", "unknown", "cancelled")
_UNSENT = ("ready", "claimed", "sending")

_Portion = Callable[[int, AsyncConnection], Awaitable[tuple[int, int | None]]]
"""Is given the last id that was looked at; gives how many rows went, and the last id if there may be more."""


class Pruning:
    """Forgets what is older than a moment; each method tells how many rows went."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def updates(self, before: datetime) -> int:
        """What arrived, was handled or given up before, and can't be delivered again."""
        over = inbox.c.state.in_(_HANDLED) & (inbox.c.handled_at < before)
        return await self._oldest(inbox, inbox.c.received_at, over, before)

    async def deliveries(self, before: datetime) -> int:
        """What left before: what was said is in the history. Of campaigns' messages only the words go: whom they
        reached, and when, is what their lift is measured by."""
        over = outbox.c.state.in_(_SENT) & (outbox.c.finished_at < before)
        campaigns = over & (outbox.c.kind == "campaign") & (cast(outbox.c.payload, Text) != "{}")
        await self._oldest(outbox, outbox.c.created_at, campaigns, before, blank={"payload": {}})
        return await self._oldest(outbox, outbox.c.created_at, over & (outbox.c.kind != "campaign"), before)

    async def attempts(self, before: datetime) -> int:
        """Attempts to prove an order."""
        return await self._oldest(link_attempt, link_attempt.c.at, link_attempt.c.at < before, before)

    async def links(self, before: datetime) -> int:
        """Links that ended before: they are refused by what is written in them."""
        return await self._all(delete(link_token).where(link_token.c.expires_at < before))

    async def sessions(self, before: datetime) -> int:
        """Staff's sessions that were last used before; they are over long since."""
        return await self._all(delete(staff_session).where(staff_session.c.used_at < before))

    async def emails(self, before: datetime) -> int:
        """Where strangers were to be answered whose cases ended before."""
        over = (escalation.c.ended_at < before) & escalation.c.reply_email.is_not(None)
        return await self._all(update(escalation).where(over).values(reply_email=None, reply_wording=None))

    async def uploads(self, before: datetime) -> int:
        """What channels call pictures that were uploaded before; one that is still shown is uploaded again."""
        return await self._all(delete(media).where(media.c.at < before))

    async def import_changes(self, before: datetime) -> int:
        """What imports did that began before: they can't be undone any more."""
        old = select(import_run.c.id).where(import_run.c.started_at < before)
        return await self._all(delete(import_change).where(import_change.c.import_id.in_(old)))

    async def silent_visitors(self, channel: str, before: datetime) -> int:
        """Visitors of a channel who came before and never wrote, with the greeting they were given.

        Each is looked at once: who had not written by then, and is linked to nothing, is gone.
        """
        return await self._in_portions(partial(_silent_portion, channel, before), await self._looked_at())

    async def _oldest(
        self,
        table: Table,
        age: Column[datetime],
        over: ColumnElement[bool],
        before: datetime,
        blank: dict[str, Any] | None = None,
    ) -> int:
        """Take out, or blank, those of the rows that came before which are over."""

        async def portion(after: int, connection: AsyncConnection) -> tuple[int, int | None]:
            ids, last = await _next_ids(connection, table, age, before, after)
            newest = select(func.max(table.c.id)).scalar_subquery()
            chosen = table.c.id.in_(ids) & over
            change = (
                delete(table).where(chosen, table.c.id < newest)
                if blank is None
                else update(table).where(chosen).values(**blank)
            )
            return (await connection.execute(change)).rowcount if ids else 0, last

        return await self._in_portions(portion)

    async def _in_portions(self, portion: _Portion, after: int | None = 0) -> int:
        """Run `portion` until it has no more, each time in a transaction of its own."""
        count = 0
        while after is not None:
            gone, after = await self._store.write(partial(portion, after))
            count += gone
        return count

    async def _all(self, statement: Any) -> int:
        return await self._store.write(lambda connection: _run(connection, statement))

    async def _looked_at(self) -> int:
        async with self._store.read() as connection:
            return int(await SettingStore(connection).get(_LOOKED_AT) or 0)


async def _run(connection: AsyncConnection, statement: Any) -> int:
    return (await connection.execute(statement)).rowcount


async def _next_ids(
    connection: AsyncConnection, table: Table, age: Column[datetime], before: datetime, after: int
) -> tuple[list[int], int | None]:
    """The next rows after an id that came before a moment, and the last one's id if there may be more.

    Ids are given out in the order in which rows come, so the first that came later is the end.
    """
    rows = await connection.execute(
        select(table.c.id, age.label("came")).where(table.c.id > after).order_by(table.c.id).limit(_PORTION)
    )
    ids = [row.id for row in rows if row.came < before]
    return ids, ids[-1] if len(ids) == _PORTION else None


async def _silent_portion(
    channel: str, before: datetime, after: int, connection: AsyncConnection
) -> tuple[int, int | None]:
    ids, last = await _next_ids(connection, account, account.c.created_at, before, after)
    if not ids:
        return 0, None
    wrote = exists().where(
        conversation.c.account_id == account.c.id,
        message.c.conversation_id == conversation.c.id,
        message.c.direction == "in",
        message.c.kind != "start",
    )
    rows = await connection.execute(
        select(account.c.id, account.c.address).where(
            account.c.id.in_(ids),
            account.c.channel == channel,
            account.c.customer_id.is_(None),
            account.c.id < select(func.max(account.c.id)).scalar_subquery(),
            ~wrote,
            ~exists().where(inbox.c.address == account.c.address, _of(inbox, channel, "new")),
            ~exists().where(outbox.c.address == account.c.address, _of(outbox, channel, *_UNSENT)),
            *(
                ~exists().where(column == account.c.id)
                for column in references(account)
                if column.table is not conversation
            ),
            ~exists().where(conversation.c.account_id == account.c.id, _is_referred_to()),
        )
    )
    silent = rows.all()
    await _forget(connection, channel, [row.id for row in silent], [row.address for row in silent])
    await SettingStore(connection).put(_LOOKED_AT, ids[-1])
    return len(silent), last


def _of(table: Table, channel: str, *states: str) -> ColumnElement[bool]:
    return (table.c.channel == channel) & table.c.state.in_(states)


def _is_referred_to() -> ColumnElement[bool]:
    """Whether more than messages belongs to a conversation: a case, a request, something shown."""
    found: ColumnElement[bool] = conversation.c.owner != "bot"
    for column in references(conversation):
        if column.table is not message:
            found |= exists().where(column == conversation.c.id)
    return found


async def _forget(
    connection: AsyncConnection, channel: str, accounts: Sequence[int], addresses: Sequence[str]
) -> None:
    if not accounts:
        return
    theirs = select(conversation.c.id).where(conversation.c.account_id.in_(accounts))
    for table, states in ((inbox, _HANDLED), (outbox, _SENT)):
        await connection.execute(
            delete(table).where(table.c.address.in_(addresses), _of(table, channel, *states))
        )
    await connection.execute(delete(message).where(message.c.conversation_id.in_(theirs)))
    await connection.execute(delete(conversation).where(conversation.c.account_id.in_(accounts)))
    await connection.execute(delete(account).where(account.c.id.in_(accounts)))
