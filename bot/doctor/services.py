"""Checks of what answers from elsewhere: the database, its clock, and Telegram."""

from __future__ import annotations

import sqlite3
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.channels.telegram import NAME, webhook_address
from bot.doctor.finding import Finding, Place
from kernel.times import utc_now
from storage import StoreNewer
from storage.contents import sqlite_path
from storage.migrate import newest_revision, require_known

_APART, _FAR_APART = timedelta(seconds=5), timedelta(minutes=1)
"""Replicas tell whose a lease is by their clocks; signed visitors' tokens hold for minutes."""
_MANY_PENDING = 100
_WITHIN = 10
"""Seconds."""


async def database(place: Place) -> list[Finding]:
    """Its revision, its size, and whether its pages are whole; whoever calls has reached it."""
    return [await _database(place)]


async def _database(place: Place) -> Finding:
    contents, path = place.contents, sqlite_path(place.settings.store_url)
    try:
        require_known(contents.revision)
    except StoreNewer as newer:
        return Finding(name="database", state="bad", found=str(newer), to_do="update this program")
    if not contents.revision:
        return Finding(
            name="database",
            state="look",
            found="nothing was made in it yet",
            to_do="start Liuke, or `liuke copy` a shop into it",
        )
    if contents.revision != newest_revision():
        return Finding(
            name="database",
            state="look",
            found=f"its schema is {contents.revision}, this program's {newest_revision()}",
            to_do="`liuke backup`; the next start brings it up to date",
        )
    if path is not None and (damage := await to_thread(_damage, path)):
        return Finding(
            name="database",
            state="bad",
            found=f"{path} is damaged: {damage}",
            to_do="stop Liuke and restore a back-up",
        )
    size = path.stat().st_size if path is not None else await _size(place)
    rows = sum(contents.counts.values())
    return Finding(
        name="database",
        state="fine",
        found=f"schema {contents.revision}, {rows:,} rows, {size / 1e6:,.0f} MB",
    )


def _damage(path: Path) -> str:
    try:
        with closing(sqlite3.connect(path)) as file:
            [(said,), *_] = file.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return "" if said == "ok" else str(said)


async def _size(place: Place) -> int:
    if place.store is None:
        return 0
    async with place.store.read() as connection:
        return int(await connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


async def clock(place: Place) -> list[Finding]:
    """This machine's beside the database's."""
    if place.store is None or place.store.dialect == "sqlite":
        return []
    async with place.store.read() as connection:
        theirs = await connection.scalar(text("SELECT clock_timestamp()"))
    return [_clocks("clock", "the database's", theirs, utc_now())]


async def channels(place: Place) -> list[Finding]:
    """Whether Telegram knows the token, tells the same time, and delivers to the right address."""
    settings = place.settings
    if settings.telegram_token is None:
        found = "no token: the web chat alone is served"
        return [Finding(name=NAME, state="fine", found=found, to_do="")]
    asked = utc_now()
    me = await _ask(settings.telegram_api, settings.telegram_token.get_secret_value(), "getMe")
    if me.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        to_do = "ask @BotFather for the current token and set LIUKE_TELEGRAM_TOKEN"
        return [Finding(name=NAME, state="bad", found="it does not know the token", to_do=to_do)]
    if me.status != HTTPStatus.OK:
        to_do = f"see whether this machine reaches {settings.telegram_api}"
        return [Finding(name=NAME, state="bad", found=f"no answer ({me.trouble})", to_do=to_do)]
    findings = [Finding(name=NAME, state="fine", found="it knows the token")]
    if me.at is not None:
        findings.append(_clocks("clock", "Telegram's", me.at, asked))
    hook = await _ask(settings.telegram_api, settings.telegram_token.get_secret_value(), "getWebhookInfo")
    return [*findings, *_webhook(place, hook.result)]


def _webhook(place: Place, info: dict[str, Any]) -> Iterator[Finding]:
    wanted = webhook_address(place.settings.telegram_webhook) if place.settings.telegram_webhook else ""
    there = str(info.get("url") or "")
    if there != wanted:
        found = "updates go to another address" if there else "no webhook is set"
        to_do = "start Liuke, which sets it; if it runs, another program uses this token"
        yield Finding(name="webhook", state="look", found=found, to_do=to_do)
    elif wanted and info.get("last_error_date"):
        found = "Telegram could not deliver lately"
        yield Finding(
            name="webhook", state="look", found=found, to_do=f"see that {wanted} is reached from outside"
        )
    elif wanted:
        yield Finding(name="webhook", state="fine", found="updates go to the address that is set")
    pending = int(info.get("pending_update_count") or 0)
    if pending > _MANY_PENDING:
        to_do = "start Liuke, or see why it doesn't take them"
        yield Finding(
            name="webhook", state="look", found=f"{pending:,} updates wait at Telegram", to_do=to_do
        )


def _clocks(name: str, whose: str, theirs: datetime, ours: datetime) -> Finding:
    apart = abs(theirs - ours)
    found = f"{apart.total_seconds():.0f} s from {whose}"
    if apart <= _APART:
        return Finding(name=name, state="fine", found=found)
    to_do = "set the clock by NTP: leases and tokens hang on it"
    return Finding(name=name, state="bad" if apart > _FAR_APART else "look", found=found, to_do=to_do)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    result: dict[str, Any]
    at: datetime | None = None
    """By the server's clock, in whole seconds."""
    trouble: str = ""


async def _ask(api: str, token: str, method: str) -> _Answer:
    """Ask the Bot API something that changes nothing. Its address holds the token: no error is repeated."""
    import aiohttp

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_WITHIN)) as session,
            session.get(f"{api}/bot{token}/{method}") as answer,
        ):
            said = answer.headers.get("Date")
            at = parsedate_to_datetime(said).astimezone(UTC) if said else None
            body = await answer.json(content_type=None)
            result = body.get("result") if isinstance(body, dict) else None
            return _Answer(
                status=answer.status,
                result=result if isinstance(result, dict) else {},
                at=at,
                trouble=f"status {answer.status}",
            )
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return _Answer(status=0, result={}, trouble=type(error).__name__)
