"""Doing what a button says, and saying how it went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from bot.staff.console.words import Words
from bot.staff.roles import NotAllowed
from storage import Conflict, NotFound


class Acting:
    """Runs what somebody pressed; whatever happened, the page then shows how things stand."""

    def __init__(self, words: Words, refresh: Callable[[], Awaitable[None]]) -> None:
        self._words = words
        self._refresh = refresh

    async def __call__(self, work: Awaitable[object], said: str | None) -> bool:
        """Do it; whether it was done."""
        done = False
        try:
            await work
            done = True
        except (Conflict, NotFound):
            ui.notify(self._words("conflict"), type="warning")
        except NotAllowed:
            ui.notify(self._words("not-allowed"), type="warning")
        except ValueError:
            ui.notify(self._words("needs-words"), type="warning")
        if done and said:
            ui.notify(self._words(said), type="positive", position="top")
        await self._refresh()
        return done
