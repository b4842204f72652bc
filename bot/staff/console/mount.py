"""Hangs the console into the site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

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
_STYLE = """
:root { --brand: #0f766e; }
body { background: #f4f6f9; }
.body--dark { background: #11171d; }
.q-card { border-radius: 14px; }
.bubble { border-radius: 14px; padding: 8px 12px; max-width: 82%; white-space: pre-wrap; }
.bubble { overflow-wrap: anywhere; }
.bubble.customer { background: #fff; border: 1px solid #e3e8ee; align-self: flex-start; }
.bubble.ours { background: #d7f2ec; align-self: flex-end; color: #10312d; }
.body--dark .bubble.customer { background: #1b232b; border-color: #2b3641; }
"""


def mount_console(
    site: FastAPI, desk: Desk, accounts: StaffAccounts, *, secret: str, storage: Path, demo: bool
) -> None:
    """Serve the console below `/staff`.

    Args:
        site: the FastAPI application.
        desk: what staff can do.
        accounts: who they are.
        secret: signs the session cookies.
        storage: a folder for the sessions.
        demo: the shop is a demonstration, which the pages say.
    """
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
        ui.add_css(_STYLE)
        await QueuePage(desk, member, words, demo=demo, sign_out=_sign_out).build()

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
        session_middleware_kwargs={"same_site": "lax", "https_only": False},
    )


def _login_page(accounts: StaffAccounts, words: Words) -> None:
    ui.add_css(_STYLE)
    with ui.card().classes("absolute-center w-80 gap-3 p-6"):
        with ui.row().classes("items-center justify-between w-full no-wrap"):
            ui.label(words("console")).classes("text-xl font-semibold")
            ui.button(words.other, on_click=lambda: switch_language(words)).props("flat dense")
        login = ui.input(words("login")).classes("w-full").props("autofocus autocomplete=username outlined")
        password = (
            ui.input(words("password"), password=True, password_toggle_button=True)
            .classes("w-full")
            .props("autocomplete=current-password outlined")
        )
        problem = ui.label().classes("text-negative text-sm").props("role=alert")

        async def sign_in() -> None:
            try:
                member = await accounts.sign_in(login.value.strip(), password.value, datetime.now(UTC))
            except SignInRefused as refused:
                problem.text = words("too-many" if refused.too_many else "wrong-login")
                return
            nicegui_app.storage.user.update(staff_id=member.id, login=member.login)
            ui.navigate.to("/")

        password.on("keydown.enter", sign_in)
        ui.button(words("sign-in"), on_click=sign_in, color="teal-8").classes("w-full")


async def _signed_in(accounts: StaffAccounts) -> StaffMember | None:
    staff_id = nicegui_app.storage.user.get("staff_id")
    return await accounts.active(staff_id) if isinstance(staff_id, int) else None


def _sign_out() -> None:
    nicegui_app.storage.user.pop("staff_id", None)
    ui.navigate.to("/login")


def switch_language(words: Words) -> None:
    """The other language, from now on and for this person."""
    nicegui_app.storage.user["language"] = "en" if words.language == "zh" else "zh"
    ui.navigate.reload()
