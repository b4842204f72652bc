"""`liuke backup`, `restore` and `copy`: a shop's data, taken whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import run_or_exit, settings_or_exit
from bot.house.backing_up import back_up
from bot.house.backing_up import restore as put_back
from bot.house.words import since_restored, was_restored
from kernel.console import failing, out, progress_bar, remark
from kernel.times import utc_now
from storage import Store
from storage.restored import Restorations


def backup(
    path: Annotated[
        Path, typer.Argument(help="A new file, or a folder, in which it is named by the time.")
    ] = Path(),
) -> None:
    """Write a back-up of the shop into one file, also while Liuke runs.

    In it are the database, models, media, pages, texts and rules, and settings without tokens, passwords and secrets.
    Nothing is overwritten, and the file is read again before it counts as made. Whoever reads it reads what customers
    said.
    """
    settings = settings_or_exit()
    with failing(), progress_bar() as progress:
        made, manifest = run_or_exit(settings, back_up(settings, path, utc_now(), progress))
    out.print(
        f"The back-up is {made} ({made.stat().st_size / 1e6:,.1f} MB): {sum(manifest.counts.values()):,} rows and "
        f"{len(manifest.files) - 1:,} files.",
        soft_wrap=True,
    )
    out.print("Whoever is erased later is still in it; see docs/how-to/move-and-back-up.md.")


def restore(file: Annotated[Path, typer.Argument(help="From `liuke backup`.")]) -> None:
    """Put a back-up into an empty home and an empty database; nothing that has left since is sent again.

    What was on its way and what waited for an answer at the back-up is left alone, and outreach is paused.
    """
    settings = settings_or_exit()
    settings.home.mkdir(parents=True, exist_ok=True)
    with failing(), progress_bar() as progress:
        manifest, restoration = run_or_exit(settings, put_back(settings, file, utc_now(), progress))
    out.print(f"Restored: {was_restored(manifest, restoration)}")
    for line in since_restored(restoration):
        remark(line)
    if manifest.left_out:
        remark(f"Set again what a back-up doesn't hold: {', '.join(manifest.left_out)}.")


async def tell_restored(store: Store) -> None:
    """Say what waits for a word since a back-up was restored, and how to give it."""
    async with store.read() as connection:
        waiting = await Restorations(connection).waiting()
    for line in since_restored(waiting) if waiting else ():
        remark(line)
