"""What every command needs: settings, a store that is up to date, and errors that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.wording import money
from bot.logs import configure
from bot.settings import Settings, SettingsInvalid, keep_private, load_settings
from bot.staff.accounts import StaffAccounts
from bot.staff.people import People
from bot.staff.roles import NotAllowed
from kernel.console import err, fail
from kernel.times import utc_now
from storage import NotFound, StorageError, Store, StoreUnavailable, migrate
from storage.customers import Customer, Customers
from storage.outage import sqlstate
from storage.staff import Staff, StaffMember

T = TypeVar("T")
_MOST_REASONS = 3

As = Annotated[str | None, typer.Option("--as", help="Login to act as; the first admin when left out.")]

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]
By = Annotated[
    str | None, typer.Option("--as", help="Login of the admin to act as; “terminal” is noted when left out.")
]


class Language(StrEnum):
    """Of the words on the screen."""

    ZH = "zh"
    EN = "en"


def settings_or_exit() -> Settings:
    """The settings, with a home that only its owner reads; or the end of the command with every problem listed."""
    try:
        settings = load_settings()
    except SettingsInvalid as invalid:
        fail(str(invalid))
    keep_private(settings)
    return settings


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """The store, migrated, and closed afterwards."""
    settings.home.mkdir(parents=True, exist_ok=True)
    await migrate(settings.store_url)
    async with Store.open(settings.store_url) as store:
        yield store


def with_store(work: Callable[[Settings, Store], Awaitable[T]]) -> T:
    """Run a command's work on the store; what the store refuses ends the command with its message."""
    settings = settings_or_exit()

    async def run() -> T:
        async with opened_store(settings) as store:
            return await work(settings, store)

    try:
        return run_or_exit(settings, run())
    except ValueError as refused:
        fail(str(refused))


def with_reader(work: Callable[[AsyncConnection], Awaitable[T]], *, long: bool = False) -> T:
    """Run a command's work on a reader's connection to the store; `long` as in `Store.read`."""

    async def run(_settings: Settings, store: Store) -> T:
        async with store.read(long=long) as connection:
            return await work(connection)

    return with_store(run)


def run_or_exit(settings: Settings, work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; a store that can't be used, or refuses, ends the command with what to do."""
    configure()
    try:
        return asyncio.run(work)
    except (StorageError, OSError, SQLAlchemyError) as error:
        fail(explain(error, settings))


def explain(error: Exception, settings: Settings) -> str:
    """What went wrong and what to do, without passwords."""
    if isinstance(error, StoreUnavailable):
        return f"{error}: {_shown(settings)}. {advice(error, settings)}"
    # A database error's text may hold what was written; its kind is enough.
    if isinstance(error, SQLAlchemyError):
        return f"the database refused ({type(error).__name__})"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename} can't be read or written: {error.strerror or error}"
    return str(error)


def _shown(settings: Settings) -> str:
    return make_url(settings.store_url).render_as_string(hide_password=True)


def advice(error: StoreUnavailable, settings: Settings) -> str:
    """What to do about a database that can't be used."""
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite":
        return "See which program holds it, whether its disk has room, and whose it is."
    match sqlstate(error.__cause__)[:2]:
        case "3D":
            whose = f" -U {url.username}" if url.username else ""
            at = f" -h {url.host or 'localhost'} -p {url.port or 5432}"
            return f"Make it with `createdb{at}{whose} {url.database}`, or mend LIUKE_DATABASE_URL."
        case "28":
            return "Mend the user or the password in LIUKE_DATABASE_URL, or let the user in (pg_hba.conf)."
        case _:
            return "See whether PostgreSQL runs there and takes connections, or mend LIUKE_DATABASE_URL."


def with_member(login: str | None, work: Callable[[Settings, Store, StaffMember], Awaitable[T]]) -> T:
    """Run a command's work as a member of staff; what their role forbids ends it with a message."""

    async def run(settings: Settings, store: Store) -> T:
        try:
            return await work(settings, store, await _member(store, login))
        except NotAllowed as refused:
            raise ValueError(str(refused)) from None

    return with_store(run)


def with_people(login: str | None, work: Callable[[People, StaffMember | None], Awaitable[T]]) -> T:
    """Run a command's work on the staff itself.

    Without a login nobody in particular acts, but whoever runs commands on the server: they need no member for it,
    since there may be none whom they know the password of.
    """

    async def run(_settings: Settings, store: Store) -> T:
        by = None if login is None else await _member(store, login)
        try:
            return await work(People(store), by)
        except NotAllowed as refused:
            raise ValueError(str(refused)) from None

    return with_store(run)


async def known_customer(connection: AsyncConnection, customer_id: str) -> Customer:
    """The customer of that id; raises NotFound where there is none."""
    customer = await Customers(connection).get(customer_id)
    if customer is None:
        raise NotFound(f"there is no customer {customer_id!r}; `liuke customer list` shows some")
    return customer


def pushing_up(reasons: Iterable[Mapping[str, Any]]) -> str:
    """The features that push a risk up most, strongest first."""
    codes = [str(one["code"]) for one in reasons if one.get("weight", 0) > 0]
    return ", ".join(codes[:_MOST_REASONS])


def amount(minor: int | None, currency: str | None) -> str:
    """An amount of money, or nothing where it is unknown."""
    return "" if minor is None or currency is None else money(minor, currency)


async def _member(store: Store, login: str | None) -> StaffMember:
    async with store.read() as connection:
        everybody = [m for m in await Staff(connection).all() if m.active]
    if login is None:
        found = [m for m in sorted(everybody, key=lambda m: m.id) if m.role == "admin"]
        if not found:
            return await _first_admin(store)
    else:
        found = [m for m in everybody if m.login == login]
    if not found:
        raise NotFound(f"there is no member of staff {login or 'with the role admin'!r}")
    return found[0]


async def _first_admin(store: Store) -> StaffMember:
    """Made where there is nobody yet; the password is shown as the first start of the program would."""
    made = await StaffAccounts(store).first_admin(utc_now())
    if made is not None:
        name, password = made
        # Not among what the command prints: a program may read that.
        err.print(f"{name} was made, and signs in with the password {password}")
        err.print("It is shown this once; `liuke staff password admin` makes a new one.")
    return await _member(store, "admin")
