"""Beside what was missed stands the entry that may answer it, and admins add its words to the entry."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

from bot.conversation.texts import Texts
from bot.delivery.ports import TookTooLong
from bot.staff import console
from bot.staff.asked_as import PLAUSIBLE, AskedAs, Entry, GroupBesidePages, NearestEntries, PageNotWritten
from bot.staff.console.frame import listening
from bot.staff.console.missed_page import MissedPage
from bot.staff.console.words import Words
from bot.staff.missed import Missed
from bot.staff.roles import NotAllowed
from nlu.errors import EntryNotFound
from nlu.types import Language, Passage
from storage import Store
from storage.audit import Audit
from tests.bot.delivery.fakes import until
from tests.bot.staff.folder_pages import FolderPages
from tests.bot.staff.test_case_service import NOW, Team, opened
from tests.bot.staff.test_missed import missed_turn
from tests.bot.staff.visits import Visitor

SHOP = """# In the shop

## May I bring my dog?
Also asked as: are pets welcome
Dogs on a lead are welcome in the shop.

## Where is the shop?
12 Rose Street, five minutes from the station.
"""
GIFTS = "# Gifts\n\n## Do you wrap presents?\nYes, gift wrapping is free of charge.\n"
DOG = Entry(page="shop", title="May I bring my dog?", language="en")


@pytest.fixture
async def team(any_store: Store, tmp_path: Path) -> Team:
    return await opened(any_store, tmp_path)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    (folder / "en").mkdir(parents=True)
    (folder / "en" / "shop.md").write_text(SHOP, "utf-8")
    (folder / "en" / "gifts.md").write_text(GIFTS, "utf-8")
    return folder


def _missed(team: Team) -> Missed:
    return Missed(team.store, clock=lambda: NOW + timedelta(hours=1))


async def _beside(team: Team, in_use: Path, own: Path) -> list[GroupBesidePages]:
    return await NearestEntries(FolderPages(in_use), own).beside(await _missed(team).groups(examples=4))


async def test_the_entry_that_may_answer_stands_beside_what_was_missed(team: Team, pages: Path) -> None:
    for words in ("can i bring my dog in", "can I bring my dog inside", "bring my dog, call 13800138000"):
        await missed_turn(team, words)
    (one,) = await _beside(team, pages, pages)
    near = one.nearest
    assert near is not None
    assert (near.entry.page, near.entry.title, near.own) == ("shop", "May I bring my dog?", True)
    assert PLAUSIBLE <= near.chance <= 1
    # What holds personal data is no line for a page.
    assert set(near.lines) == {"can i bring my dog in", "can I bring my dog inside"}
    assert "13800138000" not in str(asdict(one))


async def test_pages_that_came_with_the_program_are_not_the_shops_own(team: Team, pages: Path) -> None:
    await missed_turn(team, "can i bring my dog in")
    (one,) = await _beside(team, pages, pages.parent / "home" / "pages")
    assert (one.nearest and one.nearest.own) is False


async def test_only_words_that_find_the_entry_are_lines_for_it(team: Team, pages: Path) -> None:
    # So few messages are put together whatever they say.
    for words in ("can i take my dog in", "my kettle leaks and the warranty card is lost"):
        await missed_turn(team, words)
    (one,) = await _beside(team, pages, pages)
    assert (len(one.group.examples), one.nearest and one.nearest.lines) == (2, ("can i take my dog in",))


async def test_nothing_stands_beside_what_no_entry_is_near_to(team: Team, pages: Path) -> None:
    await missed_turn(team, "my kettle leaks and the warranty card is lost")
    await missed_turn(team, "发票抬头写错了", language="zh", address="v-2")
    found = await _beside(team, pages, pages)
    assert [(one.nearest, one.searched) for one in found] == [(None, True), (None, True)]
    assert await _beside(team, pages / "none", pages / "none") == found


async def test_pages_that_cannot_be_searched_now_hide_no_group(team: Team, pages: Path) -> None:
    class Slow(FolderPages):
        async def search(
            self,
            question: str,
            language: Language,
            n: int = 3,
            before: str = "",
            at_least: float | None = None,
        ) -> list[Passage]:
            raise TookTooLong("ended")

    await missed_turn(team, "can i bring my dog in")
    groups = await _missed(team).groups()
    (one,) = await NearestEntries(Slow(pages), pages).beside(groups)
    assert (one.group, one.nearest, one.searched) == (groups[0], None, False)


async def test_an_admin_adds_it_and_that_is_written_down(team: Team, pages: Path) -> None:
    await missed_turn(team, "can i take my dog in")
    (one,) = await _beside(team, pages, pages)
    assert one.nearest is not None
    root, asked_as = team.members["root"], AskedAs(team.store, pages, clock=lambda: NOW)
    assert await asked_as.add(root, one.nearest.entry, one.nearest.lines) == ("can i take my dog in",)
    content = (pages / "en" / "shop.md").read_text("utf-8")
    assert content == SHOP.replace("are pets welcome", "are pets welcome | can i take my dog in")
    (after,) = await _beside(team, pages, pages)
    assert after.nearest is not None
    assert (after.nearest.entry, after.nearest.lines) == (one.nearest.entry, ())
    assert after.nearest.chance >= one.nearest.chance
    # Once more, nothing is added and nothing written down.
    assert await asked_as.add(root, one.nearest.entry, one.nearest.lines) == ()
    async with team.store.read() as connection:
        entries = await Audit(connection).of("page:en/shop")
    written = [(entry.actor, entry.action, dict(entry.details)) for entry in entries]
    assert written == [(f"staff:{root.id}", "asked_as_added", {"title": "May I bring my dog?", "lines": 1})]


async def test_who_may_not_or_has_nothing_to_add_changes_nothing(team: Team, pages: Path) -> None:
    asked_as, root = AskedAs(team.store, pages, clock=lambda: NOW), team.members["root"]
    for login in ("ann", "eye"):
        with pytest.raises(NotAllowed):
            await asked_as.add(team.members[login], DOG, ["my dog?"])
    with pytest.raises(ValueError, match="no line"):
        await asked_as.add(root, DOG, ["", " … "])
    with pytest.raises(EntryNotFound):
        await asked_as.add(root, Entry(page="shop", title="Whither?", language="en"), ["my dog?"])
    (pages / "en" / "shop.md").write_bytes(b"\xff\xfe")
    with pytest.raises(PageNotWritten, match="shop"):
        await asked_as.add(root, DOG, ["my dog?"])
    assert (pages / "en" / "gifts.md").read_text("utf-8") == GIFTS
    async with team.store.read() as connection:
        assert [entry for entry in await Audit(connection).latest() if entry.action == "asked_as_added"] == []


def test_the_log_of_decisions_has_words_for_it() -> None:
    for language in ("en", "zh"):
        words = Words(Texts.load(package=console.__name__), language)
        assert words.of("action", "asked_as_added") != words.of("action", "none")
        assert "en/shop" in words.of("subject", "page", key="en/shop")


@pytest.mark.slow
async def test_the_page_shows_the_entry_and_adds_to_it(team: Team, pages: Path) -> None:
    await missed_turn(team, "can i take my dog in")
    await missed_turn(team, "发票抬头写错了", language="zh", address="v-2")
    who = "ann"

    async def page() -> None:
        if await listening():
            MissedPage(
                _missed(team),
                NearestEntries(FolderPages(pages), pages),
                AskedAs(team.store, pages, clock=lambda: NOW),
                team.cases,
                Visitor(team.members[who]).visit(),
            ).build()

    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("Nearest on your pages: shop › May I bring my dog?")
        await user.should_see("Also asked as: can i take my dog in")
        await user.should_see("No page answers this.")
        await user.should_not_see("Add to the page")
    who = "root"
    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("Add to the page")
        user.find("Add to the page").click()
        await user.should_see("One question a line")
        (field,) = user.find(marker="asked-as", kind=ui.textarea).elements
        assert field.value == "can i take my dog in"
        field.value = "can i take my dog in\nare dogs allowed"
        user.find("Add these").click()
        await until(lambda: "reads the page again" in str(user.notify.messages))
        await user.should_see("nothing to add")
    assert "are pets welcome | can i take my dog in | are dogs allowed" in (
        pages / "en" / "shop.md"
    ).read_text("utf-8")
