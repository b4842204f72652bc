"""Staff see where the bot fails and teach it there; nobody's personal data is shown or kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.asked_as import AskedAs, NearestEntries
from bot.staff.console.frame import listening
from bot.staff.console.missed_page import MissedPage
from bot.staff.corrections import without_personal_data
from bot.staff.missed import Missed
from bot.staff.roles import NotAllowed
from nlu.acts import Act
from storage import Store
from storage.audit import Audit
from storage.drafts import Corrections
from storage.schema import account
from tests.bot.delivery.fakes import until
from tests.bot.staff.folder_pages import FolderPages
from tests.bot.staff.test_case_service import NOW, Team, opened
from tests.bot.staff.visits import Visitor
from tests.storage.test_missed import said

PRIVATE = ("13800138000", "li@example.com", "Rose Street", "幸福路", "Zhang Wei", "张伟", "林小雨", "Miller")


@pytest.fixture
async def team(any_store: Store, tmp_path: Path) -> Team:
    return await opened(any_store, tmp_path)


async def missed_turn(
    team: Team, words: str, *, asked: str = "", bot: str = "", language: str = "en", address: str = "v-1"
) -> int:
    conversation = await team.conversation(address, language)
    read: dict[str, Any] = {"intents": [["order_status", 0.3]], "acts": []}
    if asked:
        read["where"] = {"asked": asked, "tasks": ["return"], "shown": ["order 1: 1 x Kettle | paid"]}

    async def write(connection: AsyncConnection) -> int:
        if bot:
            await said(connection, conversation, bot, "out")
        number = await said(connection, conversation, words, missed="unclear", understanding=read, at=NOW)
        await said(connection, conversation, "Sorry?", "out")
        return number

    return await team.store.write(write)


def _missed(team: Team) -> Missed:
    return Missed(team.store, clock=lambda: NOW + timedelta(hours=1))


async def test_alike_turns_are_together_the_most_frequent_first(team: Team) -> None:
    for words in ("where is my parcel", "do you gift wrap", "wheres my parcel??", "where's my parcel"):
        await missed_turn(team, words)
    await missed_turn(team, "where is my parcel", asked="value return.reason")
    first, *rest = await _missed(team).groups()
    assert (first.size, first.taught, first.asked) == (3, 0, "")
    assert sorted(group.size for group in rest) == [1, 1]
    (one,) = [group.examples[0] for group in rest if group.asked]
    assert (one.why, one.tasks, one.answered) == ("unclear", ("return",), "Sorry?")
    assert one.read == {"order_status": 0.3}
    (few, *_) = await _missed(team).groups(examples=1)
    assert (few.size, len(few.examples)) == (3, 1)
    assert await _missed(team).groups(language="zh") == []
    late = Missed(team.store, clock=lambda: NOW + timedelta(days=8))
    assert await late.groups(days=7) == []


async def test_nobodys_personal_data_is_shown(team: Team) -> None:
    await missed_turn(
        team, "call 13800138000 or write to li@example.com", bot="Hello Rose Miller, how are you?"
    )
    await missed_turn(team, "Zhang Wei", asked="value invoice.name", bot="Which name?")
    await missed_turn(team, "张伟", asked="value invoice.name", language="zh", address="v-2")
    await missed_turn(team, "幸福路8号3单元402室", asked="value change_address.address", address="v-2")
    await missed_turn(team, "12 Rose Street, Leeds", asked="value change_address.address")
    await missed_turn(team, "你好，我是林小雨", bot="林小雨您好", address="v-2")
    names = {"v-1": "Rose Miller", "v-2": "林小雨"}
    for address, name in names.items():
        await team.store.write(
            lambda c, at=address, to=name: c.execute(
                update(account).where(account.c.address == at).values(name=to)
            )
        )
    missed, ann = _missed(team), team.members["ann"]
    groups = await missed.groups()
    shown = str([asdict(group) for group in groups])
    assert [word for word in PRIVATE if word in shown] == []
    assert "how are you?" in shown
    for one in [one for group in groups for one in group.examples]:
        await missed.teach(ann, one, act=Act.GIVES)
    async with team.store.read() as connection:
        kept = str(await Corrections(connection).all()) + str(await Audit(connection).latest())
    kept += str(await missed.taught())
    assert [word for word in PRIVATE if word in kept] == []


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("what do you mean by name?", "value invoice.name"),
        ("why do you need my address", "value change_address.address"),
        ("为什么要名字", "contact"),
        ("the steel one", "choice return.order"),
    ],
)
def test_what_asks_back_is_no_answer(words: str, asked: str) -> None:
    assert without_personal_data(words, asked) == words


async def test_what_is_taught_is_a_correction_and_written_down(team: Team) -> None:
    number = await missed_turn(team, "the steel one", asked="choice return.order")
    missed, ann = _missed(team), team.members["ann"]
    ((one,),) = [group.examples for group in await missed.groups()]
    await missed.teach(ann, one, act=Act.GIVES)
    (group,) = await missed.groups()
    assert (group.taught, group.examples[0].act) == (1, "gives")
    assert (await team.cases.conversation(one.conversation_id)).corrections == {}
    await missed.teach(ann, one, intent="return_request")
    assert (await team.cases.conversation(one.conversation_id)).corrections == {number: "return_request"}
    await missed.teach(ann, one)
    assert await missed.taught() == []
    async with team.store.read() as connection:
        entries = await Audit(connection).of(f"conversation:{one.conversation_id}")
    meant = [(entry.actor, entry.action, entry.details["meant"]) for entry in entries]
    assert meant == [
        (f"staff:{ann.id}", "correction_gone", ""),
        (f"staff:{ann.id}", "corrected", "return_request"),
        (f"staff:{ann.id}", "corrected", "gives"),
    ]


async def test_who_may_not_correct_may_not_teach(team: Team) -> None:
    await missed_turn(team, "the steel one")
    missed = _missed(team)
    ((one,),) = [group.examples for group in await missed.groups()]
    with pytest.raises(NotAllowed):
        await missed.teach(team.members["eye"], one, intent="thanks")
    with pytest.raises(ValueError, match="name"):
        await missed.teach(team.members["ann"], one, intent="gift wrap")
    with pytest.raises(ValueError, match="act"):
        await missed.teach(team.members["ann"], one, intent="thanks", act=Act.YES)
    assert await missed.taught() == []


@pytest.mark.slow
async def test_the_page_shows_the_groups_and_teaches(team: Team, tmp_path: Path) -> None:
    number = await missed_turn(
        team, "the steel one, call 13800138000", asked="choice return.order", bot="Which order is it?"
    )
    await missed_turn(team, "the steel one please", asked="choice return.order", bot="Which order is it?")

    async def page() -> None:
        if await listening():
            visit = Visitor(team.members["ann"]).visit()
            nearest, asked_as = NearestEntries(FolderPages(tmp_path), tmp_path), AskedAs(team.store, tmp_path)
            MissedPage(_missed(team), nearest, asked_as, team.cases, visit).build()

    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("2×")
        await user.should_see("Bot: Which order is it?")
        await user.should_see("the steel one, call [phone]")
        await user.should_see("asked which one: return.order")
        user.find(marker=f"teach-{number}").click()
        await user.should_see("What did the customer mean?")
        user.find("Keep").click()
        await until(lambda: "Write something first." in str(user.notify.messages))
        (chosen,) = user.find(marker="meant", kind=ui.select).elements
        assert {"act:gives", "order_status"} <= set(chosen.options)
        chosen.value = "act:gives"
        user.find("Keep").click()
        await user.should_see("corrected to: tells what is asked, or chooses")
        await user.should_see("1 taught")
        user.find("Take back").click()
        await user.should_not_see("1 taught")
    assert await _missed(team).taught() == []
