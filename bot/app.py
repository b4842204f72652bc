"""The composition root: settings → storage → models → conversation → channels → jobs.

Everything is wired here and nowhere else. A `Program` serves (channels, chat, console, API), works (ticks,
campaigns, refits) or does both until it is told to stop; then it finishes what is in hand.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import nlu
from bot.api.keys import ApiKeys
from bot.api.service import ShopApi
from bot.channels.errors import ChannelError
from bot.channels.telegram import TelegramChannel, TelegramSettings
from bot.channels.web import WebChannel
from bot.channels.web_history import WebHistory
from bot.conversation.engine import Engine
from bot.conversation.poison import Apology
from bot.conversation.texts import Texts
from bot.conversation.turn import Services
from bot.conversation.turn import Shop as ShopFacts
from bot.decisions import Decisions
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.inbox import DurableInbox
from bot.delivery.ports import Channel
from bot.delivery.sender import Sender
from bot.jobs import Jobs, owner_name
from bot.linking import Linker
from bot.models import ServedRetention
from bot.outreach.office import Office
from bot.outreach.planner import Planner
from bot.outreach.recheck import LastLook
from bot.outreach.writing import WinBackWriter
from bot.server import WebServer, build_site
from bot.settings import Settings
from bot.shop.pictures import PictureFolder
from bot.shop_rules import Steering
from bot.skills import known_skills
from bot.staff.accounts import StaffAccounts
from bot.staff.console import Rooms, mount_console
from bot.staff.decisions import DecisionTexts
from bot.staff.desk import Desk
from bot.staff.switchboard import Switchboard
from bot.staff.trail import Trail
from bot.understanding import ServedUnderstanding
from nlu.types import CatalogueEntry, PageIndex, Understander
from retention.types import PricePolicy
from storage import Store
from storage.catalogue import Catalogue
from storage.customers import Accounts, Consents
from storage.redis_limits import RedisLimits
from storage.settings import SettingStore
from storage.shop import Shop, ShopKind

log = logging.getLogger(__name__)

STOP_WITHIN = 9.0
_CATALOGUE_EVERY = 60.0
_REFIT_AFTER = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Halves:
    """Which halves of the program this process is."""

    serve: bool
    work: bool


@dataclass(slots=True)
class Readiness:
    """Whether requests are answered already; the one thing here that changes."""

    ready: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a process consists of, wired."""

    store: Store
    understanding: ServedUnderstanding
    served: ServedRetention
    inbox: DurableInbox
    dispatcher: Dispatcher
    sender: Sender
    channels: tuple[Channel, ...]
    server: WebServer
    jobs: Jobs
    limits: RedisLimits | None
    readiness: Readiness

    async def watch_catalogue(self) -> None:
        """Keep the product names that can be recognised in step with the shop's."""
        while True:
            await asyncio.sleep(_CATALOGUE_EVERY)
            entries = await catalogue_entries(self.store)
            if entries != self.understanding.catalogue:
                await asyncio.to_thread(self.understanding.set_catalogue, entries)


class Program:
    """One process of Liuke."""

    def __init__(self, settings: Settings, halves: Halves) -> None:
        self._settings = settings
        self._halves = halves
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def stop(self) -> None:
        """Ask the program to finish what is in hand and end."""
        self._stopping.set()

    async def run(self, on_ready: Callable[[Parts], Awaitable[None]]) -> None:
        """Run until `stop`; `on_ready` is awaited once everything is served.

        Raises:
            OSError: the port is taken.
        """
        store = Store.open(self._settings.store_url)
        try:
            parts = await build(self._settings, store)
            try:
                await self._start(parts)
                await on_ready(parts)
                await self._stopping.wait()
            finally:
                await self._stop(parts)
        finally:
            await store.close()

    async def _start(self, parts: Parts) -> None:
        if self._halves.serve:
            await parts.server.start()
            self._spawn(parts.dispatcher.run(), "dispatcher")
            self._spawn(parts.watch_catalogue(), "catalogue")
            for channel in parts.channels:
                self._spawn(self._run_channel(channel, parts.inbox), f"channel-{channel.name}")
        self._spawn(parts.sender.run(), "sender")
        self._spawn(parts.served.watch(), "model")
        self._spawn(parts.understanding.watch(), "understanding")
        if self._halves.work:
            parts.jobs.start()
            self._spawn(parts.jobs.refit_if_older(_REFIT_AFTER), "refit")
        _settle_garbage_collection()
        parts.readiness.ready = True

    async def _run_channel(self, channel: Channel, inbox: DurableInbox) -> None:
        """One channel that a person must mend does not stop the others."""
        try:
            await channel.run(inbox)
        except ChannelError as error:
            log.error("%s is not served: %s", channel.name, error)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A part that fails takes the program with it, so that whoever runs it starts it again."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("%s failed; stopping", task.get_name(), exc_info=error)
            self.stop()

    async def _stop(self, parts: Parts) -> None:
        """Stop taking, then finish deciding, then finish sending."""
        parts.readiness.ready = False
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await parts.jobs.stop()
                await self._cancel("channel-")
                await parts.dispatcher.stop(within=STOP_WITHIN / 2)
                await parts.sender.stop(within=STOP_WITHIN / 3)
                await parts.server.stop()
        except TimeoutError:
            log.warning("stopping took too long; what was in hand is kept and goes on at the next start")
        await self._cancel("")
        for channel in parts.channels:
            if isinstance(channel, TelegramChannel):
                await channel.close()
        if parts.limits is not None:
            await parts.limits.close()

    async def _cancel(self, prefix: str) -> None:
        chosen = [task for task in self._tasks if task.get_name().startswith(prefix)]
        for task in chosen:
            task.cancel()
        await asyncio.gather(*chosen, return_exceptions=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """What is made once for an installation."""

    web: bytes = field(repr=False)
    console: str = field(repr=False)
    seed: int


async def build(settings: Settings, store: Store) -> Parts:
    """Wire every part of a process.

    Raises:
        TextsInvalid: a text of the shop's own has an error.
        nlu.NluError: the model of the understanding, or a page of the shop's, can't be loaded.
    """
    keys = await _keys(store)
    demo = await is_demo(store)
    texts = Texts.load(settings.home / "texts")
    names = {"zh": settings.shop_name_zh, "en": settings.shop_name_en}
    understanding = await asyncio.to_thread(
        ServedUnderstanding, store, settings.home, partial(load_pages, settings, demo=demo)
    )
    await asyncio.to_thread(understanding.set_catalogue, await catalogue_entries(store))
    await understanding.refresh()
    served = ServedRetention(store, settings.home)
    await served.refresh()
    decisions = Decisions(served, PricePolicy(), steering=Steering(settings.home), seed=keys.seed)
    secret = settings.web_secret.get_secret_value() if settings.web_secret else None
    linker = await Linker.open(store, secret)
    services = Services(
        texts=texts,
        shop=ShopFacts(names=names, time_zone=settings.time_zone, demo=demo, hours=settings.hours),
        decisions=decisions,
        linker=linker,
        pages=understanding,
    )
    web = WebChannel(
        keys.web,
        WebHistory(store),
        linker.visitor_customer,
        shop_names=names,
        demo=demo,
    )
    telegram = _telegram(settings, store, texts)
    channels: tuple[Channel, ...] = (web,) if telegram is None else (web, telegram)
    limits = RedisLimits.open(settings.redis_url) if settings.redis_url else None
    sender = Sender(
        store,
        channels,
        owner=owner_name(),
        rate=settings.telegram_rate,
        recheck=LastLook(settings.time_zone),
        on_blocked=note_block,
        limits=limits,
    )
    dispatcher = Dispatcher(
        store,
        Engine(store, understanding, services),
        owner=owner_name(),
        channels=channels,
        wake_sender=sender.wake,
        on_poison=Apology(texts, lambda: datetime.now(UTC), settings.hours),
    )
    readiness = Readiness()
    site, pages = build_site(
        fast=[] if telegram is None else telegram.routes(),
        routes=[*web.routes(), *ShopApi(store, ApiKeys(store)).routes()],
        find_picture=PictureFolder(store, settings.media).find,
        ready=lambda: readiness.ready,
    )
    mount_console(
        pages,
        Rooms(
            desk=Desk(store, decided=DecisionTexts(texts), wake=sender.wake),
            office=Office(store),
            switchboard=Switchboard(store, known_skills()),
            trail=Trail(store),
            accounts=StaffAccounts(store),
        ),
        secret=keys.console,
        storage=settings.home / "console",
        demo=demo,
        time_zone=settings.time_zone,
        https=settings.base_url.startswith("https:"),
    )
    planner = Planner(store, decisions, WinBackWriter(texts, names, settings.time_zone), settings.time_zone)
    return Parts(
        store=store,
        understanding=understanding,
        served=served,
        inbox=DurableInbox(store, dispatcher),
        dispatcher=dispatcher,
        sender=sender,
        channels=channels,
        server=WebServer(site, settings.host, settings.port),
        jobs=Jobs(store, planner, time_zone=settings.time_zone, seed=keys.seed, environment=os.environ),
        limits=limits,
        readiness=readiness,
    )


def _telegram(settings: Settings, store: Store, texts: Texts) -> TelegramChannel | None:
    if settings.telegram_token is None:
        return None
    return TelegramChannel(
        TelegramSettings(
            token=settings.telegram_token.get_secret_value(),
            api=settings.telegram_api,
            webhook=settings.telegram_webhook,
            commands={"zh": _commands(texts, "zh"), "": _commands(texts, "en")},
        ),
        store,
        find_picture=PictureFolder(store, settings.media).find,
        owner=owner_name(),
    )


def _commands(texts: Texts, language: str) -> Sequence[tuple[str, str]]:
    names = ("orders", "offers", "human", "stop", "language", "help")
    return [(name, texts.say(language, f"command-{name}")) for name in names]


async def _keys(store: Store) -> _Keys:
    async def load(connection: AsyncConnection) -> _Keys:
        settings = SettingStore(connection)
        return _Keys(
            web=bytes.fromhex(await settings.get_or_create("web.key", secrets.token_hex(32))),
            console=str(await settings.get_or_create("console.key", secrets.token_urlsafe(32))),
            seed=int(await settings.get_or_create("seed", secrets.randbelow(2**31))),
        )

    return await store.write(load)


async def is_demo(store: Store) -> bool:
    """Whether the store holds the demo shop."""
    async with store.read() as connection:
        return await Shop(connection).kind() is ShopKind.DEMO


def _settle_garbage_collection() -> None:
    """Leave what lives as long as the program out of every collection, and collect less often.

    The dictionaries, models and classes of a started program are a million objects; walking them again and
    again took a fifth of the time of a message.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)


async def catalogue_entries(store: Store) -> list[CatalogueEntry]:
    """The shop's products by the names and codes that customers may use."""
    async with store.read(long=True) as connection:
        products = await Catalogue(connection).active()
    return [
        CatalogueEntry(product_id=item.id, names=(item.name_zh, item.name_en, item.code)) for item in products
    ]


def load_pages(settings: Settings, understander: Understander, demo: bool) -> PageIndex:
    """The shop's own pages below `LIUKE_HOME/pages`; the demo shop's where there are none."""
    own = settings.home / "pages"
    shipped = Path(str(resources.files("bot.shop") / "pages"))
    folder = own if own.is_dir() or not demo else shipped
    return nlu.load_pages(folder, understander)


async def note_block(connection: AsyncConnection, channel: str, address: str, now: datetime) -> None:
    """A customer who blocked the shop has said stop."""
    account = await Accounts(connection).find(channel, address)
    if account is None:
        return
    await Accounts(connection).set_blocked(account.id, True)
    await Consents(connection).record(
        "marketing",
        False,
        source="blocked",
        now=now,
        customer_id=account.customer_id,
        account_id=account.id,
    )
