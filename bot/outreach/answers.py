"""Notes who has answered a campaign's message."""

from __future__ import annotations

from datetime import datetime

from storage import Store
from storage.responses import Responses


async def note_answers(store: Store, now: datetime) -> int:
    """Find the answers that aren't noted yet and note them; returns how many there were.

    Looking for them may take long, so it holds up nobody who writes.
    """
    async with store.read(long=True) as connection:
        answers = await Responses(connection).unnoted(now)
    if answers:
        await store.write(lambda connection: Responses(connection).note(answers))
    return len(answers)
