"""Hangs the console into the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from nicegui.storage import Storage

from bot.conversation.texts import Texts
from bot.outreach.office import Office
from bot.staff.accounts import SignInRefused, StaffAccounts
from bot.staff.console.audit_page import AuditPage
from bot.staff.console.frame import PAGES, Visit, listening
from bot.staff.console.outreach_page import OutreachPage
from bot.staff.console.queue_page import QueuePage
from bot.staff.console.skills_page import SkillsPage
from bot.staff.console.words import Words
from bot.staff.desk import Desk
from bot.staff.switchboard import Switchboard
from bot.staff.trail import Trail
from storage.staff import StaffMember

PATH = "/staff"
_BRAND = "#0f766e"
_STYLE = resources.files(__package__).joinpath("style.css").read_text("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What the pages are about."""

    desk: Desk
    office: Office
    switchboard: Switchboard
    trail: Trail
    accounts: StaffAccounts


def mount_console(
    site: FastAPI, rooms: Rooms, *, secret: str, storage: Path, demo: bool, time_zone: str, https: bool
) -> None:
    """Serve the console below `/staff`.

    Args:
        site: the FastAPI application.
        rooms: what staff can look at and do.
        secret: signs the session cookies.
        storage: a folder for the sessions.
        demo: the shop is a demonstration, which the pages say.
        time_zone: the shop's; times are shown in it.
        https: customers and staff come by https, so the session's cookie travels by nothing else.
    """
    storage.mkdir(parents=True, exist_ok=True)
    Storage.path = storage
    texts = Texts.load(package=__package__)
    accounts = rooms.accounts

    visit = partial(_visit, accounts, texts, zone=ZoneInfo(time_zone), demo=demo)

    @ui.page("/login")
    async def login_page() -> None:
        await _login_page(accounts, texts)

    @ui.page(PAGES["desk"])
    async def desk_page(conversation: int | None = None) -> None:
        if (visitor := await visit()) is not None:
            QueuePage(rooms.desk, visitor, conversation).build()

    @ui.page(PAGES["outreach"])
    async def outreach_page() -> None:
        if (visitor := await visit()) is not None:
            OutreachPage(rooms.office, visitor).build()

    @ui.page(PAGES["skills"])
    async def skills_page() -> None:
        if (visitor := await visit()) is not None:
            SkillsPage(rooms.switchboard, visitor).build()

    @ui.page(PAGES["audit"])
    async def audit_page() -> None:
        if (visitor := await visit()) is not None:
            AuditPage(rooms.trail, visitor).build()

    ui.run_with(
        site,
        mount_path=PATH,
        title="留客 Liuke",
        favicon="🍵",
        dark=None,
        storage_secret=secret,
        # Nothing on these pages is bound to a value that would have to be looked at ten times a second.
        binding_refresh_interval=None,
        show_welcome_message=False,
        session_middleware_kwargs={"same_site": "lax", "https_only": https},
    )


def _dress() -> None:
    ui.colors(primary=_BRAND)
    ui.add_css(_STYLE)


async def _visit(accounts: StaffAccounts, texts: Texts, *, zone: ZoneInfo, demo: bool) -> Visit | None:
    """Whoever has signed in; anybody else is sent to the door."""
    _dress()
    if not await listening():
        return None
    member = await _signed_in(accounts)
    if member is None:
        ui.navigate.to("/login")
        return None
    words = Words(texts, nicegui_app.storage.user.get("language") or member.language)
    return Visit(
        member=member,
        words=words,
        zone=zone,
        demo=demo,
        still=lambda: _signed_in(accounts),
        sign_out=_sign_out,
        switch_language=lambda: _switch_language(words),
    )


async def _login_page(accounts: StaffAccounts, texts: Texts) -> None:
    _dress()
    if not await listening():
        return
    words = Words(texts, nicegui_app.storage.user.get("language", "zh"))
    with ui.card().classes("absolute-center w-80 gap-3 p-6"):
        with ui.row().classes("items-center justify-between w-full no-wrap"):
            ui.label("留").classes("mark")
            ui.label(words("console")).classes("text-lg font-semibold grow")
            ui.button(words.other, on_click=lambda: _switch_language(words)).props("flat dense no-caps")
        login = ui.input(words("login")).classes("w-full").props("autofocus autocomplete=username outlined")
        password = (
            ui.input(words("password"), password=True, password_toggle_button=True)
            .classes("w-full")
            .props("autocomplete=current-password outlined")
        )
        problem = ui.label().classes("text-negative text-sm").props("role=alert")

        async def sign_in() -> None:
            try:
                member = await accounts.sign_in(
                    (login.value or "").strip(), password.value or "", datetime.now(UTC)
                )
            except SignInRefused as refused:
                problem.text = words("too-many" if refused.too_many else "wrong-login")
                return
            nicegui_app.storage.user.update(staff_id=member.id, login=member.login)
            ui.navigate.to("/")

        password.on("keydown.enter", sign_in)
        ui.button(words("sign-in"), on_click=sign_in).classes("w-full").props("unelevated")


async def _signed_in(accounts: StaffAccounts) -> StaffMember | None:
    staff_id = nicegui_app.storage.user.get("staff_id")
    return await accounts.active(staff_id) if isinstance(staff_id, int) else None


def _sign_out() -> None:
    nicegui_app.storage.user.pop("staff_id", None)
    ui.navigate.to("/login")


def _switch_language(words: Words) -> None:
    """The other language, from now on and for this person."""
    nicegui_app.storage.user["language"] = "en" if words.language == "zh" else "zh"
    ui.navigate.reload()
