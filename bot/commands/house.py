"""`liuke backup`, `restore` and `copy`: a shop's data, taken whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from bot.commands.common import explain, run_or_exit, settings_or_exit
from bot.house.backing_up import back_up
from bot.house.backing_up import restore as put_back
from bot.house.words import since_restored, was_restored
from bot.settings import ENV_FILE, Settings
from kernel.console import Progress, fail, failing, out, progress_bar, remark
from kernel.times import utc_now
from storage import Store, StoreUnavailable, copying
from storage.contents import Contents, look_into
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
    out.print(f"Restored: {was_restored(manifest, restoration)}", soft_wrap=True)
    for line in since_restored(restoration):
        remark(line)
    if manifest.left_out:
        remark(f"Set again what a back-up doesn't hold: {', '.join(manifest.left_out)}.")


def copy(
    to: Annotated[str, typer.Option(help="Of the other database: postgresql://… or sqlite:///….")],
) -> None:
    """Take everything in the database to another one, which holds nothing yet; Liuke must not run meanwhile.

    All tables are copied and compared, or the other database stays as it was. This one is left as it is.
    """
    settings = settings_or_exit()
    try:
        target = Settings(**{**settings.model_dump(), "database_url": to})
    except ValidationError as invalid:
        fail(f"--to {invalid.errors()[0]['msg'].removeprefix('Value error, ')}")
    with progress_bar() as progress:
        found = run_or_exit(settings, _copied(settings, target, progress))
    shown = make_url(target.store_url).render_as_string(hide_password=True)
    out.print(
        f"{sum(found.counts.values()):,} rows in {len(found.counts)} tables are in {shown} now, compared."
    )
    out.print(
        f"Go on there: set LIUKE_DATABASE_URL to it, such as in {settings.home / ENV_FILE}, and start Liuke.",
        soft_wrap=True,
    )
    out.print(
        f"Models, media, pages, texts and settings stay in {settings.home}: on another machine, copy the folder. Don't "
        "start Liuke on the old database again: both would send what waits.",
        soft_wrap=True,
    )


async def _copied(settings: Settings, target: Settings, progress: Progress) -> Contents:
    try:
        return await copying.copy(settings.store_url, target.store_url, progress)
    except StoreUnavailable as away:
        # Which of the two it is: the advice names it.
        try:
            await look_into(settings.store_url)
        except StoreUnavailable:
            raise away from away.__cause__
        fail(explain(away, target))


async def tell_restored(store: Store) -> None:
    """Say what waits for a word since a back-up was restored, and how to give it."""
    async with store.read() as connection:
        waiting = await Restorations(connection).waiting()
    for line in since_restored(waiting) if waiting else ():
        remark(line)
