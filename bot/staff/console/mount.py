"""Hangs the console into the site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from nicegui.storage import Storage

from bot.conversation.texts import Texts
from bot.staff.accounts import SignInRefused, StaffAccounts
from bot.staff.console.queue_page import QueuePage
from bot.staff.console.words import Words
from bot.staff.desk import Desk
from storage.staff import StaffMember

PATH = "/staff"
_BRAND = "#0f766e"
_STYLE = """
body { background: #f3f6f8; }
body.body--dark { background: #0f151a; }
.nicegui-content { padding: 14px 20px; height: 100dvh; gap: 12px; flex-wrap: nowrap; }
.page { flex: 1; min-height: 0; }
.lists { overflow-y: auto; }
.mark { background: #0f766e; color: #fff; border-radius: 13px; width: 42px; height: 42px; font-size: 20px; }
.mark { display: grid; place-items: center; font-weight: 600; flex: none; }
.q-card { border-radius: 16px; box-shadow: 0 1px 3px rgb(15 23 42 / .1); }
.entry:hover, .entry:focus-visible { outline: 1.5px solid #0f766e; }
.summary { overflow-wrap: anywhere; }
.pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.case-top { border-bottom: 1px solid rgb(128 140 152 / .2); }
.case-log { padding: 4px 0; }
.case-facts { padding: 10px 16px 4px; }
.case-composer { border-top: 1px solid rgb(128 140 152 / .2); }
.bubble-box { max-width: min(82%, 620px); margin-bottom: 8px; }
.bubble-box.customer { align-self: flex-start; align-items: flex-start; }
.bubble-box.ours { align-self: flex-end; align-items: flex-end; }
.bubble { border-radius: 16px; padding: 8px 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
.bubble.customer { background: #fff; border: 1px solid #e2e8ee; border-top-left-radius: 5px; }
.bubble.ours { background: #d9f2ec; color: #10312d; border-bottom-right-radius: 5px; }
.body--dark .bubble.customer { background: #26313b; border-color: #33404b; }
.body--dark .bubble.ours { background: #115e56; color: #eafff9; }
body.body--dark { --q-primary: #12a594 !important; --q-negative: #f97066 !important; }
.body--dark .chip { background: #12403c; color: #a7f3e4; }
.body--dark .chip.urgent { background: #55211d; color: #fecac5; }
.body--dark .chip.warm { background: #4a3510; color: #fde4b0; }
.meta, .offered { font-size: 12px; color: #6b7885; padding: 1px 6px; }
.chip { font-size: 12px; border-radius: 999px; padding: 2px 10px; background: #e0f2ef; color: #0f5b54; }
.chip { white-space: nowrap; }
.chip.urgent { background: #fde3e1; color: #a01c13; }
.chip.warm { background: #fdf0d5; color: #7c4a03; }
.draft { border: 1px dashed #d9a441; border-radius: 16px; padding: 12px; background: rgb(253 240 213 / .35); }
@media (max-width: 768px) { .nicegui-content { height: auto; } .case { height: 75dvh; flex-basis: 100%; } }
"""


def mount_console(
    site: FastAPI,
    desk: Desk,
    accounts: StaffAccounts,
    *,
    secret: str,
    storage: Path,
    demo: bool,
    time_zone: str,
    https: bool,
) -> None:
    """Serve the console below `/staff`.

    Args:
        site: the FastAPI application.
        desk: what staff can do.
        accounts: who they are.
        secret: signs the session cookies.
        storage: a folder for the sessions.
        demo: the shop is a demonstration, which the pages say.
        time_zone: the shop's; times are shown in it.
        https: customers and staff come by https, so the session's cookie travels by nothing else.
    """
    storage.mkdir(parents=True, exist_ok=True)
    Storage.path = storage
    texts = Texts.load(package=__package__)

    @ui.page("/login")
    def login_page() -> None:
        _login_page(accounts, Words(texts, nicegui_app.storage.user.get("language", "zh")))

    @ui.page("/")
    async def main_page() -> None:
        member = await _signed_in(accounts)
        if member is None:
            ui.navigate.to("/login")
            return
        words = Words(texts, nicegui_app.storage.user.get("language") or member.language)
        _dress()
        page = QueuePage(
            desk,
            member,
            words,
            demo=demo,
            zone=ZoneInfo(time_zone),
            still=lambda: _signed_in(accounts),
            sign_out=_sign_out,
            switch_language=lambda: _switch_language(words),
        )
        await page.build()

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


def _login_page(accounts: StaffAccounts, words: Words) -> None:
    _dress()
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
