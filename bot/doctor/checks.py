"""Every check in the order in which it is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from bot.doctor import data, machine, services
from bot.doctor.finding import Finding, Place
from bot.settings import Settings
from storage import Store, StoreUnavailable
from storage.contents import Contents, look_into
from storage.migrate import newest_revision

Check = Callable[[Place], Awaitable[list[Finding]]]

CHECKS: tuple[Check, ...] = (
    machine.settings,
    machine.texts,
    machine.basket,
    machine.disk,
    services.database,
    services.clock,
    services.channels,
    machine.models,
    data.gaps,
    data.prices,
)


async def examine(
    settings: Settings,
    environment: Mapping[str, str],
    now: datetime,
    explain: Callable[[StoreUnavailable], str],
) -> list[Finding]:
    """Look at everything; nothing is changed, and one thing that is broken hides no other.

    Args:
        settings: of the installation.
        environment: whose names are looked at.
        now: the time.
        explain: says why the database can't be used and what to do.
    """
    away: list[Finding] = []
    contents = Contents(revision="", counts={})
    try:
        contents = await look_into(settings.store_url)
    except StoreUnavailable as error:
        away.append(Finding(name="database", state="bad", found=str(error), to_do=explain(error)))
    store = Store.open(settings.store_url) if contents.revision == newest_revision() else None
    place = Place(settings=settings, environment=environment, now=now, contents=contents, store=store)
    found: list[Finding] = []
    try:
        for check in CHECKS:
            found += away if check is services.database and away else await check(place)
    finally:
        if store is not None:
            await store.close()
    return found
