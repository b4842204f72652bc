"""The composition root: settings → storage → models → conversation → channels → jobs.

Everything is wired here and nowhere else; `bot.program` runs it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from asyncio.subprocess import Process
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.api.keys import ApiKeys
from bot.api.service import ShopApi
from bot.channels.kind import ServedChannel, Surroundings
from bot.channels.links import deep_links
from bot.channels.registry import CHANNELS, WRITING_FIRST
from bot.conversation.engine import Engine
from bot.conversation.registry import REGISTRY
from bot.conversation.services import Services
from bot.conversation.services import Shop as ShopFacts
from bot.conversation.skills.talk import opening
from bot.conversation.texts import Texts
from bot.conversation.unit_of_work import apology, note_block
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.faults import faults
from bot.delivery.inbox import DurableInbox
from bot.delivery.sender import Sender
from bot.health import Health
from bot.http.clients import Clients
from bot.http.server import WebServer, build_site
from bot.jobs.schedule import Jobs, owner_name
from bot.linking.linker import Linker
from bot.models.decisions import Decisions
from bot.models.retention import ServedRetention
from bot.models.steps import LearnedSteps
from bot.models.understanding import ServedUnderstanding
from bot.outreach.back_in_stock import RestockLook
from bot.outreach.last_look import LastLook, WinBackWriter
from bot.outreach.planner import Planner, installation_seed
from bot.privacy.erasure import Eraser
from bot.settings import Settings
from bot.shop.demonstration import Demonstration
from bot.shop.goods import goods_of
from bot.shop.intake.defaults import Defaults
from bot.shop.pictures import PictureFolder
from bot.shop.prices import Prices
from bot.shop.rules import Steering
from bot.staff.asked_as import AskedAs, NearestEntries
from bot.staff.case_service import CaseService
from bot.staff.console.mount import mount_console
from bot.staff.imports import Imports
from bot.staff.skill_toggles import SkillToggles
from kernel.times import utc_now
from nlu.products.goods import Goods
from nlu.types import CatalogueEntry
from storage import Store, StoreUnavailable
from storage.catalogue import Catalogue
from storage.redis_limits import RedisLimits
from storage.settings import SettingStore
from storage.trial import AnyStore

log = logging.getLogger(__name__)

_CATALOGUE_EVERY = 60.0
_DEMO_EVERY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a process consists of, wired."""

    settings: Settings
    store: Store
    demo: Demonstration
    understanding: ServedUnderstanding
    served: ServedRetention
    steps: LearnedSteps
    inbox: DurableInbox
    dispatcher: Dispatcher
    sender: Sender
    channels: tuple[ServedChannel, ...]
    server: WebServer
    jobs: Jobs
    imports: Imports
    """Those of the console."""
    limits: RedisLimits | None
    running: asyncio.Event
    """Set while requests are answered."""

    async def watch_catalogue(self) -> None:
        """Keep the product names that can be recognised in step with the shop's."""
        while True:
            await asyncio.sleep(_CATALOGUE_EVERY)
            with faults.told(log.warning, "could not look at the products", only=StoreUnavailable):
                await look_at_products(self.store, self.understanding)

    async def watch_demo(self) -> None:
        """Notice that the demo shop is taken out, or made: its pages go or come with it."""
        while True:
            await asyncio.sleep(_DEMO_EVERY)
            with faults.told(log.warning, "could not look whose shop it is", only=StoreUnavailable):
                if await self.demo.refresh():
                    self.understanding.pages = pages_folder(self.settings, demo=self.demo())
                    await look_at_products(self.store, self.understanding)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """What is made once for an installation."""

    web: bytes = field(repr=False)
    console: str = field(repr=False)
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What customers are answered with, wired."""

    services: Services
    demo: Demonstration
    understanding: ServedUnderstanding
    served: ServedRetention
    prices: Prices
    steps: LearnedSteps

    @classmethod
    async def start(
        cls, settings: Settings, store: AnyStore, seed: int, reading: Process | None = None
    ) -> Answering:
        """Load the texts, the models and the pages; raises as `build`."""
        demo = Demonstration(store)
        await demo.refresh()
        texts = Texts.load(settings.home / "texts")
        names = {"zh": settings.shop_name_zh, "en": settings.shop_name_en}
        understanding = await ServedUnderstanding.start(
            store, settings.home, pages_folder(settings, demo=demo()), reading
        )
        await look_at_products(store, understanding)
        await understanding.refresh()
        served = ServedRetention(store, settings.home)
        await served.refresh()
        prices = Prices(settings.home, settings.time_zone)
        steps = LearnedSteps(store, prices, margin=settings.margin)
        await steps.refresh(utc_now())
        services = Services(
            texts=texts,
            shop=ShopFacts(
                names=names,
                time_zone=settings.time_zone,
                is_demo=demo,
                hours=settings.hours,
                basket=settings.basket,
                track_url=settings.track_url or "",
            ),
            decisions=Decisions(
                served,
                steering=Steering(settings.home),
                prices=prices,
                steps=steps,
                seed=seed,
                margin=settings.margin,
            ),
            linker=await Linker.open(store, settings.shared_secret),
            reader=understanding,
        )
        return cls(
            services=services,
            demo=demo,
            understanding=understanding,
            served=served,
            prices=prices,
            steps=steps,
        )


async def build(settings: Settings, store: Store, reading: Process | None = None) -> Parts:
    """Wire every part of a process.

    Raises:
        TextsInvalid: a text of the shop's own has an error.
        nlu.NluError: the model of the understanding, or a page of the shop's, can't be loaded.
    """
    keys = await _keys(store)
    answering = await Answering.start(settings, store, keys.seed, reading)
    services, demo, understanding = answering.services, answering.demo, answering.understanding
    texts, names, linker = services.texts, services.shop.names, services.linker
    pictures = PictureFolder(store, settings.media)
    surroundings = Surroundings(
        settings=settings,
        store=store,
        texts=texts,
        owner=owner_name(),
        key=keys.web,
        find_picture=pictures.find,
        customer_of_token=linker.customer_of_token,
        greeting=partial(opening, services),
        shop_names=names,
        is_demo=demo,
    )
    made = [(kind, channel) for kind in CHANNELS if (channel := kind.make(surroundings)) is not None]
    channels = tuple(channel for _, channel in made)
    limits = RedisLimits.open(settings.redis_url) if settings.redis_url else None
    sender = Sender(
        store,
        channels,
        owner=owner_name(),
        rates={kind.name: kind.rate(settings) for kind, _ in made if kind.rate is not None},
        last_looks={
            "campaign": LastLook(
                services.decisions,
                WinBackWriter(texts, names, settings.time_zone),
                settings.time_zone,
                channels=WRITING_FIRST,
            ),
            "restock": RestockLook(texts, settings.time_zone),
        },
        on_blocked=note_block,
        limits=limits,
    )
    dispatcher = Dispatcher(
        store,
        Engine(store, services).handle,
        owner=owner_name(),
        channels=channels,
        wake_sender=sender.wake,
        on_poison=apology(texts, utc_now, settings.hours),
    )
    running = asyncio.Event()
    health = Health(
        store,
        settings.home,
        channels,
        essential=[kind.name for kind in CHANNELS if kind.essential],
        running=running.is_set,
        fitted=lambda: bool(answering.served.version),
    )
    defaults = Defaults(time_zone=settings.time_zone, currency=settings.currency)
    site, pages = build_site(
        fast=[route for kind, channel in made if kind.routes_first for route in channel.routes()],
        routes=[
            *health.routes(),
            *(route for kind, channel in made if not kind.routes_first for route in channel.routes()),
            *ShopApi(
                store, ApiKeys(store), deep_links=deep_links(settings, store, linker), defaults=defaults
            ).routes(),
        ],
        find_picture=pictures.find,
    )
    imports = Imports(store, settings)
    mount_console(
        pages,
        store,
        cases=CaseService(store, texts=texts, eraser=Eraser(store, settings.home), wake=sender.wake),
        skills=SkillToggles(store, REGISTRY.skills),
        imports=imports,
        nearest=NearestEntries(understanding, own_pages(settings)),
        asked_as=AskedAs(store, own_pages(settings)),
        secret=keys.console,
        settings=settings,
        prices=answering.prices,
        is_demo=demo,
    )
    planner = Planner(store, services.decisions, settings.time_zone, channels=WRITING_FIRST)
    return Parts(
        settings=settings,
        store=store,
        demo=demo,
        understanding=understanding,
        served=answering.served,
        steps=answering.steps,
        inbox=DurableInbox(store, dispatcher),
        dispatcher=dispatcher,
        sender=sender,
        channels=channels,
        server=WebServer(
            site, settings.host, settings.port, Clients(keys.web, settings.proxies), https=settings.https
        ),
        jobs=Jobs(
            store,
            planner,
            time_zone=settings.time_zone,
            seed=keys.seed,
            environment=os.environ,
            propose_prices=lambda: answering.prices.written.list_prices.nightly,
        ),
        imports=imports,
        limits=limits,
        running=running,
    )


async def _keys(store: Store) -> _Keys:
    async def load(connection: AsyncConnection) -> _Keys:
        settings = SettingStore(connection)
        return _Keys(
            web=bytes.fromhex(await settings.get_or_create("web.key", secrets.token_hex(32))),
            console=str(await settings.get_or_create("console.key", secrets.token_urlsafe(32))),
            seed=await installation_seed(connection),
        )

    return await store.write(load)


async def look_at_products(store: AnyStore, understanding: ServedUnderstanding) -> None:
    """Let the products be recognised that there are now."""
    entries, goods = await catalogue_entries(store)
    if entries != understanding.catalogue:
        await understanding.set_catalogue(entries)
    if goods != understanding.goods:
        await understanding.set_goods(goods)


async def catalogue_entries(store: AnyStore) -> tuple[list[CatalogueEntry], list[Goods]]:
    """The shop's products by the names and codes that customers may use, and as they are searched."""
    async with store.read(long=True) as connection:
        products = await Catalogue(connection).active()
        categories = {one.id: one for one in await Catalogue(connection).categories()}
    entries = [
        CatalogueEntry(product_id=item.id, names=(item.name_zh, item.name_en, item.code)) for item in products
    ]
    return entries, [goods_of(item, categories.get(item.category_id or "")) for item in products]


def own_pages(settings: Settings) -> Path:
    """Where the shop's own pages are, if it has any."""
    return settings.home / "pages"


def pages_folder(settings: Settings, *, demo: bool) -> Path:
    """Where the shop's own pages are, below `LIUKE_HOME`; the demo shop's where there are none."""
    own = own_pages(settings)
    return own if own.is_dir() or not demo else Path(str(resources.files("bot.shop") / "pages"))
