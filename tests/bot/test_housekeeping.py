"""What nothing depends on is forgotten when the documentation says so."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.jobs import pruning as housekeeping
from bot.jobs.pruning import forget
from storage import Store
from storage.schema import inbox, media
from storage.staff import Staff, StaffSessions
from tests.factories import NOW

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "data-kept.md"
TABLES = {
    "inbox": housekeeping.KEEP_UPDATES,
    "outbox": housekeeping.KEEP_DELIVERIES,
    "link_attempt": housekeeping.KEEP_ATTEMPTS,
    "link_token": housekeeping.KEEP_LINKS,
    "media": housekeeping.KEEP_UPLOADS,
    "staff_session": housekeeping.KEEP_SESSIONS,
    "escalation": housekeeping.KEEP_EMAILS,
    "import_change": housekeeping.KEEP_IMPORT_CHANGES,
    "account": housekeeping.KEEP_SILENT_VISITORS,
}


def test_the_page_says_how_long_each_table_is_kept() -> None:
    found = re.findall(r"^\| .+ \| `(\w+)`.* \| (\d+) days?", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {table: timedelta(days=int(days)) for table, days in found} == TABLES


async def session(connection: AsyncConnection, login: str, used_at: datetime) -> None:
    staff_id = await Staff(connection).add(
        login=login, name=login, role="agent", password_hash="-", language="en", now=NOW
    )
    await StaffSessions(connection).add(login, staff_id=staff_id, version=0, now=used_at)


async def test_each_kind_has_its_own_time(store: Store) -> None:
    def row(at: datetime) -> dict[str, object]:
        return {
            "channel": "web", "address": "v-1", "update_id": f"{at}", "payload": {}, "received_at": at,
            "state": "done", "handled_at": at, "attempts": 0,
        }  # fmt: skip

    kept, gone = NOW - timedelta(days=29), NOW - timedelta(days=31)
    picture = {"picture": "a", "channel": "telegram:1", "reference": "x", "at": gone}
    for values in (row(gone), row(kept)):
        await store.write(lambda connection, values=values: connection.execute(insert(inbox).values(values)))
    await store.write(lambda connection: connection.execute(insert(media).values(picture)))
    for name, used_at in (("old", NOW - timedelta(days=8)), ("new", NOW - timedelta(days=6))):
        await store.write(lambda connection, name=name, used_at=used_at: session(connection, name, used_at))
    forgotten = await forget(store, NOW)
    assert forgotten == {
        "updates": 1, "deliveries": 0, "attempts": 0, "links": 0, "sessions": 1, "emails": 0, "uploads": 0,
        "import_changes": 0, "visitors": 0, "limits": 0,
    }  # fmt: skip
