"""What every page of the console has around it: its name, the way to the other pages, who sits here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.delivery.faults import faults
from bot.privacy.erasure import ErasureFailed
from bot.staff.asked_as import PageNotWritten
from bot.staff.console.words import Words
from bot.staff.imports import ImportRunning, NothingChosen
from bot.staff.people import LastAdmin, LoginInvalid
from bot.staff.price_rules import RulesChanged, RulesNotKept
from bot.staff.requests import ErasureNotYet
from bot.staff.roles import AccessChanged, NotAllowed
from bot.staff.till import NotTheirs, OrderNeeded
from nlu.errors import EntryNotFound
from retention.errors import LogRefused
from retention.written import RulesInvalid
from storage import Conflict, NotFound, StoreUnavailable
from storage.redemptions import CodeRefused
from storage.staff import LoginTaken, StaffMember

PAGES = {
    "desk": "/",
    "codes": "/codes",
    "outreach": "/outreach",
    "prices": "/prices",
    "skills": "/skills",
    "missed": "/missed",
    "data": "/data",
    "people": "/people",
    "audit": "/audit",
}
"""Where each page is, below the console's own path."""

V = TypeVar("V")

_SAID: Mapping[type[Exception], str] = {
    ErasureNotYet: "erase-not-yet",
    EntryNotFound: "entry-gone",
    PageNotWritten: "page-not-written",
    NotTheirs: "not-theirs",
    OrderNeeded: "order-needed",
    ImportRunning: "data-running",
    NothingChosen: "data-nothing-chosen",
    LastAdmin: "last-admin",
    LoginTaken: "login-taken",
    Conflict: "conflict",
    NotFound: "conflict",
    NotAllowed: "not-allowed",
    LogRefused: "prices-too-few-weeks",
    RulesInvalid: "prices-mistakes",
    RulesChanged: "prices-changed",
    RulesNotKept: "prices-not-kept",
    LoginInvalid: "login-invalid",
    ValueError: "needs-words",
}
"""What is said of a refusal; of a special one before the general one."""
_REFUSED = tuple(_SAID)

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 5.0

FORGET_DRAFTS = (
    "() => Object.keys(localStorage).filter((key) => key.startsWith('liuke.staff.'))"
    ".forEach((key) => localStorage.removeItem(key))"
)
"""JavaScript: nothing that anybody typed stays in this browser."""


async def listening() -> bool:
    """Wait for the browser's connection before a page is drawn; False where it never comes.

    NiceGUI keeps what is typed and pressed before then and sends it in any order: Enter overtook the password. And a
    page that is not drawn within three seconds would be an error for good, which a busy machine needs now and then.
    """
    client = ui.context.client
    await client.connected()
    return not client.is_deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody who has signed in, at one page."""

    member: StaffMember
    words: Words
    """In their language."""
    zone: ZoneInfo
    """Times are shown in it."""
    demo: bool
    """Say that the shop is a demonstration."""
    still: Callable[[], Awaitable[StaffMember | None]]
    """The member as they are now; None when they may no longer be here."""
    use: Callable[[], Awaitable[StaffMember | None]]
    """The same for somebody who does something now; see `bot.staff.accounts`."""
    leave: Callable[[], Awaitable[None]]
    """To the sign-in page, which says why; after it nothing of this page is left."""
    sign_out: Callable[[], Awaitable[None]]
    switch_language: Callable[[], None]

    def draw_header(self, here: str) -> None:
        """The top of a page.

        Args:
            here: the page's name in `PAGES`.
        """
        words = self.words
        with ui.row().classes("w-full items-center no-wrap gap-3 top max-md:flex-wrap"):
            ui.label("留").classes("mark")
            with ui.column().classes("gap-0 min-w-0 name"):
                ui.label(words("console")).classes("text-lg font-semibold leading-tight")
                if self.demo:
                    ui.label(words("shop-demo")).classes("text-xs soft truncate w-full")
            with ui.row().classes("items-center no-wrap gap-1 grow pages").props("role=navigation"):
                for name, path in PAGES.items():
                    link = ui.link(words(f"page-{name}"), path).classes("page-link")
                    if name == here:
                        link.classes("here").props("aria-current=page")
            with ui.row().classes("items-center no-wrap gap-2 ml-auto me"):
                ui.button(words.other, on_click=self.switch_language).props("flat dense no-caps no-wrap")
                ui.label(f"{self.member.name} · {words.of('role', self.member.role)}").classes(
                    "text-sm whitespace-nowrap max-sm:hidden"
                )
                ui.button(words("sign-out"), on_click=self.sign_out).props("flat dense no-caps no-wrap").on(
                    "click", js_handler=FORGET_DRAFTS
                )

    def keep(self, refresh: Callable[[], Awaitable[None]], seconds: float) -> None:
        """Draw a page's content now and again and again, as long as its reader may be here.

        A time that fails, even the first, is logged, and the next one shows how things stand.
        """

        async def look() -> None:
            now = await self.still()
            if now is None:
                await self.leave()
                return
            if now != self.member:
                # Another name, for instance: begin again with what holds now.
                ui.navigate.reload()
                return
            await refresh()

        ui.timer(seconds, look)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something was not done."""

    words: str
    grave: bool = False
    """It stays on the page until somebody has read it."""


class Acting:
    """Runs what somebody pressed; whatever happened, the page then shows how things stand.

    Whoever's session is over does nothing any more: the page goes to the sign-in page.
    """

    def __init__(self, visit: Visit, refresh: Callable[[], Awaitable[None]]) -> None:
        self.visit = visit
        self._words = visit.words
        self._refresh = refresh
        self._left = False

    async def __call__(self, work: Awaitable[object], said: str | None) -> bool:
        """Do it and say how it went; whether it was done."""
        problem = await self.attempt(work)
        if self._left:
            return False
        if problem is None and said:
            ui.notify(self._words(said), type="positive", position="top")
        elif problem is not None and problem.grave:
            ui.notify(problem.words, type="negative", timeout=0, close_button=True)
        elif problem is not None:
            ui.notify(problem.words, type="warning")
        await self.refresh()
        return problem is None

    async def attempt(self, work: Awaitable[object]) -> Problem | None:
        """Do it; why it was not done, or None where it was."""
        if not await self._may_begin(work):
            return await self._leave()
        try:
            await work
        except AccessChanged:
            return await self._leave()
        except ErasureFailed as failed:
            return Problem(words=self._words("erase-failed", reason=str(failed)), grave=True)
        except CodeRefused as refused:
            return Problem(words=self._words.of("refused", refused.reason))
        except _REFUSED as refused:
            text_id = next(text for kind, text in _SAID.items() if isinstance(refused, kind))
            return Problem(words=self._words(text_id))
        return None

    async def refresh(self) -> None:
        """Show how things stand, unless the page has been left."""
        if not self._left:
            await self._refresh()

    async def _may_begin(self, work: Awaitable[object]) -> bool:
        here = False
        try:
            here = await self.visit.use() is not None
        finally:
            # Also where the store is away: Python complains of work that was begun by nobody.
            if not here and isinstance(work, Coroutine):
                work.close()
        return here

    async def _leave(self) -> Problem:
        self._left = True
        await self.visit.leave()
        return Problem(words=self._words("over-changed"))


class RedrawnPage(Generic[V]):
    """One browser's view of something; it is drawn anew when what it shows has changed."""

    _name: str
    """In `PAGES`."""
    _every = 5.0
    """Seconds between looks."""
    _place: ui.element
    """Where `_draw` draws."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._act = Acting(visit, self._again)
        self._seen: V | None = None

    def build(self) -> None:
        """Draw the page and keep it up to date, as long as the reader may be here."""
        self._visit.draw_header(self._name)
        self._draw_frame()
        # Not in the place of the content, which is drawn anew.
        self._dialogs = ui.element()
        self._visit.keep(self._refresh, self._every)

    def _draw_frame(self) -> None:
        """What stays, and the place of what is drawn anew."""
        raise NotImplementedError

    async def _read(self) -> V:
        """What is to be shown now."""
        raise NotImplementedError

    def _draw(self, found: V) -> None:
        raise NotImplementedError

    async def _refresh(self) -> None:
        found = await self._read()
        if found == self._seen:
            return
        self._place.clear()
        with self._place:
            self._draw(found)
        # Last: what could not be drawn is tried again.
        self._seen = found

    async def _again(self) -> None:
        """After a press the page shows how things stand, even if it was refused."""
        self._seen = None
        await self._refresh()

    def _ask(
        self,
        title: str,
        what: str,
        label: str,
        press: Callable[[], Awaitable[bool]],
        *,
        draw: Callable[[], None] = lambda: None,
        color: str = "primary",
        cancel: str = "cancel",
    ) -> None:
        """A dialog that says what will be; it stays open where that is refused."""
        with self._dialogs, ui.dialog() as dialog, ui.card().classes("w-96 gap-3"):
            ui.label(title).classes("font-semibold")
            ui.label(what).classes("text-sm soft")
            draw()

            async def do() -> None:
                if await press():
                    dialog.close()

            with ui.row().classes("w-full justify-end gap-2"):
                ui.button(self._words(cancel), on_click=dialog.close).props("flat no-caps")
                ui.button(self._words(label), on_click=do, color=color).props("no-caps unelevated")
        dialog.on("hide", dialog.delete)
        dialog.open()


def small_button(label: str, press: Callable[[], object], *, color: str = "primary") -> ui.button:
    """One of several in a row or a card."""
    return ui.button(label, on_click=press, color=color).props("no-caps outline dense padding='2px 12px'")


def plain_button(label: str, press: Callable[[], object]) -> ui.button:
    """A button in the page's colour."""
    return ui.button(label, on_click=press).props("no-caps unelevated")


def tell_outages(words: Words) -> None:
    """Whatever this page tries from now on and can't for want of the database, its reader is told."""

    def tell(error: Exception) -> None:
        if isinstance(error, StoreUnavailable):
            # Quasar shows the same words once, as long as they are said again.
            ui.notify(words("store-away"), type="warning", position="top", badgeStyle="display: none")

    ui.on_exception(tell)


def draw_outage(words: Words) -> None:
    """In place of a page that can't be drawn; it is tried again by itself."""
    ui.label(words("store-away")).classes("absolute-center text-lg").props("role=alert")
    ui.timer(_AGAIN_SECONDS, ui.navigate.reload, once=True)


def log_outages_once() -> None:
    """NiceGUI writes a traceback for each failure of each open page: of this kind a line a minute is enough."""
    logging.getLogger("nicegui").addFilter(_told_otherwise)


def _told_otherwise(record: logging.LogRecord) -> bool:
    error = record.msg
    if not isinstance(error, StoreUnavailable):
        return True
    faults.tell(log.error, error, "the console can't use the store")
    return False
