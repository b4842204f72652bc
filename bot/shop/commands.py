"""`liuke demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.common import with_store
from bot.console_output import out, progress_bar
from bot.settings import Settings
from bot.shop.demo import DEFAULT_SEED, DemoShop, make_demo
from storage import Store


def demo(
    seed: Annotated[int, typer.Option(help="The same seed makes the same shop.")] = DEFAULT_SEED,
    replace: Annotated[bool, typer.Option("--replace", help="Take out a demo shop that is there.")] = False,
) -> None:
    """Make the demo shop: invented goods, customers and eighteen months of their doings."""

    async def work(_settings: Settings, store: Store) -> DemoShop:
        with progress_bar() as progress:
            return await make_demo(store, seed, progress=progress, replace=replace)

    made = with_store(work)
    out.print(f"A demo shop of {len(made.products)} products is there; everything in it is made up.")
