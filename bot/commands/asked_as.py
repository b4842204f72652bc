"""`liuke nlu asked-as`, and `liuke nlu missed --pages`: what the shop's pages are also asked as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from bot.commands.common import As, with_member
from bot.settings import Settings
from bot.staff.asked_as import AskedAs, Entry, GroupBesidePages, NearestEntries
from bot.staff.missed import Group
from kernel.console import failing, out
from nlu.pages.asked_as import LABELS
from storage import Store
from storage.staff import StaffMember


def asked_as(
    page: Annotated[str, typer.Argument(help="The file's name without its ending.")],
    title: Annotated[str, typer.Argument(help="The entry's heading.")],
    questions: Annotated[list[str], typer.Argument(help="What it is also asked as.")],
    language: Annotated[Literal["zh", "en"], typer.Option(help="Of the page.")] = "zh",
    login: As = None,
) -> None:
    """Add questions to an entry of the shop's own pages, which is then found by their words, too.

    Customers don't see them. The running program reads the page again within seconds.
    """

    async def work(settings: Settings, store: Store, member: StaffMember) -> tuple[str, ...]:
        from bot.app import own_pages

        entry = Entry(page=page, title=title, language=language)
        return await AskedAs(store, own_pages(settings)).add(member, entry, questions)

    with failing():
        added = with_member(login, work)
    out.print(f"{len(added)} added to {page} › {title}." if added else "The entry has all of them already.")


async def beside_pages(settings: Settings, store: Store, groups: Sequence[Group]) -> list[GroupBesidePages]:
    """Each group with the nearest entry of the pages, by the model in use.

    Raises:
        nlu.NluError: the model or a page can't be loaded.
    """
    # What takes long to import is imported where it is needed.
    from bot.app import own_pages, pages_folder
    from bot.models.understanding import ServedUnderstanding
    from bot.shop.demonstration import Demonstration

    demo = Demonstration(store)
    await demo.refresh()
    served = await ServedUnderstanding.start(store, settings.home, pages_folder(settings, demo=demo()))
    try:
        await served.refresh()
        return await NearestEntries(served, own_pages(settings)).beside(groups)
    finally:
        await served.close()


def told(one: GroupBesidePages) -> str:
    """What the pages have for a group, in a few lines."""
    near = one.nearest
    if near is None:
        return "No page answers this." if one.searched else "The pages could not be searched."
    found = f"{near.entry.language}/{near.entry.page} › {near.entry.title} ({near.chance:.0%})"
    return f"{found}\n{LABELS[near.entry.language]}{' | '.join(near.lines)}" if near.lines else found
