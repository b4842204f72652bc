"""A page of the console shows how things stand, whatever failed before, and to nobody whose session is over."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

from bot.staff.console.frame import Acting, listening
from bot.staff.roles import AccessChanged
from storage import StoreUnavailable
from storage.staff import StaffMember
from tests.bot.delivery.fakes import until
from tests.bot.staff.visits import Visitor

pytestmark = pytest.mark.slow

ANN = StaffMember(id=1, login="ann", name="Ann", role="agent", language="en", active=True)


async def test_a_first_look_that_fails_is_made_up_for(caplog: pytest.LogCaptureFixture) -> None:
    looks = 0

    async def refresh() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise OSError("the store is busy")
        ui.label("the queue")

    async def page() -> None:
        if await listening():
            Visitor(ANN).visit().keep(refresh, 0.01)

    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("the queue")
    assert "the store is busy" in caplog.text


async def test_a_page_reads_nothing_more_when_its_session_is_over() -> None:
    looks = 0
    ann = Visitor(ANN)

    async def refresh() -> None:
        nonlocal looks
        looks += 1
        ann.here = None

    async def page() -> None:
        if await listening():
            ann.visit().keep(refresh, 0.01)

    async with user_simulation(page) as user:
        await user.open("/")
        await until(lambda: len(ann.left) > 1)
    assert looks == 1


@pytest.mark.parametrize("how", ["over before", "changed meanwhile"])
async def test_who_may_no_longer_does_nothing_and_is_sent_away(how: str) -> None:
    done: list[str] = []
    ann = Visitor(ANN)

    async def work() -> None:
        if how == "changed meanwhile":
            raise AccessChanged(ANN)
        done.append("work")

    async def refresh() -> None:
        done.append("refresh")

    async def page() -> None:
        if await listening():
            ann.here = None if how == "over before" else ANN
            assert not await Acting(ann.visit(), refresh)(work(), None)

    async with user_simulation(page) as user:
        await user.open("/")
        await until(lambda: bool(ann.left))
    assert done == []


async def test_what_was_pressed_is_dropped_while_the_store_is_away() -> None:
    """And Python has nothing to complain of: work that is begun by nobody would be a warning."""

    async def away() -> StaffMember | None:
        raise StoreUnavailable

    async def nothing() -> None:
        raise AssertionError

    with pytest.raises(StoreUnavailable):
        await Acting(replace(Visitor(ANN).visit(), use=away), nothing)(nothing(), None)
    gc.collect()
