"""`liuke customer links`: a file with a link for each customer who has none; and how many are linked."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import typer
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.commands.links import lifetime_of
from bot.linking.linker import Linker
from bot.settings import Settings
from kernel.times import utc_now
from storage import Store
from storage.customers import Accounts
from storage.schema import customer, link_token
from tests.conftest import make_tables
from tests.factories import NOW, add_customer

RUN = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop with six customers, one of whom is linked."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("LIUKE_HOME", str(folder))
    monkeypatch.setenv("LIUKE_PUBLIC_URL", "https://bot.test")
    monkeypatch.setenv("COLUMNS", "200")
    # Several portions.
    monkeypatch.setattr("bot.commands.links._PORTION", 2)
    asyncio.run(make_tables(Settings(home=folder).store_url))
    in_store(folder, _fill)
    return folder


async def _fill(connection: AsyncConnection) -> None:
    for number in range(1, 6):
        await add_customer(connection, f"c{number}")
    await add_customer(connection, "../x=1", telegram="7")
    await connection.execute(update(customer).where(customer.c.id == "c2").values(name="=cmd()"))


def in_store(folder: Path, work: Callable[[AsyncConnection], object]) -> object:
    async def run() -> object:
        store = Store.open(Settings(home=folder).store_url)
        try:
            return await store.write(work)  # type: ignore[arg-type]
        finally:
            await store.close()

    return asyncio.run(run())


def links(*arguments: str, fails: bool = False) -> str:
    done: Result = RUN.invoke(app, ["customer", "links", *arguments])
    assert (done.exit_code == 0) is not fails, done.output
    return done.output


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_who_has_none_gets_one(home: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert "Links of 5 customers written" in links(str(first))
    made = rows(first)
    assert [one["customer"] for one in made] == ["c1", "c2", "c3", "c4", "c5"]
    assert made[1]["name"] == "'=cmd()"
    assert {one["telegram"] for one in made} == {""}
    assert first.stat().st_mode & 0o077 == 0
    token = made[0]["web"].removeprefix("https://bot.test/chat?start=")

    linker = asyncio.run(_linker(home))

    async def open_it(connection: AsyncConnection) -> str:
        account = await Accounts(connection).get_or_create("web", "v", now=NOW)
        return await linker.redeem(connection, account.id, token, utc_now())

    assert in_store(home, open_it) == "c1"
    # The others have one that holds.
    assert "nothing was written" in links(str(second))
    assert not second.exists()
    assert "Links of 6 customers" in links(str(second), "--all")
    shown = json.loads(RUN.invoke(app, ["outreach", "show", "--json"]).output)
    (found,) = {json.dumps(one["linked"], sort_keys=True) for one in shown}
    assert json.loads(found) == {
        "customers": 6, "linked": 2, "given": 6, "linked_of_given": 2, "channels": {"telegram": [1, 1], "web": [1, 1]}
    }  # fmt: skip
    assert "Linked: 2 of 6 (33.3%) customers" in RUN.invoke(app, ["outreach", "show"]).output


async def _linker(home: Path) -> Linker:
    store = Store.open(Settings(home=home).store_url)
    linker = await Linker.open(store, None)
    await store.close()
    return linker


def test_a_file_that_is_there_is_left_alone(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text("mine", encoding="utf-8")
    assert "is there already" in links(str(path), fails=True)
    assert path.read_text(encoding="utf-8") == "mine"
    assert "can't be read or written" in links(str(tmp_path / "none" / "links.csv"), fails=True)
    assert in_store(home, _count) == 0


async def _count(connection: AsyncConnection) -> int:
    return int(await connection.scalar(select(func.count()).select_from(link_token)) or 0)


def test_qr_codes_lie_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "codes" / "all"
    links(str(tmp_path / "links.csv"), "--qr", str(folder), "--all")
    made = rows(tmp_path / "links.csv")
    assert sorted(one["web_qr"] for one in made) == sorted(path.name for path in folder.iterdir())
    # An id leads nowhere out of the folder.
    assert made[0]["web_qr"] == "..%2Fx%3D1-web.svg"
    assert {one["telegram_qr"] for one in made} == {""}
    assert (folder / "c1-web.svg").stat().st_mode & 0o077 == 0
    assert (folder / "c1-web.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "hours"), [((), 24), (("--lifetime", "30d"), 720), (("--lifetime", "5"), 5)]
)
def test_they_hold_as_long_as_is_said(tmp_path: Path, arguments: tuple[str, ...], hours: int) -> None:
    before = utc_now()
    links(str(tmp_path / "links.csv"), *arguments)
    (ends,) = {one["expires"] for one in rows(tmp_path / "links.csv")}
    assert abs(_moment(ends) - before - timedelta(hours=hours)) < timedelta(minutes=5)


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)


def test_a_setting_says_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUKE_LINK_HOURS", "240")
    made = json.loads(RUN.invoke(app, ["customer", "link", "c1", "--json"]).output)
    assert _moment(made["expires"]) > utc_now() + timedelta(hours=239)


@pytest.mark.parametrize("written", ["", "0", "-3d", "30 years", "367d", "1m", "٣d", "9999999d"])
def test_what_is_no_lifetime_is_said(tmp_path: Path, written: str) -> None:
    with pytest.raises(typer.BadParameter, match="from an hour to a year"):
        lifetime_of(written)
    assert "from an hour to a year" in links(str(tmp_path / "l.csv"), f"--lifetime={written}", fails=True)


def test_lifetimes_are_written_as_people_do() -> None:
    assert lifetime_of("12h") == lifetime_of(" 12 ") == timedelta(hours=12)
    assert (lifetime_of("30D"), lifetime_of("4 w")) == (timedelta(days=30), timedelta(weeks=4))
