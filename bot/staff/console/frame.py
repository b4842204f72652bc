"""What every page of the console has around it: its name, the way to the other pages, who sits here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from nicegui import ui

from bot.staff.console.words import Words
from storage.staff import StaffMember

PAGES = {"desk": "/", "outreach": "/outreach", "skills": "/skills", "audit": "/audit"}
"""Where each page is, below the console's own path."""


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
    sign_out: Callable[[], None]
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
                ui.button(words("sign-out"), on_click=self.sign_out).props("flat dense no-caps no-wrap")

    def keep(self, refresh: Callable[[], Awaitable[None]], seconds: float) -> None:
        """Draw a page's content now and again and again, as long as its reader may be here.

        A time that fails, even the first, is logged, and the next one shows how things stand.
        """

        async def look() -> None:
            if await self.still() != self.member:
                # Signed out elsewhere, or given another role: begin again with what holds now.
                ui.navigate.reload()
                return
            await refresh()

        ui.timer(seconds, look)
