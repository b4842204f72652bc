"""What looks like an attack is shown to staff, counted, until somebody has seen to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from nicegui.testing.user_simulation import user_simulation

from bot.staff.console.frame import Acting
from bot.staff.console.queue_page import Lists
from storage import Conflict, Store
from storage.warnings import Alarms
from tests.bot.delivery.fakes import until
from tests.bot.staff.test_case_service import NOW, Team, opened
from tests.bot.staff.visits import Visitor


@pytest.fixture
async def any_team(any_store: Store, tmp_path: Path) -> Team:
    return await opened(any_store, tmp_path)


async def test_an_alarm_counts_until_one_has_seen_to_it(any_team: Team) -> None:
    cases, ann = any_team.cases, any_team.members["ann"]
    for _ in range(3):
        await any_team.store.write(lambda connection: Alarms(connection).sound("guessing", NOW))
    [found] = await cases.alarms()
    assert (found.kind, found.count) == ("guessing", 3)
    await cases.see_to_alarm(ann, found.id)
    assert await cases.alarms() == []
    with pytest.raises(Conflict):
        await cases.see_to_alarm(ann, found.id)


@pytest.mark.slow
async def test_it_stands_above_the_lists_of_the_console(any_team: Team) -> None:
    await any_team.store.write(lambda connection: Alarms(connection).sound("guessing", NOW))

    async def page() -> None:
        async def draw(_conversation: int = 0) -> None:
            lists.show_alarms(await any_team.cases.alarms())

        lists = Lists(any_team.cases, Acting(Visitor(any_team.members["ann"]).visit(), draw), draw, draw)
        await draw()

    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("somebody may be guessing")
        await user.should_see("1 time since")
        user.find("Seen to").click()
        await until(lambda: "Off the list." in str(user.notify.messages))
        await user.should_not_see("somebody may be guessing")
    assert await any_team.cases.alarms() == []
