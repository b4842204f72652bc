"""A page of the console shows how things stand, whatever failed before."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from nicegui import ui
from nicegui.testing.user_simulation import user_simulation

from bot.conversation.texts import Texts
from bot.staff import console
from bot.staff.console.frame import Visit, listening
from bot.staff.console.words import Words
from storage.staff import StaffMember

ANN = StaffMember(id=1, login="ann", name="Ann", role="agent", language="en", active=True)


async def _ann() -> StaffMember:
    return ANN


async def test_a_first_look_that_fails_is_made_up_for(caplog: pytest.LogCaptureFixture) -> None:
    looks = 0

    async def refresh() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise OSError("the store is busy")
        ui.label("the queue")

    visit = Visit(
        member=ANN,
        words=Words(Texts.load(package=console.__name__), "en"),
        zone=ZoneInfo("UTC"),
        demo=False,
        still=_ann,
        sign_out=lambda: None,
        switch_language=lambda: None,
    )

    async def page() -> None:
        if await listening():
            visit.keep(refresh, 0.01)

    async with user_simulation(page) as user:
        await user.open("/")
        await user.should_see("the queue")
    assert "the store is busy" in caplog.text
