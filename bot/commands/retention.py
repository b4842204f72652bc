"""What `liuke retention` needs of this shop: its own history, where no log is named."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.commands.common import with_store
from bot.console_output import fail
from bot.settings import Settings
from storage import Store

if TYPE_CHECKING:
    from retention.history import History


def shop_history(at: datetime | None) -> tuple[History, datetime]:
    """Everything that the shop has seen before a moment, or until now; an empty shop ends the command."""
    from bot.history import read_history
    from retention.times import to_micros

    moment = at or datetime.now(UTC)

    async def work(settings: Settings, _store: Store) -> History:
        return read_history(settings.store_url, to_micros(moment) - 1)

    history = with_store(work)
    if not history.events.num_rows:
        fail("this shop has no events yet: name a log with --events FILE, or fill the shop with `liuke demo`")
    return history, moment
