"""Mounts the console in the site."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from importlib import resources
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Query
from jinja2 import FunctionLoader
from nicegui import app as nicegui_app
from nicegui import ui
from nicegui.client import templates
from nicegui.storage import Storage

from bot.conversation.texts import Texts
from bot.delivery.faults import faults
from bot.http.clients import client_of
from bot.http.failures import CONSOLE, answer_errors
from bot.http.headers import nonce_of
from bot.settings import Settings
from bot.shop.prices import Prices
from bot.staff.accounts import Sessions, SignInRefused, StaffAccounts
from bot.staff.asked_as import AskedAs, NearestEntries
from bot.staff.campaigns import CampaignService
from bot.staff.case_service import CaseService
from bot.staff.console.audit_page import AuditPage
from bot.staff.console.campaigns_page import CampaignsPage
from bot.staff.console.codes_page import CodesPage
from bot.staff.console.data_files import DataFiles
from bot.staff.console.data_page import DataPage
from bot.staff.console.frame import (
    PAGES,
    RedrawnPage,
    Visit,
    draw_outage,
    listening,
    log_outages_once,
    tell_outages,
)
from bot.staff.console.missed_page import MissedPage
from bot.staff.console.people_page import PeoplePage
from bot.staff.console.prices_page import PricesPage
from bot.staff.console.queue_page import QueuePage
from bot.staff.console.session_cookie import WHY, BrowserSession
from bot.staff.console.skills_page import SkillsPage
from bot.staff.console.socket import console_socket
from bot.staff.console.words import Words
from bot.staff.imports import Imports
from bot.staff.list_prices import ListPrices
from bot.staff.missed import Missed
from bot.staff.people import People
from bot.staff.price_figures import PriceReports
from bot.staff.price_rules import PriceRules
from bot.staff.skill_toggles import SkillToggles
from bot.staff.till import Till
from kernel.times import utc_now
from storage import Store, StoreUnavailable

log = logging.getLogger(__name__)

PATH = CONSOLE
_BRAND = "#0f766e"
_STYLE = resources.files(__package__).joinpath("style.css").read_text("utf-8")


def mount_console(
    site: FastAPI,
    store: Store,
    *,
    cases: CaseService,
    skills: SkillToggles,
    imports: Imports,
    nearest: NearestEntries,
    asked_as: AskedAs,
    secret: str,
    settings: Settings,
    prices: Prices,
    is_demo: Callable[[], bool],
) -> None:
    """Serve the console below `/staff`.

    Args:
        site: the FastAPI application.
        store: holds all that staff can look at.
        cases: what can be done with cases and requests.
        skills: their switches.
        imports: takes the shop's files in.
        nearest: finds the entries of the shop's pages for what was missed.
        asked_as: adds to the shop's pages what they are also asked as.
        secret: signs the cookie by which a browser's language is known.
        settings: of the home, where something is kept of each browser; of the shop's time zone; and whether
            cookies travel by https alone.
        prices: the rules for personal prices in force.
        is_demo: the shop is a demonstration now, which the pages say.
    """
    Storage.path = settings.home / "console"
    Storage.path.mkdir(parents=True, exist_ok=True)
    log_outages_once()
    mark_scripts()
    answer_errors(nicegui_app)
    site.router.routes.append(console_socket(PATH))
    texts = Texts.load(package=__package__)
    accounts = StaffAccounts(store)

    session = BrowserSession(Sessions(store), https=settings.https)
    session.serve()
    DataFiles(imports, session).serve()
    visit = partial(_visit, session, texts, zone=ZoneInfo(settings.time_zone), is_demo=is_demo)

    @ui.page("/login")
    async def login_page(over: str = "") -> None:
        await _login_page(accounts, session, texts, over)

    @ui.page(PAGES["desk"])
    async def desk_page(conversation: Annotated[int | None, Query(ge=1, lt=2**63)] = None) -> None:
        if (visitor := await visit()) is not None:
            QueuePage(cases, visitor, conversation).build()

    def serve(name: str, page: Callable[[Visit], RedrawnPage[Any]]) -> None:
        @ui.page(PAGES[name])
        async def drawn() -> None:
            if (visitor := await visit()) is not None:
                page(visitor).build()

    serve("codes", partial(CodesPage, Till(store)))
    serve("outreach", partial(CampaignsPage, CampaignService(store)))
    rules = PriceRules(store, settings.home, margin=settings.margin)
    figures = PriceReports(store, prices, margin=settings.margin)
    told = Texts.load(settings.home / "texts")
    lists = ListPrices(store, lambda: prices.written, time_zone=settings.time_zone)
    serve("prices", partial(PricesPage, rules, figures, lists, told))
    serve("skills", partial(SkillsPage, skills))
    serve("missed", partial(MissedPage, Missed(store), nearest, asked_as, cases))
    serve("data", partial(DataPage, imports))
    serve("people", partial(PeoplePage, People(store)))
    serve("audit", partial(AuditPage, store))

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
        session_middleware_kwargs={"same_site": "lax", "https_only": settings.https},
    )


def _dress() -> None:
    ui.colors(primary=_BRAND)
    # Not by `ui.add_css`, whose script has no nonce.
    ui.add_head_html(f"<style>{_STYLE}</style>")


async def _visit(
    session: BrowserSession, texts: Texts, *, zone: ZoneInfo, is_demo: Callable[[], bool]
) -> Visit | None:
    """Whoever has signed in; anybody else is sent to the sign-in page."""
    _dress()
    if not await listening():
        return None
    chosen = nicegui_app.storage.user.get("language")
    try:
        member = await session.use()
    except StoreUnavailable as error:
        faults.tell(log.error, error, "a page of the console can't be drawn")
        draw_outage(Words(texts, chosen or "zh"))
        return None
    if member is None:
        await session.go()
        return None
    words = Words(texts, chosen or member.language)
    tell_outages(words)
    return Visit(
        member=member,
        words=words,
        zone=zone,
        demo=is_demo(),
        still=session.look,
        use=session.use,
        leave=session.go,
        sign_out=session.sign_out,
        switch_language=lambda: _switch_language(words),
    )


async def _login_page(accounts: StaffAccounts, session: BrowserSession, texts: Texts, over: str) -> None:
    _dress()
    if not await listening():
        return
    words = Words(texts, nicegui_app.storage.user.get("language", "zh"))
    tell_outages(words)
    with ui.card().classes("absolute-center w-80 gap-3 p-6"):
        with ui.row().classes("items-center justify-between w-full no-wrap"):
            ui.label("留").classes("mark")
            ui.label(words("console")).classes("text-lg font-semibold grow")
            ui.button(words.other, on_click=lambda: _switch_language(words)).props("flat dense no-caps")
        if over in WHY:
            ui.label(words(f"over-{over}")).classes("text-sm w-full over").props("role=status")
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
                    (login.value or "").strip(),
                    password.value or "",
                    utc_now(),
                    client_of(ui.context.client.request.scope),
                )
            except SignInRefused as refused:
                problem.text = words("too-many" if refused.too_many else "wrong-login")
                return
            await session.let_in(member)

        password.on("keydown.enter", sign_in)
        ui.button(words("sign-in"), on_click=sign_in).classes("w-full").props("unelevated")


def _switch_language(words: Words) -> None:
    """The other language, from now on and for this person."""
    nicegui_app.storage.user["language"] = "en" if words.language == "zh" else "zh"
    ui.navigate.reload()


def mark_scripts() -> None:
    """From now on the scripts of the template, and nothing that is filled into it, have the nonce of their answer."""
    loader = templates.env.loader
    if loader is None or isinstance(loader, FunctionLoader):
        return

    def marked(name: str) -> str:
        source, _, _ = loader.get_source(templates.env, name)
        return source.replace("<script", '<script nonce="{{ nonce_of(request.scope) }}"')

    templates.env.globals["nonce_of"] = nonce_of
    templates.env.loader = FunctionLoader(marked)
