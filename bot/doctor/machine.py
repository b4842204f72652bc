"""Checks of what lies on the machine: settings, texts, the disk, the fitted models."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.texts import Texts, TextsInvalid
from bot.doctor.finding import Finding, Place
from bot.health import LEAST_FREE
from bot.models import retention, understanding
from bot.unknown_names import UnknownName, unknown_ids, unknown_settings
from storage.contents import sqlite_path
from storage.models import ModelVersion, ModelVersions

_ROOM = 1 << 30
"""Bytes; with less there is no room to look after things."""
_OLD = timedelta(days=3)
"""The models are fitted each night."""


async def settings(place: Place) -> list[Finding]:
    """Names that are none; what can't be used ends every command before."""
    unknown = unknown_settings(place.settings.home, place.environment)
    told = [(one, f"{one.name} in {one.where} is not known and does nothing") for one in unknown]
    return _unknown("settings", told) or [Finding(name="settings", state="fine", found="every name is known")]


async def texts(place: Place) -> list[Finding]:
    """Texts of the shop's own that can't be used, or that nobody says."""
    folder = place.settings.home / "texts"
    try:
        Texts.load(folder)
        told = [(one, f"nobody says {one.name} in {one.where}") for one in unknown_ids(place.settings.home)]
    except TextsInvalid as invalid:
        to_do = "mend it: Liuke doesn't start"
        return [Finding(name="texts", state="bad", found=str(invalid), to_do=to_do)]
    return _unknown("texts", told) or [Finding(name="texts", state="fine", found="every text can be said")]


def _unknown(name: str, told: Sequence[tuple[UnknownName, str]]) -> list[Finding]:
    return [
        Finding(
            name=name,
            state="look",
            found=found,
            to_do=f"name it {one.nearest}, or take it out" if one.nearest else "take it out",
        )
        for one, found in told
    ]


async def basket(place: Place) -> list[Finding]:
    """Whether customers who want to buy get a link; a template that can't be used ends every command before."""
    address, name = place.settings.cart_url, "basket"
    if address is None:
        found = (
            "LIUKE_CART_URL is not set: who wants to buy gets a product's own page, or is told how to order"
        )
        to_do = "set it to your shop's address of the basket, such as https://shop.example/cart?add={code}"
        return [Finding(name=name, state="look", found=found, to_do=to_do)]
    if not address.startswith("https://"):
        found = "LIUKE_CART_URL does not begin with https://: browsers warn of it"
        return [Finding(name=name, state="look", found=found, to_do="use the address with https://")]
    found = "a link puts a product into the basket"
    missing = [what for what in ("{quantity}", "{coupon}") if what not in address]
    if missing:
        found = f"{found}; it says nothing of {' and '.join(missing)}, which customers enter themselves"
    return [Finding(name=name, state="fine", found=found)]


async def disk(place: Place) -> list[Finding]:
    """Room for what comes, and for a back-up of the database."""
    home, path = place.settings.home, sqlite_path(place.settings.store_url)
    free = shutil.disk_usage(home if home.is_dir() else home.parent).free
    needed = max(_ROOM, 2 * path.stat().st_size if path is not None and path.exists() else 0)
    found = f"{_size(free)} are free for {home}"
    if free < LEAST_FREE:
        finding = Finding(name="disk", state="bad", found=found, to_do="make room: nothing more can be kept")
    elif free < needed:
        finding = Finding(
            name="disk",
            state="look",
            found=found,
            to_do=f"make room: {_size(needed)} let it be backed up and erased from",
        )
    else:
        finding = Finding(name="disk", state="fine", found=found)
    return [finding]


async def models(place: Place) -> list[Finding]:
    """Whether those that are to be served are there, and how old and on how much they were fitted."""
    if place.store is None:
        return []
    async with place.store.read() as connection:
        return [await _retention(place, connection), await _understanding(place, connection)]


async def _retention(place: Place, connection: AsyncConnection) -> Finding:
    name = "models"
    current = await ModelVersions(connection).current(retention.KIND)
    if current is None:
        return Finding(
            name=name,
            state="look",
            found="nothing is fitted to this shop yet",
            to_do="run `liuke refit`, or wait for the night",
        )
    if not (place.settings.home / current.path).is_dir():
        return Finding(
            name=name,
            state="bad",
            found=f"the files of version {current.version} are not in {place.settings.home}",
            to_do="bring back the folder models, or run `liuke refit`",
        )
    age = place.now - current.fitted_at
    found = f"version {current.version}, {max(age.days, 0)} days old, fitted on {_fitted_on(current)}"
    if age > _OLD:
        to_do = "see that `liuke run` or `liuke work` runs at 03:00, or why the refit fails: `liuke refit`"
        return Finding(name=name, state="look", found=found, to_do=to_do)
    return Finding(name=name, state="fine", found=found)


async def _understanding(place: Place, connection: AsyncConnection) -> Finding:
    current = await ModelVersions(connection).current(understanding.KIND)
    if current is None or not current.path:
        return Finding(name="understanding", state="fine", found="the model that comes with Liuke")
    if not (place.settings.home / current.path).is_dir():
        return Finding(
            name="understanding",
            state="bad",
            found=f"the files of version {current.version} are not in {place.settings.home}",
            to_do="bring back the folder models, or run `liuke nlu rollback`",
        )
    return Finding(
        name="understanding", state="fine", found=f"version {current.version}, taught by this shop"
    )


def _fitted_on(version: ModelVersion) -> str:
    found = dict.fromkeys(str(one["found"]) for one in version.report.get("readiness", ()))
    return "; ".join(found) or "the shop's history"


def _size(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB"
