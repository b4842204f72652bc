"""`liuke api-key`: the key for the shop's own systems."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.api.keys import ApiKeys
from bot.commands.common import with_store
from bot.console_output import fail, out
from storage import Store


def api_key(
    new: Annotated[bool, typer.Option("--new", help="Replace the key; the old one stops working.")] = False,
) -> None:
    """Make the key with which the shop's systems speak to the API, and show it once."""

    async def work(_settings: Any, store: Store) -> str | None:
        keys = ApiKeys(store)
        return None if await keys.exists() and not new else await keys.make()

    made = with_store(work)
    if made is None:
        fail("There is a key already and it can't be shown again; `liuke api-key --new` replaces it.")
    out.print(made, markup=False, highlight=False, soft_wrap=True)
