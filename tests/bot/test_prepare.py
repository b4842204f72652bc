"""A start on a database that holds nothing says so, and fills it with no demo where a shop was left behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import update

import bot.commands.prepare
from bot.commands.prepare import prepare
from bot.settings import Settings
from storage import Store, migrate
from storage.schema import customer
from tests.factories import add_customer

NewUrl = Callable[[str], Awaitable[str]]


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[Store]:
    """The stores that were filled with a demo shop."""
    filled: list[Store] = []

    async def fill(store: Store) -> None:
        filled.append(store)

    monkeypatch.setattr(bot.commands.prepare, "_make_demo", fill)
    return filled


async def shop_in(path: Path, *, demo: bool = False) -> None:
    await migrate(f"sqlite:///{path}")
    store = Store.open(f"sqlite:///{path}")
    await store.write(lambda connection: add_customer(connection, "c1"))
    await store.write(lambda connection: connection.execute(update(customer).values(demo=demo)))
    await store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_shop_that_is_left_behind_is_named_at_each_start(
    tmp_path: Path, new_url: NewUrl, kind: str, made: list[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    await shop_in(tmp_path / "liuke.db")
    settings = Settings(home=tmp_path, database_url=await new_url(kind))
    for _ in range(2):
        await prepare(settings)
        said = " ".join(capsys.readouterr().err.split())
        assert f"{tmp_path / 'liuke.db'} holds one" in said
        assert "LIUKE_DATABASE_URL= liuke copy --to URL" in said
    assert made == []


async def test_a_new_shop_is_told_to_be_one(
    tmp_path: Path, new_url: NewUrl, made: list[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path, database_url=await new_url("postgresql"))
    await prepare(settings)
    assert "is empty: this is a new shop" in capsys.readouterr().err
    assert len(made) == 1


async def test_a_demo_that_is_left_behind_is_no_loss(
    tmp_path: Path, new_url: NewUrl, made: list[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    await shop_in(tmp_path / "liuke.db", demo=True)
    await prepare(Settings(home=tmp_path, database_url=await new_url("sqlite")))
    assert "this is a new shop" in capsys.readouterr().err
    assert len(made) == 1


async def test_the_usual_store_says_nothing(
    tmp_path: Path, made: list[Store], capsys: pytest.CaptureFixture[str]
) -> None:
    for database_url in (None, f"sqlite:///{tmp_path / 'liuke.db'}"):
        await prepare(Settings(home=tmp_path, database_url=database_url))
    assert capsys.readouterr().err == ""
    assert len(made) == 2
