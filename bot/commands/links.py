"""`liuke customer links`: links for all customers, as a file for a mailing or for labels."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TextIO
from urllib.parse import quote

import typer

from bot.channels.links import deep_links
from bot.commands.common import with_store
from bot.linking.deep_links import MAX_LIFETIME, DeepLinks, GivenLinks, qr_svg
from bot.linking.linker import Linker
from bot.settings import Settings
from bot.shop.importing.rejects import harmless
from kernel.console import Progress, err, fail, failing, progress_bar
from kernel.times import utc_now
from storage import Store
from storage.customers import Customer
from storage.links import Links

HEADER = ("customer", "name", "email", "phone", "language", "telegram", "web", "expires")
_PORTION = 500
_LIFETIME = re.compile(r"(\d{1,5})\s*(h|d|w)?", re.IGNORECASE | re.ASCII)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def lifetime_of(written: str) -> timedelta:
    """A length of time as `12h`, `30d` or `4w`; hours where there is no letter.

    Raises:
        typer.BadParameter: it is none, or not between an hour and a year.
    """
    found = _LIFETIME.fullmatch(written.strip())
    length = timedelta() if found is None else int(found[1]) * _UNITS[(found[2] or "h").lower()]
    if not timedelta(hours=1) <= length <= MAX_LIFETIME:
        raise typer.BadParameter("such as 12h, 30d or 4w: from an hour to a year", param_hint="--lifetime")
    return length


def links(
    file: Annotated[Path, typer.Argument(help="The CSV file to write; it must not be there yet.")],
    lifetime: Annotated[
        str | None,
        typer.Option(help="How long they hold: 12h, 30d, 4w. `LIUKE_LINK_HOURS` says it when left out."),
    ] = None,
    qr: Annotated[
        Path | None,
        typer.Option(help="Folder for a QR code of each link, an SVG file; the CSV file names them."),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Also customers who are linked already, or have a link that holds.")
    ] = False,
) -> None:
    """Make a link for every customer who is linked to nothing and has no link that holds.

    A link connects the messenger of whoever opens it to the customer, once. There is one for each channel that is
    served. They can't be looked up later: the file is the only place where they are.
    """
    length = None if lifetime is None else lifetime_of(lifetime)
    with failing(), _new(file) as written, progress_bar() as progress:
        if qr is not None:
            qr.mkdir(mode=0o700, parents=True, exist_ok=True)

        async def work(settings: Settings, store: Store) -> int:
            linker = await Linker.open(store, settings.shared_secret)
            making = _Making(store, deep_links(settings, store, linker), length, everybody, progress)
            return await making.write(written, qr)

        count = with_store(work)
    if not count:
        err.print("Everybody is linked, or has a link that holds: nothing was written. --all makes new ones.")
        return
    err.print(
        f"Links of {count} customers written to {file}. Give each to its customer alone.", soft_wrap=True
    )


@contextmanager
def _new(file: Path) -> Iterator[TextIO]:
    """A file of its owner's alone that was not there; it is taken away where nothing was written to it."""
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(f"{file} is there already, and the links in it can't be made out again: name another file")
    try:
        with os.fdopen(number, "w", encoding="utf-8-sig", newline="") as written:
            yield written
    finally:
        if file.exists() and not file.stat().st_size:
            file.unlink()


@dataclass(frozen=True, slots=True)
class _Making:
    """A run."""

    store: Store
    deep_links: DeepLinks
    lifetime: timedelta | None
    everybody: bool
    progress: Progress

    async def write(self, written: TextIO, qr: Path | None) -> int:
        """Write the files; return for how many customers."""
        count = 0
        writer = csv.writer(written)
        async for known, made in self._portions():
            if not count:
                writer.writerow([*HEADER, *(() if qr is None else ("telegram_qr", "web_qr"))])
            writer.writerows(_row(known[one.customer_id], one, qr) for one in made)
            # What was made is in the file before more is made.
            written.flush()
            count += len(made)
        return count

    async def _portions(self) -> AsyncIterator[tuple[dict[str, Customer], list[GivenLinks]]]:
        now, after, done = utc_now(), "", 0
        async with self.store.read() as connection:
            total = await Links(connection).count(now, everybody=self.everybody)
        while True:
            async with self.store.read() as connection:
                found = await Links(connection).customers(
                    now, after=after, limit=_PORTION, everybody=self.everybody
                )
            if not found:
                return
            known = {one.id: one for one in found}
            yield known, await self.deep_links.give(list(known), utc_now(), self.lifetime)
            after, done = found[-1].id, done + len(found)
            self.progress("making links", min(done / max(total, 1), 1.0))


def _row(known: Customer, made: GivenLinks, qr: Path | None) -> list[str]:
    telegram, web = made.addresses.get("telegram"), made.addresses["web"]
    cells = [
        known.id, known.name, known.email, known.phone, known.language, telegram, web,
        f"{made.expires_at:%Y-%m-%dT%H:%M:%SZ}",
    ]  # fmt: skip
    if qr is not None:
        cells += [_drawn(qr, known.id, telegram, "telegram"), _drawn(qr, known.id, web, "web")]
    return [harmless(cell) for cell in cells]


def _drawn(folder: Path, customer_id: str, address: str | None, channel: str) -> str:
    """Draw an address into a file of the folder; return the file's name, nothing where there is no address."""
    if address is None:
        return ""
    # An id is the shop's own: it may hold what no file name may.
    name = f"{quote(customer_id, safe='')}-{channel}.svg"
    (folder / name).write_bytes(qr_svg(address))
    return name
