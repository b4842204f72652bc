"""The admin is made when nothing can fail any more, and the password is shown with it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bot.commands.welcome
from bot.commands.welcome import welcome, welcome_staff
from bot.settings import Settings
from storage import Store, StoreUnavailable
from storage.staff import Staff


@pytest.fixture
def parts(store: Store) -> Any:
    return SimpleNamespace(store=store, served=SimpleNamespace(version="v1"), demo=lambda: False)


async def members(store: Store) -> int:
    async with store.read() as connection:
        return await Staff(connection).count()


async def test_a_welcome_that_fails_makes_no_admin(
    store: Store,
    parts: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(bot.commands.welcome, "bot_username", away)
        settings = Settings(home=tmp_path, telegram_token="1:a")
        with pytest.raises(StoreUnavailable):
            await welcome(settings, parts)
    assert await members(store) == 0
    await welcome(Settings(home=tmp_path), parts)
    assert "sign in as admin with the password" in capsys.readouterr().out
    assert await members(store) == 1


async def test_it_is_shown_where_nothing_is_served(
    store: Store, parts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for shown in (True, False):
        await welcome_staff(parts)
        assert ("Staff sign in as admin with the password" in capsys.readouterr().out) is shown
    assert await members(store) == 1
