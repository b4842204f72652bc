"""Acting as a member of staff from the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from bot.commands.common import with_store
from bot.settings import Settings
from bot.staff.accounts import StaffAccounts
from bot.staff.roles import NotAllowed
from storage import NotFound, Store
from storage.staff import Staff, StaffMember

T = TypeVar("T")

As = Annotated[str | None, typer.Option("--as", help="Login to act as; the first admin when left out.")]


def with_member(login: str | None, work: Callable[[Settings, Store, StaffMember], Awaitable[T]]) -> T:
    """Run a command's work as a member of staff; what their role forbids ends it with a message."""

    async def run(settings: Settings, store: Store) -> T:
        try:
            return await work(settings, store, await _member(store, login))
        except NotAllowed as refused:
            raise ValueError(str(refused)) from None

    return with_store(run)


async def _member(store: Store, login: str | None) -> StaffMember:
    async with store.read() as connection:
        everybody = [m for m in await Staff(connection).all() if m.active]
    if login is None:
        found = [m for m in sorted(everybody, key=lambda m: m.id) if m.role == "admin"]
        if not found:
            await StaffAccounts(store).first_admin(datetime.now(UTC))
            return await _member(store, "admin")
    else:
        found = [m for m in everybody if m.login == login]
    if not found:
        raise NotFound(f"there is no member of staff {login or 'with the role admin'!r}")
    return found[0]
